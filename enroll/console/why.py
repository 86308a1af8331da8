"""Why? One or two sentences about where somebody stands, ready to be sent to that person only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from enroll.console.waiting import day_of, until_of, waits
from enroll.moments import moment
from enroll.registrations.explaining import Why, explain
from enroll.registrations.models import Registration
from enroll.registrations.replay import ADDRESS_CONFIRMED, BY_HAND
from enroll.registrations.states import State

# How somebody came to be enrolled, by what the history says.
ENROLLED: dict[str, LazyString] = {
    ADDRESS_CONFIRMED: _(
        "%(name)s is enrolled since %(day)s, when the e-mail address was confirmed."
    ),
    "took the seat": _(
        "%(name)s is enrolled since %(day)s: the application was accepted, and the seat was taken."
    ),
    "accepted the offer": _(
        "%(name)s is enrolled since %(day)s, when the offer of a seat was accepted."
    ),
    "accepted by telephone": _(
        "%(name)s is enrolled since %(day)s, when they said yes on the telephone."
    ),
    "moved here": _("%(name)s is enrolled since %(day)s, after moving here from another batch."),
    BY_HAND: _(
        "%(name)s is enrolled since %(day)s: registered by telephone while a seat was free."
    ),
}
EXPIRED: dict[str, LazyString] = {
    "hold ran out": _("The seat was held for %(name)s until %(until)s; nobody confirmed."),
    "offer lapsed again": _(
        "The offer of a seat to %(name)s stood until %(until)s and ended without an answer, for the"
        " second time."
    ),
    "address not confirmed in time": _(
        "What %(name)s asked for was kept until %(until)s; nobody confirmed the e-mail address."
    ),
    "batch started": _(
        "%(name)s waited until the batch began on %(day)s, and no seat was free by then."
    ),
    "not decided": _(
        "The batch began on %(day)s before the application of %(name)s had been decided."
    ),
}


def sentence(one: Registration, *, now: datetime) -> str:
    """Why this person stands where they stand."""
    why = explain(one, now=now)
    if one.erased_at is not None:
        return gettext(
            "The data of this person was deleted on %(day)s.", day=day_of(why, one.erased_at)
        )
    tell: dict[State, Callable[[Why], str]] = {
        State.APPLIED: _applied,
        State.PENDING: _held,
        State.WAITLISTED: waits,
        State.OFFERED: _offered,
        State.CONFIRMED: _enrolled,
        State.REJECTED: _rejected,
        State.EXPIRED: _expired,
        State.WITHDRAWN: _withdrawn,
        State.CANCELLED: _cancelled,
    }
    return tell[one.state](why)


# ---------------------------------------------------------------- by state


def _applied(why: Why) -> str:
    name, day = why.one.name, day_of(why, why.move.at)
    if why.one.address_confirmed_at is None:
        return gettext(
            "%(name)s applied on %(day)s, and the e-mail address is not confirmed yet: only then is it"
            " decided.",
            name=name,
            day=day,
        )
    if why.batch.answer_on:
        answer = day(why.batch.answer_on)
        return gettext(
            "%(name)s applied on %(day)s, and it is not decided yet; the answer is promised by"
            " %(answer)s.",
            name=name,
            day=day,
            answer=answer,
        )
    return gettext("%(name)s applied on %(day)s, and it is not decided yet.", name=name, day=day)


def _held(why: Why) -> str:
    given = {"name": why.one.name, "day": day_of(why, why.move.at), "until": until_of(why)}
    if why.is_over:
        return gettext("The seat was held for %(name)s until %(until)s; nobody confirmed.", **given)
    if why.one.address_confirmed_at is not None:
        return gettext(
            "The application of %(name)s was accepted on %(day)s; the seat is held until %(until)s"
            " for them to say yes.",
            **given,
        )
    return gettext(
        "A seat is held for %(name)s since %(day)s, until %(until)s: the e-mail address is not"
        " confirmed yet.",
        **given,
    )


def _offered(why: Why) -> str:
    given = {"name": why.one.name, "day": day_of(why, why.move.at), "until": until_of(why)}
    if why.is_over:
        return gettext(
            "The offer of a seat to %(name)s stood until %(until)s; nobody answered.", **given
        )
    if why.move.why == "batch called off":
        return gettext(
            "%(name)s is offered a seat here until %(until)s, because another batch was called off on"
            " %(day)s.",
            **given,
        )
    if why.move.by.startswith("staff "):
        return gettext(
            "%(name)s was offered a seat out of turn on %(day)s, until %(until)s, because: %(reason)s",
            reason=why.move.why,
            **given,
        )
    return gettext(
        "A seat freed and was offered on %(day)s to %(name)s, who was first in line; the offer stands"
        " until %(until)s.",
        **given,
    )


def _enrolled(why: Why) -> str:
    words = ENROLLED.get(why.move.why, _("%(name)s is enrolled since %(day)s."))
    if why.move.why == ADDRESS_CONFIRMED and why.move.by.startswith("staff "):
        words = ENROLLED["accepted by telephone"]
    return str(words) % {"name": why.one.name, "day": day_of(why, why.move.at)}


def _rejected(why: Why) -> str:
    given = {"name": why.one.name, "day": day_of(why, why.move.at), "reason": why.one.decision}
    if why.one.decision:
        return gettext("%(name)s was not admitted on %(day)s, because: %(reason)s", **given)
    return gettext("%(name)s was not admitted on %(day)s.", **given)


def _expired(why: Why) -> str:
    words = EXPIRED.get(why.move.why, _("The registration of %(name)s ended on %(day)s."))
    until = moment(why.until or why.move.at, why.batch.zone)
    given = {"name": why.one.name, "day": day_of(why, why.move.at), "until": until}
    if why.move.why in ("batch started", "not decided"):
        given["day"] = day_of(why, why.batch.begins_at)
    return str(words) % given


def _withdrawn(why: Why) -> str:
    given = {"name": why.one.name, "day": day_of(why, why.move.at)}
    if why.move.by in ("transfer", "wish"):
        return gettext(
            "%(name)s left this batch on %(day)s, because they were %(reason)s.",
            reason=why.move.why,
            **given,
        )
    if why.move.from_state is not None and why.move.from_state.is_seated:
        return gettext("%(name)s gave the seat up on %(day)s.", **given)
    return gettext("%(name)s left the list on %(day)s.", **given)


def _cancelled(why: Why) -> str:
    given = {"name": why.one.name, "day": day_of(why, why.move.at), "reason": why.one.decision}
    if why.move.why == "batch called off":
        return gettext(
            "The batch was called off on %(day)s, and with it the place of %(name)s.", **given
        )
    if why.one.decision:
        return gettext(
            "We cancelled the registration of %(name)s on %(day)s, because: %(reason)s", **given
        )
    return gettext("We cancelled the registration of %(name)s on %(day)s.", **given)
