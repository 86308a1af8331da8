"""What letters are told, and what a letter has to say: the means of the samples."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from enroll.mail.models import Letter
from enroll.mail.states import LetterState

WRITTEN_AT = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)
DEADLINE = "2027-03-12T17:00:00+00:00"  # a Friday, 18:00 in Berlin
BATCH = {
    "id": 7,
    "code": "ml-7",
    "title": "Evening & weekend",
    "course": "Foundations",
    "state": "tentative",
    "starts_on": "2027-04-05",
    "ends_on": "2027-06-25",
    "zone": "Europe/Berlin",
    "opens_at": "2027-02-01T08:00:00+00:00",
    "closes_at": "2027-04-02T16:00:00+00:00",
    "minimum": 10,
    "decide_on": "2027-03-20",
    "rhythm": "Mondays, 18:00 to 20:00",
    "place": "Köln, Domplatz 1",
    "is_online": False,
    "teacher": "Dr. Rao",
    "join_link": "",
    "bring": "",
}
JOINING = {"join_link": "https://meet.example/ml-7", "bring": "A laptop\nYour charger"}
OTHER = {"title": "Morning batch", "code": "ml-8", "starts_on": "2027-05-03"}
PEOPLE = [
    {"name": "Asha Verma", "phone": "+91 98765 43210", "email": "asha@example.org", "place": 1},
    {"name": "Bilal Khan", "phone": "", "email": "bilal@example.org", "place": 2},
]
MINE = [
    {"title": "Evening", "starts_on": "2027-04-05", "token": "t1", "state": "confirmed"},
    {
        "title": "Morning",
        "starts_on": "2027-05-03",
        "token": "t2",
        "state": "waitlisted",
        "is_confirmed": False,
    },
    {"title": "Noon", "starts_on": "2027-05-04", "token": "t3", "state_words": "Somewhere else."},
]


def calendar(method: str = "PUBLISH", sequence: int = 0) -> dict[str, Any]:
    """Two sessions, one before and one after the clocks change in Berlin."""
    days = ("2027-03-22", "2027-04-05")
    return {
        "method": method,
        "sequence": sequence,
        "name": BATCH["title"],
        "zone": "Europe/Berlin",
        "events": [
            {
                "uid": f"session-{number}@enroll.example",
                "starts_at": f"{day}T17:00:00+00:00",
                "ends_at": f"{day}T19:00:00+00:00",
                "summary": "Neuronale Netze; eine Einführung, für alle, die noch nie gerechnet haben",
                "location": BATCH["place"],
                "url": "https://enroll.example/batches/ml-7",
            }
            for number, day in enumerate(days, 1)
        ],
    }


class Sample(NamedTuple):
    """One variant of one kind: `subject` and `says` are words that have to be in it."""

    kind: str
    more: dict[str, Any]
    subject: str
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    batch: dict[str, Any] | None = None

    @property
    def label(self) -> str:
        words = [f"{k}={v if isinstance(v, str | bool) else '…'}" for k, v in self.more.items()]
        return " ".join([self.kind, *words])

    def letter(self) -> Letter:
        """A row as the outbox writes it."""
        context: dict[str, Any] = {"batch": BATCH | (self.batch or {}), "token": "TOKEN"}
        return row(kind=self.kind, context=context | {"name": "", "why": ""} | self.more)


def row(kind: str, context: dict[str, Any]) -> Letter:
    """A letter that is in no database."""
    return Letter(
        id=1,
        kind=kind,
        about="registration:42",
        recipient="asha@example.org",
        language="en_GB",
        context={name: value for name, value in context.items() if name != "subscription"},
        subscription=context.get("subscription", ""),
        dedupe_key="x",
        message_id="<x@enroll.example>",
        written_at=WRITTEN_AT,
        state=LetterState.QUEUED,
    )


NAMED = {"name": "Asha Verma"}
UNTIL = {"deadline_at": DEADLINE}
RUNS = {"state": "confirmed_to_run"}
STRANGER = "If you did not register with us, do nothing"
KEPT = "A seat is kept for you until"
ADMITTED = "You are admitted."
