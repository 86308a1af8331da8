"""What we write to people: letters queued in the database, sent by the worker.

Hard rule: nobody talks to a mail server but `delivery.py`, which sends, and `polling.py`, which asks
what came back; and no letter is written outside a
business transaction.
"""

from __future__ import annotations

from flask import Flask
from flask_mail import Mail

mail = Mail()


def init_app(app: Flask) -> None:
    """Hand the mail settings to Flask-Mail."""
    mail.init_app(app)
