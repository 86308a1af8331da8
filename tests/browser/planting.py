"""Attacks that wait in the database of the running site, and a browser that nothing shields."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from enroll import create_app
from enroll.clock import now
from enroll.comments.models import Comment, CommentAuthor
from enroll.comments.states import CommentState
from enroll.db import atomically, db
from tests.browser.conftest import House
from tests.browser.walking import harm_anywhere, harm_in
from tests.comments.attacks import KNOWN, made

Row = TypeVar("Row")
# What no form takes and no database keeps is no attack on a page.
TEXTS = [one.replace("\0", "") for one in KNOWN + made(60, seed=9)]


@pytest.fixture
def inside(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The running site's own database, from the inside."""
    instance = Path(house.site.instance)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{instance / 'enroll.sqlite3'}")
    monkeypatch.setenv("ENROLL_INSTANCE", str(instance))
    with create_app().app_context():
        yield
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def bare(chromium: Browser, house: House) -> Iterator[Page]:
    """A browser on the site with the Content-Security-Policy switched off: the sanitiser stands alone."""
    context = chromium.new_context(bypass_csp=True, base_url=house.site.base_url)
    page = context.new_page()
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda one: alarms.append(one.url) if "evil.example" in one.url else None)
    yield page
    context.close()
    assert alarms == []


def keep(rows: list[Row]) -> list[Row]:
    """Put rows into the database."""

    def verb() -> list[Row]:
        db.session.add_all(rows)
        db.session.flush()
        return rows

    return atomically(verb)


def author(of: str) -> int:
    """The id of whoever writes all this; `of` is the token that leads to everything of theirs."""
    known = db.session.scalar(sa.select(CommentAuthor.id).where(CommentAuthor.token == of))
    if known:
        return known
    at = now()
    row = CommentAuthor(
        email=f"{of}@example.org", language="en_GB", token=of, created_at=at, confirmed_at=at
    )
    return keep([row])[0].id


def plant(
    path: str,
    state: CommentState,
    texts: list[str] = TEXTS,
    of: str = "planter",
    **more: object,
) -> list[Comment]:
    """Comments under this page, each with one of these texts as body and name."""
    by, at = author(of), now()
    return keep(
        [
            Comment(
                page=path,
                author_id=by,
                name=text[:80],
                body=text,
                state=state,
                created_at=at,
                queued_at=at,
                published_at=at,
                likeness=f"{path} {state} {number}"[:64],  # no two are look-alikes
                **more,
            )
            for number, text in enumerate(texts)
        ]
    )


def harm(page: Page, path: str, scope: str) -> list[str]:
    """What could do harm on this page of the site; strangers' words stand inside `scope`."""
    answer = page.goto(path)
    assert answer
    assert answer.status == 200, path
    assert page.locator(scope).count(), f"nobody's words on {path}"
    return [f"{path}: {one}" for one in harm_in(page, scope) + harm_anywhere(page)]
