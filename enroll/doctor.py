"""Thirteen lines that say what is set, what is missing and what to do."""

from __future__ import annotations

import secrets
import smtplib
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app

from enroll import clock
from enroll.accounts.models import Staff
from enroll.batches.models import Batch
from enroll.config import UNSAFE_SECRET
from enroll.db import db
from enroll.mail import mailbox, polling
from enroll.mail.beats import LATE, last_seen
from enroll.mail.imap import Incoming, Unreadable
from enroll.mail.models import Letter
from enroll.mail.smtp import Kept, Outgoing
from enroll.mail.states import LetterState
from enroll.schema import missing_guards

Finding = tuple[bool, str]


def examine() -> Iterator[Finding]:
    """Thirteen findings, each well or not; the last one sends a test mail and waits for it."""
    for check in CHECKS:
        try:
            yield check()
        except sa.exc.SQLAlchemyError as error:
            db.session.rollback()
            reason = str(error.__cause__ or error).splitlines()[0]
            yield False, f"{check.__name__.strip('_')}: the database cannot be read: {reason}"


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return sys.version_info >= (3, 11), f"Python {version} (3.11 or newer is needed)"


def _address() -> Finding:
    if current_app.config["IS_PUBLIC"]:
        return True, f"public address: {current_app.config['PUBLIC_URL']}"
    return True, "no public address: only this machine is answered (set ENROLL_PUBLIC_URL)"


def _imprint() -> Finding:
    names = ("LEGAL_NAME", "ADDRESS", "TELEPHONE", "COMPLAINTS")
    if lacking := [f"ENROLL_{name}" for name in names if not current_app.config[name]]:
        return (
            True,
            f"who you are: the foot of every page lacks something (set {', '.join(lacking)})",
        )
    return True, "who you are: stands at the foot of every page"


def _look() -> Finding:
    own, logo = current_app.config["PALETTE"], current_app.config["LOGO_READ"]
    mark = f"logo: {logo.kind.upper()}" if logo else "logo: none (set ENROLL_LOGO)"
    if own is None:
        return True, f"look: our colours (set ENROLL_ACCENT), {mark}"
    used = f"accent {own.light['accent']}, on dark {own.dark['accent']}"
    if own.is_shifted:
        used += f", because {own.given} is too light for text on our pages"
    return True, f"look: {used}, {mark}"


def _secret() -> Finding:
    if current_app.config["SECRET_KEY"] != UNSAFE_SECRET:
        return True, "secret key: your own"
    return True, "secret key: the default, good for this machine only (set ENROLL_SECRET_KEY)"


def _database() -> Finding:
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        version = connection.exec_driver_sql("SHOW server_version").scalar()
        return True, f"database: PostgreSQL {version}"
    version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
    return True, f"database: SQLite {version}, {db.engine.url.database}"


def _migrations() -> Finding:
    heads = ScriptDirectory(current_app.extensions["migrate"].directory).get_heads()
    here = MigrationContext.configure(db.session.connection()).get_current_heads()
    if set(heads) == set(here):
        return True, "migrations: current"
    return False, "migrations: not current (run: flask --app wsgi db upgrade)"


def _guards() -> Finding:
    lost = missing_guards(db.session.connection())
    if lost:
        return False, f"guards of the tables: missing {', '.join(lost)}"
    return True, "guards of the tables: all in place"


def _content() -> Finding:
    batches = db.session.scalar(sa.select(sa.func.count(Batch.id)))
    missing = "plan one" if current_app.config["IS_PUBLIC"] else "run: flask --app wsgi demo"
    advice = "" if batches else f" ({missing})"
    return bool(batches), f"content: {batches} batches{advice}"


def _staff() -> Finding:
    staff = db.session.scalar(sa.select(sa.func.count(Staff.id)))
    advice = "" if staff else " (run: flask --app wsgi staff-add)"
    return bool(staff), f"staff accounts: {staff}{advice}"


def _worker() -> Finding:
    seen_at = last_seen(clock.now())
    waiting = db.session.scalar(
        sa.select(sa.func.count(Letter.id)).where(Letter.state == LetterState.QUEUED)
    )
    if seen_at is None:
        return False, f"worker: never seen, {waiting} letters wait (run: flask --app wsgi worker)"
    ago = clock.now() - seen_at
    return (
        ago < LATE,
        f"worker: seen {int(ago.total_seconds())} seconds ago, {waiting} letters wait",
    )


def _bounces() -> Finding:
    if not polling.box_name():
        return True, "bounces: nobody reads them (set ENROLL_MAIL_BOUNCES, ENROLL_BOUNCE_IMAP_HOST)"
    try:
        with Incoming() as incoming:
            waits = incoming.next_number - 1
    except Unreadable as error:
        return False, f"bounces: the mailbox cannot be read: {error}"
    row = polling.box()
    read = row.last_number if row and row.validity == incoming.validity else 0
    return True, f"bounces: the mailbox answers, read up to mail {read} of {waits}"


def _test_mail() -> Finding:
    sender = current_app.config["MAIL_SENDER"]
    mark = secrets.token_hex(8)
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, sender
    message["Subject"], message["Date"] = "Enroll: test mail", formatdate()
    message["Message-ID"] = f"<doctor-{mark}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"This is the test mail of `flask doctor`, {mark}.\n")
    server = current_app.config["MAIL_SERVER"]
    if not server:
        mailbox.folder().mkdir(parents=True, exist_ok=True)
        path = Path(mailbox.folder(), "test-mail.txt")
        path.write_bytes(message.as_bytes())
        arrived = mark in path.read_text()
        path.unlink()
        return arrived, f"test mail arrived in the local mailbox, {mailbox.folder()}"
    try:
        with Outgoing() as connection:
            connection.send_kept(Kept(sender, message.as_bytes()), lambda: None)
    except (smtplib.SMTPException, OSError) as error:
        return False, f"test mail did not arrive: {server} says {error}"
    return True, f"test mail arrived at {server}, addressed to {sender}"


CHECKS = (
    _python,
    _address,
    _imprint,
    _look,
    _secret,
    _database,
    _migrations,
    _guards,
    _content,
    _staff,
    _worker,
    _bounces,
    _test_mail,
)
