"""The rows of a table on a page become lines of text, in which every cell keeps the header of its column.

Pure. It knows cells and what they span, nothing of the file that they came from. It decides what a page leaves open,
whether a table has a header and whether it is one of names and values; `ingest.grids` makes the lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ingest import grids
from ingest.forms import form, pair_lines
from ingest.grids import Grid, Merge
from ingest.tableheads import LABELS, is_above_header, is_remark
from rag.text import fold

#: A table that spans more places than this is written cell after cell.
LARGEST_GRID = 200_000
#: Characters that the name of a column may have.
LONGEST_NAME = 200


class Cell(NamedTuple):
    """One cell: its text, how many columns and rows it spans, and whether it is marked as a header."""

    text: str
    columns: int = 1
    rows: int = 1
    header: bool = False


def row_lines(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """The lines that `ingest.grids` makes of a table whose cells are given row by row, as in a web page.

    The columns' headers are the first row (or the first few, where its cells are marked or merged) if it holds no
    figure but years and a column below it holds nothing else. A table of two or four columns without such a row is one
    of names and values, `name：value`. Where neither is sure the cells stand as they are, for a wrong header is worse
    than none.

    >>> row_lines([[Cell("地區"), Cell("期數"), Cell("金額(万元)")], [Cell("哈爾濱"), Cell("120"), Cell("8,710")]])
    ['地區：哈爾濱 | 期數：120 | 金額(万元)：8,710万元']
    >>> row_lines([[Cell("主辦單位"), Cell("市委組織部")], [Cell("日期"), Cell("4月19日")]])
    ['主辦單位：市委組織部', '日期：4月19日']
    """
    filled = [[cell._replace(text=" ".join(cell.text.split())) for cell in row] for row in rows]
    filled = [row for row in filled if any(cell.text for cell in row)]
    grid = _grid(filled)
    if not grid:
        return [cell.text for row in filled for cell in row if cell.text]
    titles = 0
    while titles < len(grid) and len(set(map(id, filter(None, grid[titles])))) == 1:  # over the whole width
        titles += 1
    texts = list(map(_texts, grid))
    while titles + 1 < len(grid) and (_is_title(grid[titles:]) or is_above_header(texts[titles:])):
        titles += 1
    asked = _form(grid[titles:])
    if asked != "no":
        return list(grids.lines(replace(_placed(grid, 0), named=asked == "yes")))
    count = _header_rows(grid[titles:])
    if not count and _is_pairs(grid[titles:]):
        above = [" | ".join(dict.fromkeys(row.values())) for row in texts[:titles]]
        return [*above, *(line for row in grid[titles:] for line in _pairs(row))]
    return list(grids.lines(_placed(grid, titles + count if count else 0)))


def _placed(grid: Sequence[Sequence[Cell | None]], header_rows: int) -> Grid:
    rows: dict[int, grids.Row] = {}
    places: dict[int, Merge] = {}
    for number, row in enumerate(grid, start=1):
        for column, cell in enumerate(row, start=1):
            if cell is None:
                continue
            if (first := places.get(id(cell))) is None:
                places[id(cell)] = Merge(number, column, number, column)
                if cell.text:
                    rows.setdefault(number, {})[column] = cell.text
            else:
                places[id(cell)] = Merge(first.top, first.left, number, max(first.right, column))
    merges = [place for place in places.values() if place.top < place.bottom or place.left < place.right]
    return Grid(rows, merges, lettered=False, header_rows=header_rows, named=header_rows > 0)


def _grid(rows: Sequence[Sequence[Cell]]) -> list[list[Cell | None]]:
    """The cells by row and column, all rows of one width; empty for a table that is too large or has no cells."""
    grid: list[list[Cell | None]] = [[] for _ in rows]
    places = 0
    for number, row in enumerate(rows):
        column = 0
        for cell in row:
            while column < len(grid[number]) and grid[number][column] is not None:
                column += 1
            height = min(max(1, cell.rows), len(rows) - number)
            width = min(max(1, cell.columns), 1000)
            below = grid[number : number + height]
            places += sum(width + max(0, column + width - len(line)) for line in below)
            if places > LARGEST_GRID * 4:
                return []
            for line in below:
                line.extend([None] * (column + width - len(line)))
                line[column : column + width] = [cell] * width
            column += width
    width = max(map(len, grid), default=0)
    if width * len(grid) > LARGEST_GRID:
        return []
    # Columns that no cell begins in are those of a span that is wider than the table.
    used = [
        c for c in range(width) if any(c < len(row) and row[c] and (not c or row[c] is not row[c - 1]) for row in grid)
    ]
    return [[row[column] if column < len(row) else None for column in used] for row in grid]


_FIGURE = re.compile(r"\d")
_YEAR = re.compile(r"(?:19|20)\d\d(?:年度?)?")
# What a column of figures holds: a number with a short unit, a share, a date, a dash for none.
_VALUE = re.compile(r"[^\d]{0,3}\d[\d,.:/\-年月日%‰ ]*[^\d]{0,4}|[-—/无]+|")


def _texts(row: Sequence[Cell | None]) -> grids.Row:
    """The texts of a row by their columns, each at the first that its cell spans."""
    return {
        column: cell.text
        for column, cell in enumerate(row, start=1)
        if cell and cell.text and (column == 1 or row[column - 2] is not cell)
    }


def _is_title(grid: Sequence[Sequence[Cell | None]]) -> bool:
    """Whether the first row has only a text at its beginning, no marked header, above a row of several."""
    marked = any(cell and cell.header for cell in grid[0])
    return not marked and set(_texts(grid[0])) == {1} and len(_texts(grid[1])) > 1


def _form(grid: Sequence[Sequence[Cell | None]]) -> str:
    """Whether the table is a form: "no", "unsure" or "yes"; it has no marked header and no cell that spans more."""
    cells = [cell for row in grid for cell in row if cell]
    if not grid or all(cell is None or cell.header for cell in grid[0]) or len(set(map(id, cells))) < len(cells):
        return "no"
    return form([_texts(row) for row in grid])


def _header_rows(grid: Sequence[Sequence[Cell | None]]) -> int:
    if len(grid) < 2:
        return 0
    marked = next((n for n, row in enumerate(grid) if not all(cell is None or cell.header for cell in row)), len(grid))
    if marked:
        # What is repeated in each row must be short, or a small page would become a large text.
        return marked if all(len(cell.text) <= LONGEST_NAME for row in grid[:marked] for cell in row if cell) else 0
    first = [cell for cell in grid[0] if cell]
    texts = [fold(cell.text) for cell in first]
    if len(first) < len(grid[0]) or any(len(text) > 20 for text in texts):
        return 0
    if any(_FIGURE.search(text) and not _YEAR.fullmatch(text) for text in texts):
        return 0
    below = max(cell.rows for cell in first)
    wide = any(cell.columns > 1 for cell in first)
    count = below if wide and below < len(grid) else 1
    columns = range(len(grid[0]))
    figures = any(_of_figures([cell.text for row in grid[count:] if (cell := row[column])]) for column in columns)
    named = bool(texts and LABELS.fullmatch(texts[0]))
    distinct = len(set(texts)) == len(texts) and all(texts)
    if len(texts) > 2 and not _is_pairs(grid):
        return count if figures or named or (len(grid) > 2 and distinct and max(map(len, texts)) <= 8) else 0
    return count if named and (figures or len(grid) > 2) else 0


def _of_figures(texts: Sequence[str]) -> bool:
    return all(_VALUE.fullmatch(fold(text)) for text in texts) and any(_FIGURE.search(text) for text in texts)


def _is_pairs(grid: Sequence[Sequence[Cell | None]]) -> bool:
    """Whether the table is one of names and values: 發布機構 | 教育廳 | 成文日期 | 3月1日."""
    width = len(grid[0]) if grid else 0
    if width == 2:
        return all(cell is not None and 0 < len(cell.text) <= 20 for cell, _ in grid)
    if width != 4 or LABELS.fullmatch(fold(grid[0][0].text if grid[0][0] else "")):
        return False
    names = [cell for row in grid for cell in (row[0], row[2]) if cell]
    texts = [cell.text for cell in names if cell.text]
    values = [cell.text for cell in (grid[0][1], grid[0][3]) if cell]
    return (
        all(len(text) <= 12 and not _FIGURE.search(text) for text in texts)
        and len(set(texts)) == len(texts)
        and (all(cell.header for cell in names) or any(_FIGURE.search(text) for text in values))
    )


def _pairs(row: Sequence[Cell | None]) -> list[str]:
    """A row's names with their values: one line, or one for each where they would not make one sentence."""
    if is_remark(texts := _texts(row)):
        return [" | ".join(texts.values())]
    pairs = zip(row[::2], row[1::2], strict=True)
    return pair_lines(
        [(name.text if name else "", value.text if value and value is not name else "") for name, value in pairs]
    )
