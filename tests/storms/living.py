"""The town of the longest storm: clients who press buttons, an office that decides, one who watches.

Clients are browsers and know what people know: the pages, and the links from their letters, which
are read from the database here. The office is a process of the product of its own, for the verbs
that have no public page. The watch looks at one snapshot after the other, all the while.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa

from enroll import clock
from enroll.db import atomically, db
from enroll.refusal import Busy, Refused
from enroll.registrations import arriving, deciding, moving, steering
from enroll.registrations.locking import lock_seating
from enroll.registrations.models import Registration
from enroll.registrations.states import LIVE, State
from tests import make
from tests.reading import hidden_fields
from tests.serving import at_once
from tests.storms.judging import unfair
from tests.visiting import Answer, Visitor

CLIENTS, PEOPLE = 16, 40
FIELDS = {"name": "Asha Verma", "phone": "", "background": "", "message": "", "consent": "y"}

# Which buttons are pressed in which state, and how often. Some are not on the page: it is stale.
BUTTONS = {
    "pending": {"confirm": 12, "withdraw": 2, "transfer": 2, "accept": 1},
    "waitlisted": {"confirm": 12, "withdraw": 1, "transfer": 3, "pass": 1},
    "offered": {"accept": 6, "pass": 4, "withdraw": 2, "transfer": 2, "confirm": 1},
    "confirmed": {"withdraw": 6, "transfer": 4, "confirm": 1, "accept": 1},
}
BUTTONS |= dict.fromkeys(("withdrawn", "expired", "cancelled"), {"confirm": 1, "transfer": 1})
# How often somebody in this state is at their computer.
AWAKE = {"pending": 6, "waitlisted": 8, "offered": 6, "confirmed": 6}
AWAKE |= {"withdrawn": 1, "expired": 1, "cancelled": 1}


class Met(NamedTuple):
    """What a client met with one request."""

    what: str
    status: int
    seconds: float
    is_busy: bool


@dataclass(frozen=True)
class Town:
    """Where the storm rages: the site, its batches by code, and a look into its database."""

    base_url: str
    reading: sa.Engine
    batches: dict[str, int]
    buttons: frozenset[str]

    def ask(self, query: str, **values: object) -> Sequence[sa.Row]:
        """The rows of a query, in a snapshot of its own."""
        with self.reading.connect() as connection:
            return connection.execute(sa.text(query), values).all()

    def somebody(self, state: str) -> str | None:
        """The link of anybody in this state, as a letter carries it."""
        query = "SELECT token FROM registration WHERE state = :state ORDER BY random() LIMIT 1"
        rows = self.ask(query, state=state)
        return f"/registrations/{rows[0].token}" if rows else None


@dataclass
class Weather:
    """What the storm was like."""

    met: list[Met] = field(default_factory=list)
    office: Counter[str] = field(default_factory=Counter)
    unfair: list[str] = field(default_factory=list)
    looks: int = 0


# ---------------------------------------------------------------- the clients


class Client:
    """A browser in which anybody of the town may sit, and presses whatever comes to mind."""

    def __init__(self, town: Town, seed: int) -> None:
        self._town = town
        self._dice = random.Random(seed)  # noqa: S311 - guards nothing
        self._visitor = Visitor(town.base_url)
        self._hidden: dict[str, str] = {}
        self.met: list[Met] = []

    def arrive(self) -> None:
        """Open a page of each kind: a process that has just started is slow to answer the first."""
        for code in self._town.batches:
            self._hidden = self._visitor.open_form(f"/batches/{code}/register")

    def live(self, until: float) -> list[Met]:
        """Register and press buttons until a moment of the monotonic clock; what was met."""
        while time.monotonic() < until:
            if self._dice.random() < 0.3:
                self._register()
            else:
                self._press()
        return self.met

    def _register(self) -> None:
        path = f"/batches/{self._dice.choice(list(self._town.batches))}/register"
        email = f"person{self._dice.randrange(PEOPLE)}@example.org"
        self._look(path)
        for _click in range(self._dice.choice((1, 1, 1, 2))):
            self._meet("register", lambda: self._send(path, FIELDS | {"email": email}))

    def _press(self) -> None:
        state = self._pick(AWAKE)
        page = self._town.somebody(state)
        if page is None:
            return
        wanted = {b: n for b, n in BUTTONS[state].items() if b in self._town.buttons}
        button = self._pick(wanted or {"withdraw": 1})
        self._look(page)
        to = {"to": self._dice.choice(list(self._town.batches))} if button == "transfer" else {}
        self._meet(button, lambda: self._send(f"{page}/{button}", to))

    def _look(self, path: str) -> None:
        """Open the page; or press on one that was opened before, as people do."""
        if self._dice.random() < 0.7:
            return
        page = self._meet("look", lambda: self._visitor.get(path))
        token = hidden_fields(page.text).get("csrf_token")
        if token:
            self._hidden = {"csrf_token": token}

    def _send(self, path: str, fields: dict[str, str]) -> Answer:
        return self._visitor.post(path, self._hidden | fields)

    def _meet(self, what: str, request: Callable[[], Answer]) -> Answer:
        began = time.monotonic()
        answer = request()
        took = time.monotonic() - began
        is_busy = answer.status == 409 and "Retry-After" in answer.headers
        self.met.append(Met(what, answer.status, took, is_busy))
        return answer

    def _pick(self, weights: dict[str, int]) -> str:
        return self._dice.choices(list(weights), list(weights.values()))[0]


# ---------------------------------------------------------------- the office


class Office:
    """Staff and students at verbs that have no public page, in a process of their own."""

    def __init__(self, batch_ids: Sequence[int], seed: int) -> None:
        self._batch_ids = list(batch_ids)
        self._dice = random.Random(seed)  # noqa: S311 - guards nothing
        self._numbers = iter(range(seed * 1_000_000, (seed + 1) * 1_000_000))

    def work(self, until: float) -> Counter[str]:
        """Decide at random until a moment of the monotonic clock; how often what came of it."""
        acts = {self._transfer: 6, self._wish: 5, self._hasten: 5, self._group: 2}
        acts |= {self._resize: 2, self._cancel: 2, self._telephone: 1}
        done: Counter[str] = Counter()
        while time.monotonic() < until:
            act = self._dice.choices(list(acts), list(acts.values()))[0]
            name = act.__name__.strip("_")
            try:
                done[name] += act()
            except Busy:
                done["busy"] += 1
            except Refused:
                done["refused"] += 1
            time.sleep(self._dice.uniform(0.0, 0.06))
        return done

    def _transfer(self) -> int:
        return self._decide(LIVE, moving.transfer, to_batch_id=self._batch())

    def _wish(self) -> int:
        others = {self._batch(), self._batch()}
        return self._decide({State.WAITLISTED}, moving.wish_for, other_ids=others)

    def _cancel(self) -> int:
        return self._decide(LIVE, deciding.cancel, reason="No fee.", by="staff")

    def _telephone(self) -> int:
        waiting = {State.WAITLISTED, State.OFFERED}
        return self._decide(waiting, deciding.seat_by_telephone, by="staff")

    def _hasten(self) -> int:
        return self._decide(LIVE - {State.CONFIRMED}, end_now)

    def _resize(self) -> int:
        size = self._dice.randint(2, 8)
        atomically(steering.resize, batch_id=self._batch(), capacity=size, now=clock.now())
        return 1

    def _group(self) -> int:
        number = next(self._numbers)
        size, now = self._dice.choice((2, 3)), clock.now()
        friends = [make.applicant(f"friend{number}-{one}@example.org") for one in range(size)]
        atomically(arriving.register_group, batch_id=self._batch(), applicants=friends, now=now)
        return 1

    def _decide(self, states: set[State], verb: Callable[..., object], **more: object) -> int:
        """Run a verb on anybody in one of these states, if there is somebody."""
        db.session.rollback()
        row = db.session.execute(
            sa.select(Registration.id, Registration.batch_id)
            .where(Registration.state.in_(states))
            .order_by(sa.func.random())
            .limit(1)
        ).first()
        if row is None:
            return 0
        where = {"batch_id": row.batch_id, "registration_id": row.id}
        atomically(verb, **where, now=clock.now(), **more)
        return 1

    def _batch(self) -> int:
        return self._dice.choice(self._batch_ids)


def end_now(*, batch_id: int, registration_id: int, now: object) -> None:
    """The time for this is over, from this moment on: what time alone would do, but sooner."""
    lock_seating(batch_id)
    db.session.execute(
        sa.update(Registration)
        .where(Registration.id == registration_id, Registration.deadline_at > now)
        .values(deadline_at=now, remind_at=None)
    )


# ---------------------------------------------------------------- the storm


def rage(town: Town, seconds: float, offices: Sequence[object] = (), seed: int = 1) -> Weather:
    """Let everybody live so long, and watch; `offices` are the processes that do their work."""
    weather, over = Weather(), threading.Event()
    crowd = [Client(town, seed * 100 + number) for number in range(CLIENTS)]
    at_once([one.arrive for one in crowd])
    until = time.monotonic() + seconds
    watch = threading.Thread(target=_watch, args=(town, weather, over))
    watch.start()
    try:
        for number, racer in enumerate(offices):
            office = Office(list(town.batches.values()), seed + number)
            racer.begin(partial(office.work, until))
        lives = at_once([lambda one=one: one.live(until) for one in crowd])
        weather.met = [met for life in lives for met in life]
        for racer in offices:
            weather.office += racer.answer()
    finally:
        over.set()
        watch.join()
    return weather


def _watch(town: Town, weather: Weather, over: threading.Event) -> None:
    """At no moment is a seat idle beside somebody eligible, or taken by another number of people."""
    while not over.wait(0.01):
        weather.unfair += unfair(town.ask)
        weather.looks += 1
