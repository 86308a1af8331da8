"""Search: one field, and what was found, page by page."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask_babel import lazy_gettext as _
from wtforms import SearchField

from enroll import clock
from enroll.forms import Form
from enroll.search.finding import PAGE, find
from enroll.web import limiter

pages = Blueprint("search", __name__)

MOST_PAGES = 500


class SearchForm(Form):
    """The question. Anything may be asked."""

    class Meta(Form.Meta):
        csrf = False  # it changes nothing

    q = SearchField(_("Search for"))


@pages.get("/search")
@limiter.limit("120 per minute")
def index() -> str:
    form = SearchForm(request.args)
    number = request.args.get("page", 1, type=int)
    if not 1 <= number <= MOST_PAGES:
        abort(404)
    question = form.q.data or ""
    found = find(question, now=clock.now(), start=(number - 1) * PAGE)
    if found.total and not found.hits:
        abort(404)
    return render_template(
        "site/search/index.html",
        form=form,
        question=question,
        found=found,
        number=number,
        first=(number - 1) * PAGE + 1,
        last=-(-found.total // PAGE),
    )
