"""The staff pages: one file per task. Shows and asks; knows no rule.

Hard rule: every view here declares the duty it needs; `guard.py` closes what declares none.
"""

from __future__ import annotations

from flask import Blueprint, Flask


def init_app(app: Flask) -> None:
    """Register the staff pages behind their guard."""
    from enroll.console import guard, sign_in, words

    sign_in.init_app(app)
    words.init_app(app)
    for pages in (*_teaching_and_seats(), *_talk()):
        app.register_blueprint(guard.guarded(pages))


def _teaching_and_seats() -> list[Blueprint]:
    from enroll.console import (
        account,
        colleagues,
        curriculum,
        dates,
        grid,
        log,
        person,
        roster,
        steering,
        teaching,
        today,
    )

    people = (today, account, colleagues, log, roster, person)
    seats = (steering, dates)
    taught = (curriculum, teaching, grid)
    return [task.pages for task in (*people, *seats, *taught)]


def _talk() -> list[Blueprint]:
    from enroll.console import (
        appeals,
        comment,
        moderation,
        questions,
        reasons,
        reports,
        service,
        wordlist,
    )

    tasks = (moderation, comment, questions, appeals, reports, reasons, wordlist, service)
    return [task.pages for task in tasks]
