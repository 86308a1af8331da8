"""The whole story, as people live it: from the first page to the seat, and to somebody else's seat.

Real processes, real letters. Nobody here knows an address: they read the page, follow its links,
press its buttons, and open the link in their mail.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.contents import contents
from tests.journeys.walking import Walker, letter_to, link_in
from tests.serving import Site, Worker, command

TITLE = "ML Engineering, weekday evenings"


@pytest.fixture
def site(app: Flask, database_url: str, instance: Path) -> Iterator[Site]:
    """The product with its catalog and one batch of two seats, and a worker beside it."""
    loaded = command(database_url, instance, "catalog", "load")
    assert loaded.returncode == 0, loaded.stderr
    make.batch(capacity=2, course_id=make.course("ml-engineering"), title=TITLE)
    with Site(database_url, instance, workers=2) as site:
        # The worker writes the links into the letters, so it must know where the site is.
        port = {"ENROLL_LOCAL_PORT": str(site.port)}
        with Worker(database_url, instance, env=port):
            yield site


def register(site: Site, name: str, email: str) -> Walker:
    """Walk from the first page to the batch and register."""
    person = Walker(site.base_url)
    assert person.open("/").status == 200
    person.follow("Machine Learning Engineer")
    assert "Machine Learning Engineer" in person.text()
    person.follow(TITLE)
    person.follow("Register", "Join the waitlist")
    pressed = person.press("Register", "Join the waitlist", name=name, email=email, consent="y")
    assert pressed.status == 303, person.text()
    assert "look into your mailbox" in person.text()
    assert email in person.text()
    return person


def open_letter(site: Site, instance: Path, email: str, subject: str) -> Walker:
    """Open the link in the letter, in a browser that has never been here, as on a phone."""
    link = link_in(letter_to(instance, email, subject), site.base_url)
    person = Walker(site.base_url)
    assert person.open(link).status == 200
    return person


def unchanged_by_looking(person: Walker) -> None:
    """A mail scanner, a preview, a nervous reader: looking changes nothing."""
    quiet = ("worker_beat",)
    before = contents(without=quiet)
    for _ in range(5):
        assert person.open(person.path).status == 200
    assert contents(without=quiet) == before


def roster(site: Site, database_url: str, instance: Path) -> str:
    """What staff read on the roster of the batch; their account is made by the command."""
    made = command(
        *(database_url, instance, "staff-add", "meera@example.org", "--name", "Meera"),
        *("--duty", "plan", "--password", "a long walk in the hills"),
    )
    assert made.returncode == 0, made.stderr
    staff = Walker(site.base_url)
    staff.open("/staff/login")
    staff.press("Sign in", email="meera@example.org", password="a long walk in the hills")  # noqa: S106
    staff.open("/staff/")
    if staff.page.location:
        staff.open(staff.page.location)
    staff.follow("b-")
    assert "Roster of" in staff.text()
    return staff.text()


def test_from_the_first_page_to_the_seat_and_on(
    site: Site, database_url: str, instance: Path
) -> None:
    # Asha registers, reads her letter, confirms.
    register(site, "Asha Verma", "asha@example.org")
    asha = open_letter(site, instance, "asha@example.org", "Confirm your e-mail to take your seat")
    assert "Seat kept for you until" in asha.text()
    unchanged_by_looking(asha)
    button = asha.form("Confirm my e-mail")
    assert asha.press("Confirm my e-mail").status == 303
    assert "Thank you" in asha.text()
    assert "You are enrolled" in asha.text()
    before = contents(without=("worker_beat", "letter"))
    assert asha.again(button).status == 303
    assert "You had confirmed already" in asha.text()
    assert contents(without=("worker_beat", "letter")) == before
    letter_to(instance, "asha@example.org", "nrolled")

    # Staff see her.
    seen = roster(site, database_url, instance)
    assert "Asha Verma asha@example.org" in seen
    assert "Enrolled Seat 1" in seen

    # Bilal takes the last seat; Chiara can only wait, and confirms her place.
    register(site, "Bilal Khan", "bilal@example.org")
    bilal = open_letter(site, instance, "bilal@example.org", "Confirm your e-mail")
    register(site, "Chiara Conti", "chiara@example.org")
    chiara = open_letter(site, instance, "chiara@example.org", "Confirm your e-mail")
    assert "keep place 1 on the waitlist" in chiara.text()
    assert chiara.press("keep my place").status == 303
    assert "You are number 1 on the waitlist" in chiara.text()

    # Bilal gives his seat up. Chiara is written to, takes it, and has it.
    assert bilal.press("Give it up").status == 303
    assert "You gave up your seat" in bilal.text()
    chiara = open_letter(site, instance, "chiara@example.org", "A seat is free for you")
    unchanged_by_looking(chiara)
    assert chiara.press("Take it").status == 303
    assert "You are enrolled" in chiara.text()
    letter_to(instance, "chiara@example.org", "nrolled")

    done = command(database_url, instance, "audit", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    audit = json.loads(done.stdout)
    assert audit["problems"] == []
    (figures,) = audit["batches"].values()
    assert (figures["capacity"], figures["seated"], figures["waitlisted"]) == (2, 2, 0)
