"""One session is moved, cancelled or given to somebody else; letters, calendars, the telephone list."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from enroll.accounts.duties import Duty
from enroll.batches import planning
from enroll.batches.facts import batch_facts
from enroll.batches.models import Batch, BatchSession
from enroll.batches.queries import with_sessions
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.mail.rendering import render
from enroll.mail.states import LetterState
from enroll.registrations import sessions, steering
from enroll.registrations.notices import Change, SessionCall
from enroll.registrations.sessions import Wanted, change_session, reach
from tests import make
from tests.accounts.people import colleague, csrf_token, sign_in
from tests.reading import hidden_fields


def _batch(code: str = "mle-02", people: int = 2, weeks: int = 3) -> Batch:
    batch = make.batch(capacity=5, code=code, teacher="Dr. Rao", place="Room 1")
    begin = datetime.combine(batch.starts_on, time(17), UTC)

    def give() -> None:
        for week in range(weeks):
            at = begin + timedelta(weeks=week)
            db.session.add(BatchSession(batch_id=batch.id, starts_at=at, topic=f"Part {week + 1}",
                                        ends_at=at + timedelta(hours=2)))

    atomically(give)
    for number in range(people):
        make.registration(batch, f"person{number}@example.org", confirmed=True)
    make.registration(batch, "held@example.org")  # not enrolled yet
    return batch


def _sessions(batch: Batch) -> list[BatchSession]:
    db.session.rollback()
    db.session.expire_all()
    return list(with_sessions([batch.id])[0].sessions)


def _change(batch: Batch, number: int, kind: Change, now: datetime, **changes: Any) -> Any:
    session = _sessions(batch)[number]
    given = {"starts_at": session.starts_at, "ends_at": session.ends_at} | changes
    seen = given.pop("seen", session.sequence)
    return atomically(change_session, batch_id=batch.id, session_id=session.id, seen=seen,
                      wanted=Wanted(kind, **given), by="staff 1", now=now)


def _letters(kind: str = "session_changed") -> list[Letter]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Letter).where(Letter.kind == kind).order_by(Letter.id)))


def _calendar(letter: Letter) -> Calendar:
    message = message_from_bytes(render(letter), policy=policy.default)
    (part,) = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    assert part.get_param("method") == str(calendar["method"])
    return calendar


def test_a_moved_session_is_told_once_to_everybody_enrolled(app: Flask, now: datetime) -> None:
    batch = _batch()
    old = _sessions(batch)[1]
    later = old.starts_at + timedelta(days=1)
    notice = _change(batch, 1, Change.MOVED, now, starts_at=later,
                     ends_at=later + timedelta(hours=3))
    letters = _letters()
    assert [one.recipient for one in letters] == ["person0@example.org", "person1@example.org"]
    (event,) = _calendar(letters[0]).walk("VEVENT")
    assert str(event["uid"]).startswith(f"session-{old.id}@")
    assert event["dtstart"].dt == later
    assert int(event["sequence"]) == 2
    assert [row.letter.id for row in sessions.calls(notice.id)] == [one.id for one in letters]
    assert _change(batch, 1, Change.MOVED, now) is None  # the very same time again
    assert len(_letters()) == 2


def test_a_cancelled_session_leaves_all_calendars(
    app: Flask, client: FlaskClient, now: datetime
) -> None:
    batch = _batch()
    first, second, last = _sessions(batch)
    _change(batch, 2, Change.CANCELLED, now)
    (letter, _other) = _letters()
    calendar = _calendar(letter)
    assert str(calendar["method"]) == "CANCEL"
    assert [str(one["uid"]).split("@")[0] for one in calendar.walk("VEVENT")] == [
        f"session-{last.id}"]
    feed = Calendar.from_ical(client.get("/batches/mle-02.ics").data)
    status = {str(one["uid"]).split("@")[0]: one.get("status") for one in feed.walk("VEVENT")}
    assert status == {f"session-{first.id}": None, f"session-{second.id}": None,
                      f"session-{last.id}": "CANCELLED"}
    assert "does not take place" in client.get("/batches/mle-02").text
    db.session.rollback()
    assert db.session.get_one(Batch, batch.id).ends_on == second.starts_at.date()
    _change(batch, 0, Change.CANCELLED, now)
    assert batch_facts(batch.id).begins_at == second.starts_at  # it begins with what takes place
    for number in (0, 2):
        with pytest.raises(sessions.SessionOver):
            _change(batch, number, Change.CANCELLED, now)


def test_another_teacher_for_one_session_alone(
    app: Flask, client: FlaskClient, now: datetime
) -> None:
    batch = _batch()
    _change(batch, 0, Change.STAFFED, now, teacher="Prof. Iyer", place="Room 9")
    letter = _letters()[0]
    assert letter.context["session"]["teacher"] == "Prof. Iyer"
    (event,) = _calendar(letter).walk("VEVENT")
    assert str(event["location"]) == "Room 9"
    page = client.get("/batches/mle-02").text
    assert "Prof. Iyer" in page
    assert _sessions(batch)[1].teacher == ""


def test_sequence_never_falls_whatever_changes(app: Flask, now: datetime) -> None:
    """RFC 5546, 2.1.4: a calendar takes only what has a higher SEQUENCE for the UID."""
    batch = _batch(people=1)
    seen: dict[str, int] = {}
    uid = f"session-{_sessions(batch)[1].id}@"

    def look() -> None:
        for letter in db.session.scalars(sa.select(Letter).order_by(Letter.id)):
            for event in (letter.context.get("calendar") or {}).get("events", []):
                number = event.get("sequence", letter.context["calendar"]["sequence"])
                known = seen.get(f"{event['uid']} {letter.id}")
                assert known in (None, number)
                seen[f"{event['uid']} {letter.id}"] = number

    def move(days: int) -> None:
        at = _sessions(batch)[1].starts_at + timedelta(days=days)
        _change(batch, 1, Change.MOVED, now, starts_at=at, ends_at=at + timedelta(hours=1))

    move(1)
    atomically(steering.reschedule, batch_id=batch.id, days=7, now=now)
    move(1)
    _change(batch, 1, Change.CANCELLED, now)
    atomically(steering.reschedule, batch_id=batch.id, days=7, now=now)
    db.session.rollback()
    look()
    numbers = [number for key, number in sorted(seen.items(), key=lambda it: int(it[0].split()[1]))
               if key.startswith(uid)]
    assert numbers == sorted(numbers)
    assert len(set(numbers[1:])) == len(numbers[1:])
    assert len(numbers) == 5  # enrolled, moved, rescheduled, moved, cancelled; then no more


def test_an_unsent_word_that_is_not_true_any_more_is_dropped(app: Flask, now: datetime) -> None:
    batch = _batch(people=1)
    other = _sessions(batch)[0].starts_at + timedelta(hours=1)
    _change(batch, 0, Change.MOVED, now, starts_at=other, ends_at=other + timedelta(hours=1))
    at = _sessions(batch)[1].starts_at
    for hours in (1, 2):
        _change(batch, 1, Change.MOVED, now, starts_at=at + timedelta(hours=hours),
                ends_at=at + timedelta(hours=4))
    states = [one.state for one in _letters()]
    assert states == [LetterState.QUEUED, LetterState.SUPPRESSED, LetterState.QUEUED]


def test_what_cannot_be_is_refused(app: Flask, now: datetime) -> None:
    batch = _batch()
    at = _sessions(batch)[0].starts_at
    with pytest.raises(sessions.NoSuchTime):
        _change(batch, 0, Change.MOVED, now, starts_at=now - timedelta(hours=1), ends_at=at)
    with pytest.raises(sessions.NoSuchTime):
        _change(batch, 0, Change.MOVED, now, ends_at=at)
    with pytest.raises(planning.Changed):
        _change(batch, 0, Change.CANCELLED, now, seen=7)
    with pytest.raises(sessions.SessionOver):
        _change(batch, 0, Change.CANCELLED, at + timedelta(minutes=1))
    assert _letters() == []
    atomically(steering.call_off, batch_id=batch.id, by="staff 1", now=now)
    with pytest.raises(steering.BatchMoved):
        _change(batch, 0, Change.CANCELLED, now)


def test_ticks_are_kept_once_and_taken_back(app: Flask, now: datetime) -> None:
    batch = _batch()
    notice = _change(batch, 0, Change.CANCELLED, now)
    other = _batch("other", people=1)
    person = sessions.calls(notice.id)[0].one.id

    def press(is_reached: bool, batch_id: int = batch.id) -> bool | None:
        return atomically(reach, batch_id=batch_id, notice_id=notice.id, registration_id=person,
                          is_reached=is_reached, by="staff 1", now=now)

    assert [press(True), press(True), press(False), press(False), press(True)] == [
        True, False, True, False, True]
    assert press(True, other.id) is None
    (one,) = sessions.progress(batch.id)
    assert (one.people, one.reached) == (2, 1)


# ---------------------------------------------------------------- pages


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    colleague(Duty.PLAN)
    sign_in(client)
    return client


@pytest.mark.either_database
def test_from_a_phone_the_summary_first_then_the_list(staff: FlaskClient) -> None:
    batch = _batch()
    session = _sessions(batch)[0]
    assert f"/sessions/{session.id}" in staff.get("/staff/batches/mle-02/sessions").text
    path = f"/staff/batches/mle-02/sessions/{session.id}/move"
    begins = (session.starts_at + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    fields = hidden_fields(staff.get(path).text) | {"begins": begins, "ends": "21:00"}
    wrong = staff.post(path, data=fields | {"begins": "some time"})
    assert wrong.status_code == 422
    shown = staff.post(path, data=fields)
    assert "2 enrolled people get this e-mail" in shown.text
    assert "Is now on" in shown.text
    assert _letters() == []
    answer = staff.post(path, data=hidden_fields(shown.text))
    assert "/sessions/calls/" in answer.location
    page = staff.get(answer.location)
    assert "0 of 2 reached" in page.text
    again = staff.post(path, data=hidden_fields(shown.text))
    assert again.status_code == 409
    assert len(_letters()) == 2
    person = db.session.scalars(sa.select(SessionCall.registration_id)).first()
    token = {"csrf_token": csrf_token(staff, "/staff/batches/mle-02/sessions")}
    for _ in range(2):
        assert staff.post(f"{answer.location}/{person}/reached", data=token).status_code == 303
    assert "1 of 2 reached" in staff.get(answer.location).text
    assert "1 of 2 reached" in staff.get("/staff/batches/mle-02/sessions").text


@pytest.mark.either_database
def test_nothing_of_another_batch_is_found(staff: FlaskClient, now: datetime) -> None:
    batch, other = _batch(), _batch("other", people=1)
    session = _sessions(other)[0]
    notice = _change(other, 0, Change.CANCELLED, now)
    person = sessions.calls(notice.id)[0].one.id
    token = {"csrf_token": csrf_token(staff, "/staff/batches/mle-02/steer")}
    base = f"/staff/batches/{batch.code}/sessions"
    for path in (f"{base}/{session.id}", f"{base}/{session.id}/move", f"{base}/calls/{notice.id}",
                 f"{base}/{10**12}", f"{base}/calls/{10**12}"):
        assert staff.get(path).status_code == 404, path
    assert staff.post(f"{base}/{session.id}/cancel", data=token).status_code == 404
    assert staff.post(f"{base}/calls/{notice.id}/{person}/reached", data=token).status_code == 404
