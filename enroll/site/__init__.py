"""The public pages: one file per family. Shows and asks; knows no rule.

Hard rule: GET changes nothing, and every address is in the design's contract.
"""

from __future__ import annotations

from types import ModuleType

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the families of pages, and the words that several of them share."""
    from enroll.site import rhythm, structured

    for family in _families():
        app.register_blueprint(family.pages)
    app.jinja_env.globals["breadcrumbs"] = structured.breadcrumbs
    for words in (rhythm.weekly, rhythm.rhythm_words, rhythm.hours_words, rhythm.weekday_name):
        app.add_template_filter(words)


def _families() -> tuple[ModuleType, ...]:
    from enroll.site import (
        api,
        asking,
        batches,
        courses,
        curriculum,
        feeds,
        guides,
        health,
        home,
        keeping,
        legal,
        look,
        mailbox,
        mine,
        registering,
        said,
        search,
        seats,
        talk,
    )

    first = (home, guides, courses, curriculum, batches, feeds, registering, asking, mine)
    return (*first, keeping, talk, said, seats, search, legal, look, api, health, mailbox)
