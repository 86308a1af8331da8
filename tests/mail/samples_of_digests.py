"""The morning's digest, with everything and with one thing."""

from __future__ import annotations

from tests.mail.samples import Sample

EVERYTHING = ("unsure", "applications", "questioned", "ending", "calls", "unreached", "messages",
              "late", "questions", "appeals", "reports", "bounces")

DIGEST_SAMPLES = [
    Sample(
        "staff_digest",
        {"name": "Farida", "subscription": "ENDS",
         "lines": [{"what": what, "number": 2} for what in EVERYTHING]},
        "Today: 24 things need you",
        ("Hello Farida,", "2 batches to be decided", "2 applications to decide",
         "2 questions about rejections", "2 seats whose time ends", "2 calls to make",
         "2 letters did not arrive", "2 messages to read", "2 comments wait",
         "2 questions have no answer", "2 appeals", "2 comments were reported",
         "The mailbox of letters that came back", "/staff/today#messages", "/staff/comments/appeals",
         "weekday mornings"),
    ),
    Sample(
        "staff_digest",
        {"name": "Farida", "lines": [{"what": "applications", "number": 1}]},
        "Today: 1 thing needs you",
        ("1 application to decide", "/staff/today#decide"),
        ("message", "comment"),
    ),
]
