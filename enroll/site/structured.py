"""What machines read on our pages: schema.org, in JSON-LD, and nothing that the page does not show.

The properties are those that Google documents for courses, and those of schema.org's vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from babel.numbers import get_currency_precision
from flask import current_app

from enroll.batches.models import Batch
from enroll.batches.states import BatchState
from enroll.catalog.models import Course, RoleGuide, Skill
from enroll.prose import markdown
from enroll.registrations.queries import Prospect
from enroll.site.share import picture_of

Thing = dict[str, Any]
CONTEXT = "https://schema.org"


def breadcrumbs(trail: Iterable[tuple[str, str]], here: str = "") -> Thing:
    """A BreadcrumbList of the links above a page; the page itself is the last one, without an address."""
    items: list[Thing] = [{"name": str(words), "item": _absolute(path)} for path, words in trail]
    if here:
        items.append({"name": here})
    return _top("BreadcrumbList", itemListElement=_numbered(items))


def site() -> Thing:
    """The first page: who we are, and where this site is searched."""
    template = _absolute("/search?q={words}")
    return _top(
        "WebSite",
        name=current_app.config["INSTITUTE_NAME"],
        url=_absolute("/"),
        publisher=_institute_in_full(),
        potentialAction={
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": template},
            "query-input": "required name=words",
        },
    )


def batch(met: Prospect) -> Thing:
    """A batch as the event it is (CourseInstance is one), with the course it teaches."""
    found = met.batch
    taught = {
        "@type": "Course",
        "name": found.course.title,
        "description": _plain(found.course.summary),
        "url": _absolute(f"/courses/{found.course.slug}"),
        "provider": _institute(),
    }
    is_off = found.state is BatchState.CALLED_OFF
    instance = _instance(met, found.course) | {
        "description": _plain(found.course.summary),
        "image": current_app.config["BASE_URL"] + picture_of(found),
        "organizer": _institute(),
        "about": taught,
        "offers": _offers([met]),
        "eventStatus": f"{CONTEXT}/{'EventCancelled' if is_off else 'EventScheduled'}",
    }
    instance.pop("@type")
    return _top("CourseInstance", **instance)


def course_list(courses: Sequence[Course]) -> Thing:
    """The overview: where each course stands."""
    places = [{"url": _absolute(f"/courses/{one.slug}")} for one in courses]
    return _top("ItemList", itemListElement=_numbered(places))


def course(found: Course, prospects: Sequence[Prospect]) -> Thing:
    """A Course with its coming batches (CourseInstance), modules (Syllabus) and skills."""
    skills = {cell.skill.slug: cell.skill for one in found.modules for cell in one.coverage}
    instances = [_instance(met, found) for met in prospects if met.batch.starts_on]
    return _top(
        "Course",
        url=_absolute(f"/courses/{found.slug}"),
        name=found.title,
        description=_plain(found.summary),
        provider=_institute(),
        educationalLevel=found.level,
        coursePrerequisites=found.prerequisites,
        teaches=[_term(one) for one in sorted(skills.values(), key=lambda one: one.position)],
        timeRequired=f"PT{found.weeks * found.hours_per_week}H",
        syllabusSections=[
            {
                "@type": "Syllabus",
                "name": module.title,
                "description": _plain(module.summary),
                "timeRequired": f"PT{module.hours}H",
            }
            for module in found.modules
        ],
        offers=_offers(prospects),
        hasCourseInstance=instances,
    )


def occupation(guide: RoleGuide) -> Thing:
    """An Occupation; its pay only where a source is named."""
    pay = guide.salary or {}
    has_source = all(pay.get(name) for name in ("source", "country", "year"))
    education = [one for one in guide.sections if one["slug"] == "education"]
    return _top(
        "Occupation",
        url=_absolute(f"/roles/{guide.slug}"),
        name=guide.title,
        description=_plain(guide.summary),
        skills=[_term(one) for one in guide.skills],
        educationRequirements=_plain(education[0]["body"]) if education else None,
        occupationalCategory=guide.occupation.get("onet"),
        estimatedSalary=[_band(band, pay) for band in pay["bands"]] if has_source else None,
        occupationLocation={"@type": "Country", "name": pay["country"]} if has_source else None,
    )


def skill(found: Skill) -> Thing:
    """A skill as a DefinedTerm, with the addresses other systems know it by."""
    return {"@context": CONTEXT, **_term(found)}


def _top(kind: str, **values: Any) -> Thing:
    """A thing with what is known of it: empty values are left out."""
    known = {name: value for name, value in values.items() if value not in (None, "", [])}
    return {"@context": CONTEXT, "@type": kind, **known}


def _numbered(things: Iterable[Thing]) -> list[Thing]:
    numbered = enumerate(things, start=1)
    return [{"@type": "ListItem", "position": number, **thing} for number, thing in numbered]


def _plain(text: str) -> str:
    """Markdown as words alone."""
    return markdown(text).striptags()


def _absolute(path: str) -> str:
    return f"{current_app.config['BASE_URL']}{path}"


def _institute() -> Thing:
    return {
        "@type": "Organization",
        "name": current_app.config["INSTITUTE_NAME"],
        "url": current_app.config["BASE_URL"],
    }


def _institute_in_full() -> Thing:
    """With what the foot of every page says."""
    config = current_app.config
    known = {
        "legalName": config["LEGAL_NAME"],
        "address": config["ADDRESS"],
        "telephone": config["TELEPHONE"],
        "email": config["INSTITUTE_EMAIL"],
    }
    return _institute() | {name: value for name, value in known.items() if value}


def _term(found: Skill) -> Thing:
    term: Thing = {
        "@type": "DefinedTerm",
        "name": found.name,
        "description": _plain(found.summary),
        "url": _absolute(f"/skills/{found.slug}"),
    }
    if found.esco:
        term["sameAs"] = found.esco
    if found.onet:
        term["termCode"] = found.onet[0]
    return term


def _band(band: dict[str, Any], pay: dict[str, Any]) -> Thing:
    reach: Thing = {
        "@type": "QuantitativeValue",
        "minValue": band["from"],
        "maxValue": None if band.get("open_ended") else band["to"],
        "unitText": pay["period"].upper(),
    }
    return {
        "@type": "MonetaryAmount",
        "name": band["level"],
        "currency": pay["currency"],
        "value": {name: value for name, value in reach.items() if value is not None},
    }


def _offers(prospects: Sequence[Prospect]) -> list[Thing]:
    return [_offer(met.batch) for met in prospects if met.batch.fee_currency]


def _offer(batch: Batch) -> Thing:
    price = (batch.fee_minor or 0) / 10 ** get_currency_precision(batch.fee_currency)
    return {
        "@type": "Offer",
        "category": "Paid" if price else "Free",
        "price": price,
        "priceCurrency": batch.fee_currency,
        "url": _absolute(f"/batches/{batch.code}"),
    }


def _instance(met: Prospect, of: Course) -> Thing:
    batch = met.batch
    found: Thing = {
        "@type": "CourseInstance",
        "name": batch.title,
        "url": _absolute(f"/batches/{batch.code}"),
        "courseMode": "Online" if batch.is_online else "Onsite",
        "courseWorkload": f"PT{of.weeks * of.hours_per_week}H",
        "startDate": batch.starts_on.isoformat(),
        "endDate": batch.ends_on.isoformat(),
        "inLanguage": batch.language,
        "location": {"@type": "VirtualLocation", "url": _absolute(f"/batches/{batch.code}")}
        if batch.is_online
        else {"@type": "Place", "name": batch.place, "address": batch.place},
        "maximumAttendeeCapacity": met.capacity,
        "remainingAttendeeCapacity": met.seats_left,
        "eventStatus": f"{CONTEXT}/EventScheduled",
    }
    if batch.teacher:
        found["instructor"] = {"@type": "Person", "name": batch.teacher}
    return found
