"""`flask comments …`: what another site's comments become, what goes out, what today's rules would do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from enroll.comments import questions, relocating, replaying, wordpress
from enroll.comments.judging import Sent
from enroll.comments.models import Comment, CommentAuthor
from enroll.comments.records import PrivateQuestion
from enroll.comments.states import CommentState, Verb
from enroll.db import atomically, db
from tests.comments import acting
from tests.comments.acting import PAGE, again, confirmed, decide, letters, published

FILE = Path(__file__).with_name("wordpress.xml")
IMPORT = ["comments", "import", str(FILE), "--page", f"/ml-guide={PAGE}"]


def run(app: Flask, *command: str) -> tuple[int, str]:
    """The command's exit and what it prints, outside the test's own transaction."""
    db.session.remove()
    result = app.test_cli_runner().invoke(args=list(command))
    return result.exit_code, result.output


def imported() -> dict[str, Comment]:
    db.session.rollback()
    rows = db.session.scalars(sa.select(Comment).order_by(Comment.id)).all()
    return {str(one.nonce).rpartition(":")[2]: one for one in rows}


def test_a_wordpress_export_is_taken_over(app: Flask) -> None:
    code, said = run(app, *IMPORT)
    assert code == 0, said
    for words in (
        "4 imported",
        "1 pingback",
        "1 trash",
        "1 unmapped",
        "1 bad",
        "/about (1)",
        "not an address",
    ):
        assert words in said
    rows = imported()
    assert set(rows) == {"11", "12", "13", "14"}
    first, reply, deeper, spam = rows["11"], rows["12"], rows["13"], rows["14"]
    assert first.body == "Is calculus needed?\n\nSee this (https://example.org/x) & that.\nThanks"
    assert (first.name, first.created_at) == ("Rosa & Co", datetime(2024, 5, 1, 10, tzinfo=UTC))
    assert [one.state.value for one in (first, reply, deeper, spam)] == [
        "approved",
        "approved",
        "pending",
        "spam",
    ]
    assert (reply.parent_id, deeper.parent_id, deeper.reply_to_id) == (first.id, first.id, reply.id)
    assert first.replies == 1
    assert first.author_id == deeper.author_id
    assert db.session.get_one(CommentAuthor, first.author_id).confirmed_at is None
    assert letters() == []


def test_twice_imports_nothing_twice(app: Flask) -> None:
    run(app, *IMPORT)
    code, said = run(app, *IMPORT)
    assert code == 0
    assert "4 known" in said
    assert len(imported()) == 4


def test_a_dry_run_changes_nothing(app: Flask) -> None:
    code, said = run(app, *IMPORT, "--dry-run")
    assert code == 0
    assert "4 imported" in said
    assert imported() == {}


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><rss><item>&b;</item></rss>',
        "<rss><item></rss>",
        "not xml at all",
        "",
    ],
)
def test_what_cannot_be_read_says_why(app: Flask, tmp_path: Path, text: str) -> None:
    file = tmp_path / "export.xml"
    file.write_text(text)
    code, said = run(app, "comments", "import", str(file))
    assert code == 1
    assert "cannot be read" in said
    assert "Traceback" not in said


def test_a_document_type_is_refused_wherever_the_file_is_cut(tmp_path: Path) -> None:
    for before in range(wordpress.CHUNK - 12, wordpress.CHUNK + 2):
        file = tmp_path / "export.xml"
        file.write_text(
            "<!--" + "x" * (before - 7) + "--><!DOCTYPE x [<!ENTITY a 'b'>]><rss>&a;</rss>"
        )
        with pytest.raises(wordpress.BadFile):
            list(wordpress.read(file))


def test_an_option_without_its_sign_is_refused(app: Flask) -> None:
    code, said = run(app, "comments", "import", str(FILE), "--page", "/ml-guide")
    assert code == 1
    assert "THEIRS=OURS" in said


def test_the_export_tells_everything_but_addresses(app: Flask, now: datetime) -> None:
    comment = published("A thought.", now=now)
    code, said = run(app, "comments", "export")
    assert code == 0
    told = json.loads(said.splitlines()[0])
    assert (told["body"], told["state"], told["page"]) == ("A thought.", "approved", PAGE)
    assert [step["to"] for step in told["history"]] == ["unconfirmed", "pending", "approved"]
    assert "asha@example.org" not in said
    assert "asha@example.org" in run(app, "comments", "export", "--with-addresses")[1]
    assert run(app, "comments", "export", "--page", "/elsewhere") == (0, "")
    assert again(comment).state is CommentState.APPROVED


def test_a_replay_shows_what_today_s_rules_would_do(app: Flask, now: datetime) -> None:
    published("An honest thought.", now=now)
    held = published("See https://example.org", email="b@example.org", now=now)
    missed = confirmed("Come and see for yourself.", email="c@example.org", now=now)
    decide(Verb.SPAM, missed, now=now)
    published("Long ago.", email="d@example.org", now=now - timedelta(days=40))
    found = replaying.replay(since=now - timedelta(days=1))
    assert dict(found.outcomes) == {
        (False, "approved"): 1,
        (True, "approved"): 1,
        (False, "spam"): 1,
    }
    assert dict(found.rules) == {("links", "approved"): 1}
    assert found.differ == [held.id, missed.id]
    since = (now - timedelta(days=1)).date().isoformat()
    code, said = run(app, "comments", "replay", "--since", since)
    assert code == 0
    assert "would be held, were approved" in said
    assert (
        json.loads(run(app, "comments", "replay", "--since", since, "--json")[1])["differ"]
        == found.differ
    )


def test_the_circumstances_of_then_are_what_is_replayed(app: Flask, now: datetime) -> None:
    fast = published("An honest thought.", trap_filled=True, now=now)
    assert Sent  # what is frozen
    assert replaying.replay(since=now).differ == [fast.id]


def test_the_talk_moves_with_its_page(app: Flask, now: datetime) -> None:
    from enroll.catalog.documents import Kind
    from enroll.catalog.files import SHIPPED, load_catalog
    from enroll.catalog.models import Manuscript, Version
    from enroll.catalog.publishing import apply
    from enroll.catalog.queries import role_guide

    atomically(load_catalog, folder=SHIPPED, now=now)
    comment = published("A thought.", now=now)
    atomically(questions.ask, post=acting.post("In private?"), now=now)
    document = db.session.scalars(
        sa.select(Version.document)
        .join(Manuscript, Manuscript.id == Version.manuscript_id)
        .where(Manuscript.slug == "ml-engineer")
    ).one()
    atomically(apply, Kind.ROLE, "ml-engineer", {**document, "slug": "machine-learning"})
    assert again(comment).page == "/roles/machine-learning"
    assert db.session.scalars(sa.select(PrivateQuestion.page)).all() == ["/roles/machine-learning"]
    assert role_guide("machine-learning") is not None
    assert atomically(relocating.relocate, old="/nowhere", new="/somewhere") == 0
