"""Every page in every state it can be in, as the server answered it: read by axe and by Nu."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask, abort

from enroll import clock, create_app
from enroll.db import atomically, db
from enroll.mail.rendering import render
from enroll.refusal import Busy
from enroll.registrations import steering
from tests import make
from tests.browser.conftest import House
from tests.browser.mishaps import Mishaps, Shown, forms_of
from tests.mail.test_letters import SAMPLES
from tests.serving import Site, Visitor

GOOD = {
    "name": "Asha Verma",
    "email": "asha@example.org",
    "phone": "+91 98765 43210",
    "background": "Nurse",
    "message": "I see badly; is large print there?",
    "consent": "y",
}
# One mistake at a time, at each field of the form.
MISTAKES = {
    "name": "",
    "email": "asha at example",
    "phone": "call me",
    "background": "x" * 201,
    "message": "x" * 2001,
    "consent": None,
}
CODES = (400, 403, 404, 405, 409, 413, 429, 500)
PRESSES = ("confirm", "accept", "pass", "withdraw", "transfer", "wish")
DONE = ("withdrawn", "cancelled", "rejected", "too-late", "pending", "confirmed")


class States(NamedTuple):
    """Names and pages; `fine` are the pages themselves, `noes` those that refuse or ask again."""

    fine: dict[str, Shown]
    noes: dict[str, Shown]
    letters: dict[str, str]
    broken: list[str]


def collect(
    house: House,
    folder: Path,
    *,
    prepare: Callable[[Path], None] | None = None,
    settings: Mapping[str, str] | None = None,
) -> States:
    """All of them, from a copy of the house: what is sent there changes nothing here.

    `prepare` may change the copy before anybody sees it.
    """
    url = copy_of(house, folder)
    if prepare:
        prepare(folder)
    with application(url, folder, settings) as app:
        gone = _gone()
        errors = _errors(app)
        letters = {
            f"letter {number} {sample.kind}": _html(sample)
            for number, sample in enumerate(SAMPLES)
        }
        with Site(url, folder, workers=2, env=settings) as site:
            visitor = site.visitor()
            mishaps = Mishaps(visitor, app.url_map.bind("localhost"))
            fine = _open(visitor, house.public | house.own)
            _send_badly(mishaps, visitor, house, gone)
            visitor.post("/staff/login", visitor.open_form("/staff/login") | house.sign_in)
            fine |= _open(visitor, house.staff)
            mishaps.walk(house.staff)
    return States(fine, errors | mishaps.shown, letters, mishaps.broken)


def _send_badly(
    mishaps: Mishaps, visitor: Visitor, house: House, gone: dict[str, str]
) -> None:
    form = f"/batches/{house.open_code}/register"
    hidden = visitor.open_form(form)
    for wrong, value in MISTAKES.items():
        sent = GOOD | {wrong: value}
        fields = hidden | {name: text for name, text in sent.items() if text is not None}
        mishaps.keep(f"form with an error at {wrong}", visitor.post(form, fields))
    mishaps.keep("form without its token", visitor.post(form, GOOD))
    for why, code in gone.items():
        answer = visitor.post(f"/batches/{code}/register", hidden | GOOD)
        mishaps.keep(f"form of a batch {why}", answer)
    for state in DONE:
        for press in PRESSES:
            answer = visitor.post(f"{house.own[state]}/{press}", hidden)
            mishaps.keep(f"mine {state} {press}", answer)
    mishaps.keep("mine without a token", visitor.post(f"{house.own['applied']}/withdraw", {}))
    comment = next(one for one in forms_of("/roles/ml-engineer",
                   visitor.get("/roles/ml-engineer").text) if one.action == "/comments")
    said = {"body": "Is there *homework*?", "name": "Asha", "email": "asha@example.org"}
    preview = visitor.post("/comments", dict(comment.hidden) | said | {"preview": "1"})
    mishaps.shown["comment-preview"] = Shown(preview.status, preview.text)
    partly = {"role": "ml-engineer", "data-analysis": "1"}
    mishaps.keep("self-check partly", visitor.post("/curriculum/check", partly))
    mishaps.walk(house.public | house.own)


def _open(visitor: Visitor, pages: dict[str, str]) -> dict[str, Shown]:
    answers = {name: visitor.get(path) for name, path in pages.items()}
    return {name: Shown(one.status, one.text) for name, one in answers.items()}


def _html(sample) -> str:
    message = message_from_bytes(render(sample.letter()), policy=policy.default)
    return message.get_body(("html",)).get_content()


# ---------------------------------------------------------------- the copy


def copy_of(house: House, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    source = sqlite3.connect(house.site.instance / "enroll.sqlite3")
    target = sqlite3.connect(folder / "enroll.sqlite3")
    source.backup(target)
    source.close()
    target.close()
    shutil.copytree(house.site.instance / "mailbox", folder / "mailbox")
    return f"sqlite:///{folder / 'enroll.sqlite3'}"


@contextmanager
def application(
    url: str, folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Flask]:
    """The application on the copy, with addresses that break on purpose."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (settings or {}).items():
            patch.setenv(name, value)
        patch.setenv("DATABASE_URL", url)
        patch.setenv("ENROLL_INSTANCE", str(folder))
        app = create_app()
    app.add_url_rule("/-/error/<int:code>", "-error", _break)
    app.add_url_rule("/-/busy", "-busy", _be_busy)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def _break(code: int) -> str:
    abort(code)


def _be_busy() -> str:
    raise Busy


def _errors(app: Flask) -> dict[str, Shown]:
    client = app.test_client()
    paths = {f"error {code}": f"/-/error/{code}" for code in CODES} | {"busy": "/-/busy"}
    answers = {name: client.get(path) for name, path in paths.items()}
    return {name: Shown(one.status_code, one.text) for name, one in answers.items()}


def _gone() -> dict[str, str]:
    """Batches that take nobody any more, each for another reason; their codes."""
    now = clock.now()
    off = make.batch()
    atomically(steering.call_off, batch_id=off.id, by="staff 1", now=now)
    closed = make.batch(closes_at=now - timedelta(minutes=1))
    full = make.batch(capacity=1, waitlist_limit=0)
    make.registration(full, confirmed=True)
    soon = make.batch(opens_at=now + timedelta(days=1))
    codes = {"called off": off, "closed": closed, "full": full, "not open yet": soon}
    return {why: one.code for why, one in codes.items()}
