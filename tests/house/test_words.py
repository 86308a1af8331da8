"""Every word that people read goes through gettext, and no style sheet knows left from right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = sorted(
    path.relative_to(ROOT / "templates")
    for path in (ROOT / "templates").rglob("*")
    if path.suffix in (".html", ".jinja", ".txt")
)
CODE = re.compile(r"\{#.*?#\}|\{%-?\s*trans.*?endtrans\s*-?%\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
READ = re.compile(r'\s(?:alt|title|aria-label|placeholder)="([^"]*)"')

# Macros write attributes without their tag.
ATTRIBUTE = re.compile(r'\s(?:aria-(?!label=)[\w-]+(?:="[^"]*")?|(?:required|checked|selected)\b)')


def bare_words(source: str) -> list[str]:
    """Words in a template that no translator would ever see."""
    text = CODE.sub(" ", source)
    read = " ".join(READ.findall(text))
    text = re.sub(r"<[^>]*>", " ", ATTRIBUTE.sub(" ", text)) + " " + read
    return re.findall(r"[^\W\d_]{2,}", re.sub(r"&\w+;", " ", text))


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_no_word_is_written_into_a_template(path: Path) -> None:
    assert bare_words((ROOT / "templates" / path).read_text()) == []


def test_the_test_can_fail() -> None:
    assert bare_words("<p>Hello</p>") == ["Hello"]
    assert bare_words('<img alt="A seat">{{ _("Hello") }}') == ["seat"]


# Not the one of the letters: mail programs know no logical properties.
SHEETS = sorted({path.name for path in (ROOT / "enroll" / "static").glob("*.css")} - {"letter.css"})
PHYSICAL = re.compile(
    r"(?<![-\w])(?:margin|padding|border)-(?:left|right|top|bottom)\b"
    r"|(?<![-\w])(?:left|right)\s*:|text-align:\s*(?:left|right)"
)


@pytest.mark.parametrize("name", SHEETS)
def test_style_sheets_use_logical_properties(name: str) -> None:
    assert PHYSICAL.findall((ROOT / "enroll" / "static" / name).read_text()) == []
