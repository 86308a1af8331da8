"""What machines read: JSON-LD by schema.org's own vocabulary and by what Google documents for courses."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from enroll import clock
from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.catalog import editing
from enroll.catalog.documents import Kind
from enroll.catalog.editing import version
from enroll.catalog.files import SHIPPED, load_catalog
from enroll.catalog.models import Manuscript
from enroll.db import atomically, db
from enroll.site.structured import breadcrumbs
from tests import make

# The rules behind these pages are tested on both databases, with the verbs.
pytestmark = pytest.mark.either_database

_EXTRACT = json.loads((Path(__file__).parent / "vocabulary.json").read_text())
VOCABULARY, MEMBERS = _EXTRACT["types"], _EXTRACT["members"]
# Where schema.org's JSON-LD context reads a text as the address of a thing.
REFERENCES = {"item"}
TEXTS = {"Text", "URL", "CssSelectorType", "XPathType", "PronounceableText"}
LITERALS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(TEXTS, (str,)),
    **dict.fromkeys(("Date", "DateTime", "Time", "Duration"), (str,)),
    **dict.fromkeys(("Number", "Float", "Integer"), (int, float)),
    "Boolean": (bool,),
}
DURATION = re.compile(r"P(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?)?")


def blocks(page: str) -> list[dict[str, Any]]:
    """The JSON-LD of a page."""
    found = re.findall(r'(?s)<script type="application/ld\+json">(.*?)</script>', page)
    return [json.loads(one) for one in found]


def above(name: str) -> set[str]:
    """A type and all that it is a kind of; an unknown type raises `KeyError`."""
    return {name}.union(*(above(one) for one in VOCABULARY[name]["above"] if one in VOCABULARY))


def properties(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in above(name):
        found |= VOCABULARY[one]["properties"]
    return found


def faults(thing: dict[str, Any], path: str = "") -> Iterator[str]:
    """What the vocabulary does not know, or expects to be something else."""
    kind = thing.get("@type", "")
    if kind not in VOCABULARY:
        yield f"{path}: no type {kind!r}"
        return
    known = properties(kind)
    for name, value in thing.items():
        if name.startswith("@"):
            continue
        name = name.removesuffix("-input")  # an annotation (schema.org/docs/actions.html)
        if name not in known:
            yield f"{path}/{kind}: no property {name}"
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from faults(one, f"{path}/{kind}.{name}")
            is_reference = name in REFERENCES and isinstance(one, str) and one.startswith("http")
            if not is_reference and not any(_fits(one, wanted) for wanted in known[name]):
                yield f"{path}/{kind}.{name}: {one!r} is none of {known[name]}"


def _fits(value: Any, wanted: str) -> bool:
    if isinstance(value, dict):
        kind = value.get("@type", "")
        return kind in VOCABULARY and wanted in above(kind)
    if wanted == "Date" and isinstance(value, str):
        try:
            return bool(date.fromisoformat(value))
        except ValueError:
            return False
    if wanted == "Duration" and isinstance(value, str):
        return bool(DURATION.fullmatch(value))
    if wanted in LITERALS:
        return isinstance(value, LITERALS[wanted])
    return isinstance(value, str) and value.removeprefix("https://schema.org/") in MEMBERS.get(wanted, ())


@pytest.fixture
def shipped(client: FlaskClient) -> FlaskClient:
    atomically(load_catalog, folder=SHIPPED, now=clock.now())
    return client


def an_evening() -> None:
    plan = {"place": "Pune", "is_online": False, "fee_minor": 500_000, "fee_currency": "INR"}
    make.batch(code="evening", **plan)
    db.session.remove()


PAGES = [
    "/",
    "/batches/evening",
    "/courses",
    "/courses/foundations",
    "/courses/ml-engineering",
    "/roles/ml-engineer",
    "/roles/business-analyst",
    "/skills/data-analysis",
]


@pytest.mark.parametrize("path", PAGES)
def test_everything_is_in_the_vocabulary(shipped: FlaskClient, path: str) -> None:
    an_evening()
    found = blocks(shipped.get(path).text)
    assert found
    for thing in found:
        assert thing["@context"] == "https://schema.org"
        assert list(faults(thing)) == []


def test_the_first_page_says_who_we_are_and_where_to_search(
    shipped: FlaskClient,
) -> None:
    (site,) = (one for one in blocks(shipped.get("/").text) if one["@type"] == "WebSite")
    assert site["publisher"]["name"] == site["name"]
    template = site["potentialAction"]["target"]["urlTemplate"]
    assert site["potentialAction"]["query-input"] == "required name=words"
    found = shipped.get("/" + template.split("/", 3)[3].replace("{words}", "python"))
    assert "IT Foundations" in found.text


def test_a_batch_is_an_event_with_what_google_documents(shipped: FlaskClient) -> None:
    """Event: name, startDate, location with address, and recommended: description, endDate,
    eventStatus, image, offers, organizer (developers.google.com/search/docs/appearance)."""
    an_evening()
    page = shipped.get("/batches/evening").text
    (event,) = (one for one in blocks(page) if one["@type"] == "CourseInstance")
    for name in ("name", "startDate", "endDate", "description", "organizer", "image", "about"):
        assert event[name], name
    assert event["location"]["address"] == "Pune"
    assert event["offers"][0]["price"] == 5000
    assert event["eventStatus"].endswith("EventScheduled")
    assert shipped.get(event["image"].split(":8000")[1]).mimetype == "image/png"
    show_off = sa.update(Batch).where(Batch.code == "evening").values(state=BatchState.CALLED_OFF)
    atomically(lambda: db.session.execute(show_off))
    db.session.remove()
    (event,) = (
        one for one in blocks(shipped.get("/batches/evening").text) if one["@type"] == "CourseInstance"
    )
    assert event["eventStatus"].endswith("EventCancelled")


def test_negative_control_the_vocabulary_is_asked() -> None:
    wrong = {
        "@type": "Course",
        "nmae": "x",
        "hasCourseInstance": [{"@type": "Offer", "price": 3}],
        "offers": {"@type": "Nothing"},
        "timeRequired": "ten hours",
    }
    told = "\n".join(faults(wrong))
    for fault in ("no property nmae", "hasCourseInstance: {", "no type 'Nothing'", "timeRequired"):
        assert fault in told


def _course(shipped: FlaskClient, **changes: object) -> dict[str, Any]:
    courses = dict(db.session.execute(make.sa.text("SELECT slug, id FROM course")).all())
    make.batch(3, code="there", course_id=courses["foundations"], **changes)
    page = shipped.get("/courses/foundations").text
    (course,) = (one for one in blocks(page) if one["@type"] == "Course")
    return course


def test_a_course_has_what_google_documents(shipped: FlaskClient) -> None:
    """Course: name, description, provider; Course info: offers with category, hasCourseInstance with
    courseMode and courseWorkload (developers.google.com/search/docs/appearance/structured-data)."""
    course = _course(
        shipped,
        place="Pune",
        is_online=False,
        teacher="Lena Hartwig",
        fee_minor=4500000,
        fee_currency="INR",
    )
    assert list(faults(course)) == []
    assert course.keys() >= {"name", "description", "provider", "offers", "hasCourseInstance"}
    assert course["provider"] == {
        "@type": "Organization",
        "name": "Northlight Institute",
        "url": "http://127.0.0.1:8000",
    }
    assert course["offers"][0] == {
        "@type": "Offer",
        "category": "Paid",
        "price": 45000.0,
        "priceCurrency": "INR",
        "url": "http://127.0.0.1:8000/batches/there",
    }
    (instance,) = course["hasCourseInstance"]
    assert instance["courseMode"] == "Onsite"
    assert instance["courseWorkload"] == "PT64H"
    assert instance["location"]["address"] == "Pune"
    assert instance["instructor"]["name"] == "Lena Hartwig"
    assert (instance["maximumAttendeeCapacity"], instance["remainingAttendeeCapacity"]) == (3, 3)
    assert [one["name"] for one in course["syllabusSections"]][0] == "First programs"
    assert "Data analysis" in [one["name"] for one in course["teaches"]]


def test_the_overview_is_a_list_of_three_courses_or_more(shipped: FlaskClient) -> None:
    (courses,) = blocks(shipped.get("/courses").text)
    places = courses["itemListElement"]
    assert [one["position"] for one in places] == [1, 2, 3]
    for one in places:
        assert shipped.get(one["url"].removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_pay_stands_there_only_with_its_source(shipped: FlaskClient) -> None:
    def role() -> dict[str, Any]:
        page = shipped.get("/roles/ml-engineer").text
        (found,) = (one for one in blocks(page) if one["@type"] == "Occupation")
        assert list(faults(found)) == []
        return found

    page = shipped.get("/roles/ml-engineer").text
    assert "Source, country and year are not stated. This is no promise." in html.unescape(page)
    assert "estimatedSalary" not in role()
    guide = db.session.query(Manuscript).filter_by(kind=Kind.ROLE, slug="ml-engineer").one()
    document = dict(version(guide.id, guide.latest).document)
    named = {"country": "Utopia", "year": 2026, "source": "Office of Numbers"}
    document["salary"] = document["salary"] | named
    which, base = guide.id, guide.latest
    common = {"by": "test", "now": clock.now()}
    saved = atomically(
        editing.save, manuscript_id=which, base=base, document=document, **common
    ).number
    assert "estimatedSalary" not in role()  # a draft is not the public's
    atomically(editing.publish, manuscript_id=which, number=saved)
    entry = role()["estimatedSalary"][0]
    assert entry["value"] == {
        "@type": "QuantitativeValue",
        "minValue": 80000,
        "maxValue": 110000,
        "unitText": "YEAR",
    }
    assert role()["occupationLocation"]["name"] == "Utopia"
    assert "Utopia, 2026. Source: Office of Numbers." in shipped.get("/roles/ml-engineer").text


def test_certificates_say_when_they_were_checked(shipped: FlaskClient) -> None:
    page = re.sub(r"<[^>]+>|\s+", " ", shipped.get("/roles/ml-engineer").text)
    page = re.sub(r" +", " ", page)
    assert "(CSDP) Software development · No longer offered since 2014 · checked on 23 Nov" in page
    assert "Analytics Professional (CAP) Data science · not checked by us" in page


def test_links_above_a_page_are_told(shipped: FlaskClient) -> None:
    found = blocks(shipped.get("/courses/foundations").text)
    (trail,) = (one for one in found if one["@type"] == "BreadcrumbList")
    assert [one["name"] for one in trail["itemListElement"]] == ["Courses", "IT Foundations"]
    assert trail["itemListElement"][0]["item"] == "http://127.0.0.1:8000/courses"


def test_no_text_ends_the_block_early(app: object, client: FlaskClient) -> None:
    make.batch(1)
    title = "</script><script>alert(1)</script>"
    change = make.sa.text("UPDATE course SET title = :title")
    atomically(lambda: db.session.execute(change, {"title": title}) and None)
    page = client.get("/courses/course").text
    assert "<script>alert" not in page
    (course,) = (one for one in blocks(page) if one["@type"] == "Course")
    assert course["name"] == title
    assert breadcrumbs([("/", "Home")], title)["itemListElement"][1]["name"] == title


PREVIEW = re.compile(r'<meta property="og:(\w+)" content="([^"]*)">')


@pytest.mark.parametrize("path", ["/", "/courses/foundations", "/roles/ml-engineer", "/batches"])
def test_a_link_passed_on_has_a_preview(shipped: FlaskClient, path: str) -> None:
    """The four that ogp.me requires, and a picture that is there."""
    page = shipped.get(path).text
    told = dict(PREVIEW.findall(page))
    address = f"http://127.0.0.1:8000{path}"
    assert told.keys() >= {"title", "type", "image", "url", "description"}
    assert told["url"] == address
    assert f'<link rel="canonical" href="{address}">' in page
    picture = shipped.get(told["image"].removeprefix("http://127.0.0.1:8000"))
    assert picture.data.startswith(b"\x89PNG")


def test_personal_pages_name_no_address(client: FlaskClient) -> None:
    mine = make.registration(make.batch(1))
    for path in (f"/registrations/{mine.token}", "/registrations/sent", "/nowhere"):
        page = client.get(path).text
        assert "canonical" not in page
        assert "og:" not in page


def test_a_guide_can_be_passed_on_without_anybody_elses_script(shipped: FlaskClient) -> None:
    page = shipped.get("/roles/ml-engineer").text
    address = "http%3A//127.0.0.1%3A8000/roles/ml-engineer"
    assert f"mailto:?subject=Machine%20Learning%20Engineer&amp;body={address}" in page
    assert f"https://wa.me/?text=Machine%20Learning%20Engineer%20{address}" in page
    assert 'value="http://127.0.0.1:8000/roles/ml-engineer" readonly' in page
    assert all(one.startswith("/static/") for one in re.findall(r'<script src="([^"]+)"', page))
