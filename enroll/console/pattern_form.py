"""The forms about the sessions of a draft: a weekly pattern with its holidays, and one by itself."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    IntegerField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from enroll.batches.recurrence import MOST, Pattern
from enroll.forms import Form, OneLine

WEEKDAYS = (
    *(_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday")),
    *(_("Friday"), _("Saturday"), _("Sunday")),
)
LONGEST_TOPIC = 200
_DAY = re.compile(r"\s*(\d{4}-\d{2}-\d{2})\b")


class PatternForm(Form):
    """A weekly pattern, the days on which there is nothing, and what each session is about."""

    weekdays = SelectMultipleField(
        _("On which days"),
        [InputRequired(_("Tick at least one day."))],
        coerce=int,
        choices=[SelectChoice(number, words) for number, words in enumerate(WEEKDAYS)],
    )
    begins = TimeField(_("From"), [InputRequired(_("Enter when a session begins."))])
    ends = TimeField(_("To"), [InputRequired(_("Enter when a session ends."))])
    first_on = DateField(_("First day"), [InputRequired(_("Enter the first day."))])
    count = IntegerField(
        _("How many sessions"),
        [Optional(), NumberRange(1, MOST, _("Enter a number from 1 to 200."))],
    )
    until = DateField(_("Or until this day"), [Optional()])
    besides = TextAreaField(_("Not on these days"), [Length(max=4000)])
    topics = TextAreaField(_("What each session is about"), [Length(max=20_000)])
    replaces = BooleanField(_("In place of the sessions there are"))
    version = HiddenField()
    look = HiddenField()  # the button that only shows them

    def validate_ends(self, field: Field) -> None:
        """A session lasts some time."""
        if field.data and field.data == self.begins.data:
            raise ValidationError(gettext("It would end when it begins."))

    def validate(self, extra_validators: dict[str, list[Any]] | None = None) -> bool:
        """One of the two ends the pattern."""
        is_fine = super().validate(extra_validators)
        if self.count.errors or self.until.errors:
            return False
        if (self.count.data is None) == (self.until.data is None):
            self.count.errors = [
                gettext("Say how many sessions, or until which day.")
                if self.until.data is None
                else gettext("Say one of the two: how many sessions, or until which day.")
            ]
            return False
        return is_fine

    def validate_until(self, field: Field) -> None:
        """It does not end before it begins."""
        if field.data and self.first_on.data and field.data < self.first_on.data:
            raise ValidationError(gettext("That lies before the first day."))

    def validate_besides(self, field: Field) -> None:
        """A day a line, with or without a name after it."""
        for line in (field.data or "").splitlines():
            if line.strip() and _day(line) is None:
                raise ValidationError(
                    gettext(
                        "Write one day a line, such as 2027-03-22 Holi; not “%(line)s”.", line=line
                    )
                )

    def validate_topics(self, _field: Field) -> None:
        """A line a session."""
        if any(len(line) > LONGEST_TOPIC for line in self.lines()):
            raise ValidationError(gettext("A line may have 200 characters at most."))

    def lines(self) -> list[str]:
        """What each session is about, in order."""
        return [line.strip() for line in (self.topics.data or "").splitlines()]

    def holidays(self) -> dict[date, str]:
        """The days left out, with the names they were given."""
        named = ((_day(line), line) for line in (self.besides.data or "").splitlines())
        return {on: _DAY.sub("", line, count=1).strip() for on, line in named if on is not None}

    def pattern(self) -> Pattern:
        """What was filled in."""
        return Pattern(
            weekdays=self.weekdays.data,
            begins=self.begins.data,
            ends=self.ends.data,
            first_on=self.first_on.data,
            count=self.count.data,
            until=self.until.data,
            besides=self.holidays().keys(),
        )


class OneForm(Form):
    """One session by itself. Its fields have names of their own: two forms share the page."""

    on = DateField(_("Day"), [InputRequired(_("Enter the day."))])
    from_time = TimeField(_("From"), [InputRequired(_("Enter when it begins."))])
    to_time = TimeField(_("To"), [InputRequired(_("Enter when it ends."))])
    topic = StringField(_("What it is about"), [Length(max=LONGEST_TOPIC), OneLine()])
    version = HiddenField()

    def validate_to_time(self, field: Field) -> None:
        """A session lasts some time."""
        if field.data is not None and field.data == self.from_time.data:
            raise ValidationError(gettext("It would end when it begins."))

    def pattern(self) -> Pattern:
        """A pattern of a single day."""
        return Pattern(
            weekdays={self.on.data.weekday()},
            begins=self.from_time.data,
            ends=self.to_time.data,
            first_on=self.on.data,
            count=1,
        )


def _day(line: str) -> date | None:
    found = _DAY.match(line)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
