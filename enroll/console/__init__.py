"""The staff pages: one file per task. Shows and asks; knows no rule.

Hard rule: every view here declares the duty it needs; `guard.py` closes what declares none.
"""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the staff pages behind their guard."""
    from enroll.console import (
        account,
        appeals,
        comment,
        curriculum,
        dates,
        grid,
        guard,
        moderation,
        person,
        questions,
        reasons,
        reports,
        roster,
        service,
        sign_in,
        steering,
        teaching,
        wordlist,
        words,
    )

    sign_in.init_app(app)
    words.init_app(app)
    talk = (moderation, comment, questions, appeals, reports, reasons, wordlist, service)
    for task in (account, roster, person, steering, dates, curriculum, teaching, grid, *talk):
        app.register_blueprint(guard.guarded(task.pages))
