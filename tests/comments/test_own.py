"""What authors may do with what is theirs; appeals; private questions; what is kept and for how long."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.accounts.duties import Duty
from enroll.comments import answering, appeals, own, questions, retention, service
from enroll.comments.models import Comment, CommentAuthor
from enroll.comments.records import PrivateQuestion, Retention
from enroll.comments.states import CommentState, QuestionState, Verb
from enroll.db import atomically, db
from tests.accounts.people import colleague
from tests.comments import acting
from tests.comments.acting import BROWSER, again, confirmed, decide, letters, published, say
from tests.comments.test_editing import everywhere

DAY = timedelta(days=1)


def author_of(comment: Comment) -> CommentAuthor:
    return db.session.get_one(CommentAuthor, comment.author_id, populate_existing=True)


def test_taken_back_is_empty_and_its_replies_stay(app: Flask, now: datetime) -> None:
    root = published("Who knows a zebrafish?", now=now)
    published("I do.", email="b@example.org", reply_to=root.id, now=now)
    assert atomically(own.withdraw, comment_id=root.id, now=now)
    assert not atomically(own.withdraw, comment_id=root.id, now=now)
    assert again(root).state is CommentState.WITHDRAWN
    assert again(root).replies == 1
    assert everywhere("zebrafish") == []


def test_everything_of_an_author_can_be_taken_along(app: Flask, now: datetime) -> None:
    published("A published one.", now=now)
    decide(Verb.REJECT, confirmed("A rejected one.", now=now), now=now)
    atomically(questions.ask, post=acting.post("A private one?"), now=now)
    data = own.export(author_of(db.session.scalars(sa.select(Comment)).first()))
    text = json.dumps(data)
    for words in (
        "A published one.",
        "A rejected one.",
        "A private one?",
        "Because.",
        "asha@example.org",
    ):
        assert words in text


def test_erased_means_nothing_of_them_is_left_anywhere(app: Flask, now: datetime) -> None:
    root = published("Zebrafish are mine.", wants_replies=True, name="Zarathustra", now=now)
    published("An answer.", email="b@example.org", reply_to=root.id, now=now)
    decide(Verb.REJECT, confirmed("More zebrafish.", name="Zarathustra", now=now), now=now)
    atomically(questions.ask, post=acting.post("Zebrafish?", name="Zarathustra"), now=now)
    author = author_of(root)
    assert atomically(own.erase, author_id=author.id, now=now) is not None
    assert atomically(own.erase, author_id=author.id, now=now) is None
    for words in ("ebrafish", "Zarathustra", "asha@example.org"):
        assert everywhere(words) == []
    assert own.author_by_token(author.token) is None
    # Whoever writes again begins anew.
    assert say("Here again.", now=now).author_id != author.id


# ---------------------------------------------------------------- appeals


def turned_down(now: datetime, verb: Verb = Verb.REJECT) -> tuple[Comment, int]:
    staff = acting.moderator()
    comment = confirmed("Criticism of the institute.", now=now)
    decide(verb, comment, now=now, staff=staff)
    return again(comment), staff


def decide_appeal(
    number: int, staff: int, now: datetime, *, helps: bool = True, admin: bool = False
) -> None:
    atomically(
        appeals.decide_appeal,
        appeal_id=number,
        helps=helps,
        staff_id=staff,
        is_administrator=admin,
        by="Somebody",
        now=now,
    )


@pytest.mark.parametrize("verb", [Verb.REJECT, Verb.SPAM])
@pytest.mark.parametrize("helps", [True, False])
def test_another_moderator_decides_and_the_author_is_told(
    app: Flask, now: datetime, verb: Verb, helps: bool
) -> None:
    comment, first = turned_down(now, verb)
    made = atomically(appeals.appeal, comment_id=comment.id, text="Please look.", now=now)
    with pytest.raises(appeals.SamePerson):
        decide_appeal(made.id, first, now)
    decide_appeal(made.id, acting.moderator("b@example.org"), now, helps=helps)
    assert again(comment).state is (CommentState.APPROVED if helps else verb.target)
    assert [one.context["helped"] for one in letters("comment_appeal")] == [helps]
    with pytest.raises(appeals.AlreadyAppealed if not helps else appeals.NothingToAppeal):
        atomically(appeals.appeal, comment_id=comment.id, text="Again.", now=now)


def test_after_five_days_an_administrator_may_whoever_it_was(app: Flask, now: datetime) -> None:
    comment, first = turned_down(now)
    made = atomically(appeals.appeal, comment_id=comment.id, text="Please look.", now=now)
    with pytest.raises(appeals.SamePerson):
        decide_appeal(made.id, first, now + 4 * DAY, admin=True)
    with pytest.raises(appeals.SamePerson):
        decide_appeal(made.id, first, now + 6 * DAY)
    decide_appeal(made.id, first, now + 5 * DAY, admin=True)
    assert again(comment).state is CommentState.APPROVED


def test_an_open_appeal_is_not_decided_in_passing(app: Flask, now: datetime) -> None:
    comment, first = turned_down(now)
    atomically(appeals.appeal, comment_id=comment.id, text="Please look.", now=now)
    decision = decide(Verb.APPROVE, comment, now=now, staff=first)
    assert [one.outcome.value for one in decision.results] == ["appealed"]


def test_undoing_the_rejection_ends_its_appeal(app: Flask, now: datetime) -> None:
    comment = confirmed("Criticism of the institute.", now=now)
    decision = decide(Verb.REJECT, comment, now=now)
    atomically(appeals.appeal, comment_id=comment.id, text="Please look.", now=now)
    acting.undo(decision.act_id, now)
    assert db.session.scalar(sa.select(appeals.Appeal.id)) is None
    decide(Verb.REJECT, again(comment), now=now)
    assert atomically(appeals.appeal, comment_id=comment.id, text="Now, please.", now=now)


def test_there_is_nothing_to_appeal_about_what_was_sent_back(app: Flask, now: datetime) -> None:
    comment = confirmed(now=now)
    decide(Verb.RETURN, comment, now=now)
    with pytest.raises(appeals.NothingToAppeal):
        atomically(appeals.appeal, comment_id=comment.id, text="Why?", now=now)


# ---------------------------------------------------------------- answers


def test_staff_answer_and_the_asker_gets_it_by_mail(app: Flask, now: datetime) -> None:
    asked = published("Is it hard?", now=now)
    reply = atomically(
        answering.answer, comment_id=asked.id, body="No.", staff_id=acting.moderator(), now=now
    )
    assert (reply.parent_id, reply.state, reply.staff_id is not None) == (
        asked.id,
        CommentState.APPROVED,
        True,
    )
    assert [one.recipient for one in letters("comment_answer")] == ["asha@example.org"]
    assert again(asked).asked_at is None
    with pytest.raises(answering.NotPublished):
        atomically(
            answering.answer,
            comment_id=confirmed("Not read.", now=now).id,
            body="No.",
            staff_id=acting.moderator(),
            now=now,
        )


def test_an_asker_who_follows_the_thread_gets_one_letter_not_two(app: Flask, now: datetime) -> None:
    asked = published("Is it hard?", wants_replies=True, now=now)
    atomically(
        answering.answer, comment_id=asked.id, body="No.", staff_id=acting.moderator(), now=now
    )
    assert len(letters("comment_reply")) + len(letters("comment_answer")) == 1


def test_a_question_can_be_put_on_the_list_and_taken_off(app: Flask, now: datetime) -> None:
    comment = confirmed("Tell me more.", now=now)
    assert atomically(answering.ask_staff, comment_id=comment.id, now=now)
    assert not atomically(answering.ask_staff, comment_id=comment.id, now=now)
    assert atomically(answering.needs_no_answer, comment_id=comment.id)
    assert not atomically(answering.needs_no_answer, comment_id=comment.id)
    # What a moderator asked for before publishing still stands there afterwards.
    atomically(answering.ask_staff, comment_id=comment.id, now=now)
    decide(Verb.APPROVE, again(comment), now=now)
    assert again(comment).asked_at == now


def test_a_private_question_is_answered_once(app: Flask, now: datetime) -> None:
    asked = atomically(questions.ask, post=acting.post("In private?"), now=now)
    assert asked.state is QuestionState.UNCONFIRMED
    assert letters("question_confirm")[0].context == {"token": asked.confirm_token}
    mine = atomically(questions.confirm, token=asked.confirm_token, browser=BROWSER, now=now)
    version = mine.version
    staff = acting.moderator()
    atomically(
        questions.answer, question_id=mine.id, version=version, body="Yes.", staff_id=staff, now=now
    )
    with pytest.raises(questions.HasChanged):
        atomically(
            questions.answer,
            question_id=mine.id,
            version=version,
            body="No.",
            staff_id=staff,
            now=now,
        )
    (letter,) = letters("question_answer")
    assert (letter.context["question"], letter.context["answer"]) == ("In private?", "Yes.")
    # The second one from this browser needs no letter first.
    other = atomically(questions.ask, post=acting.post("Another?"), now=now)
    assert other.state is QuestionState.OPEN
    assert atomically(
        questions.close, question_id=other.id, version=other.version, staff_id=staff, now=now
    )


def test_a_private_question_can_be_disowned(app: Flask, now: datetime) -> None:
    asked = atomically(questions.ask, post=acting.post("Not mine?"), now=now)
    assert atomically(questions.disown, token=asked.confirm_token)
    assert not atomically(questions.disown, token="unknown")
    assert everywhere("Not mine?") == []


# ---------------------------------------------------------------- how long it is kept


def test_network_hashes_and_what_nobody_confirmed_go_after_a_month(
    app: Flask, now: datetime
) -> None:
    say("Unconfirmed zebrafish.", network="n1", now=now)
    kept = published(
        "A published one.", email="b@example.org", browser="b" * 20, network="n2", now=now
    )
    atomically(
        questions.ask,
        post=acting.post(
            "Unconfirmed question zebrafish?", email="c@example.org", browser="", network="n3"
        ),
        now=now,
    )
    assert atomically(retention.clear_out, days=365, now=now + 29 * DAY) is None
    done = atomically(retention.clear_out, days=365, now=now + 31 * DAY)
    assert (done.networks, done.unconfirmed, done.addresses) == (3, 2, 0)
    for words in ("zebrafish", "n1", "n2", "n3"):
        assert words not in " ".join(
            str(one.body) + str(one.network) for one in db.session.scalars(sa.select(Comment))
        )
    assert again(kept).body == "A published one."
    assert atomically(retention.clear_out, days=365, now=now + 31 * DAY) is None
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Retention)) == 1


def test_addresses_go_after_a_year_without_a_sign_and_the_words_stay(
    app: Flask, now: datetime
) -> None:
    silent = published("I was here once.", now=now)
    follower = published(
        "I follow this.", email="f@example.org", browser="f" * 20, wants_replies=True, now=now
    )
    later = now + 200 * DAY
    active = published("First words.", email="g@example.org", browser="g" * 20, now=now)
    published("I write again.", email="g@example.org", browser="g" * 20, now=later)
    done = atomically(retention.clear_out, days=365, now=now + 366 * DAY)
    assert done.addresses == 1
    assert author_of(silent).email.endswith("@erased.invalid")
    assert again(silent).state is CommentState.APPROVED
    assert again(silent).name == "Asha"
    assert author_of(follower).email == "f@example.org"
    assert author_of(active).email == "g@example.org"


# ---------------------------------------------------------------- the service


def test_a_week_s_figures_are_of_first_decisions(app: Flask, now: datetime) -> None:
    now = now.replace(hour=12) - timedelta(days=now.weekday())
    for hours in (1, 2, 3, 4, 100):
        address = f"a{hours}@example.org"
        comment = confirmed("Waits.", email=address, now=now - timedelta(hours=hours))
        decide(Verb.APPROVE, comment, now=now)
    decide(
        Verb.SPAM, again(comment), now=now + timedelta(hours=1)
    )  # a second decision counts no more
    weeks = service.weeks(now + timedelta(hours=2))
    assert len(weeks) == service.WEEKS
    assert (weeks[-1].decided, weeks[-1].median, weeks[-1].p90) == (5, 3.0, 100.0)
    assert (weeks[-1].published, weeks[-1].spam) == (4, 1)
    assert [week.decided for week in weeks[:-1]] == [0] * (service.WEEKS - 1)


def test_moderators_are_told_once_a_day_of_what_waits_too_long(app: Flask, now: datetime) -> None:
    from enroll.mail import subscriptions

    colleague(Duty.MODERATE, email="m1@example.org")
    colleague(Duty.PLAN, email="planner@example.org")
    now = now.replace(hour=12)
    confirmed("Waits.", now=now)

    def remind(at: datetime) -> int:
        return atomically(service.remind_moderators, hours=24, now=at)

    assert remind(now + timedelta(hours=23)) == 0
    assert remind(now + timedelta(hours=25)) == 1
    remind(now + timedelta(hours=26))
    (letter,) = letters("comments_waiting")
    assert (letter.recipient, letter.context["waiting"]) == ("m1@example.org", 1)
    remind(now + timedelta(hours=50))
    assert len(letters("comments_waiting")) == 2
    atomically(subscriptions.unsubscribe, token=letter.subscription, now=now)
    assert remind(now + timedelta(hours=75)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PrivateQuestion)) == 0


def test_a_lost_link_is_sent_again_to_who_has_said_something(app: Flask, now: datetime) -> None:
    from enroll.registrations import asking

    def ask(email: str, at: datetime) -> int:
        atomically(asking.ask_for_links, email=email, language="en_GB", now=at)
        return atomically(asking.answer_link_requests, now=at)

    published("I was here.", now=now)
    say("Not confirmed.", email="new@example.org", browser="", now=now)
    now = now.replace(minute=now.minute // 10 * 10, second=0) + timedelta(hours=1)
    for email in ("asha@example.org", "asha@example.org", "new@example.org", "nobody@example.org"):
        assert ask(email, now) == 1
    (letter,) = letters("comment_link")
    assert letter.recipient == "asha@example.org"
    assert own.author_by_token(letter.context["token"]) is not None
    ask("asha@example.org", now + timedelta(minutes=10))
    assert len(letters("comment_link")) == 2
