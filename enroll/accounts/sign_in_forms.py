"""What colleagues fill in to prove who they are: Flask-Security's forms, with our fields and words."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext, lazy_gettext
from flask_security import ForgotPasswordForm, LoginForm, MfRecoveryForm, VerifyForm
from flask_security.forms import Form as TheirForm
from flask_security.forms import NewPasswordFormMixin, TwoFactorVerifyCodeForm
from flask_security.webauthn import WebAuthnRegisterForm
from wtforms import EmailField, Field, PasswordField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from enroll.accounts.models import Staff
from enroll.accounts.staffing import complaints_about, renew_hash
from enroll.db import atomically, db
from enroll.forms import normal_address, tidy


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password. No "remember me": a session ends with the browser, or by sign-out."""

    email = EmailField(lazy_gettext("E-mail address"), filters=[tidy])
    password = PasswordField(
        lazy_gettext("Password"), validators=[InputRequired(), Length(max=1000)]
    )
    remember = None

    def validate_email(self, field: Field) -> None:
        """Bring the address to the spelling we store; what is no address belongs to nobody."""
        field.data = _spelled(field.data)

    def validate_next(self, field: Field) -> None:
        """Leave `next` to the redirect, which goes to /staff/ instead of anywhere foreign."""

    def validate(self, **rest: Any) -> bool:
        """Compare; and hash an outdated password anew in a transaction of its own.

        Flask-Security hashes it anew too, but in a transaction that only reads.
        """
        with db.session.no_autoflush:
            is_right = bool(super().validate(**rest))
        if self.user is not None:
            password = sa.inspect(self.user).attrs.password.history
            if password.added and password.deleted:
                old, new, staff_id = password.deleted[0], password.added[0], self.user.id
                atomically(renew_hash, staff_id=staff_id, old=old, new=new)
        return is_right


class ForgottenForm(ForgotPasswordForm):  # type: ignore[misc]
    """The address that gets a link for another password."""

    email = EmailField(lazy_gettext("E-mail address"), filters=[tidy])

    def validate(self, **_rest: Any) -> bool:
        """Right only for a colleague who works here; the page says the same to everybody."""
        email = _spelled(self.email.data)
        found = sa.select(Staff).where(Staff.email == email, Staff.active)
        self.user = db.session.scalar(found) if email else None
        return self.user is not None


class NewPasswordForm(TheirForm, NewPasswordFormMixin):  # type: ignore[misc]
    """Another password, typed once: it can be looked at, and the link can be asked for again."""

    password = PasswordField(
        lazy_gettext("New password"),
        [InputRequired(lazy_gettext("Enter a new password.")), Length(max=1000)],
    )
    user: Staff | None = None  # filled in by the view

    def validate(self, **rest: Any) -> bool:
        if not super().validate(**rest):
            return False
        wrong, self.password.data = complaints_about(
            self.password.data, self.user.email if self.user else ""
        )
        self.password.errors = [
            gettext("Choose another one: %(why)s", why=complaint) for complaint in wrong
        ]
        return not wrong


class CodeForm(TwoFactorVerifyCodeForm):  # type: ignore[misc]
    """Six digits from the authenticator; blanks between them are how it shows them."""

    code = StringField(
        lazy_gettext("Code of your authenticator"),
        [InputRequired(lazy_gettext("Enter the six digits that your authenticator shows."))],
        filters=[lambda text: "".join((text or "").split())],
    )


class RecoveryForm(MfRecoveryForm):  # type: ignore[misc]
    """One of the codes that were kept for the day the telephone is lost."""

    code = StringField(
        lazy_gettext("Recovery code"),
        [InputRequired(lazy_gettext("Enter one of your recovery codes."))],
        filters=[lambda text: _grouped(text or "")],
    )


class AgainForm(VerifyForm):  # type: ignore[misc]
    """The password once more, before something weighty."""

    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Enter your password.")), Length(max=1000)],
    )

    def validate(self, **rest: Any) -> bool:
        """Compare without keeping a renewed hash: signing in does that."""
        with db.session.no_autoflush:
            is_right = bool(super().validate(**rest))
        db.session.expire(self.user._get_current_object(), ["password"])
        return is_right


class PasskeyForm(WebAuthnRegisterForm):  # type: ignore[misc]
    """What a new passkey is called, and what it is for."""

    name = StringField(
        lazy_gettext("Name of the passkey"),
        [InputRequired(lazy_gettext("Give it a name, such as “My telephone”.")), Length(max=64)],
        filters=[tidy],
    )
    usage = RadioField(
        lazy_gettext("What is it for?"),
        choices=[
            SelectChoice("first", lazy_gettext("Sign in with it instead of the password")),
            SelectChoice("secondary", lazy_gettext("Be asked for it after the password")),
        ],
        default="first",
    )


def _spelled(text: str | None) -> str:
    try:
        return normal_address(text or "")
    except ValueError:
        return ""


def _grouped(text: str) -> str:
    """A recovery code as it is kept, however it was typed: three groups of four, lower case."""
    plain = "".join(one for one in text.lower() if one.isalnum())
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


FORMS = {
    "login_form": SignInForm,
    "forgot_password_form": ForgottenForm,
    "reset_password_form": NewPasswordForm,
    "two_factor_verify_code_form": CodeForm,
    "mf_recovery_form": RecoveryForm,
    "verify_form": AgainForm,
    "wan_register_form": PasskeyForm,
}
