"""What the fixed words of the catalog are called: in files they are English for everybody."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

LEVELS = {
    "Beginner": _("Beginner"),
    "Intermediate": _("Intermediate"),
    "Advanced": _("Advanced"),
}
FIGURES = {
    "history": _("History"),
    "salary": _("Pay"),
    "ladder": _("Steps of the career"),
    "skills": _("Skills"),
    "certifications": _("Certificates"),
}


def level_words(level: str) -> str:
    """For whom a course is, in the reader's language."""
    return str(LEVELS.get(level, level))
