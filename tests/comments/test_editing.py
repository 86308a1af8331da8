"""Changing a text: the author for a quarter of an hour, a moderator's correction, and removal for good."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.comments import editing, reporting
from enroll.comments.editing import Edit
from enroll.comments.models import Comment, CommentFinding, CommentText
from enroll.comments.records import CommentWord, Lesson, Report
from enroll.comments.reporting import Complaint
from enroll.comments.states import CommentState, Verb
from enroll.db import atomically, db
from tests.comments import acting
from tests.comments.acting import again, confirmed, decide, letters, published

LONG = "The course was good and the teacher explained everything twice, which helped me."


def edit(comment: Comment, body: str, now: datetime) -> Edit:
    return atomically(editing.edit_own, comment_id=comment.id, body=body, now=now)


def test_a_small_change_stays_published_and_keeps_the_original(app: Flask, now: datetime) -> None:
    comment = published(LONG, now=now)
    before = comment.version
    assert edit(comment, LONG.replace("helped", "helps"), now) is Edit.PUBLISHED
    found = again(comment)
    assert found.state is CommentState.APPROVED
    assert found.edited_at == now
    assert editing.text_at(found, before) == LONG


def test_a_large_change_is_read_again(app: Flask, now: datetime) -> None:
    comment = published(LONG, now=now)
    assert edit(comment, "Something else altogether, and short.", now) is Edit.WAITS
    assert again(comment).state is CommentState.PENDING
    assert db.session.get(Lesson, comment.id) is None


def test_a_small_change_that_brings_a_link_is_read_again(app: Flask, now: datetime) -> None:
    comment = published(LONG * 3, now=now)
    assert edit(comment, LONG * 3 + " https://e.example", now) is Edit.WAITS
    rules = db.session.scalars(
        sa.select(CommentFinding.rule).where(
            CommentFinding.comment_id == comment.id,
            CommentFinding.version == again(comment).version,
        )
    )
    assert "links" in set(rules)


def test_after_a_quarter_of_an_hour_it_is_too_late(app: Flask, now: datetime) -> None:
    comment = published(LONG, now=now)
    with pytest.raises(editing.TooLate):
        edit(comment, "Other", now + timedelta(minutes=15))
    assert again(comment).body == LONG


def test_who_is_asked_to_reword_has_all_the_time(app: Flask, now: datetime) -> None:
    comment = confirmed(LONG, now=now)
    decide(Verb.RETURN, comment, now=now)
    assert edit(comment, "Kinder words.", now + timedelta(days=9)) is Edit.WAITS
    assert again(comment).state is CommentState.PENDING


def test_the_same_text_changes_nothing(app: Flask, now: datetime) -> None:
    comment = published(LONG, now=now)
    assert edit(comment, LONG, now) is Edit.SAME
    assert again(comment).version == comment.version


def test_an_unconfirmed_comment_can_be_reworded_and_still_waits(app: Flask, now: datetime) -> None:
    comment = acting.say(LONG, now=now)
    assert edit(comment, "Other words.", now) is Edit.WAITS
    assert again(comment).state is CommentState.UNCONFIRMED


def test_a_moderator_corrects_and_the_original_is_kept(app: Flask, now: datetime) -> None:
    comment = published("I lik it.", now=now)
    staff, before = acting.moderator(), comment.version
    atomically(
        editing.correct,
        comment_id=comment.id,
        version=comment.version,
        body="I like it.",
        staff_id=staff,
        by="Meera",
        now=now,
    )
    found = again(comment)
    assert (found.body, found.state) == ("I like it.", CommentState.APPROVED)
    texts = db.session.scalars(
        sa.select(CommentText.body).where(CommentText.comment_id == comment.id)
    ).all()
    assert texts == ["I lik it."]
    with pytest.raises(editing.HasChanged):
        atomically(
            editing.correct,
            comment_id=comment.id,
            version=before,
            body="x",
            staff_id=staff,
            by="Meera",
            now=now,
        )


def everywhere(words: str) -> list[str]:
    """The tables that hold these words somewhere."""
    db.session.rollback()
    found = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)).all():
            if words in " ".join(str(value) for value in row):
                found.append(table.name)
                break
    return found


@pytest.mark.parametrize("rest", ["", "Call me, I wrote."])
def test_what_is_removed_is_gone_from_everywhere(app: Flask, now: datetime, rest: str) -> None:
    root = published("Who helps?", wants_replies=True, now=now)
    secret = "98765 43210"
    comment = published(
        f"Call me, {secret}, zebrafish", email="b@example.org", reply_to=root.id, now=now
    )
    atomically(
        editing.correct,
        comment_id=comment.id,
        version=comment.version,
        body=f"Call me: {secret}, zebrafish",
        staff_id=acting.moderator(),
        by="Meera",
        now=now,
    )
    atomically(
        reporting.report,
        comment_id=comment.id,
        reason=Complaint.PRIVATE,
        words=f"{secret}!",
        network="n",
        now=now,
    )
    assert set(everywhere(secret)) >= {
        "comment",
        "comment_text",
        "comment_finding",
        "report",
        "letter",
    }
    found = again(comment)
    emptied = atomically(
        editing.remove,
        comment_id=comment.id,
        version=found.version,
        body=rest,
        staff_id=acting.moderator(),
        by="Meera",
        now=now,
    )
    assert emptied
    assert everywhere(secret) == []
    assert everywhere("zebrafish") == []
    assert (
        db.session.scalar(sa.select(CommentWord.word).where(CommentWord.word == "zebrafish"))
        is None
    )
    assert again(comment).state is (CommentState.APPROVED if rest else CommentState.REMOVED)
    assert again(root).replies == (1 if rest else 0)
    assert not any(one.context for one in letters("comment_reply"))


def test_a_report_keeps_the_text_as_it_was(app: Flask, now: datetime) -> None:
    comment = published(LONG, now=now)
    for _ in range(2):
        atomically(
            reporting.report,
            comment_id=comment.id,
            reason=Complaint.WRONG,
            words="",
            network="n",
            now=now,
        )
    edit(comment, LONG + "!", now)
    (report,) = db.session.scalars(sa.select(Report)).all()
    assert report.body == LONG
    assert again(comment).state is CommentState.APPROVED
    with pytest.raises(reporting.NothingToReport):
        atomically(
            reporting.report,
            comment_id=confirmed(now=now).id,
            reason=Complaint.WRONG,
            words="",
            network="n",
            now=now,
        )
