"""The form about a batch: what staff fill in, as columns and back; times are of the batch's own zone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.numbers import get_currency_precision, list_currencies
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    Field,
    HiddenField,
    IntegerField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from enroll.batches.models import Batch
from enroll.forms import Form, OneLine

LARGEST = 1000
CODE = r"[a-z0-9]+(-[a-z0-9]+)*\Z"
MOMENTS = ("opens_at", "closes_at")
# Which columns the form sets by their own name; moments, fee and seats are turned first.
PLAIN = (
    *("title", "starts_on", "ends_on", "zone", "minimum", "decide_on", "rhythm", "place"),
    *("is_online", "language", "teacher", "hold_hours", "offer_hours", "waitlist_limit"),
    *("hold_limit", "needs_approval", "criteria", "answer_on", "asks_prerequisites"),
    *("refuses_overlap", "join_link", "bring", "payment", "refund", "missed"),
)


def _number(label: Any, least: int, most: int, *more: Any) -> IntegerField:
    words = _("Enter a whole number from %(least)s to %(most)s.", least=least, most=most)
    return IntegerField(label, [*(more or [Optional()]), NumberRange(least, most, words)])


def _line(label: Any, longest: int, *more: Any) -> StringField:
    return StringField(label, [*more, Length(max=longest), OneLine()])


def code_field() -> StringField:
    """The word in the address of a batch."""
    words = _("Use small letters, digits and single dashes, such as mle-03.")
    checks = [InputRequired(words), Length(max=40), Regexp(CODE, message=words)]
    return StringField(_("Code, the word in the address"), checks)


class PlanForm(Form):
    """Everything about a batch but its sessions."""

    title = _line(_("Title, as people read it"), 200, InputRequired(_("Give the batch a title.")))
    starts_on = DateField(_("First day"), [InputRequired(_("Enter the first day."))])
    ends_on = DateField(_("Last day"), [InputRequired(_("Enter the last day."))])
    zone = _line(_("Time zone"), 64, InputRequired(_("Enter a time zone.")))
    rhythm = _line(_("Weekly rhythm, in words"), 200)
    capacity = _number(_("Seats"), 0, LARGEST, InputRequired(_("Enter how many seats there are.")))
    is_online = BooleanField(_("It takes place online"))
    place = _line(_("Place or room"), 200)
    teacher = _line(_("Teacher"), 120)
    language = _line(_("Language of teaching"), 12, InputRequired(_("Enter a language.")))
    fee = DecimalField(_("Fee"), [Optional(), NumberRange(min=0)], places=None)
    fee_currency = _line(_("Currency of the fee"), 3)
    payment = TextAreaField(_("When and how it is paid"), [Length(max=2000)])
    refund = TextAreaField(_("What is refunded"), [Length(max=2000)])
    missed = TextAreaField(_("Missed sessions"), [Length(max=2000)])
    opens_at = DateTimeLocalField(
        _("Registration opens"), [InputRequired(_("Enter when registration opens."))]
    )
    closes_at = DateTimeLocalField(
        _("Registration closes"), [InputRequired(_("Enter when registration closes."))]
    )
    minimum = _number(_("Minimum to run"), 0, LARGEST)
    decide_on = DateField(_("Decided by"), [Optional()])
    needs_approval = BooleanField(_("We decide who is admitted"))
    criteria = TextAreaField(_("By what we decide"), [Length(max=4000)])
    answer_on = DateField(_("We answer by"), [Optional()])
    asks_prerequisites = BooleanField(_("Ask for a tick that the prerequisites are met"))
    refuses_overlap = BooleanField(_("Nobody may be in two batches that overlap"))
    hold_hours = _number(_("A seat is kept for so many hours"), 1, 240, InputRequired())
    offer_hours = _number(_("An offer stands for so many hours"), 12, 240, InputRequired())
    waitlist_limit = _number(_("So many may wait"), 0, 10_000)
    hold_limit = _number(_("So many seats may be held unconfirmed"), 0, 10_000)
    join_link = _line(_("Link to join, for the enrolled"), 500)
    bring = TextAreaField(_("What to bring or prepare"), [Length(max=4000)])
    version = HiddenField()
    sure = HiddenField()

    def validate_zone(self, field: Field) -> None:
        """A name of the time zone database (IANA)."""
        if field.data not in available_timezones():
            raise ValidationError(gettext("Enter a time zone such as Asia/Kolkata."))

    def validate_ends_on(self, field: Field) -> None:
        """No batch ends before it begins."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError(gettext("The last day lies before the first."))

    def validate_closes_at(self, field: Field) -> None:
        """Registration closes after it opens."""
        if field.data and self.opens_at.data and field.data <= self.opens_at.data:
            raise ValidationError(gettext("Registration would close before it opens."))

    def validate_fee_currency(self, field: Field) -> None:
        """ISO 4217; without one no fee is stated."""
        field.data = (field.data or "").upper()
        if field.data and field.data not in list_currencies():
            raise ValidationError(gettext("Enter a currency such as INR or EUR."))
        if self.fee.data and not field.data:
            raise ValidationError(gettext("In which currency?"))

    def validate_fee(self, field: Field) -> None:
        """No more places than the currency has, and no more than the database holds."""
        amount = field.data
        if amount is not None and (not amount.is_finite() or amount > 10_000_000):
            raise ValidationError(gettext("That is too much."))

    def validate_join_link(self, field: Field) -> None:
        """Something that a browser opens."""
        if field.data and not field.data.startswith(("https://", "http://")):
            raise ValidationError(gettext("Enter a whole address, beginning with https://"))

    def values(self) -> dict[str, Any]:
        """The columns, moments in UTC."""
        zone = ZoneInfo(self.zone.data)
        found = {name: self[name].data for name in PLAIN}
        found["minimum"] = found["minimum"] or None
        for name in MOMENTS:
            found[name] = self[name].data.replace(tzinfo=zone).astimezone(UTC)
        currency = self.fee_currency.data
        found["fee_currency"] = currency
        found["fee_minor"] = _minor(self.fee.data, currency)
        return found


class NewForm(PlanForm):
    """A batch that does not exist yet."""

    code = code_field()


def filled(batch: Batch, capacity: int) -> dict[str, Any]:
    """What the form shows of a batch."""
    found: dict[str, Any] = {name: getattr(batch, name) for name in PLAIN}
    for name in MOMENTS:
        found[name] = local(getattr(batch, name), batch.tz)
    if batch.fee_currency:
        found["fee"] = Decimal(batch.fee_minor) / 10 ** _precision(batch.fee_currency)
    own = {"fee_currency": batch.fee_currency, "capacity": capacity, "version": str(batch.version)}
    return found | own


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """A moment as the clock on the wall there shows it."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _minor(amount: Decimal | None, currency: str) -> int:
    return int(round((amount or 0) * 10 ** _precision(currency))) if currency else 0


def _precision(currency: str) -> int:
    return int(get_currency_precision(currency))
