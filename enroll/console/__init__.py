"""The staff pages: one file per task. Shows and asks; knows no rule.

Hard rule: every view here declares the duty it needs; `guard.py` closes what declares none.
"""

from __future__ import annotations

from importlib import import_module

from flask import Flask

# The files of this folder that are pages, by what they are about.
TASKS = (
    *("today", "account", "colleagues", "log"),
    *("roster", "bulk", "searching", "person", "by_hand", "address", "exporting", "imports"),
    *("messages", "message_draft", "message_preview"),
    *("board", "figures"),
    *("planning", "editing", "copying", "pattern"),
    *("sessions", "session_calls"),
    *("steering", "dates"),
    *("curriculum", "teaching", "grid"),
    *("moderation", "comment", "questions", "appeals"),
    *("reports", "reasons", "wordlist", "service"),
)


def init_app(app: Flask) -> None:
    """Register the staff pages behind their guard."""
    from enroll.console import frame, guard, sign_in, words

    sign_in.init_app(app)
    frame.init_app(app)
    words.init_app(app)
    for task in TASKS:
        app.register_blueprint(guard.guarded(import_module(f"enroll.console.{task}").pages))
