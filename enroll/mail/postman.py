"""Reads bounces beside the worker's other work: a mailbox that does not answer keeps no letter waiting."""

from __future__ import annotations

import logging
import threading

from flask import Flask, current_app

from enroll.mail import polling
from enroll.refusal import Busy

log = logging.getLogger(__name__)

ASK_EVERY = 5.0  # seconds between two looks at whether the mailbox is due


def begin(stopping: threading.Event, *, once: bool) -> None:
    """Read until `stopping` is set, in a thread of its own; with `once` a single round, here."""
    if not polling.box_name():
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if once:
        _read(app)
        return
    threading.Thread(target=_read_until, args=(app, stopping), name="bounces", daemon=True).start()


def _read_until(app: Flask, stopping: threading.Event) -> None:
    while not stopping.is_set():
        _read(app)
        stopping.wait(ASK_EVERY)


def _read(app: Flask) -> None:
    with app.app_context():
        try:
            polling.poll_bounces()
        except Busy:
            log.warning("the database is busy; bounces are read in a moment")
        except Exception:
            # As with every round of the worker: the next one may go well.
            log.exception("a round of reading bounces failed")
