"""Planning batches: new, copied, from a pattern, checked, changed; as staff do it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.batches import planning
from enroll.batches.checklist import Point, check
from enroll.batches.clashing import Need, clashes, foreseen
from enroll.batches.copying import copied, copy_batch, next_code
from enroll.batches.models import Batch, BatchSession, Seat
from enroll.batches.planning import Plan, plan_batch
from enroll.batches.queries import find_batch, with_sessions
from enroll.batches.recurrence import Pattern, meetings, shifted
from enroll.batches.states import BatchState
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.registrations import altering, steering
from enroll.registrations.states import State
from tests import make
from tests.accounts.people import colleague, csrf_token, sign_in
from tests.reading import hidden_fields

BERLIN = ZoneInfo("Europe/Berlin")


# ---------------------------------------------------------------- patterns


@given(
    weekdays=st.sets(st.integers(0, 6), min_size=1),
    first_on=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    begins=st.times(time(4), time(20)).map(lambda it: it.replace(second=0, microsecond=0)),
    count=st.integers(1, 60),
    besides=st.sets(st.dates(date(2026, 1, 1), date(2029, 12, 31)), max_size=40),
    zone=st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"]),
)
def test_local_hours_never_change_and_no_session_is_on_a_day_left_out(
    weekdays: set[int], first_on: date, begins: time, count: int, besides: set[date], zone: str
) -> None:
    ends = (datetime.combine(date.min, begins) + timedelta(hours=2)).time()
    there = ZoneInfo(zone)
    found = meetings(
        Pattern(weekdays=weekdays, begins=begins, ends=ends, first_on=first_on, count=count,
                besides=besides),
        there,
    )
    assert len(found) == count  # a day left out is made up for
    assert found == sorted(set(found))
    for begin, end in found:
        local = begin.astimezone(there)
        assert (local.time(), end.astimezone(there).time()) == (begins, ends)
        assert local.weekday() in weekdays
        assert local.date() not in besides
        assert local.date() >= first_on


def test_until_a_day_it_counts_that_day_and_over_midnight_ends_on_the_next() -> None:
    pattern = Pattern(weekdays={4}, begins=time(22), ends=time(0, 30), first_on=date(2027, 3, 5),
                      until=date(2027, 3, 26), besides={date(2027, 3, 12)})
    found = meetings(pattern, BERLIN)
    assert [begin.astimezone(BERLIN).day for begin, _end in found] == [5, 19, 26]
    assert {end - begin for begin, end in found} == {timedelta(hours=2, minutes=30)}
    assert meetings(Pattern(weekdays={0}, begins=time(9), ends=time(10), first_on=date(2027, 1, 1),
                            until=date(2027, 1, 2)), BERLIN) == []


def test_shifting_by_weeks_keeps_the_hour_on_the_wall() -> None:
    before = datetime(2027, 3, 22, 17, tzinfo=UTC)  # 18:00 in Berlin, winter time
    after = shifted(before, weeks=1, zone=BERLIN)
    assert after == datetime(2027, 3, 29, 16, tzinfo=UTC)  # 18:00 again, summer time


# ---------------------------------------------------------------- verbs


def _draft(code: str = "mle-02", **changes: object) -> Batch:
    begin = datetime(2027, 3, 22, 17, tzinfo=UTC)
    plan = {
        "code": code,
        "course_id": make.course(),
        "title": "Evening batch",
        "capacity": 3,
        "starts_on": date(2027, 3, 22),
        "ends_on": date(2027, 4, 26),
        "zone": "Europe/Berlin",
        "opens_at": datetime(2026, 11, 1, 8, tzinfo=UTC),
        "closes_at": datetime(2027, 3, 19, 17, tzinfo=UTC),
        "minimum": 2,
        "decide_on": date(2027, 3, 15),
        "place": "Room 1",
        "teacher": "Dr. Rao",
        "rhythm": "Mondays, 18:00",
        "fee_currency": "EUR",
        "payment": "In two halves.",
        "refund": "All of it before the second class.",
        "missed": "Watch the recording.",
        "join_link": "https://meet.example/1",
        "sessions": tuple(
            (begin + timedelta(weeks=week), begin + timedelta(weeks=week, hours=2), f"Part {week}")
            for week in range(6)
        ),
    } | changes
    return atomically(plan_batch, plan=Plan(**plan))


def test_a_copy_has_every_date_later_and_nobody_in_it(app: Flask) -> None:
    batch = _draft()
    (old,) = with_sessions([batch.id])
    plan = copied(old, code="mle-03", weeks=8)
    assert (plan.starts_on, plan.ends_on, plan.decide_on) == (
        date(2027, 5, 17), date(2027, 6, 21), date(2027, 5, 10))
    assert plan.join_link == ""
    assert (plan.capacity, plan.minimum, plan.teacher) == (3, 2, "Dr. Rao")
    assert (plan.payment, plan.refund, plan.missed) == (
        "In two halves.", "All of it before the second class.", "Watch the recording.")
    assert plan.closes_at == datetime(2027, 5, 14, 18, tzinfo=BERLIN)
    for before, (starts_at, ends_at, topic) in zip(old.sessions, plan.sessions, strict=True):
        assert starts_at.astimezone(BERLIN).hour == before.starts_at.astimezone(BERLIN).hour
        assert ends_at - starts_at == timedelta(hours=2)
        assert topic == before.topic
    made = atomically(copy_batch, batch_id=batch.id, code="mle-03", weeks=8)
    assert made.state is BatchState.DRAFT
    assert db.session.scalar(
        sa.select(sa.func.count()).select_from(Seat).where(Seat.batch_id == made.id)) == 3
    with pytest.raises(planning.CodeTaken):
        atomically(copy_batch, batch_id=batch.id, code="mle-03", weeks=9)


def test_the_next_code_is_free_and_no_longer_than_a_code_may_be(app: Flask) -> None:
    _draft("mle-02")
    _draft("mle-03")
    assert next_code("mle-02") == "mle-04"
    assert next_code("mle-099") == "mle-100"
    assert next_code("evening") == "evening-02"
    assert next_code("a" * 40) == "a" * 37 + "-02"
    assert next_code("b" * 38 + "99") == "b" * 36 + "-100"


def test_a_zone_that_was_a_slip_leaves_the_hours_on_the_wall(app: Flask) -> None:
    """The clocks of Berlin change between its sessions, those of Kolkata never do."""
    batch = _draft(zone="Asia/Kolkata", sessions=tuple(
        (begin, begin + timedelta(hours=2), "")
        for begin in (datetime(2027, 3, day, 18, tzinfo=ZoneInfo("Asia/Kolkata"))
                      for day in (22, 29))))
    atomically(planning.change_draft, batch_id=batch.id, seen=1, values={"zone": "Europe/Berlin"})
    (found,) = with_sessions([batch.id])
    assert [one.starts_at.astimezone(UTC).hour for one in found.sessions] == [17, 16]
    assert {one.ends_at - one.starts_at for one in found.sessions} == {timedelta(hours=2)}


def test_an_hour_that_the_clocks_skip_ends_after_it_begins() -> None:
    pattern = Pattern(weekdays={6}, begins=time(2, 30), ends=time(3, 15),
                      first_on=date(2027, 3, 28), count=2)
    for begin, end in meetings(pattern, BERLIN):
        assert end - begin == timedelta(minutes=45)


def test_the_same_teacher_or_room_at_once_is_a_clash(app: Flask) -> None:
    mine = _draft("a-1")
    _draft("b-1", place="Room 2", teacher="dr. rao ")  # the teacher, however typed
    _draft("b-2", teacher="Somebody", place="Room 1")  # the room
    _draft("b-3", teacher="Somebody", place="Room 1", is_online=True)  # needs no room
    later = tuple((one.starts_at + timedelta(hours=2), one.ends_at + timedelta(hours=2), "")
                  for one in with_sessions([mine.id])[0].sessions)
    _draft("b-4", sessions=later)  # right afterwards
    found = clashes(mine.id)
    assert {(one.code, one.teacher, one.place) for one in found} == {
        ("b-1", "dr. rao ", ""), ("b-2", "", "Room 1")}
    assert len(found) == 12
    # Before anything is saved, the same is said of the same hours.
    held = [(one.starts_at, one.ends_at) for one in with_sessions([mine.id])[0].sessions]
    thought = foreseen(held, Need("Dr. Rao", "Room 1", False), besides=mine.id)
    assert sorted(thought) == sorted(one._replace(session_id=None) for one in found)
    assert {one.code for one in foreseen(held, Need("Dr. Rao", "Room 1", True))} == {"a-1", "b-1"}
    assert foreseen(held, Need("", "", False)) == []

    def cancel_one() -> None:
        session = db.session.get_one(BatchSession, found[0].session_id)
        session.cancelled_at = clock.now()

    atomically(cancel_one)
    assert len(clashes(mine.id)) == 10


@pytest.mark.parametrize(
    ("changes", "point"),
    [
        ({"capacity": 0}, "seats"),
        ({"sessions": ()}, "sessions"),
        ({"ends_on": date(2027, 4, 1)}, "inside"),
        ({"closes_at": datetime(2027, 3, 23, tzinfo=UTC)}, "window"),
        ({"place": ""}, "place"),
        ({"minimum": 4}, "minimum"),
        ({"decide_on": None}, "decision"),
        ({"decide_on": date(2027, 3, 23)}, "decision"),
        ({"decide_on": date(2026, 1, 1)}, "decision"),
        ({"needs_approval": True}, "criteria"),
        ({"needs_approval": True, "criteria": "By motivation", "answer_on": date(2027, 3, 23)},
         "criteria"),
    ],
)
def test_what_must_be_there_keeps_a_draft_from_going_live(
    app: Flask, now: datetime, changes: dict[str, object], point: str
) -> None:
    batch = _draft(**changes)
    with pytest.raises(planning.NotReady) as refusal:
        atomically(planning.go_live, batch_id=batch.id, now=now)
    assert point in [one.value for one in refusal.value.facts["points"]]
    assert find_batch("mle-02").state is BatchState.DRAFT


def test_a_whole_plan_goes_live_once_whatever_is_only_advice(app: Flask, now: datetime) -> None:
    batch = _draft(teacher="", rhythm="", fee_currency="")
    assert atomically(planning.go_live, batch_id=batch.id, now=now)
    assert not atomically(planning.go_live, batch_id=batch.id, now=now)
    assert find_batch("mle-02").state is BatchState.TENTATIVE


# ---------------------------------------------------------------- pages

page = pytest.mark.either_database


def _now(code: str) -> Batch:
    """The batch as it is in the database now."""
    db.session.rollback()
    db.session.expire_all()
    found = find_batch(code)
    assert found is not None
    return found


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    colleague(Duty.PLAN)
    sign_in(client)
    return client


def _send(client: FlaskClient, path: str, at: str = "", **fields: object) -> TestResponse:
    token = csrf_token(client, at or path)
    return client.post(path, data=fields | {"csrf_token": token})


def _edit(client: FlaskClient, **changes: object) -> TestResponse:
    """Change some fields of the form and send all of it, as a browser does."""
    shown = client.get("/staff/batches/mle-02/edit").text
    fields = {
        "title": "Evening batch", "rhythm": "Mondays, 18:00", "place": "Room 1",
        "teacher": "Dr. Rao", "language": "en", "fee": "0", "fee_currency": "EUR",
        "opens_at": "2026-11-01T09:00", "closes_at": "2027-03-19T18:00", "minimum": "2",
        "decide_on": "2027-03-15", "hold_hours": "24", "offer_hours": "48",
        "join_link": "https://meet.example/1", "starts_on": "2027-03-22", "ends_on": "2027-04-26",
        "zone": "Europe/Berlin", "capacity": "3", "payment": "In two halves.",
        "refund": "All of it before the second class.", "missed": "Watch the recording.",
    }
    return client.post("/staff/batches/mle-02/edit", data=fields | hidden_fields(shown) | changes)


@page
def test_a_batch_is_copied_with_its_dates_shown_first(staff: FlaskClient) -> None:
    _draft()
    shown = staff.get("/staff/batches/mle-02/copy?weeks=8&code=mle-03").text
    assert "Monday, 17 May 2027" in shown
    assert find_batch("mle-03") is None
    answer = _send(staff, "/staff/batches/mle-02/copy", weeks="8", code="mle-03")
    assert answer.location == "/staff/batches/mle-03/plan"
    db.session.rollback()
    assert _now("mle-03").starts_on == date(2027, 5, 17)
    again = _send(staff, "/staff/batches/mle-02/copy", weeks="8", code="mle-03")
    assert again.status_code == 409
    assert "Another batch has this code" in again.text
    for wrong in ({"weeks": "0", "code": "x"}, {"weeks": "2", "code": "No Code"}, {"code": "x"}):
        assert _send(staff, "/staff/batches/mle-02/copy", **wrong).status_code == 422


@page
def test_the_new_first_day_may_be_given_in_place_of_the_weeks(staff: FlaskClient) -> None:
    _draft()
    at = "/staff/batches/mle-02/copy"
    wrong = staff.get(f"{at}?first_on=2027-05-19&code=mle-03")
    assert wrong.status_code == 422
    assert "Monday, 17 May 2027 or Monday, 24 May 2027" in wrong.text
    assert 'value="2027-05-19"' in wrong.text
    for far in ("2027-03-22", "2027-03-15", "2040-05-16", "soon"):
        assert staff.get(f"{at}?first_on={far}&code=mle-03").status_code == 422
    shown = staff.get(f"{at}?weeks=2&first_on=2027-05-17&code=mle-03").text
    assert "Monday, 21 June 2027" in shown  # its last day
    fields = hidden_fields(shown)
    assert fields["weeks"] == "8"
    assert staff.post(at, data=fields).status_code == 303
    assert _now("mle-03").starts_on == date(2027, 5, 17)


@page
def test_a_copy_is_made_on_the_dates_that_were_shown_or_not_at_all(
    staff: FlaskClient, now: datetime
) -> None:
    batch = _draft()
    _draft("rival", place="Room 2")
    atomically(planning.publish, batch_id=batch.id)
    shown = staff.get("/staff/batches/mle-02/copy?weeks=1&code=mle-03").text
    assert "What the new sessions clash with" in shown
    assert "/staff/batches/rival/plan" in shown
    atomically(steering.reschedule, batch_id=batch.id, days=7, now=now)
    late = staff.post("/staff/batches/mle-02/copy", data=hidden_fields(shown))
    assert late.status_code == 409
    assert "A colleague has moved this batch meanwhile" in late.text
    assert _now("mle-02").starts_on == date(2027, 3, 29)
    assert find_batch("mle-03") is None
    assert staff.post("/staff/batches/mle-02/copy", data=hidden_fields(late.text)).status_code == 303
    assert _now("mle-03").starts_on == date(2027, 4, 5)


@page
def test_a_batch_from_nothing_through_its_checklist_to_the_public(staff: FlaskClient) -> None:
    slug = db.session.execute(sa.text("SELECT slug FROM course WHERE id = :id"),
                              {"id": make.course()}).scalar()
    path = f"/staff/batches/new/{slug}"
    begins = clock.now().date() + timedelta(days=60)
    fields = {
        "code": "new-01", "title": "Mornings", "starts_on": begins.isoformat(),
        "ends_on": (begins + timedelta(days=30)).isoformat(), "zone": "Asia/Kolkata",
        "capacity": "5", "language": "en", "is_online": "y", "hold_hours": "24",
        "offer_hours": "48", "opens_at": "2026-01-01T09:00",
        "closes_at": f"{begins - timedelta(days=4)}T18:00", "fee": "45000.50", "fee_currency": "inr",
    }
    wrong = _send(staff, path, **fields | {"zone": "Atlantis", "fee_currency": "XXZ", "title": ""})
    assert wrong.status_code == 422
    for words in ("time zone such as", "currency such as", "Give the batch a title", "new-01"):
        assert words in wrong.text
    answer = _send(staff, path, **fields)
    assert answer.location == "/staff/batches/new-01/pattern"
    db.session.rollback()
    assert _now("new-01").fee_minor == 4_500_050
    assert staff.get("/batches/new-01").status_code == 404
    refused = _send(staff, "/staff/batches/new-01/go-live", at="/staff/batches/new-01/plan")
    assert refused.status_code == 409

    pattern = {"weekdays": ["1", "3"], "begins": "09:00", "ends": "11:00", "count": "6",
               "first_on": begins.isoformat(), "besides": "2027-01-26 Republic Day",
               "version": "1"}
    shown = _send(staff, "/staff/batches/new-01/pattern", **pattern | {"look": "y"})
    assert "This makes 6 sessions" in shown.text
    wrong = _send(staff, "/staff/batches/new-01/pattern", **pattern | {"besides": "some day"})
    assert wrong.status_code == 422
    assert "some day" in wrong.text
    assert _send(staff, "/staff/batches/new-01/pattern", **pattern).status_code == 303
    assert _send(staff, "/staff/batches/new-01/pattern", **pattern).status_code == 409  # seen: 1
    page = staff.get("/staff/batches/new-01/plan").text
    assert page.count('class="has"') == 6
    assert _send(staff, "/staff/batches/new-01/go-live",
                 at="/staff/batches/new-01/plan").status_code == 303
    assert staff.get("/batches/new-01").status_code == 200
    assert "09:00" in staff.get("/batches/new-01").text


PATTERN = {"weekdays": ["0", "2"], "begins": "18:00", "ends": "20:00", "first_on": "2027-03-22",
           "version": "1"}


@page
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Say how many sessions, or until which day"),
        ({"count": "4", "until": "2027-04-30"}, "Say one of the two"),
        ({"until": "2027-03-01"}, "That lies before the first day"),
        ({"until": "some day"}, "Not a valid date"),
        ({"count": "201"}, "from 1 to 200"),
        ({"count": "2", "ends": "18:00"}, "It would end when it begins"),
        ({"count": "2", "weekdays": []}, "Tick at least one day"),
        ({"count": "2", "besides": "2027-02-30 Never"}, "Write one day a line"),
        ({"count": "2", "topics": "x" * 201}, "200 characters"),
        ({"until": "2027-03-22", "besides": "2027-03-22"}, "This pattern makes no session"),
    ],
)
def test_a_pattern_that_says_too_little_or_too_much_makes_nothing(
    staff: FlaskClient, more: dict[str, object], words: str
) -> None:
    _draft()
    answer = _send(staff, "/staff/batches/mle-02/pattern", **PATTERN | more)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="18:00"' in answer.text
    assert len(with_sessions([_now("mle-02").id])[0].sessions) == 6


@page
def test_a_pattern_is_looked_at_with_its_holidays_topics_and_clashes(staff: FlaskClient) -> None:
    _draft()
    _draft("rival", place="Room 2")
    at, fields = "/staff/batches/mle-02/pattern", PATTERN | {
        "count": "4", "besides": "2027-03-24 Holi\n2027-03-25 a Thursday\n",
        "topics": "Welcome\n\nModels", "replaces": "y"}
    shown = _send(staff, at, **fields | {"look": "y"}).text
    assert "Wed, 31 March 2027, " in shown
    assert "Left out: Wednesday, 24 March 2027 (<bdi>Holi</bdi>)." in shown
    made = shown.partition("This makes 4 sessions")[2].partition("</section>")[0]
    assert "/staff/batches/rival/plan" in made
    assert "Models" in made
    assert len(with_sessions([_now("mle-02").id])[0].sessions) == 6  # nothing is saved yet
    assert _send(staff, at, **fields).status_code == 303
    (batch,) = with_sessions([_now("mle-02").id])
    assert [(one.starts_at.astimezone(BERLIN).strftime("%d.%m. %H"), one.topic)
            for one in batch.sessions] == [
        ("22.03. 18", "Welcome"), ("29.03. 18", ""), ("31.03. 18", "Models"), ("05.04. 18", "")]
    assert (batch.starts_on, batch.ends_on) == (date(2027, 3, 22), date(2027, 4, 5))


@page
def test_one_session_is_added_to_a_draft_only(staff: FlaskClient) -> None:
    batch = _draft()
    at, add = "/staff/batches/mle-02/pattern", "/staff/batches/mle-02/pattern/add"
    one = {"on": "2027-05-08", "from_time": "22:00", "to_time": "00:30", "topic": "Night of code",
           "version": "1"}
    for wrong in ({"on": ""}, {"to_time": "22:00"}, {"from_time": "late"}, {"topic": "x" * 201}):
        answer = _send(staff, add, at=at, **one | wrong)
        assert answer.status_code == 422
        assert "There is a problem" in answer.text
    assert _send(staff, add, at=at, **one).status_code == 303
    (found,) = with_sessions([_now("mle-02").id])
    last = found.sessions[-1]
    assert (last.topic, last.ends_at - last.starts_at) == ("Night of code", timedelta(hours=2.5))
    assert found.ends_on == date(2027, 5, 8)
    late = _send(staff, add, at=at, **one | {"on": "2027-05-09"})  # it saw version 1
    assert late.status_code == 409
    assert "Night of code" in late.text
    again = _send(staff, add, at=at, **one | {"version": "2"})
    assert "had been there already" in staff.get(again.location).text
    atomically(planning.publish, batch_id=batch.id)
    token = csrf_token(staff, "/staff/batches/mle-02/steer")
    refused = staff.post(add, data=one | {"csrf_token": token, "version": "3"})
    assert refused.status_code == 409
    assert len(with_sessions([_now("mle-02").id])[0].sessions) == 7


@page
@pytest.mark.parametrize(("opens", "words"), [(-1, "Register"), (1, "Registration opens on")])
def test_colleagues_see_a_draft_as_people_will(
    staff: FlaskClient, now: datetime, opens: int, words: str
) -> None:
    batch = _draft(opens_at=now + timedelta(days=opens), closes_at=now + timedelta(days=9))
    assert "/staff/batches/mle-02/preview" in staff.get("/staff/batches/mle-02/plan").text
    shown = staff.get("/staff/batches/mle-02/preview")
    assert shown.status_code == 200
    for seen in ("Only you and your colleagues see this", "Runs if 2 people join", "All 6 sessions",
                 "Room 1", words):
        assert seen in shown.text
    # Nothing of it leads where strangers find nothing, and the talk begins with the public page.
    assert "/batches/mle-02/register" not in shown.text
    assert "/batches/mle-02.ics" not in shown.text
    assert "/batches/mle-02/remind" not in shown.text
    assert "/comments" not in shown.text
    atomically(planning.publish, batch_id=batch.id)
    assert "what everybody sees" in staff.get("/staff/batches/mle-02/preview").text


@page
def test_a_session_is_taken_off_a_draft_only_and_of_its_own_batch(staff: FlaskClient) -> None:
    batch, other = _draft(), _draft("other")
    (mine,), (theirs,) = with_sessions([batch.id]), with_sessions([other.id])
    pages = "/staff/batches/mle-02/pattern"
    foreign = _send(staff, f"{pages}/{theirs.sessions[0].id}/remove", at=pages)
    assert foreign.status_code == 404
    assert _send(staff, f"{pages}/{mine.sessions[0].id}/remove", at=pages).status_code == 303
    db.session.rollback()
    assert _now("mle-02").starts_on == date(2027, 3, 29)  # it begins with what is left
    atomically(planning.publish, batch_id=batch.id)
    last = mine.sessions[-1].id
    token = csrf_token(staff, "/staff/batches/mle-02/steer")
    assert staff.post(f"{pages}/{last}/remove", data={"csrf_token": token}).status_code == 409


@page
def test_a_public_batch_shows_who_is_told_before_it_is_saved(staff: FlaskClient) -> None:
    batch = _draft()
    atomically(planning.publish, batch_id=batch.id)
    enrolled = make.registration(batch, confirmed=True)
    make.registration(batch)  # holds a seat
    shown = _edit(staff, place="Room 9", waitlist_limit="20", teacher="Dr. Rao")
    assert shown.status_code == 200
    assert "Room 1" in shown.text
    assert "Room 9" in shown.text
    assert "1 enrolled person gets one e-mail" in shown.text
    letter = shown.text.partition("<pre>")[2].partition("</pre>")[0]
    assert "Room 9" in letter
    assert enrolled.name in letter
    assert enrolled.token not in shown.text
    assert _now("mle-02").place == "Room 1"
    fields = hidden_fields(shown.text)
    assert fields["sure"] == "y"
    assert staff.post("/staff/batches/mle-02/edit", data=fields).status_code == 303
    db.session.rollback()
    changed = _now("mle-02")
    assert (changed.place, changed.waitlist_limit, changed.sequence) == ("Room 9", 20, 1)
    letters = db.session.scalars(sa.select(Letter).where(Letter.kind == "batch_changed")).all()
    assert [one.recipient for one in letters] == [enrolled.email]
    assert letters[0].context["batch"]["place"] == "Room 9"
    assert letters[0].context["calendar"]["sequence"] == 2
    # Sent twice, the second press meets a newer version and changes nothing.
    again = staff.post("/staff/batches/mle-02/edit", data=fields)
    assert again.status_code == 409
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Letter).where(
        Letter.kind == "batch_changed")) == 1


def test_a_letter_that_has_not_left_is_replaced_by_one_that_says_what_it_said_too(
    app: Flask, now: datetime
) -> None:
    batch = _draft()
    atomically(planning.publish, batch_id=batch.id)
    make.registration(batch, confirmed=True)
    for seen, values in enumerate(({"place": "Room 2"}, {"teacher": "Prof. Iyer"}), start=1):
        atomically(altering.alter, batch_id=batch.id, seen=seen, values=values, now=now)
    earlier, later = db.session.scalars(
        sa.select(Letter).where(Letter.kind == "batch_changed").order_by(Letter.id))
    assert (earlier.state, later.state) == ("suppressed", "queued")
    assert (earlier.context["changed"], later.context["changed"]) == (
        ["place"], ["place", "teacher"])


def test_a_fee_without_a_word_about_refunds_is_only_warned_of(app: Flask, now: datetime) -> None:
    for fee, refund, is_fine in ((0, "", True), (100, "", False), (100, "All of it.", True)):
        batch = _draft(f"terms-{fee}-{len(refund)}", fee_minor=fee, refund=refund)
        (line,) = [one for one in check(batch, now) if one.point is Point.REFUND]
        assert (line.is_fine, line.must) == (is_fine, False)


@page
def test_the_enrolled_are_told_when_the_terms_change_and_not_of_missed_sessions(
    staff: FlaskClient
) -> None:
    batch = _draft()
    atomically(planning.publish, batch_id=batch.id)
    make.registration(batch, confirmed=True)
    told = "SELECT count(*) FROM letter WHERE kind = 'batch_changed'"
    fields = hidden_fields(_edit(staff, missed="Come to the next one.").text)
    assert staff.post("/staff/batches/mle-02/edit", data=fields).status_code == 303
    assert _now("mle-02").missed == "Come to the next one."
    assert db.session.scalar(sa.text(told)) == 0
    db.session.rollback()
    terms = {"fee": "450.50", "payment": "In one sum.\r\nIn May.", "refund": "", "missed": "Watch."}
    shown = _edit(staff, **terms)
    for words in ("Fee: €450.50", "When and how it is paid:", "In May.",
                  "What is refunded: not decided yet"):
        assert words in shown.text, words
    assert staff.post("/staff/batches/mle-02/edit", data=hidden_fields(shown.text)).status_code == 303
    after = _now("mle-02")
    assert (after.fee_minor, after.payment, after.refund) == (45_050, "In one sum.\r\nIn May.", "")
    (letter,) = db.session.scalars(sa.select(Letter).where(Letter.kind == "batch_changed"))
    assert letter.context["changed"] == ["fee_minor", "payment", "refund"]


@page
def test_what_a_colleague_changed_meanwhile_is_not_overwritten(staff: FlaskClient) -> None:
    _draft()
    shown = staff.get("/staff/batches/mle-02/edit").text
    assert _edit(staff, teacher="Somebody else").status_code == 303
    late = _edit(staff, title="My title", **{"version": hidden_fields(shown)["version"]})
    assert late.status_code == 409
    assert "My title" in late.text
    db.session.rollback()
    assert _now("mle-02").teacher == "Somebody else"
    assert _now("mle-02").title == "Evening batch"


@page
def test_nothing_different_changes_nothing(staff: FlaskClient) -> None:
    batch = _draft()
    atomically(planning.publish, batch_id=batch.id)
    assert _edit(staff).location == "/staff/batches/mle-02/plan"
    db.session.rollback()
    assert _now("mle-02").version == batch.version


@page
def test_registration_is_closed_now_and_opened_again(staff: FlaskClient) -> None:
    batch = make.batch(code="mle-02")
    begin = datetime.combine(batch.starts_on, time(9), UTC)

    def give_session() -> None:
        db.session.add(BatchSession(batch_id=batch.id, starts_at=begin,
                                    ends_at=begin + timedelta(hours=1)))

    atomically(give_session)
    held = make.registration(batch)
    at = "/staff/batches/mle-02/plan"
    assert _send(staff, "/staff/batches/mle-02/close", at=at).status_code == 303
    assert "closed already" in staff.get(
        _send(staff, "/staff/batches/mle-02/close", at="/staff/batches/mle-02/steer").location).text
    assert staff.get("/api/v1/batches").json["batches"][0]["registration"] == "closed"
    assert make.read(held.id).state is State.PENDING  # what people hold stays theirs
    late = (begin + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert _send(staff, "/staff/batches/mle-02/reopen", at=at, until=late).status_code == 409
    assert _send(staff, "/staff/batches/mle-02/reopen", at=at, until="some time").status_code == 422
    until = (begin - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert _send(staff, "/staff/batches/mle-02/reopen", at=at, until=until).status_code == 303
    assert staff.get("/api/v1/batches").json["batches"][0]["registration"] == "open"


@page
def test_calling_off_ends_all_planning(staff: FlaskClient) -> None:
    batch = _draft()
    atomically(planning.publish, batch_id=batch.id)
    _send(staff, "/staff/batches/mle-02/call-off")
    assert _edit(staff, title="Another").status_code == 409
    assert _send(staff, "/staff/batches/mle-02/close",
                 at="/staff/batches/mle-02/edit").status_code == 409


@page
def test_dates_that_moved_meanwhile_are_not_moved_back_by_an_older_form(
    staff: FlaskClient, now: datetime
) -> None:
    batch = _draft()
    atomically(planning.publish, batch_id=batch.id)
    seen = _edit(staff, place="Room 9")  # the summary, seen before a colleague moves the batch
    atomically(steering.reschedule, batch_id=batch.id, days=7, now=now)
    late = staff.post("/staff/batches/mle-02/edit", data=hidden_fields(seen.text))
    assert late.status_code == 409
    assert "Room 9" in late.text
    assert _now("mle-02").decide_on == date(2027, 3, 22)
    assert _now("mle-02").place == "Room 1"


# ---------------------------------------------------------------- at once


def test_of_colleagues_who_save_at_once_one_does_and_everybody_is_told_once(
    app: Flask, now: datetime
) -> None:
    batch = _draft()
    atomically(planning.publish, batch_id=batch.id)
    enrolled = {make.registration(batch, confirmed=True).email for _ in range(3)}
    batch_id, start = batch.id, Barrier(4)

    def save(place: str) -> int | None:
        with app.app_context():
            start.wait()
            try:
                return atomically(altering.alter, batch_id=batch_id, seen=1,
                                  values={"place": place}, now=now)
            except planning.Changed:
                return None

    with ThreadPoolExecutor(4) as colleagues:
        saved = list(colleagues.map(save, ["Room 2", "Room 3", "Room 4", "Room 5"]))
    assert sorted(saved, key=str) == [3, None, None, None]
    place = ["Room 2", "Room 3", "Room 4", "Room 5"][saved.index(3)]
    assert (_now("mle-02").place, _now("mle-02").version) == (place, 2)
    letters = db.session.scalars(sa.select(Letter).where(Letter.kind == "batch_changed")).all()
    assert sorted(one.recipient for one in letters) == sorted(enrolled)
    assert {one.context["batch"]["place"] for one in letters} == {place}


def test_a_draft_goes_live_once_however_many_press(app: Flask, now: datetime) -> None:
    batch_id, start = _draft().id, Barrier(4)

    def press(_: int) -> bool:
        with app.app_context():
            start.wait()
            return atomically(planning.go_live, batch_id=batch_id, now=now)

    with ThreadPoolExecutor(4) as colleagues:
        assert sorted(colleagues.map(press, range(4))) == [False, False, False, True]
