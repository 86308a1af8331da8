"""Pages go out small to who reads gzip, whole to who does not, and staff pages always whole."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import make

pytestmark = pytest.mark.either_database

READS_GZIP = {"Accept-Encoding": "gzip, deflate"}


def plain(answer: TestResponse) -> str:
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    return gzip.decompress(answer.data).decode()


def test_pages_and_feeds_are_small_for_who_reads_gzip(client: FlaskClient) -> None:
    make.batch(code="mle-09")
    for path in ("/", "/batches", "/batches/mle-09", "/batches.atom", "/privacy"):
        whole, small = client.get(path), client.get(path, headers=READS_GZIP)
        assert "Content-Encoding" not in whole.headers, path
        assert len(small.data) < 0.75 * len(whole.data), path
        assert plain(small).splitlines()[0] == whole.text.splitlines()[0], path
        for answer in (whole, small):  # a cache between may mix up neither
            assert "Accept-Encoding" in answer.headers["Vary"], path


def test_a_form_that_asks_again_is_small_too(client: FlaskClient) -> None:
    batch = make.batch()
    answer = client.post(f"/batches/{batch.code}/register", data={}, headers=READS_GZIP)
    assert answer.status_code == 422
    assert "Enter your name." in plain(answer)
    assert "There is no page here" in plain(client.get("/nowhere", headers=READS_GZIP))


def test_who_refuses_gzip_gets_the_page_whole(client: FlaskClient) -> None:
    for refused in ("gzip;q=0", "br", "identity"):
        answer = client.get("/", headers={"Accept-Encoding": refused})
        assert "Content-Encoding" not in answer.headers, refused


def test_a_head_request_is_answered(client: FlaskClient) -> None:
    answer = client.head("/", headers=READS_GZIP)
    assert answer.status_code == 200
    assert answer.data == b""


def test_nothing_is_read_from_a_length(client: FlaskClient) -> None:
    """BREACH: staff pages go out whole, and one page has not the same length twice."""
    assert "Content-Encoding" not in client.get("/staff/login", headers=READS_GZIP).headers
    lengths = {len(client.get("/privacy", headers=READS_GZIP).data) for _ in range(20)}
    assert len(lengths) > 5
