"""Tables that stand between drawn lines: what lies in a cell, and how far the cell reaches.

Pure. It knows straight lines and lines of text with their places, nothing of the PDF that they were drawn in.
"""

from __future__ import annotations

import itertools
from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingest.cells import Cell, row_lines
from ingest.layout import Line, joined

#: Lines drawn on a page, beyond which it is a drawing and not a table.
MOST_RULES = 4000


class Rules(NamedTuple):
    """The straight lines drawn on a page, y downwards: (y, left, right) and (x, top, bottom)."""

    across: list[tuple[float, float, float]]
    down: list[tuple[float, float, float]]


def with_tables(lines: list[Line], rules: Rules) -> list[Line]:
    """The lines of a page, those inside a drawn grid replaced by the rows of its table."""
    rest = lines
    tables: list[Line] = []
    for across, down in _grids(rules):
        xs, ys = _steps(x for x, *_ in down), _steps(y for y, *_ in across)
        if len(xs) < 3 or len(ys) < 3 or len(xs) * len(ys) > 20_000:
            continue
        inside = [
            x for x in rest if xs[0] < (x.left + x.right) / 2 < xs[-1] and ys[0] < (x.top + x.bottom) / 2 < ys[-1]
        ]
        cells = _cells(inside, xs, ys, across, down)
        # A grid that holds whole paragraphs is there for the look of the page.
        if not inside or any(len(cell.text) > 300 for row in cells for cell in row):
            continue
        texts = row_lines(cells)
        step = (ys[-1] - ys[0]) / max(1, len(texts))
        for number, text in enumerate(texts):
            top = ys[0] + number * step
            tables.append(Line(text, xs[0], top, xs[-1], top + 0.8 * step, whole=True))
        rest = [line for line in rest if line not in inside]
    return [*rest, *tables]


_Rule = tuple[float, float, float]


def _grids(rules: Rules) -> Iterator[tuple[list[_Rule], list[_Rule]]]:
    """The rules that touch one another, table by table."""
    boxes = [(left, y, right, y) for y, left, right in rules.across] + [(x, a, x, b) for x, a, b in rules.down]
    if not rules.down or not rules.across or len(boxes) > MOST_RULES:
        return
    order = sorted(range(len(boxes)), key=lambda n: boxes[n][1])
    groups: list[tuple[list[float], list[int]]] = []
    for number in order:
        box = list(boxes[number])
        members = [number]
        apart = []
        for other, found in groups:
            if all(box[n] <= other[n + 2] + 3 and other[n] <= box[n + 2] + 3 for n in (0, 1)):
                box = [min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3])]
                members += found
            else:
                apart.append((other, found))
        groups = [*apart, (box, members)]
    for _, members in groups:
        count = len(rules.across)
        yield [rules.across[n] for n in members if n < count], [rules.down[n - count] for n in members if n >= count]


def _steps(values: Iterator[float]) -> list[float]:
    """The different values, in order; those less than three points apart are one."""
    steps: list[float] = []
    for value in sorted(values):
        if not steps or value - steps[-1] > 3:
            steps.append(value)
    return steps


def _cells(
    lines: Sequence[Line], xs: list[float], ys: list[float], across: Sequence[_Rule], down: Sequence[_Rule]
) -> list[list[Cell]]:
    """The cells of a grid, row by row. A cell reaches as far as no line is drawn."""
    inside: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        place = bisect(ys, (line.top + line.bottom) / 2) - 1, bisect(xs, (line.left + line.right) / 2) - 1
        inside.setdefault(place, []).append(line)

    def drawn(rules: Sequence[_Rule], at: float, through: float) -> bool:
        return any(abs(place - at) <= 3 and start - 1 <= through <= end + 1 for place, start, end in rules)

    taken: set[tuple[int, int]] = set()
    rows: list[list[Cell]] = []
    for row in range(len(ys) - 1):
        rows.append([])
        for column in range(len(xs) - 1):
            if (row, column) in taken:
                continue
            wide = high = 1
            middle = (ys[row] + ys[row + 1]) / 2
            while column + wide < len(xs) - 1 and not drawn(down, xs[column + wide], middle):
                wide += 1
            middle = (xs[column] + xs[column + 1]) / 2
            while row + high < len(ys) - 1 and not drawn(across, ys[row + high], middle):
                high += 1
            places = list(itertools.product(range(row, row + high), range(column, column + wide)))
            taken.update(places)
            held = sorted((x for place in places for x in inside.get(place, [])), key=lambda x: (round(x.top), x.left))
            rows[-1].append(Cell(joined([line.text for line in held]), wide, high))
    return rows
