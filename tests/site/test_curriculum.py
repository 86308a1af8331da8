"""The map and the self-check as pages: filters, gaps, answers in the address, few queries."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from enroll import clock
from enroll.accounts.duties import Duty
from enroll.catalog import editing
from enroll.catalog.documents import Kind
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.catalog.models import Course
from enroll.db import atomically, db
from tests import make
from tests.accounts.people import colleague, sign_in
from tests.catalogs import fill
from tests.contents import contents

# The rules behind these pages are tested on both databases, with the verbs.
pytestmark = pytest.mark.either_database

TEN = [
    "machine-learning-algorithms",
    "programming-languages",
    "data-analysis",
    "software-development-tools",
    "problem-solving",
    "data-interpretation",
    "model-evaluation",
    "communication",
    "collaboration",
    "teamwork",
]


@pytest.fixture
def shipped(client: FlaskClient) -> FlaskClient:
    atomically(load_catalog, folder=SHIPPED, now=clock.now())
    return client


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def rows(page: str) -> dict[str, list[str]]:
    """The map as it is heard: skills, and what is said in each field."""
    found = {}
    for row in re.findall(r"(?s)<tr>\s*<th scope=\"row\">(.*?)</tr>", page):
        name, *fields = re.split(r"<td[^>]*>", row)
        heard = [re.findall(r'<span class="visually-hidden">([^<]*)', one)[0] for one in fields]
        found[words(name).strip()] = heard
    return found


def test_the_map_says_how_far_each_course_takes_each_skill(shipped: FlaskClient) -> None:
    page = shipped.get("/curriculum").text
    assert len(rows(page)) == 10
    assert rows(page)["Data analysis"] == ["Practised, assessed", "Taught in depth, assessed", "not taught"]
    assert rows(page)["Model evaluation"][0] == "not taught"
    unmastered = page.split('id="unmastered"')[1].split("</section>")[0]
    assert "Communication" in unmastered
    assert "Data analysis" not in unmastered


def test_filters(shipped: FlaskClient) -> None:
    analyst = rows(shipped.get("/curriculum?role=business-analyst").text)
    assert set(analyst) == {
        "Data analysis",
        "Problem-solving",
        "Data interpretation",
        "Communication",
        "Collaboration",
        "Teamwork",
    }
    both = shipped.get("/curriculum?role=business-analyst&group=analytical").text
    assert set(rows(both)) == {"Problem-solving", "Data interpretation"}
    assert '<option value="analytical" selected>' in both
    for odd in ("?role=nothing", "?group=%F0%9F%8E%89", "?course=nothing", "?page=-3", "?page=x"):
        answer = shipped.get("/curriculum" + odd)
        assert answer.status_code == 200
        assert len(rows(answer.text)) == 10


def test_one_course_module_by_module(shipped: FlaskClient) -> None:
    page = shipped.get("/curriculum?course=foundations").text
    assert rows(page)["Data analysis"][:3] == ["not taught", "First contact, assessed", "Practised"]
    assert 'href="/courses/foundations#tables-and-files"' in page
    same = rows(shipped.get("/courses/foundations").text)
    assert same["Data analysis"] == rows(page)["Data analysis"]
    assert "Model evaluation" not in same  # the course page shows what the course teaches


def test_a_module_that_serves_no_skill_is_reported(shipped: FlaskClient) -> None:
    assert "every module works on at least one" in shipped.get("/curriculum").text
    role = shipped.get("/curriculum?role=business-analyst").text.split('id="idle"')[1]
    assert "First programs" not in role.split("</section>")[0]  # it trains problem-solving
    group = shipped.get("/curriculum?group=interpersonal").text.split('id="idle"')[1]
    assert "First programs" in group.split("</section>")[0]


# ---------------------------------------------------------------- the self-check


def test_ten_questions_and_an_answer_that_can_be_kept(shipped: FlaskClient) -> None:
    counted = ("self_check_count",)  # numbers: see tests/catalog/test_tally.py
    before = contents(without=counted)
    form = shipped.get("/curriculum/check").text
    assert form.count("<fieldset") == 10
    assert "csrf_token" not in form
    answer = shipped.post("/curriculum/check", data=dict.fromkeys(TEN, "0"))
    assert answer.status_code == 303
    address = answer.location
    assert "name" not in address
    assert "email" not in address
    page = shipped.get(address)
    assert page.status_code == 200
    told = words(page.text)
    steps = re.findall(r'<h3><a href="/courses/([^"]+)"', page.text)
    assert steps[0] == "foundations"
    assert steps == ["foundations", "ml-engineering", "mlops"]
    assert "The rule: first comes a course whose prerequisites you bring" in told
    assert "Nothing yet · the courses take you to: taught in depth" in told
    fresh = shipped.application.test_client().get(address)
    assert fresh.text == page.text  # nothing of it was in a session
    assert contents(without=counted) == before


def test_the_path_leads_to_the_next_batch_with_seats(shipped: FlaskClient) -> None:
    ids = dict(db.session.execute(sa.select(Course.slug, Course.id)).all())
    full = make.batch(1, course_id=ids["foundations"], code="full", title="Full one")
    make.registration(full, confirmed=True)
    make.batch(2, course_id=ids["foundations"], code="free", title="Free one")
    query = "&".join(f"{skill}=0" for skill in TEN)
    page = shipped.get(f"/curriculum/check?role=ml-engineer&{query}").text
    assert "/batches/free" in page
    assert "/batches/full" not in page


def test_whoever_knows_the_basics_begins_further_on(shipped: FlaskClient) -> None:
    answers = dict.fromkeys(TEN, "2") | {"model-evaluation": "0"}
    answer = shipped.post("/curriculum/check", data=answers | {"role": "ml-engineer"})
    page = shipped.get(answer.location).text
    assert re.findall(r'<h3><a href="/courses/([^"]+)"', page)[0] == "ml-engineering"


def test_whoever_can_do_it_all_hears_so(shipped: FlaskClient) -> None:
    answer = shipped.post("/curriculum/check", data=dict.fromkeys(TEN, "3"))
    assert "You bring everything that this role asks for." in words(shipped.get(answer.location).text)


def test_a_question_left_open_loses_no_answer(shipped: FlaskClient) -> None:
    answers = dict.fromkeys(TEN[1:], "2")
    page = shipped.post("/curriculum/check", data=answers)
    assert page.status_code == 422
    assert page.text.count(" checked") == 9
    assert "Choose where you are in: Machine learning algorithms." in words(page.text)


@pytest.mark.parametrize(
    "query",
    [
        "data-analysis=2",
        "&".join(f"{skill}=9" for skill in TEN),
        "&".join(f"{skill}=%F0%9F%8E%89" for skill in TEN),
        "teamwork=1&teamwork=2",
    ],
)
def test_a_broken_address_leads_back_to_the_questions(shipped: FlaskClient, query: str) -> None:
    page = shipped.get(f"/curriculum/check?role=ml-engineer&{query}")
    assert page.status_code == 422
    assert "There is a problem" in page.text


def test_no_role_no_self_check(client: FlaskClient) -> None:
    assert client.get("/curriculum/check").status_code == 404
    assert client.get("/curriculum").status_code == 200


# ---------------------------------------------------------------- what staff see


def test_staff_see_drafts_and_warnings(shipped: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(shipped)
    page = words(shipped.get("/staff/curriculum").text)
    assert "Draft" not in page.split("Warnings")[0].replace("Curriculum map with drafts", "")
    document = {
        "slug": "new",
        "title": "A new course",
        "summary": "New.",
        "level": "Advanced",
        "weeks": 2,
        "hours_per_week": 5,
        "modules": [
            {
                "slug": "one",
                "title": "One",
                "hours": 10,
                "summary": "",
                "topics": [],
                "coverage": [{"skill": "teamwork", "level": "M"}],
            }
        ],
    }
    atomically(editing.begin, kind=Kind.COURSE, document=document, by="staff 1", now=clock.now())
    page = words(shipped.get("/staff/curriculum").text)
    assert "A new course Draft" in page
    assert "A new course: Teamwork is mastered before anything introduces it." in page
    assert "A new course: Teamwork is mastered and assessed nowhere." in page
    assert "A new course" not in shipped.get("/curriculum").text


# ---------------------------------------------------------------- a constant number of queries


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


PAGES = [
    "/curriculum",
    "/curriculum?role=ml-engineer",
    "/curriculum?course=c0",
    "/curriculum/check",
    "/courses",
    "/courses/c0",
    "/skills/data-analysis",
    "/roles/ml-engineer",
    "/staff/curriculum",
]


def costs(client: FlaskClient, pages: list[str]) -> dict[str, int]:
    """How many statements each page sends."""
    found = {}
    for path in pages:
        client.get(path)  # what is read once per process is read now
        with counted() as sent:
            assert client.get(path).status_code == 200, path
        found[path] = len(sent)
    return found


def test_any_page_costs_as_many_queries_with_50_courses_as_with_one(shipped: FlaskClient) -> None:
    colleague(Duty.PLAN)
    sign_in(shipped)
    atomically(fill, courses=1, modules=4, skills=10, role="ml-engineer")
    with_one = costs(shipped, PAGES)
    atomically(fill, courses=49, modules=4, skills=10, role="ml-engineer", first=1)
    assert costs(shipped, PAGES) == with_one
    assert max(with_one.values()) <= 15
    print(with_one)


def test_the_largest_map_costs_no_more(shipped: FlaskClient) -> None:
    """500 courses, 5 000 modules, 200 skills."""
    pages = ["/curriculum", "/curriculum?role=ml-engineer", "/curriculum/check"]
    before = costs(shipped, pages)
    atomically(fill, courses=500, modules=10, skills=200, role="ml-engineer")
    assert costs(shipped, pages) == before
    assert len(rows(shipped.get("/curriculum").text)) == 200
