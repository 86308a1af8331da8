"""What waits for the institute's answer: listed, answered once, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from enroll.comments import answering, editing, moderation, questions
from enroll.comments.models import Comment
from enroll.comments.records import PrivateQuestion
from enroll.comments.states import QuestionState, Verb
from enroll.db import atomically, db
from tests.comments import acting
from tests.comments.acting import again, letters, published
from tests.console.acting import press, said, statements, text
from tests.reading import hidden_fields, typed_values

pytestmark = pytest.mark.either_database

LIST = "/staff/questions"


def ask(number: int, now: datetime, **changes: object) -> PrivateQuestion:
    """A private question whose address was confirmed."""
    browser = f"browser-{number:020}"
    post = acting.post(
        f"In private, number {number}?", email=f"q{number}@example.org", browser=browser, **changes
    )
    asked = atomically(questions.ask, post=post, now=now)
    if asked.confirm_token is None:
        return asked
    return atomically(questions.confirm, token=asked.confirm_token, browser=browser, now=now)


def answers() -> list[str]:
    db.session.rollback()
    found = sa.select(Comment.body).where(Comment.staff_id.is_not(None)).order_by(Comment.id)
    return list(db.session.scalars(found))


def page_of(comment: Comment) -> str:
    return f"{LIST}/comments/{comment.id}"


def token(client: FlaskClient) -> str:
    return hidden_fields(client.get(LIST).text)["csrf_token"]


def test_the_longest_waiting_first_with_what_it_replies_to(
    planner: FlaskClient, now: datetime
) -> None:
    root = published("I begin in May.", email="r@example.org", now=now - timedelta(days=3))
    later = published("Is it hard?", email="a@example.org", now=now - timedelta(hours=2))
    first = published(
        "In which year?", email="b@example.org", reply_to=root.id, now=now - timedelta(days=2)
    )
    page = text(planner.get(LIST).text)
    assert page.index(first.body) < page.index(later.body)
    assert "In reply to Asha I begin in May." in page
    assert "waiting for 2 days" in page
    assert "Under the pages (2)" in page


def test_private_questions_stand_there_too_likely_spam_last(
    planner: FlaskClient, now: datetime
) -> None:
    spam = ask(1, now - timedelta(days=2), trap_filled=True)
    honest = ask(2, now)
    page = text(planner.get(LIST).text)
    assert page.index(honest.body) < page.index(spam.body)
    assert "likely spam" in page[page.index(honest.body) :]
    assert "Asked privately (2)" in page


def test_who_may_see_the_list(
    client: FlaskClient, signed_in: Callable[..., FlaskClient], now: datetime
) -> None:
    assert client.get(LIST).status_code == 302
    assert signed_in(Duty.ADMINISTER, email="a@example.org").get(LIST).status_code == 403
    assert signed_in(Duty.PLAN, email="p@example.org").get(LIST).status_code == 200


def test_planners_see_no_address_and_no_way_to_the_queue(
    planner: FlaskClient, moderator: FlaskClient, now: datetime
) -> None:
    page = f"{LIST}/private/{ask(1, now).id}"
    assert "q1@example.org" not in planner.get(page).text
    assert "q1@example.org" in moderator.get(page).text
    assert "/staff/comments" not in planner.get(LIST).text
    assert 'href="/staff/comments/appeals"' in moderator.get(LIST).text


def test_an_answer_stands_under_the_question_and_goes_out(
    planner: FlaskClient, now: datetime
) -> None:
    asked = published("How long?", now=now)
    answer = press(planner, page_of(asked), body="Twelve weeks.")
    assert "stands under the question" in said(planner, answer)
    assert answers() == ["Twelve weeks."]
    assert again(asked).asked_at is None
    (letter,) = letters("comment_answer")
    assert letter.recipient == "asha@example.org"
    assert "Nobody waits" in text(planner.get(LIST).text)


def test_the_second_colleague_keeps_the_words_and_may_send_them_yet(
    planner: FlaskClient, other: FlaskClient, now: datetime
) -> None:
    asked = published("How long?", now=now)
    opened = hidden_fields(planner.get(page_of(asked)).text)
    press(other, page_of(asked), body="Twelve weeks.")
    late = planner.post(page_of(asked), data=opened | {"body": "My own words."})
    assert late.status_code == 409
    assert "Somebody else has answered while you wrote" in text(late.text)
    assert "Twelve weeks." in text(late.text)
    assert typed_values(late.text)["body"].strip() == "My own words."
    assert answers() == ["Twelve weeks."]
    once_more = hidden_fields(late.text) | {"body": "My own words."}
    assert planner.post(page_of(asked), data=once_more).status_code == 303
    assert answers() == ["Twelve weeks.", "My own words."]


def test_a_question_that_changed_meanwhile_is_read_again(
    planner: FlaskClient, now: datetime
) -> None:
    asked = published("How long is it?", now=now)
    opened = hidden_fields(planner.get(page_of(asked)).text)
    atomically(
        editing.correct, comment_id=asked.id, version=again(asked).version, body="How large is it?",
        staff_id=acting.moderator("x@example.org"), by="Meera", now=now,
    )  # fmt: skip
    late = planner.post(page_of(asked), data=opened | {"body": "Twelve weeks."})
    assert late.status_code == 409
    assert "changed while you wrote" in text(late.text)
    assert "<del>" in late.text
    assert typed_values(late.text)["body"].strip() == "Twelve weeks."
    assert answers() == []


def test_what_is_no_longer_published_is_not_answered(planner: FlaskClient, now: datetime) -> None:
    asked = published("How long?", now=now)
    opened = hidden_fields(planner.get(page_of(asked)).text)
    acting.decide(Verb.SPAM, asked, now=now)
    late = planner.post(page_of(asked), data=opened | {"body": "Twelve weeks."})
    assert late.status_code == 404
    assert planner.get(page_of(asked)).status_code == 404
    assert answers() == []


def test_an_answer_taken_off_the_page_is_no_answer(planner: FlaskClient, now: datetime) -> None:
    asked = published("How long?", now=now)
    staff = acting.moderator("x@example.org")
    given = atomically(
        answering.answer, comment_id=asked.id, body="Wrong.", staff_id=staff, now=now
    )
    opened = hidden_fields(planner.get(page_of(asked)).text)
    assert opened["last_answer"] == str(given.id)
    atomically(
        moderation.decide, verb=Verb.SPAM, seen=[moderation.Seen(given.id, given.version)],
        staff_id=staff, by="Meera", now=now,
    )  # fmt: skip
    assert planner.post(page_of(asked), data=opened | {"body": "Right."}).status_code == 409


def test_nonsense_and_nothing_are_refused_and_kept(planner: FlaskClient, now: datetime) -> None:
    asked = published("How long?", now=now)
    assert press(planner, page_of(asked), body=" ").status_code == 422
    odd = press(planner, page_of(asked), body="Words.", version="x", last_answer="-1")
    assert odd.status_code == 409
    long = press(planner, page_of(asked), body="x" * 5001)
    assert long.status_code == 422
    assert "x" * 5001 in long.text
    assert planner.get(f"{LIST}/comments/999").status_code == 404
    assert planner.get(f"{LIST}/private/999").status_code == 404
    assert answers() == []


def test_some_need_no_answer(planner: FlaskClient, now: datetime) -> None:
    asked = published("Is this not wonderful?", now=now)
    answer = planner.post(f"{page_of(asked)}/dismiss", data={"csrf_token": token(planner)})
    assert "Off the list" in said(planner, answer)
    assert "Is this not wonderful?" not in text(planner.get(LIST).text)


def test_a_private_answer_goes_out_once(
    planner: FlaskClient, other: FlaskClient, now: datetime
) -> None:
    asked = ask(1, now)
    page = f"{LIST}/private/{asked.id}"
    opened = hidden_fields(planner.get(page).text)
    assert "Answered." in said(other, press(other, page, body="Yes."))
    late = planner.post(page, data=opened | {"body": "My other words."})
    assert late.status_code == 409
    assert "so nothing was sent" in text(late.text)
    assert "My other words." in text(late.text)
    assert "Yes." in text(late.text)
    (letter,) = letters("question_answer")
    assert letter.context["answer"] == "Yes."
    assert "<textarea" not in planner.get(page).text  # it is answered: there is nothing to send


def test_a_private_question_can_be_closed_without_a_word(
    planner: FlaskClient, now: datetime
) -> None:
    asked = ask(1, now)
    page = f"{LIST}/private/{asked.id}"
    close = f"{page}/close/{asked.version}"
    assert "Nobody is written to" in said(
        planner, planner.post(close, data={"csrf_token": token(planner)})
    )
    db.session.rollback()
    found = db.session.get_one(PrivateQuestion, asked.id, populate_existing=True)
    assert found.state is QuestionState.CLOSED
    assert letters("question_answer") == []
    assert "Closed without an answer" in text(planner.get(page).text)


def test_sixty_cost_no_more_statements_than_three(planner: FlaskClient, now: datetime) -> None:
    def fill(numbers: range) -> None:
        for number in numbers:
            published(f"Question {number}?", email=f"a{number}@example.org", now=now)
            ask(number, now)

    fill(range(3))
    few = statements(planner, LIST)
    fill(range(3, 60))
    assert statements(planner, LIST) == few
    page = text(planner.get(LIST).text)
    assert "Under the pages (60)" in page
    assert "10 more wait" in page
