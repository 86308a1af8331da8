"""Appeals: another moderator decides, once; colleagues who press at the same time read the truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from enroll.comments import appeals, editing
from enroll.comments.models import Comment
from enroll.comments.records import Appeal
from enroll.comments.states import CommentState, Verb
from enroll.db import atomically, db
from tests.comments import acting
from tests.comments.acting import again, letters
from tests.console.acting import said, statements, text
from tests.reading import hidden_fields

pytestmark = pytest.mark.either_database

LIST = "/staff/comments/appeals"
BILAL = "bilal@example.org"


def turned_down(
    number: int, now: datetime, *, verb: Verb = Verb.REJECT, by: str = BILAL, **more: object
) -> tuple[Comment, Appeal]:
    """A comment that Bilal turned down, and its author's appeal."""
    comment = acting.confirmed(
        f"My criticism, number {number}.", email=f"c{number}@example.org", now=now
    )
    acting.decide(verb, comment, now=now, staff=acting.moderator(by), by="Bilal", **more)
    made = atomically(
        appeals.appeal, comment_id=comment.id, text=f"Look again, number {number}.", now=now
    )
    return comment, made


def decide(client: FlaskClient, made: Appeal, helps: str = "yes", status: int = 303) -> str:
    token = hidden_fields(client.get(LIST).text)["csrf_token"]
    answer = client.post(f"{LIST}/{made.id}", data={"csrf_token": token, "helps": helps})
    assert answer.status_code == status
    return said(client, answer) if status == 303 else ""


def test_everything_to_decide_by_stands_there_oldest_first(
    moderator: FlaskClient, now: datetime
) -> None:
    reason = acting.reason()
    comment, _made = turned_down(
        1, now - timedelta(days=2), reason_id=reason, note="Ask in the other place."
    )
    turned_down(2, now - timedelta(hours=1), verb=Verb.SPAM)
    # Somebody else's correction is not the decision.
    atomically(
        editing.correct, comment_id=comment.id, version=again(comment).version,
        body="My criticism, number 1!", staff_id=acting.moderator(), by="Corrector", now=now,
    )  # fmt: skip
    page = text(moderator.get(LIST).text)
    for words in (
        "My criticism, number 1!",
        "Bilal decided",
        "Off the subject. It is not about this page.",
        "Ask in the other place.",
        "Look again, number 1.",
        "waiting for 2 days",
        "Nobody was told",
    ):
        assert words in page, words
    assert "Corrector decided" not in page
    assert page.index("Look again, number 1.") < page.index("Look again, number 2.")


@pytest.mark.parametrize(
    ("helps", "state", "words"),
    [
        ("yes", CommentState.APPROVED, "Published after all"),
        ("no", CommentState.REJECTED, "The decision stands"),
    ],
)
def test_a_second_moderator_decides_and_the_author_is_told(
    moderator: FlaskClient, now: datetime, helps: str, state: CommentState, words: str
) -> None:
    comment, made = turned_down(1, now)
    assert words in decide(moderator, made, helps)
    assert again(comment).state is state
    (letter,) = letters("comment_appeal")
    assert letter.context["helped"] is (helps == "yes")
    assert "No appeal waits" in text(moderator.get(LIST).text)


def test_who_turned_it_down_cannot(moderator: FlaskClient, now: datetime) -> None:
    comment, made = turned_down(1, now, by="moderator@example.org")
    page = moderator.get(LIST).text
    assert "You turned it down yourself" in text(page)
    assert "Publish after all" not in text(page)
    assert "somebody else decides" in decide(moderator, made)
    assert again(comment).state is CommentState.REJECTED
    assert letters("comment_appeal") == []


@pytest.mark.parametrize(("days", "may"), [(4, False), (6, True)])
def test_after_five_days_an_administrator_may_whoever_it_was(
    signed_in: Callable[..., FlaskClient], now: datetime, days: int, may: bool
) -> None:
    address = "admin@example.org"
    client = signed_in(Duty.MODERATE, Duty.ADMINISTER, email=address)
    comment, made = turned_down(1, now - timedelta(days=days), by=address)
    assert ("Publish after all" in text(client.get(LIST).text)) is may
    decide(client, made)
    assert (again(comment).state is CommentState.APPROVED) is may


def test_the_slower_colleague_reads_what_was_decided(
    moderator: FlaskClient, signed_in: Callable[..., FlaskClient], now: datetime
) -> None:
    comment, made = turned_down(1, now)
    third = signed_in(Duty.MODERATE, email="third@example.org")
    decide(third, made, "no")
    assert "A colleague was faster: the decision stands." in decide(moderator, made, "yes")
    assert again(comment).state is CommentState.REJECTED
    assert len(letters("comment_appeal")) == 1


def test_pressing_twice_says_the_same(moderator: FlaskClient, now: datetime) -> None:
    _comment, made = turned_down(1, now)
    assert decide(moderator, made) == decide(moderator, made)
    assert len(letters("comment_appeal")) == 1


def test_odd_presses(moderator: FlaskClient, now: datetime) -> None:
    comment, made = turned_down(1, now)
    decide(moderator, made, "", status=400)
    decide(moderator, made, "perhaps", status=400)
    assert again(comment).state is CommentState.REJECTED
    db.session.expunge(made)
    made.id = 999
    decide(moderator, made, status=404)


def test_only_moderators(client: FlaskClient, planner: FlaskClient) -> None:
    assert planner.get(LIST).status_code == 403


def test_sixty_cost_no_more_statements_than_three(moderator: FlaskClient, now: datetime) -> None:
    for number in range(3):
        turned_down(number, now)
    few = statements(moderator, LIST)
    for number in range(3, 60):
        turned_down(number, now)
    assert statements(moderator, LIST) == few
