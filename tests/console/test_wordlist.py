"""The list of words as moderators keep it: it counts at once, and nobody overwrites anybody."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from enroll.comments.models import Comment, CommentFinding
from enroll.comments.records import WordList
from enroll.comments.states import CommentState
from enroll.db import db
from tests.accounts.people import colleague, sign_in
from tests.comments.acting import say, trusted
from tests.console.acting import press, said, text
from tests.reading import hidden_fields, typed_values

pytestmark = pytest.mark.either_database

PAGE = "/staff/comments/words"


@pytest.fixture
def moderator(app: Flask, client: FlaskClient) -> FlaskClient:
    colleague(Duty.MODERATE)
    sign_in(client)
    return client


def rules_of(comment: Comment) -> set[str]:
    found = sa.select(CommentFinding.rule).where(CommentFinding.comment_id == comment.id)
    return set(db.session.scalars(found))


def test_a_word_added_holds_and_one_taken_off_does_not(moderator: FlaskClient, now: datetime) -> None:
    trusted(now)
    assert say("A zebrafish, of all things.", now=now).state is CommentState.APPROVED
    assert "words" in rules_of(say("Guest posts are my trade.", now=now))
    answer = press(moderator, PAGE, more="zebra*\n\n  ***  \n", off="guest post")
    assert "Kept." in said(moderator, answer)
    held = say("Another Z3brafish here.", now=now)
    assert held.state is CommentState.PENDING
    assert rules_of(held) == {"words"}
    assert "words" not in rules_of(say("More guest posts of mine, too.", now=now))
    kept = db.session.scalars(sa.select(WordList)).one()
    assert (kept.more, kept.off, kept.by) == (["zebra*"], ["guest post"], "Meera Pillai")
    assert typed_values(moderator.get(PAGE).text)["more"] == "zebra*"


def test_nobody_overwrites_anybody_and_nothing_typed_is_lost(moderator: FlaskClient) -> None:
    mine = hidden_fields(moderator.get(PAGE).text)
    press(moderator, PAGE, more="theirs", off="")
    late = moderator.post(PAGE, data=mine | {"more": "mine", "off": ""})
    assert late.status_code == 409
    assert typed_values(late.text)["more"] == "mine"
    assert "theirs" in text(late.text)
    # Having seen it, one may go on.
    again = moderator.post(PAGE, data=hidden_fields(late.text) | {"more": "theirs\nmine", "off": ""})
    assert again.status_code == 303
    db.session.rollback()
    assert [row.more for row in db.session.scalars(sa.select(WordList).order_by(WordList.id))] == [
        ["theirs"],
        ["theirs", "mine"],
    ]


def test_too_long_a_list_is_told(moderator: FlaskClient) -> None:
    answer = press(moderator, PAGE, more="x" * 10_001, off="")
    assert answer.status_code == 422
    assert db.session.scalar(sa.select(WordList.id)) is None
