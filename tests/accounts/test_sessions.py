"""Sessions on the server."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from enroll.accounts.models import StaffSession
from enroll.accounts.sessions import end_all_sessions, end_session, is_session_live, open_session
from enroll.db import atomically, db
from tests.accounts.people import colleague

pytestmark = pytest.mark.usefixtures("app")


def test_a_session_lives_until_it_is_ended(now: datetime) -> None:
    staff_id = colleague()
    assert not is_session_live(staff_id, "key")
    atomically(open_session, staff_id=staff_id, key="key", now=now)
    assert is_session_live(staff_id, "key")
    atomically(end_session, key="key", now=now)
    assert not is_session_live(staff_id, "key")


def test_a_key_opens_only_the_account_it_was_given_to(now: datetime) -> None:
    one, other = colleague(), colleague(email="lena@example.org")
    atomically(open_session, staff_id=one, key="key", now=now)
    assert not is_session_live(other, "key")
    assert not is_session_live(one, "another key")


def test_the_table_does_not_hold_the_key(now: datetime) -> None:
    atomically(open_session, staff_id=colleague(), key="key", now=now)
    assert db.session.scalars(sa.select(StaffSession.key_hash)).one() != "key"


def test_ending_twice_keeps_the_first_end(now: datetime) -> None:
    atomically(open_session, staff_id=colleague(), key="key", now=now)
    atomically(end_session, key="key", now=now)
    atomically(end_session, key="key", now=now + timedelta(hours=1))
    assert db.session.scalars(sa.select(StaffSession.ended_at)).one() == now


def test_ends_all_sessions_of_one_colleague_only(now: datetime) -> None:
    one, other = colleague(), colleague(email="lena@example.org")
    for staff_id, key in ((one, "laptop"), (one, "phone"), (other, "desk")):
        atomically(open_session, staff_id=staff_id, key=key, now=now)
    atomically(end_all_sessions, staff_id=one, now=now)
    assert not is_session_live(one, "laptop")
    assert not is_session_live(one, "phone")
    assert is_session_live(other, "desk")
