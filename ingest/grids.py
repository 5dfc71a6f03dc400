"""Tables become lines that can be quoted: one a row, in which every value stands beside its column's name.

Pure: a grid of strings in, lines out. It knows nothing of Excel, Word or of what the values mean beyond telling words
from numbers, years, dates and units. `ingest.subtables` parts the tables of a grid, `ingest.tableheads` tells their
headers from data, `ingest.forms` those that are forms, and `ingest.telling` makes the lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ingest.forms import Sure, form_lines, grid_form
from ingest.gridrows import Grid, GridRow, Merge, Row
from ingest.subtables import begins_table, breaks_off, parts, side_by_side
from ingest.tableheads import header_depth, title_rows, without_numbering
from ingest.telling import NAMELESS, Table, plain, table_of
from ingest.values import unit_above

__all__ = ["Grid", "Merge", "Row", "lines"]


def lines(grid: Grid) -> Iterator[str]:
    r"""The lines of a table, in order.

    A title above the header, a note, a numbering of columns and a lone cell are lines of their own. Header rows (the
    first, and those below it that merged cells join with it) name the columns: 培訓/人次. A unit that a column's name
    or a title (单位：万元) says stands behind the bare numbers, so that the line alone says how much it is. A row whose
    cells would not make one sentence, or too long a line, becomes several, each with the row's first cells. A table
    without a header, with numbers from its first row on, has letters for names; a form of names and values is told as
    `name：value`, and one whose cells are merged at will has no names. Tables side by side are told one after another.

    >>> names, values = {1: "地區", 2: "期數", 3: "金額(万元)"}, {1: "哈爾濱", 2: "341", 3: "1,200"}
    >>> list(lines(Grid({1: {1: "表1 培訓情況"}, 2: names, 3: values})))
    ['表1 培訓情況', '地區：哈爾濱 | 期數：341 | 金額(万元)：1,200万元']
    >>> list(lines(Grid({1: {1: "341", 2: "8710"}})))
    ['A：341 | B：8710']
    """
    for part in side_by_side(grid):
        yield from _lines(part)


def _lines(grid: Grid) -> Iterator[str]:
    table: Table | None = None
    told: list[GridRow] = []
    unit = grid.unit
    for rows, begins in parts(grid):
        titles = rows[: title_rows(rows, grid)]
        for row in titles:
            yield from plain(row.cells)
        unit = unit_above((row.cells.values() for row in titles), unit)
        if not (rest := rows[len(titles) :]):
            continue
        rest, numbering = without_numbering(rest, grid)
        depth = header_depth(rest, grid)
        if table and begins == "no":
            begins = "yes" if depth and begins_table(rest, depth) else breaks_off(rest, table.header, told)
            if begins == "unsure":
                for cells in (numbering, *(row.own for row in rest)):
                    yield from plain(cells)
                continue
        if table is None or begins != "no":
            table, said, rest = _opened(rest, depth, begins, unit, grid)
            yield from said
            told = []
        unit = ""
        yield from plain(numbering)
        for place, row in enumerate(rest):
            if place == 0 or row.own != table.header:  # a header that is printed again on each page
                yield from table.tell(row)
                told.append(row)


def _opened(
    rows: list[GridRow], depth: int, begins: Sure, unit: str, grid: Grid
) -> tuple[Table, Iterable[str], list[GridRow]]:
    """How to tell a table that begins with these rows, the lines that stand before the told rows, and those rows."""
    asked = grid_form(rows, grid)
    if asked == "yes":
        return NAMELESS, form_lines(rows), []
    if asked == "unsure" or begins == "unsure":
        return NAMELESS, (), rows
    table = table_of(rows, depth, unit, grid)
    header = () if table.told else rows[:depth]
    return table, (line for row in header for line in plain(row.cells)), rows[depth if table.header else 0 :]
