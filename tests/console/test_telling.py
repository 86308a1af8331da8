"""What is said on the telephone to whoever has no mailbox, when a batch or a session has changed."""

from __future__ import annotations

import pytest
from flask import Flask

from enroll.console.telling import words_to_say
from tests.mail.samples import BATCH, JOINING
from tests.mail.samples_of_news import SESSION, WAS


def test_a_batch_that_changed_is_told_as_it_is_now(app: Flask) -> None:
    with app.test_request_context():
        terms = {"payment": "In two halves.", "refund": "All of it."}
        said = words_to_say("batch_changed", {"batch": BATCH | JOINING | terms})
    for words in (BATCH["title"], BATCH["place"], BATCH["rhythm"], BATCH["teacher"],
                  JOINING["join_link"], *terms.values()):
        assert words in said


@pytest.mark.parametrize(
    ("change", "words", "unsaid"),
    [
        ("cancelled", "does not take place: the one on 5 April 2027", "7 April"),
        ("moved", "not on 5 April 2027, 18:00 (Europe/Berlin), but on 7 April 2027, 19:00", "Room"),
        ("staffed", "Teacher: Prof. Iyer. Where: Room 9.", "7 April"),
    ],
)
def test_one_session_that_changed_is_told_by_what_was_done(
    app: Flask, change: str, words: str, unsaid: str
) -> None:
    context = {"batch": BATCH, "change": change, "was": WAS, "session": SESSION}
    with app.test_request_context():
        said = words_to_say("session_changed", context)
    assert words in said
    assert BATCH["title"] in said
    assert unsaid not in said
