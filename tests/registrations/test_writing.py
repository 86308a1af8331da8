"""Writing to a batch: who gets it, who does not and why, and each letter exactly once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.comments import reasons
from enroll.db import atomically, db
from enroll.mail.delivery import claim_due, deliver_due
from enroll.mail.models import Letter, WorkerBeat
from enroll.mail.states import LetterState
from enroll.registrations import answering, audiences, drafting, erasing, steering, writing
from enroll.registrations.message_states import Audience, LeftOut, MessageState
from enroll.registrations.messages import Message, MessageRecipient
from enroll.registrations.models import Registration
from enroll.registrations.states import State
from tests import make
from tests.accounts.people import colleague
from tests.console.test_many_comments import sent as statements_sent
from tests.contents import contents
from tests.mail.test_workers import counted, wait_until
from tests.registrations.acting import (
    adds_up,  # noqa: F401 - a fixture
    press,
    state,
)
from tests.registrations.corresponding import (
    addresses,
    again,
    crowd,
    draft,
    letters,
    recipients,
    send,
    sent,
    undo_is_over,
    write_all,
)
from tests.serving import ROOT, Worker, environment

TO_WRITE, WRITTEN = ("to_write", ""), ("written", "")


def left_out(why: LeftOut) -> tuple[str, str]:
    return ("left_out", why.value)


@pytest.fixture
def staff(app: Flask) -> int:
    return colleague(Duty.PLAN)


@pytest.fixture
def town(app: Flask, now: datetime) -> dict[str, Registration]:
    """A batch of two seats with somebody in every state; the first of them is enrolled."""
    batch = make.batch(3)
    people = {
        "enrolled": make.registration(batch, "enrolled@example.org", confirmed=True),
        "held": make.registration(batch, "held@example.org"),
        "leaves": make.registration(batch, "leaves@example.org", confirmed=True),
        "offered": make.registration(batch, "offered@example.org", confirmed=True),
        "waits": make.registration(batch, "waits@example.org", confirmed=True),
        "unconfirmed": make.registration(batch, "unconfirmed@example.org"),
    }
    press(answering.withdraw, people["leaves"], now=now)
    found = {name: make.read(one.id) for name, one in people.items()}
    assert {name: one.state for name, one in found.items()} == {
        "enrolled": State.CONFIRMED,
        "held": State.PENDING,
        "leaves": State.WITHDRAWN,
        "offered": State.OFFERED,
        "waits": State.WAITLISTED,
        "unconfirmed": State.WAITLISTED,
    }
    return found


def batch_of(town: dict[str, Registration]) -> make.Batch:
    return db.session.get_one(make.Batch, town["enrolled"].batch_id)


def by_name(message: Message, town: dict[str, Registration]) -> dict[str, tuple[str, str]]:
    found = recipients(message)
    return {name: found[one.id] for name, one in town.items() if one.id in found}


# ---------------------------------------------------------------- who


@pytest.mark.usefixtures("adds_up")
@pytest.mark.parametrize(
    ("audience", "get", "not_confirmed"),
    [
        (Audience.ENROLLED, {"enrolled"}, set()),
        (Audience.HELD, {"offered"}, {"held"}),
        (Audience.WAITING, {"waits"}, {"unconfirmed"}),
        (Audience.LIVE, {"enrolled", "offered", "waits"}, {"held", "unconfirmed"}),
    ],
)
def test_each_audience_gets_it_and_the_preview_said_so(
    town: dict, staff: int, audience: Audience, get: set[str], not_confirmed: set[str]
) -> None:
    make.registration(make.batch(1), "other@example.org", confirmed=True)
    message = draft(batch_of(town), staff, audience)
    foreseen = audiences.reach(message, names=9, left_out=9)
    assert {one.email for one in foreseen.first} == {town[name].email for name in get}
    assert foreseen.people == len(get)
    assert sum(foreseen.left_out.values()) == len(not_confirmed)
    assert {(one.email, why) for one, why in foreseen.without} == {
        (town[name].email, LeftOut.UNCONFIRMED) for name in not_confirmed
    }
    assert send(message, staff)
    fixed = dict.fromkeys(get, TO_WRITE) | dict.fromkeys(
        not_confirmed, left_out(LeftOut.UNCONFIRMED)
    )
    assert by_name(message, town) == fixed
    assert write_all() == len(get)
    assert sorted(addresses(message)) == sorted(town[name].email for name in get)
    assert by_name(message, town) == fixed | dict.fromkeys(get, WRITTEN)
    assert again(message).state is MessageState.SENT


def test_how_many_each_audience_has(town: dict) -> None:
    sizes = audiences.sizes(batch_of(town).id)
    assert sizes == {
        Audience.ENROLLED: 1,
        Audience.HELD: 2,
        Audience.WAITING: 2,
        Audience.LIVE: 5,
    }


def returned(one: Registration, error: str, **more: object) -> None:
    """A letter to this person ended so."""
    values = {"state": LetterState.FAILED, "last_error": error} | more
    about = Letter.about == f"registration:{one.id}"
    atomically(lambda: db.session.execute(sa.update(Letter).where(about).values(**values)) and None)


def test_people_picked_and_why_some_get_none(town: dict, staff: int, now: datetime) -> None:
    batch = batch_of(town)
    erased = make.registration(batch, "erased@example.org", confirmed=True)
    atomically(erasing.erase, registration_id=erased.id, by="student", now=now)
    nowhere = make.registration(batch, "by-telephone@none.invalid", confirmed=True)
    returned(town["waits"], "550 5.1.1 no such person")
    people = town | {"erased": erased, "nowhere": nowhere}
    ids = [one.id for one in people.values()]
    elsewhere = make.registration(make.batch(1), confirmed=True)
    message = sent(batch, staff, Audience.CHOSEN, *ids, elsewhere.id)
    expected = {
        "enrolled": TO_WRITE,
        "offered": TO_WRITE,
        "held": left_out(LeftOut.UNCONFIRMED),
        "unconfirmed": left_out(LeftOut.UNCONFIRMED),
        "leaves": left_out(LeftOut.ENDED),
        "waits": left_out(LeftOut.RETURNED),
        "erased": left_out(LeftOut.ERASED),
        "nowhere": left_out(LeftOut.NO_ADDRESS),
    }
    assert by_name(message, people) == expected
    assert elsewhere.id not in recipients(message)


@pytest.mark.parametrize(
    ("error", "more", "is_out"),
    [
        ("550 5.1.1 no such person", {}, True),
        ("given up: 451 try later", {}, False),
        ("cannot be written: oh", {}, False),
        ("550 5.1.1 no", {"state": LetterState.UNKNOWN}, False),
    ],
)
def test_only_a_refusal_for_good_leaves_somebody_out(
    app: Flask, staff: int, error: str, more: dict, is_out: bool
) -> None:
    batch = make.batch(1)
    one = make.registration(batch, confirmed=True)
    returned(one, error, **more)
    reach = audiences.reach(draft(batch, staff), names=1, left_out=1)
    assert (reach.people, reach.left_out) == ((0, {LeftOut.RETURNED: 1}) if is_out else (1, {}))


def test_a_letter_that_arrived_since_makes_good_for_one_that_came_back(
    app: Flask, staff: int
) -> None:
    batch = make.batch(1)
    one = make.registration(batch, confirmed=True)
    about = sa.select(Letter.id).where(Letter.about == f"registration:{one.id}").order_by(Letter.id)
    first, last = db.session.scalars(about).all()
    ends = {first: (LetterState.FAILED, "550 no"), last: (LetterState.SENT, "")}
    for number, (ended, error) in ends.items():
        update = sa.update(Letter).where(Letter.id == number)
        atomically(
            lambda u=update, e=ended, w=error: db.session.execute(u.values(state=e, last_error=w))
            and None
        )
    assert audiences.reach(draft(batch, staff), names=1, left_out=1).people == 1


def test_one_person_who_has_left_can_be_answered(town: dict, staff: int, now: datetime) -> None:
    """What "Why?" needs: ready words to people picked, once for each key."""
    gone = town["leaves"]

    def answer() -> Message:
        return atomically(
            drafting.write_to,
            batch_id=gone.batch_id,
            registration_ids=[gone.id],
            subject="Why you left",
            text="You pressed the button, {name}.",
            key=f"why:{gone.id}:7",
            by_id=staff,
            now=now,
        )

    first = answer()
    write_all()
    assert answer().id == first.id
    write_all()
    assert addresses(first) == [gone.email]
    with pytest.raises(drafting.AlreadySent):
        atomically(
            drafting.write_to,
            batch_id=gone.batch_id,
            registration_ids=[gone.id],
            subject="Something else",
            text="x",
            key=f"why:{gone.id}:7",
            by_id=staff,
            now=now,
        )


def test_to_nobody_it_is_not_sent(app: Flask, staff: int) -> None:
    batch = make.batch(1)
    make.registration(batch)
    message = draft(batch, staff)
    before = contents()
    with pytest.raises(drafting.NobodyToWriteTo):
        send(message, staff)
    assert contents() == before


# ---------------------------------------------------------------- words


def test_unknown_placeholders_are_refused_with_their_names(app: Flask, staff: int) -> None:
    batch = make.batch(1)
    for where in ({"subject": "{x}"}, {"text": "Dear {first name}, {x}"}):
        with pytest.raises(drafting.UnknownPlaceholder) as refused:
            draft(batch, staff, **where)
        assert "x" in refused.value.facts["names"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 0


def test_a_subject_is_one_line_and_nothing_unseen_stays(app: Flask, staff: int) -> None:
    message = draft(
        make.batch(1), staff, subject="a\r\nBcc: x@example.org \u202e", text=" b\u2066\r\nc\rd "
    )
    assert (message.subject, message.text) == ("a Bcc: x@example.org", "b\nc\nd")


def test_the_same_key_is_the_same_message(app: Flask, staff: int) -> None:
    batch = make.batch(1)
    one = draft(batch, staff, key="the same key")
    assert draft(batch, staff, key="the same key").id == one.id
    changed = draft(batch, staff, key="the same key", text="Other words.")
    assert (changed.id, changed.version, changed.text) == (one.id, 2, "Other words.")
    assert draft(make.batch(1), staff, key="the same key").id != one.id


def test_nobody_sends_what_a_colleague_has_rewritten(town: dict, staff: int) -> None:
    message = draft(batch_of(town), staff)
    content = drafting.Content("New", "New words.", Audience.ENROLLED)
    atomically(drafting.revise, message_id=message.id, version=1, content=content)
    with pytest.raises(drafting.Rewritten):
        send(message, staff, version=1)
    with pytest.raises(drafting.Rewritten):
        atomically(
            drafting.revise, message_id=message.id, version=1, content=content._replace(text="x")
        )
    assert send(message, staff, version=2)
    for verb, more in (
        (drafting.revise, {"version": 2, "content": content._replace(text="x")}),
        (drafting.discard, {}),
    ):
        with pytest.raises(drafting.AlreadySent):
            atomically(verb, message_id=message.id, **more)
    assert again(message).text == "New words."


def test_a_draft_can_be_thrown_away(app: Flask, staff: int) -> None:
    message = draft(make.batch(1), staff)
    atomically(drafting.discard, message_id=message.id)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 0


# ---------------------------------------------------------------- once


def test_two_presses_at_once_send_it_once(town: dict, staff: int, app: Flask) -> None:
    message = draft(batch_of(town), staff)
    start = Barrier(4)

    def go() -> bool:
        with app.app_context():
            start.wait()
            return send(message, staff)

    number = message.id
    with ThreadPoolExecutor(4) as people:
        pressed = [one.result() for one in [people.submit(go) for _ in range(4)]]
    assert sorted(pressed) == [False, False, False, True]
    db.session.rollback()
    assert Counter(row for row in db.session.scalars(sa.select(MessageRecipient.message_id))) == {
        number: 5
    }
    write_all()
    assert len(addresses(message)) == 3


def test_two_workers_write_each_letter_once(
    app: Flask, staff: int, database_url: str, instance: Path
) -> None:
    """As processes, while both look every third of a second; the letters are not due yet."""
    atomically(reasons.fill_if_empty)  # two workers that are new to a database both would
    drafts = [draft(crowd(130), staff) for _ in range(3)]
    with Worker(database_url, instance) as one, Worker(database_url, instance) as other:
        wait_until(lambda: counted(sa.select(WorkerBeat.name)) == 2)
        messages = [each for each in drafts if send(each, staff)]
        wait_until(lambda: all(again(each).state is MessageState.SENT for each in messages))
        assert one.stop() == other.stop() == 0
        assert "ERROR" not in one.log() + other.log()
    assert len(messages) == 3
    for message in messages:
        assert Counter(addresses(message)).most_common(1)[0][1] == 1
        assert set(recipients(message).values()) == {WRITTEN}
        assert len(addresses(message)) == 130


# Writers on demand: for each line, one in a process of its own that dies before its n-th statement.
DYING = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from enroll import clock, create_app
from enroll.db import atomically
from enroll.registrations import writing

app = create_app()
for line in sys.stdin:
    child = os.fork()
    if not child:
        count = 0
        def die(*_):
            global count
            count += 1
            if count == int(line):
                os.kill(os.getpid(), signal.SIGKILL)
        with app.app_context():
            event.listen(Engine, "before_cursor_execute", die)
            while atomically(writing.write_some, now=clock.now()):
                pass
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    app: Flask, staff: int, database_url: str, instance: Path
) -> None:
    message = sent(crowd(110), staff)
    lives = [1, 3, 4, 20, 53, 54, 55, 57, 70, 110, 112, 0]
    done = subprocess.run(
        [sys.executable, "-c", DYING],
        input="\n".join(map(str, lives)) + "\n",
        cwd=ROOT,
        env=environment(database_url, instance),
        capture_output=True,
        text=True,
        timeout=120,
    )
    ends = [int(line) for line in done.stdout.split()]
    assert len(ends) == len(lives), done.stderr
    assert ends.count(-9) >= 8  # else nobody was killed
    assert ends[-1] == 0
    assert Counter(addresses(message)).most_common(1)[0][1] == 1
    assert len(addresses(message)) == 110
    assert set(recipients(message).values()) == {WRITTEN}
    assert again(message).state is MessageState.SENT


def test_who_leaves_meanwhile_gets_none(town: dict, staff: int, now: datetime) -> None:
    message = sent(batch_of(town), staff, Audience.LIVE)
    press(answering.withdraw, town["enrolled"], now=now)
    atomically(erasing.erase, registration_id=town["waits"].id, by="student", now=now)
    write_all()
    found = by_name(message, town)
    assert found["enrolled"] == left_out(LeftOut.ENDED)
    assert found["waits"] == left_out(LeftOut.ERASED)
    assert addresses(message) == [town["offered"].email]


def test_who_is_no_longer_in_the_audience_gets_none(
    town: dict, staff: int, now: datetime
) -> None:
    batch = batch_of(town)
    message = sent(batch, staff, Audience.WAITING)
    atomically(steering.resize, batch_id=batch.id, capacity=9, now=now)
    assert state(town["waits"]) is State.OFFERED
    write_all()
    assert by_name(message, town)["waits"] == left_out(LeftOut.MOVED)
    assert again(message).state is MessageState.SENT


def test_who_leaves_before_it_went_out_is_not_sent_it(
    town: dict, staff: int, now: datetime
) -> None:
    message = sent(batch_of(town), staff, Audience.ENROLLED)
    write_all()
    press(answering.withdraw, town["enrolled"], now=now)
    assert [one.state for one in letters(message)] == [LetterState.SUPPRESSED]


def test_a_person_locked_by_a_verb_is_written_to_next_time(
    app: Flask, staff: int, database_url: str
) -> None:
    """PostgreSQL only has such locks: the worker waits for nobody, and forgets nobody."""
    message = sent(crowd(3), staff)
    if database_url.startswith("sqlite"):
        assert write_all() == 3
        return
    with db.engine.connect().execution_options(postgresql_readonly=False) as other:
        first = min(recipients(message))
        other.execute(sa.text(f"SELECT 1 FROM registration WHERE id = {first} FOR UPDATE"))
        assert write_all() == 2
        assert again(message).state is MessageState.SENDING
        other.rollback()
    assert write_all() == 1
    assert again(message).state is MessageState.SENT


def test_many_take_a_bounded_number_of_statements(app: Flask, staff: int) -> None:
    message = sent(crowd(500), staff)
    counts = []
    while again(message).state is MessageState.SENDING:
        with statements_sent() as found:
            assert atomically(writing.write_some, now=clock.now()) == writing.AT_ONCE
        counts.append(len(found))
    assert len(counts) == 500 // writing.AT_ONCE
    assert max(counts) <= writing.AT_ONCE + 10
    assert len(addresses(message)) == 500


def test_the_press_takes_as_many_statements_for_many_as_for_few(app: Flask, staff: int) -> None:
    counts = []
    for number in (3, 400):
        message = draft(crowd(number), staff)
        with statements_sent() as found:
            assert send(message, staff)
        counts.append(len(found))
    assert counts[0] == counts[1] <= 8


# ---------------------------------------------------------------- taking it back


def test_letters_wait_two_minutes_after_the_press(town: dict, staff: int) -> None:
    message = sent(batch_of(town), staff)
    write_all()
    pressed_at = again(message).pressed_at
    assert {one.due_at for one in letters(message)} == {pressed_at + timedelta(minutes=2)}
    early = pressed_at + timedelta(seconds=119)
    assert not {one.kind for one in atomically(claim_due, worker="w", now=early)} & {"staff_message"}


def test_stopping_takes_back_what_has_not_gone_out_and_writes_no_more(
    app: Flask, staff: int, now: datetime
) -> None:
    batch = crowd(60)
    message, unharmed = sent(batch, staff), sent(batch, staff)
    atomically(writing.write_some, now=now)
    gone = letters(message)[0].id
    put = sa.update(Letter).where(Letter.id == gone).values(state=LetterState.SENT)
    atomically(lambda: db.session.execute(put) and None)
    assert atomically(drafting.stop, message_id=message.id, now=now) == (10, 49)
    write_all()
    assert Counter(one.state for one in letters(message)) == {
        LetterState.SUPPRESSED: 49,
        LetterState.SENT: 1,
    }
    assert Counter(recipients(message).values()) == {WRITTEN: 50, left_out(LeftOut.STOPPED): 10}
    assert again(message).state is MessageState.STOPPED
    assert Counter(one.state for one in letters(unharmed)) == {LetterState.QUEUED: 60}
    assert atomically(drafting.stop, message_id=message.id, now=now) is None
    assert not send(message, staff)


def test_a_draft_and_what_has_gone_out_cannot_be_stopped(town: dict, staff: int) -> None:
    message = draft(batch_of(town), staff)
    assert atomically(drafting.stop, message_id=message.id, now=clock.now()) is None
    send(message, staff)
    write_all()
    undo_is_over()
    while deliver_due(worker="test"):
        pass
    assert {one.state for one in letters(message)} == {LetterState.SENT}
    assert atomically(drafting.stop, message_id=message.id, now=clock.now()) is None
    assert again(message).state is MessageState.SENT


def test_a_letter_on_its_way_is_stopped_when_it_has_to_be_tried_again(
    app: Flask, staff: int, now: datetime
) -> None:
    message = sent(crowd(2), staff)
    write_all()
    on_its_way = letters(message)[0].id
    for state_now in (LetterState.CLAIMED, LetterState.QUEUED):
        put = sa.update(Letter).where(Letter.id == on_its_way).values(state=state_now)
        atomically(lambda p=put: db.session.execute(p) and None)
        assert atomically(drafting.stop, message_id=message.id, now=now) == (0, 1)
    assert {one.state for one in letters(message)} == {LetterState.SUPPRESSED}


# ---------------------------------------------------------------- erasing


def everybody(batch: make.Batch) -> list[int]:
    """The numbers of a batch's people, in the order they came."""
    query = sa.select(Registration.id).where(Registration.batch_id == batch.id)
    return list(db.session.scalars(query.order_by(Registration.queue_number)))


def everything_kept() -> str:
    db.session.rollback()
    return json.dumps(contents(), default=str)


def test_erasing_a_person_takes_them_out_of_what_staff_wrote(
    app: Flask, staff: int, now: datetime
) -> None:
    batch = crowd(3)
    ids = everybody(batch)
    name = {"name": "Asha Secret", "email": "asha.secret@example.org"}
    rename = sa.update(Registration).where(Registration.id == ids[0]).values(**name)
    atomically(lambda: db.session.execute(rename) and None)
    words = "About Asha Secret (asha.secret@example.org), who asked: when?"
    alone = sent(batch, staff, Audience.CHOSEN, ids[0], text="You, my dear, were first.", subject="Hm")
    several = sent(batch, staff, text=words, subject="What ASHA SECRET asked")
    drafted = draft(batch, staff, Audience.CHOSEN, ids[0], text="Only for her.")
    others = draft(batch, staff, text=words)
    write_all()
    atomically(erasing.erase, registration_id=ids[0], by="student", now=now)
    kept = everything_kept()
    for secret in ("Asha Secret", "ASHA SECRET", "asha.secret", "my dear", "Only for her"):
        assert secret not in kept
    assert (again(alone).subject, again(alone).text) == ("", "")
    assert again(drafted).text == ""
    assert again(several).text == again(others).text == "About … (…), who asked: when?"
    assert again(several).subject == "What … asked"
    assert len(recipients(several)) == 3
    with pytest.raises(drafting.NobodyToWriteTo):
        send(again(drafted), staff)


def test_the_letters_to_others_forget_the_person_too(
    app: Flask, staff: int, now: datetime
) -> None:
    batch = make.batch(2)
    asha, other = make.registration(batch, confirmed=True), make.registration(batch, confirmed=True)
    rename = sa.update(Registration).where(Registration.id == asha.id).values(name="Asha Secret")
    atomically(lambda: db.session.execute(rename) and None)
    message = sent(batch, staff, text="Asha Secret brings the cake, {name}.")
    assert other.id in recipients(message)
    write_all()
    undo_is_over()
    while deliver_due(worker="test"):
        pass
    atomically(erasing.erase, registration_id=asha.id, by="student", now=now)
    assert "Asha Secret" not in everything_kept()
    to_other = letters(message)[-1]
    assert to_other.context["message"]["text"] == "… brings the cake, {name}."
    assert to_other.state is LetterState.SENT


def test_nobody_is_erased_between_their_name_and_their_letter(
    app: Flask, staff: int, now: datetime
) -> None:
    """Erasing beside the worker, many times: no letter keeps a name, nothing stands still."""
    batch = crowd(60)
    ids = everybody(batch)
    message = sent(batch, staff)
    start = Barrier(2)

    def erase() -> None:
        with app.app_context():
            start.wait()
            for number in ids[::3]:
                atomically(erasing.erase, registration_id=number, by="student", now=now)

    def write() -> None:
        with app.app_context():
            start.wait()
            while writing.has_work():
                atomically(writing.write_some, now=now)
                db.session.rollback()

    with ThreadPoolExecutor(2) as both:
        for one in [both.submit(erase), both.submit(write)]:
            one.result()
    assert again(message).state is MessageState.SENT
    kept = [one.context.get("name") for one in letters(message) if one.recipient.startswith("erased")]
    assert set(kept) <= {None}
    erased = {f"Person {place:05}" for place in range(1, 61, 3)}
    assert not erased & {one.context.get("name") for one in letters(message)}
