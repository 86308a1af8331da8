"""Tables that leave the house: cells no spreadsheet takes for a formula."""

from __future__ import annotations


def neutral(cell: object) -> object:
    """A cell as a spreadsheet shows it and never runs it (OWASP, CSV injection).

    A text that begins like a formula, or with a control character, gets an apostrophe in front.
    """
    if not isinstance(cell, str) or not cell:
        return cell
    is_risky = cell[0] in "=+-@\uff1d\uff0b\uff0d\uff20" or ord(cell[0]) < 32
    return f"'{cell}" if is_risky else cell
