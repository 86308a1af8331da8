"""Takes over the comments of another site, so that nothing that was said there is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from enroll.comments import authors
from enroll.comments.indexing import index
from enroll.comments.likeness import likeness
from enroll.comments.models import Comment
from enroll.comments.moving import count_reply, write_event
from enroll.comments.states import CommentState
from enroll.comments.wordpress import Foreign
from enroll.db import db
from enroll.forms import normal_address

_STATES = {"1": CommentState.APPROVED, "0": CommentState.PENDING, "spam": CommentState.SPAM}
LONGEST_NAME, LONGEST_TEXT = 80, 20_000


class Taken(NamedTuple):
    """What became of an export: counts by outcome, the paths nobody said where to put, bad rows."""

    counts: Counter[str]
    unmapped: Counter[str]
    bad: list[str]


def take_over(
    *,
    comments: Iterable[Foreign],
    paths: Mapping[str, str],
    source: str,
    language: str,
    now: datetime,
) -> Taken:
    """Keep foreign comments under our pages; `paths` says which of their paths is which of ours.

    Nobody is written to, and no address counts as confirmed. Threads become two levels deep. Twice
    imports nothing twice: `source` and WordPress's number are remembered. A bad row is told in
    `bad`, the others are kept.
    """
    taken = Taken(Counter(), Counter(), [])
    roots: dict[int, tuple[int, int]] = {}  # WordPress's number → our number, our thread's
    for one in comments:
        outcome = _refusal(one, paths, taken)
        if outcome:
            taken.counts[outcome] += 1
            continue
        try:
            email = normal_address(one.email or f"nobody-{one.number}@{source}")
        except ValueError:
            taken.bad.append(f"comment {one.number}: “{one.email}” is no e-mail address")
            taken.counts["bad"] += 1
            continue
        nonce = f"wxr:{source}:{one.number}"[:64]
        known = db.session.scalar(sa.select(Comment).where(Comment.nonce == nonce))
        if known is None:
            author = authors.author_for(email=email, language=language, now=now)
            known = _keep(one, author.id, paths[one.path], nonce, roots.get(one.parent))
            taken.counts["imported"] += 1
        else:
            taken.counts["known"] += 1
        roots[one.number] = (known.id, known.parent_id or known.id)
    return taken


def _refusal(one: Foreign, paths: Mapping[str, str], taken: Taken) -> str:
    """Why this is left out, or nothing."""
    if one.kind not in ("", "comment"):
        return "pingback"
    if one.approved not in _STATES:
        return "trash"
    if one.path not in paths:
        taken.unmapped[one.path] += 1
        return "unmapped"
    if not one.body or not one.number:
        taken.bad.append(f"comment {one.number}: it has no text or no number")
        return "bad"
    return ""


def _keep(
    one: Foreign, author_id: int, page: str, nonce: str, thread: tuple[int, int] | None
) -> Comment:
    state = _STATES[one.approved]
    comment = Comment(
        page=page,
        parent_id=thread[1] if thread else None,
        reply_to_id=thread[0] if thread else None,
        author_id=author_id,
        name=(one.name or "?")[:LONGEST_NAME],
        body=one.body[:LONGEST_TEXT],
        state=state,
        created_at=one.at,
        queued_at=one.at if state is CommentState.PENDING else None,
        published_at=one.at if state is CommentState.APPROVED else None,
        likeness=likeness(one.body),
        nonce=nonce,
    )
    db.session.add(comment)
    db.session.flush()
    write_event(comment, None, by="import", why="imported", now=one.at)
    count_reply(comment, None, state)
    index(comment)
    return comment
