"""Why somebody waits: what stands between them and a seat, and where the seats went that freed."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from enroll.moments import local, moment
from enroll.registrations.explaining import Cause, Why

CAUSES: dict[Cause, LazyString] = {
    Cause.RESTING: _(
        "%(name)s waits at place %(place)s: they were offered a seat and did not take it on %(day)s,"
        " so they are asked again when the next one frees and it is their turn."
    ),
    Cause.OFFERED_ELSEWHERE: _(
        "%(name)s keeps place %(place)s here while they consider the seat they are offered in %(code)s."
    ),
    Cause.GROUP_UNCONFIRMED: _(
        "%(name)s waits at place %(place)s with a group: somebody in it has not confirmed the e-mail"
        " address yet."
    ),
    Cause.GROUP_ELSEWHERE: _(
        "%(name)s waits at place %(place)s with a group: somebody in it considers a seat elsewhere,"
        " and the group wants to sit together."
    ),
    Cause.GROUP_TOO_LARGE: _(
        "%(name)s waits at place %(place)s, because their group of %(group)s wants to sit together;"
        " free seats: %(free)s."
    ),
    Cause.TOO_LATE: _(
        "%(name)s waits at place %(place)s: the batch begins too soon for an offer by e-mail, so free"
        " seats are given by telephone."
    ),
    Cause.ABOUT_TO_BE_ASKED: _(
        "%(name)s is at place %(place)s, and what is free is about to be offered, in the order of the"
        " list."
    ),
}


def waits(why: Why) -> str:
    """What stands between this person and a seat, and where seats went meanwhile."""
    return " ".join(one for one in (_cause(why), _passed_by(why)) if one)


def _cause(why: Why) -> str:
    if why.cause is Cause.UNCONFIRMED:
        return _unconfirmed(why)
    if why.cause is Cause.FULL:
        return _full(why)
    return str(CAUSES[why.cause or Cause.ABOUT_TO_BE_ASKED]) % {
        "name": why.one.name,
        "place": why.place,
        "day": day_of(why, why.move.at),
        "code": why.elsewhere,
        "group": why.group,
        "free": why.free,
    }


def _unconfirmed(why: Why) -> str:
    given = {"name": why.one.name, "place": why.place}
    if why.one.deadline_at is None:
        return gettext(
            "%(name)s keeps place %(place)s, but is offered a seat only once the corrected e-mail"
            " address is confirmed.",
            **given,
        )
    given["until"] = until_of(why)
    if why.is_over:
        return gettext(
            "Place %(place)s was kept for %(name)s until %(until)s; nobody confirmed the e-mail"
            " address.",
            **given,
        )
    return gettext(
        "%(name)s keeps place %(place)s until %(until)s: the e-mail address is not confirmed yet.",
        **given,
    )


def _full(why: Why) -> str:
    given = {"name": why.one.name, "place": why.place}
    if why.capacity == 0:
        return gettext(
            "%(name)s waits at place %(place)s, because the batch has no seats just now.", **given
        )
    if why.full_since is None:
        return ngettext(
            "%(name)s waits at place %(place)s, because the only seat is taken.",
            "%(name)s waits at place %(place)s, because all %(num)s seats are taken.",
            why.capacity,
            **given,
        )
    return ngettext(
        "%(name)s waits at place %(place)s, because the only seat is taken since %(day)s.",
        "%(name)s waits at place %(place)s, because all %(num)s seats are taken since %(day)s.",
        why.capacity,
        day=day_of(why, why.full_since),
        **given,
    )


def _passed_by(why: Why) -> str:
    """Where the seats went that freed meanwhile: the latest of it."""
    name, offers = why.one.name, why.offers
    last = max(
        (at for at in (offers.last_ahead_at, offers.behind_at, offers.out_of_turn_at) if at),
        default=None,
    )
    if last is None:
        return ""
    day = day_of(why, last)
    if last == offers.out_of_turn_at:
        return gettext("On %(day)s a seat was given out of turn, with a reason on record.", day=day)
    if last == offers.behind_at:
        return gettext(
            "A seat that freed on %(day)s went to somebody further down, because %(name)s could not be"
            " asked then.",
            name=name,
            day=day,
        )
    return ngettext(
        "One seat that freed was offered since, on %(day)s, to the person first in line.",
        "Freed seats were offered %(num)s times since, the last on %(day)s, each to the person first"
        " in line.",
        offers.ahead,
        day=day,
    )


def day_of(why: Why, at: datetime) -> str:
    """The day in the batch's zone."""
    return local(at, why.batch.zone, "d MMMM y")


def until_of(why: Why) -> str:
    return moment(why.one.deadline_at, why.batch.zone) if why.one.deadline_at else ""
