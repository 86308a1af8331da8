"""Every route: on the list or guarded; GET changes nothing; POST wants its token; headers everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.catalog.models import Manuscript
from enroll.comments import appeals, questions
from enroll.comments.models import CommentAuthor
from enroll.comments.states import Verb
from enroll.console.actions import ACTIONS
from enroll.console.guard import duties_of
from enroll.db import atomically, db
from enroll.demo import load_demo
from enroll.mail import mailbox
from enroll.mail.delivery import deliver_due
from enroll.mail.models import Subscription
from tests import make
from tests.accounts.people import colleague, sign_in
from tests.comments import acting
from tests.contents import contents
from tests.registrations.corresponding import draft

# What these show depends on no database.
pytestmark = pytest.mark.either_database

PUBLIC = {
    "/",
    "/roles/<slug>",
    "/courses",
    "/courses/<slug>",
    "/curriculum",
    "/curriculum/check",
    "/batches",
    "/batches/<code>",
    "/batches/<code>/register",
    "/batches/<code>/seats",
    "/batches/<code>/registered",
    "/registrations/<token>",
    "/registrations/<token>/confirm",
    "/registrations/<token>/accept",
    "/registrations/<token>/pass",
    "/registrations/<token>/withdraw",
    "/registrations/<token>/transfer",
    "/registrations/<token>/wish",
    "/registrations/<token>/question",
    "/registrations/<token>/details",
    "/registrations/<token>/erase",
    "/registrations/<token>/data.json",
    "/registrations",
    "/registrations/sent",
    "/batches/<code>/remind",
    "/batches/<code>/noted",
    "/erased/<code>",
    "/api/v1/batches",
    "/privacy",
    "/design",
    "/robots.txt",
    "/institute.css",
    "/logo.<any(svg, png):kind>",
    "/.well-known/security.txt",
    "/healthz",
    "/readyz",
    "/skills/<slug>",
    "/batches.ics",
    "/batches/<code>.ics",
    "/registrations/<token>.ics",
    "/batches.atom",
    "/sitemap.xml",
    "/share.png",
    "/roles/<slug>/share.png",
    "/courses/<slug>/share.png",
    "/batches/<code>/share.png",
    "/search",
    "/comments",
    "/comments.atom",
    "/comments/write",
    "/comments/sent",
    "/comments/<int:number>",
    "/comments/<int:number>/report",
    "/comments/confirm/<token>",
    "/comments/confirm/<token>/not-mine",
    "/comments/mine/<token>",
    "/comments/mine/<token>/<int:number>",
    "/comments/mine/<token>/<int:number>/withdraw",
    "/comments/mine/<token>/<int:number>/appeal",
    "/comments/mine/<token>/data.json",
    "/comments/mine/<token>/erase",
    "/unsubscribe/<token>",
    "/mailbox",
    "/mailbox/<int:number>",
    "/mailbox/<int:number>.html",
}
# Who cannot sign in yet may ask for these; what they give away is tested with them.
SIGN_IN = {
    "/staff/login",
    "/staff/logout",
    "/staff/password",
    "/staff/password/<token>",
    "/staff/code",
    "/staff/second-proof",
    "/staff/recovery-code",
    "/staff/passkey",
    "/staff/passkey/<token>",
    "/staff/tf-rescue",  # answers 404
}


@pytest.fixture
def town(app: Flask) -> dict[str, str]:
    """A database with something behind every address; what to put into each."""
    load_demo()
    batch = make.batch(capacity=3, code="here")
    token = make.registration(batch).token
    make.registration(batch, confirmed=True)
    # Before letters are sent: that forgets the objects.
    message = draft(batch, colleague(Duty.PLAN, email="writer@example.org"))
    deliver_due(worker="test")
    number = str(mailbox.read_all()[0][0])
    course = db.session.scalars(sa.select(Manuscript.id).where(Manuscript.slug == "mlops")).one()
    given = {"code": "here", "person": "1", "token": token, "slug": "ml-engineer", "number": number}
    given["message"] = str(message.id)
    return given | {"course": str(course)} | said_something()


def said_something() -> dict[str, str]:
    """A comment, an appeal, a private question, a reason, a subscription; what leads to each."""
    waiting = acting.say("Not confirmed yet.", email="new@example.org", browser="")
    turned_down = acting.confirmed("Not to be published.", wants_replies=True)
    acting.decide(Verb.REJECT, turned_down)
    now = clock.now()
    made = atomically(appeals.appeal, comment_id=turned_down.id, text="Look again.", now=now)
    asked = atomically(questions.ask, post=acting.post("In private?"), now=now)
    author = db.session.get_one(CommentAuthor, turned_down.author_id)
    return {
        "comment": str(acting.published("Published.").id), "appeal": str(made.id),
        "question": str(asked.id), "version": str(asked.version), "reason": "1",
        "own comment": str(turned_down.id), "author": author.token,
        "confirm": waiting.confirm_token, "subscription": db.session.scalars(
            sa.select(Subscription.token)).one(),
    }


def rules(app: Flask) -> Iterator[Rule]:
    yield from sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def address(rule: Rule, town: dict[str, str]) -> str:
    given = dict(town)
    if rule.rule.startswith("/courses"):
        given["slug"] = "foundations"
    if rule.rule.startswith("/skills"):
        given["slug"] = "teamwork"
    if rule.rule.startswith("/staff/teaching"):
        given |= {"number": given["course"], "which": "1"}
    if "/messages/" in rule.rule:
        given["number"] = given["message"]
    if rule.rule.startswith("/comments/"):
        given |= {"number": given["comment"], "token": given["confirm"]}
    if rule.rule.startswith("/comments/mine"):
        given |= {"number": given["own comment"], "token": given["author"]}
    if rule.rule.startswith("/unsubscribe"):
        given["token"] = given["subscription"]
    path = rule.rule
    path = re.sub(r"<any\((\w+)[^>]*>", r"\1", path)
    for name in rule.arguments & given.keys():
        path = path.replace(f"<int:{name}>", given[name]).replace(f"<{name}>", given[name])
    return path


def test_every_route_is_on_the_list_or_declares_a_duty(app: Flask) -> None:
    found = {rule.rule: rule for rule in rules(app)}
    assert found.keys() >= PUBLIC | SIGN_IN
    for path, rule in found.items():
        if path not in PUBLIC | SIGN_IN:
            assert path.startswith("/staff/"), path
            assert duties_of(rule.endpoint), path


# Drawn once a second for everybody (enroll/shelf.py): nothing on them may be anybody's own. A page goes
# on this list when somebody has made sure of that.
SHARED = {
    "home.index", "guides.show", "guides.skill", "courses.index", "courses.show", "curriculum.index",
    "batches.index", "batches.show", "legal.privacy",
}


def test_what_is_drawn_for_everybody_is_public(app: Flask, town: dict[str, str]) -> None:
    marked = {name for name, view in app.view_functions.items() if hasattr(view, "shared_names")}
    assert marked == SHARED
    for rule in rules(app):
        if rule.endpoint in SHARED:
            assert rule.rule in PUBLIC
            assert "token" not in rule.arguments
            assert rule.methods == {"GET", "HEAD", "OPTIONS"}
            answer = app.test_client().get(address(rule, town))
            assert answer.status_code == 200
            assert "no-store" not in answer.headers.get("Cache-Control", "")


# These write nothing: they show what was typed.
ONLY_SHOW = {"teaching.preview", "message_draft.chosen", "security.two_factor_rescue"}


def test_the_log_has_words_for_every_button(app: Flask) -> None:
    pressed = {
        rule.endpoint
        for rule in rules(app)
        if rule.rule.startswith("/staff/") and "POST" in rule.methods
    }
    assert pressed - ONLY_SHOW - ACTIONS.keys() == set()


@pytest.mark.parametrize("who", ["a stranger", "staff"])
def test_looking_changes_nothing(
    app: Flask, client: FlaskClient, town: dict[str, str], who: str
) -> None:
    if who == "staff":
        colleague(*Duty)
        assert sign_in(client).status_code == 302
    before = contents()
    for rule in rules(app):
        for method in rule.methods & {"GET", "HEAD", "OPTIONS"}:
            for _ in range(5):
                answer = client.open(address(rule, town), method=method)
                assert answer.status_code < 500 or rule.rule == "/readyz", rule.rule
    assert contents() == before


def test_no_button_works_without_the_forms_token(
    app: Flask, client: FlaskClient, town: dict[str, str]
) -> None:
    before = contents()
    tried = 0
    for rule in rules(app):
        # RFC 8058: mail programs press that one, without a cookie.
        if "POST" in rule.methods and rule.endpoint != "said.unsubscribe":
            answer = client.post(address(rule, town), data={"name": "Asha", "consent": "y"})
            assert 400 <= answer.status_code < 500 or "/staff/login" in (answer.location or "")
            tried += 1
    assert tried >= 7
    assert contents() == before


class Strict(HTMLParser):
    """Notes what the Content-Security-Policy would block."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or "style" in given or any(name.startswith("on") for name in given):
            self.blocked.append(self.get_starttag_text() or tag)
        if tag == "script" and "src" not in given and given.get("type") != "application/ld+json":
            self.blocked.append(self.get_starttag_text() or tag)


def test_every_answer_is_protected(app: Flask, client: FlaskClient, town: dict[str, str]) -> None:
    asked = [("GET", address(rule, town)) for rule in rules(app) if "GET" in rule.methods]
    asked += [
        ("GET", "/nowhere"),
        ("POST", "/courses"),
        ("POST", "/batches/here/register"),
        ("GET", "/batches/%00"),
        ("GET", "/?q=%00"),
        ("GET", "/registrations/x"),
    ]
    for method, path in asked:
        answer = client.open(path, method=method)
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"], path
        policy = headers["Content-Security-Policy"]
        assert "'unsafe-inline'" not in policy or path.endswith(".html"), path
        assert "frame-ancestors 'none'" in policy or "sandbox" in policy, path
        if answer.mimetype == "text/html" and not path.endswith(".html"):
            page = Strict()
            page.feed(answer.text)
            assert page.blocked == [], path


def test_odd_addresses_are_not_found_and_never_an_error(client: FlaskClient) -> None:
    for path in (
        "/%00",
        "/batches/%00/register",
        "/roles/%00",
        "/courses/%F0%9F%8E%89",
        "/batches/" + "x" * 5000,
        "/registrations/%ff",
        "/roles/..%2f..%2fetc",
    ):
        assert client.get(path).status_code in (404, 414), path


def test_no_template_lies_unused() -> None:
    root = Path(__file__).parent.parent.parent
    text = "".join(
        path.read_text()
        for folder in ("enroll", "templates")
        for path in (root / folder).rglob("*")
        if path.suffix in (".py", ".html", ".jinja")
    )
    for path in (root / "templates").rglob("*"):
        name = path.relative_to(root / "templates").as_posix()
        if path.is_file() and not name.startswith(("letters/", "security/")):
            assert name in text, name


def test_no_bare_field_outside_the_macros() -> None:
    root = Path(__file__).parent.parent.parent / "templates"
    for path in root.rglob("*.html"):
        if "_macros" not in path.parts:
            for tag in ("<input", "<select", "<textarea", "<button"):
                assert tag not in path.read_text(), f"{path.name}: {tag}"
