"""How staff pages name things: states, letters, whose hand it was, and why something is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import Flask
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from enroll.batches.states import BatchState
from enroll.console.actions import action_words
from enroll.console.histories import why_words
from enroll.mail.states import LetterState
from enroll.moments import local
from enroll.refusal import Busy, Refused
from enroll.registrations.bulk import Left
from enroll.registrations.clashes import Clash
from enroll.registrations.correcting import AddressTaken
from enroll.registrations.deciding import NoFreeSeat, NotDecidable
from enroll.registrations.models import Registration
from enroll.registrations.moving import NoWayThere
from enroll.registrations.outcomes import HasEnded
from enroll.registrations.states import State
from enroll.registrations.steering import BatchMoved, SeatsTaken

STATES = {
    State.APPLIED: _("Applied, to be decided"),
    State.PENDING: _("Seat held, e-mail not confirmed"),
    State.WAITLISTED: _("On the waitlist"),
    State.OFFERED: _("Seat offered"),
    State.CONFIRMED: _("Enrolled"),
    State.REJECTED: _("Rejected"),
    State.EXPIRED: _("Expired"),
    State.WITHDRAWN: _("Withdrawn by the student"),
    State.CANCELLED: _("Cancelled by us"),
}
BATCH_STATES = {
    BatchState.DRAFT: _("Draft"),
    BatchState.TENTATIVE: _("Tentative"),
    BatchState.CONFIRMED_TO_RUN: _("Confirmed to run"),
    BatchState.CALLED_OFF: _("Called off"),
}
LETTER_STATES = {
    LetterState.QUEUED: _("Waits to be sent"),
    LetterState.CLAIMED: _("Is being sent"),
    LetterState.SENDING: _("Is being sent"),
    LetterState.SENT: _("Sent"),
    LetterState.FAILED: _("Failed, telephone instead"),
    LetterState.UNKNOWN: _("Perhaps sent: the connection broke"),
    LetterState.SUPPRESSED: _("Not sent"),
}
LETTERS = {
    "registration_applied": _("Application received"),
    "registration_held": _("Seat held, confirm your e-mail"),
    "registration_waitlisted": _("On the waitlist"),
    "registration_offered": _("A seat is free for you"),
    "registration_passed": _("Passed on a seat, place kept"),
    "registration_confirmed": _("Enrolled"),
    "registration_rejected": _("Not admitted"),
    "registration_withdrawn": _("Seat given up"),
    "registration_cancelled": _("Cancelled by the institute"),
    "registration_expired": _("Ended: the time ran out"),
    "reminder": _("Reminder of a deadline"),
    "batch_confirmed_to_run": _("The batch goes ahead"),
    "batch_rescheduled": _("New dates"),
    "session_changed": _("One session changed"),
    "batch_changed": _("Something about the batch changed"),
    "batch_undecided": _("Not decided yet"),
    "batch_joining": _("Joining instructions"),
    "links": _("Links asked for again"),
    "address_corrected": _("The address was corrected, with a new link"),
    "staff_message": _("A message from us"),
    "opening": _("Registration has opened"),
    "comment_confirm": _("Confirm the address of a comment"),
    "comment_link": _("Link to own comments"),
    "comment_approved": _("A comment was published"),
    "comment_returned": _("A comment came back for another try"),
    "comment_rejected": _("A comment was not published"),
    "comment_reply": _("Somebody replied to a comment"),
    "comment_answer": _("We answered a comment"),
    "comment_appeal": _("An appeal was decided"),
    "question_confirm": _("Confirm the address of a question"),
    "question_answer": _("Answer to a private question"),
    "comments_waiting": _("Comments wait for a decision"),
    "staff_queue": _("People to telephone about free seats"),
    "staff_digest": _("The morning's digest"),
    "staff_invitation": _("Invitation to work here"),
    "staff_link": _("Link for another password"),
    "staff_password_changed": _("The password was changed"),
    "staff_proofs_removed": _("Second proofs taken away"),
}
LEFTS = {
    Left.ENDED: _("Had ended already."),
    Left.NOT_APPLIED: _("Nothing is to be decided here any more."),
    Left.UNDECIDED: _("Has applied: decide about that first."),
    Left.NOT_WAITING: _("Does not wait for a seat."),
    Left.UNCONFIRMED: _("Has not confirmed the e-mail address."),
    Left.ASKED_ELSEWHERE: _("Considers an offer in another batch just now."),
    Left.NO_SEAT: _("No seat was free any more."),
    Left.NO_TIME: _("The batch begins too soon for an offer by e-mail: telephone."),
    Left.CLASH: _("Is enrolled in another batch whose sessions overlap."),
    Left.ALREADY_THERE: _("Is registered in that batch already."),
    Left.LIST_FULL: _("No seat is free there, and its waitlist is full."),
}
NOBODY: Mapping[str, str] = {}
HANDS = {
    "file": _("a file of the catalog"),
    "visitor": _("A visitor"),
    "author": _("The author"),
    "address": _("The owner of the address"),
    "import": _("The import"),
    "student": _("The student"),
    "clock": _("The clock"),
    "transfer": _("The move to another batch"),
    "wish": _("An enrolment in another batch"),
    "call-off": _("The calling off of another batch"),
    "telephone": _("Staff, by telephone"),
    "reconsidered": _("Staff, looking again"),
    "erasure": _("Deletion of the data"),
}


def init_app(app: Flask) -> None:
    """Let templates say it in the same words."""
    app.add_template_filter(state_words)
    app.add_template_filter(dialled)
    app.add_template_filter(brief)
    app.add_template_filter(brief_hour)
    app.add_template_filter(action_words)
    app.add_template_filter(why_words)
    app.add_template_filter(hand)
    app.add_template_global(BATCH_STATES, "batch_states")


def state_words(one: Registration) -> str:
    """Where somebody stands, in a few words."""
    if one.erased_at:
        return gettext("%(state)s, data deleted", state=STATES[one.state])
    if one.state is State.WAITLISTED and one.address_confirmed_at is None:
        return gettext("On the waitlist, e-mail not confirmed")
    if one.state is State.WAITLISTED and one.is_resting:
        return gettext("On the waitlist, passed on the last seat")
    if one.state is State.APPLIED and one.address_confirmed_at is None:
        return gettext("Applied, to be decided, e-mail not confirmed")
    return str(STATES[one.state])


def dialled(phone: str) -> str:
    """What a telephone dials (RFC 3966): the digits, and the plus before them. Empty if unsure."""
    digits = "".join(one for one in phone if one.isascii() and (one.isdigit() or one == "+"))
    is_sure = all(one.isascii() for one in phone if one.isdigit()) and digits.rfind("+") <= 0
    return digits if is_sure else ""


def brief(at: datetime, zone: str) -> str:
    """A moment in the batch's zone, for rows under a heading that names the zone."""
    return local(at, zone)


def brief_hour(at: datetime, zone: str) -> str:
    """The hour of a moment in the batch's zone, for a cell of a calendar."""
    return local(at, zone, "HH:mm")


def hand(by: str, colleagues: Mapping[str, str] = NOBODY) -> str:
    """Whose hand moved a registration; a colleague by name."""
    return colleagues.get(by) or str(HANDS.get(by, by))


def why_not(refusal: Refused) -> str:
    """One sentence for every no that staff may meet."""
    facts = refusal.facts
    if isinstance(refusal, HasEnded | NotDecidable):
        return gettext(
            "Nothing was changed, because by now this registration stands at “%(state)s”.",
            state=STATES[State(str(facts["state"]))],
        )
    if isinstance(refusal, NoFreeSeat):
        return gettext("No seat is free, so nobody can be seated. Nothing was changed.")
    if isinstance(refusal, Clash):
        return gettext(
            "This person is enrolled in %(batch)s, whose sessions overlap. Nothing was changed.",
            batch=f"{facts['title']} ({facts['code']})",
        )
    if isinstance(refusal, NoWayThere):
        return gettext("Nobody can be moved to that batch. Nothing was changed.")
    if isinstance(refusal, SeatsTaken):
        return ngettext(
            "%(num)s seat is taken, so the batch cannot have fewer. Nothing was changed.",
            "%(num)s seats are taken, so the batch cannot have fewer. Nothing was changed.",
            int(str(facts["taken"])),
        )
    if isinstance(refusal, BatchMoved):
        return _why_batch_not(BatchState(str(facts["state"])))
    if isinstance(refusal, AddressTaken):
        return gettext(
            "Somebody else is registered in %(code)s with this address. Nothing was changed: look at"
            " the two before you correct one.",
            code=facts["code"],
        )
    if isinstance(refusal, Busy):
        return gettext(
            "Many people are registering right now. Nothing was changed: press the button again."
        )
    return gettext("That is not possible now. Nothing was changed.")


def _why_batch_not(state: BatchState) -> str:
    if state is BatchState.DRAFT:
        return gettext("This batch is still a draft. Nothing was changed.")
    if state is BatchState.CALLED_OFF:
        return gettext("This batch has been called off. Nothing was changed.")
    return gettext("This batch has begun, so its dates stay. Nothing was changed.")
