"""One English catalogue has every sentence, and what is translated keeps its placeholders."""

from __future__ import annotations

from pathlib import Path

from tests import catalogue
from tests.catalogue import POT, ROOT


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
