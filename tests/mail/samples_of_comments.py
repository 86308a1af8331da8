"""Samples of the letters about comments and questions."""

from __future__ import annotations

from typing import Any

from tests.mail.samples import Sample

SAID = {
    "id": 9,
    "page": "/roles/ml-engineer",
    "name": "Asha",
    "body": "Is it hard?\n\nI am an accountant.",
}
COMMENT: dict[str, Any] = {"comment": SAID}
WHY = {"reason": "It is not about this page.", "note": "Ask under the course."}
NOTHING = {"reason": "", "note": ""}

COMMENT_SAMPLES = [
    Sample(
        "comment_confirm",
        {"token": "CONFIRM"},
        "Is this comment yours?",
        ("/comments/confirm/CONFIRM", "tell us whether it is yours"),
        ("accountant",),
    ),
    Sample(
        "question_confirm",
        {"token": "CONFIRM"},
        "Is this question yours?",
        ("/comments/confirm/CONFIRM", "answer you by e-mail"),
    ),
    Sample("comment_link", {}, "The link to everything you said", ("/comments/mine/TOKEN",)),
    Sample(
        "comment_approved",
        COMMENT,
        "Your comment is published",
        ("Is it hard?", "I am an accountant.", "/comments/9", "/comments/mine/TOKEN"),
    ),
    Sample(
        "comment_rejected",
        COMMENT | WHY,
        "Your comment is not published",
        ("It is not about this page.", "Ask under the course.", "somebody else looks at it"),
    ),
    Sample(
        "comment_rejected", COMMENT | NOTHING, "Your comment is not published", ("Is it hard?",)
    ),
    Sample(
        "comment_returned",
        COMMENT | WHY,
        "Please reword your comment",
        ("It was not turned down", "Ask under the course.", "/comments/mine/TOKEN"),
    ),
    Sample(
        "comment_reply",
        COMMENT | {"is_staff": False, "subscription": "SUB"},
        "Asha replied on our site",
        ("where you asked to be told", "/unsubscribe/SUB", "/comments/9"),
    ),
    Sample(
        "comment_reply",
        COMMENT | {"is_staff": True, "subscription": "SUB"},
        "Asha replied on our site",
        ("of Northlight Institute replied",),
    ),
    Sample(
        "comment_answer",
        COMMENT,
        "The answer to your question",
        ("Asha answered", "/comments/9", "/comments/mine/TOKEN"),
    ),
    Sample(
        "comment_appeal",
        COMMENT | {"helped": True},
        "Your comment is published after all",
        ("it is published now", "/comments/9"),
    ),
    Sample(
        "comment_appeal",
        COMMENT | {"helped": False},
        "Your comment stays unpublished",
        ("it stays unpublished", "you are welcome to write again"),
    ),
    Sample(
        "question_answer",
        {"name": "Asha", "question": "In private?", "answer": "Yes.\n\nCome by."},
        "The answer to your question",
        ("In private?", "Come by.", "/comments/mine/TOKEN"),
    ),
    Sample(
        "comments_waiting",
        {"name": "Meera", "waiting": 3, "hours": 24, "subscription": "SUB"},
        "3 comments wait too long",
        ("longer than 24 hours", "/staff/comments", "/unsubscribe/SUB"),
    ),
    Sample(
        "comments_waiting",
        {"name": "Meera", "waiting": 1, "hours": 24, "subscription": "SUB"},
        "1 comment waits too long",
        ("1 comment has waited",),
    ),
]
