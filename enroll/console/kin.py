"""Who else a person may be: other registrations of the same address, and possible doubles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import joinedload

from enroll.db import db
from enroll.registrations.doubles import Double, Likeness, possible_doubles
from enroll.registrations.models import Registration

LIKENESSES = {
    Likeness.MAILBOX: _("same mailbox"),
    Likeness.PHONE: _("same telephone"),
    Likeness.NAME: _("nearly the same name"),
}
MOST = 50


class Lookalike(NamedTuple):
    """Another registration, and in what it is like this one."""

    other: Registration
    likenesses: list[str]


def same_address(one: Registration) -> Sequence[Registration]:
    """All others whose letters go to the same mailbox, or of the same person; the latest first."""
    if one.erased_at is not None:
        return []
    own = [Registration.email == one.email]
    if one.address:
        own += [Registration.email == one.address, Registration.letters_to == one.address]
    return db.session.scalars(
        sa.select(Registration)
        .options(joinedload(Registration.batch))
        .where(sa.or_(*own), Registration.id != one.id, Registration.erased_at.is_(None))
        .order_by(Registration.id.desc())
        .limit(MOST)
    ).all()


def lookalikes(one: Registration) -> list[Lookalike]:
    """Who in the same batch may be the same person."""
    return described(possible_doubles([one.id]).get(one.id, []))


def described(doubles: Collection[Double]) -> list[Lookalike]:
    """These doubles with who they are and in what they are alike: one query."""
    rows = db.session.scalars(
        sa.select(Registration)
        .options(joinedload(Registration.batch))
        .where(Registration.id.in_([one.id for one in doubles]))
    )
    people = {row.id: row for row in rows}
    return [
        Lookalike(people[one.id], [str(LIKENESSES[likeness]) for likeness in one.likenesses])
        for one in doubles
        if one.id in people
    ]
