"""Tables that leave the house: cells no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import Response, send_file

from enroll.accounts.activity import log_now
from enroll.db import atomically

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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


def send_workbook(rows: Iterable[Iterable[object]], *, name: str, zone: ZoneInfo) -> Response:
    """A table as an XLSX workbook (ECMA-376), its moments as dates of this zone.

    Every text is written as a text, never as a formula, a link or a number; so a telephone number
    keeps its plus. Rows go to the disk one by one: ten thousand need no more memory than ten.
    """
    # Only who takes a workbook along waits for it: no command and no other page needs it.
    from xlsxwriter import Workbook

    atomically(log_now)
    kept = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed when sent
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}
    with Workbook(kept, options) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell, zone, bold if not number else None)
    kept.seek(0)
    return send_file(kept, mimetype=WORKBOOK, as_attachment=True, download_name=name)


def _write(
    sheet: Worksheet, row: int, column: int, cell: object, zone: ZoneInfo, style: object
) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell.astimezone(zone).replace(tzinfo=None))
    elif isinstance(cell, int) and not isinstance(cell, bool):
        sheet.write_number(row, column, cell)
    elif cell is not None and cell != "":
        text = "".join(one for one in str(cell) if ord(one) >= 32 or one in "\n\t")
        sheet.write_string(row, column, text, style)


def neutral(cell: object) -> object:
    """A cell as a spreadsheet shows it and never runs it (OWASP, CSV injection).

    A text that begins like a formula, or with a control character, gets an apostrophe in front.
    """
    if not isinstance(cell, str) or not cell:
        return cell
    is_risky = cell[0] in "=+-@\uff1d\uff0b\uff0d\uff20" or ord(cell[0]) < 32
    return f"'{cell}" if is_risky else cell
