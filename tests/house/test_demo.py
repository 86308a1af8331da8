"""What is for the demo never reaches the public."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from enroll.db import db
from enroll.registrations.models import Registration
from tests.contents import contents
from tests.serving import command

# What these show depends on no database.
pytestmark = pytest.mark.either_database

PUBLIC = {
    "ENROLL_PUBLIC_URL": "https://enroll.example",
    "ENROLL_SECRET_KEY": "a" * 40,
    "ENROLL_MAIL_SERVER": "mail.example",
    "ENROLL_MAIL_SENDER": "hello@enroll.example",
}


@pytest.mark.usefixtures("app")
def test_loading_the_demo_twice_changes_nothing(database_url: str, instance: Path) -> None:
    first = command(database_url, instance, "demo")
    assert first.returncode == 0, first.stderr
    before = contents()
    assert len(before["batch"]) == 9
    assert len(before["course"]) == 3
    assert len(before["skill"]) == 10
    again = command(database_url, instance, "demo")
    assert again.returncode == 0, again.stderr
    assert contents() == before
    assert again.stdout == first.stdout  # the same sign-in, printed again


@pytest.mark.usefixtures("app")
def test_one_batch_is_nearly_full_and_one_has_people_waiting(
    database_url: str, instance: Path
) -> None:
    command(database_url, instance, "demo")
    free = sa.text(
        "SELECT batch.code, count(*) FROM seat JOIN batch ON batch.id = seat.batch_id"
        " WHERE NOT taken GROUP BY batch.code"
    )
    left = dict(list(db.session.execute(free)))
    assert left["fnd-03"] == 1
    assert "ops-01" not in left
    waiting = sa.select(sa.func.count()).where(Registration.state == "waitlisted")
    assert db.session.scalar(waiting) == 2


@pytest.mark.usefixtures("app")
def test_no_demo_on_a_public_server(database_url: str, instance: Path) -> None:
    before = contents()
    refused = command(database_url, instance, "demo", env=PUBLIC)
    assert refused.returncode != 0
    assert "ENROLL_PUBLIC_URL" in refused.stderr
    assert contents() == before


@pytest.mark.usefixtures("app")
def test_a_public_server_does_not_start_on_demo_content(database_url: str, instance: Path) -> None:
    assert command(database_url, instance, "audit", env=PUBLIC).returncode == 0
    command(database_url, instance, "demo")
    refused = command(database_url, instance, "audit", env=PUBLIC)
    assert refused.returncode == 1
    assert "demo content" in refused.stderr
