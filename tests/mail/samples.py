"""Every letter we write, in every variant, with what it is told and what it has to say."""

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
        context=context,
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

SAMPLES = [
    # ---- applications
    Sample(
        "registration_applied",
        UNTIL | {"answer_on": "2027-03-19"},
        "We have your application. Confirm your e-mail by 12 Mar, 18:00",
        ("decides by Friday, 19 March 2027", "Confirm my e-mail", STRANGER),
        ("waitlist",),
    ),
    Sample(
        "registration_applied",
        NAMED | {"why": "moved here", "keeps": "Morning batch"},
        "We have your application: ",
        ("nothing more to do", "you keep what you have in Morning batch"),
        ("waitlist", "Confirm", STRANGER),
    ),
    Sample(
        "registration_rejected",
        NAMED | {"why": "not admitted", "reason": "No Python yet.\n\n<b>Come</b> back in May."},
        "Not admitted: ",
        ("No Python yet.", "You may ask once that they look again", "Ask to look again"),
    ),
    # ---- a seat on hold
    Sample(
        "registration_held",
        UNTIL | {"why": "registered"},
        "Confirm your e-mail to take your seat by 12 Mar, 18:00",
        (KEPT, "Confirm my e-mail", STRANGER, "runs if 10 people join"),
        (ADMITTED, "so far"),
    ),
    Sample(
        "registration_held",
        UNTIL | {"why": "registered in a group"},
        "Confirm your e-mail to take your seat by 12 Mar, 18:00",
        (KEPT, "the seats of your group", "Each of you confirms", STRANGER),
    ),
    Sample(
        "registration_held",
        UNTIL | NAMED | {"why": "application accepted"},
        "You are admitted. Take your seat by 12 Mar, 18:00",
        (ADMITTED, "Take my seat"),
        ("Confirm", STRANGER),
    ),
    Sample(
        "registration_held",
        UNTIL | {"why": "application accepted"},
        "You are admitted. Take your seat by 12 Mar, 18:00",
        (ADMITTED, "Confirm my e-mail", STRANGER),
    ),
    # ---- the waitlist
    Sample(
        "registration_waitlisted",
        UNTIL | {"why": "registered"},
        "Confirm your e-mail by 12 Mar, 18:00",
        ("You are on the waitlist.", "in the order of the list", "keep my place", STRANGER),
    ),
    Sample(
        "registration_waitlisted",
        UNTIL | {"why": "registered, many seats are held"},
        "Confirm your e-mail by 12 Mar, 18:00",
        ("or kept for others",),
    ),
    Sample(
        "registration_waitlisted",
        UNTIL | {"why": "registered in a group"},
        "Confirm your e-mail by 12 Mar, 18:00",
        ("Your group waits together",),
    ),
    Sample(
        "registration_waitlisted",
        UNTIL | {"why": "application accepted"},
        "You are admitted. Confirm your e-mail by 12 Mar, 18:00",
        ("You are admitted, and on the waitlist.", "keep my place"),
    ),
    Sample(
        "registration_waitlisted",
        NAMED | {"why": "application accepted", "deadline_at": None},
        "You are admitted, and on the waitlist: ",
        ("There is nothing to do now.", "My registration"),
        ("Confirm", STRANGER),
    ),
    Sample(
        "registration_waitlisted",
        NAMED | {"why": "moved here", "deadline_at": None, "keeps": "Morning batch"},
        "You are on the waitlist: ",
        ("as you asked", "you keep what you have in Morning batch"),
        ("Confirm",),
    ),
    Sample(
        "registration_waitlisted",
        NAMED | {"why": "asked for this batch too", "deadline_at": None},
        "You are on the waitlist: ",
        ("as you asked",),
        ("Confirm", "you keep"),
    ),
    Sample(
        "registration_offered",
        UNTIL | NAMED | {"why": "a seat freed"},
        "A seat is free for you until 12 Mar, 18:00",
        ("it is your turn", "Answer the offer"),
    ),
    Sample(
        "registration_offered",
        UNTIL | NAMED | {"why": "batch called off", "moved_from": "Morning batch"},
        "A seat is free for you until 12 Mar, 18:00",
        ("because Morning batch does not take place", "Nobody is moved without agreeing"),
    ),
    Sample("registration_passed", NAMED | {"why": "passed the offer"}, "You keep your place", ()),
    Sample("registration_passed", NAMED | {"why": "offer lapsed"}, "You keep your place", ()),
    # ---- enrolled
    Sample(
        "registration_confirmed",
        NAMED | {"why": "confirmed the address", "calendar": calendar()},
        "You are enrolled: ",
        ("Your seat is yours", "The dates are attached for your calendar"),
        ("What to bring", "you have left"),
    ),
    Sample(
        "registration_confirmed",
        NAMED | {"why": "accepted the offer", "left": ["Morning batch", "Noon batch"]},
        "You are enrolled: ",
        ("you have left these", "- Morning batch|Noon batch"),
        ("attached",),
    ),
    Sample(
        "registration_confirmed",
        NAMED | {"why": "moved here", "moved_from": "Morning batch", "calendar": calendar()},
        "You have moved. You are enrolled: ",
        ("Your place in Morning batch went back",),
    ),
    Sample(
        "registration_confirmed",
        NAMED | {"why": "took the seat"},
        "You are enrolled: ",
        ("Join the sessions online", "https://meet.example/ml-7", "A laptop", "Your charger"),
        batch=JOINING | RUNS,
    ),
    Sample(
        "registration_withdrawn",
        NAMED | {"why": "gave it up", "calendar": calendar("CANCEL", 1)},
        "You are off the list: ",
        ("takes the dates out of your calendar", "See the batch"),
    ),
    Sample("registration_withdrawn", {"why": "gave it up"}, "You are off the list: ", ()),
    # ---- ended by others
    Sample(
        "registration_cancelled",
        NAMED | {"why": "cancelled by staff", "reason": "You asked us to.", "calendar": None},
        "Cancelled by the institute: ",
        ("You asked us to.", "See the coming batches"),
        ("does not take place",),
    ),
    Sample(
        "registration_cancelled",
        NAMED | {"why": "batch called off", "offer": OTHER, "calendar": calendar("CANCEL", 1)},
        "Does not take place: ",
        ("We keep a seat for you in Morning batch", "Monday, 3 May 2027", "out of your calendar"),
        ("runs if", "See the coming batches"),
        batch={"state": "called_off"},
    ),
    Sample(
        "registration_cancelled",
        {"why": "batch called off"},
        "Does not take place: ",
        ("does not take place. We are sorry.", "See the coming batches"),
        ("runs if", "We keep a seat"),
        batch={"state": "called_off"},
    ),
    Sample(
        "registration_expired",
        {"why": "hold ran out"},
        "Nobody confirmed in time: ",
        ("Nobody confirmed your e-mail address", "gone to somebody else"),
    ),
    Sample(
        "registration_expired",
        NAMED | {"why": "hold ran out"},
        "Nobody confirmed in time: ",
        ("Nobody took the seat in time",),
    ),
    Sample(
        "registration_expired",
        {"why": "address not confirmed in time"},
        "Nobody confirmed in time: ",
        ("your registration has ended",),
        ("waitlist",),
    ),
    Sample(
        "registration_expired",
        NAMED | {"why": "offer lapsed again"},
        "The offer ended: ",
        ("taken you off the waitlist",),
    ),
    Sample(
        "registration_expired",
        NAMED | {"why": "not decided"},
        "The batch began before a decision was made: ",
        ("we are sorry", "See the coming batches"),
    ),
    Sample(
        "registration_expired",
        NAMED | {"why": "batch started"},
        "The batch began without a free seat: ",
        ("No seat became free", "See the coming batches"),
        ("Join the next batch",),
    ),
    Sample(
        "registration_expired",
        NAMED | {"why": "batch started", "next": OTHER},
        "The batch began without a free seat: ",
        ("The next batch is Morning batch", "Monday, 3 May 2027", "Join the next batch"),
    ),
    # ---- reminders
    Sample(
        "reminder",
        UNTIL | {"state": "pending", "extended": False},
        "Until 12 Mar, 18:00 (Europe/Berlin), confirm your e-mail",
        ("a seat is kept for you: confirm", STRANGER),
    ),
    Sample(
        "reminder",
        UNTIL | NAMED | {"state": "pending"},
        "Until 12 Mar, 18:00 (Europe/Berlin), take your seat",
        ("Take my seat",),
        ("onfirm",),
    ),
    Sample(
        "reminder",
        UNTIL | NAMED | {"state": "offered", "extended": False},
        "Until 12 Mar, 18:00 (Europe/Berlin), answer the offer",
        ("a seat is free for you", "Answer the offer"),
        (STRANGER,),
    ),
    Sample(
        "reminder",
        UNTIL | {"state": "waitlisted"},
        "Until 12 Mar, 18:00 (Europe/Berlin), confirm your e-mail",
        ("your place on the waitlist is kept",),
    ),
    Sample(
        "reminder",
        UNTIL | {"state": "applied"},
        "Until 12 Mar, 18:00 (Europe/Berlin), confirm your e-mail",
        ("your application waits for you",),
        ("waitlist",),
    ),
    Sample(
        "reminder",
        UNTIL | NAMED | {"state": "offered", "extended": True},
        "Your time was extended to 12 Mar, 18:00",
        ("We were away", "Answer the offer"),
    ),
    # ---- news of a batch
    Sample(
        "batch_confirmed_to_run",
        NAMED,
        "Goes ahead: ",
        ("goes ahead. It starts on Monday, 5 April 2027", "nothing to do"),
        ("runs if",),
        batch=RUNS,
    ),
    Sample(
        "batch_confirmed_to_run",
        UNTIL,
        "Goes ahead: ",
        ("you have time until Friday, 12 March 2027",),
        ("nothing to do",),
        batch=RUNS,
    ),
    Sample(
        "batch_undecided",
        NAMED | {"deadline_at": None},
        "Not decided yet: ",
        ("an answer by Saturday, 20 March 2027", "You keep your seat"),
    ),
    Sample(
        "batch_undecided",
        UNTIL,
        "Not decided yet: ",
        ("takes so long", "you have time until"),
        batch={"decide_on": None},
    ),
    Sample(
        "batch_rescheduled",
        NAMED | {"calendar": calendar(sequence=2)},
        "New dates, from 5 Apr 2027: ",
        ("from Monday, 5 April 2027 to Friday, 25 June 2027", "attached", "give your seat back"),
    ),
    Sample("batch_rescheduled", UNTIL, "New dates, from 5 Apr 2027: ", ("you have time until",)),
    Sample(
        "batch_joining",
        NAMED | {"first_session": "2027-04-05T16:00:00+00:00", "calendar": calendar()},
        "How to join, it starts on 5 Apr, 18:00 (Europe/Berlin): ",
        ("The first session begins on Monday, 5 April 2027, 18:00", "A laptop", "Köln"),
        ("takes place online",),
        batch=JOINING | RUNS,
    ),
    Sample(
        "batch_joining",
        NAMED,
        "How to join, it starts on 5 Apr 2027: ",
        ("It takes place online.", "How to join online: Room 5, ask for the code"),
        batch=RUNS | {"is_online": True, "join_link": "Room 5, ask for the code"},
    ),
    Sample(
        "staff_queue",
        {"name": "Meera", "people": PEOPLE},
        "Phone these people, seats are free: ",
        ("in this order", "+91 98765 43210", "bilal@example.org", "not given"),
    ),
    Sample(
        "opening",
        {},
        "Registration is open: ",
        ("until Friday, 2 April 2027, 18:00", "/batches/ml-7/register"),
        ("/registrations/",),
    ),
    Sample(
        "links",
        {"registrations": MINE},
        "The links to your registrations",
        ("You are enrolled.", "not confirmed yet", "Somewhere else.", "/registrations/t3"),
    ),
]
