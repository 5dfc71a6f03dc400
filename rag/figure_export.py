"""Rows of the figures table as files for a spreadsheet program. Pure: rows in, bytes out.

What documents say is never run as a formula: a text cell that begins as one would is marked as text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from rag.figure_rows import Row

#: The columns, and how wide each is in a workbook, in letters.
COLUMNS = {
    "what": 36,
    "value": 16,
    "upper": 12,
    "unit": 10,
    "text": 18,
    "date": 12,
    "conflicting": 12,
    "title": 36,
    "source": 18,
    "page": 8,
    "sentence": 80,
    "document": 30,
}
#: Digits that a spreadsheet program keeps of a number, and letters of a cell.
_DIGITS, _LETTERS = 15, 32_000
# Full-width signs too: programs that read Chinese take them for the plain ones.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n]")
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
Cell = str | Decimal | int | None


def to_csv(rows: Iterable[Row], header: Sequence[str] = tuple(COLUMNS)) -> bytes:
    """The rows in UTF-8 with the mark that tells Excel so, with a header of one name for each of COLUMNS.

    A text that a program could take for a formula begins with an apostrophe.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_guarded(name) for name in header])
    for row in rows:
        writer.writerow([f"{cell:f}" if isinstance(cell, Decimal) else _guarded(cell) for cell in _cells(row)])
    return file.getvalue().encode("utf-8-sig", "replace")


def to_xlsx(rows: Iterable[Row], header: Sequence[str] = tuple(COLUMNS), title: str = "figures") -> bytes:
    """The rows as an Excel workbook of one sheet, its header bold and always in sight.

    A value is a number where Excel keeps all its digits, else a text.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\\/?*\[\]:]", " ", title)[:31])
    sheet.freeze_panes = "A2"
    for number, width in enumerate(COLUMNS.values(), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width

    def cell_of(value: Cell, bold: bool = False) -> object:
        if isinstance(value, str):
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"  # openpyxl would take =1+1 for a formula and #N/A for an error
            cell.quotePrefix = bool(_FORMULA.match(value))  # and so would Excel when the cell is edited
        else:
            cell = WriteOnlyCell(sheet, value)
        if bold:
            cell.font = Font(bold=True)
        return cell

    sheet.append([cell_of(name, bold=True) for name in header])
    for row in rows:
        sheet.append([cell_of(_exact(cell) if isinstance(cell, Decimal) else cell) for cell in _cells(row)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cells(row: Row) -> list[Cell]:
    cells: list[Cell] = []
    for name in COLUMNS:
        value = getattr(row, name)
        if isinstance(value, bool):
            value = "!" if value else ""
        cells.append(_FORBIDDEN.sub("", value)[:_LETTERS] if isinstance(value, str) else value)
    return cells


def _guarded(cell: Cell) -> Cell:
    """A text that would be read as a formula with an apostrophe before it, which says that it is none.

    >>> [_guarded(cell) for cell in ("=1+1", "－3.5%", "培訓", 12, None)]
    ["'=1+1", "'－3.5%", '培訓', 12, None]
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def _exact(value: Decimal) -> Decimal | str:
    """The number where Excel can hold all its digits, else its digits as text.

    >>> _exact(Decimal("8710")), _exact(Decimal("12345678901234567"))
    (Decimal('8710'), '12345678901234567')
    """
    return value if len(value.normalize().as_tuple().digits) <= _DIGITS else f"{value:f}"
