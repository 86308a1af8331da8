"""What we write about comments: to their authors, to who wants to hear of replies, to moderators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from enroll.comments.markup import to_text
from enroll.comments.models import Comment, CommentAuthor, ModerationReason
from enroll.comments.states import CommentState, Verb
from enroll.db import db
from enroll.mail.outbox import drop, post
from enroll.mail.subscriptions import subscribed

# A decision can be undone without a trace so long; then its author reads of it.
UNDO_TIME = timedelta(minutes=2)

REPLIES = "replies:"
CONFIRM = "comment_confirm"
DECISIONS = {
    Verb.APPROVE: "comment_approved",
    Verb.REJECT: "comment_rejected",
    Verb.RETURN: "comment_returned",
}
REPLY, ANSWER, LINK = "comment_reply", "comment_answer", "comment_link"


def about(comment_id: int) -> str:
    """How a letter names the comment it speaks of."""
    return f"comment:{comment_id}"


def replies_topic(root_id: int) -> str:
    """What somebody subscribes to who wants to hear of replies in a thread."""
    return f"{REPLIES}{root_id}"


def ask_to_confirm(comment: Comment, author: CommentAuthor, *, now: datetime) -> None:
    """The link that says "this is mine". The letter quotes nothing that was typed."""
    post(
        kind=CONFIRM,
        about=about(comment.id),
        recipient=author.email,
        language=author.language,
        context={"token": comment.confirm_token},
        dedupe_key=f"{about(comment.id)}:confirm",
        is_unasked=True,
        now=now,
    )


def send_own_link(*, email: str, now: datetime) -> bool:
    """The link to everything this address has said, where it has confirmed something; once in ten minutes."""
    author = db.session.scalar(
        sa.select(CommentAuthor).where(
            CommentAuthor.email == email, CommentAuthor.confirmed_at.is_not(None)
        )
    )
    if author is None:
        return False
    post(
        kind=LINK,
        about=f"author:{author.id}",
        recipient=author.email,
        language=author.language,
        context={"token": author.token},
        dedupe_key=f"author:{author.id}:link:{int(now.timestamp()) // 600}",
        is_unasked=True,
        now=now,
    )
    return True


def tell_decision(
    comment: Comment, verb: Verb, *, event_id: int, now: datetime, why: str = ""
) -> None:
    """Tell the author, once the time to undo is over. Nobody is told that we think them spam."""
    author = db.session.get(CommentAuthor, comment.author_id) if comment.author_id else None
    if author is None or author.erased_at or verb not in DECISIONS:
        return
    reason = db.session.get(ModerationReason, comment.reason_id) if comment.reason_id else None
    post(
        kind=DECISIONS[verb],
        about=about(comment.id),
        recipient=author.email,
        language=author.language,
        context={
            **_comment(comment),
            "token": author.token,
            "reason": reason.text if reason else "",
            "note": comment.note,
            "why": why,
        },
        dedupe_key=f"{about(comment.id)}:{verb}:{event_id}",
        due_at=now + UNDO_TIME,
        now=now,
    )


def drop_decisions(comment_id: int) -> None:
    """What was decided holds no more: letters about it that wait are not sent."""
    kinds = [*DECISIONS.values(), REPLY, ANSWER]
    drop(about=about(comment_id), kinds=kinds, why="decided anew")


def tell_replies(comment: Comment, *, now: datetime) -> None:
    """A reply is published: tell whoever wants to hear of this thread, each once.

    Whoever asked is told of staff's answer as of any other; who did not subscribe hears of an
    answer to their own question only.
    """
    if comment.parent_id is None:
        return
    own = _address(comment.author_id)
    told = {own} if own else set()
    for email, token in subscribed(topic=replies_topic(comment.parent_id)):
        if email not in told:
            told.add(email)
            _post_reply(comment, email, token, now=now)
    if comment.staff_id:
        _tell_asker(comment, told, now=now)


def _post_reply(comment: Comment, email: str, token: str, *, now: datetime) -> None:
    post(
        kind=REPLY,
        about=about(comment.id),
        recipient=email,
        language=_language(email),
        context={**_comment(comment), "is_staff": comment.staff_id is not None},
        dedupe_key=f"{about(comment.id)}:reply:{token[:12]}",
        subscription=token,
        due_at=now if comment.staff_id else now + UNDO_TIME,
        now=now,
    )


def _tell_asker(comment: Comment, told: set[str], *, now: datetime) -> None:
    asked = db.session.get(Comment, comment.reply_to_id or comment.parent_id)
    asker = db.session.get(CommentAuthor, asked.author_id) if asked and asked.author_id else None
    if asker is None or asker.erased_at or asker.confirmed_at is None or asker.email in told:
        return
    post(
        kind=ANSWER,
        about=about(comment.id),
        recipient=asker.email,
        language=asker.language,
        context={**_comment(comment), "token": asker.token},
        dedupe_key=f"{about(comment.id)}:answer",
        now=now,
    )


def _comment(comment: Comment) -> Mapping[str, Any]:
    """What a letter may say of a comment: it goes to confirmed addresses only."""
    return {
        "comment": {
            "id": comment.id,
            "page": comment.page,
            "name": comment.name,
            "body": to_text(comment.body),
            "is_approved": comment.state is CommentState.APPROVED,
        }
    }


def _address(author_id: int | None) -> str | None:
    return db.session.scalar(sa.select(CommentAuthor.email).where(CommentAuthor.id == author_id))


def _language(email: str) -> str:
    found = db.session.scalar(sa.select(CommentAuthor.language).where(CommentAuthor.email == email))
    return found or str(current_app.config["BABEL_DEFAULT_LOCALE"])
