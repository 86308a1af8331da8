"""My account: sessions that end on the server, and a password that changes."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from tests.accounts.people import PASSWORD, colleague, sign_in
from tests.console.acting import press, said, text
from tests.reading import hidden_fields

pytestmark = pytest.mark.either_database

PAGE = "/staff/account"
OTHER = "another long and quite good sentence"


@pytest.fixture
def browsers(app: Flask) -> tuple[FlaskClient, FlaskClient]:
    """One colleague, signed in twice."""
    colleague(Duty.MODERATE)
    pair = app.test_client(), app.test_client()
    for one in pair:
        assert sign_in(one).status_code == 302
    return pair


def is_in(browser: FlaskClient) -> bool:
    return browser.get("/staff/").status_code == 200


def token(browser: FlaskClient) -> dict[str, str]:
    return {"csrf_token": hidden_fields(browser.get(PAGE).text)["csrf_token"]}


def test_sessions_are_listed_and_end_one_by_one(browsers: tuple[FlaskClient, FlaskClient]) -> None:
    here, there = browsers
    page = here.get(PAGE).text
    assert text(page).count("since") == 2
    assert text(page).count("this browser") == 1
    path = page.split('action="/staff/account/sessions/')[1].split('"')[0]
    answer = here.post(f"{PAGE}/sessions/{path}", data=token(here))
    assert "Signed out there" in said(here, answer)
    assert is_in(here)
    assert not is_in(there)  # its cookie is the same as before: copies of it are dead, too
    again = here.post(f"{PAGE}/sessions/{path}", data=token(here))
    assert "ended already" in said(here, again)


def test_all_others_end_at_once(browsers: tuple[FlaskClient, FlaskClient]) -> None:
    here, there = browsers
    assert "1 other browser" in said(here, here.post(f"{PAGE}/sessions/end-others", data=token(here)))
    assert is_in(here)
    assert not is_in(there)
    assert "nowhere else" in said(here, here.post(f"{PAGE}/sessions/end-others", data=token(here)))


def test_nobody_ends_a_colleague_s_session(app: Flask, browsers: tuple[FlaskClient, FlaskClient]) -> None:
    colleague(Duty.PLAN, email="other@example.org")
    other = app.test_client()
    sign_in(other, email="other@example.org")
    answer = browsers[0].post(f"{PAGE}/sessions/3/end", data=token(browsers[0]))  # the third sign-in
    assert answer.status_code == 404
    assert is_in(other)


def test_another_password_ends_other_sessions_and_only_it_opens(
    browsers: tuple[FlaskClient, FlaskClient],
) -> None:
    here, there = browsers
    answer = press(here, PAGE, to=f"{PAGE}/password", current=PASSWORD, new=OTHER)
    assert "Changed." in said(here, answer)
    assert is_in(here)
    assert not is_in(there)
    assert sign_in(there).status_code == 200
    assert sign_in(there, password=OTHER).status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "status", "words"),
    [
        ("wrong", OTHER, 409, "not your present password"),
        (PASSWORD, "short", 409, "Choose another one"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", 409, "Choose another one"),
        (PASSWORD, "", 422, "Enter a new password"),
        ("", OTHER, 422, "Enter your present password"),
    ],
)
def test_what_cannot_be_changed_says_why(
    browsers: tuple[FlaskClient, FlaskClient], current: str, new: str, status: int, words: str
) -> None:
    here, there = browsers
    answer = press(here, PAGE, to=f"{PAGE}/password", current=current, new=new)
    assert answer.status_code == status
    assert words in text(answer.text)
    assert is_in(there)
    assert OTHER not in answer.text
