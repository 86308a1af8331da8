"""The pictures of shared links: small, quick, whole, and silent about what changes all day."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from enroll import create_app
from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.demo import load_demo
from enroll.site import drawing
from enroll.site.drawing import Day, Look, Words, draw
from tests import make

pytestmark = pytest.mark.either_database

PLAIN = Words("Northlight", "Course", "Foundations", "foundations", ("8 weeks",))


def picture_of(client: FlaskClient, path: str) -> str:
    """The picture a link to this page is shown with, as a path."""
    found = re.search(r'property="og:image" content="http://127.0.0.1:8000([^"]+)"', client.get(path).text)
    assert found, path
    return found[1]


def test_every_kind_of_page_has_a_picture_of_its_own(app: Flask, client: FlaskClient) -> None:
    load_demo()
    db.session.remove()
    pages = ("/", "/roles/ml-engineer", "/courses/foundations", "/batches/fnd-01", "/batches/mle-01")
    pictures = {path: client.get(picture_of(client, path)) for path in pages}
    assert len({one.data for one in pictures.values()}) == len(pages)
    for path, answer in pictures.items():
        assert answer.mimetype == "image/png", path
        assert Image.open(BytesIO(answer.data)).size == (1200, 630)
        assert len(answer.data) <= 60_000, path
        assert answer.headers["Cache-Control"] == "public, max-age=86400"
        assert "Set-Cookie" not in answer.headers
        again = client.get(picture_of(client, path), headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert picture_of(client, "/privacy") == picture_of(client, "/")


def test_it_changes_its_address_with_its_words_and_not_with_the_seats(
    app: Flask, client: FlaskClient
) -> None:
    batch = make.batch(capacity=3, code="shown", title="Evenings")
    db.session.remove()
    before = picture_of(client, "/batches/shown")
    make.registration(batch, confirmed=True)
    db.session.remove()
    assert picture_of(client, "/batches/shown") == before

    def rename() -> None:
        db.session.execute(sa.update(Batch).where(Batch.code == "shown").values(title="Mornings"))

    atomically(rename)
    assert picture_of(client, "/batches/shown") != before


@pytest.mark.parametrize("family", ["batches", "roles", "courses"])
def test_what_is_not_there_has_no_picture(client: FlaskClient, family: str) -> None:
    assert client.get(f"/{family}/none/share.png").status_code == 404


def test_a_draft_has_no_picture(client: FlaskClient) -> None:
    make.batch(code="secret")
    shown = sa.update(Batch).where(Batch.code == "secret")
    atomically(lambda: db.session.execute(shown.values(state=BatchState.DRAFT)))
    db.session.remove()
    assert client.get("/batches/secret/share.png").status_code == 404


def test_it_wears_the_institutes_colour(
    app: Flask, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENROLL_ACCENT", "#7a1f5c")
    data = create_app().test_client().get("/share.png").data
    red, green, blue = Image.open(BytesIO(data)).convert("RGB").getpixel((5, 5))
    assert red > green
    assert blue > green


@pytest.mark.parametrize("title", ["Foundations " * 12, "Donaudampfschifffahrtsgesellschaft" * 6, "W" * 160])
def test_long_words_are_made_smaller_and_never_cut(title: str) -> None:
    for day in (None, Day("Sept", "30", "2027")):
        width = 1200 - 2 * drawing.MARGIN - (drawing.TILE + 48 if day else 0)
        size, lines = drawing._fitted(title, drawing.FONTS[0], width, 250)
        assert "".join(lines).replace(" ", "") == title.replace(" ", "")
        assert drawing._height(size, len(lines)) <= 250
        font = drawing._font(drawing.FONTS[0], size)
        assert all(font.getlength(line) <= width * drawing.TWICE for line in lines)
        draw(PLAIN._replace(title=title, day=day))


def test_letters_that_no_font_of_ours_has_are_left_out() -> None:
    for title in ("हिन्दी", "عربي", "漢字"):
        assert drawing._font_for(title) is None
        assert draw(PLAIN._replace(title=title)) == draw(PLAIN._replace(title="foundations"))
    for words in ("Ελλάδα", "Привет", "₹45,000", "Tiếng Việt", "Łódź"):
        assert drawing._font_for(words) == drawing.FONTS[1]
    assert drawing._font_for("Zürich, São Paulo") == drawing.FONTS[0]


def test_other_colours_are_other_pictures() -> None:
    assert draw(PLAIN) != draw(PLAIN._replace(look=Look("#5a1442", "#e6c9da")))
