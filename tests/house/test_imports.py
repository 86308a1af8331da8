"""Who may import whom: the table of the design, and nobody else."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HOUSE = ROOT / "enroll"

# Each subject may import those before it.
SUBJECTS = ["mail", "search", "accounts", "comments", "catalog", "batches", "registrations"]
FACES = {"site", "console"}
# What everybody may use: the foundation, and the shapes of requests.
FOUNDATION = {
    *("clock", "config", "db", "moves", "refusal", "forms"),
    *("addresses", "colours", "holes", "lists", "logo", "parcel", "phones"),
}
# May import anything.
ROOF = {"__init__", "backup", "cli", "cli_comments", "demo", "demo_talk", "doctor", "schema", "worker"}
# What both faces share.
SHARED = {"compressing", "languages", "logs", "moments", "prose", "shelf", "web"}
PURE = {
    "moves.py",
    "parcel.py",
    "refusal.py",
    "clock.py",
    "addresses.py",
    "colours.py",
    "accounts/duties.py",
    "batches/deadlines.py",
    "batches/states.py",
    "batches/weekly.py",
    "comments/bayes.py",
    "comments/evidence.py",
    "comments/folding.py",
    "comments/languages.py",
    "comments/likeness.py",
    "comments/rules.py",
    "comments/spotting.py",
    "comments/states.py",
    "comments/words.py",
    "catalog/coverage.py",
    "catalog/documents.py",
    "catalog/selfcheck.py",
    "catalog/shapes.py",
    "mail/envelope.py",
    "mail/retries.py",
    "mail/states.py",
    "registrations/consent.py",
    "registrations/counting.py",
    "registrations/foresight.py",
    "registrations/pace.py",
    "registrations/replay.py",
    "registrations/states.py",
    "search/kinds.py",
}
# What pure files may know of each other.
PURE_MODULES = {
    "enroll.moves",
    "enroll.catalog.coverage",
    "enroll.catalog.documents",
    "enroll.comments.bayes",
    "enroll.comments.evidence",
    "enroll.comments.folding",
    "enroll.comments.languages",
    "enroll.comments.spotting",
    "enroll.comments.words",
    "enroll.registrations.states",
}
# Tables and arithmetic of others: it reads no file, no clock and no network once it is imported.
PURE_LIBRARIES = {
    "addresses.py": {"rapidfuzz", "rapidfuzz.distance"},
    "comments/spotting.py": {"phonenumbers"},
}
REQUEST_NAMES = {"request", "session", "g"}
FILES = sorted(path.relative_to(HOUSE) for path in HOUSE.rglob("*.py"))


def imports(source: str) -> Iterator[tuple[str, str]]:
    """Every import, deferred ones too, as (module, name)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def rooms(source: str) -> Iterator[str]:
    """The rooms of the house that a source imports."""
    for module, name in imports(source):
        parts = module.split(".")
        if parts[0] == "enroll":
            yield parts[1] if len(parts) > 1 else name


def offences(path: Path, source: str) -> list[str]:
    """What this file imports and may not."""
    room = path.parts[0].removesuffix(".py")
    if room in ROOF:
        return []
    if room in FOUNDATION:
        allowed = FOUNDATION
    elif room in SHARED:
        allowed = FOUNDATION | SHARED
    elif room in FACES:
        allowed = FOUNDATION | SHARED | set(SUBJECTS) | {room}
    else:
        allowed = FOUNDATION | set(SUBJECTS[: SUBJECTS.index(room) + 1])
    found = [f"{path} imports {other}" for other in rooms(source) if other not in allowed]
    if path.as_posix() in PURE:
        found += [
            f"{path} is pure and imports {module}"
            for module, _ in imports(source)
            if module.split(".")[0] not in sys.stdlib_module_names
            and module not in PURE_MODULES | PURE_LIBRARIES.get(path.as_posix(), set())
        ]
    if room in SUBJECTS and path.as_posix() != "accounts/security.py":
        found += [
            f"{path} knows the request"
            for module, name in imports(source)
            if module == "flask" and name in REQUEST_NAMES
        ]
    return found


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_imports_only_what_it_may(path: Path) -> None:
    assert offences(path, (HOUSE / path).read_text()) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("mail/outbox.py", "from enroll.registrations.models import Registration"),
        ("batches/models.py", "def f():\n    from enroll.registrations import allocation"),
        ("registrations/allocation.py", "from enroll.site import home"),
        ("registrations/allocation.py", "from flask import request"),
        ("registrations/states.py", "import sqlalchemy"),
        ("site/home.py", "from enroll.console import roster"),
        ("db.py", "from enroll.web import day"),
        ("comments/rules.py", "import phonenumbers"),
    ],
)
def test_the_test_can_fail(path: str, source: str) -> None:
    assert offences(Path(path), source) != []


def test_everything_has_a_place_in_the_table() -> None:
    known = set(SUBJECTS) | FACES | FOUNDATION | ROOF | SHARED
    assert {path.parts[0].removesuffix(".py") for path in FILES} == known
    assert {path.as_posix() for path in FILES} >= PURE


# Slow to import and seldom needed: read where they are used, so that no start waits for them.
SELDOM = {"icalendar", "snowballstemmer", "xlsxwriter"}


def read_at_start(source: str) -> set[str]:
    """The packages a source imports as soon as it is imported itself."""
    lines = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {module.split(".")[0] for line in lines for module, _ in imports(ast.unparse(line))}


def test_no_start_waits_for_what_is_seldom_needed() -> None:
    for path in FILES:
        assert not read_at_start((HOUSE / path).read_text()) & SELDOM, path
    assert read_at_start("import os, xlsxwriter.worksheet\ndef f():\n    import icalendar") == {
        "os",
        "xlsxwriter",
    }
