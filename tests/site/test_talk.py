"""The talk as visitors meet it: the form, the preview, the mailed link, their own page, feeds and links."""

from __future__ import annotations

import html
import re
from datetime import datetime
from email import message_from_bytes, policy
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from enroll import clock
from enroll.comments import appeals, questions
from enroll.comments.models import Comment, CommentAuthor
from enroll.comments.records import PrivateQuestion, Report
from enroll.comments.states import CommentState, QuestionState, Verb
from enroll.comments.tickets import YOUNGEST
from enroll.db import atomically, db
from enroll.mail.rendering import render
from tests import make
from tests.comments import acting
from tests.comments.acting import PAGE, again, decide, letters, published
from tests.console.acting import press, text
from tests.reading import hidden_fields, typed_values

pytestmark = pytest.mark.either_database

FORM = {"name": "Asha", "email": "asha@example.org", "body": "How long does the course take?"}


@pytest.fixture(autouse=True)
def guides(app: Flask, now: datetime) -> None:
    for slug in ("ml-engineer", "business-analyst"):
        make.guide(slug)
    make.course("foundations")


def send(client: FlaskClient, path: str = PAGE, **changes: str):  # noqa: ANN201
    """Open the page, fill in the form, send it."""
    hidden = hidden_fields(client.get(path).text)
    return client.post("/comments", data=hidden | FORM | changes)


def the_comment() -> Comment:
    db.session.rollback()
    return db.session.scalars(sa.select(Comment).order_by(Comment.id.desc())).first()


def wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let so much time pass as nobody needs to type."""
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + 5 * YOUNGEST)


def own_page(client: FlaskClient) -> str:
    author = db.session.scalars(sa.select(CommentAuthor)).first()
    return f"/comments/mine/{author.token}"


@pytest.mark.parametrize("path", [PAGE, "/roles/business-analyst", "/courses/foundations"])
def test_the_form_stands_under_guides_and_curricula(client: FlaskClient, path: str) -> None:
    answer = send(client, path)
    assert answer.status_code == 303
    assert the_comment().page == path
    sent = client.get(answer.location)
    assert sent.status_code == 200
    assert "asha@example.org" not in sent.text


def test_and_under_batches(client: FlaskClient) -> None:
    make.batch(code="here")
    assert send(client, "/batches/here").status_code == 303
    assert the_comment().page == "/batches/here"


def test_the_answer_is_the_same_for_known_and_unknown_addresses(client: FlaskClient) -> None:
    first = send(client)
    published("Known by now.", email="b@example.org")
    second = send(client, email="b@example.org", body="Something else.")
    assert (first.status_code, first.location) == (second.status_code, second.location)


def test_from_form_to_page_with_the_mailed_link(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client)
    (letter,) = letters("comment_confirm")
    message = render(letter).decode()
    for typed in (FORM["body"], "Asha"):
        assert typed not in message
    link = f"/comments/confirm/{the_comment().confirm_token}"
    page = client.get(link)
    assert FORM["body"] in text(page.text)
    assert the_comment().state is CommentState.UNCONFIRMED  # looking changes nothing
    answer = press(client, link)
    assert answer.status_code == 303
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "Waits for a moderator" in text(client.get(answer.location).text)
    assert press(client, link).status_code == 303  # a second press is a success
    decide(Verb.APPROVE, the_comment())
    assert FORM["body"] in text(client.get(PAGE).text)
    # In this browser the next one needs no letter.
    wait(monkeypatch)
    send(client, body="And what does it cost?")
    assert the_comment().state is CommentState.PENDING
    # In another browser it does.
    send(client.application.test_client(), body="Words put into a mouth")
    assert the_comment().state is CommentState.UNCONFIRMED


def test_a_trusted_author_sees_it_on_the_page_at_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client)
    press(client, f"/comments/confirm/{the_comment().confirm_token}")
    decide(Verb.APPROVE, the_comment())
    for number in range(2):
        wait(monkeypatch)
        send(client, body=f"Thought number {number}.")
        decide(Verb.APPROVE, the_comment())
    hidden = hidden_fields(client.get(PAGE).text)
    wait(monkeypatch)
    answer = client.post("/comments", data=hidden | FORM | {"body": "The fourth one."})
    assert answer.location == f"{PAGE}#comment-{the_comment().id}"
    assert the_comment().state is CommentState.APPROVED


def test_not_mine(client: FlaskClient) -> None:
    send(client)
    link = f"/comments/confirm/{the_comment().confirm_token}"
    answer = press(client, link, to=f"{link}/not-mine")
    assert "Thank you for telling us" in answer.text
    assert the_comment().body == ""
    assert client.get("/comments/confirm/unknown").status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"body": ""}, "Write your question"),
        ({"body": " \n "}, "Write your question"),
        ({"name": "12"}, "letters"),
        ({"email": "asha"}, "name@example.com"),
        ({"body": "x" * 5001}, "nothing of yours is lost"),
        ({"csrf_token": "wrong"}, "press the button again"),
        ({"body": "a\u0000b"}, "invisible"),
    ],
)
def test_bad_input_gets_a_sentence_and_loses_nothing(
    client: FlaskClient, changes: dict[str, str], words: str
) -> None:
    answer = send(client, **changes)
    assert answer.status_code == 422
    assert words in text(answer.text)
    typed = typed_values(answer.text)
    given = FORM | changes
    for name in ("body", "name", "email"):
        assert html.unescape(typed[name]).replace("\ufffd", "\0") == given[name]
    assert the_comment() is None


def test_the_preview_shows_and_keeps(client: FlaskClient) -> None:
    answer = send(client, body="Some **bold** words", preview="1")
    assert answer.status_code == 200
    assert "<strong>bold</strong>" in answer.text
    assert typed_values(answer.text)["body"].strip() == "Some **bold** words"
    assert the_comment() is None
    # What is sent from there is the same form.
    hidden = hidden_fields(answer.text)
    assert client.post("/comments", data=hidden | FORM).status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/nowhere",
        "/roles/none",
        "/batches/none",
        "/staff/comments",
        "//evil.example/x",
        "/roles/ml-engineer/x",
        "https://evil.example/a/b",
    ],
)
def test_only_pages_that_are_talked_about(client: FlaskClient, path: str) -> None:
    hidden = hidden_fields(client.get(PAGE).text)
    assert client.post("/comments", data=hidden | FORM | {"page": path}).status_code == 404
    assert client.get("/comments/write", query_string={"page": path}).status_code == 404


def test_a_program_may_post_by_the_contract_and_is_held(client: FlaskClient) -> None:
    token = hidden_fields(client.get(PAGE).text)["csrf_token"]
    answer = client.post("/comments", data=FORM | {"page": PAGE, "parent": "", "csrf_token": token})
    assert answer.status_code == 303
    assert the_comment().circumstances["form"] == "missing"


def test_replies_stand_under_what_they_answer(client: FlaskClient, now: datetime) -> None:
    root = published("The root?", now=now)
    page = client.get("/comments/write", query_string={"page": PAGE, "parent": root.id})
    assert "The root?" in text(page.text)
    hidden = hidden_fields(page.text)
    client.post("/comments", data=hidden | FORM)
    assert the_comment().reply_to_id == root.id
    decide(Verb.SPAM, again(root))
    refused = client.post("/comments", data=hidden | FORM | {"body": "Another reply."})
    assert refused.status_code == 409
    assert "Another reply." in refused.text


def test_a_flood_keeps_the_words(client: FlaskClient) -> None:
    client.application.config |= {"COMMENTS_PER_HOUR": 1, "RATELIMIT_ENABLED": True}
    send(client)
    answer = send(client, body="The second one.")
    assert answer.status_code == 429
    assert "The second one." in answer.text
    assert answer.headers["Retry-After"]


def test_pages_of_fifty_newest_or_oldest_first_and_links_that_last(
    client: FlaskClient, now: datetime
) -> None:
    made = [published(f"Thought {n}.", email=f"a{n}@example.org", now=now) for n in range(52)]
    first, second = client.get(PAGE).text, client.get(f"{PAGE}?comments=2").text
    assert first.index(f"comment-{made[51].id}") < first.index(f"comment-{made[2].id}")
    assert f'id="comment-{made[1].id}"' not in first
    assert f'id="comment-{made[1].id}"' in second
    oldest = client.get(f"{PAGE}?order=oldest").text
    assert oldest.index(f"comment-{made[0].id}") < oldest.index(f"comment-{made[49].id}")
    assert (
        client.get(f"/comments/{made[0].id}").location == f"{PAGE}?comments=2#comment-{made[0].id}"
    )
    assert client.get(f"/comments/{made[51].id}").location == f"{PAGE}#comment-{made[51].id}"
    assert client.get("/comments/999999").status_code == 404
    for odd in ("0", "-1", "x", "99999999999999999999", "9"):
        assert client.get(f"{PAGE}?comments={odd}").status_code == 200


def test_a_thread_whose_beginning_is_gone_keeps_its_replies(
    client: FlaskClient, now: datetime
) -> None:
    root = published("The root?", now=now)
    published("The reply.", email="b@example.org", reply_to=root.id, now=now)
    decide(Verb.REJECT, again(root))
    page = text(client.get(PAGE).text)
    assert "The reply." in page
    assert "The root?" not in page
    assert "not here any more" in page


def test_the_feed_is_atom_and_safe(client: FlaskClient, now: datetime) -> None:
    published("<script>alert(1)</script> & *more*", name="A & B", now=now)
    answer = client.get("/comments.atom", query_string={"page": PAGE})
    assert answer.mimetype == "application/atom+xml"
    tree = ET.fromstring(answer.text)  # noqa: S314 - our own
    atom = "{http://www.w3.org/2005/Atom}"
    entry = tree.find(f"{atom}entry")
    assert entry.find(f"{atom}author/{atom}name").text == "A & B"
    assert "<script" not in entry.find(f"{atom}content").text
    assert "<em>more</em>" in entry.find(f"{atom}content").text
    assert client.get("/comments.atom").status_code == 404


def test_the_feed_stays_xml_whatever_is_typed(client: FlaskClient, now: datetime) -> None:
    bodies = ["half a character: \ufffe\uffff", "- " * 40 + "\ufffe", "&#xb; &#xFFFF; &#x202e;"]
    for number, body in enumerate(bodies):
        published(f"{number} {body}", now=now)
    answer = client.get("/comments.atom", query_string={"page": PAGE})
    found = ET.fromstring(answer.text).iter("{http://www.w3.org/2005/Atom}content")  # noqa: S314
    assert [content.text[3:4] for content in found] == ["2", "1", "0"]
    for field in ("name", "body"):
        refused = send(client, **{field: "Asha \ufffe"})
        assert refused.status_code == 422
        assert "invisible characters" in refused.text


def test_a_reader_reports(client: FlaskClient, now: datetime) -> None:
    comment = published("Something rude.", now=now)
    page = f"/comments/{comment.id}/report"
    assert press(client, page).status_code == 422
    assert press(client, page, reason="insult", words="It is rude.").status_code == 303
    db.session.rollback()
    (report,) = db.session.scalars(sa.select(Report)).all()
    assert (report.body, report.reason, report.words) == (
        "Something rude.",
        "insult",
        "It is rude.",
    )
    assert client.get("/comments/999/report").status_code == 404


def test_no_address_and_no_pending_word_is_ever_shown(client: FlaskClient, now: datetime) -> None:
    published("Published words.", now=now)
    acting.confirmed("Waiting words.", now=now)
    decide(Verb.SPAM, acting.confirmed("Spam words.", email="c@example.org", now=now))
    for path in (PAGE, f"/comments.atom?page={PAGE}"):
        page = client.get(path).text
        assert "Published words." in page
        for hidden in ("Waiting words.", "Spam words.", "asha@example.org", "c@example.org"):
            assert hidden not in page


def test_asking_privately(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = send(client, body="In private?", private="1")
    assert "Only our staff" in text(client.get(answer.location).text)
    assert the_comment() is None
    question = db.session.scalars(sa.select(PrivateQuestion)).one()
    link = f"/comments/confirm/{question.confirm_token}"
    assert "In private?" in text(client.get(link).text)
    answer = press(client, link)
    assert "Our staff will answer" in text(client.get(answer.location).text)
    db.session.rollback()
    found = db.session.get_one(PrivateQuestion, question.id, populate_existing=True)
    assert found.state is QuestionState.OPEN
    atomically(
        questions.answer,
        question_id=found.id,
        version=found.version,
        body="Yes, in private.",
        staff_id=acting.moderator(),
        now=clock.now(),
    )
    assert "Yes, in private." in text(client.get(answer.location).text)
    assert "In private?" not in client.get(PAGE).text


# ---------------------------------------------------------------- the author's own page


def test_rewording_on_the_own_page(client: FlaskClient) -> None:
    comment = acting.confirmed("The first words.")
    page = f"{own_page(client)}/{comment.id}"
    assert press(client, page, body="").status_code == 422
    assert press(client, page, body="Other words altogether.").status_code == 303
    assert again(comment).body == "Other words altogether."


def test_too_late_keeps_the_words(client: FlaskClient, now: datetime) -> None:
    comment = published("The first words.", now=acting.later(now, hours=-1))
    page = f"{own_page(client)}/{comment.id}"
    answer = press(client, page, body="Too late for these.")
    assert answer.status_code == 409
    assert "Too late for these." in answer.text
    assert "Reword" not in text(client.get(own_page(client)).text)


@pytest.mark.parametrize(
    ("verb", "words"), [(Verb.REJECT, "Not published"), (Verb.SPAM, "Taken for advertising")]
)
def test_what_was_turned_down_says_so_and_can_be_appealed_once(
    client: FlaskClient, verb: Verb, words: str
) -> None:
    comment = acting.confirmed("Criticism.")
    decide(verb, comment)
    mine = own_page(client)
    assert words in text(client.get(mine).text)
    page = f"{mine}/{comment.id}/appeal"
    assert press(client, page, text="").status_code == 422
    assert press(client, page, text="Please look again.").status_code == 303
    shown = text(client.get(mine).text)
    assert "Somebody else looks at it" in shown
    assert "/appeal" not in client.get(mine).text
    assert press(client, page, text="And again.").status_code == 303
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(appeals.Appeal)) == 1


def test_taking_back_along_and_deleting(client: FlaskClient) -> None:
    first, second = acting.confirmed("The first words."), acting.confirmed("The second words.")
    mine = own_page(client)
    form = {"csrf_token": hidden_fields(client.get(mine).text)["csrf_token"]}
    assert client.post(f"{mine}/{first.id}/withdraw", data=form).status_code == 303
    assert again(first).body == ""
    data = client.get(f"{mine}/data.json")
    assert [one["text"] for one in data.json["comments"]] == ["The second words."]
    assert press(client, f"{mine}/erase").status_code == 422
    assert "Everything is deleted" in press(client, f"{mine}/erase", sure="y").text
    assert again(second).body == ""
    assert client.get(mine).status_code == 404


def test_nobody_touches_the_comments_of_others(client: FlaskClient) -> None:
    acting.confirmed("Mine.")
    mine = own_page(client)
    other = acting.confirmed("Not mine.", email="b@example.org")
    form = {
        "csrf_token": hidden_fields(client.get(mine).text)["csrf_token"],
        "body": "x",
        "text": "x",
    }
    for path in ("", "/withdraw", "/appeal"):
        assert client.post(f"{mine}/{other.id}{path}", data=form).status_code == 404
    assert client.get(f"{mine}/{other.id}").status_code == 404
    assert again(other).body == "Not mine."


def test_one_click_ends_the_letters_of_a_thread(client: FlaskClient, now: datetime) -> None:
    root = published("Who knows?", wants_replies=True, now=now)
    published("I do.", email="b@example.org", reply_to=root.id, now=now)
    (letter,) = letters("comment_reply")
    message = message_from_bytes(render(letter), policy=policy.default)
    link = re.fullmatch(r"<https?://[^/]+(/unsubscribe/[^>]+)>", message["List-Unsubscribe"])
    assert b"List-Unsubscribe: <http" in render(letter)  # in plain words: nobody decodes it
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "No more such e-mails?" in client.get(link[1]).text
    assert letters("comment_reply", "queued")  # looking changes nothing
    for _ in range(2):
        # As a mail program does it: no cookie, no token (RFC 8058).
        bare = client.application.test_client()
        answer = bare.post(link[1], data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert letters("comment_reply", "queued") == []
    assert client.post("/unsubscribe/unknown").status_code == 404
