"""The loop behind the pages: ends what is over, offers what is free, sends letters; stops cleanly."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time

from flask import current_app

from enroll import clock
from enroll.accounts.tries import forget_tries
from enroll.batches.indexing import fill_if_empty
from enroll.comments import reasons, retention, service
from enroll.db import atomically, db
from enroll.mail import postman
from enroll.mail.beats import beat
from enroll.mail.delivery import deliver_due
from enroll.mail.slots import forget_slots
from enroll.refusal import Busy
from enroll.registrations import asking, digest, erasing, importing, outages, reminding, writing
from enroll.registrations.consent import consent_version
from enroll.registrations.eligibility import batches_to_tidy
from enroll.registrations.tidying import tidy_batch

log = logging.getLogger(__name__)

REST = 0.3  # seconds between two looks at the outbox
TIDY_EVERY = 2.0  # seconds between two looks at holds, offers and idle seats
KEEP_HOUSE_EVERY = 300.0  # seconds between two looks at what has been kept long enough


def work(*, once: bool = False) -> None:
    """Work until SIGTERM or SIGINT; with `once`, until nothing is due now."""
    name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    stopping = threading.Event()
    if not once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
    log.info("worker %s begins", name)
    postman.begin(stopping, once=once)
    tidied, kept_house, filled = float("-inf"), float("-inf"), False
    while not stopping.is_set():
        sent = 0
        try:
            if time.monotonic() - tidied >= TIDY_EVERY:
                tidied = time.monotonic()
                tidy(worker=name)
            if time.monotonic() - kept_house >= KEEP_HOUSE_EVERY:
                kept_house = time.monotonic()
                keep_house()
            if not filled:
                filled = fill()
            sent = deliver_due(worker=name)
            # After the letters that wait: a message that cannot be written must not keep them.
            sent += write_some() + bring_some()
        except Busy:
            log.warning("the database is busy; again in a moment")
        except Exception:
            # One bad row or a database that restarts must not end the loop: people wait for letters.
            log.exception("a round of the worker failed")
            if once:
                raise
        finally:
            db.session.remove()
        if once and not sent:
            break
        if not sent:
            stopping.wait(REST)
    log.info("worker %s ends", name)


def fill() -> bool:
    """What a new database needs: the search filled, reasons to choose from."""
    atomically(fill_if_empty)
    atomically(reasons.fill_if_empty)
    return True


def tidy(*, worker: str) -> None:
    """Look after every batch that has something over or a seat idle; say that we are alive."""
    now = clock.now()
    if (outage := atomically(outages.notice, now=now)) is not None:
        log.warning(
            "nobody was here since %s: %d deadlines are extended, %d letters wait until %s;"
            " `flask outage` shows them",
            outage.began_at,
            outage.deadlines,
            outage.letters,
            outage.quiet_until,
        )
    if not outages.is_quiet(now):
        for batch_id in batches_to_tidy(now):
            atomically(tidy_batch, batch_id=batch_id, now=now)
        for batch_id in reminding.batches_with_news(now):
            atomically(reminding.tell_news, batch_id=batch_id, now=now)
        atomically(reminding.remind_due, now=now)
    atomically(reminding.forget_late_joining, now=now)
    atomically(asking.answer_link_requests, now=now)
    atomically(asking.announce_openings, now=now)
    atomically(forget_slots, now=now)
    atomically(erasing.erase_old, days=current_app.config["KEEP_DAYS"], now=now)
    atomically(beat, worker=worker, now=now)


def write_some() -> int:
    """The next letters of a message that staff have sent, if there is one; answers how many."""
    return atomically(writing.write_some, now=clock.now()) if writing.has_work() else 0


def bring_some() -> int:
    """The next rows of a list that staff bring along, if there is one; answers how many."""
    found = importing.running()
    if found is None:
        return 0
    import_id, batch_id = found
    return atomically(
        importing.work_on,
        import_id=import_id,
        batch_id=batch_id,
        consent_version=consent_version(current_app.config["MINIMUM_AGE"]),
        now=clock.now(),
    )


def keep_house() -> None:
    """What nobody waits for: clear out what was kept long enough; tell moderators of what waits."""
    now, config = clock.now(), current_app.config
    atomically(forget_tries, now)
    atomically(importing.empty_old, now=now)
    atomically(retention.clear_out, days=config["COMMENT_KEEP_DAYS"], now=now)
    if not outages.is_quiet(now):
        atomically(service.remind_moderators, hours=config["MODERATION_HOURS"], now=now)
        atomically(digest.write_digests, now=now)
