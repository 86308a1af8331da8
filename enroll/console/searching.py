"""One box that finds people in all batches, by any part of a name, an address or a number."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from enroll.accounts.duties import Duty
from enroll.console.guard import needs
from enroll.forms import tidy
from enroll.registrations.people import find_people
from enroll.registrations.sought import wanted_parts

pages = Blueprint("searching", __name__, url_prefix="/staff")

LONGEST = 100


@pages.get("/people")
@needs(Duty.PLAN)
def people() -> str:
    """Who is found, each with all their registrations, whoever came last on top."""
    typed = tidy(request.args.get("q"))[:LONGEST]
    parts = wanted_parts(typed)
    found, is_cut = find_people(parts) if parts else ([], False)
    return render_template(
        "console/searching/people.html",
        typed=typed,
        is_too_short=bool(typed) and not parts,
        found=found,
        is_cut=is_cut,
    )
