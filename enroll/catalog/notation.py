"""YAML as the catalog writes it: read with the line of every value, written to be read by people.

Reading is strict where YAML is full of surprises: no aliases, no key twice, dates stay text, and
whatever bytes a file holds, they end in complaints with lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flask_babel
import yaml

from enroll.catalog.documents import Path

gettext: Callable[..., str] = flask_babel.gettext  # it ships no types

LARGEST = 1_000_000  # bytes of a file
DEEPEST = 20  # values inside each other; a course has 7
WIDEST = 120  # characters of a list in one line

_TAG = "tag:yaml.org,2002:"
_PLAIN_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})", re.ASCII)
# What other programs might read as something else than text (YAML 1.2, and YAML 1.1's booleans).
_AMBIGUOUS = re.compile(
    r"[-+.]?[0-9][0-9_.,:]*(e[-+]?[0-9]+)?|0[box][0-9a-f_]+"
    r"|y|n|yes|no|on|off|true|false|null|~|[-+.]*(inf|nan)",
    re.ASCII | re.IGNORECASE,
)


class Source(NamedTuple):
    """A file that was read: its document, the line of each path in it, and what YAML found wrong."""

    document: Any
    lines: Mapping[Path, int]
    complaints: list[tuple[int, str]]  # line from 1, or 0 for the whole file; words

    @property
    def is_readable(self) -> bool:
        """Whether there is a document at all, be it a wrong one."""
        return bool(self.lines)

    def line(self, path: Path) -> int:
        """Where the value of this path stands, or whatever holds it if it is not there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


# ---------------------------------------------------------------- reading


def read(raw: bytes) -> Source:
    """Read one file. If it is no YAML at all, there is no document, but a complaint."""
    if len(raw) > LARGEST:
        return unreadable(0, gettext("This file is too large: at most 1 MB is read."))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return unreadable(line, gettext("This is not UTF-8 text."))
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return unreadable(line, gettext("There is a character here that no text has."))
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = error.problem or error.context or ""
        line = mark.line + 1 if mark else 0
        return unreadable(line, gettext("This is not YAML: %(why)s.", why=why))
    except (ValueError, OverflowError):  # numbers of characters and versions that cannot be
        words = gettext("This is not YAML: %(why)s.", why=gettext("there is no such character"))
        return unreadable(loader.line + 1, words)
    if node is None:
        return unreadable(0, gettext("This file is empty."))
    reading = _Reading()
    return Source(reading.value(node, ()), reading.lines, reading.complaints)


def unreadable(line: int, words: str) -> Source:
    """What was read of a file that cannot be read."""
    return Source(None, {}, [(line, words)])


class _Loader(yaml.SafeLoader):
    """Refuses aliases (ten lines of them can mean a billion values) and endless depth."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        mark: Any = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            why = gettext("an alias (*) is not possible here; write the value again")
            raise yaml.composer.ComposerError(None, None, why, mark)
        self._depth += 1
        if self._depth > DEEPEST:
            why = gettext("there are too many values inside each other")
            raise yaml.composer.ComposerError(None, None, why, mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Reading:
    """Turns nodes into values, and remembers where each stood."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.complaints: list[tuple[int, str]] = []

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.value(one, (*path, number)) for number, one in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag.startswith(_TAG):
            return _scalar(node.tag.removeprefix(_TAG), node.value)
        words = gettext("A tag (!) is not possible here.")
        self.complaints.append((node.start_mark.line + 1, words))
        return None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.complaints.append((line, gettext("A key must be a word.")))
            elif key.value in found:
                words = gettext("The key “%(key)s” is here twice.", key=printable(key.value))
                self.complaints.append((line, words))
            else:
                self.lines[(*path, key.value)] = line
                found[key.value] = self.value(value, (*path, key.value))
        return found


def _scalar(tag: str, text: str) -> Any:
    """The value of a scalar. A date stays text, and so does a number that is not written plainly."""
    if tag == "null":
        return None
    if tag == "bool":
        return yaml.SafeLoader.bool_values.get(text.lower(), text)
    if tag == "int" and _PLAIN_NUMBER.fullmatch(text):
        return int(text)
    if tag == "float":
        return float("nan")  # no key takes one, which the check says
    return text


def printable(text: str, longest: int = 60) -> str:
    """The text fit to stand in a sentence, whatever it holds."""
    shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


# ---------------------------------------------------------------- writing


def write(document: Mapping[str, Any]) -> str:
    """The document as YAML, its keys in the order they have; the same document gives the same text."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, allow_unicode=True, width=10**9, sort_keys=False
    )
    return text


class _Dumper(yaml.SafeDumper):
    """Long texts as blocks, short lists and the cells of a coverage in one line."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def choose_scalar_style(self) -> str:
        style: str = super().choose_scalar_style()
        is_plainer = not set(getattr(self.event, "value", "")) & set('"\\\n')
        return '"' if style == "'" and is_plainer else style


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = None
    if "\n" in text:
        style = "|"
    elif _AMBIGUOUS.fullmatch(text):
        style = '"'
    return dumper.represent_scalar(_TAG + "str", text, style=style)


def _list(dumper: _Dumper, values: list[Any]) -> yaml.Node:
    is_short = all(isinstance(one, str) and "\n" not in one for one in values)
    in_line = is_short and sum(len(one) + 2 for one in values) <= WIDEST
    return dumper.represent_sequence(_TAG + "seq", values, flow_style=in_line)


def _mapping(dumper: _Dumper, values: dict[str, Any]) -> yaml.Node:
    is_cell = values.keys() >= {"skill", "level"}
    return dumper.represent_mapping(_TAG + "map", values, flow_style=is_cell)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _mapping)
