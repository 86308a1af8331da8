"""Any bytes end in a document or in a complaint with its line; any document comes back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from enroll.catalog.documents import Kind
from enroll.catalog.notation import LARGEST, read, write
from enroll.catalog.shapes import SHAPES, ordered
from tests.catalog.writing import AWKWARD, AWKWARD_LINES, values

SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck))

STEPS = zip("abcdef", "bcdefg", strict=True)
BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in STEPS)


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"a: 1\nb: [1\nc: 2\n", 3, "not YAML"),
        (b"a: 1\nb: x: y\n", 2, "not YAML"),
        (b"a: 1\n\tb: 2\n", 2, "not YAML"),
        (b"a: 'open\n", 2, "not YAML"),
        (b"a: 1\n---\nb: 2\n", 2, "not YAML"),
        (BOMB.encode(), 2, "alias"),
        (b"a: &a\n  - *a\n", 2, "alias"),
        (b"a: 1\nb: " + b"[" * 100_000, 2, "inside each other"),
        (b"\n" + b"{a: " * 5_000, 2, "inside each other"),
        (b"a: 1\n" * 250_000, 0, "1 MB"),
        (b"a: 1\nb: \xff\xfe\n", 2, "UTF-8"),
        ("a: é\n".encode("utf-16"), 1, "UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "character"),
        (b"a: 1\nb: \x1b[31m\n", 2, "character"),
        (b'a: 1\nb: "\\UFFFFFFFF"\n', 2, "character"),
        (b"%YAML 1." + b"9" * 5_000 + b"\n---\na: 1\n", 1, "not YAML"),
        (b"", 0, "empty"),
        (b"# nothing\n", 0, "empty"),
        (b"a: 1\nb: 2\na: 3\n", 3, "twice"),
        (b"a:\n  - {b: 1, c: 2, b: 3}\n", 2, "twice"),
        (b"a: 1\n? [b]\n: 2\n", 2, "word"),
        (b"a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "tag"),
        (b"a: 1\nb: !x y\n", 2, "tag"),
        (b"a: 1\nb: !!set {x, y}\n", 2, "tag"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(raw: bytes, line: int, words: str) -> None:
    [(found, told)] = read(raw).complaints
    assert words in told
    assert found == line


def test_the_largest_file_is_still_read() -> None:
    raw = b"a: |\n" + b" x" * (LARGEST // 2 - 5) + b"\n"
    assert len(raw) <= LARGEST
    assert read(raw).complaints == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-23", "2026-11-23"),
        ("2026-11-23 10:00:00", "2026-11-23 10:00:00"),
        ("12:30", "12:30"),
        ("017", "017"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("9" * 5_000, "9" * 5_000),
        ("8", 8),
        ("-3", -3),
        ("yes", True),
        ("null", None),
        ("''", ""),
        ("'8'", "8"),
        ("=", "="),
        ("!!bool maybe", "maybe"),
        ("!!int x", "x"),
    ],
)
def test_what_yaml_would_turn_into_something_else_stays_text(text: str, value: object) -> None:
    source = read(f"a: {text}\n".encode())
    assert source.document == {"a": value}
    assert source.complaints == []


def test_every_value_has_its_line() -> None:
    source = read(b"# first\na: 1\nb:\n  - c: 2\n    d:\n      e\n  - [x,\n     y]\n")
    assert source.line(("a",)) == 2
    assert source.line(("b",)) == 3
    assert source.line(("b", 0)) == 4
    assert source.line(("b", 0, "d")) == 5
    assert source.line(("b", 1, 1)) == 8
    assert source.line(("b", 0, "missing", "deeper")) == 4
    assert source.line(("missing",)) == 2


@SLOW
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode(errors="replace")))
@example(b"\xef\xbb\xbf")
@example(b"--- |1-\n")
@example(b'"\\xZZ"')
@example(b"!<%FF> a")
@example(b"<<: {a: 1}\n")
def test_any_bytes_are_answered(raw: bytes) -> None:
    source = read(raw)
    assert source.is_readable or source.complaints


@SLOW
@given(st.text(alphabet="ab:-?|>&*!%@[]{},#'\"\\ \n\t0", max_size=60))
def test_any_text_of_signs_is_answered(text: str) -> None:
    source = read(text.encode())
    assert source.is_readable or source.complaints


@settings(SLOW, max_examples=200)
@given(st.data(), st.sampled_from(Kind))
def test_a_document_comes_back_as_it_was(data: st.DataObject, kind: Kind) -> None:
    document = data.draw(values(SHAPES[kind]))
    text = write(document)
    source = read(text.encode())
    assert source.complaints == []
    assert source.document == document
    assert write(ordered(SHAPES[kind], source.document)) == text
    assert yaml.safe_load(text) == document  # for other programs too


@pytest.mark.parametrize("text", [*AWKWARD, *AWKWARD_LINES, ""], ids=repr)
def test_awkward_texts_come_back_in_every_place(text: str) -> None:
    document = {"a": text, "b": [text, text], "c": [{"d": text}], "e": [[text, 1]], text: {"f": text}}
    written = write(document)
    assert read(written.encode()).document == document
    assert "*" not in written or "*" in text  # equal values are no aliases


def test_long_texts_are_blocks_and_every_script_is_readable() -> None:
    text = write({"a": "One.\n\n- two: «três»\n", "b": "مرحبا 🧑🏽‍💻", "c": "1e3", "d": ["x" * 90, "y" * 90]})
    assert text == (
        "a: |\n  One.\n\n  - two: «três»\nb: مرحبا 🧑🏽‍💻\n"
        'c: "1e3"\nd:\n  - ' + "x" * 90 + "\n  - " + "y" * 90 + "\n"
    )


def test_the_shipped_files_are_written_as_people_wrote_them() -> None:
    path = Path(__file__).parents[2] / "enroll/catalog/content/courses/mlops.yaml"
    document = read(path.read_bytes()).document
    written = write(ordered(SHAPES[Kind.COURSE], document)).splitlines()
    people = path.read_text().splitlines()
    assert len(set(people) - set(written)) < len(people) * 0.1
