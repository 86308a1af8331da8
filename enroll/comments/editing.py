"""Changes the text of a comment: its author's edits, a moderator's correction, removal for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from rapidfuzz.distance import Levenshtein

from enroll.comments import learning, letters
from enroll.comments.evidence import FormToken
from enroll.comments.indexing import index
from enroll.comments.judging import Sent, freeze
from enroll.comments.likeness import likeness
from enroll.comments.models import Comment, CommentFinding, CommentText
from enroll.comments.moving import lock, move, teach
from enroll.comments.records import Appeal, CommentWord, Report
from enroll.comments.states import GONE, CommentState
from enroll.db import db
from enroll.mail.outbox import forget, letters_about
from enroll.refusal import Refused

EDIT_TIME = timedelta(minutes=15)
SMALL = 0.1  # share of the letters that may change while a comment stays published
REMOVED_TEXT = ""


class TooLate(Refused):
    """The time in which authors may change what they wrote is over."""


class HasChanged(Refused):
    """The comment is not what it was when the page was shown."""


class Edit(StrEnum):
    """What became of an author's edit."""

    SAME = "same"
    PUBLISHED = "published"
    WAITS = "waits"


def may_edit(comment: Comment, now: datetime) -> bool:
    """Within 15 minutes of writing; who is asked to reword has all the time."""
    if comment.state is CommentState.RETURNED:
        return True
    editable = (CommentState.UNCONFIRMED, CommentState.PENDING, CommentState.APPROVED)
    return comment.state in editable and now - comment.created_at < EDIT_TIME


def edit_own(*, comment_id: int, body: str, now: datetime) -> Edit:
    """The author changes the text. Published text stays so if little changed and no rule minds.

    The text before is kept for moderators. Refuses after 15 minutes (`TooLate`).
    """
    comment = lock([comment_id])[comment_id]
    if not may_edit(comment, now):
        raise TooLate
    if comment.body == body:
        return Edit.SAME
    is_small = is_small_change(comment.body, body)
    sent = Sent(FormToken.FRESH, None, bool(comment.circumstances.get("trap_filled")))
    replace_text(comment, body, by="author", now=now)
    comment.edited_at = now
    source = comment.state
    if source is CommentState.UNCONFIRMED:
        comment.version += 1
        freeze(comment, sent, now=now)
        return Edit.WAITS
    stays = source is CommentState.APPROVED and is_small
    # The rules judge the new text under the version that the move will give it.
    comment.version += 1
    is_held = freeze(comment, sent, now=now)
    comment.version -= 1
    stays = stays and not is_held
    target = CommentState.APPROVED if stays else CommentState.PENDING
    move(comment, target, by="author", why="reworded", now=now)
    if target is CommentState.PENDING:
        comment.queued_at = now
        letters.drop_decisions(comment.id)
        learning.unlearn(comment_id=comment.id)
        return Edit.WAITS
    return Edit.PUBLISHED


def is_small_change(before: str, after: str) -> bool:
    """Less than a tenth of the letters differ (Levenshtein, normalised)."""
    return Levenshtein.normalized_distance(before, after) <= SMALL


def correct(
    *, comment_id: int, version: int, body: str, staff_id: int, by: str, now: datetime
) -> Comment:
    """A moderator corrects a typing error; the original is kept. Refuses if it changed (`HasChanged`)."""
    comment = lock([comment_id])[comment_id]
    if comment.version != version or comment.state in GONE:
        raise HasChanged
    if comment.body == body:
        return comment
    replace_text(comment, body, by=by, now=now)
    if comment.state in (CommentState.PENDING, CommentState.APPROVED):
        move(comment, comment.state, by=by, why="text corrected", now=now, staff_id=staff_id)
    else:
        comment.version += 1
    teach(comment)
    return comment


def remove(
    *, comment_id: int, version: int, body: str, staff_id: int, by: str, now: datetime
) -> list[int]:
    """Take words out of a comment for good: from its earlier texts, findings, reports, appeals,
    search, lessons and letters. `body` is what remains; nothing left takes the comment off the page.

    It cannot be undone. Answers the letters that were emptied, for whoever keeps copies of them.
    Refuses if the comment changed meanwhile (`HasChanged`).
    """
    comment = lock([comment_id])[comment_id]
    if comment.version != version or comment.state is CommentState.REMOVED:
        raise HasChanged
    letters_gone = forget_text(comment)
    comment.body = body
    comment.likeness = likeness(body)
    if body:
        index(comment)
        if comment.state in (CommentState.PENDING, CommentState.APPROVED):
            why = "words removed for good"
            move(comment, comment.state, by=by, why=why, now=now, staff_id=staff_id)
        else:
            comment.version += 1
        teach(comment)
    else:
        comment.name = ""
        move(
            comment, CommentState.REMOVED, by=by, why="removed for good", now=now, staff_id=staff_id
        )
    db.session.flush()
    return letters_gone


def forget_text(comment: Comment) -> list[int]:
    """Empty everything that repeats the words of this comment; the letters that did."""
    learning.unlearn(comment_id=comment.id)
    for table in (CommentText, CommentFinding, CommentWord):
        db.session.execute(
            sa.delete(table)
            .where(table.comment_id == comment.id)
            .execution_options(synchronize_session=False)
        )
    db.session.execute(
        sa.update(Report).where(Report.comment_id == comment.id).values(body=REMOVED_TEXT, words="")
    )
    db.session.execute(sa.update(Appeal).where(Appeal.comment_id == comment.id).values(text=""))
    comment.note = ""
    concerned = [letters.about(comment.id)]
    emptied = letters_about(about_in=concerned)
    forget(about_in=concerned)
    return emptied


def replace_text(comment: Comment, body: str, *, by: str, now: datetime) -> None:
    """Put in the new text and keep the old one under the version it had."""
    db.session.add(
        CommentText(
            comment_id=comment.id,
            version=comment.version,
            body=comment.body,
            changed_at=now,
            changed_by=by,
        )
    )
    comment.body = body
    comment.likeness = likeness(body)
    index(comment)
    db.session.flush()


def text_at(comment: Comment, version: int) -> str:
    """What the comment said at that version."""
    earlier = (
        sa.select(CommentText.body)
        .where(CommentText.comment_id == comment.id, CommentText.version >= version)
        .order_by(CommentText.version)
        .limit(1)
    )
    found = db.session.scalar(earlier)
    return comment.body if found is None else found
