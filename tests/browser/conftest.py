"""A real browser on the real pages: the demo content, and somebody in every state there is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from enroll import clock, create_app
from enroll.batches.copying import copy_batch
from enroll.batches.models import Batch
from enroll.comments import appeals, questions, reporting
from enroll.comments.models import CommentAuthor
from enroll.comments.states import Verb
from enroll.db import atomically, db
from enroll.mail.models import Subscription
from enroll.registrations import answering, deciding
from enroll.registrations.states import State
from tests import make
from tests.chromium import ARGUMENTS, find
from tests.comments import acting
from tests.conftest import lacking
from tests.serving import Site, Worker, command

OPEN = "mle-02"  # the demo batch with the most free seats, meetings and a teacher

STAFF = {
    "staff": "/staff/",
    "roster-apply": "/staff/batches/ops-03/roster?state=applied",
    "roster-bulk": "/staff/batches/ops-01/bulk?verb=cancel&all=1",
    "find-people": "/staff/people?q=verma",
    "map-drafts": "/staff/curriculum",
    "teaching": "/staff/teaching",
    "teaching-edit": "/staff/teaching/2",
    "teaching-course": "/staff/teaching/4",
    "teaching-grid": "/staff/teaching/4/grid",
    "teaching-versions": "/staff/teaching/4/versions",
    "teaching-version": "/staff/teaching/4/versions/1",
    "steer": "/staff/batches/fnd-02/steer",
    "plan-batch": "/staff/batches/new",
    "plan-new": "/staff/batches/new/ml-engineering",
    "plan": "/staff/batches/draft-01/plan",
    "plan-preview": "/staff/batches/draft-01/preview",
    "plan-edit": "/staff/batches/draft-01/edit",
    "plan-pattern": "/staff/batches/draft-01/pattern",
    "plan-copy": "/staff/batches/draft-01/copy?weeks=1&code=draft-02",
    "plan-public": "/staff/batches/fnd-02/plan",
    "call-off": "/staff/batches/fnd-02/call-off",
    "shift": "/staff/batches/fnd-02/shift",
    "person": "/staff/registrations/1",
    "person-cancel": "/staff/registrations/1/cancel",
    "comments": "/staff/comments",
    "comments-found": "/staff/comments?q=laptop&state=any",
    "comment": "/staff/comments/1",
    "comment-remove": "/staff/comments/6/remove",
    "questions": "/staff/questions",
    "question": "/staff/questions/comments/1",
    "appeals": "/staff/comments/appeals",
    "reports": "/staff/comments/reports",
    "reasons": "/staff/comments/reasons",
    "reason": "/staff/comments/reasons/1",
    "today": "/staff/today",
    "account": "/staff/account",
    "authenticator": "/staff/authenticator",
    "recovery-codes": "/staff/recovery-codes",
    "passkeys": "/staff/passkeys",
    "verify": "/staff/verify",
    "colleagues": "/staff/colleagues",
    "colleague": "/staff/colleagues/1",
    "invite": "/staff/colleagues/invite",
    "log": "/staff/log?who=1",
    "words": "/staff/comments/words",
    "service": "/staff/comments/service",
    "board": "/staff/board",
    "run": "/staff/batches/fnd-02/run?back=board",
    "figures": "/staff/figures",
    "figures-batch": "/staff/figures/fnd-02",
}
ERRORS = {"not-found": 404, "not-allowed": 405}  # the pages that are errors on purpose


class House(NamedTuple):
    """The running site and what is on it."""

    site: Site
    public: dict[str, str]  # pages for everybody: name and path
    own: dict[str, str]  # somebody's registration in each state, and letters
    staff: dict[str, str]  # pages behind the sign-in
    sign_in: dict[str, str]
    open_code: str  # a batch that takes people


# Package, not session: while Playwright runs, its event loop holds the main thread.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium."""
    path = find()
    if path is None:
        lacking("Chromium", "the pages are tested in a real browser. Run `apt install chromium`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The site on SQLite with the demo content."""
    instance = tmp_path_factory.mktemp("browser")
    shutil.copy(sqlite_template, instance / "enroll.sqlite3")
    with inhabited(instance) as found:
        yield found


@contextmanager
def inhabited(instance: Path) -> Iterator[House]:
    """The site on the migrated SQLite database of this folder: demo content, people in every state."""
    url = f"sqlite:///{instance / 'enroll.sqlite3'}"
    loaded = command(url, instance, "demo")
    assert loaded.returncode == 0, loaded.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("ENROLL_INSTANCE", str(instance))
        with create_app().app_context():
            own = _everybody()
            codes = {"open": OPEN, "full": own.pop("full batch")}
            taught = db.session.query(Batch).where(Batch.code == OPEN).one()
            # Its teacher is needed in both at once: clashes are drawn.
            atomically(copy_batch, batch_id=taught.id, code="draft-01", weeks=1)
            db.session.remove()
            db.engine.dispose()
    Worker(url, instance).run_once()
    numbers = [int(path.stem) for path in (instance / "mailbox").glob("*.eml")]
    own |= {"mailbox": "/mailbox", "letter": f"/mailbox/{max(numbers)}"}
    with Site(url, instance, workers=2) as site:
        yield House(
            site,
            _public_pages(codes),
            own,
            STAFF | {"roster": f"/staff/batches/{codes['full']}/roster"},
            json.loads((instance / "demo-sign-in.json").read_text()),
            codes["open"],
        )


def _public_pages(codes: dict[str, str]) -> dict[str, str]:
    return {
        "home": "/",
        "guide": "/roles/ml-engineer",
        "guide-ba": "/roles/business-analyst",
        "skill": "/skills/data-analysis",
        "courses": "/courses",
        "map": "/curriculum",
        "map-role": "/curriculum?role=ml-engineer&group=technical",
        "map-course": "/curriculum?course=ml-engineering",
        "check": "/curriculum/check",
        "check-result": "/curriculum/check?role=business-analyst&data-analysis=1&problem-solving=2"
        "&data-interpretation=0&communication=3&collaboration=1&teamwork=2",
        "course": "/courses/ml-engineering",
        "batches": "/batches",
        "batch": f"/batches/{codes['open']}",
        "batch-full": f"/batches/{codes['full']}",
        "form": f"/batches/{codes['open']}/register",
        "form-waitlist": f"/batches/{codes['full']}/register",
        "registered": f"/batches/{codes['open']}/registered",
        "batch-not-open": "/batches/ops-02",
        "batch-apply": "/batches/ops-03",
        "form-apply": "/batches/ops-03/register",
        "lost-link": "/registrations",
        "lost-link-sent": "/registrations/sent",
        "opening-noted": "/batches/ops-02/noted",
        "search": "/search?q=pyhton",
        "search-none": "/search?q=zzzzzz",
        "search-empty": "/search",
        "privacy": "/privacy",
        "design": "/design",
        "sign-in": "/staff/login",
        "forgotten": "/staff/password",
        "passkey": "/staff/passkey",
        "form-not-open": "/batches/ops-02/register",
        "comment-write": "/comments/write?page=/roles/ml-engineer&parent=1",
        "comment-sent": "/comments/sent?page=/roles/ml-engineer",
        "comment-report": "/comments/1/report",
        "not-found": "/nowhere",
        "not-allowed": "/staff/logout",
    }


def _everybody() -> dict[str, str]:
    """One person in each state; the path of each one's page."""
    people = {}
    first = make.batch(capacity=2)
    people["pending"] = make.registration(first)
    people["confirmed"] = leaver = make.registration(first, confirmed=True)
    people["waitlisted-unconfirmed"] = make.registration(first)
    full = make.batch(capacity=1)
    leaver = make.registration(full, confirmed=True)
    people["offered"] = make.registration(full, confirmed=True)
    people["waitlisted"] = make.registration(full, confirmed=True)
    _press(answering.withdraw, leaver)
    people["withdrawn"] = leaver
    long_ago = clock.now() - timedelta(days=3)
    old = make.batch(capacity=1, opens_at=long_ago - timedelta(days=1))
    people["too-late"] = make.registration(old, now=long_ago)
    chosen = make.batch(needs_approval=True)
    people["applied"] = make.registration(chosen, confirmed=True)
    people["rejected"] = refused = make.registration(chosen, confirmed=True)
    people["cancelled"] = called_off = make.registration(first)
    atomically(
        deciding.reject,
        batch_id=chosen.id,
        registration_ids=[refused.id],
        reason="We look for two years at work.",
        by="staff 1",
        now=clock.now(),
    )
    atomically(
        deciding.cancel,
        batch_id=first.id,
        registration_id=called_off.id,
        reason="Asked us to on the telephone.",
        by="staff 1",
        now=clock.now(),
    )
    people = {name: make.read(one.id) for name, one in people.items()}
    for name in people.keys() & {one.value for one in State}:
        assert people[name].state is State(name), f"{name} is {people[name].state}"
    pages = {name: f"/registrations/{one.token}" for name, one in people.items()}
    erase = f"{pages['waitlisted']}/erase"
    return pages | said_something() | {"full batch": full.code, "erase": erase}


def said_something() -> dict[str, str]:
    """An author with something in every state, an appeal and a report among them; their pages."""
    fresh = acting.say("Is this mine?")
    turned_down = acting.confirmed("Nobody answers the telephone here.", wants_replies=True)
    acting.decide(Verb.REJECT, turned_down)
    acting.decide(Verb.RETURN, acting.confirmed("What a stupid question that was."))
    acting.decide(Verb.SPAM, acting.confirmed("My shop is great, look."))
    now, told = clock.now(), acting.published("The exam is on Friday.")
    words = "I was polite, was I not?"
    atomically(appeals.appeal, comment_id=turned_down.id, text=words, now=now)
    atomically(
        reporting.report,
        comment_id=told.id,
        reason=reporting.Complaint.WRONG,
        words="It is on Monday.",
        network=None,
        now=now,
    )
    atomically(questions.ask, post=acting.post("May I pay in parts?"), now=now)
    author = db.session.get_one(CommentAuthor, told.author_id)
    ends = db.session.scalars(sa.select(Subscription.token)).one()
    return {
        "comment-confirm": f"/comments/confirm/{fresh.confirm_token}",
        "said": f"/comments/mine/{author.token}",
        "said-edit": f"/comments/mine/{author.token}/{told.id}",
        "said-appeal": f"/comments/mine/{author.token}/{turned_down.id}/appeal",
        "said-erase": f"/comments/mine/{author.token}/erase",
        "unsubscribe": f"/unsubscribe/{ends}",
    }


def _press(verb: Callable[..., object], one: make.Registration) -> None:
    atomically(verb, batch_id=one.batch_id, registration_id=one.id, now=clock.now())


# ---------------------------------------------------------------- one page in one browser


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, house: House) -> Iterator[Open]:
    """Open a page in a browser that was never here: `open_page("/", width=360, scheme="dark")`.

    At the end of the test nothing may have complained: no error in the console, no violation of
    the content security policy, no request to another host.
    """
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_(path: str, *, width: int = 1280, scheme: str = "light", scripts: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=scripts,
            reduced_motion="reduce",  # else a page still scrolls when we look where the focus is
            base_url=house.site.base_url,
        )
        contexts.append(context)
        watch(context, house.site.base_url, complaints)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def watch(context: BrowserContext, base_url: str, complaints: list[str]) -> None:
    """Write down whatever a person with the developer's tools open would frown at."""

    def heard(message) -> None:
        # The page itself was asked for and is missing on purpose: that is no error of the page.
        if message.type in ("error", "warning") and "the server responded with a status" not in (
            message.text
        ):
            complaints.append(f"{message.type} in the console: {message.text}")

    def asked(request) -> None:
        if not request.url.startswith((base_url + "/", "data:")):
            complaints.append(f"asked another host: {request.url}")

    def failed(request) -> None:
        if request.failure != "net::ERR_ABORTED":  # we went to the next page before it came
            complaints.append(f"failed: {request.url}: {request.failure}")

    def answered(response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            complaints.append(f"{response.status} for {response.url}")

    context.on("console", heard)
    context.on("weberror", lambda error: complaints.append(f"error: {error.error}"))
    context.on("request", asked)
    context.on("requestfailed", failed)
    context.on("response", answered)
