"""Demo comments: a thread with an answer, questions that wait, and what a moderator finds every morning."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from enroll.accounts.models import Staff
from enroll.comments import answering, moderation, posting, reasons
from enroll.comments.evidence import FormToken
from enroll.comments.models import Comment
from enroll.comments.moderation import Seen
from enroll.comments.states import Verb
from enroll.comments.tickets import Ticket
from enroll.db import atomically, db

GUIDE, COURSE = "/roles/ml-engineer", "/courses/foundations"
# Page, name, text, days ago; what is published, and what somebody replied to it.
PUBLISHED = (
    (
        GUIDE,
        "Farida",
        "I did accounts for eleven years and was laid off in spring. Is mathematics from school enough"
        " to begin, or should I revise first?",
        9,
        "School mathematics is enough to begin: the first module goes through what you need of algebra and"
        " statistics, slowly, with exercises. What helps most before the start is an hour a week with a"
        " spreadsheet: sums, averages, one chart. You are not the only accountant in the group!",
    ),
    (
        GUIDE,
        "Tomás",
        "Which of the ten skills do companies ask about *first*? I can learn evenings only.",
        6,
        "",
    ),
    (
        COURSE,
        "Ritu",
        "My laptop has 4 GB of RAM. Will it do, or do I need to buy one?",
        4,
        "It will do: everything heavy runs on our machines, in the browser.",
    ),
)
WAITING = (
    (GUIDE, "Sandeep", "Can I join from night shift? I am free before 11 in the morning only.", 1),
    (COURSE, "Ana", "The refund took three weeks and nobody answered my mails. Not happy.", 1),
    (
        GUIDE,
        "Vikram",
        "Good list, but docs are better explained at https://scikit-learn.org/stable/",
        1,
    ),
    (COURSE, "Lena", "Call me please, 98765 43210, I do not understand which batch is for me", 1),
)
SPAM = (
    (
        "SEO King",
        "Buy 5000 DA50 backlinks cheap, rank your website first page of google >> seo-king.example",
        3,
    ),
    ("HR Neha", "Urgent hiring! Data entry part time job, earn daily 3000, WhatsApp HR_neha_01", 1),
    ("luckyspin", "Great blog! 300% casino bonus roulette jackpot https://spin.example/?r=9", 1),
)


def load_talk(*, now: datetime) -> None:
    """Fill the talk under some pages; nothing where somebody has said something already."""
    atomically(reasons.fill_if_empty)
    if db.session.scalar(sa.select(Comment.id).limit(1)) is not None:
        return
    staff = db.session.scalars(sa.select(Staff).order_by(Staff.id)).first()
    if staff is None:
        return
    for number, (page, name, text, days, reply) in enumerate(PUBLISHED):
        at = now - timedelta(days=days)
        comment = _say(number, page, name, text, at)
        _approve(comment, staff, at + timedelta(hours=3))
        if reply:
            atomically(
                answering.answer,
                comment_id=comment.id,
                body=reply,
                staff_id=staff.id,
                now=at + timedelta(hours=5),
            )
    for number, (page, name, text, days) in enumerate(WAITING, start=20):
        _say(number, page, name, text, now - timedelta(days=days, hours=26 - number))
    for number, (name, text, times) in enumerate(SPAM, start=40):
        for time in range(times):
            _say(10 * number + time, GUIDE, name, text, now - timedelta(hours=5, minutes=-time))


def _say(number: int, page: str, name: str, text: str, at: datetime) -> Comment:
    """A comment whose address was confirmed."""
    post = posting.Post(
        page=page,
        name=name,
        email=f"reader{number}@demo.example",
        body=text,
        language="en_GB",
        ticket=Ticket(FormToken.FRESH, f"demo-{number}", 90.0),
    )
    comment = atomically(posting.post, post=post, now=at)
    key = f"demo-browser-{number:04}-0123456789"
    return (
        atomically(posting.confirm, token=comment.confirm_token or "", browser=key, now=at)
        or comment
    )


def _approve(comment: Comment, staff: Staff, at: datetime) -> None:
    atomically(
        moderation.decide,
        verb=Verb.APPROVE,
        seen=[Seen(comment.id, comment.version)],
        staff_id=staff.id,
        by=staff.name,
        now=at,
    )
