"""Walks a page as a real browser parsed it and says what in it could do harm."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_INSIDE = Path(__file__).with_name("walk_inside.js").read_text()
_ANYWHERE = Path(__file__).with_name("walk_anywhere.js").read_text()


def harm_in(page: Page, scope: str) -> list[str]:
    """What may not stand inside these parts of the page."""
    return page.evaluate(_INSIDE, scope)


def harm_anywhere(page: Page) -> list[str]:
    """What may stand nowhere on the page."""
    return page.evaluate(_ANYWHERE)
