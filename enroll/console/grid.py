"""The mapping grid: how far each module of a course takes each skill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.catalog import editing
from enroll.catalog.coverage import Level
from enroll.catalog.documents import Document, Kind
from enroll.catalog.models import Manuscript
from enroll.catalog.queries import manuscript, skills
from enroll.console.guard import needs
from enroll.console.teaching import differences
from enroll.db import atomically
from enroll.forms import Form
from enroll.refusal import Busy
from enroll.web import csrf

pages = Blueprint("grid", __name__, url_prefix="/staff/teaching")

# One choice says both: the level, and with a plus that it is assessed.
CHOICES = ("", *(f"{level.value}{sign}" for level in Level for sign in ("", "+")))
Chosen = Mapping[tuple[str, str], str]  # by module and skill


@pages.get("/<int:number>/grid")
@needs(Duty.PLAN)
def show(number: int) -> str:
    one = _course(number)
    last = editing.version(number, one.latest)
    return _page(one, last.document, last.number, _chosen(last.document))


@pages.post("/<int:number>/grid")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was chosen
@needs(Duty.PLAN)
def save(number: int) -> ResponseReturnValue:
    """Save the mapping as a draft."""
    one = _course(number)
    base = request.form.get("base", 0, type=int)
    if not 1 <= base <= one.latest:
        abort(400)
    before = editing.version(number, base).document
    chosen = _sent(before)
    form = Form()
    if not form.validate_on_submit():
        return _page(one, before, base, chosen, form=form), 422
    document = _mapped(before, chosen)
    by = f"staff {current_user.id}"
    try:
        atomically(
            editing.save,
            manuscript_id=number,
            base=base,
            document=document,
            by=by,
            now=clock.now(),
            why="mapping changed",
        )
    except editing.Overtaken:
        return _overtaken(number, base, chosen), 409
    except Busy:
        words = gettext("Nothing was changed: press the button again in a moment.")
        return _page(one, before, base, chosen, refusal=words), 409
    flash(gettext("The mapping is saved as a draft."), "done")
    return redirect(url_for("teaching.edit", number=number), 303)


def _overtaken(number: int, base: int, chosen: Chosen) -> str:
    """The latest version's modules, with what was chosen here where they are still there."""
    one = _course(number)
    last = editing.version(number, one.latest)
    before = editing.version(number, base).document
    words = gettext(
        "Somebody saved version %(number)s meanwhile. Below are its modules with your choices;"
        " save again to keep yours.",
        number=last.number,
    )
    theirs = differences(before, last.document)
    shown = {**_chosen(last.document), **chosen}
    return _page(one, last.document, last.number, shown, refusal=words, changed=theirs)


def _page(
    one: Manuscript,
    document: Document,
    base: int,
    chosen: Chosen,
    *,
    form: Form | None = None,
    refusal: str | None = None,
    changed: list[tuple[str, str]] | None = None,
) -> str:
    return render_template(
        "console/teaching/grid.html",
        one=one,
        document=document,
        base=base,
        chosen=chosen,
        choices=CHOICES,
        skills=skills(),
        form=form or Form(formdata=None),
        refusal=refusal,
        changed=changed or [],
    )


def _course(number: int) -> Manuscript:
    found = manuscript(number)
    return found if found and found.kind is Kind.COURSE else abort(404)


def _chosen(document: Document) -> dict[tuple[str, str], str]:
    return {
        (module["slug"], cell["skill"]): cell["level"] + ("+" if cell.get("assessed") else "")
        for module in document["modules"]
        for cell in module["coverage"]
    }


def _sent(document: Document) -> dict[tuple[str, str], str]:
    """What the form says; a field that is missing or odd keeps what the version says."""
    found = _chosen(document)
    known = [skill.slug for skill in skills()]
    for module in document["modules"]:
        for skill in known:
            key = (module["slug"], skill)
            value = request.form.get(f"{key[0]}.{key[1]}")
            if value in CHOICES:
                found[key] = str(value)
    return found


def _mapped(document: Document, chosen: Chosen) -> dict[str, Any]:
    """The document with this mapping; skills stand in the order of the list."""
    order = [skill.slug for skill in skills()]
    modules = []
    for module in document["modules"]:
        had = {cell["skill"]: cell for cell in module["coverage"]}
        cells = []
        for slug in [*had, *(one for one in order if one not in had)]:
            if value := chosen.get((module["slug"], slug), ""):
                is_same = (
                    slug in had and _chosen({"modules": [module]})[module["slug"], slug] == value
                )
                new = {"skill": slug, "level": value[0], "assessed": value.endswith("+")}
                cells.append(had[slug] if is_same else new)
        modules.append({**module, "coverage": cells})
    return {**document, "modules": modules}
