"""Several tables in one grid: side by side, or one right below the other.

Pure. An empty column or row may also lie inside of one table, so it takes a header of its own to part them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ingest.forms import Sure, grid_form
from ingest.gridrows import Grid, GridRow, Row, blocks
from ingest.tableheads import (
    DEEPEST,
    HEAD,
    header_depth,
    is_caption,
    is_field,
    is_note,
    is_words,
    names_columns,
    title_rows,
)
from ingest.values import is_no_value, is_unit_title, kind_of, name_unit, unit_above
from rag.text import fold


def side_by_side(grid: Grid) -> list[Grid]:
    """The tables that stand side by side with an empty column between, and what stands above them all.

    Each has a header and its own labels below it: a column may also be left empty inside of one table.
    """
    used = sorted({column for row in grid.rows.values() for column in row})
    if not used or not grid.named or used[-1] - used[0] == len(used) - 1:
        return [grid]
    empty = sorted(set(range(used[0], used[-1])) - set(used) - grid.hidden_columns)
    for merge in grid.merges:
        if len(grid.rows.get(merge.top, {})) > 1:
            del empty[bisect_left(empty, merge.left) : bisect_right(empty, merge.right)]
    # The first column of each table but the leftmost.
    begins = [right for left, right in pairwise(used) if bisect_right(empty, left) < bisect_left(empty, right)]
    top = next((n for n, row in grid.rows.items() if _is_across(row, begins)), 0)
    if not top:
        return [grid]
    shared = {number: row for number, row in grid.rows.items() if number < top}
    unit = unit_above((row.values() for row in shared.values()), grid.unit)
    tables = []
    for left, right in pairwise([used[0], *begins, used[-1] + 1]):
        cells = {n: {c: t for c, t in row.items() if left <= c < right} for n, row in grid.rows.items() if n >= top}
        rows = {number: row for number, row in cells.items() if row}
        if not _is_labelled(rows):
            return [grid]
        merges = [merge for merge in grid.merges if left <= merge.left < right and merge.top >= top]
        marked = max(0, grid.header_rows - (next(iter(rows)) - next(iter(grid.rows))))
        tables.append(replace(grid, rows=rows, merges=merges, header_rows=marked, unit=unit))
    above = replace(grid, rows=shared, merges=[merge for merge in grid.merges if merge.top < top], header_rows=0)
    return [above, *tables] if shared else tables


def _is_across(row: Row, begins: Sequence[int]) -> bool:
    """Whether a row is one of several tables, and does not only say what they are."""
    if any(is_unit_title(text) or is_field(text) for text in row.values()):
        return False
    return len({bisect_right(begins, column) for column in row}) > 1


def _is_labelled(rows: dict[int, Row]) -> bool:
    """Whether these are a table of its own: names of columns, and below them a column of labels, then numbers."""
    table = [row for row in rows.values() if len(row) > 1]
    if len(table) < 2 or not names_columns(table[0], table[1]):
        return False
    label = min(table[0])
    labels = [row.get(label, "") for row in table[1:]]
    others = [text for row in table[1:] for column, text in row.items() if column != label]
    return (
        all(kind_of(text) != "number" for text in labels)
        and len(set(labels)) == len(labels)
        and any(kind_of(text) == "number" for text in others)
    )


def parts(grid: Grid) -> Iterator[tuple[list[GridRow], Sure]]:
    """The blocks of a grid's rows, apart where another table begins right below the first, and whether one does."""
    for block in blocks(grid):
        yield from _stacked(block, grid)


def _stacked(block: list[GridRow], grid: Grid) -> Iterator[tuple[list[GridRow], Sure]]:
    rows = block
    begins: Sure = "no"
    while True:
        titles = title_rows(rows, grid)
        rest = rows[titles:]
        if not rest or not grid.named or grid_form(rest, grid) != "no":
            break
        depth = header_depth(rest, grid)
        place, next_begins = _next_header(rest, depth)
        if not place:
            break
        while place > depth + 1 and (len(rest[place - 1].own) == 1 or is_caption(rest[place - 1], [rest[place]])):
            place -= 1
        yield rows[: titles + place], begins
        rows, begins = rest[place:], next_begins
    yield rows, begins


def _next_header(rows: Sequence[GridRow], depth: int) -> tuple[int, Sure]:
    """Where a row of words stands below columns of numbers and above numbers, and whether it is a header; 0 if none."""
    figures: dict[int, bool] = {}
    for place, row in enumerate(rows[depth:], start=depth):
        if is_note(row) or (depth and row.own == rows[0].own):
            continue
        turned = [column for column in row.cells if figures.get(column)]
        words = turned and row.own == row.cells and is_words(row.cells)
        if words and (sure := _heads(place, rows, turned)) != "no":
            return place, sure
        _count_figures(row, figures)
    return 0, "no"


def _count_figures(row: GridRow, figures: dict[int, bool]) -> None:
    """Notes of the columns of a row whether they hold nothing but figures so far."""
    for column, text in row.cells.items():
        if figures.get(column) is False:
            continue
        if kind_of(text) != "text":
            figures[column] = True
        elif not is_no_value(text):
            figures[column] = False


def _heads(place: int, rows: Sequence[GridRow], turned: Sequence[int]) -> Sure:
    """Whether a row of words names the columns of the rows below it, or is one in which numbers are missing.

    Its names are believed where they are known as such or say a unit, or where the labels above are no words.
    """
    names = rows[place].cells
    first = min(names)
    known = bool(HEAD.fullmatch(fold(names[first])))
    last = next((n for n in range(place + 1, min(place + DEEPEST, len(rows))) if not _only_words(rows[n])), 0)
    if not last and known and place + 1 < len(rows) and set(names).issuperset(rows[place + 1].cells):
        return "yes"
    named = {column for row in rows[place:last] for column in row.cells}
    if not last or not named.issuperset(values := rows[last].cells):
        return "no"
    if all(kind_of(values.get(column, "")) == "text" for column in turned):
        return "no"
    if any(row.cells.get(c) == text for n, row in enumerate(rows) if n != place for c, text in names.items()):
        return "no"
    if known or any(map(name_unit, names.values())):
        return "yes"
    if first in turned:
        return "no" if len(turned) == 1 else "yes" if kind_of(values.get(first, "")) == "text" else "unsure"
    return "unsure"


def _only_words(row: GridRow) -> bool:
    return all(kind_of(text) == "text" for text in row.cells.values())


def breaks_off(rows: Sequence[GridRow], header: Row | None, told: Sequence[GridRow]) -> Sure:
    """Whether rows after an empty one are all words though the columns of the table above hold figures."""
    first = rows[0]
    if first.own == header or not is_words(first.cells) or not all(map(_only_words, rows)):
        return "no"
    figures: dict[int, bool] = {}
    for row in told:
        _count_figures(row, figures)
    if not any(figures.get(column) for column in first.cells):
        return "no"
    return "yes" if len(rows) > 1 and HEAD.fullmatch(fold(first.cells[min(first.cells)])) else "unsure"


def begins_table(rows: Sequence[GridRow], depth: int) -> bool:
    """Whether rows after an empty one are another table: names over numbers, not words that go on with the first."""
    if len(rows) <= depth or len(rows[0].cells) < 2:
        return False
    return any(
        kind_of(text) == "number" and kind_of(rows[0].cells.get(column, "")) != "number"
        for column, text in rows[depth].cells.items()
    )
