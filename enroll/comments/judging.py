"""Tells the rules what they need to know of a comment, and freezes what they find."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app

from enroll.accounts.models import Staff
from enroll.comments import bayes
from enroll.comments.authors import turned_down
from enroll.comments.evidence import (
    RULE_SET,
    Circumstances,
    Finding,
    FormToken,
    doubt,
    holds,
    is_likely_spam,
)
from enroll.comments.listing import listed
from enroll.comments.models import Comment, CommentFinding
from enroll.comments.records import WordCount
from enroll.comments.rules import judge
from enroll.db import db

LATELY = timedelta(hours=1)
SIMILAR = timedelta(days=30)
MANY = 50  # further look-alikes are not counted
ALL = ""  # the word under which the comments themselves are counted


class Sent(NamedTuple):
    """How a text came to us: what its form says, and how soon; nothing here is refused."""

    form: FormToken
    seconds: float | None
    trap_filled: bool


def observe(comment: Comment, sent: Sent, *, now: datetime) -> dict[str, Any]:
    """What is known of the circumstances of this comment, as JSON can keep it."""
    return {
        "form": sent.form.value,
        "seconds": sent.seconds,
        "trap_filled": sent.trap_filled,
        "same_text": _alike(comment, now),
        "address_turned_down": _turned_down(Comment.author_id, comment.author_id, now),
        "network_turned_down": _turned_down(Comment.network, comment.network, now),
        "network_lately": lately(comment.network, now),
    }


def find(name: str, body: str, observed: dict[str, Any]) -> tuple[Finding, ...]:
    """What today's rules find."""
    return judge(
        Circumstances(
            name=name,
            body=body,
            reserved_names=reserved_names(),
            listed_words=listed(),
            welcome=tuple(str(current_app.config["COMMENT_LANGUAGES"]).split(",")),
            form=FormToken(observed["form"]),
            counts=word_counts(bayes.tokens(body)),
            **{key: value for key, value in observed.items() if key != "form"},
        )
    )


def freeze(comment: Comment, sent: Sent, *, now: datetime) -> bool:
    """Run all rules on the comment as it stands, keep what they found; does any of them hold it?

    The findings carry the version that the comment has now, and that of the rules.
    """
    comment.circumstances = observe(comment, sent, now=now)
    findings = find(comment.name, comment.body, comment.circumstances)
    comment.rule_set = RULE_SET
    comment.doubt = doubt(findings)
    comment.is_likely_spam = is_likely_spam(findings)
    db.session.add_all(
        CommentFinding(
            comment_id=comment.id,
            version=comment.version,
            rule_set=RULE_SET,
            rule=one.rule,
            weight=one.weight,
            holds=one.holds,
            facts=dict(one.facts),
        )
        for one in findings
    )
    db.session.flush()
    return holds(findings)


def reserved_names() -> tuple[str, ...]:
    """Whom nobody may pretend to be: the institute, and everybody who works here."""
    staff: Sequence[str] = db.session.scalars(sa.select(Staff.name).order_by(Staff.id)).all()
    return (str(current_app.config["INSTITUTE_NAME"]), *staff)


def word_counts(words: Iterable[str]) -> bayes.WordCounts:
    """What was learnt about these words, and from how many comments."""
    rows = db.session.execute(
        sa.select(WordCount.word, WordCount.honest, WordCount.spam).where(
            WordCount.word.in_({*words, ALL})
        )
    )
    counts = {row.word: (row.honest, row.spam) for row in rows}
    honest, spam = counts.pop(ALL, (0, 0))
    return bayes.WordCounts(honest_texts=honest, spam_texts=spam, words=counts)


def _alike(comment: Comment, now: datetime) -> int:
    """Look-alikes of the last month, up to fifty."""
    others = (
        sa.select(Comment.id)
        .where(
            Comment.likeness == comment.likeness,
            Comment.id != comment.id,
            Comment.created_at > now - SIMILAR,
        )
        .limit(MANY)
    )
    return db.session.scalar(sa.select(sa.func.count()).select_from(others.subquery())) or 0


def _turned_down(column: Any, value: object, now: datetime) -> int:
    return turned_down(column == value, now=now) if value is not None else 0


def lately(network: str | None, now: datetime) -> int:
    """Comments from this network within an hour."""
    if network is None:
        return 0
    lately = sa.select(sa.func.count()).where(
        Comment.network == network, Comment.created_at > now - LATELY
    )
    return db.session.scalar(lately) or 0
