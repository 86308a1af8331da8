"""Every setting of the program: its name, its default and one line of meaning.

A setting comes from the environment variable `ENROLL_<NAME>`; a `.env` file is read if there is
one. `DATABASE_URL` counts without the prefix too. A value that cannot be meant stops the start and
says why, all of them at once.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from flask import Flask

from enroll.colours import HEX, palette
from enroll.logo import BadLogo, read_logo


class Setting(NamedTuple):
    """One row of the table: its default also gives the type."""

    name: str
    default: str | int | float | bool
    meaning: str


# A letter's number and signature are added, and RFC 5321 allows 64 octets before the @.
_RETURNS_TO = re.compile(r"[A-Za-z0-9._-]{1,24}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
# At least five digits, written as people write them.
_CALLED = re.compile(r"\+?(?:[ ()./-]*[0-9]){5,20}")
UNSAFE_SECRET = "only-for-this-machine"

SETTINGS = (
    Setting(
        "PUBLIC_URL",
        "",
        "Address people use, e.g. https://enroll.example; unset: this machine only",
    ),
    Setting("SECRET_KEY", UNSAFE_SECRET, "Signs the session cookie; long and random in public"),
    Setting("DATABASE_URL", "", "postgresql://…; unset: SQLite in the instance folder"),
    Setting("LOCAL_PORT", 8000, "Port that links lead to while there is no public address"),
    Setting("PROXIES", 0, "How many proxies of yours stand in front and set X-Forwarded-For"),
    Setting("REDIS_URL", "", "redis://…: rate limits shared by many machines; unset: per process"),
    Setting(
        "PAGES_KEPT",
        1.0,
        "Seconds a public page is kept in memory and shown to everybody, at most 1.5; 0: drawn for each",
    ),
    Setting("RATELIMIT_ENABLED", True, "Switches the rate limits off for load tests"),
    Setting("MAIL_SERVER", "", "SMTP host; unset: letters go to the local mailbox"),
    Setting("MAIL_PORT", 587, "SMTP port"),
    Setting("MAIL_USE_TLS", True, "STARTTLS, certificate verified"),
    Setting("MAIL_USE_SSL", False, "TLS from the first byte (port 465), certificate verified"),
    Setting("MAIL_USERNAME", "", "SMTP account"),
    Setting("MAIL_PASSWORD", "", "SMTP password"),
    Setting("MAIL_SENDER", "enroll@localhost", "The address letters come from"),
    Setting("MAIL_TIMEOUT", 30, "Seconds to wait for the mail server"),
    Setting(
        "MAIL_BOUNCES",
        "",
        "Address that undeliverable letters come back to, e.g. bounces@enroll.example; each letter"
        " adds +number-signature to it; unset: they come back to MAIL_SENDER, unread",
    ),
    Setting("BOUNCE_IMAP_HOST", "", "IMAP server of that mailbox; unset: nobody reads bounces"),
    Setting("BOUNCE_IMAP_PORT", 993, "IMAP port"),
    Setting("BOUNCE_IMAP_USER", "", "IMAP account"),
    Setting("BOUNCE_IMAP_PASSWORD", "", "IMAP password"),
    Setting("BOUNCE_IMAP_TLS", True, "TLS from the first byte, certificate verified"),
    Setting("BOUNCE_IMAP_FOLDER", "INBOX", "Folder that bounces come to; nothing in it is changed"),
    Setting("INSTITUTE_NAME", "Northlight Institute", "The institute's name, as people know it"),
    Setting("INSTITUTE_EMAIL", "hello@localhost", "Where people write to with a question"),
    Setting("LEGAL_NAME", "", "The institute's name in law, for the foot of every page"),
    Setting("ADDRESS", "", "Its postal address, in one line with commas"),
    Setting("TELEPHONE", "", "Its telephone number, e.g. +91 20 5550 0123"),
    Setting("TELEPHONE_HOURS", "", "When somebody answers it, e.g. Monday to Friday, 10:00–18:00"),
    Setting(
        "COMPLAINTS",
        "",
        "Where to complain: an e-mail address, a web address, or an office in words",
    ),
    Setting(
        "ACCENT",
        "",
        "The institute's colour, e.g. #7a1f5c; made darker or lighter where it could not be read",
    ),
    Setting("LOGO", "", "Its logo: path of an SVG or PNG file, at most 50 kB"),
    Setting("MINIMUM_AGE", 18, "From this age on a person may register without a parent"),
    Setting(
        "TIMEZONE", "Asia/Kolkata", "Where staff work: their morning's digest comes at 07:00 there"
    ),
    Setting("PHONE_REGION", "IN", "Country of telephone numbers written without +, ISO 3166"),
    Setting("KEEP_DAYS", 365, "Days after a batch's end until its people's data is deleted"),
    Setting(
        "COMMENT_LANGUAGES", "en,hi", "Languages welcome in comments, ISO 639, comma-separated"
    ),
    Setting("COMMENT_KEEP_DAYS", 365, "Days without a sign until an author's address is deleted"),
    Setting(
        "COMMENTS_PER_HOUR", 60, "Comments one network may send in an hour, while limits are on"
    ),
    Setting("MODERATION_HOURS", 24, "Hours within which a comment should be decided"),
    Setting("HOLDS_PER_NETWORK", 30, "Seats one network may hold unconfirmed, while limits are on"),
    Setting(
        "LANGUAGES", "en_GB", "Languages of the site, comma-separated, the first is the default"
    ),
)


class BadSettings(Exception):
    """The settings do not make sense; the message lists every one that does not."""


def load_settings(app: Flask) -> None:
    """Fill `app.config` from the table above, then what Flask and its extensions derive from it.

    Raises `BadSettings`, also when the server would be public but unsafe.
    """
    app.config.from_mapping({setting.name: setting.default for setting in SETTINGS})
    app.config.from_prefixed_env("ENROLL", loads=str)
    for name, plain in (("DATABASE_URL", "DATABASE_URL"), ("LOCAL_PORT", "PORT")):
        if f"ENROLL_{name}" not in os.environ and os.environ.get(plain):
            app.config[name] = os.environ[plain]
    wrong = _coerce(app) + _senseless(app) + _dangers(app)
    if wrong:
        raise BadSettings("Enroll does not start:\n" + "\n".join(f"  - {line}" for line in wrong))
    _derive(app)


_WORDS = dict.fromkeys(("true", "1", "yes", "on"), True) | dict.fromkeys(
    ("false", "0", "no", "off"), False
)


def _coerce(app: Flask) -> list[str]:
    """Turn the environment's strings into the type of each default; says what cannot be."""
    wrong = []
    for setting in SETTINGS:
        value = app.config[setting.name]
        if not isinstance(value, str) or isinstance(setting.default, str):
            continue
        try:
            if isinstance(setting.default, bool):
                app.config[setting.name] = _WORDS[value.strip().lower()]
            else:
                app.config[setting.name] = type(setting.default)(value)
        except (ValueError, KeyError):
            kind = "true or false" if isinstance(setting.default, bool) else "a number"
            wrong.append(f"ENROLL_{setting.name} must be {kind}, not “{value}”.")
    return wrong


def _senseless(app: Flask) -> list[str]:
    """What nothing can be done with, wherever the server stands."""
    wrong = []
    if app.config["TIMEZONE"] not in available_timezones():
        wrong.append(f"ENROLL_TIMEZONE must be like Asia/Kolkata, not “{app.config['TIMEZONE']}”.")
    for code in languages(app):
        if not _is_locale(code):
            wrong.append(f"ENROLL_LANGUAGES must be like en_GB,hi, and “{code}” is no language.")
    if not 0 <= app.config["PAGES_KEPT"] <= 1.5:
        wrong.append(
            "ENROLL_PAGES_KEPT must be between 0 and 1.5: seats left are never older than 2 s."
        )
    bounces = str(app.config["MAIL_BOUNCES"])
    if bounces and not _RETURNS_TO.fullmatch(bounces):
        wrong.append(
            "ENROLL_MAIL_BOUNCES must be an address with at most 24 letters, digits, dots or hyphens"
            f" before the @, not “{bounces}”."
        )
    if app.config["BOUNCE_IMAP_HOST"] and not bounces:
        wrong.append("ENROLL_BOUNCE_IMAP_HOST without ENROLL_MAIL_BOUNCES: no bounce would come.")
    return wrong + _unfit(app)


def _unfit(app: Flask) -> list[str]:
    """What cannot stand on every page: a colour, a logo, a number to call, a place to complain to."""
    wrong = []
    config = app.config
    accent, phone, complaints = (
        str(config[name]) for name in ("ACCENT", "TELEPHONE", "COMPLAINTS")
    )
    if accent and not HEX.fullmatch(accent):
        wrong.append(f"ENROLL_ACCENT must be a colour like #7a1f5c, not “{accent}”.")
    if phone and not _CALLED.fullmatch(phone):
        wrong.append(f"ENROLL_TELEPHONE must be like +91 20 5550 0123, not “{phone}”.")
    if "://" in complaints and not complaints.startswith(("https://", "http://")):
        wrong.append(f"ENROLL_COMPLAINTS must begin with https://, not “{complaints}”.")
    config["LOGO_READ"] = None
    if config["LOGO"]:
        path = Path(app.root_path).parent / str(config["LOGO"])
        try:
            config["LOGO_READ"] = read_logo(path)
        except BadLogo as why:
            wrong.append(f"ENROLL_LOGO: {path} {why}.")
    return wrong


def _dangers(app: Flask) -> list[str]:
    """What would harm people once the server has a public address."""
    public = str(app.config["PUBLIC_URL"])
    if not public:
        return []
    wrong = []
    if urlsplit(public).scheme not in ("http", "https") or not urlsplit(public).hostname:
        wrong.append(f"ENROLL_PUBLIC_URL must begin with https://, not “{public}”.")
    if app.config["SECRET_KEY"] == UNSAFE_SECRET or len(app.config["SECRET_KEY"]) < 32:
        wrong.append("ENROLL_SECRET_KEY must be a random text of 32 characters or more.")
    if not app.config["MAIL_SERVER"]:
        wrong.append("ENROLL_MAIL_SERVER is needed: people are told everything by e-mail.")
    if app.config["MAIL_SENDER"].endswith("@localhost"):
        wrong.append("ENROLL_MAIL_SENDER must be an address of yours.")
    return wrong


def _derive(app: Flask) -> None:
    """Set what Flask and its extensions read, from what people set."""
    config = app.config
    config["BASE_URL"] = (
        config["PUBLIC_URL"] or f"http://127.0.0.1:{config['LOCAL_PORT']}"
    ).rstrip("/")
    config["IS_PUBLIC"] = bool(config["PUBLIC_URL"])
    config["PALETTE"] = palette(str(config["ACCENT"])) if config["ACCENT"] else None
    secure = config["BASE_URL"].startswith("https:")
    config["SQLALCHEMY_DATABASE_URI"] = _database_uri(app)
    config["TRUSTED_HOSTS"] = (
        [urlsplit(config["PUBLIC_URL"]).hostname, *LOCAL_HOSTS]
        if config["IS_PUBLIC"]
        else LOCAL_HOSTS
    )
    config["SESSION_COOKIE_NAME"] = "__Host-enroll" if secure else "enroll"
    config["SESSION_COOKIE_SECURE"] = secure
    config["SESSION_COOKIE_SAMESITE"] = "Lax"
    config["MAX_CONTENT_LENGTH"] = 1_000_000  # bytes; the longest honest form is some 5 kB
    # The token lives as long as the session: a form left open overnight still works. The referrer
    # check would refuse personal pages, which send no referrer on purpose.
    config["WTF_CSRF_TIME_LIMIT"] = None
    config["WTF_CSRF_SSL_STRICT"] = False
    config["BABEL_DEFAULT_LOCALE"] = languages(app)[0]
    config["BABEL_DEFAULT_TIMEZONE"] = "UTC"
    config["MAIL_SUPPRESS_SEND"] = False
    config["MAIL_DEFAULT_SENDER"] = config["MAIL_SENDER"]
    config["RATELIMIT_STORAGE_URI"] = config["REDIS_URL"] or "memory://"
    config["RATELIMIT_HEADERS_ENABLED"] = True
    # Without a fallback a lost Redis would answer 500 to everybody.
    config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = bool(config["REDIS_URL"])


LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


def language_tag(code: str) -> str:
    """A language as addresses and HTML write it (BCP 47, lower case): en_GB is en-gb."""
    return code.replace("_", "-").lower()


def _is_locale(code: str) -> bool:
    try:
        return bool(Locale.parse(code))
    except (UnknownLocaleError, ValueError):
        return False


def languages(app: Flask) -> list[str]:
    """The site's languages, the default one first."""
    return [code.strip() for code in str(app.config["LANGUAGES"]).split(",") if code.strip()] or [
        "en"
    ]


def _database_uri(app: Flask) -> str:
    uri = str(app.config["DATABASE_URL"])
    if not uri:
        return f"sqlite:///{Path(app.instance_path) / 'enroll.sqlite3'}"
    # Hosting services still hand out the scheme that SQLAlchemy has dropped.
    return uri.replace("postgres://", "postgresql://", 1) if uri.startswith("postgres://") else uri
