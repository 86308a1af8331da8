"""`make catalogue`: every sentence that people read, in one file for translators.

The forms' own sentences (WTForms: "Not a valid choice.") are among them: a language that WTForms
does not speak would else stay half English.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import wtforms
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
POT = ROOT / "translations" / "messages.pot"
OURS = ("enroll", "templates")


def collect(target: Path) -> None:
    """Write every sentence of the code, the templates and the forms into `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(ROOT):
        CommandLineInterface().run(
            [
                *("pybabel", "--quiet", "extract", "--mapping-file", "pyproject.toml"),
                *("--keywords", "lazy_gettext", "--add-comments", "Translators:"),
                *("--ignore-dirs", "__pycache__"),  # else whatever begins with _ is: our macros
                *("--output-file", str(target), *OURS, str(Path(wtforms.__file__).parent)),
            ]
        )
    catalogue = read(target)
    for one in messages(catalogue):
        one.locations = [(file, line) for file, line in one.locations if file.startswith(OURS)]
    with target.open("wb") as file:
        # Neither date nor line numbers: the file changes when a sentence does, and only then.
        write_po(
            file, catalogue, omit_header=True, include_lineno=False, sort_output=True, width=99
        )


def read(path: Path) -> Catalog:
    """A catalogue from its file."""
    with path.open("rb") as file:
        return read_po(file)


def messages(catalogue: Catalog) -> list[Message]:
    """All but the header."""
    return [one for one in catalogue if one.id]


def sentences(path: Path) -> set[tuple[object, str | None]]:
    """What a catalogue holds: each sentence (or its forms for one and many) with its context."""
    return {(one.id, one.context) for one in messages(read(path))}


if __name__ == "__main__":
    collect(POT)
    print(f"{len(sentences(POT))} sentences in {POT.relative_to(ROOT)}")
