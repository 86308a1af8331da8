"""The talk under guides, courses and batches: reading, writing with a preview, links, feeds, reports."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _
from wtforms import BooleanField, EmailField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from enroll import clock
from enroll.batches import queries as batches
from enroll.catalog import queries as catalog
from enroll.catalog.documents import Kind
from enroll.comments import posting, questions, reporting, tickets
from enroll.comments import queries as comments
from enroll.comments.markup import to_html, to_mail
from enroll.comments.models import Comment
from enroll.comments.reporting import Complaint
from enroll.comments.states import CommentState
from enroll.db import atomically
from enroll.forms import Form, MailAddress, PersonName, normal_address
from enroll.holes import own
from enroll.languages import root
from enroll.refusal import Busy
from enroll.site.voice import browser_key
from enroll.web import csrf, limiter, network_key, personal

pages = Blueprint("talk", __name__)
LONGEST = 5000


class CommentForm(Form):
    """What a visitor writes. `website` is a trap that nobody sees; `ticket` is good for one comment."""

    page = HiddenField()
    parent = HiddenField()
    ticket = HiddenField()
    body = TextAreaField(
        lazy_gettext("Your question or comment"),
        [
            DataRequired(lazy_gettext("Write your question or comment.")),
            Length(
                max=LONGEST,
                message=lazy_gettext(
                    "Keep it to %(max)d characters; nothing of yours is lost yet."
                ),
            ),
        ],
        id="comment-body",
    )
    name = StringField(
        lazy_gettext("Your name"),
        [InputRequired(lazy_gettext("Enter your name.")), Length(max=80), PersonName()],
        id="comment-name",
    )
    email = EmailField(
        lazy_gettext("E-mail address"),
        [InputRequired(lazy_gettext("Enter your e-mail address.")), MailAddress()],
        id="comment-email",
    )
    replies = BooleanField(
        lazy_gettext("Tell me by e-mail when somebody replies"), id="comment-replies"
    )
    website = StringField(lazy_gettext("Leave this empty"), id="comment-website")


class ReportForm(Form):
    """What a reader says is wrong with a comment."""

    reason = RadioField(
        lazy_gettext("What is wrong with it?"),
        choices=[
            SelectChoice(Complaint.ADVERTISING.value, lazy_gettext("It advertises something")),
            SelectChoice(Complaint.INSULT.value, lazy_gettext("It insults or threatens somebody")),
            SelectChoice(
                Complaint.PRIVATE.value,
                lazy_gettext("It shows somebody’s telephone number, address or private story"),
            ),
            SelectChoice(Complaint.WRONG.value, lazy_gettext("What it says is not true")),
            SelectChoice(Complaint.OTHER.value, lazy_gettext("Something else")),
        ],
        validators=[InputRequired(lazy_gettext("Choose what is wrong."))],
    )
    words = TextAreaField(lazy_gettext("In your words"), [Length(max=1000)])


def under(path: str) -> dict[str, Any]:
    """What a page shows of the talk under it: published threads, and the form."""
    newest = request.args.get("order") != "oldest"
    talk = comments.talk(path, page=_number("comments"), newest_first=newest)
    return {"talk": talk, "talk_form": _blank(path), "talk_path": path}


@pages.app_template_filter()
def comment_html(text: str) -> Any:
    """A comment as safe HTML."""
    return to_html(text)


@pages.app_template_filter()
def comment_mail(text: str) -> Any:
    """A comment as safe HTML for a letter: nothing to press."""
    return to_mail(text)


@pages.get("/comments/write")
def write() -> str:
    """The form on a page of its own: to reply, or where the talk is long."""
    path, title = _page_or_404(request.args.get("page", ""))
    form = _blank(path)
    form.parent.data = request.args.get("parent", "")
    return _show(form, path, title)


@pages.post("/comments")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@limiter.limit("300 per hour")
def take() -> ResponseReturnValue:
    form = CommentForm()
    path, title = _page_or_404(form.page.data or "")
    if not form.validate_on_submit():
        return _show(form, path, title), 422
    if "preview" in request.form:
        return _show(form, path, title, preview=to_html(form.body.data))
    now = clock.now()
    sent = _post(form, path, now)
    try:
        if "private" in request.form:
            atomically(questions.ask, post=sent, now=now)
            return redirect(url_for("talk.sent", page=path, private=1), 303)
        comment = atomically(posting.post, post=sent, now=now)
    except posting.NoSuchThread:
        return _show(form, path, title, refusal="no_thread"), 409
    except posting.TooMany:
        return _show(form, path, title, refusal="too_many"), 429, {"Retry-After": "3600"}
    except Busy:
        return _show(form, path, title, refusal="busy"), 409, {"Retry-After": "2"}
    if comment.state is CommentState.APPROVED:
        flash(_("Thank you. Your comment is published."), "done")
        return redirect(f"{root()}{path}#comment-{comment.id}", 303)
    return redirect(url_for("talk.sent", page=path), 303)


@pages.get("/comments/sent")
def sent() -> str:
    """The same for everybody, whether the address is known or not."""
    personal()
    path, title = _page_or_404(request.args.get("page", ""))
    private = "private" in request.args
    return render_template("site/talk/sent.html", path=path, page_title=title, private=private)


@pages.get("/comments/<int:number>")
def permalink(number: int) -> ResponseReturnValue:
    """Where a published comment stands now."""
    place = comments.place(number) or abort(404)
    query = f"?comments={place.page}" if place.page > 1 else ""
    return redirect(f"{root()}{place.path}{query}#comment-{number}", 302)


@pages.get("/comments.atom")
def feed() -> ResponseReturnValue:
    """What is published under one page as Atom (RFC 4287), the newest first."""
    path, title = _page_or_404(request.args.get("page", ""))
    found = comments.latest(path)
    text = render_template(
        "site/talk/feed.xml",
        comments=found,
        path=path,
        page_title=title,
        base=current_app.config["BASE_URL"],
    )
    return Response(text, mimetype="application/atom+xml")


@pages.get("/comments/<int:number>/report")
def ask_to_report(number: int) -> str:
    return _show_report(number, ReportForm())


@pages.post("/comments/<int:number>/report")
@csrf.exempt  # as above
@limiter.limit("60 per hour")
def report(number: int) -> ResponseReturnValue:
    comment = comments.published(number) or abort(404)
    form = ReportForm()
    if not form.validate_on_submit():
        return _show_report(number, form), 422
    now = clock.now()
    atomically(
        reporting.report,
        comment_id=number,
        reason=Complaint(form.reason.data),
        words=form.words.data,
        network=network_key(now),
        now=now,
    )
    flash(_("Thank you. A moderator will look at it."), "done")
    return redirect(f"{root()}{comment.page}#comment-{number}", 303)


def _show_report(number: int, form: ReportForm) -> str:
    personal()
    comment = comments.published(number) or abort(404)
    return render_template("site/talk/report.html", comment=comment, form=form)


def _show(
    form: CommentForm, path: str, title: str, *, preview: Any = None, refusal: str = ""
) -> str:
    """The form on a page of its own, with all that was typed."""
    personal()
    if not form.ticket.data:
        form.ticket.data = _ticket(path)
    return render_template(
        "site/talk/write.html",
        form=form,
        path=path,
        page_title=title,
        answered=_answered(form, path),
        preview=preview,
        refusal=refusal,
    )


def _answered(form: CommentForm, path: str) -> Comment | None:
    comment = comments.published(_whole(form.parent.data))
    return comment if comment and comment.page == path else None


def _blank(path: str) -> CommentForm:
    form = CommentForm(formdata=None)
    issue = partial(tickets.issue, page=path, secret=_secret())
    form.page.data, form.ticket.data = path, own(lambda: issue(now=clock.now()))
    return form


def _post(form: CommentForm, path: str, now: Any) -> posting.Post:
    limited = current_app.config["RATELIMIT_ENABLED"]
    return posting.Post(
        page=path,
        name=form.name.data,
        email=normal_address(form.email.data),
        body=form.body.data,
        language=str(get_locale()),
        ticket=tickets.read(form.ticket.data or "", page=path, secret=_secret(), now=now),
        reply_to=_whole(form.parent.data) or None,
        wants_replies=form.replies.data,
        trap_filled=bool(form.website.data),
        network=network_key(now),
        allowed=current_app.config["COMMENTS_PER_HOUR"] if limited else None,
        browser=browser_key(),
    )


def _page_or_404(path: str) -> tuple[str, str]:
    """The page that is talked about, under its present address, and its title."""
    _empty, family, slug = path.split("/") if path.count("/") == 2 else ("", "", "")
    if family == "batches" and (title := batches.title_of(slug)):
        return path, title
    kind = {"roles": Kind.ROLE, "courses": Kind.COURSE}.get(family)
    if kind is None:
        abort(404)
    slug = slug if (title := catalog.title_of(kind, slug)) else catalog.renamed(kind, slug) or ""
    return f"/{family}/{slug}", title or catalog.title_of(kind, slug) or abort(404)


def _ticket(path: str) -> str:
    return tickets.issue(page=path, secret=_secret(), now=clock.now())


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])


def _number(name: str) -> int:
    return _whole(request.args.get(name, "1")) or 1


def _whole(text: str | None) -> int:
    """A number that a database can be asked for, else 0."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0
