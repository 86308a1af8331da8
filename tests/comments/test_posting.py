"""What visitors send: held until the address is confirmed and a moderator has read it; never lost."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.comments import authors, posting, tickets
from enroll.comments.evidence import FormToken
from enroll.comments.models import Comment, CommentFinding
from enroll.comments.states import COMMENT_MOVES, CommentState, Verb
from enroll.db import atomically, db
from enroll.moves import IllegalMove
from tests.comments import acting
from tests.comments.acting import (
    BROWSER,
    again,
    confirmed,
    decide,
    history,
    letters,
    published,
    say,
)

MINUTE = timedelta(minutes=1)


def findings(comment: Comment) -> set[str]:
    return set(
        db.session.scalars(
            sa.select(CommentFinding.rule).where(CommentFinding.comment_id == comment.id)
        )
    )


def test_a_comment_waits_for_its_address_and_then_for_a_moderator(
    app: Flask, now: datetime
) -> None:
    sent = say(now=now)
    assert sent.state is CommentState.UNCONFIRMED
    (letter,) = letters("comment_confirm")
    assert letter.is_unasked
    assert letter.context == {"token": sent.confirm_token}  # nothing that was typed
    mine = atomically(posting.confirm, token=sent.confirm_token, browser=BROWSER, now=now)
    assert mine.state is CommentState.PENDING
    assert mine.queued_at == now
    assert (
        atomically(posting.confirm, token=sent.confirm_token, browser=BROWSER, now=now).id
        == sent.id
    )
    assert history(sent) == ["unconfirmed", "pending"]


def test_the_second_comment_from_that_browser_needs_no_letter(app: Flask, now: datetime) -> None:
    confirmed(now=now)
    assert say("And what does it cost?", now=now).state is CommentState.PENDING
    assert len(letters("comment_confirm")) == 1


def test_the_address_typed_elsewhere_gives_nobody_its_voice(app: Flask, now: datetime) -> None:
    acting.trusted(now)
    for browser in ("", "another-browser-0123456789"):
        other = say(f"Words put into a mouth {browser}", browser=browser, now=now)
        assert other.state is CommentState.UNCONFIRMED
    assert len(letters("comment_confirm")) == 3
    # Confirming one of them says nothing about the other.
    first, second = db.session.scalars(
        sa.select(Comment).where(Comment.state == "unconfirmed").order_by(Comment.id)
    )
    atomically(posting.confirm, token=first.confirm_token, browser=BROWSER, now=now)
    assert again(second).state is CommentState.UNCONFIRMED


def test_a_trusted_author_is_published_at_once_unless_a_rule_holds(
    app: Flask, now: datetime
) -> None:
    acting.trusted(now)
    free = say("The second module was the best of all.", now=now)
    assert free.state is CommentState.APPROVED
    assert free.published_at == now
    assert history(free) == ["approved"]
    held = say("Look at https://example.org/course", now=now)
    assert held.state is CommentState.PENDING
    assert "links" in findings(held)


@pytest.mark.parametrize("verb", [Verb.REJECT, Verb.SPAM])
def test_one_comment_turned_down_in_ninety_days_ends_the_trust(
    app: Flask, now: datetime, verb: Verb
) -> None:
    acting.trusted(now)
    bad = say("Look at https://example.org/course", now=now)
    decision = decide(verb, bad, now=now)
    assert say("Another thought of mine.", now=now).state is CommentState.PENDING
    acting.undo(decision.act_id, now)
    assert say("A third thought, quite another.", now=now).state is CommentState.APPROVED


def test_trust_returns_after_ninety_days_but_the_browser_is_forgotten(
    app: Flask, now: datetime
) -> None:
    acting.trusted(now)
    decide(Verb.REJECT, say("Look at https://example.org", now=now), now=now)
    after = now + authors.MEMORY + MINUTE
    assert say("Here again after a while.", now=after).state is CommentState.UNCONFIRMED
    confirmed("Confirmed anew, with other words.", now=after)
    assert say("And here is one more.", now=after).state is CommentState.APPROVED


def test_two_approved_are_not_three(app: Flask, now: datetime) -> None:
    for number in range(2):
        published(f"Something worth saying, number {number}.", now=now)
    assert say("A third one.", now=now).state is CommentState.PENDING


def test_the_same_form_twice_is_one_comment(app: Flask, now: datetime) -> None:
    form = acting.ticket()
    first, second = (
        say("Twice pressed", ticket=form, now=now),
        say("Twice pressed", ticket=form, now=now),
    )
    assert first.id == second.id
    assert len(letters("comment_confirm")) == 1


def test_a_replayed_form_with_other_words_is_held_and_kept(app: Flask, now: datetime) -> None:
    acting.trusted(now)
    form = acting.ticket()
    say("The first words.", ticket=form, now=now)
    other = say("Quite other words.", ticket=form, now=now)
    assert other.state is CommentState.PENDING
    assert other.circumstances["form"] == "replayed"
    assert "form" in findings(other)


@pytest.mark.parametrize("says", [one for one in FormToken if one is not FormToken.FRESH])
def test_whatever_is_wrong_with_the_form_nothing_is_refused(
    app: Flask, now: datetime, says: FormToken
) -> None:
    acting.trusted(now)
    sent = say("Words worth keeping.", ticket=tickets.Ticket(says, None, None), now=now)
    assert sent.state is CommentState.PENDING
    assert sent.body == "Words worth keeping."


def test_the_trap_holds(app: Flask, now: datetime) -> None:
    acting.trusted(now)
    assert say("Words", trap_filled=True, now=now).state is CommentState.PENDING


def test_replies_are_two_levels_deep(app: Flask, now: datetime) -> None:
    root = published("The first one?", now=now)
    reply = published("A reply to it.", reply_to=root.id, now=now)
    deeper = published("A reply to the reply.", reply_to=reply.id, now=now)
    assert (reply.parent_id, deeper.parent_id, deeper.reply_to_id) == (root.id, root.id, reply.id)
    assert again(root).replies == 2


def test_only_what_is_published_here_can_be_answered(app: Flask, now: datetime) -> None:
    waiting = confirmed("Not read yet.", now=now)
    elsewhere = published("On another page.", page="/courses/mlops", now=now)
    for target in (waiting.id, elsewhere.id, 999_999):
        with pytest.raises(posting.NoSuchThread):
            say("An answer.", reply_to=target, now=now)


def test_a_flood_from_one_network_is_told_to_come_back(app: Flask, now: datetime) -> None:
    for number in range(3):
        say(f"Words {number} of a flood", network="n", allowed=3, now=now)
    with pytest.raises(posting.TooMany):
        say("One too many", network="n", allowed=3, now=now)
    assert say("From elsewhere", network="m", allowed=3, now=now)
    assert say("An hour later", network="n", allowed=3, now=now + timedelta(minutes=61))


def test_the_owner_of_the_address_can_say_no(app: Flask, now: datetime) -> None:
    sent = say("Not mine at all.", now=now)
    assert atomically(posting.disown, token=sent.confirm_token, now=now)
    assert again(sent).state is CommentState.WITHDRAWN
    assert again(sent).body == ""
    assert atomically(posting.disown, token=sent.confirm_token, now=now)
    assert not atomically(posting.disown, token="unknown", now=now)
    assert atomically(posting.confirm, token="unknown", browser=BROWSER, now=now) is None


def test_findings_are_frozen_with_the_rules_of_the_day(app: Flask, now: datetime) -> None:
    from enroll.comments.evidence import RULE_SET

    sent = say("See https://example.org", now=now)
    rows = db.session.scalars(
        sa.select(CommentFinding).where(CommentFinding.comment_id == sent.id)
    ).all()
    assert rows
    assert {row.rule_set for row in rows} == {sent.rule_set} == {RULE_SET}
    assert sent.doubt == pytest.approx(sum(row.weight for row in rows))


def test_every_illegal_move_is_refused_and_leaves_no_trace(app: Flask, now: datetime) -> None:
    from enroll.comments.moving import move

    comment = say(now=now)
    before = history(comment)
    pairs = [(a, b) for a in CommentState for b in CommentState if not COMMENT_MOVES.allows(a, b)]
    assert len(pairs) > 20
    for source, target in pairs:
        atomically(_put_into, source)

        def verb(target: CommentState = target) -> None:
            move(again_locked(comment.id), target, by="test", why="test", now=now)

        with pytest.raises(IllegalMove):
            atomically(verb)
        assert again(comment).state is source
        assert history(comment) == before


def _put_into(source: CommentState) -> None:
    db.session.execute(sa.update(Comment).values(state=source))


def again_locked(comment_id: int) -> Comment:
    return db.session.get_one(Comment, comment_id, populate_existing=True, with_for_update=True)


# ---------------------------------------------------------------- the ticket in the form


@pytest.mark.parametrize(
    ("page", "secret", "after", "says"),
    [
        ("/a", "s", 2.9, FormToken.EARLY),
        ("/a", "s", 3.1, FormToken.FRESH),
        ("/a", "s", 24 * 3600 - 1, FormToken.FRESH),
        ("/a", "s", 24 * 3600 + 1, FormToken.OLD),
        ("/b", "s", 60, FormToken.FORGED),
        ("/a", "t", 60, FormToken.FORGED),
    ],
)
def test_a_ticket_is_bound_to_page_secret_and_time(
    now: datetime, page: str, secret: str, after: float, says: FormToken
) -> None:
    text = tickets.issue(page="/a", secret="s", now=now)
    read = tickets.read(text, page=page, secret=secret, now=now + timedelta(seconds=after))
    assert read.says is says


@pytest.mark.parametrize("text", ["x", "a.b.c", "ü.ö", "." * 50, "\0"])
def test_any_other_text_is_a_forgery(now: datetime, text: str) -> None:
    assert tickets.read(text, page="/a", secret="s", now=now).says is FormToken.FORGED


def test_no_ticket_is_a_missing_one(now: datetime) -> None:
    assert tickets.read("", page="/a", secret="s", now=now).says is FormToken.MISSING
