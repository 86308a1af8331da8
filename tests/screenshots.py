"""`make screenshots`: every page at 360 and 1280 px, light and dark, into the folder screenshots/."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.chromium import ARGUMENTS, find
from tests.serving import Site, Visitor, Worker, command, read_mailbox

FOLDER = Path(__file__).parent.parent / "screenshots"
PAGES = {
    "home": "/",
    "guide": "/roles/ml-engineer",
    "guide-ba": "/roles/business-analyst",
    "courses": "/courses",
    "course": "/courses/ml-engineering",
    "map": "/curriculum",
    "map-role": "/curriculum?role=business-analyst&group=analytical",
    "map-course": "/curriculum?course=ml-engineering",
    "check": "/curriculum/check",
    "check-result": "/curriculum/check?role=ml-engineer&machine-learning-algorithms=0"
    "&programming-languages=0&data-analysis=1&software-development-tools=0&problem-solving=2"
    "&data-interpretation=1&model-evaluation=0&communication=3&collaboration=2&teamwork=3",
    "batches": "/batches",
    "batch": "/batches/mle-01",
    "batch-full": "/batches/ops-01",
    "batch-tentative": "/batches/fnd-02",
    "batch-not-open": "/batches/ops-02",
    "form": "/batches/mle-01/register",
    "form-waitlist": "/batches/ops-01/register",
    "registered": "/batches/mle-01/registered",
    "batch-apply": "/batches/ops-03",
    "form-apply": "/batches/ops-03/register",
    "lost-link": "/registrations",
    "lost-link-sent": "/registrations/sent",
    "search": "/search?q=model+data",
    "search-typo": "/search?q=pyhton",
    "search-none": "/search?q=zzzzzz",
    "comment-write": "/comments/write?page=/roles/ml-engineer&parent=1",
    "comment-sent": "/comments/sent?page=/roles/ml-engineer",
    "comment-report": "/comments/1/report",
    "privacy": "/privacy",
    "mailbox": "/mailbox",
    "sign-in": "/staff/login",
    "not-found": "/nowhere",
}
STAFF_PAGES = {
    "staff": "/staff/",
    "roster": "/staff/batches/ops-01/roster",
    "roster-apply": "/staff/batches/ops-03/roster?state=applied",
    "roster-bulk": "/staff/batches/ops-01/bulk?verb=cancel&all=1",
    "find-people": "/staff/people?q=verma",
    "steer": "/staff/batches/fnd-02/steer",
    "call-off": "/staff/batches/fnd-02/call-off",
    "shift": "/staff/batches/fnd-02/shift?days=7",
    "map-drafts": "/staff/curriculum",
    "teaching": "/staff/teaching",
    "teaching-course": "/staff/teaching/4",
    "teaching-grid": "/staff/teaching/4/grid",
    "teaching-versions": "/staff/teaching/4/versions",
    "messages": "/staff/batches/ops-01/messages",
    "message-new": "/staff/batches/ops-01/messages/new?person=1",
    "person": "/staff/registrations/1",
    "person-cancel": "/staff/registrations/1/cancel",
    "comments": "/staff/comments",
    "comment": "/staff/comments/1",
    "comment-remove": "/staff/comments/6/remove",
    "questions": "/staff/questions",
    "question": "/staff/questions/comments/1",
    "reasons": "/staff/comments/reasons",
    "service": "/staff/comments/service",
    "board": "/staff/board",
    "run": "/staff/batches/fnd-02/run?back=board",
    "figures": "/staff/figures",
    "figures-batch": "/staff/figures/ops-01",
}


def visit(
    browser: Browser, site: Site, pages: dict[str, str], sign_in: dict[str, str], only: set[str]
) -> None:
    """Each page, each width, each colour scheme."""
    for scheme in ("light", "dark"):
        for width in (360, 1280):
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme
            )
            page = context.new_page()


            def take(some: dict[str, str], page: Page = page, end: str = f"{width}-{scheme}") -> None:
                for name, path in some.items():
                    if not only or name in only:
                        page.goto(site.base_url + path)
                        page.screenshot(path=FOLDER / f"{name}-{end}.png", full_page=True)

            take(pages)
            page.goto(f"{site.base_url}/batches/mle-01/register")
            page.get_by_label("E-mail address").fill("asha at example")
            page.get_by_role("button", name="Register").click()
            page.screenshot(path=FOLDER / f"form-errors-{width}-{scheme}.png", full_page=True)
            page.goto(f"{site.base_url}/staff/login")
            page.locator("[name=email]").fill(sign_in["email"])
            page.locator("[name=password]").fill(sign_in["password"])
            page.get_by_role("button", name="Sign in").click()
            take(STAFF_PAGES)
            context.close()


def own_pages(site: Site, instance: Path, url: str) -> dict[str, str]:
    """Somebody registers and waits, so that the personal pages and the letters can be seen."""
    pages = {}
    for name, code in (
        ("mine-held", "mle-02"),
        ("mine-applied", "ops-03"),
        ("mine-waiting", "ops-01"),
    ):
        Visitor(site.base_url).register(
            code, name="Asha Verma", email="asha@example.org", consent="y"
        )
        Worker(url, instance).run_once()
        text = read_mailbox(instance)[-1].get_body(("plain",)).get_content()
        token = text.partition("/registrations/")[2].split()[0]
        pages[name] = f"/registrations/{token}"
    visitor, waiting = Visitor(site.base_url), pages["mine-waiting"]
    visitor.post(f"{waiting}/confirm", visitor.open_form(waiting, f"{waiting}/confirm"))
    pages["erase"] = f"{waiting}/erase"
    number = max(int(path.stem) for path in (instance / "mailbox").glob("*.eml"))
    return pages | {"letter": f"/mailbox/{number}", "letter-html": f"/mailbox/{number}.html"}


def main() -> None:
    only = set(sys.argv[1:])
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        instance = Path(name)
        url = f"sqlite:///{instance / 'enroll.sqlite3'}"
        for args in (("db", "upgrade"), ("demo",)):
            assert command(url, instance, *args).returncode == 0
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        with Site(url, instance, workers=2) as site:
            sign_in = json.loads((instance / "demo-sign-in.json").read_text())
            visit(browser, site, PAGES | own_pages(site, instance, url), sign_in, only)
        browser.close()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
