"""The reasons for turning a comment down: seen by moderators, kept by administrators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from enroll.comments import reasons
from enroll.comments.models import ModerationReason
from enroll.comments.queries import reasons as given
from enroll.comments.states import Verb
from enroll.db import atomically, db
from enroll.worker import work
from tests.comments import acting
from tests.console.acting import press, said, statements, text
from tests.reading import typed_values

pytestmark = pytest.mark.either_database

LIST = "/staff/comments/reasons"
NEW = {"title": "Sold out", "text": "We cannot say that here.", "position": "3"}


@pytest.fixture
def administrator(signed_in: Callable[..., FlaskClient]) -> FlaskClient:
    return signed_in(Duty.ADMINISTER, email="admin@example.org")


def titles() -> list[str]:
    db.session.rollback()
    return [one.title for one in reasons.every_reason()]


def one(title: str) -> ModerationReason:
    db.session.rollback()
    return db.session.scalars(
        sa.select(ModerationReason).where(ModerationReason.title == title)
    ).one()


def test_the_first_list_is_kind_and_is_written_once(app: Flask) -> None:
    assert atomically(reasons.fill_if_empty)
    assert not atomically(reasons.fill_if_empty)
    found = reasons.every_reason()
    assert len(found) == 6
    assert [reason.position for reason in found] == sorted(reason.position for reason in found)
    for reason in found:
        assert reason.text.endswith(".")
        assert 40 < len(reason.text) < 300


def test_what_staff_retired_does_not_come_back(app: Flask, now: datetime) -> None:
    atomically(reasons.fill_if_empty)
    for reason in reasons.every_reason():
        atomically(reasons.retire_reason, reason_id=reason.id, now=now)
    assert not atomically(reasons.fill_if_empty)
    assert given() == []


def test_the_worker_writes_the_first_list(app: Flask) -> None:
    work(once=True)
    assert len(titles()) == 6


def test_moderators_see_and_do_not_change(moderator: FlaskClient) -> None:
    atomically(reasons.fill_if_empty)
    page = moderator.get(LIST)
    assert "criticises the institute is no reason" in text(page.text)
    assert "Not about this page" in text(page.text)
    assert "Give it no more" not in text(page.text)
    assert "<textarea" not in page.text
    number = reasons.every_reason()[0].id
    assert moderator.get(f"{LIST}/{number}").status_code == 403
    for path in (LIST, f"{LIST}/{number}", f"{LIST}/{number}/retire"):
        assert press(moderator, LIST, to=path, **NEW).status_code == 403
    assert NEW["title"] not in titles()


def test_planners_see_nothing(planner: FlaskClient) -> None:
    assert planner.get(LIST).status_code == 403


def test_an_administrator_who_does_not_moderate_finds_the_list_and_nothing_closed(
    administrator: FlaskClient,
) -> None:
    page = administrator.get(LIST).text
    assert 'href="/staff/comments/reasons"' in page
    assert 'href="/staff/comments/appeals"' not in page
    assert 'href="/staff/questions"' not in page


def test_added_in_its_place(administrator: FlaskClient) -> None:
    atomically(reasons.fill_if_empty)
    assert "Kept." in said(administrator, press(administrator, LIST, **NEW | {"position": "0"}))
    assert titles()[0] == NEW["title"]


def test_changed_on_a_page_of_its_own_and_letters_keep_the_old_words(
    administrator: FlaskClient, now: datetime
) -> None:
    press(administrator, LIST, **NEW)
    comment = acting.confirmed("A text.", now=now)
    acting.decide(Verb.REJECT, comment, now=now, reason_id=one(NEW["title"]).id)
    page = f"{LIST}/{one(NEW['title']).id}"
    assert typed_values(administrator.get(page).text)["text"].strip() == NEW["text"]
    answer = press(administrator, page, **NEW | {"text": "Other words."})
    assert "Kept." in said(administrator, answer)
    assert one(NEW["title"]).text == "Other words."
    (letter,) = acting.letters("comment_rejected")
    assert letter.context["reason"] == NEW["text"]


@pytest.mark.parametrize(
    "wrong",
    [{"title": ""}, {"text": " "}, {"position": "x"}, {"position": "-1"}, {"position": ""},
     {"title": "x" * 81}],
)  # fmt: skip
def test_bad_input_gets_a_sentence_and_loses_nothing(
    administrator: FlaskClient, wrong: dict[str, str]
) -> None:
    answer = press(administrator, LIST, **NEW | wrong)
    assert answer.status_code == 422
    assert "There is a problem" in text(answer.text)
    kept = typed_values(answer.text)
    for name, value in (NEW | wrong).items():
        assert kept[name].strip() == value.strip()
    assert titles() == []


def test_no_two_of_one_name(administrator: FlaskClient) -> None:
    press(administrator, LIST, **NEW)
    press(administrator, LIST, **NEW | {"title": "Another"})
    again = press(administrator, LIST, **NEW | {"text": "My other words."})
    assert again.status_code == 409
    assert "My other words." in again.text
    assert press(administrator, f"{LIST}/{one('Another').id}", **NEW).status_code == 409
    assert press(administrator, LIST, to=f"{LIST}/999", **NEW | {"title": "x"}).status_code == 404
    assert titles() == [NEW["title"], "Another"]


def test_retired_it_is_given_no_more_and_stays_where_it_was_given(
    administrator: FlaskClient, now: datetime
) -> None:
    press(administrator, LIST, **NEW)
    number = one(NEW["title"]).id
    comment = acting.confirmed("A text.", now=now)
    acting.decide(Verb.REJECT, comment, now=now, reason_id=number)
    press(administrator, LIST, to=f"{LIST}/{number}/retire")
    db.session.rollback()
    assert given() == []
    assert acting.again(comment).reason_id == number
    assert "given no more" in text(administrator.get(LIST).text)
    press(administrator, LIST, to=f"{LIST}/{number}/retire")
    db.session.rollback()
    assert [reason.id for reason in given()] == [number]
    assert press(administrator, LIST, to=f"{LIST}/999/retire").status_code == 404


def test_sixty_cost_no_more_statements_than_three(administrator: FlaskClient) -> None:
    def fill(numbers: range) -> None:
        for number in numbers:
            atomically(reasons.add_reason, title=f"No. {number}", text="Why.", position=number)

    fill(range(3))
    few = statements(administrator, LIST)
    fill(range(3, 60))
    assert statements(administrator, LIST) == few
