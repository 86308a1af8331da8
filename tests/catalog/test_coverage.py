"""The arithmetic of coverage, of gaps and of the self-check: by properties, without a database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from enroll.catalog.coverage import Cell, Curriculum, Flaw, Level, Unit, gaps, summary, warnings
from enroll.catalog.selfcheck import TOP, has_before, path

SKILLS = ["a", "b", "c", "d", "e"]
cells = st.dictionaries(
    st.sampled_from(SKILLS), st.builds(Cell, st.sampled_from(list(Level)), st.booleans())
)
units = st.builds(Unit, st.text("mno", min_size=1, max_size=4), st.just("A module"), cells)
standings = st.dictionaries(st.sampled_from(SKILLS), st.integers(0, TOP))


@st.composite
def catalogs(draw: st.DrawFn) -> list[Curriculum]:
    """Courses that require those before them, or give prerequisites in words, or nothing."""
    courses: list[Curriculum] = []
    for number in range(draw(st.integers(1, 6))):
        before = [course.slug for course in courses]
        courses.append(
            Curriculum(
                slug=f"course-{number}",
                title="A course",
                units=draw(st.lists(units, max_size=4)),
                requires=draw(st.lists(st.sampled_from(before), unique=True)) if before else [],
                prerequisites=draw(st.sampled_from([[], ["Some Python"]])),
                hours=draw(st.integers(1, 400)),
            )
        )
    return courses


@given(st.lists(cells), cells)
def test_one_module_more_never_lowers_anything(parts: list[dict], more: dict) -> None:
    before, after = summary(parts), summary([*parts, more])
    assert before.keys() <= after.keys()
    for skill, cell in before.items():
        assert after[skill].level.rank >= cell.level.rank
        assert after[skill].assessed >= cell.assessed


@given(st.lists(cells), st.randoms())
def test_the_order_of_modules_makes_no_difference_to_what_they_add_up_to(
    parts: list[dict], random: object
) -> None:
    mixed = list(parts)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert summary(parts) == summary(mixed)


@given(catalogs(), units)
def test_one_module_more_opens_no_gap(courses: list[Curriculum], more: Unit) -> None:
    before = gaps(SKILLS, courses)
    richer = Curriculum(
        slug=courses[0].slug, title="A course", units=[*courses[0].units, more], hours=1
    )
    assert set(gaps(SKILLS, [richer, *courses[1:]]).unmastered) <= set(before.unmastered)


def test_the_two_gap_reports() -> None:
    idle = Unit("idle", "Idle", {"z": Cell(Level.MASTERED)})
    busy = Unit("busy", "Busy", {"a": Cell(Level.MASTERED), "b": Cell(Level.REINFORCED)})
    course = Curriculum("x", "X", [idle, busy, Unit("empty", "Empty")])
    found = gaps(["a", "b", "c"], [course])
    assert list(found.unmastered) == ["b", "c"]
    assert [unit.slug for _, unit in found.idle] == ["idle", "empty"]


def test_warnings() -> None:
    first = Unit("1", "One", {"a": Cell(Level.INTRODUCED), "b": Cell(Level.MASTERED, True)})
    second = Unit("2", "Two", {"a": Cell(Level.MASTERED), "c": Cell(Level.MASTERED, True)})
    course = Curriculum("x", "X", [first, second])
    assert warnings(course, {}) == [
        ("b", Flaw.NOT_INTRODUCED),
        ("c", Flaw.NOT_INTRODUCED),
        ("a", Flaw.NOT_ASSESSED),
    ]
    before = {"b": Cell(Level.INTRODUCED), "c": Cell(Level.REINFORCED)}
    assert warnings(course, before) == [("a", Flaw.NOT_ASSESSED)]


# ---------------------------------------------------------------- the path


@given(catalogs(), standings, st.randoms())
def test_the_path_does_not_depend_on_the_order_of_lists(
    courses: list[Curriculum], standing: dict[str, int], random: object
) -> None:
    skills, listed = list(SKILLS), list(courses)
    random.shuffle(skills)  # type: ignore[attr-defined]
    random.shuffle(listed)  # type: ignore[attr-defined]
    first, second = path(SKILLS, standing, courses), path(skills, standing, listed)
    assert [step.course.slug for step in first.steps] == [step.course.slug for step in second.steps]
    assert first.after == second.after


@given(catalogs())
def test_whoever_has_no_skill_never_begins_with_a_course_that_wants_some(
    courses: list[Curriculum],
) -> None:
    way = path(SKILLS, {}, courses)
    if way.steps:
        first = way.steps[0].course
        assert not first.requires
        assert not first.prerequisites


@given(catalogs(), standings)
def test_every_step_closes_something_and_comes_when_its_time_has_come(
    courses: list[Curriculum], standing: dict[str, int]
) -> None:
    way = path(SKILLS, standing, courses)
    by_slug = {course.slug: course for course in courses}
    taken: set[str] = set()
    now = dict(standing)
    for step in way.steps:
        assert step.closes > 0
        ready = has_before(step.course, now, by_slug)
        assert ready or (step.course.requires and taken.issuperset(step.course.requires))
        assert step.course.slug not in taken
        taken.add(step.course.slug)
        for skill, cell in step.course.cells.items():
            now[skill] = max(now.get(skill, 0), cell.level.rank + 1)
    assert all(way.after[skill] == now.get(skill, 0) for skill in SKILLS)
    assert way.missing(SKILLS) == [skill for skill in SKILLS if now.get(skill, 0) < TOP]


@given(catalogs(), standings)
def test_the_first_step_closes_most_of_what_is_open_to_the_person(
    courses: list[Curriculum], standing: dict[str, int]
) -> None:
    way = path(SKILLS, standing, courses)
    by_slug = {course.slug: course for course in courses}

    def closes(course: Curriculum) -> int:
        levels = {skill: cell.level.rank + 1 for skill, cell in course.cells.items()}
        return sum(max(0, levels.get(skill, 0) - standing.get(skill, 0)) for skill in SKILLS)

    best = max(
        (closes(course) for course in courses if has_before(course, standing, by_slug)), default=0
    )
    assert (way.steps[0].closes if way.steps else 0) == best


def test_whoever_can_do_everything_is_sent_nowhere() -> None:
    course = Curriculum("x", "X", [Unit("1", "One", {"a": Cell(Level.MASTERED)})])
    way = path(["a"], {"a": TOP}, [course])
    assert list(way.steps) == []
    assert way.missing(["a"]) == []
