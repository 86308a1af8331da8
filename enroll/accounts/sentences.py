"""What Flask-Security says to colleagues, in our words; the second part is how a page shows it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

_WORDS = {
    "LOGIN": (_("Sign in to go on."), "note"),
    "UNAUTHENTICATED": (_("Sign in to go on."), "note"),
    "PASSWORD_RESET_REQUEST": (
        _(
            "If this address belongs to a colleague, a link is on its way to it. It works for two"
            " days, and once."
        ),
        "done",
    ),
    "PASSWORD_RESET_NO_LOGIN": (
        _("Your password is set, and every old sign-in has ended. Sign in with it now."),
        "done",
    ),
    "PASSWORD_RESET_EXPIRED": (_("This link is too old. Ask for another one here."), "note"),
    "INVALID_RESET_PASSWORD_TOKEN": (
        _("This link has been used, or was not copied whole. Ask for another one here."),
        "note",
    ),
    "REAUTHENTICATION_REQUIRED": (_("Before that, enter your password once more."), "note"),
    "REAUTHENTICATION_SUCCESSFUL": (_("Thank you. Go on."), "done"),
    "INVALID_PASSWORD": (_("This is not your password."), "error"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (
        _("From now on you are asked for a code of your authenticator when you sign in."),
        "done",
    ),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (_("You are signed in."), "done"),
    "TWO_FACTOR_DISABLED": (_("You are not asked for codes any more."), "done"),
    "TWO_FACTOR_INVALID_TOKEN": (
        _("This code does not fit, or was used before. Wait for the next one and try again."),
        "error",
    ),
    "TWO_FACTOR_PERMISSION_DENIED": (_("Begin with your address and your password."), "note"),
    "TWO_FACTOR_SETUP_EXPIRED": (_("That took too long. Begin again."), "note"),
    "INVALID_RECOVERY_CODE": (
        _("This is none of your recovery codes, or it was used before."),
        "error",
    ),
    "NO_RECOVERY_CODES_SETUP": (_("You have no recovery codes yet."), "note"),
    "WEBAUTHN_EXPIRED": (_("That took too long. Begin again."), "note"),
    "WEBAUTHN_NAME_REQUIRED": (_("Give it a name, such as “My telephone”."), "error"),
    "WEBAUTHN_NAME_INUSE": (_("You have a passkey of this name already."), "error"),
    "WEBAUTHN_NAME_NOT_FOUND": (_("That passkey had been removed already."), "note"),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": (_("This passkey is registered already."), "error"),
    "WEBAUTHN_CREDENTIAL_DELETED": (_("The passkey is removed."), "done"),
    "WEBAUTHN_REGISTER_SUCCESSFUL": (_("The passkey is ready for use."), "done"),
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": (_("We do not know this passkey."), "error"),
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": (_("We do not know this passkey."), "error"),
    "WEBAUTHN_MISMATCH_USER_HANDLE": (_("This passkey belongs to somebody else."), "error"),
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": (
        _("This passkey is for after the password: sign in with your password first."),
        "error",
    ),
    "WEBAUTHN_NO_VERIFY": (_("The passkey could not be checked. Try again."), "error"),
    "API_ERROR": (_("The browser's answer did not arrive whole. Try again."), "error"),
}
SENTENCES = {f"SECURITY_MSG_{name}": words for name, words in _WORDS.items()}
