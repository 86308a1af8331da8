"""The catalog goes to files and comes back without loss; a folder with a mistake changes nothing."""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from hypothesis import HealthCheck, given, settings

from enroll.catalog.documents import Kind
from enroll.catalog.editing import begin, publish, save
from enroll.catalog.files import SHIPPED, NotOurs, dump_catalog, load_catalog, write_folder
from enroll.catalog.folders import BadContent
from enroll.catalog.models import Course, Manuscript, RoleGuide, Skill, Version
from enroll.catalog.notation import write
from enroll.catalog.published import document_of, skill_list
from enroll.db import atomically, db
from tests.catalog.writing import catalogs
from tests.contents import contents

NOW = datetime.fromisoformat("2026-11-23T08:00:00+00:00")


def load(folder: Path) -> int:
    return atomically(load_catalog, folder=folder, now=NOW)


def dump() -> dict[str, str]:
    db.session.rollback()
    return dump_catalog()


def empty() -> None:
    """Delete every row."""

    def verb() -> None:
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(sa.delete(table))

    atomically(verb)
    db.session.remove()


def told() -> dict[str, Any]:
    """What the public's tables and the manuscripts hold, without the numbers of their rows."""
    db.session.rollback()
    versions = db.session.execute(
        sa.select(Manuscript, Version.number, Version.document).join(
            Version, Version.manuscript_id == Manuscript.id
        )
    )
    return {
        "skills": skill_list(),
        "positions": [one.position for one in db.session.scalars(sa.select(Skill).order_by(Skill.slug))],
        "guides": {one.slug: document_of(one) for one in db.session.scalars(sa.select(RoleGuide))},
        "courses": {
            one.slug: (one.position, document_of(one)) for one in db.session.scalars(sa.select(Course))
        },
        "written": {
            (one.kind, one.slug): (one.latest, one.published, number, document)
            for one, number, document in versions
        },
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped catalog, to be spoilt."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "catalog"))


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def run(app: Flask, *args: object) -> Result:
    return app.test_cli_runner().invoke(args=["catalog", *map(str, args)])


def complaints(folder: Path) -> list[str]:
    """What the refusal says; nothing may have changed."""
    before = contents()
    with pytest.raises(BadContent) as refusal:
        load(folder)
    assert contents() == before
    return str(refusal.value).splitlines()


# ---------------------------------------------------------------- there and back


@pytest.mark.usefixtures("app")
def test_what_was_loaded_comes_out_and_goes_in_again(tmp_path: Path) -> None:
    assert load(SHIPPED) == 6
    first, before = dump(), told()
    assert len(before["skills"]) == 10
    assert len(before["written"]) == 6
    assert sorted(first) == sorted(
        path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*.yaml")
    )
    assert dump() == first
    write_folder(tmp_path / "dump", first)
    empty()
    assert dump() == {}
    load(tmp_path / "dump")
    assert dump() == first
    again = told()
    assert again == before


@pytest.mark.usefixtures("app")
def test_loading_twice_or_what_was_dumped_changes_nothing(tmp_path: Path) -> None:
    load(SHIPPED)
    before = contents()
    load(SHIPPED)
    write_folder(tmp_path / "dump", dump())
    load(tmp_path / "dump")
    assert contents() == before


@pytest.mark.usefixtures("app")
def test_a_change_in_one_file_is_one_version(folder: Path) -> None:
    load(folder)
    before = contents()["manuscript_version"]
    spoil(folder / "courses/mlops.yaml", "weeks: 10", "weeks: 11")
    load(folder)
    after = contents()["manuscript_version"]
    assert len(after) == len(before) + 1
    assert set(before) < set(after)
    assert "weeks: 11" in dump()["courses/mlops.yaml"]


@pytest.mark.usefixtures("app")
def test_tables_from_before_versions_were_kept_come_out_too(tmp_path: Path) -> None:
    load(SHIPPED)
    before = told()

    def forget() -> None:
        db.session.execute(sa.delete(Version))
        db.session.execute(sa.delete(Manuscript))

    atomically(forget)
    texts = dump()
    assert len(texts) == 6
    write_folder(tmp_path / "dump", texts)
    for fresh in (False, True):  # into the same tables, and into empty ones
        if fresh:
            empty()
        load(tmp_path / "dump")
        assert told() | {"written": {}} == before | {"written": {}}
        assert dump() == texts


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "15")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(catalog=catalogs())
def test_no_catalog_is_lost_on_the_way(
    app: Flask, tmp_path: Path, catalog: list[tuple[Kind, dict[str, Any]]]
) -> None:
    """Whatever the check lets through: columns hold it, pages show it, not a letter of it is lost."""
    empty()
    shutil.rmtree(tmp_path / "files", ignore_errors=True)
    shutil.rmtree(tmp_path / "dump", ignore_errors=True)
    places = {Kind.SKILLS: "skills.yaml", Kind.ROLE: "roles/{}.yaml", Kind.COURSE: "courses/{}.yaml"}
    written = {places[kind].format(one.get("slug")): write(one) for kind, one in catalog}
    write_folder(tmp_path / "files", written)
    load(tmp_path / "files")
    for kind, document in catalog:
        slug = document.get("slug", "skills")
        row = sa.select(Manuscript).where(Manuscript.kind == kind, Manuscript.slug == slug)
        found = db.session.scalars(row).one()
        assert db.session.get_one(Version, (found.id, found.published)).document == document
        if kind is not Kind.SKILLS:
            page = app.test_client().get(f"/{kind.value}s/{slug}")
            assert page.status_code == 200
    before, texts = told(), dump()
    assert set(texts) == set(written)
    write_folder(tmp_path / "dump", texts)
    empty()
    load(tmp_path / "dump")
    assert dump() == texts
    again = told()
    assert again == before


@pytest.mark.usefixtures("app")
def test_drafts_are_not_in_a_dump() -> None:
    load(SHIPPED)
    before = dump()
    course = db.session.scalars(sa.select(Manuscript).where(Manuscript.slug == "mlops")).one()
    document = db.session.get_one(Version, (course.id, 1)).document
    made = atomically(
        save,
        manuscript_id=course.id,
        base=1,
        document=document | {"title": "Draft"},
        by="ada",
        now=NOW,
    )
    atomically(
        begin, kind=Kind.COURSE, document=document | {"slug": "new", "title": "New"}, by="ada", now=NOW
    )
    assert dump() == before
    atomically(publish, manuscript_id=course.id, number=made.number)
    assert "title: Draft" in dump()["courses/mlops.yaml"]


# ---------------------------------------------------------------- the commands


def test_the_commands_say_what_they_did(app: Flask, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "dump"
    for args in (("load",), ("dump", target), ("dump", target), ("load", target)):
        done = run(app, *args)
        assert done.exit_code == 0, done.output
        assert "6 entries" in done.output
    assert {name: (target / name).read_text() for name in dump()} == dump()


def test_every_mistake_is_told_with_file_and_line(app: Flask, folder: Path) -> None:
    foundations, guide = folder / "courses/foundations.yaml", folder / "roles/ml-engineer.yaml"
    spoil(foundations, "weeks: 8", "weeks: 0")
    spoil(foundations, "    hours: 14", "    hours: many")
    spoil(folder / "courses/mlops.yaml", "requires: [ml-engineering]", "requires: [alchemy]")
    spoil(folder / "courses/mlops.yaml", "skill: teamwork", "skill: telepathy")
    spoil(guide, "related: [business-analyst]", "related: [wizard]")
    spoil(guide, "currency: USD", "currency: EUR\n  currency: USD")
    (folder / "roles/broken.yaml").write_bytes(b"slug: broken\ntitle: \xff\n")
    (folder / "roles/other.yml").write_text("slug: other\n")
    before = contents()
    done = run(app, "load", folder)
    assert done.exit_code == 2
    assert contents() == before
    assert done.stdout == ""
    *lines, last = done.stderr.splitlines()
    assert last == "Nothing was changed: 8 problems."
    for place, what in (
        ("roles/other.yml", "are read"),
        ("roles/broken.yaml, line 2", "UTF-8"),
        ("roles/ml-engineer.yaml, line 5", "wizard"),
        (_place(folder, "roles/ml-engineer.yaml", "currency: USD"), "twice"),
        ("courses/foundations.yaml, line 5", "weeks: Write a whole number"),
        (_place(folder, "courses/foundations.yaml", "hours: many"), "modules.2.hours"),
        ("courses/mlops.yaml, line 17", "alchemy"),
        (_place(folder, "courses/mlops.yaml", "telepathy"), "modules.5.coverage.3.skill"),
    ):
        assert [line for line in lines if line.startswith(f"{place}: ") and what in line], place
    assert len(lines) == 8


def _place(folder: Path, name: str, words: str) -> str:
    lines = (folder / name).read_text().splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if words in line]
    return f"{name}, line {number}"


@pytest.mark.parametrize(
    "raw",
    [b"\x00\x01\x02", b"[" * 5_000, b"- a\n- b\n", b"42\n", b"a: *a\n", b"\xff" * 2_000_000],
    ids=["binary", "deep", "list", "number", "alias", "large"],
)
def test_no_bytes_make_a_traceback(app: Flask, folder: Path, raw: bytes) -> None:
    names = ["skills.yaml", "roles/ml-engineer.yaml", "courses/mlops.yaml"]
    for name in names:
        (folder / name).write_bytes(raw)
    done = run(app, "load", folder)
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    # One line each: what names something in these files is not blamed for it.
    *lines, _ = done.stderr.splitlines()
    assert [line.split(":")[0].split(",")[0] for line in lines] == names


@pytest.mark.usefixtures("app")
def test_what_is_no_file_is_not_read(folder: Path) -> None:
    (folder / "courses/folder.yaml").mkdir()
    os.mkfifo(folder / "courses/pipe.yaml")
    (folder / "courses/nowhere.yaml").symlink_to(folder / "nothing")
    (folder / "extra.yaml").write_text("a: 1\n")
    (folder / "courses/x\x1b[31m.yml").write_text("a: 1\n")
    told = complaints(folder)
    assert len(told) == 5
    assert all(line.isprintable() for line in told)


@pytest.mark.usefixtures("app")
def test_an_empty_folder_is_not_a_catalog(tmp_path: Path) -> None:
    (tmp_path / "roles").mkdir()
    [line] = complaints(tmp_path)
    assert "skills.yaml" in line


@pytest.mark.usefixtures("app")
def test_two_files_cannot_have_the_same_slug(folder: Path) -> None:
    shutil.copy(folder / "courses/mlops.yaml", folder / "courses/zzz.yaml")
    [line] = complaints(folder)
    assert line.startswith("courses/zzz.yaml, line 1: slug: ")
    assert "courses/mlops.yaml" in line


# ---------------------------------------------------------------- what names what


@pytest.mark.usefixtures("app")
def test_what_a_file_names_may_be_in_the_database(folder: Path) -> None:
    shutil.rmtree(folder / "roles")
    shutil.move(folder / "skills.yaml", folder.parent)
    (folder / "courses/foundations.yaml").unlink()
    lines = complaints(folder)
    cells = sum(path.read_text().count("{skill: ") for path in folder.rglob("*.yaml"))
    assert len([line for line in lines if "no skill" in line]) == cells > 30
    assert [line for line in lines if "no skill" not in line] == [
        "courses/ml-engineering.yaml, line 18: requires.1: There is no course “foundations”.",
        "courses/ml-engineering.yaml, line 19: roles.1: There is no role guide “ml-engineer”.",
        "courses/mlops.yaml, line 18: roles.1: There is no role guide “ml-engineer”.",
    ]
    load(SHIPPED)
    assert load(folder) == 2
    assert load(folder) == 2


@pytest.mark.usefixtures("app")
def test_a_list_without_skills_has_none_of_those_that_are_named(folder: Path) -> None:
    for already_there in (False, True):
        (folder / "skills.yaml").write_text("skills: []\n")
        assert all("There is no skill" in line for line in complaints(folder))
        if not already_there:
            load(SHIPPED)


@pytest.mark.usefixtures("app")
def test_a_skill_that_is_renamed_everywhere_is_one_load(folder: Path) -> None:
    load(folder)
    for path in folder.rglob("*.yaml"):
        path.write_text(path.read_text().replace("teamwork", "working-together"))
    load(folder)
    assert "teamwork" not in {entry["slug"] for entry in skill_list()}
    assert "working-together" in {entry["slug"] for entry in skill_list()}
    assert [entry["slug"] for entry in skill_list()][-1] == "working-together"


@pytest.mark.usefixtures("app")
def test_a_skill_that_something_still_names_cannot_leave(folder: Path) -> None:
    load(folder)
    shutil.rmtree(folder / "courses")
    shutil.rmtree(folder / "roles")
    spoil(folder / "skills.yaml", "slug: teamwork", "slug: another")
    [line] = complaints(folder)
    assert line.startswith("skills.yaml, line 3: ")
    assert "teamwork" in line


# ---------------------------------------------------------------- writing


def test_a_folder_with_anything_else_is_refused(app: Flask, tmp_path: Path) -> None:
    load(SHIPPED)
    for name in ("notes.txt", "roles/old.yaml", ".hidden", "deep/er.yaml"):
        target = tmp_path / name.replace("/", "-")
        (target / name).parent.mkdir(parents=True)
        (target / name).write_text("mine")
        done = run(app, "dump", target)
        assert done.exit_code == 1
        assert isinstance(done.exception, SystemExit)
        assert name.split("/")[0] in done.stderr
        assert [path for path in target.rglob("*") if path.is_file()] == [target / name]
        assert (target / name).read_text() == "mine"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("mine")
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "skills.yaml").symlink_to(other)
    with pytest.raises(NotOurs):
        write_folder(tmp_path / "dump", {"skills.yaml": "new"})
    assert other.read_text() == "mine"


def test_a_dump_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "dump"
    write_folder(target, {"skills.yaml": "old", "roles/a.yaml": "old"})
    real = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "a.yaml":
            raise OSError(28, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="space"):
        write_folder(target, {"skills.yaml": "new", "roles/a.yaml": "new"})
    assert sorted(path.name for path in target.rglob("*")) == ["a.yaml", "roles", "skills.yaml"]
    assert (target / "skills.yaml").read_text() == "old"


def test_the_clock_is_not_in_the_files(app: Flask) -> None:
    load(SHIPPED)
    written = "".join(dump().values())
    shipped = "".join(path.read_text() for path in SHIPPED.rglob("*.yaml"))
    dates = re.compile(r"\d{4}-\d\d-\d\d")
    assert set(dates.findall(written)) == set(dates.findall(shipped))
