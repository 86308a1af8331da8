"""How the activity log names what was done: one line for every button of the staff pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

ACTIONS = {
    "security.login": _("Signed in"),
    "security.logout": _("Signed out"),
    "security.verify": _("Confirmed the password"),
    "security.reset_password": _("Set a password by a mailed link"),
    "security.two_factor_token_validation": _("Signed in with an authenticator code"),
    "security.mf_recovery": _("Signed in with a recovery code"),
    "security.tf_select": _("Chose the second proof"),
    "security.two_factor_setup": _("Began or ended the authenticator"),
    "security.two_factor_setup_validate": _("Set up the authenticator"),
    "security.mf_recovery_codes": _("Made recovery codes"),
    "security.wan_signin": _("Began to sign in with a passkey"),
    "security.wan_signin_response": _("Signed in with a passkey"),
    "security.wan_register": _("Began to add a passkey"),
    "security.wan_register_response": _("Added a passkey"),
    "security.wan_delete": _("Removed a passkey"),
    "security.forgot_password": _("Asked for a link for another password"),
    "account.change_password": _("Changed the own password"),
    "account.end_others": _("Signed out everywhere else"),
    "account.end": _("Ended an own session"),
    "colleagues.invite": _("Invited a colleague"),
    "colleagues.change_duties": _("Changed what a colleague may do"),
    "colleagues.send_link": _("Mailed a colleague a link"),
    "colleagues.remove_proofs": _("Took a colleague's second proofs away"),
    "colleagues.dismiss": _("Let a colleague go"),
    "colleagues.take_back": _("Took a colleague back"),
    "figures.export": _("Exported figures"),
    "figures.export_batch": _("Exported the figures of a batch"),
    "log.export": _("Exported the activity log"),
}


def action_words(action: str) -> str:
    """What was done, in words; what has no words is named by its endpoint."""
    return str(ACTIONS.get(action, action))
