"""What both faces share: errors, filters, headers, limits. (Forms: forms.py.)"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

import phonenumbers
from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    has_request_context,
    render_template,
    request,
)
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_babel import get_locale
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from enroll import languages
from enroll.lists import listed
from enroll.moments import day, moment
from enroll.phones import likely_regions, spaced_phone
from enroll.prose import markdown
from enroll.refusal import Busy
from enroll.shelf import Shelf

csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, strategy="sliding-window-counter")

LONGEST_TITLE = 65  # letters a search result shows
LARGEST = 2**31 - 1  # of a number in the database
PINE = "#0d3f34"  # of the header, as tokens.css has it
_MAILBOX = re.compile(r"[^@\s:/]+@[^@\s:/]+")
STATIC = Path(__file__).parent / "static"


def init_app(app: Flask) -> None:
    """Wire what every page needs."""
    csrf.init_app(app)
    limiter.init_app(app)
    app.session_interface = _Sessions()
    app.before_request(_only_this_machine)
    app.before_request(_only_text)
    app.before_request(_only_numbers_that_fit)
    app.after_request(_protect)
    app.register_error_handler(HTTPException, _show_error)
    app.register_error_handler(CSRFError, _show_error)
    app.register_error_handler(Busy, _show_busy)
    app.template_filter("day")(day)
    app.template_filter("moment")(moment)
    app.template_filter("listed")(listed)
    app.template_filter("markdown")(markdown)
    app.template_filter("spaced_phone")(spaced_phone)
    app.template_filter("titled")(titled)
    app.template_filter("telephone_link")(telephone_link)
    app.template_filter("complaints_link")(complaints_link)
    app.add_template_global(static_url)
    app.context_processor(_institute)
    app.wsgi_app = Shelf(app)
    if app.config["PROXIES"]:
        hops = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)
    app.wsgi_app = WhiteNoise(app.wsgi_app, root=STATIC, prefix="static/", max_age=31_536_000)


# ---------------------------------------------------------------- words


def phone_regions(zone: str) -> tuple[str, ...]:
    """Countries for which this reader may write a number without +; `zone` is the batch's."""
    return likely_regions(zone=zone, languages=request.accept_languages.values())


def titled(words: str) -> str:
    """A page's title with the institute's name behind it, where a search result has room for both."""
    whole = f"{words} – {current_app.config['INSTITUTE_NAME']}"
    return whole if len(whole) <= LONGEST_TITLE else words


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep it for ever."""
    return f"/static/{name}?v={_digest(name)}"


@cache
def institute_sheet(style: str) -> tuple[str, str]:
    """Our tokens with the institute's colours over them, and what the sheet's address changes with.

    One sheet in place of ours: a first view asks for no more files than without.
    """
    text = (STATIC / "tokens.css").read_text() + style
    return text, hashlib.sha256(text.encode()).hexdigest()[:12]


def telephone_link(number: str) -> str:
    """A number as RFC 3966 dials it; in the country of the settings where it is written without +."""
    try:
        parsed = phonenumbers.parse(number, current_app.config["PHONE_REGION"])
    except phonenumbers.NumberParseException:
        return "tel:" + "".join(one for one in number if one.isdigit() or one == "+")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.RFC3966))


def complaints_link(where: str) -> str:
    """Where to click to complain; empty for an office in words."""
    if where.startswith(("https://", "http://")):
        return where
    return f"mailto:{where}" if _MAILBOX.fullmatch(where) else ""


def _institute() -> dict[str, object]:
    """Who we are on every page: `institute_style` and `logo` are empty while the look is ours."""
    config = current_app.config
    own = config["PALETTE"]
    return {
        "institute": config["INSTITUTE_NAME"],
        "institute_style": f"/institute.css?v={institute_sheet(own.style)[1]}" if own else "",
        "theme_color": own.light["pine"] if own else PINE,
        "logo": config["LOGO_READ"],
        "locale": get_locale(),
        "canonical": _canonical(),
    }


def _canonical() -> str | None:
    """The one address of a page that may be found and passed on; none for personal pages and errors."""
    if not request or request.url_rule is None or g.get("is_personal"):
        return None
    return (
        f"{current_app.config['BASE_URL']}{languages.root()}{g.get('stands_for') or request.path}"
    )


def stands_for(path: str) -> None:
    """Search engines take this page, a form, for a part of the one at `path`."""
    g.stands_for = path


# ---------------------------------------------------------------- headers and guards


def _only_this_machine() -> None:
    """Until a public address is set, nobody outside is answered: demo content is not for them."""
    if current_app.config["IS_PUBLIC"]:
        return
    address = request.remote_addr or "0.0.0.0"  # noqa: S104 - no address at all is a stranger
    if not ip_address(address).is_loopback or "X-Forwarded-For" in request.headers:
        abort(403, "no public address")


def _only_text() -> None:
    """An address with a NUL in it names nothing, and PostgreSQL cannot even be asked."""
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        abort(404)


def _only_numbers_that_fit() -> None:
    """A number beyond the database's integers names nothing, and PostgreSQL answers with an error."""
    if any(isinstance(one, int) and one > LARGEST for one in (request.view_args or {}).values()):
        abort(404)


def _protect(response: Response) -> Response:
    headers = response.headers
    headers.setdefault(
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
        " frame-ancestors 'none'; form-action 'self'",
    )
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if languages.is_negotiated() and not g.get("is_for_everybody"):
        headers.add("Vary", "Accept-Language")
    if g.get("is_personal"):
        headers["Cache-Control"] = "no-store"
        headers["Referrer-Policy"] = "no-referrer"
        headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def network_key(now: datetime) -> str:
    """A keyed hash of the network a request comes from, another one each day (UTC).

    One household or school is one network: an IPv4 address, or the /64 of an IPv6 one (RFC 6177).
    """
    address = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - no address is one too
    if address.version == 6:
        address = ip_network((address, 64), strict=False).network_address
    key = str(current_app.config["SECRET_KEY"]).encode()
    words = f"network {now.astimezone(UTC).date()} {address}".encode()
    return hmac.new(key, words, hashlib.sha256).hexdigest()


def personal() -> None:
    """Mark the answer as somebody's own: not stored, not indexed, its address not passed on."""
    g.is_personal = True


def for_everybody() -> None:
    """Mark the answer as the same whoever asks: a cache may keep one for all, whatever their cookies."""
    g.is_for_everybody = True


class _Sessions(SecureCookieSessionInterface):
    """Flask-Login looks at the session after each request, and then every answer says that it varies
    with the cookie: browsers fetch a style sheet anew when somebody opens a form."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # The shelf saves the session of somebody new outside any request.
        if not (has_request_context() and g.get("is_for_everybody")):
            super().save_session(app, session, response)


# ---------------------------------------------------------------- errors


def _show_error(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    reason = "csrf" if isinstance(error, CSRFError) else error.description
    return render_template("errors/error.html", code=code, reason=reason), code


def _show_busy(_error: Busy) -> tuple[str, int, dict[str, str]]:
    return render_template("errors/busy.html"), 409, {"Retry-After": "2"}
