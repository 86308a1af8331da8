"""Colleagues for tests, and what a browser does to sign them in and out."""

from __future__ import annotations

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.accounts.staffing import add_staff
from enroll.db import atomically
from tests.reading import hidden_fields

PASSWORD = "correct horse battery staple"


def colleague(*duties: Duty, email: str = "meera@example.org") -> int:
    """The id of a new colleague with these duties."""
    staff = atomically(add_staff, email=email, name="Meera Pillai", password=PASSWORD,
                       duties=duties, now=clock.now())
    return staff.id


def csrf_token(client: FlaskClient, page: str) -> str:
    """The token that the form on this page carries."""
    return hidden_fields(client.get(page).text)["csrf_token"]


def sign_in(client: FlaskClient, email: str = "meera@example.org", password: str = PASSWORD,
            **fields: str) -> TestResponse:
    """Fill in the form at /staff/login and send it."""
    token = csrf_token(client, "/staff/login")
    form = {"email": email, "password": password, "csrf_token": token} | fields
    return client.post("/staff/login", data=form)


def sign_out(client: FlaskClient) -> TestResponse:
    """Press the button on the staff's first page."""
    return client.post("/staff/logout", data={"csrf_token": csrf_token(client, "/staff/")})
