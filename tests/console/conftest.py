"""What the tests of staff pages share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from enroll.accounts.duties import Duty
from tests.accounts.people import colleague, sign_in


@pytest.fixture
def planner_id(app: Flask) -> int:
    """A colleague with the duty to plan."""
    return colleague(Duty.PLAN)


@pytest.fixture
def planner(client: FlaskClient, planner_id: int) -> FlaskClient:
    """Their browser, signed in."""
    sign_in(client)
    return client


@pytest.fixture
def signed_in(app: Flask) -> Callable[..., FlaskClient]:
    """Makes a browser of one more colleague with these duties."""

    def make_one(*duties: Duty, email: str) -> FlaskClient:
        colleague(*duties, email=email)
        browser = app.test_client()
        sign_in(browser, email=email)
        return browser

    return make_one


@pytest.fixture
def other(signed_in: Callable[..., FlaskClient]) -> FlaskClient:
    """A second colleague with the same duty."""
    return signed_in(Duty.PLAN, email="other@example.org")


@pytest.fixture
def moderator(signed_in: Callable[..., FlaskClient]) -> FlaskClient:
    """A colleague who may moderate, and not plan."""
    return signed_in(Duty.MODERATE, email="moderator@example.org")
