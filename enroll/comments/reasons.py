"""The reasons for turning a comment down, kept by staff, with the text that its author reads."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from enroll.comments.models import ModerationReason
from enroll.db import db, dialect_name, insert_once
from enroll.refusal import Refused


class TitleTaken(Refused):
    """There is a reason of this name."""


def every_reason() -> list[ModerationReason]:
    """All reasons in their order, those no longer given last."""
    return list(
        db.session.scalars(
            sa.select(ModerationReason).order_by(
                ModerationReason.retired_at.is_not(None),
                ModerationReason.position,
                ModerationReason.id,
            )
        )
    )


def add_reason(*, title: str, text: str, position: int) -> ModerationReason:
    """Add a reason. Refuses a title that another one has (`TitleTaken`)."""
    _check_title(title, None)
    reason = ModerationReason(title=title, text=text, position=position)
    db.session.add(reason)
    db.session.flush()
    return reason


def change_reason(
    *, reason_id: int, title: str, text: str, position: int
) -> ModerationReason | None:
    """Change a reason; `None` if there is none. Refuses another one's title (`TitleTaken`).

    Letters that went out keep the words they had; an author's own page shows the new ones.
    """
    _check_title(title, reason_id)
    found = db.session.get(ModerationReason, reason_id, with_for_update=True)
    if found is not None:
        found.title, found.text, found.position = title, text, position
    return found


def retire_reason(*, reason_id: int, now: datetime) -> bool:
    """Give it no more, or again; what was decided with it keeps it. False if there is none."""
    found = db.session.get(ModerationReason, reason_id, with_for_update=True)
    if found is None:
        return False
    found.retired_at = None if found.retired_at else now
    return True


def fill_if_empty() -> bool:
    """Begin with a list that most institutes can keep, where nobody has written one."""
    if db.session.scalar(sa.select(ModerationReason.id).limit(1)) is not None:
        return False
    table = ModerationReason.__table__
    # Two workers may begin at the same moment.
    insert = insert_once(dialect_name(), table, table.c.title)
    for position, (title, text) in enumerate(_first_ones(), start=1):
        db.session.execute(insert, {"title": title, "text": text, "position": position})
    return True


def _check_title(title: str, own_id: int | None) -> None:
    taken = db.session.scalar(sa.select(ModerationReason.id).where(ModerationReason.title == title))
    if taken is not None and taken != own_id:
        raise TitleTaken


def _first_ones() -> list[tuple[str, str]]:
    return [
        (
            _("Not about this page"),
            _("It is not about what this page is about. Under the right page it is welcome."),
        ),
        (
            _("Advertises something"),
            _(
                "It advertises a product, a service or another site. We keep this place free of that."
            ),
        ),
        (
            _("Hurts a person"),
            _(
                "It insults or threatens somebody. Say what you think of the matter, not of the person."
            ),
        ),
        (
            _("Private data"),
            _(
                "It shows a telephone number, an address or somebody’s private story."
                " Everybody on the internet could read it; please write it without."
            ),
        ),
        (
            _("A claim about a person"),
            _(
                "It says something about a person that we cannot check and that could harm them."
                " If something went wrong, write to us privately: we look into it."
            ),
        ),
        (
            _("Not understandable"),
            _("We could not make out what you mean. Please try again in other words."),
        ),
    ]
