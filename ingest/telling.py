"""The rows of a table become lines, in which every value stands beside its column's name and with its unit.

Pure. What names the columns is known by then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.gridrows import Grid, GridRow, Row
from ingest.tableheads import is_note
from ingest.values import is_excluded, kind_of, name_unit, other_measure
from rag.text import fold, sentences

#: How long a line may grow, in characters, before a row goes on in another that begins with the same first cells. A
#: longer one would be cut at any colon when it is too much for the encoder.
WIDEST = 200


@dataclass(frozen=True, slots=True)
class Table:
    """What the columns are called, and in which unit their bare numbers are; `header` is the first row of names.

    `told`: whether the rows will repeat every name, as they do not where a column is empty.
    """

    names: dict[int, str]
    units: dict[int, str]
    header: Row | None
    lettered: bool
    first: int
    told: bool = True

    def tell(self, row: GridRow) -> Iterator[str]:
        """The lines of a row: one, or several that begin with its first cells."""
        cells = row.cells
        if is_note(row):
            yield from plain(row.own)
            return
        units = self.units if not any(map(other_measure, cells.values())) else {}
        pairs = [self._pair(column, text, units.get(column, "")) for column, text in cells.items()]
        whole = [pair for pair, text in zip(pairs, cells.values(), strict=True) if is_whole(text)]
        prose = [pair for pair, text in zip(pairs, cells.values(), strict=True) if not is_whole(text)]
        kinds = [kind_of(text) for text in cells.values() if is_whole(text)]
        # 序號：1 says less of a row than what comes after it.
        label = whole[: next((index + 1 for index, kind in enumerate(kinds[:3]) if kind == "text"), 1)]
        line = list(label)
        for pair in whole[len(label) :]:
            if len(line) > len(label) and sum(map(len, line)) + 3 * len(line) + len(pair) > WIDEST:
                yield " | ".join(line)
                line = list(label)
            line.append(pair)
        if len(line) > len(label) or not prose:
            yield " | ".join(line)
        for pair in prose:
            yield " | ".join([*label, pair])

    def _pair(self, column: int, text: str, unit: str) -> str:
        name = self.names.get(column, "")
        if not name and self.lettered and (self.header is None or column != self.first):
            name = _letter(column)
        if unit and _BARE.fullmatch(fold(text)):
            text += unit
        return f"{name}：{text}" if name else text


#: A table whose columns have no names.
NAMELESS = Table({}, {}, None, False, 0)
_BARE = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?")


def table_of(rows: Sequence[GridRow], depth: int, unit: str, grid: Grid) -> Table:
    """How to tell the rows below a header of this depth."""
    first = min(min(row.cells) for row in rows)
    header, body = rows[:depth], rows[depth:]
    usual = frozenset().union(*(row.spans for row in header))
    # In a form, words and values take turns along a row, and every row is merged in its own way; a label alone that is
    # merged over the columns of labels is one of a sum.
    irregular = sum(len(row.own) > 1 and any(span[0] > first for span in row.spans - usual) for row in body)
    if body and irregular * 3 >= len(body) and not grid.header_rows:
        return NAMELESS
    levels: dict[int, list[str]] = {}
    for row in header:
        for column, text in _across(row, header).items():
            if text not in levels.setdefault(column, [])[-1:]:
                levels[column].append(text)
    names = {column: _name("/".join(parts)) for column, parts in levels.items()}
    units: dict[int, str] = {}
    for column, parts in levels.items():
        own = next(filter(None, map(name_unit, reversed(parts))), "")
        common = unit if unit and not is_excluded(parts, unit) else ""
        units[column] = own or common
    printed = (row for row in body if row.own != rows[0].own)  # a header that is printed again is not told
    filled = {column for row in printed if not is_note(row) for column in row.cells}
    told = {part for column in filled for part in levels.get(column, ())}
    whole = all(text in told for row in header for text in row.own.values())
    return Table(names, units, rows[0].own if depth else None, grid.lettered, first, whole)


def _across(row: GridRow, header: Sequence[GridRow]) -> Row:
    """A header row's names, each for all the columns that it is merged over or, without merges, that lie below it."""
    cells = dict(row.cells)
    for left, right in row.spans:
        if left in cells:
            cells.update(dict.fromkeys(range(left, min(right, left + 500) + 1), cells[left]))
    if row is header[0] and not any(other.spans for other in header):
        below = {column for other in header[1:] for column in other.own}
        last = ""
        for column in range(min(cells), max(below) + 1) if below else ():
            last = cells.get(column, last)
            if column in below:
                cells[column] = last
    return cells


def _name(text: str) -> str:
    """A column's name without what would end a sentence inside a row."""
    name = text.strip().rstrip(":：").strip()
    return name if is_whole(name) else re.sub(r"[。！？!?；;…｡.]+(?=\s|$)|[。！？!?；;…｡]+", " ", name).strip()


_MAY_END = re.compile("[。！？；…｡!?;.\n]")


def is_whole(text: str) -> bool:
    """Whether a text stays within one sentence when another cell follows it."""
    # Asking `sentences` for every cell of a large sheet would take most of the time.
    return not _MAY_END.search(text) or len(sentences(f"{text} | 人")) == 1


def plain(cells: Row) -> Iterator[str]:
    """A row as it stands: one line, in which no text is said twice; none of no cells."""
    if cells:
        yield " | ".join(dict.fromkeys(cells.values()))


def _letter(column: int) -> str:
    """A column's letters: 1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
