"""The cells of a table as they were read, and its rows in blocks, with what merged cells reach into them.

Pure. It does not know which rows name the columns.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.values import kind_of

#: The cells of a row that hold something, by their columns.
Row = dict[int, str]
#: Characters of a cell that is repeated in each row that it is merged over; a longer one is said once.
_LABEL = 200


@dataclass(frozen=True, slots=True)
class Merge:
    """The cells that one merged cell covers, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Grid:
    """The cells of a table that hold something: `rows[row][column]`, numbered from 1 and in ascending order.

    A merged cell stands at its top left corner only. `hidden`: rows that are not in `rows` though the sheet has them.
    `lettered`: whether a column without a name is called by its letter, as in a spreadsheet. `header_rows`: how many
    rows from the top are marked as titles and header; 0 if nothing is known, when `named` says whether to look for one.
    `hidden_columns`: those that are not in `rows` though the sheet has them. `unit`: the one said above the table.
    """

    rows: dict[int, Row]
    merges: Sequence[Merge] = ()
    hidden: frozenset[int] = frozenset()
    lettered: bool = True
    header_rows: int = 0
    named: bool = True
    hidden_columns: frozenset[int] = frozenset()
    unit: str = ""

    def marks(self, row: int) -> bool:
        """Whether a row is one of those that are marked as titles and header."""
        return row < next(iter(self.rows)) + self.header_rows


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row with its own cells, and with those that reach into it from merged cells above."""

    number: int
    own: Row
    cells: Row
    spans: frozenset[tuple[int, int]]


def blocks(grid: Grid) -> list[list[GridRow]]:
    """The rows of a grid, apart where the sheet shows an empty row."""
    down: dict[int, Row] = {}
    spans: dict[int, set[tuple[int, int]]] = {}
    numbers = list(grid.rows)
    for merge in grid.merges:
        text = grid.rows.get(merge.top, {}).get(merge.left, "")
        for number in numbers[bisect_left(numbers, merge.top) : bisect_right(numbers, merge.bottom)]:
            if merge.right > merge.left:
                spans.setdefault(number, set()).add((merge.left, merge.right))
            # A number that stands once for several rows is their sum or their share, not each row's own.
            if 0 < len(text) <= _LABEL and number > merge.top and kind_of(text) != "number":
                down.setdefault(number, {})[merge.left] = text
    found: list[list[GridRow]] = []
    last = 0
    for number, cells in grid.rows.items():
        filled = dict(sorted({**down[number], **cells}.items())) if number in down else cells
        row = GridRow(number, cells, filled, frozenset(spans.get(number, ())))
        if not found or any(between not in grid.hidden for between in range(last + 1, number)):
            found.append([])
        found[-1].append(row)
        last = number
    return found
