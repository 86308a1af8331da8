"""The site in a language nobody speaks: no word was forgotten, and every page has room for it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from enroll.comments.words import LISTED
from tests import pseudo
from tests.browser import marking
from tests.browser.conftest import House, inhabited, watch
from tests.browser.states import States, application, collect, copy_of
from tests.browser.test_pages import RULES, too_wide, walk
from tests.browser.untranslated import untranslated
from tests.mail.test_letters import SAMPLES, read
from tests.serving import Site, Worker, read_mailbox

pytestmark = pytest.mark.browser

MARKED = {
    "ENROLL_INSTITUTE_NAME": marking.mark("Northlight Institute"),
    "ENROLL_LEGAL_NAME": marking.mark("Northlight Trust"),
    "ENROLL_ADDRESS": marking.mark("1 Hill Road, Pune"),
    "ENROLL_TELEPHONE": "+91 20 5550 0123",
    "ENROLL_TELEPHONE_HOURS": marking.mark("Monday to Friday"),
    "ENROLL_COMPLAINTS": marking.mark("The ombudsman"),
}
ONLY = MARKED | {"ENROLL_LANGUAGES": pseudo.CODE}
BESIDE = MARKED | {"ENROLL_LANGUAGES": f"en_GB,{pseudo.CODE}"}
PREFIX = f"/{pseudo.CODE}"
# What the tests type, and what is the same in every language.
TYPED = {"pyhton", "python", "zzzzzz", "Asha Verma", "Asha", "A batch", "homework", "Is there"}
TYPED |= {"We look for two years at work", "Asked us to on the telephone", "Because", "draft-02", "Meera"}
SAME = {"UTC", "AM", "PM", "GMT", "USD", "scikit-learn", "login", "email, password", "2000s–today"}
LETTERS = {"mailbox", "letter"}  # written before, in English; the letters have a test of their own


def prepare(folder: Path) -> set[str]:
    """Content in other letters, and the pseudo-language beside it."""
    pseudo.install(folder)
    return marking.mark_database(folder / "enroll.sqlite3") | TYPED | SAME


# ---------------------------------------------------------------- words


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own: in the one they share, other tests plant attacks, which are no words of ours."""
    instance = tmp_path_factory.mktemp("languages")
    shutil.copy(sqlite_template, instance / "enroll.sqlite3")
    with inhabited(instance) as found:
        yield found


@pytest.fixture(scope="module")
def states(house: House, tmp_path_factory: pytest.TempPathFactory) -> tuple[States, set[str]]:
    """Every page in every state, in the pseudo-language only; and the names that may be on it."""
    names: set[str] = set()
    folder = tmp_path_factory.mktemp("pseudo") / "instance"
    found = collect(
        house, folder, prepare=lambda where: names.update(prepare(where)), settings=ONLY
    )
    return found, names


def test_no_word_is_left_in_english(states: tuple[States, set[str]]) -> None:
    found, names = states
    shown = {name: one.html for name, one in (found.fine | found.noes).items()}
    assert len(shown) > 150
    left = unspoken({name: html for name, html in shown.items() if name not in LETTERS}, names)
    assert not left, "\n".join(left)


def unspoken(pages: Mapping[str, str], names: set[str]) -> list[str]:
    """Each untranslated text once, with some of the pages it is on."""
    where: dict[str, list[str]] = {}
    for page, html in pages.items():
        for text in set(untranslated(html, names)) - set(LISTED):
            where.setdefault(text, []).append(page)
    return [f"{text[:200]}: {', '.join(on[:4])}" for text, on in where.items()]


def test_negative_control_a_forgotten_word_is_found() -> None:
    page = "<h1>⟦Ŕéĝííšţéŕŕ⟧ <b>now</b></h1><p title='Help'>Путхон, mle-02, a@example.org, Asia/Kolkata"
    assert untranslated(page, {"mle-02"}) == ["now", "Help"]
    assert untranslated("<p>mle-02x", {"mle-02"}) == ["mle-02x"]
    assert untranslated("<p lang='en'>English<br>too</p><p>here</p>", ()) == ["here"]
    assert untranslated("<meta name='description' content='All of it'>", ()) == ["All of it"]


def test_no_word_of_a_letter_is_left_in_english(house: House, tmp_path: Path) -> None:
    url = copy_of(house, tmp_path / "instance")
    names = prepare(tmp_path / "instance") | {"GET", "TOKEN"}
    pages = {}
    with application(url, tmp_path / "instance", ONLY):
        for sample in SAMPLES:
            letter = sample.letter()
            letter.language, letter.context = pseudo.CODE, marking.mark_all(letter.context)
            pages[sample.label] = _as_page(read(letter))
    left = unspoken(pages, names)
    assert not left, "\n".join(left)


def _as_page(message: EmailMessage) -> str:
    plain = message.get_body(("plain",)).get_content()
    return f"<p>{message['Subject']}</p><p>{plain}</p>{message.get_body(('html',)).get_content()}"


# ---------------------------------------------------------------- room


class Abroad(NamedTuple):
    """The house with English and the pseudo-language beside each other."""

    url: str
    site: Site
    names: set[str]


@pytest.fixture(scope="module")
def abroad(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Abroad]:
    folder = tmp_path_factory.mktemp("abroad") / "instance"
    url = copy_of(house, folder)
    names = prepare(folder)
    with Site(url, folder, workers=2, env=BESIDE) as site:
        yield Abroad(url, site, names)


@pytest.fixture
def phone(chromium: Browser, abroad: Abroad) -> Iterator[Page]:
    """A browser at 320 px: WCAG 1.4.10 asks for that, and so does the smallest telephone."""
    complaints: list[str] = []
    base_url = abroad.site.base_url
    context = chromium.new_context(viewport={"width": 320, "height": 800}, base_url=base_url)
    watch(context, base_url, complaints)
    yield context.new_page()
    context.close()
    assert not complaints, "\n".join(complaints)


ASTRAY = """prefix => [...document.querySelectorAll('[href^="/"], [action^="/"]')]
    .filter(one => !one.hasAttribute('lang') && !['LINK', 'SCRIPT'].includes(one.tagName))
    .map(one => one.getAttribute('href') || one.getAttribute('action'))
    .filter(one => !one.startsWith(prefix + '/') && !one.startsWith('/static/'))"""


def prefixed(pages: dict[str, str]) -> dict[str, str]:
    return {name: PREFIX + path for name, path in pages.items()}


def faults(page: Page, paths: dict[str, str], names: set[str]) -> list[str]:
    """What axe finds, what is too wide, what scripts wrote in English, and what turns its back."""
    found = []
    for name in walk(page, paths):
        html = page.locator("html")
        if (html.get_attribute("lang"), html.get_attribute("dir")) != (pseudo.CODE, "rtl"):
            found.append(f"{name}: not in the language of its address")
        found += too_wide(page, name)
        found += [f"{name}: leads out of the language: {one}" for one in page.evaluate(ASTRAY, PREFIX)]
        if name not in LETTERS:
            found += unspoken({name: page.content()}, names)
        page.evaluate(Axe().axe_script)
        only = {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]}
        for one in page.evaluate("options => axe.run(options)", only)["violations"]:
            found.append(f"{name}: {one['id']}: {one['nodes'][0]['html'][:200]}")
    return found


def test_public_pages_have_room(phone: Page, abroad: Abroad, house: House) -> None:
    found = faults(phone, prefixed(house.public | house.own), abroad.names)
    assert not found, "\n".join(found)


def test_staff_pages_have_room(phone: Page, abroad: Abroad, house: House) -> None:
    phone.goto(f"{PREFIX}/staff/login")
    phone.locator("main [name=email]").fill(house.sign_in["email"])
    phone.locator("main [name=password]").fill(house.sign_in["password"])
    phone.locator("main [name=password]").press("Enter")
    phone.wait_for_url(f"**{PREFIX}/staff/**")
    found = faults(phone, prefixed(house.staff), abroad.names)
    assert not found, "\n".join(found)


# ---------------------------------------------------------------- a journey


def test_from_home_to_confirmed(
    chromium: Browser, abroad: Abroad, house: House
) -> None:
    """On 360 px: in the language of the address from the first page to the seat, the letter too."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 740}, base_url=abroad.site.base_url
    )
    page = context.new_page()
    page.goto(f"{PREFIX}/")
    for leads_to in ("/roles/ml-engineer", "/courses/ml-engineering", f"/batches/{house.open_code}"):
        page.locator(f"main a[href^='{PREFIX}{leads_to}']:visible").first.click()
        page.wait_for_url(f"**{PREFIX}{leads_to}*")
    page.locator(f"main a[href='{PREFIX}/batches/{house.open_code}/register']:visible").first.click()
    for name, value in {"name": "آشا ورما", "email": "urdu@example.org"}.items():
        page.locator(f"main [name={name}]").fill(value)
    page.locator("main [name=consent]").check()
    page.locator("main form button.btn-primary:visible").first.click()
    page.wait_for_url(f"**{PREFIX}/batches/{house.open_code}/registered")
    expect(page.locator("main")).to_contain_text("urdu@example.org")

    Worker(abroad.url, abroad.site.instance, env=BESIDE).run_once()
    letter = read_mailbox(abroad.site.instance)[-1]
    assert letter["To"] == "urdu@example.org"
    link = re.search(rf"{PREFIX}/registrations/[\w-]+", letter.get_body(("plain",)).get_content())
    assert link, "the letter leads elsewhere"
    page.goto(link[0])
    page.locator("main form[action$='/confirm'] button").click()
    page.wait_for_url(f"**{link[0]}*")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("main form[action$='/confirm']")).to_have_count(0)
    expect(page.locator("main form[action$='/withdraw']")).to_have_count(1)
    context.close()
