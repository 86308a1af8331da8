"""Decisions about one comment and about many: compare-and-set, letters, lessons, and taking them back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.comments import bayes, letters, moderation
from enroll.comments.models import Comment, CommentEvent, ModerationAct
from enroll.comments.moderation import Outcome, Seen
from enroll.comments.records import Lesson, WordCount
from enroll.comments.states import CommentState, Verb
from enroll.db import atomically, db
from tests.comments import acting
from tests.comments.acting import again, confirmed, decide, history, published, say, undo


def outcomes(decision: moderation.Decision) -> list[Outcome]:
    return [one.outcome for one in decision.results]


def knowledge() -> dict[str, tuple[int, int]]:
    db.session.rollback()
    return {row.word: (row.honest, row.spam) for row in db.session.scalars(sa.select(WordCount))}


@pytest.mark.parametrize("verb", list(Verb))
def test_a_decision_moves_writes_history_and_remembers_when(
    app: Flask, now: datetime, verb: Verb
) -> None:
    comment = confirmed(now=now)
    after = now + timedelta(hours=3)
    decision = decide(verb, comment, now=after)
    assert outcomes(decision) == [Outcome.DONE]
    found = again(comment)
    assert found.state is verb.target
    assert found.first_decided_at == found.decided_at == after
    event = db.session.scalars(sa.select(CommentEvent).order_by(CommentEvent.id.desc())).first()
    assert (event.by, event.act_id, event.version) == ("Meera", decision.act_id, found.version)


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        (Verb.APPROVE, "comment_approved"),
        (Verb.REJECT, "comment_rejected"),
        (Verb.RETURN, "comment_returned"),
        (Verb.SPAM, None),
    ],
)
def test_the_author_is_told_but_never_of_spam(
    app: Flask, now: datetime, verb: Verb, kind: str | None
) -> None:
    decide(verb, confirmed(now=now), now=now)
    told = [one.kind for one in acting.letters("comment_%") if one.kind != letters.CONFIRM]
    assert told == ([kind] if kind else [])


@pytest.mark.parametrize("verb", [Verb.REJECT, Verb.RETURN])
def test_turning_down_needs_a_reason(app: Flask, now: datetime, verb: Verb) -> None:
    comment = confirmed(now=now)
    with pytest.raises(moderation.NoReason):
        decide(verb, comment, now=now, note="")
    assert again(comment).state is CommentState.PENDING
    chosen = acting.reason()
    decide(verb, comment, now=now, note="", reason_id=chosen)
    letter = acting.letters("comment_re%")[-1]
    assert letter.context["reason"] == "It is not about this page."


def test_the_second_moderator_is_told_and_changes_nothing(app: Flask, now: datetime) -> None:
    comment = confirmed(now=now)
    seen = comment.version
    decide(Verb.APPROVE, comment, now=now)
    late = atomically(
        moderation.decide,
        verb=Verb.SPAM,
        seen=[Seen(comment.id, seen)],
        staff_id=acting.moderator("b@example.org"),
        by="B",
        now=now,
    )
    assert outcomes(late) == [Outcome.CONFLICT]
    assert late.act_id is None
    assert again(comment).state is CommentState.APPROVED


def test_a_repeated_press_is_no_conflict(app: Flask, now: datetime) -> None:
    comment = confirmed(now=now)
    seen = Seen(comment.id, comment.version)
    for expected in (Outcome.DONE, Outcome.ALREADY):
        decision = atomically(
            moderation.decide,
            verb=Verb.APPROVE,
            seen=[seen],
            staff_id=acting.moderator(),
            by="Meera",
            now=now,
        )
        assert outcomes(decision) == [expected]
    assert history(comment) == ["unconfirmed", "pending", "approved"]


def test_what_the_author_took_back_is_gone(app: Flask, now: datetime) -> None:
    from enroll.comments import own

    comment = confirmed(now=now)
    seen = [Seen(comment.id, comment.version)]
    atomically(own.withdraw, comment_id=comment.id, now=now)
    decision = atomically(
        moderation.decide,
        verb=Verb.APPROVE,
        seen=seen,
        staff_id=acting.moderator(),
        by="Meera",
        now=now,
    )
    assert outcomes(decision) == [Outcome.GONE]
    unknown = atomically(
        moderation.decide,
        verb=Verb.APPROVE,
        seen=[Seen(999_999, 1)],
        staff_id=acting.moderator(),
        by="Meera",
        now=now,
    )
    assert outcomes(unknown) == [Outcome.GONE]


def test_two_hundred_at_once_with_one_conflict_in_the_middle(app: Flask, now: datetime) -> None:
    comments = [confirmed(f"Words number {number} of many.", now=now) for number in range(200)]
    seen = [Seen(one.id, one.version) for one in comments]
    decide(Verb.SPAM, comments[100], now=now)
    before = knowledge()
    decision = atomically(
        moderation.decide,
        verb=Verb.APPROVE,
        seen=seen,
        staff_id=acting.moderator("b@example.org"),
        by="B",
        now=now,
    )
    assert decision.count(Outcome.DONE) == 199
    assert [one.comment_id for one in decision.results if one.outcome is Outcome.CONFLICT] == [
        comments[100].id
    ]
    assert len(acting.letters("comment_approved")) == 199
    # One undo for the whole.
    back = undo(decision.act_id, now)
    assert back.count(Outcome.DONE) == 199
    db.session.rollback()
    states = db.session.execute(
        sa.select(Comment.state, sa.func.count()).group_by(Comment.state)
    ).all()
    assert {state.value: number for state, number in states} == {"pending": 199, "spam": 1}
    assert acting.letters("comment_approved", "queued") == []
    assert knowledge() == before
    assert undo(decision.act_id, now) is None


def test_undo_leaves_what_was_decided_anew(app: Flask, now: datetime) -> None:
    first, second = confirmed("One of two.", now=now), confirmed("Two of two.", now=now)
    decision = decide(Verb.APPROVE, first, second, now=now)
    decide(Verb.SPAM, again(second), now=now)
    back = undo(decision.act_id, now)
    assert sorted(one.outcome for one in back.results) == [Outcome.CONFLICT, Outcome.DONE]
    assert again(first).state is CommentState.PENDING
    assert again(second).state is CommentState.SPAM


def test_undo_of_a_decision_on_something_decided_returns_to_that(app: Flask, now: datetime) -> None:
    comment = published(now=now)
    decision = decide(Verb.SPAM, comment, now=now)
    undo(decision.act_id, now)
    assert again(comment).state is CommentState.APPROVED
    assert again(comment).published_at == now
    assert db.session.get_one(Lesson, comment.id).is_spam is False


def test_look_alikes_are_decided_with_their_row_but_none_that_came_later(
    app: Flask, now: datetime
) -> None:
    alike = [
        confirmed(f"Cheap offer {number}!", email=f"a{number}@example.org", now=now)
        for number in range(3)
    ]
    later = confirmed("CHEAP offer 99", email="late@example.org", now=now)
    assert len({one.likeness for one in [*alike, later]}) == 1
    row = Seen(alike[0].id, alike[0].version, alike[-1].id)
    decision = atomically(
        moderation.decide,
        verb=Verb.SPAM,
        seen=[row],
        staff_id=acting.moderator(),
        by="Meera",
        now=now,
    )
    assert decision.count(Outcome.DONE) == 3
    assert again(later).state is CommentState.PENDING
    # Three of a kind teach as much as one.
    assert knowledge()["offer"] == (0, 1)
    undo(decision.act_id, now)
    assert knowledge()[""] == (0, 0)


def test_decisions_teach_and_a_change_of_mind_un_teaches(app: Flask, now: datetime) -> None:
    assert knowledge() == {}
    comment = confirmed("Buttons and bows for everybody", now=now)
    decision = decide(Verb.SPAM, comment, now=now)
    assert knowledge()["bows"] == (0, 1)
    assert knowledge()[""] == (0, 1)
    decide(Verb.APPROVE, again(comment), now=now)
    assert knowledge()["bows"] == (1, 0)
    assert knowledge()[""] == (1, 0)
    decide(Verb.REJECT, again(comment), now=now)
    assert {word for word in knowledge() if word} == set()
    assert knowledge()[""] == (0, 0)
    assert undo(decision.act_id, now).count(Outcome.CONFLICT) == 1


def test_what_was_learnt_is_what_the_words_say(app: Flask, now: datetime) -> None:
    texts = ["one two three", "two three four", "three four five"]
    for number, text in enumerate(texts):
        decide(Verb.SPAM if number % 2 else Verb.APPROVE, confirmed(text, now=now), now=now)
    counts = knowledge()
    for word in {token for text in texts for token in bayes.tokens(text)}:
        holding = [number for number, text in enumerate(texts) if word in bayes.tokens(text)]
        assert counts[word] == (sum(n % 2 == 0 for n in holding), sum(n % 2 for n in holding))


def test_a_claim_is_seen_and_keeps_nobody_out(app: Flask, now: datetime) -> None:
    comment = confirmed(now=now)
    mine, other = acting.moderator(), acting.moderator("b@example.org")
    assert atomically(moderation.claim, comment_ids=[comment.id], staff_id=mine, now=now) == 1
    assert atomically(moderation.claim, comment_ids=[comment.id], staff_id=other, now=now) == 0
    assert again(comment).claimed_by_id == mine
    after = now + moderation.CLAIM
    assert atomically(moderation.claim, comment_ids=[comment.id], staff_id=other, now=after) == 1
    assert outcomes(decide(Verb.APPROVE, again(comment), now=after, staff=mine)) == [Outcome.DONE]
    assert again(comment).claimed_by_id is None


def test_a_published_reply_counts_and_one_taken_off_does_not(app: Flask, now: datetime) -> None:
    root = published("The root?", now=now)
    reply = published("The reply.", reply_to=root.id, now=now)
    assert again(root).replies == 1
    decision = decide(Verb.SPAM, again(reply), now=now)
    assert again(root).replies == 0
    undo(decision.act_id, now)
    assert again(root).replies == 1


def test_who_asked_to_be_told_of_replies_is_told_once_and_ends_it_with_one_press(
    app: Flask, now: datetime
) -> None:
    from enroll.mail import subscriptions

    root = published("Who knows?", wants_replies=True, now=now)
    published("I do.", email="b@example.org", reply_to=root.id, now=now)
    (letter,) = acting.letters("comment_reply")
    assert letter.recipient == "asha@example.org"
    assert letter.subscription
    # Nobody is told of their own reply.
    published("Thank you.", reply_to=root.id, now=now)
    assert len(acting.letters("comment_reply")) == 1
    assert atomically(subscriptions.unsubscribe, token=letter.subscription, now=now)
    assert acting.letters("comment_reply", "queued") == []
    published("Me too.", email="b@example.org", reply_to=root.id, now=now)
    assert len(acting.letters("comment_reply")) == 1


def test_an_act_that_did_nothing_leaves_no_trace(app: Flask, now: datetime) -> None:
    comment = published(now=now)
    before = db.session.scalar(sa.select(sa.func.count()).select_from(ModerationAct))
    decide(Verb.APPROVE, comment, now=now)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ModerationAct)) == before


def test_a_question_stands_in_the_staff_s_list_once_it_is_published(
    app: Flask, now: datetime
) -> None:
    assert published("Is it hard?", now=now).asked_at is not None
    assert published("It is not hard.", now=now).asked_at is None
    assert say("Is it expensive?", now=now).asked_at is None
