"""A colleague's first weeks in a real browser: from the invitation to a batch called off.

Real processes and real letters; after each step the database and the mailbox are asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from enroll import clock
from enroll.accounts.activity import find_activity
from enroll.accounts.models import Staff
from enroll.batches.models import Batch, BatchSession, Seat
from enroll.batches.queries import find_batch
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.accounts.proving import code_of
from tests.journeys.walking import Walker, letter_to, link_in, until
from tests.serving import Site, Worker, command

pytestmark = [pytest.mark.browser, pytest.mark.either_database]

ADMIN, ADMIN_PASSWORD = "meera@example.org", "a long walk in the hills"
FARIDA, PASSWORD = "farida@example.org", "rain on the tin roof at night"
WEEKS = 20


class Desk(NamedTuple):
    """The site, its worker's mailbox, and the means to look into the database."""

    site: Site
    instance: Path


@pytest.fixture
def desk(app: Flask, database_url: str, instance: Path) -> Iterator[Desk]:
    """One course with a batch of ten seats to be copied, and a later one; both take people."""
    course = make.course("ml-engineering")
    earlier = make.batch(capacity=10, course_id=course, code="mle-01", title="ML Engineering",
                         place="Room 1", teacher="Dr. Rao", rhythm="Mondays", fee_currency="INR")
    _give_sessions(earlier)
    starts_on = clock.now().date() + timedelta(days=90)
    make.batch(capacity=4, course_id=course, code="mle-08", title="Later, mle-08",
               starts_on=starts_on, ends_on=starts_on + timedelta(days=30))
    made = command(database_url, instance, "staff-add", ADMIN, "--name", "Meera Pillai",
                   "--duty", "administer", "--password", ADMIN_PASSWORD)
    assert made.returncode == 0, made.stderr
    site = Site(database_url, instance, workers=2)
    with site, Worker(database_url, instance, env={"ENROLL_LOCAL_PORT": str(site.port)}):
        yield Desk(site, instance)


def _give_sessions(batch: Batch) -> None:
    begin = datetime.combine(batch.starts_on, time(17), UTC)

    def verb() -> None:
        for week in range(3):
            starts_at = begin + timedelta(weeks=week)
            db.session.add(BatchSession(batch_id=batch.id, starts_at=starts_at,
                                        ends_at=starts_at + timedelta(hours=2)))

    atomically(verb)


def _page(chromium: Browser, desk: Desk) -> Page:
    return chromium.new_context(base_url=desk.site.base_url).new_page()


def _sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/staff/login")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def _batch(code: str) -> Batch:
    db.session.rollback()
    db.session.expire_all()
    found = find_batch(code)
    assert found is not None, code
    return found


def _states(code: str) -> list[State]:
    batch = _batch(code)
    people = sa.select(Registration.state).where(Registration.batch_id == batch.id)
    return sorted(db.session.scalars(people.order_by(Registration.queue_number)))


def _seats(code: str) -> int:
    seats = sa.select(sa.func.count()).where(Seat.batch_id == _batch(code).id)
    return db.session.scalar(seats) or 0


def _person(email: str, code: str) -> Registration:
    found = sa.select(Registration).where(
        Registration.email == email, Registration.batch_id == _batch(code).id)
    return db.session.scalars(found.order_by(Registration.id.desc())).first()


def _register(desk: Desk, code: str, number: int) -> None:
    email = f"person{number}@example.org"
    person = Walker(desk.site.base_url)
    person.open(f"/batches/{code}/register")
    person.press("Register", "Join the waitlist", name=f"Person {number}", email=email,
                 consent="y", phone=f"+91 98765 432{number:02}")
    letter = letter_to(desk.instance, email, "Confirm")
    person.open(link_in(letter, desk.site.base_url))
    assert person.press("Confirm").status == 303


def test_from_the_invitation_to_a_batch_called_off(
    chromium: Browser, desk: Desk, database_url: str
) -> None:
    farida = _is_invited(chromium, desk)
    _copies_and_publishes(farida)
    for number in range(1, 13):
        _register(desk, "mle-02", number)
    assert _states("mle-02") == [State.CONFIRMED] * 10 + [State.WAITLISTED] * 2
    _resizes(farida, desk)
    _writes_to_all(farida, desk)
    _moves_one(farida, desk)
    _calls_off(farida, desk)
    audit = command(database_url, desk.instance, "audit")
    assert audit.returncode == 0, audit.stderr
    db.session.rollback()
    done = {row.action for row, name in find_activity(limit=200) if name == "Farida Noor"}
    assert done >= {"security.login", "security.two_factor_token_validation", "copying.copy",
                    "editing.save", "planning.go_live", "steering.resize", "bulk.act",
                    "steering.call_off_now"}


def _is_invited(chromium: Browser, desk: Desk) -> Page:
    """An administrator invites; she sets a password and an authenticator, and needs both."""
    admin = _page(chromium, desk)
    _sign_in(admin, ADMIN, ADMIN_PASSWORD)
    admin.goto("/staff/colleagues/invite")
    admin.get_by_label("Name").fill("Farida Noor")
    admin.get_by_label("E-mail address").fill(FARIDA)
    admin.get_by_label(re.compile("Plan batches")).check()
    _press(admin, "Send the invitation")
    expect(admin.locator(".flash")).to_contain_text("Farida Noor is invited")
    letter = letter_to(desk.instance, FARIDA, "Meera Pillai invites you")
    link = re.search(r"https?://\S+/staff/password/\S+", letter)
    assert link, letter

    farida = _page(chromium, desk)
    farida.goto(link[0])
    farida.get_by_label("New password").fill(PASSWORD)
    _press(farida, "Set the password")
    _sign_in(farida, FARIDA, PASSWORD)
    farida.goto("/staff/authenticator")
    _press(farida, "Set it up")
    key = farida.locator("code.key").inner_text()
    farida.get_by_label("Code of your authenticator").fill(code_of(key, -1))
    _press(farida, "Switch it on")
    expect(farida.locator(".flash").first).to_contain_text("asked for a code")
    farida.get_by_role("button", name="Sign out", exact=True).click()
    _sign_in(farida, FARIDA, PASSWORD)
    farida.get_by_label("Code of your authenticator").fill(code_of(key))
    _press(farida, "Sign in")
    farida.wait_for_url("**/staff/")
    db.session.rollback()
    staff = db.session.scalars(sa.select(Staff).where(Staff.email == FARIDA)).one()
    assert staff.tf_totp_secret
    assert [row.name for row in staff.roles] == ["plan"]
    letter_to(desk.instance, FARIDA, "Your password was changed")
    return farida


def _copies_and_publishes(page: Page) -> None:
    page.goto("/staff/batches/mle-01/copy")
    page.get_by_label("How many weeks later?").fill(str(WEEKS))
    _press(page, "Show the new dates")
    _press(page, "Make the draft mle-02")
    expect(page.locator("#checklist")).to_be_visible()
    old, new = _batch("mle-01"), _batch("mle-02")
    assert new.state is BatchState.DRAFT
    assert new.starts_on - old.starts_on == timedelta(weeks=WEEKS)
    # Registration would open as many weeks later: she wants it open now.
    page.goto("/staff/batches/mle-02/edit")
    opens = (clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    page.get_by_label("Registration opens").fill(opens)
    _press(page, "Save the draft")
    expect(page.locator(".flash")).to_contain_text("Saved")
    expect(page.locator(".checklist .must")).to_have_count(0)
    _press(page, "Go live")
    expect(page.locator(".flash")).to_contain_text("public now")
    assert _batch("mle-02").state is BatchState.CONFIRMED_TO_RUN
    assert _seats("mle-02") == 10


def _resizes(page: Page, desk: Desk) -> None:
    """One more seat: the first in line is offered it at once, and is told."""
    page.goto("/staff/batches/mle-02/steer")
    page.get_by_label("Number of seats").fill("11")
    _press(page, "Change the size")
    expect(page.locator(".flash")).to_contain_text("1 person who waited is offered one")
    assert _seats("mle-02") == 11
    assert _states("mle-02").count(State.OFFERED) == 1
    letter = letter_to(desk.instance, "person11@example.org", "A seat is free")
    person = Walker(desk.site.base_url)
    person.open(link_in(letter, desk.site.base_url))
    person.press("Take")
    assert _person("person11@example.org", "mle-02").state is State.CONFIRMED


def _writes_to_all(page: Page, desk: Desk) -> None:
    page.goto("/staff/batches/mle-02/messages/new")
    page.locator("input[name=to][value=live]").check()
    page.get_by_label("Subject").fill("The room has moved")
    page.locator("textarea[name=text]").fill("We meet on the *second* floor.")
    _press(page, "Show how it will look")
    expect(page.get_by_text("The room has moved").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Send")).first.click()

    def all_written() -> bool | None:
        db.session.rollback()
        count = sa.select(sa.func.count()).where(Letter.kind == "staff_message")
        return db.session.scalar(count) == 12 or None

    until(all_written, "twelve letters")

    def two_minutes_pass() -> None:
        db.session.execute(sa.update(Letter).where(Letter.kind == "staff_message")
                           .values(due_at=clock.now()))

    atomically(two_minutes_pass)
    for number in (1, 12):
        words = letter_to(desk.instance, f"person{number}@example.org", "The room has moved")
        assert "second" in words


def _moves_one(page: Page, desk: Desk) -> None:
    """Somebody enrolled goes to another batch; whoever waited is offered the seat that frees."""
    page.goto("/staff/batches/mle-02/roster?q=person3@")
    page.get_by_label("Tick Person 3").check()
    _press(page, "Move to another batch…")
    way = page.locator("select[name=to] option", has_text="mle-08").get_attribute("value")
    page.get_by_label("To which batch").select_option(way)
    page.get_by_label("The person reads this").fill("As you asked on the telephone.")
    page.get_by_role("button", name=re.compile("^Move")).last.click()
    expect(page.get_by_text("Person 3").first).to_be_visible()
    assert _person("person3@example.org", "mle-02").state is State.WITHDRAWN
    assert _person("person3@example.org", "mle-08").state is State.CONFIRMED
    assert _person("person12@example.org", "mle-02").state is State.OFFERED
    assert "As you asked" in letter_to(desk.instance, "person3@example.org", "mle-08")
    letter_to(desk.instance, "person12@example.org", "A seat is free")


def _calls_off(page: Page, desk: Desk) -> None:
    """The other batch does not take place: its person is offered a seat elsewhere, in one letter."""
    page.goto("/staff/board")
    expect(page.get_by_text("mle-08").first).to_be_visible()
    page.goto("/staff/batches/mle-08/call-off")
    expect(page.locator("main")).to_contain_text("ML Engineering")  # where a seat is free
    page.get_by_role("button", name=re.compile("[Cc]all")).last.click()
    expect(page.locator(".flash")).to_contain_text("1 person is written to")
    assert _batch("mle-08").state is BatchState.CALLED_OFF
    assert _person("person3@example.org", "mle-08").state is State.CANCELLED
    assert _person("person3@example.org", "mle-01").state is State.OFFERED
    letter_to(desk.instance, "person3@example.org", "Does not take place")
