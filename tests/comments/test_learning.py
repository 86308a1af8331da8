"""Learning from decisions: what is un-learnt leaves the counts as they were before."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask import Flask

from enroll.comments.learning import learn, unlearn
from enroll.comments.records import WordCount
from enroll.db import atomically, db
from tests.comments.acting import say, trusted


def counts() -> dict[str, tuple[int, int]]:
    rows = db.session.execute(sa.select(WordCount.word, WordCount.honest, WordCount.spam))
    return {row.word: (row.honest, row.spam) for row in rows if row.honest or row.spam}


def test_what_is_unlearnt_was_never_learnt(app: Flask, now: datetime) -> None:
    trusted(now)
    first = say("When does the evening batch begin? 100% sure!!", now=now)
    second = say("When is the fee due, and is the evening batch full?", now=now)
    atomically(learn, comment_id=first.id, body=first.body, is_spam=False)
    before = counts()
    assert before["when"][0] > 0

    atomically(learn, comment_id=second.id, body=second.body, is_spam=True)
    assert counts()["when"][1] == before["when"][1] + 1
    atomically(unlearn, comment_id=second.id)
    assert counts() == before

    atomically(learn, comment_id=second.id, body=second.body, is_spam=True)
    atomically(
        learn, comment_id=second.id, body=second.body, is_spam=False
    )  # a moderator changed their mind
    assert counts()["when"] == (before["when"][0] + 1, before["when"][1])
    atomically(unlearn, comment_id=second.id)
    atomically(unlearn, comment_id=second.id)
    assert counts() == before
