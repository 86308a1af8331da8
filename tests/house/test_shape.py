"""The size and the manners of the code: what rots first in every house of this kind."""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path

import pytest

from tests.house.test_imports import FILES, HOUSE

BANNED = {"utils", "helpers", "services", "managers", "common"}
SQL_CLOCKS = r"CURRENT_TIMESTAMP|func\.now\(|datetime\('now'\)|\bnow\(\)::"


def code(path: Path) -> str:
    """The source without its comments and docstrings."""
    return ast.unparse(_bare(ast.parse((HOUSE / path).read_text())))


def _bare(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and len(body) > 1 and _is_docstring(body[0]):
            del body[0]
    return tree


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = (HOUSE / path).read_text()
    assert text.count("\n") <= 300
    assert path.stem not in BANNED
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "each file has its sentence"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 40, node.name


def places(pattern: str) -> set[str]:
    return {path.as_posix() for path in FILES if re.search(pattern, code(path))}


def test_only_the_edge_commits() -> None:
    assert places(r"session\.commit\(") == {"db.py"}


def test_only_the_allocation_moves_registrations_and_takes_seats() -> None:
    states = places(r"(registration|one|new|old|other)\.state = |\.seat_number = ")
    # The triggers only compare, in SQL.
    assert states - {"registrations/triggers.py"} == {"registrations/allocation.py"}
    assert places(r"taken=(True|False)") == {"registrations/seats.py"}


def test_only_one_file_reads_the_clock_and_no_statement_does() -> None:
    assert places(r"datetime\.now\(|utcnow\(|time\.time\(") == {"clock.py"}
    assert places(SQL_CLOCKS) == set()


def test_every_subject_says_what_it_owns() -> None:
    for room in HOUSE.iterdir():
        if (room / "__init__.py").is_file():
            assert ast.get_docstring(ast.parse((room / "__init__.py").read_text())), room.name


def test_code_of_others_is_as_it_came() -> None:
    """Each file beside VENDORED.md is named there with its SHA-256."""
    vendor = HOUSE / "static" / "vendor"
    told = (vendor / "VENDORED.md").read_text()
    kept = [one for one in vendor.rglob("*") if one.is_file() and one.suffix not in (".gz", ".br")]
    assert len(kept) > 3
    for path in kept:
        if path.name != "VENDORED.md":
            line = next(row for row in told.splitlines() if f"`{path.relative_to(vendor)}`" in row)
            assert hashlib.sha256(path.read_bytes()).hexdigest() in line, path


def pairs_offered(source: str) -> list[str]:
    """Choices of a form that are bare pairs, where WTForms wants `SelectChoice`."""
    given = [
        node.value
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.keyword) and node.arg == "choices")
        or (isinstance(node, ast.Assign) and "choices" in ast.unparse(node.targets[0]))
    ]
    lists = [value for value in given if isinstance(value, ast.List | ast.ListComp)]
    offered = [one for value in lists for one in getattr(value, "elts", [getattr(value, "elt", 0)])]
    return [ast.unparse(one) for one in offered if isinstance(one, ast.Tuple)]


def test_choices_are_no_bare_pairs() -> None:
    forms = [path for path in FILES if "wtforms" in (HOUSE / path).read_text()]
    assert {path: pairs for path in forms if (pairs := pairs_offered((HOUSE / path).read_text()))} == {}
    for planted in ("RadioField(choices=[(1, 'one')])", "form.to.choices = [(n, f(n)) for n in to]"):
        assert pairs_offered(planted) != []
