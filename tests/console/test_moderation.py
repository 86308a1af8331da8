"""The moderators' pages: read, decide, meet a colleague, take it back; and the pages around the queue."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from enroll.comments import appeals, questions, reasons, reporting
from enroll.comments.models import Comment, ModerationReason
from enroll.comments.reporting import Complaint
from enroll.comments.states import CommentState, Verb
from enroll.db import atomically, db
from tests import make
from tests.accounts.people import colleague, sign_in
from tests.comments import acting
from tests.comments.acting import again, confirmed, decide, published
from tests.console.acting import press, said, text
from tests.reading import hidden_fields

pytestmark = pytest.mark.either_database

QUEUE = "/staff/comments"


@pytest.fixture
def moderator(app: Flask, client: FlaskClient, now: datetime) -> FlaskClient:
    """Meera, signed in, who moderates and nothing else."""
    make.guide()
    atomically(reasons.fill_if_empty)
    colleague(Duty.MODERATE)
    assert sign_in(client).status_code == 302
    return client


def token(client: FlaskClient, page: str = QUEUE) -> str:
    return hidden_fields(client.get(page).text)["csrf_token"]


def press_one(client: FlaskClient, verb: str, comment: Comment, **more: str):  # noqa: ANN201
    given = {
        "csrf_token": token(client),
        "seen": f"{comment.id}:{comment.version}",
        "one": f"{verb}:{comment.id}",
    } | more
    return client.post(f"{QUEUE}/decide", data=given)


def test_likely_honest_first_oldest_first_and_likely_spam_one_line_each(
    moderator: FlaskClient, now: datetime
) -> None:
    spam = confirmed(
        "Buy cheap backlinks, casino bonus https://a.example https://b.example",
        email="s@example.org",
        trap_filled=True,
        now=now,
    )
    first = confirmed("An honest thought.", email="a@example.org", now=now)
    second = confirmed("Another honest thought.", email="b@example.org", now=now)
    assert spam.is_likely_spam
    page = moderator.get(QUEUE).text
    places = [page.index(f'id="item-{one.id}"') for one in (first, second, spam)]
    assert places == sorted(places)
    line = re.search(rf'(?s)<li class="spam-line" id="item-{spam.id}".*?</details>', page)[0]
    assert "checked" in line
    assert "A listed word" in text(line) or "listed words" in text(line)


def test_evidence_context_and_record_stand_beside_the_comment(
    moderator: FlaskClient, now: datetime
) -> None:
    root = published("Who teaches statistics?", now=now)
    confirmed("Look at https://example.org/x", email="b@example.org", reply_to=root.id, now=now)
    words = text(moderator.get(QUEUE).text)
    for wanted in (
        "In reply to Asha",
        "Who teaches statistics?",
        "1 link: “https://example.org/x”",
        "First comment of this address",
    ):
        assert wanted in words


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        ("approve", CommentState.APPROVED),
        ("spam", CommentState.SPAM),
        ("reject", CommentState.REJECTED),
        ("return", CommentState.RETURNED),
    ],
)
def test_one_press_decides(
    moderator: FlaskClient, now: datetime, verb: str, state: CommentState
) -> None:
    comment = confirmed("A thought.", now=now)
    reason = db.session.scalars(sa.select(ModerationReason)).first()
    answer = press_one(moderator, verb, comment, **{f"reason-{comment.id}": str(reason.id)})
    assert "1 comment is" in said(moderator, answer)
    assert again(comment).state is state
    if verb in ("reject", "return"):
        assert again(comment).reason_id == reason.id


def test_no_reason_no_rejection_and_nothing_is_lost(moderator: FlaskClient, now: datetime) -> None:
    comment = confirmed("A thought.", now=now)
    answer = press_one(moderator, "reject", comment)
    assert answer.status_code == 422
    assert "the author reads it" in text(answer.text)
    assert again(comment).state is CommentState.PENDING


def test_the_second_moderator_reads_who_decided_what(moderator: FlaskClient, now: datetime) -> None:
    comment = confirmed("A thought.", now=now)
    seen = f"{comment.id}:{comment.version}"
    decide(Verb.APPROVE, comment, now=now, by="Bilal")
    answer = press_one(moderator, "spam", comment, seen=seen)
    assert answer.status_code == 409
    assert "by Bilal" in text(answer.text)
    assert "Published" in text(answer.text)
    assert again(comment).state is CommentState.APPROVED


def test_what_the_author_changed_meanwhile_is_shown(moderator: FlaskClient, now: datetime) -> None:
    from enroll.comments import editing

    comment = confirmed("I like the old words.", now=now)
    seen = f"{comment.id}:{comment.version}"
    atomically(editing.edit_own, comment_id=comment.id, body="I like the new words.", now=now)
    answer = press_one(moderator, "approve", comment, seen=seen)
    assert answer.status_code == 409
    assert re.search(r"(?s)<del>.*old words.*</del>", answer.text)
    assert re.search(r"(?s)<ins>.*new words.*</ins>", answer.text)


def test_many_at_once_with_a_result_for_each_and_one_undo(
    moderator: FlaskClient, now: datetime
) -> None:
    comments = [
        confirmed(f"Thought {n} of four.", email=f"a{n}@example.org", now=now) for n in range(4)
    ]
    seen = [f"{one.id}:{one.version}" for one in comments]
    decide(Verb.SPAM, comments[2], now=now, by="Bilal")
    form = {
        "csrf_token": token(moderator),
        "seen": seen,
        "pick": [str(one.id) for one in comments],
        "verb": "approve",
    }
    answer = moderator.post(f"{QUEUE}/decide", data=form)
    assert answer.status_code == 200
    assert "3 comments are published" in text(answer.text)
    assert "Somebody was faster" in text(answer.text)
    act = hidden_fields(answer.text)["act"]
    back = moderator.post(f"{QUEUE}/undo", data={"csrf_token": token(moderator), "act": act})
    assert "3 decisions are taken back" in said(moderator, back)
    assert [again(one).state.value for one in comments] == ["pending", "pending", "spam", "pending"]
    twice = moderator.post(f"{QUEUE}/undo", data={"csrf_token": token(moderator), "act": act})
    assert "taken back before" in said(moderator, twice)


def test_nothing_ticked_is_said(moderator: FlaskClient, now: datetime) -> None:
    confirmed(now=now)
    answer = moderator.post(
        f"{QUEUE}/decide", data={"csrf_token": token(moderator), "verb": "approve"}
    )
    assert answer.status_code == 422
    bad = moderator.post(f"{QUEUE}/decide", data={"csrf_token": token(moderator), "verb": "dance"})
    assert bad.status_code == 400


def test_look_alikes_are_one_row_and_one_decision(moderator: FlaskClient, now: datetime) -> None:
    alike = [
        confirmed(f"The same thought {n}!", email=f"a{n}@example.org", now=now) for n in range(3)
    ]
    page = moderator.get(QUEUE).text
    assert "and 2 look-alikes" in text(page)
    assert f'id="item-{alike[1].id}"' not in page
    seen = re.search(rf'name="seen" value="({alike[0].id}:[^"]*)"', page)[1]
    answer = press_one(moderator, "spam", alike[0], seen=seen)
    assert "3 comments are" in said(moderator, answer)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=approved", {1}),
        ("rule=links", {2}),
        ("page=/courses/mlops&state=any", {3}),
        ("q=zebrafish", {3}),
        ("q=zebra", {3}),
        ("state=nonsense", {2, 3}),
        ("rule=nonsense", {2, 3}),
    ],
)
def test_filters(moderator: FlaskClient, now: datetime, query: str, found: set[int]) -> None:
    made = {
        1: published("Published words.", email="a@example.org", now=now),
        2: confirmed("See https://example.org", email="b@example.org", now=now),
        3: confirmed("A zebrafish.", email="c@example.org", page="/courses/mlops", now=now),
    }
    page = moderator.get(f"{QUEUE}?{query}").text
    assert {n for n, one in made.items() if f'id="item-{one.id}"' in page} == found


def test_a_claim_shows_to_colleagues(moderator: FlaskClient, now: datetime) -> None:
    from enroll.comments import moderation

    comment = confirmed(now=now)
    other = acting.moderator("b@example.org")
    atomically(moderation.claim, comment_ids=[comment.id], staff_id=other, now=now)
    assert "Meera Pillai reads this" in text(moderator.get(QUEUE).text)
    answer = moderator.post(
        f"{QUEUE}/claim", data={"csrf_token": token(moderator), "claim": [comment.id, "x"]}
    )
    assert answer.status_code == 303


def test_a_typing_error_is_corrected_and_the_original_kept(
    moderator: FlaskClient, now: datetime
) -> None:
    comment = confirmed("I lik it.", now=now)
    page = f"{QUEUE}/{comment.id}"
    fields = {"version": str(comment.version)}
    answer = press(moderator, page, to=f"{page}/correct", body="I like it.", **fields)
    assert "The original is kept" in said(moderator, answer)
    assert "I lik it." in text(moderator.get(page).text)
    late = moderator.post(
        f"{page}/correct", data={"csrf_token": token(moderator), "body": "Mine.", **fields}
    )
    assert late.status_code == 409
    assert "Mine." in late.text


def test_removal_asks_twice(moderator: FlaskClient, now: datetime) -> None:
    comment = published("Call 98765 43210", now=now)
    page = f"{QUEUE}/{comment.id}/remove"
    assert press(moderator, page, body="").status_code == 422
    answer = press(moderator, page, body="", sure="y")
    assert "Removed for good" in said(moderator, answer)
    assert again(comment).state is CommentState.REMOVED
    assert press(moderator, page, body="", sure="y").status_code == 409


def test_staff_can_be_asked_and_answer(moderator: FlaskClient, now: datetime) -> None:
    comment = published("Tell me about the exam.", now=now)
    answer = moderator.post(
        f"{QUEUE}/{comment.id}/ask-staff", data={"csrf_token": token(moderator)}
    )
    assert "list of questions" in said(moderator, answer)
    assert "Tell me about the exam." in text(moderator.get("/staff/questions").text)
    page = f"/staff/questions/comments/{comment.id}"
    assert press(moderator, page, body="").status_code == 422
    answer = press(moderator, page, body="There is none.")
    assert answer.status_code == 303
    assert "Tell me about" not in text(moderator.get("/staff/questions").text)
    public = text(moderator.get(acting.PAGE).text)
    assert "There is none." in public
    assert "Meera Pillai" in public


def test_private_questions_are_answered_by_mail(moderator: FlaskClient, now: datetime) -> None:
    confirmed(now=now)
    asked = atomically(questions.ask, post=acting.post("In private?"), now=now)
    page = f"/staff/questions/private/{asked.id}"
    assert "In private?" in text(moderator.get("/staff/questions").text)
    fields = {"version": str(asked.version)}
    assert press(moderator, page, body="Yes.", **fields).status_code == 303
    late = press(moderator, page, body="My other words.", **fields)
    assert late.status_code == 409
    assert "My other words." in late.text
    other = atomically(questions.ask, post=acting.post("Another?"), now=now)
    close = f"/staff/questions/private/{other.id}/close/{other.version}"
    for words in ("Closed.", "meanwhile"):
        answer = moderator.post(close, data={"csrf_token": token(moderator)})
        assert words in said(moderator, answer)


def test_appeals_are_decided_by_somebody_else(moderator: FlaskClient, now: datetime) -> None:
    comment = confirmed("Criticism.", now=now)
    press_one(moderator, "reject", comment, **{f"note-{comment.id}": "Because."})
    made = atomically(appeals.appeal, comment_id=comment.id, text="Look again.", now=now)
    page = text(moderator.get(f"{QUEUE}/appeals").text)
    assert "Look again." in page
    assert "somebody else decides" in page
    form = {"csrf_token": token(moderator), "helps": "yes"}
    assert "somebody else" in said(
        moderator, moderator.post(f"{QUEUE}/appeals/{made.id}", data=form)
    )
    assert again(comment).state is CommentState.REJECTED
    colleague(Duty.MODERATE, email="other@example.org")
    moderator.post("/staff/logout", data={"csrf_token": token(moderator)})
    sign_in(moderator, email="other@example.org")
    form["csrf_token"] = token(moderator)
    assert "Published after all" in said(
        moderator, moderator.post(f"{QUEUE}/appeals/{made.id}", data=form)
    )
    assert again(comment).state is CommentState.APPROVED


def test_reports_show_the_text_as_it_was_and_are_closed(
    moderator: FlaskClient, now: datetime
) -> None:
    comment = published("The text as it was.", now=now)
    atomically(
        reporting.report,
        comment_id=comment.id,
        reason=Complaint.INSULT,
        words="Rude!",
        network=None,
        now=now,
    )
    page = text(moderator.get(f"{QUEUE}/reports").text)
    for words in ("The text as it was.", "It insults or threatens somebody", "Rude!"):
        assert words in page
    for words in ("Closed.", "meanwhile"):
        answer = moderator.post(
            f"{QUEUE}/reports/{comment.id}", data={"csrf_token": token(moderator)}
        )
        assert words in said(moderator, answer)
    assert "No report waits" in text(moderator.get(f"{QUEUE}/reports").text)


def test_reasons_are_kept_by_administrators(moderator: FlaskClient, client: FlaskClient) -> None:
    page = f"{QUEUE}/reasons"
    assert "Not about this page" in text(moderator.get(page).text)
    form = {"csrf_token": token(moderator), "title": "New", "text": "Words.", "position": "3"}
    assert moderator.post(page, data=form).status_code == 403
    moderator.post("/staff/logout", data={"csrf_token": token(moderator)})
    colleague(*Duty, email="admin@example.org")
    sign_in(client, email="admin@example.org")
    assert "Kept." in said(client, press(client, page, title="New", text="Words.", position="3"))
    assert press(client, page, title="New", text="Other.", position="3").status_code == 409
    assert press(client, page, title="", text="Other.", position="x").status_code == 422
    made = db.session.scalars(
        sa.select(ModerationReason).where(ModerationReason.title == "New")
    ).one()
    answer = press(client, f"{page}/{made.id}", title="Newer", text="Words.", position="1")
    assert "Kept." in said(client, answer)
    for words in ("Give it again", "Give it no more"):
        client.post(f"{page}/{made.id}/retire", data={"csrf_token": token(client, page)})
        assert words in text(client.get(page).text)
    assert client.get(f"{page}/999").status_code == 404


def test_the_chart_has_its_table_and_its_file(moderator: FlaskClient, now: datetime) -> None:
    published("Decided after three hours.", now=now - timedelta(hours=3))
    comment = confirmed("Waits.", now=now - timedelta(hours=30))
    page = moderator.get(f"{QUEUE}/service").text
    assert "1 comment waits, for 30 hours now" in text(page)
    assert '<rect class="bar-median"' in page
    rows = moderator.get(f"{QUEUE}/service/table.csv").text.splitlines()
    assert len(rows) == 13
    assert rows[-1].split(",")[1] == "1"
    assert comment.state is CommentState.PENDING


def test_only_moderators_see_the_queue(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    for path in (QUEUE, f"{QUEUE}/service", f"{QUEUE}/reports", f"{QUEUE}/appeals"):
        assert client.get(path).status_code == 403
    assert client.get("/staff/questions").status_code == 200
