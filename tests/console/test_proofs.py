"""Authenticator, recovery codes, forgotten passwords, invitations: as browsers go through them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from enroll.accounts.duties import Duty
from enroll.accounts.models import Staff, StaffSession
from enroll.db import db
from enroll.mail.models import Letter
from enroll.mail.rendering import render
from tests.accounts.people import PASSWORD, colleague, csrf_token, sign_in
from tests.accounts.proving import code_of, enter, make_recovery_codes, switch_on_authenticator

page = pytest.mark.either_database  # only taking a code depends on the database
ANOTHER = "a sentence that nobody guesses"


def _inside(client: FlaskClient) -> bool:
    return client.get("/staff/account").status_code == 200


def _letters(kind: str) -> list[Letter]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Letter).where(Letter.kind == kind).order_by(Letter.id)))


def _link(letter: Letter) -> str:
    return f"/staff/password/{letter.context['token']}"


def _set_password(client: FlaskClient, link: str, password: str = ANOTHER) -> TestResponse:
    return client.post(link, data={"password": password, "csrf_token": csrf_token(client, link)})


def _at_once(*acts: Callable[[], object]) -> None:
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        act()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---------------------------------------------------------------- the authenticator


@page
def test_after_the_password_a_code_is_asked_for(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    key = switch_on_authenticator(client)
    other = app.test_client()
    answer = sign_in(other)
    assert answer.location.startswith("/staff/code")
    assert not _inside(other)
    assert "does not fit" in enter(other, "/staff/code", "000000").text
    assert not _inside(other)
    assert enter(other, "/staff/code", code_of(key)[:3] + " " + code_of(key)[3:]).status_code == 302
    assert _inside(other)


@page
def test_a_code_page_without_a_password_leads_back(client: FlaskClient) -> None:
    for path in ("/staff/code", "/staff/recovery-code", "/staff/second-proof"):
        assert client.get(path).location == "/staff/login"


@page
def test_a_code_is_taken_once(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    code = code_of(switch_on_authenticator(client))
    one, two = app.test_client(), app.test_client()
    for browser in (one, two):
        sign_in(browser)
    enter(one, "/staff/code", code)
    assert "used before" in enter(two, "/staff/code", code).text
    assert (_inside(one), _inside(two)) == (True, False)


@page
@pytest.mark.parametrize("kind", ["authenticator", "recovery"])
def test_the_same_code_twice_at_once_lets_in_one(
    app: Flask, client: FlaskClient, kind: str
) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    key = switch_on_authenticator(client)
    recovery = make_recovery_codes(client)
    assert len(recovery) == 10
    for number in range(4):
        path = "/staff/code" if kind == "authenticator" else "/staff/recovery-code"
        code = code_of(key, number % 2) if kind == "authenticator" else recovery[number]
        if kind == "authenticator" and number > 1:
            break
        browsers = [app.test_client() for _ in range(4)]
        for browser in browsers:
            sign_in(browser)
            browser.token = csrf_token(browser, path)  # type: ignore[attr-defined]

        def send(browser: FlaskClient, path: str = path, code: str = code) -> None:
            with app.app_context():
                browser.post(path, data={"code": code, "csrf_token": browser.token})  # type: ignore[attr-defined]

        _at_once(*[lambda one=one: send(one) for one in browsers])
        assert sum(_inside(one) for one in browsers) == 1


def test_recovery_codes_are_kept_encrypted_and_typed_as_one_likes(
    app: Flask, client: FlaskClient
) -> None:
    staff_id = colleague(Duty.PLAN)
    sign_in(client)
    switch_on_authenticator(client)
    codes = make_recovery_codes(client)
    db.session.rollback()
    staff = db.session.get_one(Staff, staff_id)
    kept = ",".join(staff.mf_recovery_codes or [])
    assert len(codes) == 10
    assert not any(code in kept for code in codes)
    assert '"enckey"' in (staff.tf_totp_secret or "")  # the secret is not readable either
    other = app.test_client()
    sign_in(other)
    enter(other, "/staff/recovery-code", codes[3].upper().replace("-", " "))
    assert _inside(other)
    page = other.get("/staff/recovery-codes?show_codes=y").text
    assert codes[3] not in page
    assert codes[4] in page


def test_switched_off_it_is_asked_for_no_more(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    switch_on_authenticator(client)
    token = csrf_token(client, "/staff/authenticator")
    client.post("/staff/authenticator", data={"setup": "disable", "csrf_token": token})
    other = app.test_client()
    assert sign_in(other).location == "/staff/"
    assert _inside(other)


def test_how_one_signs_in_is_changed_only_soon_after_signing_in(
    app: Flask, client: FlaskClient
) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    with client.session_transaction() as session:
        session["fs_paa"] = 0
    pages = ("/staff/authenticator", "/staff/recovery-codes", "/staff/passkeys")
    for path in pages:
        assert client.get(path).location.startswith("/staff/verify?next="), path
    wrong = {"password": "wrong", "csrf_token": csrf_token(client, "/staff/verify")}
    assert "not your password" in client.post("/staff/verify", data=wrong).text
    right = {"password": PASSWORD, "csrf_token": csrf_token(client, "/staff/verify")}
    answer = client.post("/staff/verify", data=right | {"next": "https://evil.example/"})
    assert answer.status_code in (200, 302)
    assert "evil" not in (answer.location or "")
    answer = client.post("/staff/verify", data=right | {"next": "/staff/passkeys"})
    assert answer.location == "/staff/passkeys"
    assert client.get("/staff/passkeys").status_code == 200


# ---------------------------------------------------------------- forgotten passwords


def test_a_mailed_link_sets_another_password_once(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(client)
    browser = app.test_client()
    token = csrf_token(browser, "/staff/password")
    asked = {"email": " MEERA@example.org", "csrf_token": token}
    browser.post("/staff/password", data=asked)
    (letter,) = _letters("staff_link")
    link = _link(letter)
    assert letter.recipient == "meera@example.org"
    for _ in range(3):
        assert browser.get(link).status_code == 200  # looking uses nothing up
    assert "Choose another one" in _set_password(browser, link, "short").text
    assert _set_password(browser, link).location == "/staff/login"
    assert not _inside(client)  # every old sign-in has ended
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StaffSession).where(
        StaffSession.ended_at.is_(None))) == 0
    assert sign_in(browser).status_code == 200
    assert sign_in(browser, password=ANOTHER).location == "/staff/"
    assert browser.get(link).location == "/staff/password"
    assert len(_letters("staff_password_changed")) == 1


def test_asking_for_a_link_tells_nobody_who_works_here(app: Flask) -> None:
    colleague(Duty.PLAN)

    def answer(email: str) -> str:
        browser = app.test_client()
        token = csrf_token(browser, "/staff/password")
        said = browser.post("/staff/password", data={"email": email, "csrf_token": token})
        text = re.sub(r'value="[^"]*"', "", said.text)
        return f"{said.status_code} {said.location} {text}"

    known = answer("meera@example.org")
    assert "on its way" in known
    assert known == answer("nobody@example.org") == answer("no address")
    assert len(_letters("staff_link")) == 1


def test_a_changed_password_kills_the_links_that_were_mailed(
    app: Flask, client: FlaskClient
) -> None:
    colleague(Duty.PLAN)
    browser = app.test_client()
    token = csrf_token(browser, "/staff/password")
    browser.post("/staff/password", data={"email": "meera@example.org", "csrf_token": token})
    (letter,) = _letters("staff_link")
    sign_in(client)
    fields = {"current": PASSWORD, "new": ANOTHER, "csrf_token": csrf_token(client, "/staff/account")}
    client.post("/staff/account/password", data=fields)
    assert _inside(client)
    assert browser.get(_link(letter)).location == "/staff/password"


def test_the_link_comes_from_the_setting_not_from_the_request(app: Flask) -> None:
    colleague(Duty.PLAN)
    browser = app.test_client()
    token = csrf_token(browser, "/staff/password")
    browser.post("/staff/password", data={"email": "meera@example.org", "csrf_token": token},
                 headers={"X-Forwarded-Host": "evil.example"})
    (letter,) = _letters("staff_link")
    assert b"evil" not in render(letter)
    assert app.config["BASE_URL"].encode() in render(letter)


# ---------------------------------------------------------------- colleagues


def _invite(client: FlaskClient, **fields: object) -> TestResponse:
    given = {"name": "Farida Noor", "email": "farida@example.org", "duties": ["plan"]} | fields
    token = csrf_token(client, "/staff/colleagues/invite")
    return client.post("/staff/colleagues/invite", data=given | {"csrf_token": token})


def test_an_invited_colleague_sets_a_password_and_begins(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.ADMINISTER)
    sign_in(client)
    assert _invite(client).status_code == 303
    (letter,) = _letters("staff_invitation")
    assert letter.context["by"] == "Meera Pillai"
    farida = app.test_client()
    assert sign_in(farida, "farida@example.org", "").status_code == 200
    assert _set_password(farida, _link(letter)).location == "/staff/login"
    assert sign_in(farida, "farida@example.org", ANOTHER).location == "/staff/"
    assert _inside(farida)
    assert farida.get("/staff/colleagues").status_code == 403


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"email": "meera@example.org"}, 409, "works here already"),
        ({"email": "no address"}, 422, "like this"),
        ({"name": ""}, 422, "Enter the name"),
        ({"duties": []}, 422, "at least one duty"),
        ({"duties": ["reign"]}, 422, "not"),
    ],
)
def test_a_wrong_invitation_keeps_what_was_typed(
    client: FlaskClient, fields: dict[str, object], status: int, words: str
) -> None:
    colleague(Duty.ADMINISTER)
    sign_in(client)
    answer = _invite(client, **fields)
    assert answer.status_code == status
    assert words in answer.text
    if "name" not in fields:
        assert 'value="Farida Noor"' in answer.text
    assert not _letters("staff_invitation")


def _press(client: FlaskClient, staff_id: int, button: str, **fields: object) -> TestResponse:
    token = csrf_token(client, f"/staff/colleagues/{staff_id}")
    return client.post(f"/staff/colleagues/{staff_id}/{button}", data=fields | {"csrf_token": token})


@page
def test_a_dismissed_colleague_is_out_at_once_and_stays_out(
    app: Flask, client: FlaskClient
) -> None:
    colleague(Duty.ADMINISTER)
    other = colleague(Duty.PLAN, email="farida@example.org")
    sign_in(client)
    farida = app.test_client()
    sign_in(farida, "farida@example.org")
    switch_on_authenticator(farida)
    token = csrf_token(farida, "/staff/password")
    farida.post("/staff/password", data={"email": "farida@example.org", "csrf_token": token})
    (letter,) = _letters("staff_link")
    assert _press(client, other, "dismiss").status_code == 303
    assert _press(client, other, "dismiss").status_code == 303  # twice is fine
    assert not _inside(farida)
    assert farida.get(_link(letter)).location == "/staff/password"
    assert sign_in(farida, "farida@example.org").status_code == 200
    assert not _inside(farida)
    _press(client, other, "take-back")
    (letter,) = _letters("staff_invitation")
    _set_password(farida, _link(letter))
    assert sign_in(farida, "farida@example.org", ANOTHER).location == "/staff/"  # no code any more


@page
def test_somebody_who_may_administer_always_stays(client: FlaskClient) -> None:
    me = colleague(Duty.ADMINISTER)
    sign_in(client)
    assert _press(client, me, "dismiss").status_code == 409
    answer = _press(client, me, "duties", duties=["plan"])
    assert answer.status_code == 409
    assert "Nobody else may administer" in answer.text
    assert _inside(client)
    assert client.get("/staff/colleagues").status_code == 200


@page
def test_a_lost_telephone_is_taken_off_the_account_and_told(
    app: Flask, client: FlaskClient
) -> None:
    me = colleague(Duty.ADMINISTER)
    other = colleague(Duty.PLAN, email="farida@example.org")
    farida = app.test_client()
    sign_in(farida, "farida@example.org")
    switch_on_authenticator(farida)
    sign_in(client)
    assert _press(client, me, "proofs").status_code == 409
    assert _press(client, other, "proofs").status_code == 303
    assert [one.recipient for one in _letters("staff_proofs_removed")] == ["farida@example.org"]
    assert not _inside(farida)
    assert sign_in(farida, "farida@example.org").location == "/staff/"


@page
def test_another_link_kills_the_earlier_one(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.ADMINISTER)
    sign_in(client)
    _invite(client)
    number = db.session.scalars(sa.select(Staff.id).where(Staff.email == "farida@example.org")).one()
    _press(client, number, "link")
    first, second = _letters("staff_invitation")
    farida = app.test_client()
    assert farida.get(_link(first)).location == "/staff/password"
    assert farida.get(_link(second)).status_code == 200


@page
def test_changed_duties_hold_from_the_next_page_on(app: Flask, client: FlaskClient) -> None:
    colleague(Duty.ADMINISTER)
    other = colleague(Duty.PLAN, email="farida@example.org")
    farida = app.test_client()
    sign_in(farida, "farida@example.org")
    sign_in(client)
    assert farida.get("/staff/teaching").status_code == 200
    _press(client, other, "duties", duties=["moderate"])
    assert farida.get("/staff/teaching").status_code == 403
    assert farida.get("/staff/comments").status_code == 200
