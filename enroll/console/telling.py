"""What to say on the telephone to whoever has no mailbox: a letter, in the words one speaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from enroll.console.words import LETTERS
from enroll.moments import day, moment

WORDS: dict[str, LazyString] = {
    "registration_applied": _(
        "We have your application for %(batch)s. The institute decides, and we let you know."
    ),
    "registration_held": _(
        "You are admitted to %(batch)s. A seat is kept for you until %(deadline)s: do you take it?"
    ),
    "registration_waitlisted": _(
        "All seats of %(batch)s are taken just now. You are on the waitlist; when a seat frees and it"
        " is your turn, we let you know."
    ),
    "registration_offered": _(
        "A seat in %(batch)s is free for you until %(deadline)s: do you take it?"
    ),
    "registration_passed": _(
        "You did not take the seat in %(batch)s, so it goes to the next person. You keep your place."
    ),
    "registration_confirmed": _("You are enrolled in %(batch)s. It begins on %(begins)s."),
    "registration_rejected": _("You were not admitted to %(batch)s. The reason: %(reason)s"),
    "registration_withdrawn": _("Your place in %(batch)s is given back, as you wished."),
    "registration_cancelled": _(
        "Your registration for %(batch)s is cancelled. %(reason)s %(offer)s"
    ),
    "registration_expired": _(
        "Your registration for %(batch)s has ended: the time ran out. %(next)s"
    ),
    "reminder": _("We need your answer about %(batch)s by %(deadline)s."),
    "batch_confirmed_to_run": _("%(batch)s goes ahead. It begins on %(begins)s."),
    "batch_rescheduled": _(
        "%(batch)s has new dates: it begins on %(begins)s and ends on %(ends)s."
    ),
    "batch_undecided": _("It is not decided yet whether %(batch)s takes place. We let you know."),
    "batch_joining": _("%(batch)s begins on %(begins)s. How to join: %(join)s %(bring)s"),
    "batch_changed": _(
        "Something has changed in %(batch)s. This is how it is now. When: %(rhythm)s. Where: %(where)s."
        " Teacher: %(teacher)s. How to join: %(join)s %(bring)s %(terms)s"
    ),
}
# About one session of a batch, by what was done with it.
SESSION: dict[str, LazyString] = {
    "cancelled": _("One session of %(batch)s does not take place: the one on %(was)s."),
    "moved": _("One session of %(batch)s is at another time: not on %(was)s, but on %(session)s."),
    "staffed": _(
        "One session of %(batch)s is different, the one on %(was)s. Teacher: %(teacher)s. Where: %(where)s."
    ),
}
_OFFER = _("You are offered a seat in %(title)s, from %(day)s.")
_NEXT = _("The next one is %(title)s, from %(day)s.")


def words_to_say(kind: str, context: Mapping[str, Any]) -> str:
    """The letter in a sentence or two; of a kind nobody foresaw, its name and what stands in it."""
    batch = context.get("batch")
    if batch and kind == "session_changed":
        return str(SESSION[context["change"]]) % (_facts(batch, context) | _session(batch, context))
    if kind not in WORDS or not batch:
        told = (context.get(name) for name in ("subject", "text", "body", "words"))
        parts = [
            str(LETTERS.get(kind, kind)),
            *(one for one in told if isinstance(one, str) and one),
        ]
        return ": ".join(parts)
    return " ".join((str(WORDS[kind]) % _facts(batch, context)).split())


def _facts(batch: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, str]:
    zone = batch["zone"]
    deadline = context.get("deadline_at")
    return {
        "batch": batch["title"],
        "begins": _begins(batch, context),
        "ends": _day(batch["ends_on"]),
        "deadline": moment(datetime.fromisoformat(deadline), zone) if deadline else "–",
        "reason": context.get("reason") or "",
        "offer": _elsewhere(_OFFER, context.get("offer")),
        "next": _elsewhere(_NEXT, context.get("next")),
        "join": batch.get("join_link") or batch.get("place") or "–",
        "bring": batch.get("bring") or "",
        "rhythm": batch.get("rhythm") or "–",
        "where": _where(batch, batch.get("place")),
        "teacher": batch.get("teacher") or "–",
        "terms": _terms(batch),
    }


def _terms(batch: Mapping[str, Any]) -> str:
    """How it is paid and what is refunded, where somebody has written it down."""
    payment, refund = batch.get("payment") or "", batch.get("refund") or ""
    told = [
        gettext("How it is paid: %(words)s", words=payment) if payment else "",
        gettext("What is refunded: %(words)s", words=refund) if refund else "",
    ]
    return " ".join(one for one in told if one)


def _session(batch: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, str]:
    """When one session was, and how it is now."""
    session, zone = context["session"], batch["zone"]
    return {
        "was": moment(datetime.fromisoformat(context["was"]["starts_at"]), zone),
        "session": moment(datetime.fromisoformat(session["starts_at"]), zone),
        "teacher": session["teacher"] or "–",
        "where": _where(batch, session["place"]),
    }


def _where(batch: Mapping[str, Any], place: str | None) -> str:
    return place or (gettext("online") if batch.get("is_online") else "–")


def _begins(batch: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    """The first session where the letter knows it, else the day."""
    events = (context.get("calendar") or {}).get("events") or ()
    first = context.get("first_session") or (events[0]["starts_at"] if events else None)
    if first:
        return moment(datetime.fromisoformat(first), batch["zone"])
    return _day(batch["starts_on"])


def _elsewhere(words: LazyString, batch: Mapping[str, Any] | None) -> str:
    return str(words) % {"title": batch["title"], "day": _day(batch["starts_on"])} if batch else ""


def _day(iso: str) -> str:
    return day(date.fromisoformat(iso))
