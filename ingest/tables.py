"""Spreadsheets (.xlsx, .xlsm, .csv, .tsv) as text that can be quoted: one line a row, under the name of its sheet.

What is read is what a reader sees who opens the file: a quotation that cannot be found there proves nothing. So hidden
sheets, rows and columns are left out, numbers and dates stand as they are displayed, and a formula is the value that
the program which saved the file has worked out. A formula without one, as some programs leave it, stands as it is
written. It knows nothing of what the tables mean; `ingest.grids` makes the lines.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest import grids
from ingest.extracted import Extracted
from ingest.grids import Grid, Merge
from ingest.limits import check_office, refusing
from ingest.loaders import decode
from ingest.numbers import display
from ingest.properties import author_of, title_of
from rag.errors import DocumentError

#: Cells with something in them that one file may have, and characters in its lines: some hundred megabytes of memory.
MOST_CELLS, MOST_CHARACTERS = 500_000, 20_000_000
#: Cells that the rows of one sheet may span in all, empty ones between others included, which cost time only.
MOST_PLACES = 10_000_000
MOST_MERGES = 20_000
#: Bytes of XML in a workbook. Its sheets are read row by row; its texts are kept.
MOST_XML = 200_000_000
#: Excel's own limits; a file that says more is not a sheet.
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384


def read_xlsx(path: Path) -> Extracted:
    """The visible sheets of a workbook, each under a heading with its name.

    Raises DocumentError when it is damaged, locked, no workbook, or larger than the limits above.
    """
    import openpyxl

    check_office(path, most_xml=MOST_XML)
    # Opened here, since openpyxl does not close a file that it fails to read.
    with refusing(path), path.open("rb") as file, warnings.catch_warnings():
        # openpyxl warns of what it cannot write back: themes, validation, extensions. Nothing is written here.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            if not book.worksheets:
                raise DocumentError(
                    f"{path.name} has no sheet that can be read; open it in Excel and save it as an ordinary .xlsx."
                )
            text = _Lines(path)
            caption = ""
            cells = 0
            for sheet in book.worksheets:
                if sheet.sheet_state != "visible":
                    continue
                grid, seen = _grid(path, sheet, MOST_CELLS - cells)
                cells += seen
                if grid.rows:
                    text.add(f"## {_tidy(sheet.title)}", "")
                    first = text.add_all(grids.lines(grid))
                    caption = caption or (first if " | " not in first and len(first) <= 60 else "")
            properties = book.properties
            title = title_of(properties.title or "") or caption or path.stem
            return Extracted(text.joined(), title, author=author_of(properties.creator or ""))
        finally:
            book.close()


def read_csv(path: Path) -> Extracted:
    """The rows of a text table, whatever separates its cells and in any encoding that `ingest.loaders.decode` knows.

    Raises DocumentError when it is no text, has a quotation mark that is never closed, or is too large.
    """
    try:
        if path.stat().st_size > 4 * MOST_CHARACTERS:
            raise _too_many(path)
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(f"{path.name} cannot be read ({reason}); check that it exists and is yours.") from error
    content = decode(data, path.name)
    delimiter, content = _delimiter(content, path.suffix.lower())
    rows: dict[int, grids.Row] = {}
    cells = 0
    try:
        _check_quotes(content, delimiter, path)
        for number, values in enumerate(csv.reader(io.StringIO(content), delimiter=delimiter), start=1):
            row = {column: text for column, value in enumerate(values, start=1) if (text := _tidy(_unwrapped(value)))}
            cells += len(row)
            if cells > MOST_CELLS:
                raise _too_many(path)
            if row:
                rows[number] = row
    except csv.Error as error:
        raise DocumentError(
            f"{path.name} has a cell that is longer than {csv.field_size_limit():,} characters; check its quotes."
        ) from error
    lines = _Lines(path)
    lines.add_all(grids.lines(Grid(rows)))
    return Extracted(lines.joined(), path.stem)


# --- lines


@dataclass(slots=True)
class _Lines:
    """The lines of a text as they are found, up to the limit of a file."""

    path: Path
    found: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, *texts: str) -> None:
        self.size += sum(len(text) + 1 for text in texts)
        if self.size > MOST_CHARACTERS:
            raise _too_many(self.path)
        self.found.extend(texts)

    def add_all(self, texts: Iterable[str]) -> str:
        """Adds the lines of a table, and an empty one to end it; the first of them."""
        first = ""
        for text in texts:
            self.add(text)
            first = first or text
        self.add("")
        return first

    def joined(self) -> str:
        return "\n".join(self.found).strip("\n")


def _too_many(path: Path) -> DocumentError:
    return DocumentError(
        f"{path.name} is too large a table (up to {MOST_CELLS:,} filled cells and {MOST_CHARACTERS // 10**6} million "
        "characters are read); split it, or leave out what is not needed."
    )


_ESCAPED = re.compile("_x00[0-9A-Fa-f]{2}_")
_BAD = re.compile("[\0-\x08\x0b-\x1f\x7f\ud800-\udfff\u200b\ufeff]")


def _tidy(text: str) -> str:
    """A cell's text in one line. Excel writes control characters as _x000D_."""
    return " ".join(_BAD.sub(" ", _ESCAPED.sub(" ", text)).split())


# --- workbooks


def _grid(path: Path, sheet: Any, most: int) -> tuple[Grid, int]:
    """The visible cells of a sheet, and how many there are."""
    layout = _layout(path, sheet)
    sheet.reset_dimensions()  # what the file says of them is not true in every file
    rows: dict[int, grids.Row] = {}
    cells = characters = 0
    for number, values in enumerate(sheet.iter_rows(), start=1):
        if number in layout.hidden:
            continue
        row: grids.Row = {}
        for cell in values:
            if cell.value is None or cell.column in layout.hidden_columns:
                continue
            if isinstance(cell.value, str) and (characters := characters + len(cell.value)) > MOST_CHARACTERS:
                raise _too_many(path)
            if text := _tidy(display(cell.value, str(cell.number_format or "General"))):
                row[cell.column] = text
        for column, formula in layout.formulas.get(number, {}).items():
            if column not in row and column not in layout.hidden_columns:
                row[column] = formula
        cells += len(row)
        if cells > most:
            raise _too_many(path)
        if row:
            rows[number] = dict(sorted(row.items()))
    hidden, hidden_columns = frozenset(layout.hidden), frozenset(layout.hidden_columns)
    return Grid(rows, layout.merges, hidden, hidden_columns=hidden_columns), cells


@dataclass(slots=True)
class _Layout:
    """What openpyxl does not tell of a sheet that it reads row by row."""

    hidden: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merges: list[Merge] = field(default_factory=list)
    formulas: dict[int, grids.Row] = field(default_factory=dict)


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")


def _layout(path: Path, sheet: Any) -> _Layout:
    """Hidden rows and columns, merged cells and formulas without a value; checks that the sheet is a possible one.

    A row number of 10**12 would keep openpyxl busy for ever with the empty rows before it.
    """
    from lxml import etree

    layout = _Layout()
    places = formulas = number = 0
    with zipfile.ZipFile(path) as archive, archive.open(sheet._worksheet_path) as stream:
        events = etree.iterparse(
            stream,
            tag=[f"{_MAIN}{name}" for name in ("row", "col", "mergeCell")],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
        )
        for _, element in events:
            if element.tag == f"{_MAIN}row":
                number = int(element.get("r") or number + 1)
                if not 0 < number <= _LAST_ROW:
                    raise ValueError("row")
                if _is_on(element.get("hidden")):
                    layout.hidden.add(number)
                column = widest = 0
                for cell in element:
                    at = _CELL.fullmatch(cell.get("r") or "")
                    column = _column(at[1]) if at else column + 1
                    if (at and int(at[2]) != number) or column > _LAST_COLUMN:
                        raise ValueError("cell")
                    widest = max(widest, column)
                    formula = cell.find(f"{_MAIN}f")
                    if formula is not None and formula.text and not cell.findtext(f"{_MAIN}v"):
                        if (formulas := formulas + 1) > MOST_CELLS or cell.get("t") == "str":
                            continue  # an empty text is a value
                        layout.formulas.setdefault(number, {})[column] = f"={_tidy(formula.text)}"
                if (places := places + widest) > MOST_PLACES:
                    raise _too_many(path)
            elif element.tag == f"{_MAIN}col" and _is_on(element.get("hidden")):
                first, last = int(element.get("min", "1")), int(element.get("max", "0"))
                layout.hidden_columns.update(range(max(first, 1), min(last, _LAST_COLUMN) + 1))
            elif element.tag == f"{_MAIN}mergeCell":
                ends = [_CELL.fullmatch(end) for end in (element.get("ref") or "").split(":")]
                if len(ends) == 2 and ends[0] and ends[1]:
                    (left, top), (right, bottom) = ((_column(end[1]), int(end[2])) for end in ends if end)
                    layout.merges.append(Merge(top, left, bottom, right))
                if len(layout.merges) > MOST_MERGES:
                    raise _too_many(path)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return layout


def _is_on(value: str | None) -> bool:
    return value in ("1", "true")


def _column(letters: str) -> int:
    number = 0
    for character in letters:
        number = number * 26 + ord(character) - 64
    return number


# --- text tables


def _delimiter(content: str, suffix: str) -> tuple[str, str]:
    """What separates the cells, and the content without Excel's line that says so."""
    if match := re.match(r"sep=(.)\n", content):
        return match[1], content[match.end() :]
    if suffix == ".tsv":
        return "\t", content
    sample = content[:50_000].split("\n")[:200]
    sample = sample[:-1] if len(sample) > 1 else sample
    return max(",\t;|，", key=lambda delimiter: _regularity(sample, delimiter)), content


def _regularity(sample: list[str], delimiter: str) -> float:
    """The share of rows that have the commonest number of cells, if that is over one; a little more for more cells."""
    if not any(delimiter in line for line in sample):
        return 0.0
    try:
        widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0
    counts = {width: widths.count(width) for width in set(widths) if width > 1}
    if not counts:
        return 0.0
    common = max(counts, key=lambda width: (counts[width], width))
    return counts[common] / len(widths) + min(common, 50) / 1000


def _check_quotes(content: str, delimiter: str, path: Path) -> None:
    """Raises DocumentError if a quotation mark is never closed: the rest of the file would be one cell."""
    reader = csv.reader(io.StringIO(content), delimiter=delimiter, strict=True)
    line = 0
    try:
        for _ in reader:
            line = reader.line_num
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise DocumentError(
                f"{path.name}, line {line + 1}: a quotation mark is opened and never closed; close or remove it."
            ) from error


def _unwrapped(value: str) -> str:
    """A cell without the ="..." that keeps Excel from reading 001 as a number."""
    match = re.fullmatch(r'\s*="(.*)"\s*', value, re.DOTALL)
    return match[1] if match else value
