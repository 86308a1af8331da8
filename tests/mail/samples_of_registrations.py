"""Letters about one registration while it lives, in every variant."""

from __future__ import annotations

from tests.mail.samples import (
    ADMITTED,
    JOINING,
    KEPT,
    NAMED,
    RUNS,
    STRANGER,
    UNTIL,
    Sample,
    calendar,
)

LIVE_SAMPLES = [
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
        ("one is offered to you at once",),
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
    Sample(
        "registration_offered",
        UNTIL | NAMED | {"why": "offered by staff"},
        "A seat is free for you until 12 Mar, 18:00",
        ("the institute offers it to you", "Answer the offer"),
        ("it is your turn", "The reason they give"),
    ),
    Sample(
        "registration_offered",
        UNTIL | NAMED | {"why": "out of turn: You asked first.", "reason": "You asked first."},
        "A seat is free for you until 12 Mar, 18:00",
        ("the institute offers it to you", "The reason they give:", "You asked first."),
        ("it is your turn", "out of turn"),
    ),
    Sample("registration_passed", NAMED | {"why": "passed the offer"}, "You keep your place", ()),
    Sample("registration_passed", NAMED | {"why": "offer lapsed"}, "You keep your place", ()),
    # ---- another address
    *[
        Sample("address_corrected", more, "Your registration, now with this address: ", says, never)
        for more, says, never in (
            (UNTIL | {"state": "pending"}, ("Confirm my e-mail", STRANGER, KEPT), ("enrolled",)),
            (UNTIL | NAMED | {"state": "pending"}, ("Take my seat", KEPT), (STRANGER,)),
            (UNTIL | NAMED | {"state": "offered"}, ("Answer the offer",), (STRANGER,)),
            (UNTIL | {"state": "offered"}, ("Answer the offer", STRANGER), ()),
            (UNTIL | {"state": "waitlisted"}, ("confirm this address by", STRANGER), ("enrolled",)),
            ({"state": "waitlisted"}, ("Please confirm this address: only",), ("by 12",)),
            (NAMED | {"state": "waitlisted"}, ("on the waitlist",), ("confirm", STRANGER)),
            ({"state": "applied"}, ("We have your application", "confirm"), ()),
            (
                {"state": "confirmed", "calendar": calendar()},
                ("You are enrolled", "this address reaches you", STRANGER, "attached"),
                ("Join the sessions",),
            ),
            (
                NAMED | {"state": "confirmed", "calendar": calendar()},
                ("You are enrolled", "attached", "My registration"),
                (STRANGER, "Confirm my e-mail"),
            ),
        )
    ],
    # ---- enrolled
    Sample(
        "registration_confirmed",
        NAMED | {"why": "confirmed the address", "calendar": calendar()},
        "You are enrolled: ",
        ("Your seat is yours", "The dates are attached for your calendar"),
        ("What to bring", "have ended"),
    ),
    Sample(
        "registration_confirmed",
        NAMED | {"why": "accepted the offer", "left": ["Morning batch", "Noon batch"]},
        "You are enrolled: ",
        ("these other places of yours have ended", "- Morning batch|Noon batch"),
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
        NAMED
        | {
            "why": "moved here by staff",
            "moved_from": "Morning batch",
            "reason": "The morning room is closed.",
            "calendar": calendar(),
        },
        "You have moved. You are enrolled: ",
        ("The institute has moved you from Morning batch", "The morning room is closed."),
        ("went back",),
    ),
    Sample(
        "registration_waitlisted",
        NAMED
        | {
            "why": "moved here by staff",
            "keeps": "Morning batch",
            "reason": "The morning room is closed.",
        },
        "You are on the waitlist: ",
        ("wants to move you", "The morning room is closed.", "you keep what you have"),
        ("as you asked",),
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
]
