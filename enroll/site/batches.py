"""Batches: which ones come, and everything about one of them before registering."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import get_timezone_gmt, get_timezone_name
from babel.numbers import get_currency_precision
from flask import Blueprint, abort, render_template
from flask_babel import format_currency, get_locale

from enroll import clock
from enroll.batches.models import BatchSession
from enroll.batches.states import Window
from enroll.moments import day, local
from enroll.registrations import queries as registrations
from enroll.registrations.chances import chances
from enroll.shelf import shared
from enroll.site import structured
from enroll.site.asking import AddressForm
from enroll.site.talk import under

pages = Blueprint("batches", __name__, url_prefix="/batches")


@pages.get("")
@shared()
def index() -> str:
    return render_template("site/batches/index.html", prospects=registrations.coming(clock.now()))


@pages.get("/<code>")
@shared("comments", "order")
def show(code: str) -> str:
    now = clock.now()
    prospect = registrations.prospect(code, now) or abort(404)
    waits = prospect.window is Window.WAITLIST and not prospect.batch.needs_approval
    form = AddressForm(formdata=None)
    return render_template(
        "site/batches/show.html",
        p=prospect,
        batch=prospect.batch,
        form=form,
        waits=waits,
        chances=chances(prospect.batch.course_id, now) if waits else None,
        structured=structured.batch(prospect),
        **under(f"/batches/{code}"),
    )


@pages.app_template_filter()
def money(minor: int, currency: str) -> str:
    """An amount in the currency's smallest unit (ISO 4217) in the reader's language: ₹45,000.00."""
    return format_currency(minor / 10 ** get_currency_precision(currency), currency)


@pages.app_template_filter()
def zone_name(zone: str, at: datetime) -> str:
    """A time zone as people know it, with its offset then: India Time, GMT+05:30."""
    there = at.astimezone(ZoneInfo(zone))
    # UTC belongs to no country; only with a moment does Babel name it.
    named = get_timezone_name(there if zone == "UTC" else there.tzinfo, locale=get_locale())
    return f"{named}, {get_timezone_gmt(there, 'long', locale=get_locale())}"


@pages.app_template_filter()
def language_name(code: str) -> str:
    """A language as the reader calls it; the code itself where nobody knows it."""
    try:
        return Locale.parse(code, sep="-").get_display_name(get_locale()) or code
    except (UnknownLocaleError, ValueError):
        return code


@pages.app_template_filter()
def meeting(session: BatchSession, zone: str) -> tuple[str, str]:
    """Day and hours of a session in the batch's zone: ("Fri, 12 March 2027", "18:00–20:00")."""
    there = ZoneInfo(zone)
    begin, end = session.starts_at.astimezone(there), session.ends_at.astimezone(there)
    last = "HH:mm" if begin.date() == end.date() else "EEE, HH:mm"
    hours = [local(begin, zone, "HH:mm"), local(end, zone, last)]
    return day(begin.date(), "EEE d MMMM y"), "–".join(hours)
