"""How soon comments are decided, and what moderators are told of what waits too long."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from enroll.accounts.models import Staff
from enroll.comments import editing, service
from enroll.comments.states import Verb
from enroll.console.service import _scale
from enroll.db import atomically, db
from enroll.mail import subscriptions
from enroll.mail.states import LetterState
from enroll.worker import keep_house
from tests.accounts.people import colleague, sign_in
from tests.comments.acting import again, confirmed, decide, letters, published, trusted, undo
from tests.console.acting import statements, text

PAGE = "/staff/comments/service"
HOUR = timedelta(hours=1)


@pytest.fixture
def noon(now: datetime) -> datetime:
    """A Wednesday noon: what happens around it is in one week and one day."""
    return (now - timedelta(days=(now.weekday() - 2) % 7)).replace(hour=12)


def waited(hours: float, at: datetime, verb: Verb = Verb.APPROVE) -> None:
    """A comment decided so many hours after its address was confirmed."""
    number = f"{hours}-{at:%j}-{verb}"
    comment = confirmed(
        f"Waits {number}.", email=f"a{number}@example.org", now=at - timedelta(hours=hours)
    )
    decide(verb, comment, now=at)


@pytest.mark.parametrize(
    ("hours", "median", "p90"),
    [([5], 5, 5), ([1, 9], 1, 9), ([3, 1, 2], 2, 3), (range(1, 11), 5, 9), (range(1, 12), 6, 10)],
)
def test_percentiles_are_nearest_rank(
    app: Flask, noon: datetime, hours: list[int], median: float, p90: float
) -> None:
    for one in hours:
        waited(one, noon)
    week = service.weeks(noon)[-1]
    assert (week.decided, week.median, week.p90) == (len(hours), median, p90)


def test_what_became_of_them_adds_up(app: Flask, noon: datetime) -> None:
    for verb in Verb:
        waited(2, noon, verb)
    gone = published("Goes again.", email="g@example.org", browser="g" * 20, now=noon)
    atomically(
        editing.remove, comment_id=gone.id, version=gone.version, body="", staff_id=1, by="M",
        now=noon,
    )  # fmt: skip
    week = service.weeks(noon)[-1]
    assert week[4:] == (1, 1, 1, 1, 1)
    assert week.decided == 5


def test_twelve_weeks_each_decision_in_its_own(app: Flask, noon: datetime) -> None:
    for week in (0, 1, 11, 12):
        waited(week + 1, noon - timedelta(weeks=week))
    weeks = service.weeks(noon)
    assert [week.median for week in weeks] == [12.0, *[None] * 9, 2.0, 1.0]
    assert weeks[-1].monday == (noon - timedelta(days=2)).date()
    assert all(week.monday.weekday() == 0 for week in weeks)


def test_an_undone_decision_was_none_and_the_first_of_two_counts(
    app: Flask, noon: datetime
) -> None:
    comment = confirmed("Waits.", now=noon - 10 * HOUR)
    first = decide(Verb.SPAM, comment, now=noon - 8 * HOUR)
    undo(first.act_id, now=noon - 8 * HOUR)
    assert service.weeks(noon)[-1].decided == 0
    decide(Verb.APPROVE, again(comment), now=noon - 4 * HOUR)
    decide(Verb.REJECT, again(comment), now=noon)
    assert service.weeks(noon)[-1].median == 6.0


def test_changed_after_the_decision_it_does_not_count_as_decided_before_it_came(
    app: Flask, noon: datetime
) -> None:
    comment = confirmed("I like it.", now=noon - 3 * HOUR)
    decide(Verb.APPROVE, comment, now=noon)
    later = noon + timedelta(minutes=5)
    edited = {"comment_id": comment.id, "body": "Now I say something else altogether."}
    created = again(comment).created_at
    atomically(editing.edit_own, **edited, now=min(later, created + timedelta(minutes=14)))
    week = service.weeks(later)[-1]
    assert (week.median, week.decided, week.other) == (3.0, 1, 1)


def test_what_nobody_had_to_decide_does_not_count(app: Flask, noon: datetime) -> None:
    trusted(now=noon - timedelta(weeks=2))
    published("At once.", now=noon)
    assert service.weeks(noon)[-1].decided == 0


def test_what_waits_now_and_since_when(app: Flask, noon: datetime) -> None:
    assert service.waiting() == (0, None)
    confirmed("One.", email="a@example.org", now=noon - 2 * HOUR)
    confirmed("Two.", email="b@example.org", now=noon - HOUR)
    assert service.waiting() == (2, noon - 2 * HOUR)


# ---------------------------------------------------------------- the page


@pytest.fixture
def moderator(app: Flask, client: FlaskClient) -> FlaskClient:
    colleague(Duty.MODERATE)
    sign_in(client)
    return client


def test_words_drawing_and_table_say_the_same(moderator: FlaskClient, now: datetime) -> None:
    assert "Nothing waits." in text(moderator.get(PAGE).text)
    assert "<svg viewBox=\"0 -10" not in moderator.get(PAGE).text
    waited(30, now)
    page = moderator.get(PAGE).text
    assert 'role="img" aria-labelledby="chart-words"' in page
    assert 'class="bar-p90 is-over"' in page
    assert "over target 30.0" in text(page)
    assert "The target is 24 hours." in text(page)
    assert "style=" not in page.partition("<figure")[2]


def test_the_file_has_the_figures_of_the_table(moderator: FlaskClient, now: datetime) -> None:
    waited(30, now, Verb.RETURN)
    answer = moderator.get(f"{PAGE}/table.csv")
    assert answer.mimetype == "text/csv"
    rows = [row.split(",") for row in answer.text.splitlines()]
    assert rows[0] == [
        "monday", "decided", "median_hours", "p90_hours",
        "published", "sent_back", "rejected", "spam", "other",
    ]  # fmt: skip
    assert len(rows) == service.WEEKS + 1
    assert rows[-1][1:] == ["1", "30.0", "30.0", "0", "1", "0", "0", "0"]
    assert rows[1][1:] == ["0", "", "", "0", "0", "0", "0", "0"]


@pytest.mark.parametrize("highest", [1, 3, 24, 25, 100, 2000, 9000.5])
def test_the_scale_ends_above_everything_with_few_lines(highest: float) -> None:
    scale = _scale([1, highest])
    assert scale[0] == 0
    assert scale[-1] >= highest
    assert len(scale) <= 5 or highest > 4 * 720


def test_only_moderators_and_sixty_cost_what_three_cost(
    app: Flask, moderator: FlaskClient, now: datetime
) -> None:
    for hours in range(1, 4):
        waited(hours, now)
    few = statements(moderator, PAGE)
    for hours in range(4, 61):
        waited(hours, now)
    assert statements(moderator, PAGE) == few
    colleague(Duty.PLAN, Duty.ADMINISTER, email="p@example.org")
    other = app.test_client()
    sign_in(other, email="p@example.org")
    assert other.get(PAGE).status_code == other.get(f"{PAGE}/table.csv").status_code == 403


# ---------------------------------------------------------------- the reminder


def remind(at: datetime, hours: int = 24) -> int:
    return atomically(service.remind_moderators, hours=hours, now=at)


def test_one_letter_a_day_to_each_moderator_as_long_as_it_waits(
    app: Flask, noon: datetime
) -> None:
    colleague(Duty.MODERATE, email="m1@example.org")
    colleague(Duty.MODERATE, Duty.PLAN, email="m2@example.org")
    colleague(Duty.PLAN, Duty.ADMINISTER, email="planner@example.org")
    comment = confirmed("Waits.", now=noon)
    assert [remind(noon + hours * HOUR) for hours in (24, 25, 26, 35)] == [0, 2, 0, 0]
    assert [remind(noon + hours * HOUR) for hours in (37, 50)] == [2, 0]  # another day (UTC)
    told = letters("comments_waiting")
    assert {letter.recipient for letter in told} == {"m1@example.org", "m2@example.org"}
    assert told[0].context == {"name": "Meera Pillai", "waiting": 1, "hours": 24}
    assert "Waits." not in str(told[0].context)
    decide(Verb.APPROVE, comment, now=noon + 51 * HOUR, staff=1)
    assert remind(noon + 100 * HOUR) == 0


def test_likely_spam_that_nobody_looks_at_counts_too(app: Flask, noon: datetime) -> None:
    colleague(Duty.MODERATE)
    held = confirmed("Casino https://a.example https://b.example", trap_filled=True, now=noon)
    assert held.is_likely_spam
    assert remind(noon + 25 * HOUR) == 1


def test_one_click_ends_them_and_they_stay_ended(app: Flask, noon: datetime) -> None:
    colleague(Duty.MODERATE, email="m1@example.org")
    colleague(Duty.MODERATE, email="m2@example.org")
    confirmed("Waits.", now=noon)
    remind(noon + 25 * HOUR)
    (letter,) = [one for one in letters("comments_waiting") if one.recipient == "m1@example.org"]
    page = app.test_client().get(f"/unsubscribe/{letter.subscription}")
    assert "You moderate comments" in text(page.text)
    assert app.test_client().post(f"/unsubscribe/{letter.subscription}").status_code == 200
    db.session.rollback()
    assert letters("comments_waiting", LetterState.SUPPRESSED.value)[0].recipient == letter.recipient
    for day in (2, 3, 30):
        assert remind(noon + timedelta(days=day, hours=1)) == 1
    assert {one.recipient for one in letters("comments_waiting")[2:]} == {"m2@example.org"}
    assert subscriptions.by_token(letter.subscription).ended_at is not None


def test_colleagues_who_left_are_not_written_to(app: Flask, noon: datetime) -> None:
    staff_id = colleague(Duty.MODERATE)

    def leave() -> None:
        db.session.get_one(Staff, staff_id).active = False

    atomically(leave)
    confirmed("Waits.", now=noon)
    assert remind(noon + 25 * HOUR) == 0


def test_the_worker_reminds(app: Flask, now: datetime) -> None:
    colleague(Duty.MODERATE)
    confirmed("Waits.", now=now - 25 * HOUR)
    keep_house()
    keep_house()
    assert len(letters("comments_waiting")) == 1
