"""Every fact that the institute gave us about the role stands on its guide, as a reader sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient

from enroll import clock
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.db import atomically

FACTS = yaml.safe_load((Path(__file__).parent / "facts.yaml").read_text())
# What the page around the article does, and names of our own keys, are no facts of the role.
NOT_FACTS = {"page_furniture", "related_roles", "slug"}
# Words that our sentences say in another form, each seen and judged.
SAID_OTHERWISE = {"expected", "e.g", "etc", "related", "typically", "listed", "choose"}


def leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in NOT_FACTS:
                yield from leaves(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif not isinstance(value, bool):
        yield path, str(value)


LEAVES = sorted(set(leaves(FACTS)))


@pytest.fixture
def text(client: FlaskClient) -> str:
    """The guide's words, without markup."""
    atomically(load_catalog, folder=SHIPPED, now=clock.now())
    page = client.get("/roles/ml-engineer").text
    bare = unescape(re.sub(r"<[^>]+>", " ", page))
    return re.sub(r"\s+", " ", bare.replace(",", "").replace("–", "-")).lower()


def stem(word: str) -> str:
    return word[: max(4, len(word) - 4)]


def test_every_number_and_name_is_there(text: str) -> None:
    for path, fact in LEAVES:
        for number in re.findall(r"\d{4,}", fact):
            assert number in text, (path, number)
        for name in re.findall(r"\b[A-Z][A-Za-z]*[A-Z]\w*\b|Arthur Samuel", fact):
            assert name.lower() in text, (path, name)


def test_every_title_skill_and_certificate_is_there_word_for_word(text: str) -> None:
    for path, fact in LEAVES:
        if path.startswith(("/career_ladder", "/certifications")) or path.endswith("/name"):
            assert fact.lower() in text, (path, fact)


@pytest.mark.parametrize("part", sorted({path.split("/")[1] for path, _ in LEAVES}))
def test_every_sentence_of_the_facts_is_told(text: str, part: str) -> None:
    for path, fact in LEAVES:
        if path.split("/")[1] != part:
            continue
        words = {word.lower() for word in re.findall(r"[A-Za-z][A-Za-z-]{4,}", fact)}
        words -= SAID_OTHERWISE
        missing = {word for word in words if stem(word) not in text}
        assert len(missing) <= len(words) * 0.34, (path, fact, missing)
