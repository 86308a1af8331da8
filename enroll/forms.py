"""The base form, and what a text field may hold: shapes only, never a query."""

from __future__ import annotations

import unicodedata
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_babel import get_domain, gettext
from flask_wtf import FlaskForm
from flask_wtf.csrf import _FlaskFormCSRF
from flask_wtf.i18n import Translations
from wtforms import EmailField, Field, HiddenField, StringField, ValidationError
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm

from enroll.addresses import suggest_address
from enroll.holes import form_token

# They turn the direction of all text after them, in lists and mails of other people too.
_DIRECTION_CONTROLS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Unicode's promise that they are none; with one of them in it, a feed is no XML and nobody can read it.
_NO_CHARACTERS = set("\ufffe\uffff")


def tidy(value: str | None) -> str:
    """What a person typed, in Unicode's composed form (NFC) and without white space around it."""
    return unicodedata.normalize("NFC", value).strip() if value else ""


class _Sentences(Translations):
    """WTForms' own sentences from our catalogue, else from theirs: they speak fewer languages."""

    def gettext(self, string: str) -> str:
        ours = get_domain().get_translations().ugettext(string)
        return ours if ours != string else super().gettext(string)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        ours = get_domain().get_translations().ungettext(singular, plural, n)
        return ours if ours not in (singular, plural) else super().ngettext(singular, plural, n)


class _Token(_FlaskFormCSRF):
    """The token of Flask-WTF; on a page drawn for everybody, a hole for each visitor's own."""

    def generate_csrf_token(self, csrf_token_field: Field) -> str:  # noqa: ARG002 - WTForms passes it
        return form_token()


class Form(FlaskForm):
    """The shape of a request. Rules that need the database live in verbs."""

    class Meta(FlaskForm.Meta):
        """Tidies every text field, so that no form can forget to."""

        csrf_class = _Token

        def bind_field(self, form: BaseForm, unbound_field: UnboundField, options: Any) -> Field:
            if issubclass(unbound_field.field_class, StringField):
                unbound_field.kwargs.setdefault("filters", [tidy])
            return super().bind_field(form, unbound_field, options)

        def get_translations(self, _form: BaseForm) -> _Sentences:
            return _Sentences()

    def validate(self, extra_validators: dict[str, list[Any]] | None = None) -> bool:
        extra = dict(extra_validators or {})
        for name, field in self._fields.items():
            if isinstance(field, StringField):
                extra[name] = [*extra.get(name, []), _printable]
        return super().validate(extra_validators=extra)


def _printable(_form: BaseForm, field: Field) -> None:
    """Refuse characters that no keyboard types and no database can hold: NUL and its kin."""
    for character in field.data or "":
        is_control = unicodedata.category(character) == "Cc" and character not in "\n\r\t"
        if is_control or character in _DIRECTION_CONTROLS | _NO_CHARACTERS:
            raise ValidationError(
                gettext("Remove the invisible characters, or type this again by hand.")
            )


class OneLine:
    """Refuses line breaks: such a text may end up in the header of a mail."""

    def __call__(self, _form: BaseForm, field: Field) -> None:
        if any(character in (field.data or "") for character in "\r\n\t"):
            raise ValidationError(gettext("Write this in one line."))


class PersonName(OneLine):
    """A name in any script: one line, with at least one letter."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        super().__call__(form, field)
        if not any(
            unicodedata.category(character).startswith("L") for character in field.data or ""
        ):
            raise ValidationError(gettext("Write your name with letters, as people call you."))


class MailAddress:
    """An address that mail can be sent to (RFC 5321); nobody is asked whether it exists."""

    def __call__(self, _form: BaseForm, field: Field) -> None:
        try:
            normal_address(field.data or "")
        except ValueError:
            raise ValidationError(
                gettext("Enter your e-mail address like this: name@example.com")
            ) from None


class Doubtful(Form):
    """A form that asks back, once, about an address that looks mistyped; `email` is the address.

    Only who saw the form is asked: it sends `meant` along, empty at first, then the address that was
    asked about. A program that posts the fields of the contract alone is taken at its word.
    """

    email: EmailField
    meant = HiddenField()
    take_address = HiddenField()  # the button that takes the suggestion

    def doubt(self) -> str:
        """What was probably meant, if somebody is still to be asked; a suggestion that was taken is
        put in place of what was typed."""
        suggestion = suggest_address(self.email.data or "")
        if suggestion and self.take_address.data == suggestion:
            _put(self.email, suggestion)
            return ""
        if not suggestion or not self.meant.raw_data or self.meant.data == self.email.data:
            return ""
        _put(self.meant, self.email.data or "")
        return suggestion


def _put(field: Field, value: str) -> None:
    field.data, field.raw_data = value, [value]


def normal_address(text: str) -> str:
    """The address in one spelling: lower case, the domain as IDNA ASCII.

    Raises `ValueError` for what is none, and for letters outside ASCII before the @: few mail
    servers take those (SMTPUTF8, RFC 6531), and a letter that never arrives helps nobody.
    """
    try:
        parts = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=current_app.config["IS_PUBLIC"],
        )
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return (parts.ascii_email or parts.normalized).lower()


class PhoneNumber:
    """A telephone number, or nothing. Lenient: staff can read what a program cannot."""

    def __call__(self, _form: BaseForm, field: Field) -> None:
        text = field.data or ""
        digits = sum(character.isdigit() for character in text)
        strange = any(
            not (character.isdigit() or character in "+-./() \u00a0") for character in text
        )
        if text and (strange or not 5 <= digits <= 20 or len(text) > 40):
            raise ValidationError(
                gettext("Enter a telephone number like +91 98765 43210, or leave this empty.")
            )
