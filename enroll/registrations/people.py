"""Finds people over all batches: a person is an address, with every registration of theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from enroll.db import db
from enroll.registrations.models import Registration
from enroll.registrations.sought import has_parts

MOST = 30  # people on a page
EACH = 20  # registrations of one of them


class Person(NamedTuple):
    """Somebody by their address; the latest registration comes first."""

    registrations: list[Registration]
    is_cut: bool

    @property
    def latest(self) -> Registration:
        return self.registrations[0]


def find_people(parts: Sequence[str]) -> tuple[list[Person], bool]:
    """Who has all these parts in a name, address or number of theirs, whoever came last first.

    Answers also whether there are more than fit. Two statements, and what they bring is bounded:
    it does not grow with the people there are, nor with how often one of them registered.
    """
    last = sa.func.max(Registration.id)
    emails = db.session.scalars(
        sa.select(Registration.email)
        .where(has_parts(Registration.sought, list(parts)), Registration.erased_at.is_(None))
        .group_by(Registration.email)
        .order_by(last.desc())
        .limit(MOST + 1)
    ).all()
    shown = emails[:MOST]
    by_email = _registrations(shown) if shown else {}
    people = [Person(by_email[email][:EACH], len(by_email[email]) > EACH) for email in shown]
    return people, len(emails) > MOST


def _registrations(emails: Sequence[str]) -> dict[str, list[Registration]]:
    """The latest registrations of each of these addresses, with their batches."""
    newest = sa.func.row_number().over(
        partition_by=Registration.email, order_by=Registration.id.desc()
    )
    line = (
        sa.select(Registration.id, newest.label("place"))
        .where(Registration.email.in_(emails))
        .subquery()
    )
    rows = db.session.scalars(
        sa.select(Registration)
        .join(line, line.c.id == Registration.id)
        .options(joinedload(Registration.batch))
        .where(line.c.place <= EACH + 1)
        .order_by(Registration.id.desc())
    )
    found = defaultdict(list)
    for one in rows:
        found[one.email].append(one)
    return found
