"""Every staff page against a stranger, a colleague with the wrong duty, and the right one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches.models import BatchSession
from enroll.catalog import editing
from enroll.catalog.documents import Kind
from enroll.catalog.models import Course
from enroll.comments import appeals, questions, reasons
from enroll.comments.states import Verb
from enroll.console.guard import duties_of, guarded, needs
from enroll.console.sign_in import OPEN  # how else would anybody come in
from enroll.db import atomically, db
from enroll.registrations.acts import RosterAct
from enroll.registrations.import_rows import RosterImport
from enroll.registrations.import_states import ImportState
from enroll.registrations.notices import SessionNotice
from tests import make
from tests.accounts.people import colleague, csrf_token, sign_in
from tests.comments import acting
from tests.contents import contents
from tests.registrations.corresponding import draft


def _pages(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and an address of each staff page."""
    batch = make.batch(code="ml-1")
    atomically(
        editing.begin,
        kind=Kind.COURSE,
        document={"slug": "new", "title": "New", "summary": "", "modules": []}
        | {"level": "Beginner", "weeks": 1, "hours_per_week": 1}
        | dict.fromkeys(("audience", "prerequisites", "requires", "outcomes"), []),
        by="test",
        now=clock.now(),
    )  # the first one, so that its number is the registration's
    one = make.registration(batch, confirmed=True)
    draft(batch, colleague(Duty.PLAN, email="writer@example.org"))  # the first message, too
    values = {"code": batch.code, "number": one.id, "which": 1, "token": "x"} | _said()
    slug = db.session.scalars(sa.select(Course.slug).where(Course.id == batch.course_id)).one()
    values |= {"slug": slug, "person": 1, "what": "cancel", "kind": "csv"}
    values["number"] = atomically(_changed_session, batch.id, int(values["number"]))
    atomically(_acted, batch.id, values["number"])
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if not rule.rule.startswith("/staff") or rule.endpoint in OPEN:
                continue
            missing = rule.arguments - set(values)
            assert not missing, f"tell this test a value for {missing} of {rule}"
            _domain, path = rule.build({name: values[name] for name in rule.arguments})
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                asked = ASKED.get(rule.endpoint, "") if method == "GET" else ""
                yield rule.endpoint, method, path + asked


# Pages that show something only when asked for it.
ASKED = {"bulk.show": "?verb=cancel&people=1"}


def _changed_session(batch_id: int, number: int) -> int:
    """A session, a notice of it and a list under this number, too."""
    at = clock.now() + timedelta(days=31)
    db.session.add(BatchSession(id=number, batch_id=batch_id, starts_at=at,
                                ends_at=at + timedelta(hours=1)))
    db.session.add(RosterImport(id=number, batch_id=batch_id, key="k" * 20, filename="x", by_id=1,
                                state=ImportState.LOOKED_AT, is_told=True, read_at=at))
    db.session.flush()
    db.session.add(SessionNotice(id=number, batch_id=batch_id, session_id=number, kind="moved",
                                 was_at=at, at=at, by="staff 1"))
    return number


def _acted(batch_id: int, number: int) -> None:
    """A press for many people that has a page of results."""
    db.session.add(RosterAct(id=number, batch_id=batch_id, verb="cancel", by="staff 1",
                             at=clock.now()))


def _said() -> dict[str, int]:
    """A comment, an appeal, a private question and a reason."""
    atomically(reasons.fill_if_empty)
    comment = acting.published("Published?")
    turned_down = acting.confirmed("Not published.")
    acting.decide(Verb.REJECT, turned_down)
    now = clock.now()
    appeal = atomically(appeals.appeal, comment_id=turned_down.id, text="Look again.", now=now)
    asked = atomically(questions.ask, post=acting.post("In private?"), now=now)
    return {
        "comment": comment.id,
        "appeal": appeal.id,
        "question": asked.id,
        "version": asked.version,
        "reason": 1,
    }


def test_every_staff_page_against_everybody(app: Flask) -> None:
    pages = list(_pages(app))
    assert pages
    browsers = {}
    for duty in (None, *Duty):
        email = f"{duty or 'none'}@example.org"
        colleague(*([duty] if duty else []), email=email)
        browsers[duty] = app.test_client()
        assert sign_in(browsers[duty], email=email).status_code == 302
    stranger = app.test_client()
    for endpoint, method, path in pages:
        duties = duties_of(endpoint)
        assert duties, f"{endpoint} declares no duty"
        answer = stranger.open(path, method=method)
        if method != "GET":
            # Without a token some are refused even before the guard looks at them.
            assert answer.status_code == 400 or answer.location == "/staff/login", path
            for duty in set(browsers) - duties:
                assert browsers[duty].post(path).status_code in (400, 403), (path, duty)
            continue
        assert answer.status_code == 302, path
        assert answer.location.startswith("/staff/login?next="), path
        for duty, browser in browsers.items():
            leads_on = endpoint == "security.wan_delete"  # its list is another page
            expected = (302 if leads_on else 200) if duty in duties else 403
            assert browser.get(path).status_code == expected, (path, duty)


def test_nothing_is_found_under_the_number_of_something_else(app: Flask) -> None:
    """Numbers that nobody has, and numbers that belong to another batch: 404, and nothing happens."""
    _pages_once = list(_pages(app))
    assert _pages_once
    make.batch(code="other")
    colleague(*Duty, email="everything@example.org")
    browser = app.test_client()
    sign_in(browser, email="everything@example.org")
    token = csrf_token(browser, "/staff/account")
    before = contents(without=("activity", "staff_session"))
    tried, found = 0, []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/staff") or "int:" not in rule.rule:
            continue
        for path in _wrong(app, rule):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answer = browser.open(path, method=method, data={"csrf_token": token})
                found += [(method, path, answer.status_code)] if answer.status_code != 404 else []
                tried += 1
    assert tried > 100
    assert not found, "\n".join(map(str, found))
    assert contents(without=("activity", "staff_session")) == before


def _wrong(app: Flask, rule: Rule) -> Iterator[str]:
    """The address of a rule with numbers that nobody has; of a thing in a batch, under another batch."""
    known: dict[str, object] = {"code": "ml-1", "slug": "x", "what": "cancel", "kind": "csv",
                                "token": "x", "which": 1}
    ints = [name for name, part in rule._converters.items() if part.regex == r"\d+"]
    with app.test_request_context():
        for number in (2**31 - 1, 2**31, 10**12):
            values = known | dict.fromkeys(ints, number)
            yield rule.build({name: values[name] for name in rule.arguments})[1]
        if "code" in rule.arguments:
            values = known | dict.fromkeys(ints, 1) | {"code": "other"}
            yield rule.build({name: values[name] for name in rule.arguments})[1]


def _with_trial_pages(app: Flask) -> FlaskClient:
    """The application with three more pages, and a browser signed in with every duty but one."""
    pages = Blueprint("trial", __name__, url_prefix="/staff/trial")

    @pages.route("/undeclared", methods=["GET", "POST"])
    def undeclared() -> str:
        return "open"

    @pages.get("/nobody")
    @needs()
    def nobody() -> str:
        return "open"

    @pages.route("/either", methods=["GET", "POST"])
    @needs(Duty.ADMINISTER, Duty.PLAN)
    def either() -> str:
        return "open"

    app.register_blueprint(guarded(pages))
    app.config["WTF_CSRF_ENABLED"] = True
    colleague(Duty.PLAN, Duty.MODERATE)
    client = app.test_client()
    sign_in(client)
    return client


@pytest.mark.parametrize("path", ["/staff/trial/undeclared", "/staff/trial/nobody"])
def test_a_page_that_declares_no_duty_is_closed(app: Flask, path: str) -> None:
    client = _with_trial_pages(app)
    assert client.get(path).status_code == 403
    assert client.head(path).status_code == 403
    assert app.test_client().get(path).status_code == 302


def test_one_of_several_duties_is_enough(app: Flask) -> None:
    assert _with_trial_pages(app).get("/staff/trial/either").text == "open"


def test_a_stranger_who_pressed_a_button_is_not_led_back_to_it(app: Flask) -> None:
    _with_trial_pages(app)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    answer = app.test_client().post("/staff/trial/either")
    assert (answer.status_code, answer.location) == (302, "/staff/login")
