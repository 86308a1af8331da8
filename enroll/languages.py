"""Which language a page speaks: the first part of its address says so, else the reader's browser.

`/hi/batches` is `/batches` in Hindi. The prefix becomes the script's name (SCRIPT_NAME, RFC 3875),
so routes never see it, and `url_for` and redirects keep it by themselves; templates write `root()`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale
from flask import Flask, current_app, request
from flask_babel import Babel
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from enroll.config import language_tag, languages

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

babel = Babel()
CHOSEN = "enroll.language"  # in the WSGI environment: the language that the address names


def init_app(app: Flask) -> None:
    """Read the language from the address, and tell templates about it."""
    offered = languages(app)
    folders = [
        Path(app.root_path).parent / "translations",
        Path(app.instance_path) / "translations",
    ]
    babel.init_app(
        app,
        locale_selector=_choose,
        default_translation_directories=";".join(str(folder) for folder in folders),
    )
    # A sentence over several lines of a template is one line to translators; pyproject.toml says the
    # same to the program that collects the sentences.
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.add_template_global(root)
    app.add_template_global(each_language)
    app.wsgi_app = _Prefix(app.wsgi_app, {language_tag(code): code for code in offered})


def root() -> str:
    """What every address on the page begins with: the language's prefix, or nothing."""
    return request.script_root if request else ""


def each_language(path: str) -> list[tuple[str, str, str]]:
    """The same page in each language: its tag, its address, and the language's own name.

    Empty where there is only one language.
    """
    offered = languages(current_app)
    if len(offered) < 2:
        return []
    return [
        (
            language_tag(code),
            f"/{language_tag(code)}{path}",
            Locale.parse(code).get_language_name() or code,
        )
        for code in offered
    ]


def is_negotiated() -> bool:
    """Whether the browser's languages decided, so that caches must keep the answers apart."""
    return CHOSEN not in request.environ and len(languages(current_app)) > 1


def language_of(environ: WSGIEnvironment, app: Flask) -> str:
    """The one of our languages that a request is answered in."""
    header = environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return str(environ.get(CHOSEN) or _best(tuple(languages(app)), header))


def _choose() -> str:
    return language_of(request.environ, current_app) if request else languages(current_app)[0]


@lru_cache(256)
def _best(offered: tuple[str, ...], header: str) -> str:
    """Of these languages, the one a browser would like best (Accept-Language, RFC 9110)."""
    asked = parse_accept_header(header, LanguageAccept)
    return asked.best_match(offered, offered[0]) or offered[0]


class _Prefix:
    """Moves a language from the path to the script's name, before anything looks at the path."""

    def __init__(self, app: WSGIApplication, codes: dict[str, str]) -> None:
        self._app, self._codes = app, codes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> object:
        first, slash, rest = environ.get("PATH_INFO", "").removeprefix("/").partition("/")
        if first in self._codes:
            environ[CHOSEN] = self._codes[first]
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/{first}"
            environ["PATH_INFO"] = f"/{rest}"
        return self._app(environ, start_response)
