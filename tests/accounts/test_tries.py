"""Counted tries: the limit holds over processes, ends by itself, and shuts no colleague out."""

from __future__ import annotations

import multiprocessing
import os
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll import create_app
from enroll.accounts.duties import Duty
from enroll.accounts.models import SignInTry
from enroll.accounts.tries import Limit, TooManyTries, forget_tries, take_try
from enroll.db import atomically, db
from enroll.mail.models import Letter
from enroll.refusal import Busy
from tests.accounts.people import PASSWORD, colleague, csrf_token, sign_in

QUARTER = timedelta(minutes=15)
TEN = Limit("password", "meera", 10, QUARTER)


def _take(now: datetime, *limits: Limit) -> bool:
    try:
        atomically(take_try, limits=list(limits or (TEN,)), now=now)
    except TooManyTries:
        return False
    return True


def test_ten_and_no_more_until_the_stretch_is_over(app: Flask, now: datetime) -> None:
    taken = [_take(now + timedelta(minutes=number)) for number in range(14)]
    assert taken == [True] * 10 + [False] * 4
    # Trying on does not lengthen it.
    assert not _take(now + QUARTER - timedelta(seconds=1))
    assert _take(now + QUARTER)


def test_a_refused_try_counts_nowhere_and_says_until_when(app: Flask, now: datetime) -> None:
    narrow, wide = Limit("a", "x", 1, QUARTER), Limit("b", "x", 100, QUARTER)
    assert _take(now, narrow, wide)
    with pytest.raises(TooManyTries) as refusal:
        atomically(take_try, limits=[narrow, wide], now=now + timedelta(minutes=1))
    assert refusal.value.facts["until"] == now + QUARTER
    numbers = sorted(db.session.scalars(sa.select(SignInTry.number)))
    assert numbers == [1, 1]


def test_kinds_and_keys_are_apart_and_no_name_is_kept(app: Flask, now: datetime) -> None:
    for _ in range(10):
        _take(now)
    assert not _take(now)
    assert _take(now, TEN._replace(kind="code"))
    assert _take(now, TEN._replace(key="farida"))
    db.session.rollback()
    for bucket in db.session.scalars(sa.select(SignInTry.bucket)):
        assert "meera" not in bucket
        assert len(bucket) == 64


def test_old_tries_are_forgotten(app: Flask, now: datetime) -> None:
    _take(now - timedelta(days=2))
    _take(now, TEN._replace(key="farida"))
    atomically(forget_tries, now)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInTry)) == 1


def _many(url: str, instance: str, number: int, begin: object, results: object) -> None:
    """One process with its own application; everybody tries at the same moment."""
    os.environ |= {"DATABASE_URL": url, "ENROLL_INSTANCE": instance}
    app = create_app()
    now = datetime.fromisoformat("2027-03-01T09:00:00+00:00")

    def one() -> None:
        with app.app_context():
            while True:  # a busy database is no answer
                try:
                    results.put(_take(now))  # type: ignore[attr-defined]
                    return
                except Busy:
                    continue

    threads = [threading.Thread(target=one) for _ in range(number)]
    begin.wait()  # type: ignore[attr-defined]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.storm
def test_a_hundred_at_once_from_four_processes_ten_get_through(
    app: Flask, database_url: str, instance: Path
) -> None:
    spawn = multiprocessing.get_context("spawn")
    begin, results = spawn.Barrier(4), spawn.Queue()
    processes = [
        spawn.Process(target=_many, args=(database_url, str(instance), 25, begin, results))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    answers = [results.get(timeout=120) for _ in range(100)]
    for process in processes:
        process.join()
    assert sum(answers) == 10
    db.session.rollback()
    assert db.session.scalars(sa.select(SignInTry.number)).one() == 10  # a refused one is rolled back


# ---------------------------------------------------------------- in a browser


def test_nobody_shuts_a_colleague_out_of_the_browser_they_use(limited: Flask) -> None:
    colleague(Duty.PLAN)
    theirs, stranger, new = (limited.test_client() for _ in range(3))
    assert sign_in(theirs).status_code == 302
    theirs.post("/staff/logout", data={"csrf_token": csrf_token(theirs, "/staff/account")})
    while sign_in(stranger, password="wrong").status_code != 429:
        pass
    assert sign_in(new).status_code == 429  # from the same network, by the right password
    assert sign_in(theirs).status_code == 302  # the browser that is known has its own count
    # But it may not guess for ever either.
    theirs.post("/staff/logout", data={"csrf_token": csrf_token(theirs, "/staff/account")})
    codes = [sign_in(theirs, password="wrong").status_code for _ in range(11)]
    assert codes[-1] == 429


def test_a_mailed_link_lets_in_where_the_tries_are_used_up(limited: Flask) -> None:
    colleague(Duty.PLAN)
    stranger, theirs = limited.test_client(), limited.test_client()
    while sign_in(stranger, password="wrong").status_code != 429:
        pass
    token = csrf_token(theirs, "/staff/password")
    theirs.post("/staff/password", data={"email": "meera@example.org", "csrf_token": token})
    letter = db.session.scalars(sa.select(Letter).where(Letter.kind == "staff_link")).one()
    link = f"/staff/password/{letter.context['token']}"
    new = "a sentence that nobody guesses"
    theirs.post(link, data={"password": new, "csrf_token": csrf_token(theirs, link)})
    assert sign_in(theirs, password=new).status_code == 302


def test_a_cookie_for_one_account_helps_with_no_other(limited: Flask) -> None:
    colleague(Duty.PLAN)
    colleague(Duty.PLAN, email="farida@example.org")
    browser = limited.test_client()
    sign_in(browser)
    browser.post("/staff/logout", data={"csrf_token": csrf_token(browser, "/staff/account")})
    stranger = limited.test_client()
    while sign_in(stranger, "farida@example.org", "wrong").status_code != 429:
        pass
    assert sign_in(browser, "farida@example.org", PASSWORD).status_code == 429
    browser.set_cookie("browser", "forged.cookie")
    assert sign_in(browser, "farida@example.org", PASSWORD).status_code == 429


def test_the_page_says_how_long_and_what_else_works(limited: Flask) -> None:
    colleague(Duty.PLAN)
    client = limited.test_client()
    answers = [sign_in(client, password="wrong") for _ in range(11)]
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 901
    assert "Try again in 15 minutes" in answers[-1].text
    assert 'href="/staff/password"' in answers[-1].text
