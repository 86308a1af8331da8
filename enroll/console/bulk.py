"""Many people at once: who is concerned and what they will read, then one press, then a result for each."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_security import current_user
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import Batch
from enroll.batches.queries import find_batch
from enroll.console import queries, wanting, words
from enroll.console.guard import needs
from enroll.db import atomically
from enroll.forms import Form
from enroll.languages import root
from enroll.mail.rendering import preview
from enroll.refusal import Refused
from enroll.registrations import bulk, relocating, roster
from enroll.registrations.bulk import LONGEST_REASON, MOST, REASONED, Verb
from enroll.registrations.models import Registration
from enroll.registrations.specimens import seats_for, specimens
from enroll.web import csrf

pages = Blueprint("bulk", __name__, url_prefix="/staff/batches")

WRITE = "write"
LISTED = 200  # of those concerned, by name; of the rest the number


def _number(text: str) -> int:
    number = int(text)
    if not 0 < number <= queries.LARGEST:
        raise ValueError
    return number


class BulkForm(Form):
    """One verb for many people; what is asked beside it depends on the verb."""

    verb = HiddenField(validators=[AnyOf(list(Verb))])
    people = SelectMultipleField(
        _("People"),
        [InputRequired(_("Tick at least one person.")), Length(max=MOST)],
        coerce=_number,
        validate_choice=False,
    )
    to = SelectField(_("To which batch"), coerce=str, validate_choice=False)
    reason = TextAreaField(_("The person reads this"), [Length(max=1000)])
    is_sure = BooleanField()
    look = HiddenField()  # the button that only shows the letter with the reason in it
    was_all = HiddenField()

    def validate_reason(self, field: TextAreaField) -> None:
        """Nobody is turned down, cancelled or moved without a word."""
        if self.verb.data in REASONED and not field.data:
            raise ValidationError(gettext("Give a reason: it stands in the letter."))
        if self.verb.data == Verb.OFFER and len(field.data or "") > LONGEST_REASON:
            raise ValidationError(
                gettext(
                    "Say it in %(num)s characters: it is kept in the history too.",
                    num=LONGEST_REASON,
                )
            )

    def validate_is_sure(self, field: BooleanField) -> None:
        """More people than stand on a page are not meant by accident."""
        if self.was_all.data and not field.data and not self.look.data:
            raise ValidationError(gettext("Tick that you mean all of them."))


@pages.get("/<code>/bulk")
@needs(Duty.PLAN)
def show(code: str) -> ResponseReturnValue:
    """Who is concerned and what they will read; nothing happens yet."""
    batch = find_batch(code) or abort(404)
    verb = request.args.get("verb", "")
    people, is_all = _asked_for(batch)
    if verb == WRITE and people:
        ids = "&".join(f"person={one.id}" for one in people)
        return redirect(f"{root()}/staff/batches/{quote(code)}/messages/new?{ids}", 303)
    if verb not in set(Verb) | {WRITE}:
        abort(404)
    if not people:
        return render_template("console/bulk/nobody.html", batch=batch, look=_look(batch)), 422
    form = BulkForm(formdata=None, verb=verb, people=[one.id for one in people])
    form.was_all.data = "1" if is_all else ""
    return _page(batch, form, people)


@pages.post("/<code>/bulk")
@csrf.exempt  # the form checks its token itself, so that a refusal keeps ticks and reason
@needs(Duty.PLAN)
def act(code: str) -> ResponseReturnValue:
    """Do it, to all of them in one transaction; or show the letter with the reason in it."""
    batch = find_batch(code) or abort(404)
    form = BulkForm()
    is_valid = form.validate_on_submit()
    people = roster.found(batch.id, form.people.data or []) if not form.people.errors else []
    if not people or form.verb.errors:
        return render_template("console/bulk/nobody.html", batch=batch, look=_look(batch)), 422
    if not is_valid:
        return _page(batch, form, people), 422
    if form.look.data:
        return _page(batch, form, people)
    try:
        done = atomically(
            bulk.act,
            verb=Verb(form.verb.data),
            batch_id=batch.id,
            registration_ids=[one.id for one in people],
            reason=form.reason.data or "",
            to_batch_id=_number_or_none(form.to.data),
            by=f"staff {current_user.id}",
            now=clock.now(),
        )
    except bulk.NeedsReason:
        form.reason.errors = [gettext("Others stand before them in the queue: give a reason.")]
        return _page(batch, form, people), 422
    except Refused as refusal:
        return _page(batch, form, people, words.why_not(refusal)), 409
    look = _look(batch)
    return redirect(url_for("bulk.done", code=code, number=done.id, **look.args), 303)


@pages.get("/<code>/bulk/<int:number>")
@needs(Duty.PLAN)
def done(code: str, number: int) -> str:
    """What became of each."""
    batch = find_batch(code) or abort(404)
    found = queries.find_act(batch.id, number) or abort(404)
    results = queries.results_of(found)
    return render_template(
        "console/bulk/done.html",
        batch=batch,
        look=_look(batch),
        act=found,
        verb=Verb(found.verb),
        done=[result for result in results if not result.why_not],
        left=[result for result in results if result.why_not],
        lefts=words.LEFTS,
        states=words.STATES,
        by=queries.colleagues([found]).get(found.by, found.by),
    )


def _asked_for(batch: Batch) -> tuple[list[Registration], bool]:
    """Those ticked, or all of the list the address tells."""
    is_all = request.args.get("all") == "1"
    if is_all:
        ids = roster.numbers(batch.id, _look(batch).wanted, most=MOST + 1)
        if len(ids) > MOST:
            return [], True
    else:
        given = request.args.getlist("people")[:MOST]
        ids = [number for text in given if (number := _number_or_none(text))]
    return (roster.found(batch.id, ids) if ids else []), is_all


def _number_or_none(text: str | None) -> int:
    try:
        return _number(text or "")
    except ValueError:
        return 0


def _look(batch: Batch) -> wanting.Look:
    """The list that was looked at, to go back to."""
    return wanting.read_look(request.args, batch.zone)


def _page(
    batch: Batch, form: BulkForm, people: Sequence[Registration], refusal: str | None = None
) -> str:
    verb, now = Verb(form.verb.data), clock.now()
    lefts = {one.id: left for one in people if (left := bulk.why_left(verb, one))}
    for_them = [one for one in people if one.id not in lefts]
    ways = relocating.ways_from(batch.id, now) if verb is Verb.MOVE else []
    to = _number_or_none(form.to.data) if verb is Verb.MOVE else batch.id
    if verb is Verb.MOVE:
        to = to if any(way.id == to for way, _free in ways) else (ways[0][0].id if ways else 0)
        form.to.choices = [SelectChoice(str(way.id), _way(way, free)) for way, free in ways]
        form.to.data = str(to)
    reason = form.reason.data or gettext("[your reason stands here]")
    is_told = verb is not Verb.MOVE or bool(ways)
    return render_template(
        "console/bulk/show.html",
        batch=batch,
        look=_look(batch),
        form=form,
        verb=verb,
        refusal=refusal,
        people=people,
        listed=for_them[:LISTED],
        for_them=for_them,
        lefts=[(one, words.LEFTS[lefts[one.id]]) for one in people if one.id in lefts],
        before=bulk.stand_before(batch.id, for_them) if verb is Verb.OFFER else {},
        room=seats_for(to) if to and verb in (Verb.ACCEPT, Verb.MOVE) else 0,
        free=_free(batch) if verb is Verb.OFFER else 0,
        ways=ways,
        needs_reason=verb in REASONED,
        letters=_letters(verb, for_them, reason, to) if is_told else [],
    )


def _letters(
    verb: Verb, people: Sequence[Registration], reason: str, to: int
) -> list[tuple[Registration, str, str]]:
    found = specimens(verb, people, reason=reason, to_batch_id=to, now=clock.now())
    return [(one, *preview(letter)) for one, letter in found]


def _free(batch: Batch) -> int:
    capacity, taken = queries.seats(batch.id)
    return capacity - taken


def _way(batch: Batch, free: int) -> str:
    return gettext(
        "%(title)s (%(code)s), %(free)s seats free", title=batch.title, code=batch.code, free=free
    )
