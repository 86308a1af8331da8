"""One English catalogue has every sentence, and what is translated keeps its placeholders."""

from __future__ import annotations

import ast
from pathlib import Path

from enroll.console.histories import WORDS
from tests import catalogue
from tests.catalogue import POT, ROOT

NO_HISTORY = {"wordpress.py"}  # says why a file cannot be read


def test_the_catalogue_is_that_of_the_code(tmp_path: Path) -> None:
    catalogue.collect(tmp_path / "now.pot")
    now, kept = catalogue.sentences(tmp_path / "now.pot"), catalogue.sentences(POT)
    told = "translations/messages.pot is not that of the code. Run `make catalogue` and commit it."
    assert (now - kept, kept - now) == (set(), set()), told


def test_no_sentence_is_broken_into_lines() -> None:
    """Jinja trims them when a page is made, too: else no translation would ever be found."""
    broken = [one for one, _context in catalogue.sentences(POT) if "\n" in str(one)]
    assert not broken


def test_translations_keep_their_placeholders() -> None:
    for path in (ROOT / "translations").glob("*/LC_MESSAGES/*.po"):
        wrong = [(one.id, faults) for one, faults in catalogue.read(path).check()]
        assert not wrong, path


def test_whatever_the_program_writes_into_histories_is_translated() -> None:
    """Each `why` in the rules has its words on the staff pages; what ends in a person's own has not."""
    written = {
        one.value
        for folder in ("registrations", "comments", "accounts")
        for path in (ROOT / "enroll" / folder).glob("*.py")
        if path.name not in NO_HISTORY
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "why"
        for one in [node.value]
        if isinstance(one, ast.Constant) and one.value
    }
    assert len(written) > 30
    assert written - set(WORDS) == set()
