"""The moderators' queue: read, decide one by one or many at once, take a press back."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_security import current_user

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import moderation, queueing
from enroll.comments.editing import text_at
from enroll.comments.moderation import Decision, Outcome, Seen
from enroll.comments.queries import reasons
from enroll.comments.queueing import Filter
from enroll.comments.sentences import rule_names, sentence
from enroll.comments.states import CommentState, Verb
from enroll.console.guard import needs
from enroll.db import atomically

pages = Blueprint("moderation", __name__, url_prefix="/staff/comments")
UNDOABLE = timedelta(hours=12)
LARGEST = 2**31 - 1

STATES: Mapping[CommentState, object] = {
    CommentState.PENDING: lazy_gettext("Waiting"),
    CommentState.RETURNED: lazy_gettext("To be reworded"),
    CommentState.APPROVED: lazy_gettext("Published"),
    CommentState.REJECTED: lazy_gettext("Rejected"),
    CommentState.SPAM: lazy_gettext("Spam"),
    CommentState.UNCONFIRMED: lazy_gettext("Address not confirmed"),
    CommentState.WITHDRAWN: lazy_gettext("Taken back"),
    CommentState.REMOVED: lazy_gettext("Removed for good"),
}
VERBS: Mapping[Verb, object] = {
    Verb.APPROVE: lazy_gettext("published"),
    Verb.REJECT: lazy_gettext("rejected"),
    Verb.SPAM: lazy_gettext("marked as spam"),
    Verb.RETURN: lazy_gettext("sent back to be reworded"),
}
OUTCOMES: Mapping[Outcome, object] = {
    Outcome.DONE: lazy_gettext("Done"),
    Outcome.ALREADY: lazy_gettext("It stood so already"),
    Outcome.CONFLICT: lazy_gettext("Somebody was faster, or its author changed it"),
    Outcome.APPEALED: lazy_gettext("Its author has appealed: it is decided there"),
    Outcome.GONE: lazy_gettext("It was taken back or removed meanwhile"),
}


class Press(NamedTuple):
    """What a moderator pressed: the verb, what it is about, and why."""

    verb: Verb
    seen: list[Seen]
    reason_id: int | None
    note: str
    is_single: bool


@pages.get("")
@needs(Duty.MODERATE)
def index() -> str:
    """The queue: likely honest first, oldest first; likely spam one line each."""
    return _show()


@pages.post("/decide")
@needs(Duty.MODERATE)
def decide() -> ResponseReturnValue:
    press = _press() or abort(400)
    if not press.seen:
        return _show(refusal=_("Tick at least one comment.")), 422
    try:
        decision = atomically(
            moderation.decide,
            verb=press.verb,
            seen=press.seen,
            staff_id=current_user.id,
            by=current_user.name,
            reason_id=press.reason_id,
            note=press.note,
            now=clock.now(),
        )
    except moderation.NoReason:
        return _show(refusal=_("Choose a reason or write one: the author reads it.")), 422
    left = [one for one in decision.results if one.outcome not in (Outcome.DONE, Outcome.ALREADY)]
    if press.is_single and left:
        return _conflict(press), 409
    if left:
        return _results(press, decision)
    flash(_done(press.verb, decision), "done")
    back = request.form.get("back", "")
    return redirect(back if _is_ours(back) else url_for("moderation.index"), 303)


@pages.post("/undo")
@needs(Duty.MODERATE)
def undo() -> ResponseReturnValue:
    """Take one press back as a whole."""
    act_id = _whole(request.form.get("act", "")) or abort(400)
    decision = atomically(
        moderation.undo,
        act_id=act_id,
        staff_id=current_user.id,
        by=current_user.name,
        now=clock.now(),
    )
    if decision is None:
        flash(_("That was taken back before."), "note")
    else:
        undone, left = decision.count(Outcome.DONE), decision.count(Outcome.CONFLICT)
        words = ngettext(
            "%(num)s decision is taken back.", "%(num)s decisions are taken back.", undone
        )
        if left:
            words += " " + ngettext(
                "%(num)s was decided anew meanwhile and stays.",
                "%(num)s were decided anew meanwhile and stay.",
                left,
            )
        flash(words, "done" if undone else "note")
    return redirect(url_for("moderation.index"), 303)


@pages.post("/claim")
@needs(Duty.MODERATE)
def claim() -> ResponseReturnValue:
    """Say that I read these just now; colleagues see it, and may decide all the same."""
    ids = [number for text in request.form.getlist("claim") if (number := _whole(text))]
    atomically(moderation.claim, comment_ids=ids[:100], staff_id=current_user.id, now=clock.now())
    if request.headers.get("Accept") == "application/json":
        return "", 204
    return redirect(url_for("moderation.index"), 303)


def _show(refusal: str = "") -> str:
    wanted = _filter()
    now = clock.now()
    after = _whole(request.args.get("after", ""))
    honest = queueing.queue(wanted, likely_spam=False if wanted.is_queue else None, after=after)
    spam = (
        queueing.queue(wanted, likely_spam=True, limit=queueing.SPAM_ROWS)
        if wanted.is_queue and not after
        else None
    )
    return render_template(
        "console/moderation/index.html",
        wanted=wanted,
        honest=honest,
        spam=spam,
        reasons=reasons(),
        states=STATES,
        state_choices=[("any", _("All"))] + [(state.value, STATES[state]) for state in STATES],
        verbs=VERBS,
        rules=rule_names(),
        sentence=sentence,
        pages_waiting=queueing.pages_waiting(),
        last=queueing.last_act(staff_id=current_user.id, since=now - UNDOABLE),
        refusal=refusal,
        now=now,
        target=timedelta(hours=current_app.config["MODERATION_HOURS"]),
        picked=request.form.getlist("pick"),
    )


def _filter() -> Filter:
    args = request.args
    rule, named = args.get("rule", ""), args.get("state", "pending")
    narrows = bool(args.get("q", "").strip() or args.get("page") or args.get("author"))
    known = named in CommentState.__members__.values()
    return Filter(
        state=CommentState(named) if known else None if narrows else CommentState.PENDING,
        page=args.get("page", "")[:200],
        rule=rule if rule in rule_names() else "",
        author=_whole(args.get("author", "")),
        words=args.get("q", "").strip()[:200],
    )


def _press() -> Press | None:
    """What the form says: one row's button (`one`), or the bar's (`verb`) for all that are ticked."""
    one = request.form.get("one", "")
    name, _colon, number = one.partition(":")
    ids = [number] if one else request.form.getlist("pick")
    suffix = f"-{number}" if one else ""
    try:
        verb = Verb(name if one else request.form.get("verb", ""))
    except ValueError:
        return None
    known = dict(_seen(text) for text in request.form.getlist("seen"))
    seen = [known[found] for text in ids if (found := _whole(text)) in known]
    reason_id = _whole(request.form.get(f"reason{suffix}", "")) or None
    if reason_id not in {reason.id for reason in reasons()}:
        reason_id = None
    return Press(
        verb, seen, reason_id, request.form.get(f"note{suffix}", "").strip()[:1000], bool(one)
    )


def _seen(text: str) -> tuple[int, Seen]:
    """A row as it was shown: id, version, and the last of its look-alikes."""
    numbers = [_whole(part) for part in text.split(":")]
    numbers += [0] * (3 - len(numbers))
    return numbers[0], Seen(numbers[0], numbers[1], numbers[2] or None)


def _conflict(press: Press) -> str:
    """Somebody decided already: who, what, and what the author changed meanwhile."""
    (seen,) = press.seen[:1]
    told = queueing.tell(seen.comment_id) or abort(404)
    before, after = text_at(told.row.comment, seen.version), told.row.comment.body
    return render_template(
        "console/moderation/conflict.html",
        told=told,
        event=queueing.last_event(seen.comment_id),
        wanted=VERBS[press.verb],
        difference=differences(before, after) if before != after else [],
        states=STATES,
        verbs=VERBS,
        sentence=sentence,
    )


def _results(press: Press, decision: Decision) -> str:
    rows = {one.comment_id: queueing.tell(one.comment_id) for one in decision.results[:50]}
    return render_template(
        "console/moderation/results.html",
        decision=decision,
        done=_done(press.verb, decision),
        rows=rows,
        outcomes=OUTCOMES,
        states=STATES,
    )


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """Lines of both texts: ("kept" | "taken" | "added", line)."""
    kinds = {" ": "kept", "-": "taken", "+": "added"}
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [(kinds[line[0]], line[2:]) for line in lines if line[0] in kinds]


def _done(verb: Verb, decision: Decision) -> str:
    number = decision.count(Outcome.DONE)
    if not number:
        return _("It stood so already; nothing has changed.")
    return ngettext(
        "%(num)s comment is %(done)s.", "%(num)s comments are %(done)s.", number, done=VERBS[verb]
    )


def _is_ours(path: str) -> bool:
    return path.startswith("/staff/comments") and "//" not in path


def _whole(text: str) -> int:
    """A number that a database can be asked for, else 0."""
    fine = text.isascii() and text.isdecimal() and len(text) < 11
    return int(text) if fine and int(text) <= LARGEST else 0


@pages.app_template_filter()
def waiting(since: datetime, now: datetime) -> str:
    """How long something waits, in the largest unit that says enough."""
    hours = int((now - since).total_seconds() // 3600)
    if hours < 1:
        return _("less than an hour")
    if hours < 48:
        return ngettext("%(num)s hour", "%(num)s hours", hours)
    return ngettext("%(num)s day", "%(num)s days", hours // 24)
