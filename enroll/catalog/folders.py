"""A folder of catalog files, read whole, and every complaint about it with its file and line."""

from __future__ import annotations

import pathlib as files
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from enroll.catalog.checking import problems
from enroll.catalog.documents import Kind, Path, references, slugs_in
from enroll.catalog.notation import LARGEST, Source, gettext, printable, read, unreadable
from enroll.refusal import Refused

SKILLS = "skills.yaml"
FOLDERS = {Kind.ROLE: "roles", Kind.COURSE: "courses"}


class Complaint(NamedTuple):
    """One thing that is wrong with a file."""

    file: str  # below the folder: courses/foundations.yaml
    line: int  # from 1; 0 for the whole file
    words: str

    def __str__(self) -> str:
        place = printable(self.file, 200)
        if self.line:
            place = gettext("%(file)s, line %(line)s", file=place, line=self.line)
        return f"{place}: {self.words}"


class BadContent(Refused):
    """Files of the catalog cannot be meant; `complaints` say where and why, all of them."""

    def __init__(self, *, complaints: Sequence[Complaint]) -> None:
        super().__init__(complaints=complaints)
        self.complaints = complaints

    def __str__(self) -> str:
        return "\n".join(map(str, self.complaints))


class Sheet(NamedTuple):
    """One file of the folder."""

    kind: Kind
    name: str
    source: Source

    def complaint(self, path: Path, words: str) -> Complaint:
        """Words about what stands at this path of the document."""
        if path:
            shown = (str(step + 1) if isinstance(step, int) else printable(step) for step in path)
            words = f"{'.'.join(shown)}: {words}"
        return Complaint(self.name, self.source.line(path), words)


def read_folder(folder: files.Path) -> tuple[list[Sheet], list[Complaint]]:
    """All its files, in an order in which each names only what came before; and what is no such file."""
    sheets, strays = [], []
    for kind, place in (
        (Kind.SKILLS, folder),
        *((kind, folder / FOLDERS[kind]) for kind in FOLDERS),
    ):
        try:
            paths = sorted(one for one in place.iterdir() if one.suffix in (".yaml", ".yml"))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            strays.append(Complaint(place.name, 0, _cannot_read(error)))
            continue
        for path in paths:
            if path.suffix == ".yaml" and (kind is not Kind.SKILLS or path.name == SKILLS):
                sheets.append(Sheet(kind, _name(path, folder), _read(path)))
            else:
                words = gettext("Only skills.yaml, roles/….yaml and courses/….yaml are read.")
                strays.append(Complaint(_name(path, folder), 0, words))
    if not sheets and not strays:
        words = gettext("There is no skills.yaml, no roles/….yaml and no courses/….yaml here.")
        strays.append(Complaint(folder.name, 0, words))
    return sheets, strays


def _name(path: files.Path, folder: files.Path) -> str:
    return path.relative_to(folder).as_posix()


def _read(path: files.Path) -> Source:
    try:
        if not path.is_file():  # reading a pipe would wait for ever
            return unreadable(0, gettext("This is not a file."))
        with path.open("rb") as file:
            return read(file.read(LARGEST + 1))
    except OSError as error:
        return unreadable(0, _cannot_read(error))


def _cannot_read(error: OSError) -> str:
    return gettext("This cannot be read: %(why)s.", why=error.strerror)


# ---------------------------------------------------------------- what is wrong


def complaints_about(
    sheets: Sequence[Sheet], known: Mapping[Kind, Collection[str]]
) -> list[Complaint]:
    """Everything that is wrong with these files, file by file, from top to bottom.

    `known` are the slugs of the database: what a file names is in one of the files or there. (The
    skill list is one file: if it is among them, its skills are all there are.)
    """
    slugs = {kind: set(of_kind) for kind, of_kind in known.items()}
    unread = set()
    if any(sheet.kind is Kind.SKILLS for sheet in sheets):
        slugs[Kind.SKILLS] = set()
    for sheet in sheets:
        own = {slug for _, slug in slugs_in(sheet.kind, sheet.source.document)}
        slugs[sheet.kind] |= own
        # Where no slug can be read, nobody is told that what names it is wrong too.
        if own or not any(_itself(sheet)):
            continue
        if sheet.kind is Kind.SKILLS:
            unread.add(Kind.SKILLS)
        else:
            slugs[sheet.kind].add(files.Path(sheet.name).stem)
    found: list[Complaint] = []
    homes: dict[tuple[Kind, str], str] = {}
    for sheet in sheets:
        about = [*_itself(sheet), *_twice(sheet, homes)]
        about += [
            sheet.complaint(path, _UNKNOWN[to](slug))
            for path, to, slug in references(sheet.kind, sheet.source.document)
            if to not in unread and slug not in slugs[to]
        ]
        found += sorted(about, key=lambda complaint: complaint.line)
    return found


def _itself(sheet: Sheet) -> Iterator[Complaint]:
    """What is wrong with a file without looking at others."""
    for line, words in sheet.source.complaints:
        yield Complaint(sheet.name, line, words)
    if sheet.source.is_readable:
        for path, words in problems(sheet.kind, sheet.source.document):
            yield sheet.complaint(path, words)


def _twice(sheet: Sheet, homes: dict[tuple[Kind, str], str]) -> Iterator[Complaint]:
    """The slug of a guide or a course that another file before it has; notes this one in `homes`."""
    if sheet.kind is not Kind.SKILLS:
        for path, slug in slugs_in(sheet.kind, sheet.source.document):
            home = homes.setdefault((sheet.kind, slug), sheet.name)
            if home != sheet.name:
                words = gettext("%(file)s has this slug too.", file=printable(home, 200))
                yield sheet.complaint(path, words)


_UNKNOWN: Mapping[Kind, Callable[[str], str]] = {
    Kind.SKILLS: lambda slug: gettext("There is no skill “%(slug)s”.", slug=printable(slug)),
    Kind.ROLE: lambda slug: gettext("There is no role guide “%(slug)s”.", slug=printable(slug)),
    Kind.COURSE: lambda slug: gettext("There is no course “%(slug)s”.", slug=printable(slug)),
}
