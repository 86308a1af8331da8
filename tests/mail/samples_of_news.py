"""Letters about endings, deadlines and batches, and those about no registration, in every variant."""

from __future__ import annotations

from tests.mail.samples import (
    JOINING,
    MINE,
    NAMED,
    OTHER,
    PEOPLE,
    RUNS,
    STRANGER,
    UNTIL,
    Sample,
    calendar,
)

WAS = {
    "starts_at": "2027-04-05T16:00:00+00:00",
    "topic": "Gradients",
}
SESSION = {
    "starts_at": "2027-04-07T17:00:00+00:00",
    "ends_at": "2027-04-07T19:00:00+00:00",
    "topic": "Gradients",
    "teacher": "Prof. Iyer",
    "place": "Room 9",
}

NEWS_SAMPLES = [
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
    Sample(
        "registration_expired",
        NAMED | {"why": "batch started", "next": OTHER, "next_is_full": True},
        "The batch began without a free seat: ",
        ("The next batch is Morning batch", "on its waitlist", "Wait for the next batch"),
        ("Join the next batch",),
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
    # ---- written by staff
    Sample(
        "staff_message",
        NAMED | {"message": {"subject": "Room 5 on {starts}", "text": "We meet in room 5.\n\nBring a pen."}},
        "Room 5 on Monday, 5 April 2027: Evening & weekend",
        ("Hello Asha Verma,", "We meet in room 5.", "Bring a pen.", "My registration"),
    ),
    Sample(
        "staff_message",
        NAMED
        | {
            "message": {
                "subject": "{batch}: are you coming?",
                "text": "Dear {name}, Hello from {batch}, which ends on {ends}. Tell us: {link}",
            }
        },
        "Evening & weekend: are you coming?",
        ("Dear Asha Verma,", "ends on Friday, 25 June 2027", "/registrations/TOKEN"),
        ("Hello Asha", "My registration"),
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
    # ---- the plan
    Sample(
        "batch_changed",
        NAMED | {"calendar": calendar("PUBLISH", 2)},
        "Something has changed: ",
        ("This is how it is now:", "Köln, Domplatz 1", "Dr. Rao", "attached for your calendar"),
        ("https://meet.example",),
    ),
    Sample(
        "batch_changed",
        NAMED | {"calendar": None},
        "Something has changed: ",
        ("Online", "not decided yet", "https://meet.example/ml-7", "A laptop"),
        ("Domplatz", "attached"),
        batch=JOINING | {"is_online": True, "place": "", "teacher": ""},
    ),
    Sample(
        "batch_changed",
        NAMED | {"calendar": None, "changed": ["place"]},
        "Something has changed: ",
        ("This is how it is now:", "Online, Köln, Domplatz 1"),
        ("not decided yet",),
        batch=JOINING | {"is_online": True, "teacher": ""},
    ),
    # ---- one session
    *(
        Sample(
            "session_changed",
            NAMED | {"change": change, "was": WAS, "session": SESSION, "calendar": part},
            subject,
            ("Monday, 5 April 2027, 18:00", *says),
            not_says,
        )
        for change, subject, says, not_says, part in (
            ("moved", "Moved to ", ("Wednesday, 7 April 2027, 19:00", "attached"),
             ("does not take place", "because"), calendar("PUBLISH", 4)),
            ("cancelled", "Does not take place on ", ("does not take place", "out of your calendar"),
             ("because", "Wednesday"), calendar("CANCEL", 5)),
            ("staffed", "Another teacher or place on ", ("Prof. Iyer", "Room 9"),
             ("because", "Wednesday"), calendar("PUBLISH", 4)),
        )
    ),
]
