"""Signing in and out, as a browser does it."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password, verify_password
from passlib.hash import argon2

from enroll.accounts.duties import Duty
from enroll.accounts.models import Staff, StaffSession
from enroll.accounts.sessions import end_all_sessions
from enroll.console.sign_in import OPEN
from enroll.db import atomically, db
from tests.accounts.people import PASSWORD, colleague, csrf_token, sign_in, sign_out

# The rules behind these pages are tested on both databases, with the verbs.
pytestmark = pytest.mark.either_database

NO = "This address and this password do not belong together."


def _sessions() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(StaffSession)) or 0


def test_signs_in_and_out(client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (302, "/staff/")
    page = client.get("/staff/")
    assert page.status_code == 200
    assert "Meera Pillai" in page.text
    answer = sign_out(client)
    assert (answer.status_code, answer.location) == (302, "/staff/login")
    assert client.get("/staff/").status_code == 302


def test_the_spelling_of_the_address_does_not_matter(client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    assert sign_in(client, email=" MEERA@Example.org ").status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("meera@example.org", "wrong horse battery staple"),
        ("nobody@example.org", PASSWORD),
        ("no address", PASSWORD),
        ("meera@example.org\0", PASSWORD),
        ("meera@example.org", f"{PASSWORD}\0"),
        ("meera@example.org", "x" * 5000),
        ("meera@example.org", ""),
        ("", ""),
    ],
)
def test_every_failure_says_the_same(client: FlaskClient, email: str, password: str) -> None:
    colleague(Duty.PLAN)
    answer = sign_in(client, email=email, password=password)
    assert answer.status_code == 200
    assert answer.text.count("do not belong together") == 1
    assert "<title>Error:" in answer.text
    assert _without_what_was_typed(answer.text) == _without_what_was_typed(
        sign_in(client, "other@example.org", "wrong").text
    )
    assert _sessions() == 0


def _without_what_was_typed(page: str) -> str:
    return re.sub(r'(?s) value=".*?"', "", page)


def test_an_account_that_is_switched_off_cannot_sign_in_nor_go_on(client: FlaskClient) -> None:
    staff_id = colleague(Duty.PLAN)
    sign_in(client)

    def switch_off() -> None:
        db.session.get_one(Staff, staff_id).active = False

    atomically(switch_off)
    assert client.get("/staff/").status_code == 302
    assert NO in sign_in(client).text


def test_a_stranger_gets_no_session_row(client: FlaskClient) -> None:
    for page in ("/", "/staff/login", "/staff/"):
        client.get(page)
    assert _sessions() == 0


def test_a_copied_cookie_is_dead_after_sign_out(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    thief = app.test_client()
    name = app.config["SESSION_COOKIE_NAME"]
    thief.set_cookie(name, client.get_cookie(name).value)
    assert thief.get("/staff/").status_code == 200  # until then it is as good as the original
    sign_out(client)
    assert thief.get("/staff/").status_code == 302


def test_signing_out_leaves_the_other_sessions(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    phone = app.test_client()
    sign_in(client)
    sign_in(phone)
    sign_out(client)
    assert phone.get("/staff/").status_code == 200


def test_a_session_ended_elsewhere_is_over(client: FlaskClient, now: datetime) -> None:
    staff_id = colleague(Duty.PLAN)
    sign_in(client)
    atomically(end_all_sessions, staff_id=staff_id, now=now)
    assert client.get("/staff/").status_code == 302
    assert sign_in(client).status_code == 302
    assert client.get("/staff/").status_code == 200


def test_a_cookie_without_our_key_is_nobody(client: FlaskClient) -> None:
    """The secret key alone, or an old cookie, opens nothing: the row in the database does."""
    staff_id = colleague(Duty.PLAN)
    uniquifier = db.session.get_one(Staff, staff_id).fs_uniquifier
    for forged in ({}, {"staff_key": "guessed"}, {"staff_key": ""}):
        with client.session_transaction() as session:
            session.clear()
            session.update({"_user_id": uniquifier, **forged})
        assert client.get("/staff/").status_code == 302


def test_a_token_of_flask_security_is_nobody(client: FlaskClient) -> None:
    staff_id = colleague(Duty.PLAN)
    token = db.session.get_one(Staff, staff_id).get_auth_token()
    assert client.get("/staff/", query_string={"auth_token": token}).status_code == 302
    assert client.get("/staff/", headers={"Authentication-Token": token}).status_code == 302


def test_an_outdated_hash_is_renewed_when_signing_in(client: FlaskClient) -> None:
    staff_id = colleague(Duty.PLAN)
    old = argon2.using(rounds=1, memory_cost=1024).hash(PASSWORD)

    def age() -> None:
        db.session.get_one(Staff, staff_id).password = old

    atomically(age)
    assert sign_in(client).status_code == 302
    db.session.rollback()
    renewed = db.session.get_one(Staff, staff_id).password
    assert renewed != old
    assert renewed.split("$")[:4] == hash_password("x").split("$")[:4]
    assert verify_password(PASSWORD, renewed)
    assert client.get("/staff/").status_code == 200


# ---------------------------------------------------------------- where it leads


@pytest.mark.parametrize("good", ["/staff/batches/ml-1/roster", "/staff/?page=2"])
def test_leads_back_to_the_page_that_was_asked_for(client: FlaskClient, good: str) -> None:
    colleague(Duty.PLAN)
    answer = client.get(good)
    page = client.get(answer.location)
    found = re.search(r'name="next" value="([^"]+)"', page.text)
    assert found
    assert sign_in(client, next=found[1]).location == good


@pytest.mark.parametrize(
    "evil",
    ["//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example",
     "///evil.example", "https://evil.example", "http:///evil.example", "javascript:alert(1)",
     "/\t/evil.example",
     " //evil.example", "\x19//evil.example", "//evil.example\\@localhost", "data:text/html,x",
     "https://localhost@evil.example/", "https://localhost.evil.example/"],
)
def test_never_leads_to_another_site(app: Flask, evil: str) -> None:
    colleague(Duty.PLAN)
    inside, outside = app.test_client(), app.test_client()
    assert sign_in(inside, next=evil).location == "/staff/"
    token = csrf_token(outside, "/staff/login")
    form = {"email": "meera@example.org", "password": PASSWORD, "csrf_token": token}
    answer = outside.post("/staff/login", query_string={"next": evil}, data=form)
    assert (answer.status_code, answer.location) == (302, "/staff/")
    again = inside.get("/staff/login", query_string={"next": evil})  # signed in already
    assert (again.status_code, again.location) == (302, "/staff/")


# ---------------------------------------------------------------- how it is protected


def test_signing_in_and_out_need_a_csrf_token(client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    form = {"email": "meera@example.org", "password": PASSWORD}
    assert client.post("/staff/login", data=form).status_code == 400
    sign_in(client)
    assert client.post("/staff/logout").status_code == 400
    assert client.get("/staff/").status_code == 200


def test_signing_in_makes_a_new_csrf_token(client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    csrf_token(client, "/staff/login")
    with client.session_transaction() as session:
        before = session["csrf_token"]
    sign_in(client)
    client.get("/staff/")
    with client.session_transaction() as session:
        assert session["csrf_token"] != before


def test_a_link_cannot_sign_out(client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    assert client.get("/staff/logout").status_code == 405
    assert client.get("/staff/").status_code == 200


def test_a_stranger_who_signs_out_is_led_to_the_sign_in(client: FlaskClient) -> None:
    token = csrf_token(client, "/staff/login")
    answer = client.post("/staff/logout", data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (302, "/staff/login")


def test_there_is_no_json_sign_in(client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    token = csrf_token(client, "/staff/login")
    for body in ({"email": "meera@example.org", "password": PASSWORD}, [1]):
        answer = client.post("/staff/login?include_auth_token", json=body,
                             headers={"X-CSRFToken": token, "Accept": "application/json"})
        assert answer.status_code == 415
    answer = client.get("/staff/login", headers={"Accept": "application/json"})
    assert answer.mimetype == "text/html"


def test_flask_security_answers_only_where_we_know_of(app: Flask) -> None:
    rules = app.url_map.iter_rules()
    theirs = {rule.endpoint for rule in rules if rule.endpoint.startswith("security.")}
    assert theirs == set(OPEN) | {
        f"security.{name}"
        for name in ("verify", "two_factor_setup", "two_factor_setup_validate", "mf_recovery_codes",
                     "wan_register", "wan_register_response", "wan_delete")
    }


@pytest.mark.parametrize("page", ["/staff/login", "/staff/", "/staff", "/staff/nothing-here"])
def test_no_answer_below_staff_is_kept_or_indexed(client: FlaskClient, page: str) -> None:
    headers = client.get(page).headers
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert "no-store" not in client.get("/").headers.get("Cache-Control", "")


def test_the_page_brings_no_script_and_no_style_of_its_own(client: FlaskClient) -> None:
    page = client.get("/staff/login").text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page)
    assert 'class="site-header"' in page


def test_guessing_a_password_is_slowed_down(limited: Flask) -> None:
    colleague(Duty.PLAN)
    client = limited.test_client()
    codes = [sign_in(client, password="wrong").status_code for _ in range(13)]
    assert codes[:10] == [200] * 10
    assert codes[12] == 429
    # Neither the right password nor another spelling of the address helps now …
    assert sign_in(client).status_code == 429
    assert sign_in(client, email=" MEERA@example.org").status_code == 429
    # … but the page itself and other accounts are as before.
    assert client.get("/staff/login").status_code == 200
    assert sign_in(client, email="nobody@example.org").status_code == 200


def test_trying_many_accounts_is_slowed_down(limited: Flask) -> None:
    client = limited.test_client()
    codes = [sign_in(client, email=f"{number}@example.org").status_code for number in range(60)]
    assert codes == [200] * 60
    # The window slides: should a quarter of an hour end meanwhile, a few more are let through.
    codes = [sign_in(client, email=f"{number}@example.net").status_code for number in range(6)]
    assert 429 in codes
