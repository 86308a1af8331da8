"""Letters about comments and private questions, and the one to moderators, in every variant."""

from __future__ import annotations

from typing import Any

from tests.mail.samples import Sample

COMMENT = {
    "id": 42,
    "page": "/roles/ml-engineer",
    "name": "Farida",
    "body": "Is school mathematics enough?\n\nI did accounts for eleven years.",
    "is_approved": True,
}
STAFF = COMMENT | {"name": "Meera Pillai", "body": "School mathematics is enough to begin."}
REASON = "It advertises a product, a service or another site."
NOTE = "The second sentence names a shop."
DECIDED = {"comment": COMMENT, "reason": "", "note": ""}
YOURS = ("You wrote:", "Is school mathematics enough?", "I did accounts for eleven years.")
MINE, PAGE = "/comments/mine/TOKEN", "/comments/42"
# Nobody has confirmed this address: nothing that somebody typed may stand in the letter.
TYPED = ("Farida", "mathematics", "eleven years", MINE, "/unsubscribe/")


def followed(comment: dict[str, Any], *, is_staff: bool) -> dict[str, Any]:
    return {"comment": comment, "is_staff": is_staff, "subscription": "ENDS"}


COMMENT_SAMPLES = [
    Sample(
        "comment_confirm",
        {"comment": COMMENT},
        "Is this comment yours?",
        ("A comment was written on our site", "If you wrote nothing, do nothing"),
        TYPED,
    ),
    Sample(
        "question_confirm",
        {"question": COMMENT["body"], "name": "Farida"},
        "Is this question yours?",
        ("A private question was sent to us", "If you asked nothing, do nothing"),
        TYPED,
    ),
    # ---- decisions
    Sample("comment_link", {}, "The link to everything you said", ("/comments/mine/TOKEN",)),
    Sample(
        "comment_approved",
        DECIDED,
        "Your comment is published",
        ("Hello Farida,", "Your comment is published.", *YOURS, "how to take it back"),
        ("after all", "moderator"),
    ),
    Sample(
        "comment_rejected",
        DECIDED | {"reason": REASON, "note": NOTE},
        "Your comment is not published",
        ("this is why:", REASON, NOTE, *YOURS, "ask once that somebody else decides"),
        ("spam", PAGE),
    ),
    Sample(
        "comment_rejected",
        DECIDED | {"reason": REASON},
        "Your comment is not published",
        ("this is why:", REASON, *YOURS),
        (NOTE,),
    ),
    Sample(
        "comment_rejected",
        DECIDED | {"note": NOTE},
        "Your comment is not published",
        ("this is why:", NOTE, *YOURS),
        (REASON,),
    ),
    Sample(
        "comment_returned",
        DECIDED | {"reason": REASON, "note": NOTE},
        "Please reword your comment",
        ("It is not rejected, and there is no hurry.", REASON, NOTE, *YOURS, "Reword it"),
        ("not published", "somebody else"),
    ),
    Sample(
        "comment_returned",
        DECIDED | {"note": NOTE},
        "Please reword your comment",
        ("This is why:", NOTE, *YOURS),
        (REASON,),
    ),
    Sample(
        "comment_appeal",
        {"comment": COMMENT, "helped": True},
        "Your comment is published after all",
        ("a second look", "See it on the page", "how to take it back"),
        ("stays unpublished",),
    ),
    Sample(
        "comment_appeal",
        {"comment": COMMENT, "helped": False},
        "Your comment stays unpublished",
        ("the first decision stands", "no third look", "you are welcome to write another"),
        ("after all", PAGE),
    ),
    # ---- answers and replies
    Sample(
        "comment_answer",
        {"comment": STAFF},
        "The answer to your question",
        ("Meera Pillai of", "School mathematics is enough to begin.", "See it under your question"),
        ("/unsubscribe/",),
    ),
    Sample(
        "comment_reply",
        followed(STAFF, is_staff=True),
        "A reply from Meera Pillai",
        ("Meera Pillai of", "that you follow", "enough to begin.", "Stop these e-mails"),
        (MINE,),
    ),
    Sample(
        "comment_reply",
        followed(COMMENT, is_staff=False),
        "A reply from Farida",
        ("A reply from Farida, in a conversation", "eleven years", "Stop these e-mails"),
        ("Farida of", MINE),
    ),
    Sample(
        "question_answer",
        {
            "name": "Farida",
            "question": "May I pay in three parts?",
            "answer": "Yes.\nWrite to us when you register.",
            "page": "/batches/ml-7",
        },
        "The answer to your question",
        (
            "Hello Farida,",
            "Your question is answered.",
            "Write to us when you register.",
            "You asked us privately:",
            "May I pay in three parts?",
        ),
    ),
    # ---- to moderators
    Sample(
        "comments_waiting",
        {"name": "Meera", "waiting": 1, "hours": 24, "subscription": "ENDS"},
        "1 comment waits for a decision",
        ("Hello Meera,", "1 comment has waited", "target of 24 hours", "Stop these e-mails"),
        ("comments have",),
    ),
    Sample(
        "comments_waiting",
        {"name": "Meera", "waiting": 12, "hours": 24, "subscription": ""},
        "12 comments wait for a decision",
        ("12 comments have waited", "/staff/comments"),
        ("/unsubscribe/", "Stop these e-mails"),
    ),
]
