"""The design page is complete, and not there in public."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.house.test_imports import HOUSE, ROOT

pytestmark = pytest.mark.either_database

TOKEN = r"^  --([a-z0-9-]+): (#|var|rgb)"


def test_every_colour_and_step_of_the_tokens_is_shown(client: FlaskClient) -> None:
    page = client.get("/design").text
    tokens = (HOUSE / "static" / "tokens.css").read_text()
    names = {name for name, _ in re.findall(TOKEN, tokens, re.M) if not name.startswith("bs-")}
    assert len(names) > 15
    for name in names:
        assert f"<code>--{name}</code>" in page, name
    for name in re.findall(r"--((?:step|space)-[a-z0-9]+):", tokens):
        assert f"<code>--{name}</code>" in page, name


def test_every_macro_of_parts_is_shown() -> None:
    """Whoever adds a component shows it: on the design page itself, or inside one that is."""
    macros = ROOT / "templates" / "_macros"
    shown = (ROOT / "templates" / "site" / "design" / "index.html").read_text()
    parts = (macros / "parts.html").read_text()
    for name in re.findall(r"{% macro ([a-z][a-z_]*)\(", parts):
        inside = len(re.findall(rf"\b{name}\(", parts)) > 1
        assert f"{name}(" in shown or inside or name == "json_ld", name


def test_every_kind_of_field_stands_there_with_and_without_an_error(client: FlaskClient) -> None:
    page = client.get("/design").text
    fine, wrong = (re.findall(rf'id="{prefix}-(\w+?)(?:-\d)?"', page) for prefix in ("fine", "wrong"))
    assert set(fine) == set(wrong) == {"name", "email", "words", "time", "one", "some", "sheet", "consent"}
    assert page.count("Say what to do, not what went wrong.") == 2 * len(set(wrong))


def test_a_public_server_does_not_have_it(app: Flask, client: FlaskClient) -> None:
    assert client.get("/design").status_code == 200
    app.config["IS_PUBLIC"] = True
    assert client.get("/design").status_code == 404
