"""An institute's own look and foot: its colour, its logo, where it is and who answers."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from enroll import create_app, doctor
from enroll.config import BadSettings
from enroll.db import db
from enroll.logo import LARGEST, BadLogo, read_logo
from enroll.mail.rendering import render
from tests.house.test_imports import HOUSE
from tests.mail.samples import UNTIL, Sample

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 20"><path d="M0 0h9"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 64, 32) + b"\x08\6\0\0\0"
Start = Callable[..., Flask]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_template: Path) -> Start:
    """Build an application with these settings."""
    monkeypatch.setenv("ENROLL_INSTANCE", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{sqlite_template}")

    def build(**settings: object) -> Flask:
        for name, value in settings.items():
            monkeypatch.setenv(f"ENROLL_{name}", str(value))
        return create_app()

    return build


def kept(folder: Path, content: str | bytes, name: str = "logo") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ---------------------------------------------------------------- colours


def test_without_settings_the_look_is_ours(start: Start) -> None:
    client = start().test_client()
    page = client.get("/privacy").text
    assert "institute.css" not in page
    assert 'content="#0d3f34"' in page
    for path in ("/institute.css", "/logo.svg", "/logo.png"):
        assert client.get(path).status_code == 404


def test_the_accent_is_one_small_style_sheet_kept_for_ever(start: Start) -> None:
    app = start(ACCENT="#7A1F5C")
    client = app.test_client()
    page = client.get("/privacy").text
    address = re.search(r'href="(/institute\.css\?v=[0-9a-f]{12})"', page)[1]
    assert "tokens.css" not in page, "one sheet in place of ours: no request more"
    answer = client.get(address)
    assert answer.mimetype == "text/css"
    assert "--accent: #7a1f5c;" in answer.text
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers
    tokens = (HOUSE / "static" / "tokens.css").read_text()
    assert answer.text.startswith(tokens)
    assert len(answer.text) < len(tokens) + 1000
    stale = client.get("/institute.css?v=000000000000")
    assert stale.headers["Cache-Control"] == "public, max-age=60"
    assert f'content="{app.config["PALETTE"].light["pine"]}"' in page


def test_letters_wear_it_too(start: Start) -> None:
    app = start(ACCENT="#7a1f5c")
    with app.app_context():
        made = render(Sample("registration_held", UNTIL, "").letter())
    assert app.config["PALETTE"].light["pine"].encode() in made
    assert b"#0d3f34" not in made


@pytest.mark.parametrize("colour", ["red", "#123", "#12345g", "#1234567", "7a1f5c", "#7a1f5c;}"])
def test_what_is_no_colour_stops_the_start(start: Start, colour: str) -> None:
    with pytest.raises(BadSettings, match="ENROLL_ACCENT must be a colour like #7a1f5c"):
        start(ACCENT=colour)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "look: our colours (set ENROLL_ACCENT), logo: none (set ENROLL_LOGO)"),
        ({"ACCENT": "#7a1f5c"}, "look: accent #7a1f5c, on dark #"),
        ({"ACCENT": "#ffcc00"}, ", because #ffcc00 is too light for text on our pages, logo: none"),
        ({}, "who you are: the foot of every page lacks something (set ENROLL_LEGAL_NAME, "),
    ],
)
def test_the_doctor_says_what_became_of_it(start: Start, settings: dict, said: str) -> None:
    app = start(**settings)
    with app.app_context():
        found = [words for is_well, words in doctor.examine() if is_well]
        db.session.remove()
    assert [words for words in found if said in words]


# ---------------------------------------------------------------- the logo


def test_a_logo_stands_in_the_header_with_its_place_kept(start: Start, tmp_path: Path) -> None:
    for content, kind, width in ((SVG, "svg", 48), (PNG, "png", 64)):
        client = start(LOGO=kept(tmp_path, content)).test_client()
        image = re.search(rf'<img src="(/logo\.{kind}\?v=\w+)" alt="" width="{width}" height="32">',
                          client.get("/privacy").text)
        answer = client.get(image[1])
        assert answer.data == (content.encode() if isinstance(content, str) else content)
        assert answer.mimetype in ("image/svg+xml", "image/png")
        assert "immutable" in answer.headers["Cache-Control"]
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def _with(inside: str, root: str = "") -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" {root}>{inside}</svg>'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "hello",
        "<html></html>",
        '<svg viewBox="0 0 1 1"></svg>',
        _with("<script>alert(1)</script>"),
        _with('<g><x:Script xmlns:x="http://www.w3.org/2000/svg"/></g>'),
        _with("", root='onload="alert(1)"'),
        _with('<a href="javascript:alert(1)"/>'),
        _with('<image xlink:href="https://evil.example/x" xmlns:xlink="http://www.w3.org/1999/xlink"/>'),
        _with('<use href=" data:text/html,x"/>'),
        _with("<foreignObject/>"),
        f'<!DOCTYPE svg [<!ENTITY a "b">]>{SVG}',
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 9"/>',
        b"\x89PNG\r\n\x1a\n",
        PNG.ljust(LARGEST + 1, b"\0"),
    ],
)
def test_what_cannot_be_a_logo_is_refused(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(BadLogo):
        read_logo(kept(tmp_path, content))


def test_what_only_looks_dangerous_is_a_logo(tmp_path: Path) -> None:
    doctype = '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">'
    inside = '<style>.a{fill:red}</style><use href="#a"/><image href="data:image/png;base64,AA"/>'
    assert read_logo(kept(tmp_path, doctype + _with(inside))).kind == "svg"
    sized = SVG.replace('viewBox="0 0 30 20"', 'width="60px" height="20"')
    assert read_logo(kept(tmp_path, sized)).width_at(10) == 30


def test_a_logo_that_is_not_there_stops_the_start(start: Start, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"ENROLL_LOGO: .*/gone\.svg cannot be read: No such file"):
        start(LOGO=tmp_path / "gone.svg")


# ---------------------------------------------------------------- the foot


def test_the_foot_says_who_and_where(start: Start) -> None:
    page = start(
        LEGAL_NAME="Northlight Private Limited",
        ADDRESS="12 Lake Road, Pune",
        TELEPHONE="020 5550 0123",
        TELEPHONE_HOURS="Monday to Friday",
        COMPLAINTS="complaints@example.org",
    ).test_client().get("/privacy").text
    for words in (
        "Northlight Private Limited", "12 Lake Road, Pune", "Monday to Friday",
        '<a href="tel:+91-20-5550-0123"><bdi>020 5550 0123</bdi></a>',
        '<a href="mailto:complaints@example.org">',
    ):
        assert words in page, words


@pytest.mark.parametrize(
    ("where", "link"),
    [
        ("https://example.org/complain", "https://example.org/complain"),
        ("The district consumer commission, Pune", None),
    ],
)
def test_a_complaint_goes_where_it_can_be_clicked(start: Start, where: str, link: str) -> None:
    page = start(COMPLAINTS=where).test_client().get("/privacy").text
    assert where in page
    assert (f'<a href="{link}">{where}</a>' in page) == bool(link)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEPHONE", "call us"),
        ("TELEPHONE", "12"),
        ("TELEPHONE", '+91 20"><script>'),
        ("COMPLAINTS", "javascript://example.org/%0aalert(1)"),
    ],
)
def test_a_foot_that_cannot_be_meant_stops_the_start(start: Start, name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=f"ENROLL_{name} must"):
        start(**{name: value})
