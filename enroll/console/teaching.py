"""Writing what we teach: guides and courses as drafts, previewed, saved in versions, published."""

from __future__ import annotations

from difflib import ndiff
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, Regexp

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.catalog import editing
from enroll.catalog.documents import Document, Kind
from enroll.catalog.models import Manuscript, Version
from enroll.catalog.notation import write
from enroll.catalog.publishing import UnknownSkill
from enroll.catalog.queries import manuscript, manuscripts
from enroll.console import queries
from enroll.console.guard import needs
from enroll.console.words import hand
from enroll.console.writing import FORMS, document_of, form_for
from enroll.db import atomically
from enroll.forms import Form
from enroll.prose import markdown
from enroll.refusal import Busy, Refused
from enroll.web import csrf

pages = Blueprint("teaching", __name__, url_prefix="/staff/teaching")

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
WRITTEN = (Kind.COURSE, Kind.ROLE)


class BeginForm(Form):
    """What a new guide or course needs to begin with."""

    kind = SelectField(
        _("What do you begin?"),
        choices=[SelectChoice("course", _("A course")), SelectChoice("role", _("A role guide"))],
    )
    title = StringField(_("Title"), [InputRequired(_("Enter a title.")), Length(max=120)])
    slug = StringField(
        _("Word in the address"),
        [
            InputRequired(_("Enter the word that stands in the address.")),
            Length(max=80),
            Regexp(SLUG, message=_("Use small letters, digits and hyphens, like data-analyst.")),
        ],
    )


@pages.get("")
@needs(Duty.PLAN)
def index() -> str:
    """Everything that is written: what the public sees, and what is newer."""
    return _index(BeginForm(formdata=None))


@pages.post("")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def begin() -> ResponseReturnValue:
    """Begin a guide or a course with an empty draft."""
    form = BeginForm()
    if not form.validate_on_submit():
        return _index(form), 422
    kind = Kind(form.kind.data)
    document: dict[str, Any] = {"slug": form.slug.data, "title": form.title.data, "summary": ""}
    if kind is Kind.COURSE:
        document |= {"level": "Beginner", "weeks": 1, "hours_per_week": 1, "modules": []}
        document |= dict.fromkeys(("audience", "prerequisites", "requires", "outcomes"), [])
    else:
        document |= {"skills": [], "sections": []}
    try:
        made = atomically(
            editing.begin, kind=kind, document=document, by=_me(), now=clock.now()
        ).manuscript_id
    except Refused as refusal:
        form.slug.errors = [_why_not(refusal)]
        return _index(form), 409
    return redirect(url_for("teaching.edit", number=made), 303)


def _index(form: BeginForm) -> str:
    found = [(one, last) for one, last in manuscripts() if one.kind in WRITTEN]
    names = queries.colleagues([last for _one, last in found])
    return render_template(
        "console/teaching/index.html", found=found, form=form, names=names, hand=hand
    )


# ---------------------------------------------------------------- one text


@pages.get("/<int:number>")
@needs(Duty.PLAN)
def edit(number: int) -> str:
    """The editor, with the latest version in it."""
    one = _written(number)
    last = editing.version(number, one.latest)
    return _page(one, form_for(one.kind, last.document, last.number))


@pages.post("/<int:number>")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps what was typed
@needs(Duty.PLAN)
def save(number: int) -> ResponseReturnValue:
    """Save a draft, save and publish, or only look at it: the button decides."""
    one = _written(number)
    form: Any = FORMS[one.kind]()
    if not form.validate_on_submit():
        return _page(one, form), 422
    base = int(form.base.data) if (form.base.data or "").isdecimal() else 0
    if not 1 <= base <= one.latest:
        abort(400)
    document, said = document_of(one.kind, form, editing.version(number, base).document)
    if said:
        form.form_errors = said
        return _page(one, form), 422
    wanted = request.form.get("do")
    if wanted == "preview":
        return _page(one, form, preview=document)
    try:
        published = atomically(
            _keep, number=number, base=base, document=document, is_public=wanted == "publish"
        )
    except editing.Overtaken:
        return _overtaken(number, form, base, document), 409
    except Busy as busy:
        form.form_errors = [_why_not(busy)]
        return _page(_written(number), form), 409
    except Refused as refusal:
        form.form_errors = [_why_not(refusal)]
        return _page(_written(number), form), 409
    flash(gettext("Published.") if published else gettext("Saved as a draft."), "done")
    return redirect(url_for("teaching.edit", number=number), 303)


def _keep(*, number: int, base: int, document: Document, is_public: bool) -> bool:
    """Save, and publish what was saved, in one transaction."""
    made = editing.save(
        manuscript_id=number, base=base, document=document, by=_me(), now=clock.now()
    )
    if is_public:
        editing.publish(manuscript_id=number, number=made.number)
    return is_public


@pages.post("/preview")
@needs(Duty.PLAN)
def preview() -> str:
    """Markdown as it will look, sanitised; what the page asks for while somebody types."""
    return str(markdown(request.form.get("text", "")[:100_000]))


def _overtaken(number: int, form: Any, base: int, mine: Document) -> str:
    """Two editors: what the other changed, and what saving now would change of it."""
    one = _written(number)
    last = editing.version(number, one.latest)
    form.base.raw_data, form.base.data = [str(last.number)], str(last.number)
    before = editing.version(number, base).document
    return _page(
        one,
        form,
        theirs=last,
        changed=differences(before, last.document),
        overwrites=differences(last.document, mine),
    )


def _page(one: Manuscript, form: Any, *, theirs: Version | None = None, **more: Any) -> str:
    last = editing.version(one.id, one.latest)
    return render_template(
        "console/teaching/edit.html",
        one=one,
        last=last,
        form=form,
        theirs=theirs,
        names=queries.colleagues([last]),
        hand=hand,
        **{"changed": [], "overwrites": [], "preview": None, **more},
    )


# ---------------------------------------------------------------- versions


@pages.get("/<int:number>/versions")
@needs(Duty.PLAN)
def versions(number: int) -> str:
    """The history of a text, the latest first."""
    one = _written(number)
    found = editing.versions(number)
    return render_template(
        "console/teaching/versions.html",
        one=one,
        versions=found,
        names=queries.colleagues(found),
        hand=hand,
    )


@pages.get("/<int:number>/versions/<int:which>")
@needs(Duty.PLAN)
def version(number: int, which: int) -> str:
    """One version, as differences to the one before, or to another that `with` names."""
    one = _written(number)
    if not 1 <= which <= one.latest:
        abort(404)
    other = request.args.get("with", max(1, which - 1), type=int)
    other = other if 1 <= other <= one.latest else max(1, which - 1)
    shown = editing.version(number, which)
    return render_template(
        "console/teaching/version.html",
        one=one,
        shown=shown,
        other=other,
        lines=differences(editing.version(number, other).document, shown.document),
        names=queries.colleagues([shown]),
        hand=hand,
    )


@pages.post("/<int:number>/versions/<int:which>/restore")
@needs(Duty.PLAN)
def restore(number: int, which: int) -> ResponseReturnValue:
    """Make an old version the latest draft."""
    one = _written(number)
    if not 1 <= which <= one.latest:
        abort(404)
    base = request.form.get("base", 0, type=int)
    try:
        atomically(
            editing.restore,
            manuscript_id=number,
            number=which,
            base=base,
            by=_me(),
            now=clock.now(),
        )
    except Refused as refusal:
        flash(_why_not(refusal), "refused")
        return redirect(url_for("teaching.versions", number=number), 303)
    flash(gettext("Version %(number)s is the latest draft now.", number=which), "done")
    return redirect(url_for("teaching.edit", number=number), 303)


# ---------------------------------------------------------------- the means


def differences(before: Document, after: Document) -> list[tuple[str, str]]:
    """Line by line, as YAML: ("+" or "-" or " ", the line); long stretches without a change are cut."""
    lines = [
        (line[0], line[2:])
        for line in ndiff(write(before).splitlines(), write(after).splitlines())
        if line[0] in "+- "
    ]
    near = [
        any(sign != " " for sign, _line in lines[max(0, at - 2) : at + 3])
        for at in range(len(lines))
    ]
    found: list[tuple[str, str]] = []
    for (sign, line), is_near in zip(lines, near, strict=True):
        if is_near:
            found.append((sign, line))
        elif found and found[-1] != ("", ""):
            found.append(("", ""))
    return found


def _written(number: int) -> Manuscript:
    found = manuscript(number)
    return found if found and found.kind in WRITTEN else abort(404)


def _me() -> str:
    return f"staff {current_user.id}"


def _why_not(refusal: Refused) -> str:
    facts = refusal.facts
    if isinstance(refusal, editing.SlugTaken):
        return gettext("Another page has the address “%(slug)s” already.", slug=facts["slug"])
    if isinstance(refusal, UnknownSkill):
        return gettext("There is no skill “%(skill)s” in the list.", skill=facts["skill"])
    if isinstance(refusal, editing.Overtaken):
        return gettext("Somebody saved another version meanwhile. Look at it first.")
    return gettext("That is not possible just now. Nothing was changed: press the button again.")
