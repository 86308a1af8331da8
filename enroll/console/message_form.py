"""The form in which staff write to a batch: to whom, a subject, a text with placeholders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from enroll.console.message_words import AUDIENCES, unknown_placeholder
from enroll.console.queries import LARGEST
from enroll.forms import Form, OneLine
from enroll.registrations.drafting import LONGEST_KEY, Content
from enroll.registrations.message_states import Audience
from enroll.registrations.models import Registration
from enroll.registrations.placeholders import unknown


class MessageForm(Form):
    """One message; the people who were picked come beside it, by their numbers."""

    to = RadioField(
        _("To whom"), validators=[InputRequired(_("Choose to whom you write."))], choices=[]
    )
    ended = BooleanField(_("Also to those whose registration has ended"))
    subject = StringField(
        _("Subject"),
        [
            DataRequired(_("Write a subject: it is what people see first.")),
            Length(max=100),
            OneLine(),
        ],
    )
    text = TextAreaField(
        _("Text"), [DataRequired(_("Write what you want to say.")), Length(max=5000)]
    )
    key = HiddenField(validators=[InputRequired(), Length(min=8, max=LONGEST_KEY)])
    version = IntegerField(validators=[Optional()], widget=HiddenInput())

    def __init__(self, *args: Any, is_chosen: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.to.choices = [
            SelectChoice(one.value, str(words))
            for one, words in AUDIENCES.items()
            if is_chosen or one is not Audience.CHOSEN
        ]

    def validate_subject(self, field: Field) -> None:
        """Refuse what stands in braces and means nothing."""
        _refuse_unknown(field)

    def validate_text(self, field: Field) -> None:
        """Refuse what stands in braces and means nothing."""
        _refuse_unknown(field)

    def content(self, people: Sequence[Registration]) -> Content:
        """What was written, and to whom."""
        return Content(
            subject=str(self.subject.data),
            text=str(self.text.data),
            audience=Audience(self.to.data),
            chosen=tuple(one.id for one in people),
            includes_ended=bool(self.ended.data),
        )

    def say_how_many(self, sizes: Mapping[Audience, int], picked: int) -> None:
        """Put the number of people behind each choice."""
        counts = {**sizes, Audience.CHOSEN: picked}
        self.to.choices = [
            SelectChoice(
                one.value,
                gettext("%(whom)s (%(num)s)", whom=one.label, num=counts[Audience(one.value)]),
            )
            for one in self.to.choices
        ]


def _refuse_unknown(field: Field) -> None:
    for name in unknown(field.data or ""):
        raise ValidationError(unknown_placeholder(name))


def numbers(typed: Iterable[str]) -> list[int]:
    """Those of these texts that can be the number of a row."""
    digits = [text for text in typed if text.isascii() and text.isdecimal() and len(text) <= 10]
    return [number for number in map(int, digits) if 0 < number <= LARGEST]


def number_of(text: str) -> int:
    """The same of one text; 0 where it can be none."""
    return next(iter(numbers([text])), 0)
