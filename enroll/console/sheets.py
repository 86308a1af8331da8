"""Tables that leave the house: cells no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable

from flask import Response, send_file

from enroll.accounts.activity import log_now
from enroll.db import atomically

IN_MEMORY = 1_000_000  # bytes; what is longer waits in a file of its own


def send_sheet(rows: Iterable[Iterable[object]], *, name: str) -> Response:
    """A table as CSV (RFC 4180, UTF-8 with the mark that spreadsheets look for), to be kept.

    It is written whole before it is sent: a slow reader must not hold the database's snapshot open.
    Taking a table along is an action, and stands in the activity log; so the button is a POST.
    """
    atomically(log_now)
    kept = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed when sent
    text = io.TextIOWrapper(kept, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([neutral(cell) for cell in row])
    text.flush()
    text.detach()
    kept.seek(0)
    return send_file(kept, mimetype="text/csv", as_attachment=True, download_name=name)


def neutral(cell: object) -> object:
    """A cell as a spreadsheet shows it and never runs it (OWASP, CSV injection).

    A text that begins like a formula, or with a control character, gets an apostrophe in front.
    """
    if not isinstance(cell, str) or not cell:
        return cell
    is_risky = cell[0] in "=+-@\uff1d\uff0b\uff0d\uff20" or ord(cell[0]) < 32
    return f"'{cell}" if is_risky else cell
