"""The public pages: one file per family. Shows and asks; knows no rule.

Hard rule: GET changes nothing, and every address is in the design's contract.
"""

from __future__ import annotations

from importlib import import_module

from flask import Flask

# The files of this folder that are pages, by what they are about.
FAMILIES = (
    *("home", "guides", "courses", "curriculum", "batches", "seats"),
    *("search", "legal"),
    *("registering", "asking", "mine", "keeping"),
    *("talk", "said"),
    *("feeds", "sitemap", "api", "health"),
    *("share", "look", "mailbox", "design"),
)


def init_app(app: Flask) -> None:
    """Register the families of pages, and the words that several of them share."""
    from enroll.site import rhythm, structured

    for family in FAMILIES:
        app.register_blueprint(import_module(f"enroll.site.{family}").pages)
    app.jinja_env.globals["breadcrumbs"] = structured.breadcrumbs
    for words in rhythm.FILTERS:
        app.add_template_filter(words)
