"""No secret in any log: not in ours, not in the server's, not in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.db import WRITING, db
from enroll.mail.models import Letter
from enroll.registrations.models import Registration
from tests import make
from tests.mail.servers import Server, running
from tests.serving import Site, Visitor, Worker

BREAKING = """
from wsgi import app
from enroll.registrations import personal

def broken(_registration):
    raise ZeroDivisionError("on purpose")

personal.history = broken
"""


def token_of(email: str) -> str:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Registration.token).where(Registration.email == email)
    ).one()


def test_a_whole_registration_leaves_no_token_and_no_address_in_the_logs(
    app: Flask, database_url: str, instance: Path
) -> None:
    batch = make.batch()
    with Site(database_url, instance, workers=2) as site:
        visitor = Visitor(site.base_url)
        visitor.register(batch.code, name="Asha", email="secret.asha@example.org", consent="y")
        letters = Worker(database_url, instance).run_once()
        token = token_of("secret.asha@example.org")
        hidden = visitor.open_form(f"/registrations/{token}", f"/registrations/{token}/confirm")
        visitor.post(f"/registrations/{token}/confirm", {})
        assert visitor.post(f"/registrations/{token}/confirm", hidden).status == 303
        visitor.get(f"/registrations/{token}x")
        visitor.get(f"/registrations/{token}/nowhere")
        site.stop()
        log = site.log() + letters
    assert "GET /registrations/<token> 200" in log
    assert "POST /registrations/<token>/confirm 303" in log
    assert token not in log
    assert "secret.asha" not in log
    assert hidden["csrf_token"] not in log


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_error_names_the_route_and_not_the_token(
    app: Flask, database_url: str, instance: Path, tmp_path: Path
) -> None:
    (tmp_path / "breaking.py").write_text(BREAKING)
    token = make.registration(make.batch()).token
    with Site(database_url, instance, app_module="breaking:app", pythonpath=tmp_path) as site:
        answer = Visitor(site.base_url).get(f"/registrations/{token}")
        site.stop()
        log = site.log()
    assert answer.status == 500
    assert token not in answer.text
    assert "ZeroDivisionError: on purpose" in log
    assert "Exception on GET /registrations/<token>" in log
    assert token not in log


def test_what_a_mail_server_says_of_an_address_stays_out_of_the_log(
    app: Flask, database_url: str, instance: Path
) -> None:
    """Servers put the address into their refusals; the letter's row keeps it, the log does not."""
    refusing = Server()
    refusing.rcpt = "550 5.1.1 <{address}>: there is no {address} here"
    make.registration(make.batch(), "secret.asha@example.org")
    db.session.rollback()  # PostgreSQL ends a transaction that idles while the worker starts
    with running(refusing) as controller:
        env = {
            "ENROLL_MAIL_SERVER": "127.0.0.1",
            "ENROLL_MAIL_PORT": str(controller.port),
            "ENROLL_MAIL_USE_TLS": "false",
        }
        log = Worker(database_url, instance, env).run_once()
    db.session.rollback()
    letter = db.session.scalars(sa.select(Letter)).one()
    assert "secret.asha@example.org" in letter.last_error
    assert "550 5.1.1" in log
    assert "secret.asha" not in log


def break_the_database() -> None:
    db.session.remove()
    with db.engine.connect().execution_options(**WRITING) as connection, connection.begin():
        connection.exec_driver_sql("ALTER TABLE registration_event RENAME TO gone")
        connection.exec_driver_sql("ALTER TABLE letter RENAME TO gone_too")


def test_a_broken_database_tells_the_log_nothing_about_people(
    app: Flask, database_url: str, instance: Path
) -> None:
    """The statement is logged, what was filled in is not."""
    batch = make.batch()
    token = make.registration(batch, "secret.asha@example.org").token
    with Site(database_url, instance, workers=1) as site:
        visitor = Visitor(site.base_url)
        page = f"/registrations/{token}"
        hidden = visitor.open_form(page, f"{page}/confirm")
        form = Visitor(site.base_url).prepare(batch.code)
        break_the_database()
        assert visitor.get(page).status == 500
        assert visitor.post(f"{page}/confirm", hidden).status == 500
        assert form.submit(name="Asha", email="secret.bilal@example.org", consent="y").status == 500
        site.stop()
        log = site.log()
    assert "Exception on POST /registrations/<token>/confirm" in log
    assert log.count("Traceback") >= 3
    for secret in (token, "secret.asha", "secret.bilal", hidden["csrf_token"]):
        assert secret not in log


ESCAPING = """
from wsgi import app

inner = app.wsgi_app

def outer(environ, start_response):
    if environ["PATH_INFO"].startswith("/registrations/"):
        raise ZeroDivisionError("on purpose")
    return inner(environ, start_response)

app.wsgi_app = outer
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_server_itself_cuts_tokens_out_too(
    app: Flask, database_url: str, instance: Path, tmp_path: Path
) -> None:
    """What gets past Flask, gunicorn logs with the whole address, by a handler of its own."""
    (tmp_path / "escaping.py").write_text(ESCAPING)
    token = make.registration(make.batch()).token
    with Site(database_url, instance, app_module="escaping:app", pythonpath=tmp_path) as site:
        assert Visitor(site.base_url).get(f"/registrations/{token}").status == 500
        site.stop()
        log = site.log()
    assert "ZeroDivisionError: on purpose" in log
    assert token not in log


def test_a_row_the_database_refuses_is_not_told_to_the_log(
    app: Flask, database_url: str, instance: Path
) -> None:
    """PostgreSQL adds the whole row to its refusal: `DETAIL: Failing row contains (…)`."""
    batch = make.batch()
    make.registration(batch)
    with Site(database_url, instance, workers=1) as site:
        form = Visitor(site.base_url).prepare(batch.code)
        db.session.remove()
        with db.engine.connect().execution_options(**WRITING) as connection, connection.begin():
            refuse_everybody(connection)
        sent = form.submit(
            name="Asha Secret", email="secret.asha@example.org", message="My\nsecret", consent="y"
        )
        assert sent.status == 500
        site.stop()
        log = site.log()
    assert "IntegrityError" in log
    assert "ck_nobody" in log
    for secret in ("secret.asha", "Asha Secret", "My\nsecret"):
        assert secret not in log


def refuse_everybody(connection: sa.Connection) -> None:
    """A constraint that no registration keeps, as if we had made a mistake."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "ALTER TABLE registration ADD CONSTRAINT ck_nobody CHECK (email = '') NOT VALID"
        )
    else:
        connection.exec_driver_sql(
            "CREATE TRIGGER ck_nobody BEFORE INSERT ON registration"
            " BEGIN SELECT RAISE(ABORT, 'ck_nobody'); END"
        )
