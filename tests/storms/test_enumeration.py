"""Who asks with somebody else's address learns nothing: not from words, not from a status, not from headers.

Each form is sent for addresses that are known and for such that are not, in turn, over real HTTP.
What the answers took is printed side by side; the clock of a busy machine is not judged.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest
from flask import Flask

from tests import make
from tests.serving import Site
from tests.visiting import Answer, Visitor

pytestmark = pytest.mark.storm

TIMES = 40
FIELDS = {"name": "Asha Verma", "phone": "", "background": "", "message": "", "consent": "y"}
TOKEN = re.compile(r'(name="csrf_token"[^>]*value=")[^"]*')
# What differs between any two answers: when they came, and what the browser is asked to keep.
FLEETING = {"date", "set-cookie", "etag"}


class Heard(NamedTuple):
    """All that an answer tells, and the page it leads to, without the address that was asked for."""

    status: int
    headers: list[tuple[str, str]]
    text: str
    then: str


Ask = Callable[[Visitor, str], Callable[[], Answer]]


@pytest.fixture
def site(app: Flask, database_url: str, instance: Path) -> Iterator[Site]:
    """The product under gunicorn, on the database of `app`."""
    with Site(database_url, instance, workers=2) as site:
        yield site


def known(number: int) -> str:
    return f"known{number:02}@example.org"


def unknown(number: int) -> str:
    return f"other{number:02}@example.org"


def register(visitor: Visitor, email: str) -> Callable[[], Answer]:
    """The form of a batch with free seats, in which the known are enrolled."""
    visitor.prepare("open")
    return lambda: visitor.submit(**FIELDS, email=email)


def register_where_it_is_full(visitor: Visitor, email: str) -> Callable[[], Answer]:
    """A form that was open when the batch filled: the known have all seats, nobody else may wait."""
    hidden = visitor.open_form("/batches/open/register")
    fields = hidden | FIELDS | {"email": email}
    return lambda: visitor.post("/batches/full/register", fields)


def resend(visitor: Visitor, email: str) -> Callable[[], Answer]:
    """The same form a second time, as people send it whose letter has not come."""
    visitor.prepare("open")
    visitor.submit(**FIELDS, email=email)
    return lambda: visitor.submit(**FIELDS, email=email)


def ask_for_lost_link(visitor: Visitor, email: str) -> Callable[[], Answer]:
    """The form that takes an address and sends its links to it, if there are any."""
    hidden = visitor.open_form("/registrations")
    return lambda: visitor.post("/registrations", hidden | {"email": email})


def heard(visitor: Visitor, answer: Answer, email: str) -> Heard:
    """The answer as somebody would compare it who wants to find out about an address."""

    def plain(text: str) -> str:
        return TOKEN.sub(r"\1", text).replace(email, "(address)")

    headers = [(name.lower(), plain(value)) for name, value in answer.headers.items()]
    then = visitor.get(answer.location).text if answer.location else ""
    return Heard(
        answer.status,
        sorted(header for header in headers if header[0] not in FLEETING),
        plain(answer.text),
        plain(then),
    )


def ask(site: Site, way: Ask, email: str) -> tuple[Heard, float]:
    """Ask once, in a browser that has never been here; what was heard, and after how long."""
    visitor = Visitor(site.base_url)
    send = way(visitor, email)
    began = time.perf_counter()
    answer = send()
    took = time.perf_counter() - began
    return heard(visitor, answer, email), took


@pytest.mark.parametrize(
    ("way", "status"),
    [(register, 303), (register_where_it_is_full, 409), (resend, 303), (ask_for_lost_link, 303)],
)
def test_known_and_unknown_addresses_hear_the_same(site: Site, way: Ask, status: int) -> None:
    """Forty known and forty unknown addresses in turn: one and the same answer."""
    batches = [make.batch(capacity=4 * TIMES, code="open")]
    batches.append(make.batch(capacity=TIMES, code="full", waitlist_limit=0))
    for batch in batches:
        for number in range(TIMES):
            make.registration(batch, known(number), confirmed=True)
    answers: set[str] = set()
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(TIMES):
        for kind, email in (("known", known(number)), ("unknown", unknown(number))):
            said, took = ask(site, way, email)
            assert said.status == status, said.text
            answers.add(repr(said))
            times[kind].append(took)
    first, second = (median(times[kind]) * 1000 for kind in ("known", "unknown"))
    print(f"{way.__name__}: known {first:.1f} ms, unknown {second:.1f} ms (median of {TIMES})")
    assert len(answers) == 1, "\n\n".join(sorted(answers))
