"""Who gets a message of staff, and who does not and why: one condition for preview, press and worker."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from enroll.db import db
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from enroll.registrations.message_states import Audience, LeftOut
from enroll.registrations.messages import Message
from enroll.registrations.models import Registration
from enroll.registrations.states import LIVE

# RFC 2606: nothing under it can ever be written to.
_NOWHERE = "%.invalid"


class Reach(NamedTuple):
    """Whom a message would reach as things stand."""

    people: int
    first: Sequence[Registration]
    left_out: dict[LeftOut, int]
    without: Sequence[tuple[Registration, LeftOut]]  # the first of them, by name


def belongs(message: Message) -> sa.ColumnElement[bool]:
    """Everybody a message is meant for, whether or not a letter can reach them."""
    here = Registration.batch_id == message.batch_id
    if message.audience is Audience.CHOSEN:
        return sa.and_(here, Registration.id.in_(message.chosen))
    return sa.and_(here, Registration.state.in_(message.audience.states))


def why_left_out(message: Message) -> sa.Case[Any]:
    """Why a registration gets no letter of this message now; empty if it gets one."""
    reasons: list[tuple[sa.ColumnElement[bool], LeftOut]] = [
        (Registration.erased_at.is_not(None), LeftOut.ERASED)
    ]
    if not message.includes_ended:
        reasons.append((Registration.state.not_in(LIVE), LeftOut.ENDED))
    if message.audience is not Audience.CHOSEN:
        reasons.append((Registration.state.not_in(message.audience.states), LeftOut.MOVED))
    reasons += [
        (_has_no_address(), LeftOut.NO_ADDRESS),
        (Registration.address_confirmed_at.is_(None), LeftOut.UNCONFIRMED),
        (_came_back(), LeftOut.RETURNED),
    ]
    return sa.case(*[(one, sa.literal(why.value)) for one, why in reasons], else_=sa.literal(""))


def _has_no_address() -> sa.ColumnElement[bool]:
    """Can this person only be telephoned, or is there nobody left to write to?"""
    return sa.or_(Registration.address == "", Registration.address.like(_NOWHERE))


def _came_back() -> sa.ColumnElement[bool]:
    """The mail server refused a letter for good (RFC 5321: 5yz), and none has arrived since."""
    about = sa.literal("registration:") + sa.cast(Registration.id, sa.String)
    later = aliased(Letter)
    arrived = sa.exists().where(
        later.about == about, later.state == LetterState.SENT, later.id > Letter.id
    )
    return sa.exists().where(
        Letter.about == about,
        Letter.state == LetterState.FAILED,
        Letter.last_error.like("5%"),
        ~arrived,
    )


def reach(message: Message, *, names: int, left_out: int) -> Reach:
    """Whom this message would reach now, with so many of their names: three queries."""
    people = sa.select(Registration).where(belongs(message))
    why = why_left_out(message)
    rows = db.session.execute(
        sa.select(why, sa.func.count()).where(belongs(message)).group_by(sa.literal_column("1"))
    )
    counts = {row[0]: row[1] for row in rows}
    order = (sa.func.lower(Registration.name), Registration.id)
    first = db.session.scalars(people.where(why == "").order_by(*order).limit(names)).all()
    without = db.session.execute(
        sa.select(Registration, why)
        .where(belongs(message), why != "")
        .order_by(*order)
        .limit(left_out)
    )
    return Reach(
        counts.pop("", 0),
        first,
        {one: counts[one] for one in LeftOut if one in counts},
        [(row[0], LeftOut(row[1])) for row in without],
    )


def reached(message: Message, registration_id: int) -> Registration | None:
    """One person this message would reach; nobody if it would not."""
    return db.session.scalar(
        sa.select(Registration).where(
            belongs(message), Registration.id == registration_id, why_left_out(message) == ""
        )
    )


def sizes(batch_id: int) -> dict[Audience, int]:
    """How many people belong to each audience of a batch: one query."""
    rows = db.session.execute(
        sa.select(Registration.state, sa.func.count())
        .where(Registration.batch_id == batch_id)
        .group_by(Registration.state)
    )
    counts = {row[0]: row[1] for row in rows}
    return {
        audience: sum(counts.get(state, 0) for state in audience.states)
        for audience in Audience
        if audience is not Audience.CHOSEN
    }


def named(batch_id: int, numbers: Collection[int]) -> Sequence[Registration]:
    """These people of a batch; who belongs to another one is not among them."""
    return db.session.scalars(
        sa.select(Registration)
        .where(Registration.batch_id == batch_id, Registration.id.in_(numbers))
        .order_by(sa.func.lower(Registration.name), Registration.id)
    ).all()
