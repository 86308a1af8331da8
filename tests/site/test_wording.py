"""Dates, lists and links inside prose in the reader's language."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import force_locale

from enroll.lists import listed
from enroll.moments import day, moment
from enroll.prose import markdown

pytestmark = pytest.mark.either_database

AT = datetime(2027, 4, 12, 12, 30, tzinfo=UTC)
DATES = {
    "en_GB": ("12 April 2027", "Mon, 12 April 2027", "12 April 2027, 18:00 (Asia/Kolkata)"),
    "en_US": ("April 12, 2027", "Mon, April 12, 2027", "April 12, 2027, 6:00\u202fPM (Asia/Kolkata)"),
    "de": ("12. April 2027", "Mo., 12. April 2027", "12. April 2027, 18:00 (Asia/Kolkata)"),
    "ja": ("2027年4月12日", "2027年4月12日(月)", "2027年4月12日 18:00 (Asia/Kolkata)"),
}


@pytest.mark.parametrize("code", DATES)
def test_each_language_writes_dates_its_own_way(app: Flask, code: str) -> None:
    on = date(2027, 4, 12)
    with app.test_request_context(), force_locale(code):
        assert (day(on), day(on, "EEE d MMMM y"), moment(AT, "Asia/Kolkata")) == DATES[code]


def test_each_language_joins_words_its_own_way(app: Flask) -> None:
    for code, sentence, row in (
        ("en_GB", "a, b and c", "a, b, c"),
        ("de", "a, b und c", "a, b und c"),
        ("ur", "a، b، اور c", "a، b، اور c"),  # Babel has a hole there: told as in a sentence
    ):
        with app.test_request_context(), force_locale(code):
            assert (listed("abc"), listed("abc", "unit")) == (sentence, row)


def test_links_inside_prose_stay_in_the_language(app: Flask) -> None:
    text = "[a](/roles/x) [b](https://example.org/) [c](//example.org/) [d](/static/x.css)"
    for root in ("", "/hi"):
        with app.test_request_context(environ_overrides={"SCRIPT_NAME": root}):
            html = str(markdown(text))
        assert f'<a href="{root}/roles/x"' in html
        for other in ("https://example.org/", "//example.org/", "/static/x.css"):
            assert f'href="{other}"' in html
