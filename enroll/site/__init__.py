"""The public pages: one file per family. Shows and asks; knows no rule.

Hard rule: GET changes nothing, and every address is in the design's contract.
"""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the families of pages."""
    from enroll.site import (
        api,
        batches,
        courses,
        guides,
        health,
        home,
        legal,
        mailbox,
        mine,
        registering,
    )

    for family in (home, guides, courses, batches, registering, mine, legal, api, health, mailbox):
        app.register_blueprint(family.pages)
