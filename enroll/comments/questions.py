"""Questions asked privately: they reach staff's list like public ones, and are answered by e-mail."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa

from enroll.comments import authors
from enroll.comments.evidence import FormToken, doubt, is_likely_spam
from enroll.comments.judging import find
from enroll.comments.markup import to_text
from enroll.comments.models import CommentAuthor
from enroll.comments.posting import Post
from enroll.comments.records import PrivateQuestion
from enroll.comments.states import QUESTION_MOVES, QuestionState
from enroll.db import Again, db, dialect_name, insert_once
from enroll.mail import outbox
from enroll.refusal import Refused

CONFIRM, ANSWER = "question_confirm", "question_answer"


class HasChanged(Refused):
    """Somebody else has answered or closed it meanwhile."""


def about(question_id: int) -> str:
    """How a letter names the question it speaks of."""
    return f"question:{question_id}"


def ask(*, post: Post, now: datetime) -> PrivateQuestion:
    """Keep a private question; `unconfirmed` until the mailed link was used, as with comments.

    What the rules doubt only sorts it last in staff's list.
    """
    author = authors.author_for(email=post.email, language=post.language, now=now)
    nonce = post.ticket.nonce
    first = nonce and db.session.scalar(
        sa.select(PrivateQuestion).where(PrivateQuestion.nonce == nonce)
    )
    if first and (first.author_id, first.body) == (author.id, post.body):
        return first
    question = _insert(post, author, None if first else nonce, now=now)
    if authors.knows_browser(author_id=author.id, key=post.browser, now=now):
        _move(question, QuestionState.OPEN)
    else:
        question.confirm_token = secrets.token_urlsafe(24)
        _ask_to_confirm(question, author, now=now)
    db.session.flush()
    return question


def confirm(*, token: str, browser: str, now: datetime) -> PrivateQuestion | None:
    """Whoever the address belongs to says "this is mine"; a second press is a success."""
    question = _locked(PrivateQuestion.confirm_token == token)
    if question is None:
        return None
    author = db.session.get_one(CommentAuthor, question.author_id)
    author.confirmed_at = author.confirmed_at or now
    authors.remember_browser(author_id=author.id, key=browser, now=now)
    outbox.was_asked(about=about(question.id))
    if question.state is QuestionState.UNCONFIRMED:
        _move(question, QuestionState.OPEN)
    return question


def by_confirm_token(token: str) -> PrivateQuestion | None:
    """The question of a mailed link."""
    return db.session.scalar(
        sa.select(PrivateQuestion).where(PrivateQuestion.confirm_token == token)
    )


def disown(*, token: str) -> bool:
    """Whoever the address belongs to did not ask this: it is emptied. False: unknown link."""
    question = _locked(PrivateQuestion.confirm_token == token)
    if question is None:
        return False
    if question.state is QuestionState.UNCONFIRMED:
        _move(question, QuestionState.CLOSED)
        question.body = question.name = ""
    return True


def answer(
    *, question_id: int, version: int, body: str, staff_id: int, now: datetime
) -> PrivateQuestion:
    """Send staff's answer; compare-and-set on the version, so that nobody is answered twice."""
    question = _open(question_id, version)
    _move(question, QuestionState.ANSWERED)
    question.answer, question.answered_at, question.answered_by_id = body, now, staff_id
    author = db.session.get_one(CommentAuthor, question.author_id)
    outbox.post(
        kind=ANSWER,
        about=about(question.id),
        recipient=author.email,
        language=author.language,
        context={
            "token": author.token,
            "name": question.name,
            "question": to_text(question.body),
            "answer": to_text(body),
            "page": question.page,
        },
        dedupe_key=f"{about(question.id)}:answer",
        now=now,
    )
    db.session.flush()
    return question


def close(*, question_id: int, version: int, staff_id: int, now: datetime) -> PrivateQuestion:
    """Needs no answer: off the list, and nobody is written to."""
    question = _open(question_id, version)
    _move(question, QuestionState.CLOSED)
    question.answered_by_id, question.answered_at = staff_id, now
    return question


def _insert(
    post: Post, author: CommentAuthor, nonce: str | None, *, now: datetime
) -> PrivateQuestion:
    observed = {
        "form": (FormToken.REPLAYED if nonce is None else post.ticket.says).value,
        "seconds": post.ticket.seconds,
        "trap_filled": post.trap_filled,
        "same_text": 0,
        "address_turned_down": 0,
        "network_turned_down": 0,
        "network_lately": 0,
    }
    findings = find(post.name, post.body, observed)
    row = {
        "page": post.page,
        "author_id": author.id,
        "name": post.name,
        "body": post.body,
        "state": QuestionState.UNCONFIRMED,
        "created_at": now,
        "network": post.network,
        "nonce": nonce,
        "doubt": doubt(findings),
        "is_likely_spam": is_likely_spam(findings),
    }
    table = PrivateQuestion.__table__
    insert = insert_once(dialect_name(), table, PrivateQuestion.nonce).returning(table.c.id)
    question_id = db.session.scalar(insert, row)
    if question_id is None:
        raise Again
    return db.session.get_one(PrivateQuestion, question_id)


def _ask_to_confirm(question: PrivateQuestion, author: CommentAuthor, *, now: datetime) -> None:
    outbox.post(
        kind=CONFIRM,
        about=about(question.id),
        recipient=author.email,
        language=author.language,
        context={"token": question.confirm_token},
        dedupe_key=f"{about(question.id)}:confirm",
        is_unasked=True,
        now=now,
    )


def _move(question: PrivateQuestion, target: QuestionState) -> None:
    QUESTION_MOVES.check(question.state, target)
    question.state = target
    question.version += 1


def _open(question_id: int, version: int) -> PrivateQuestion:
    question = _locked(PrivateQuestion.id == question_id)
    if question is None or question.version != version or question.state is not QuestionState.OPEN:
        raise HasChanged
    return question


def _locked(which: sa.ColumnElement[bool]) -> PrivateQuestion | None:
    return db.session.scalar(
        sa.select(PrivateQuestion)
        .where(which)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
