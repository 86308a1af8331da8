"""Reports of readers: with the text as it was, closed with a conclusion, and none closed unseen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from enroll.comments import editing, reporting
from enroll.comments.models import Comment
from enroll.comments.records import Report
from enroll.comments.reporting import Complaint
from enroll.db import atomically, db
from tests.comments import acting
from tests.comments.acting import again, published
from tests.console.acting import said, statements, text
from tests.reading import hidden_fields

pytestmark = pytest.mark.either_database

LIST = "/staff/comments/reports"


def complain(
    comment: Comment, now: datetime, *, words: str = "", reason: Complaint = Complaint.INSULT
) -> Report:
    return atomically(
        reporting.report,
        comment_id=comment.id,
        reason=reason,
        words=words,
        network=None,
        now=now,
    )


def close(client: FlaskClient, comment: Comment, form: dict[str, str], words: str = "") -> str:
    given = {"csrf_token": form["csrf_token"], "until": form.get("until", "")}
    given[f"conclusion-{comment.id}"] = words
    return said(client, client.post(f"{LIST}/{comment.id}", data=given))


def still_open() -> list[str]:
    db.session.rollback()
    found = sa.select(Report.words).where(Report.closed_at.is_(None)).order_by(Report.id)
    return list(db.session.scalars(found))


def test_by_comment_with_the_text_that_each_reader_saw(
    moderator: FlaskClient, now: datetime
) -> None:
    other = published("Somebody else’s words.", email="b@example.org", now=now)
    comment = published("The first text.", now=now - timedelta(days=3))
    complain(comment, now - timedelta(days=2), words="Rude!")
    atomically(
        editing.correct, comment_id=comment.id, version=again(comment).version,
        body="The second text.", staff_id=acting.moderator(), by="Meera", now=now,
    )  # fmt: skip
    complain(again(comment), now - timedelta(hours=1), words="Still rude!", reason=Complaint.OTHER)
    complain(other, now, reason=Complaint.PRIVATE)
    page = text(moderator.get(LIST).text)
    parts = (
        "waiting for 2 days",
        "When it was reported: The first text.",
        "It insults or threatens somebody : Rude!",
        "Today: The second text.",
        "Something else : Still rude!",
        "Close the 2 reports",
        "Somebody else’s words. It shows private data",
        "Close the report",
    )
    places = [page.index(words) for words in parts]
    assert places == sorted(places)
    assert f'href="/staff/comments/{comment.id}"' in moderator.get(LIST).text


def test_what_it_says_today_stands_beside_what_was_reported(
    moderator: FlaskClient, now: datetime
) -> None:
    comment = published("The first text.", now=now)
    complain(comment, now)
    assert "Today it says" not in text(moderator.get(LIST).text)
    atomically(
        editing.correct, comment_id=comment.id, version=again(comment).version,
        body="The second text.", staff_id=acting.moderator(), by="Meera", now=now,
    )  # fmt: skip
    page = text(moderator.get(LIST).text)
    assert "When it was reported: The first text." in page
    assert "Today it says: The second text." in page


def test_what_was_removed_for_good_is_not_shown_by_its_report(
    moderator: FlaskClient, now: datetime
) -> None:
    comment = published("Call 98765 43210", now=now)
    complain(comment, now, words="98765 43210 is mine")
    atomically(
        editing.remove, comment_id=comment.id, version=again(comment).version, body="",
        staff_id=acting.moderator(), by="Meera", now=now,
    )  # fmt: skip
    page = moderator.get(LIST)
    assert page.status_code == 200
    assert "98765" not in page.text
    assert "These words were removed for good." in text(page.text)


def test_closing_keeps_who_and_why(moderator: FlaskClient, now: datetime) -> None:
    comment = published("A text.", now=now)
    made = complain(comment, now)
    form = hidden_fields(moderator.get(LIST).text)
    assert "Closed." in close(moderator, comment, form, "It is a matter of taste.")
    db.session.rollback()
    row = db.session.get_one(Report, made.id, populate_existing=True)
    assert (row.conclusion, row.closed_by_id) == ("It is a matter of taste.", acting.moderator())
    assert row.closed_at is not None
    assert "meanwhile" in close(moderator, comment, form)
    assert "It is a matter of taste." in text(moderator.get(f"/staff/comments/{comment.id}").text)


def test_a_report_that_came_after_the_page_was_opened_stays_open(
    moderator: FlaskClient, now: datetime
) -> None:
    comment = published("A text.", now=now)
    complain(comment, now, words="seen")
    form = hidden_fields(moderator.get(LIST).text)
    complain(comment, now, words="not seen")
    close(moderator, comment, form)
    assert still_open() == ["not seen"]
    close(moderator, comment, form | {"until": "nonsense"})
    assert still_open() == []


def test_only_moderators(planner: FlaskClient) -> None:
    assert planner.get(LIST).status_code == 403


def test_sixty_cost_no_more_statements_than_three(moderator: FlaskClient, now: datetime) -> None:
    def fill(numbers: range) -> None:
        for number in numbers:
            complain(published(f"Text {number}.", email=f"a{number}@example.org", now=now), now)

    fill(range(3))
    few = statements(moderator, LIST)
    fill(range(3, 60))
    assert statements(moderator, LIST) == few
