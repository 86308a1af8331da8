"""What becomes of letters that are overtaken: dropped, postponed, or emptied with their person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from enroll import clock
from enroll.db import atomically, db
from enroll.mail import delivery, mailbox, outbox
from enroll.mail.delivery import LEASE, claim_due, deliver_due
from enroll.mail.models import Letter
from enroll.mail.states import LetterState
from tests.contents import contents
from tests.mail.posting import ADDRESS, all_due, post, read, slots, states
from tests.mail.servers import Server

ABOUT = "registration:1"


def set_state(letter_id: int, state: LetterState) -> None:
    change = sa.update(Letter).where(Letter.id == letter_id)
    atomically(lambda: db.session.execute(change.values(state=state, claimed_by="test")))


def test_only_what_is_queued_about_this_and_of_this_kind_is_dropped(app: Flask) -> None:
    mine, claimed = post(2)
    set_state(claimed, LetterState.CLAIMED)
    (sent,) = post()
    set_state(sent, LetterState.SENT)
    (other_kind,) = post(kind="reminder")
    (other_person,) = post(about="registration:11")
    kinds = ["registration_held", "registration_offered"]
    atomically(outbox.drop, about=ABOUT, kinds=kinds, why="offered no more")
    everybody = [mine, claimed, sent, other_kind, other_person]
    assert states(everybody) == ["suppressed", "claimed", "sent", "queued", "queued"]
    assert [read(one).last_error for one in everybody] == ["offered no more", "", "", "", ""]


def test_a_dropped_letter_is_never_sent(app: Flask) -> None:
    (letter_id,) = post()
    atomically(outbox.drop, about=ABOUT, kinds=["registration_held"], why="over")
    assert deliver_due(worker="test") == 0
    assert mailbox.read(letter_id) is None


def test_a_letter_can_be_put_off_and_fetched_back(app: Flask, now) -> None:
    old = post(2, now=now - timedelta(hours=1))
    set_state(old[1], LetterState.CLAIMED)
    new = post(now=now)
    later = now + timedelta(minutes=10)
    assert atomically(outbox.postpone, written_before=now, until=later) == 1
    assert [read(one).due_at for one in (old[0], *new)] == [later, now]
    assert atomically(outbox.postpone, written_before=now, until=now) == 1
    assert read(old[0]).due_at == now


def test_a_letter_that_was_tried_is_put_off_and_never_brought_forward(app: Flask, now) -> None:
    soon, late = post(2, now=now - timedelta(hours=1))

    def tried() -> None:
        for which, at in ((soon, now + timedelta(minutes=1)), (late, now + timedelta(hours=1))):
            values = {"attempts": 1, "due_at": at}
            db.session.execute(sa.update(Letter).where(Letter.id == which).values(values))

    atomically(tried)
    later = now + timedelta(minutes=10)
    atomically(outbox.postpone, written_before=now, until=later)
    assert [read(one).due_at for one in (soon, late)] == [later, now + timedelta(hours=1)]
    atomically(outbox.postpone, written_before=now, until=now)
    assert [read(one).due_at for one in (soon, late)] == [later, now + timedelta(hours=1)]


# ---------------------------------------------------------------- erasure


def everything_kept() -> str:
    """All rows of all tables, as text; bytes as they would be read."""
    return str(contents())


@pytest.mark.parametrize("state", list(LetterState))
def test_whatever_its_state_nothing_of_the_person_is_left(app: Flask, state: LetterState) -> None:
    (letter_id,) = post(recipient="asha.verma@example.org", name="Asha Verma", token="SECRET-9")
    deliver_due(worker="test")
    gone = {"last_error": "550 <asha.verma@example.org>", "state": state, "claimed_by": "test"}
    atomically(lambda: db.session.execute(sa.update(Letter).values(**gone)))
    assert read(letter_id).rendered
    assert len(slots()) == 1
    assert atomically(outbox.forget, about_in=[ABOUT]) == 1
    letter = read(letter_id)
    unsent = state in (LetterState.QUEUED, LetterState.CLAIMED)
    assert letter.state is (LetterState.SUPPRESSED if unsent else state)
    assert (letter.recipient, letter.context, letter.rendered, letter.last_error) == (
        "erased@erased.invalid",
        {},
        None,
        "",
    )
    for word in ("asha", "Asha", "SECRET-9"):
        assert word not in everything_kept()
    assert slots() == []


def test_others_letters_stay_as_they_are(app: Flask) -> None:
    post()
    (other,) = post(about="registration:11")
    (also,) = post(about="batch:7", kind="opening")
    before = read(other).context
    assert atomically(outbox.forget, about_in=[ABOUT, "registration:2"]) == 1
    assert (read(other).recipient, read(other).context) == (ADDRESS, before)
    assert states([other, also]) == ["queued", "queued"]
    # Letters that are not about a registration are found by their address.
    assert atomically(outbox.forget, about_in=[ABOUT], recipients=[ADDRESS]) == 3
    assert read(also).recipient == outbox.ERASED


def test_the_numbers_of_the_letters_lead_to_the_files(app: Flask) -> None:
    mine, other = post(), post(about="registration:11")
    deliver_due(worker="test")
    found = outbox.letters_about(about_in=[ABOUT])
    assert found == mine
    atomically(outbox.forget, about_in=[ABOUT])
    mailbox.remove(found)
    assert mailbox.read(mine[0]) is None
    assert mailbox.read(other[0]) is not None
    mailbox.remove([*found, 10_000])  # twice is fine


def test_forgetting_twice_is_fine(app: Flask) -> None:
    (letter_id,) = post()
    for _ in range(2):
        assert atomically(outbox.forget, about_in=[ABOUT]) == 1
    assert read(letter_id).state is LetterState.SUPPRESSED
    all_due()
    assert deliver_due(worker="test") == 0


# ---------------------------------------------------------------- erasure beside a worker


def erase(app: Flask) -> None:
    """As another process would, in the middle of what the worker does."""
    with app.app_context():
        atomically(outbox.forget, about_in=[ABOUT])


def test_what_a_worker_has_in_its_hands_is_not_written_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = delivery.render

    def erase_meanwhile(letter: Letter) -> bytes:
        bytes_ = render(letter)
        erase(app)
        return bytes_

    monkeypatch.setattr(delivery, "render", erase_meanwhile)
    (letter_id,) = post()
    assert deliver_due(worker="test") == 1
    letter = read(letter_id)
    assert (letter.state, letter.rendered) == (LetterState.SUPPRESSED, None)
    assert mailbox.read(letter_id) is None


def test_what_is_rendered_and_about_to_go_does_not_go(
    app_with_smtp: Flask, server: tuple[Server, Controller]
) -> None:
    (letter_id,) = post()
    server[0].before_answer = lambda _address: erase(app_with_smtp)
    deliver_due(worker="test")
    assert server[0].texts == []
    assert (read(letter_id).state, read(letter_id).last_error) == (LetterState.SUPPRESSED, "")


def test_into_the_local_mailbox_it_does_not_go_either(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = delivery._is_rendered

    def write_and_erase(letter: Letter, worker: str) -> bool:
        is_rendered = write(letter, worker)
        erase(app)
        return is_rendered

    monkeypatch.setattr(delivery, "_is_rendered", write_and_erase)
    (letter_id,) = post()
    deliver_due(worker="test")
    assert mailbox.read(letter_id) is None


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("250 ok", "sent"),
        ("451 <{address}> later", "suppressed"),
        ("550 <{address}> no", "failed"),
        ("", "unknown"),
    ],
)
def test_of_what_was_going_out_only_its_end_is_written_down(
    app_with_smtp: Flask, server: tuple[Server, Controller], answer: str, state: str
) -> None:
    (letter_id,) = post()
    server[0].data, server[0].drops = answer, not answer
    server[0].after_text = lambda: erase(app_with_smtp)
    deliver_due(worker="test")
    letter = read(letter_id)
    assert (letter.state, letter.last_error) == (state, "")
    assert (letter.recipient, letter.context, letter.rendered) == (outbox.ERASED, {}, None)
    all_due()
    assert deliver_due(worker="test") == 0
    assert ADDRESS not in everything_kept()


def test_a_dead_workers_letter_that_was_erased_stays_where_it_is(app: Flask, now) -> None:
    (letter_id,) = post(now=now)
    atomically(claim_due, worker="dead", now=now)
    atomically(outbox.forget, about_in=[ABOUT])
    assert atomically(claim_due, worker="next", now=now + LEASE) == []
    assert read(letter_id).state is LetterState.SUPPRESSED


def test_an_empty_context_fails_one_letter_and_no_worker(app: Flask, instance: Path) -> None:
    (broken,) = post(is_unasked=False)
    atomically(lambda: db.session.execute(sa.update(Letter).values(context={})))
    (fine,) = post(is_unasked=False)
    assert deliver_due(worker="test") == 2
    assert states([broken, fine]) == ["failed", "sent"]
    assert read(broken).sent_at is None
    assert clock.now() > read(fine).sent_at
