"""Enroll: the enrollment system of a training institute."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from types import CodeType

from dotenv import load_dotenv
from flask import Flask
from flask.templating import Environment

from enroll import (
    accounts,
    cli,
    compressing,
    config,
    console,
    db,
    demo,
    languages,
    logs,
    mail,
    site,
    web,
)

ROOT = Path(__file__).parent.parent


class Templates(Environment):
    """Jinja, one template at a time: where threads compile at once, CPython 3.11 may raise SystemError
    (“AST constructor recursion depth mismatch”), and a page would be a 500."""

    _one_at_a_time = Lock()

    def _compile(self, source: str, filename: str) -> CodeType:
        with self._one_at_a_time:
            return super()._compile(source, filename)


class Enroll(Flask):
    """Flask, but its log of an exception names the route and never the token in its path."""

    jinja_environment = Templates

    def log_exception(self, exc_info: object) -> None:
        self.logger.error("Exception on %s", logs.route(), exc_info=exc_info)


def create_app() -> Flask:
    """Build the application: settings, extensions, faces, errors, commands, in that order."""
    load_dotenv(ROOT / ".env")
    app = Enroll(
        __name__,
        instance_path=str(Path(os.environ.get("ENROLL_INSTANCE", ROOT / "instance")).resolve()),
        template_folder=str(ROOT / "templates"),
        static_folder=None,  # served by WhiteNoise, see web.py
    )
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    logs.init_app(app)
    config.load_settings(app)
    db.init_app(app)
    mail.init_app(app)
    accounts.init_app(app)
    compressing.init_app(app)
    web.init_app(app)
    languages.init_app(app)
    site.init_app(app)
    console.init_app(app)
    cli.init_app(app)
    with app.app_context():
        demo.refuse_in_public()
    return app
