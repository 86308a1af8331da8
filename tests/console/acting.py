"""How colleagues look at pages and press buttons."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from enroll.batches.models import Batch
from enroll.db import atomically
from enroll.registrations import arriving
from tests import make
from tests.console.test_many_comments import sent
from tests.reading import hidden_fields


def press(client: FlaskClient, page: str, to: str | None = None, **fields: Any) -> TestResponse:
    """Open a page, fill in its form and send it, to `to` if the button leads elsewhere."""
    seen = client.get(page)
    assert seen.status_code == 200, page
    return client.post(to or page, data=hidden_fields(seen.text) | fields)


def said(client: FlaskClient, answer: TestResponse) -> str:
    """What the page after a redirect says about the press."""
    assert answer.status_code == 303, answer.text
    return flashed(client.get(answer.location).text)


def flashed(page: str) -> str:
    """The messages on top of a page."""
    found = re.findall(r'(?s)<div class="flash.*?<p>(.*?)</p>', page)
    return html.unescape(" ".join(words.strip() for words in found))


def text(page: str) -> str:
    """What a person reads on a page."""
    return html.unescape(re.sub(r"(?s)<[^>]*>|\s+", " ", re.sub(r"(?s)<[^>]*>", " ", page)))


def statements(client: FlaskClient, page: str) -> int:
    """How many statements a page sends to the database."""
    client.get(page)  # what is read once per process is read now
    with sent() as found:
        assert client.get(page).status_code == 200, page
    return len(found)


def written(message: str, batch: Batch, email: str, now: datetime) -> int:
    """Somebody who wrote this when registering."""
    applicant = make.applicant(email, message=message)
    given = {"batch_id": batch.id, "applicant": applicant, "now": now}
    return make.read(atomically(arriving.register, **given)).id
