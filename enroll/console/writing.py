"""The editor's form, and the document it stands for; whatever is typed comes back as it was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)

from enroll.catalog.checking import problems
from enroll.catalog.documents import Document, Kind
from enroll.catalog.notation import read, write
from enroll.catalog.wording import FIGURES, LEVELS
from enroll.forms import Form

# What the form shows in fields of its own; everything else of a document is edited as YAML.
_OWN = {
    Kind.ROLE: ("slug", "title", "summary", "sections"),
    Kind.COURSE: (
        *("slug", "title", "summary", "level", "weeks", "hours_per_week", "audience"),
        *("hours_beside", "device", "data_needed"),
        *("prerequisites", "requires", "roles", "outcomes", "body", "modules"),
    ),
}
_LINES = ("audience", "prerequisites", "outcomes", "requires", "roles")


class Part(Form):
    """A section or a module within the form: it stands where its number says."""

    class Meta(Form.Meta):
        """The token stands in the whole form."""

        csrf = False

    was = HiddenField()
    position = StringField(_("Place"))
    leave_out = BooleanField(_("Leave this out"))
    title = StringField(_("Title"))
    slug = StringField(_("Word in the address"))


class SectionPart(Part):
    """A section of a role guide."""

    figure = SelectField(
        _("Drawn part below it"),
        choices=[
            SelectChoice("", _("None")),
            *(SelectChoice(one, word) for one, word in FIGURES.items()),
        ],
        validate_choice=False,
    )
    body = TextAreaField(_("Text (Markdown)"))


class ModulePart(Part):
    """A module of a course; what it covers is set in the grid."""

    hours = StringField(_("Hours"))
    summary = TextAreaField(_("Summary"))
    topics = TextAreaField(_("Topics, one in a line"))


class _Texts(Form):
    base = HiddenField()
    title = StringField(_("Title"))
    slug = StringField(_("Word in the address"))
    summary = TextAreaField(_("Summary (Markdown)"))


class RoleForm(_Texts):
    """A role guide."""

    sections = FieldList(FormField(SectionPart))
    facts = TextAreaField(_("Facts, as YAML: history, pay, ladder, skills, certificates"))


class CourseForm(_Texts):
    """A course with its modules."""

    level = SelectField(
        _("Level"),
        choices=[SelectChoice(one, word) for one, word in LEVELS.items()],
        validate_choice=False,
    )
    weeks = StringField(_("Weeks"))
    hours_per_week = StringField(_("Hours a week, in class and beside"))
    hours_beside = StringField(_("Of these, hours beside class"))
    device = TextAreaField(_("What you need: computer, system, memory"))
    data_needed = TextAreaField(_("Internet, and how much data"))
    audience = TextAreaField(_("For whom, one in a line"))
    prerequisites = TextAreaField(_("What one needs before, one in a line"))
    outcomes = TextAreaField(_("Afterwards you can, one in a line"))
    requires = TextAreaField(_("Courses before, one address word in a line"))
    roles = TextAreaField(_("Role guides it leads to, one address word in a line"))
    body = TextAreaField(_("Text (Markdown)"))
    modules = FieldList(FormField(ModulePart))


FORMS: Mapping[Kind, type[_Texts]] = {Kind.ROLE: RoleForm, Kind.COURSE: CourseForm}


# ---------------------------------------------------------------- from a document


def form_for(kind: Kind, document: Document, number: int) -> _Texts:
    """The form filled with a version's document; with one empty part at the end for a new one."""
    values = {**document, "base": str(number)}
    for name in _LINES:
        values[name] = "\n".join(document.get(name, []))
    if kind is Kind.ROLE:
        facts = {key: value for key, value in document.items() if key not in _OWN[kind]}
        values["facts"] = write(facts) if facts else ""
    for name in ("weeks", "hours_per_week"):
        values[name] = str(document.get(name, ""))
    beside = document.get("hours_beside")
    values["hours_beside"] = "" if beside is None else str(beside)
    parts = "sections" if kind is Kind.ROLE else "modules"
    values[parts] = [*map(_shown, document[parts], range(1, 1000)), {"position": ""}]
    return FORMS[kind](formdata=None, data=values)


def _shown(part: Mapping[str, Any], number: int) -> dict[str, Any]:
    topics = "\n".join(part.get("topics", []))
    own = {"topics": topics, "hours": str(part.get("hours", "")), "was": part["slug"]}
    return {**part, **own, "position": str(number)}


# ---------------------------------------------------------------- to a document


def document_of(kind: Kind, form: _Texts, base: Document) -> tuple[dict[str, Any], list[str]]:
    """What the form stands for, and all that is wrong with it, in sentences."""
    said: list[str] = []
    document: dict[str, Any] = {"slug": form.slug.data, "title": form.title.data}
    document["summary"] = _text(form.summary.data)
    if kind is Kind.ROLE:
        facts = read(_text(form.facts.data).encode()) if form.facts.data else None
        if facts and (facts.complaints or not isinstance(facts.document, dict)):
            said += [_in_facts(line, words) for line, words in facts.complaints]
            said += [] if facts.complaints else [gettext("Facts: write “key: value” lines.")]
        elif facts:
            document |= {
                key: value for key, value in facts.document.items() if key not in _OWN[kind]
            }
        document["sections"] = [_section(part) for part in _kept(form.sections)]
    else:
        _course(document, form, base)
    said += [_sentence(path, words) for path, words in problems(kind, document)]
    return document, said


def _course(document: dict[str, Any], form: Any, base: Document) -> None:
    document["level"] = form.level.data
    for name in ("weeks", "hours_per_week"):
        document[name] = _number(form[name].data)
    if form.hours_beside.data or "hours_beside" in base:
        document["hours_beside"] = (
            _number(form.hours_beside.data) if form.hours_beside.data else None
        )
    for name in ("device", "data_needed"):
        if form[name].data or name in base:
            document[name] = _text(form[name].data).strip()
    for name in _LINES:
        lines = _lines(form[name].data)
        if lines or name != "roles" or name in base:
            document[name] = lines
    if form.body.data or "body" in base:
        document["body"] = _prose(form.body.data)
    covered = {module["slug"]: module["coverage"] for module in base["modules"]}
    document["modules"] = [_module(part, covered) for part in _kept(form.modules)]


def _kept(parts: FieldList) -> list[Any]:
    """The parts that have anything in them, by their place; equal places keep their order."""
    written = [
        part.form
        for part in parts
        if not part.form.leave_out.data and (part.form.title.data or part.form.slug.data)
    ]

    def place(part: Part) -> float:
        text = part.position.data or ""
        return int(text) if text.isdecimal() and len(text) < 6 else float("inf")

    return sorted(written, key=place)


def _section(part: SectionPart) -> dict[str, Any]:
    found = {"slug": part.slug.data, "title": part.title.data}
    figure = {"figure": part.figure.data} if part.figure.data else {}
    return {**found, **figure, "body": _prose(part.body.data)}


def _module(part: ModulePart, covered: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    return {
        "slug": part.slug.data,
        "title": part.title.data,
        "hours": _number(part.hours.data),
        "summary": _text(part.summary.data),
        "topics": _lines(part.topics.data),
        "coverage": list(covered.get(part.was.data, [])),
    }


def _text(typed: str | None) -> str:
    return (typed or "").replace("\r\n", "\n").replace("\r", "\n")


def _prose(typed: str | None) -> str:
    text = _text(typed).strip()
    return f"{text}\n" if text else ""


def _lines(typed: str | None) -> list[str]:
    return [line.strip() for line in _text(typed).split("\n") if line.strip()]


def _number(typed: str | None) -> int | str:
    text = (typed or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _in_facts(line: int, words: str) -> str:
    return gettext("Facts, line %(line)s: %(words)s", line=line, words=words)


def _sentence(path: Sequence[str | int], words: str) -> str:
    """Where it is, as people count: “modules 3, hours: …”."""
    named = ""
    for step in path:
        named += f" {step + 1}" if isinstance(step, int) else f", {step}"
    return f"{named.lstrip(', ')}: {words}" if named else words
