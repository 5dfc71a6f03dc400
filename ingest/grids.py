"""Tables become lines that can be quoted: one a row, in which every value stands beside its column's name.

Pure: a grid of strings in, lines out. It knows nothing of Excel, Word or of what the values mean beyond telling words
from numbers, years, dates and units.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from rag.figures import find
from rag.numerals import base_unit
from rag.text import fold, sentences

Row = dict[int, str]

#: How long a line may grow, in characters, before a row goes on in another that begins with the same first cells. A
#: longer one would be cut at any colon when it is too much for the encoder.
WIDEST = 200
#: The deepest header, in rows.
_DEEPEST = 4
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
    """

    rows: dict[int, Row]
    merges: Sequence[Merge] = ()
    hidden: frozenset[int] = field(default_factory=frozenset)
    lettered: bool = True
    header_rows: int = 0
    named: bool = True


def lines(grid: Grid) -> Iterator[str]:
    r"""The lines of a table, in order.

    A title above the header, a note and a lone cell are lines of their own. Header rows (the first, and those below it
    that merged cells join with it) name the columns: 培訓/人次. A unit that a column's name or a title (单位：万元)
    stands behind the bare numbers, so that the line alone says how much it is. A row whose cells would not make one
    sentence, or too long a line, becomes several, each with the row's first cells. A table without a header, with
    numbers from its first row on, has letters for names; a form, whose cells are merged at will, has none.

    >>> names, values = {1: "地區", 2: "期數", 3: "金額(万元)"}, {1: "哈爾濱", 2: "341", 3: "1,200"}
    >>> list(lines(Grid({1: {1: "表1 培訓情況"}, 2: names, 3: values})))
    ['表1 培訓情況', '地區：哈爾濱 | 期數：341 | 金額(万元)：1,200万元']
    >>> list(lines(Grid({1: {1: "341", 2: "8710"}})))
    ['A：341 | B：8710']
    """
    named: _Table | None = None
    for block in _blocks(grid):
        for row in block[: (titles := _titles(block, grid))]:
            yield from _plain(row.cells)
        rest = block[titles:]
        unit = next(filter(None, (_title_unit(text) for row in block[:titles] for text in row.cells.values())), "")
        depth = _depth(rest, grid)
        if named is None or (depth and _begins_table(rest, depth)):
            named = _table(rest, depth, unit, grid)
            if not named.told:
                for row in rest[:depth]:
                    yield from _plain(row.cells)
            rest = rest[depth if named.header else 0 :]
        for place, row in enumerate(rest):
            if place == 0 or row.own != named.header:  # a header that is printed again on each page
                yield from named.tell(row)


# --- reading the grid


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with its own cells, and with those that reach into it from merged cells above."""

    number: int
    own: Row
    cells: Row
    spans: frozenset[tuple[int, int]]


def _blocks(grid: Grid) -> list[list[_Row]]:
    """The rows of a grid, apart where the sheet shows an empty row."""
    down: dict[int, Row] = {}
    spans: dict[int, set[tuple[int, int]]] = {}
    numbers = list(grid.rows)
    for merge in grid.merges:
        text = grid.rows.get(merge.top, {}).get(merge.left, "")
        for number in _between(numbers, merge.top, merge.bottom):
            if merge.right > merge.left:
                spans.setdefault(number, set()).add((merge.left, merge.right))
            # A number that stands once for several rows is their sum or their share, not each row's own.
            if 0 < len(text) <= _LABEL and number > merge.top and _kind(text) != "number":
                down.setdefault(number, {})[merge.left] = text
    blocks: list[list[_Row]] = []
    last = -1
    for number, cells in grid.rows.items():
        filled = dict(sorted({**down.get(number, {}), **cells}.items())) if number in down else cells
        row = _Row(number, cells, filled, frozenset(spans.get(number, ())))
        if last < 0 or any(between not in grid.hidden for between in range(last + 1, number)):
            blocks.append([])
        blocks[-1].append(row)
        last = number
    return blocks


def _between(numbers: Sequence[int], first: int, last: int) -> Iterator[int]:
    """Those of some ascending numbers that lie between two, both included."""
    yield from numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]


_YEAR = re.compile(r"(?:19|20)\d\d(?:年度?)?|\d{1,2}月份?|[1-4]季度|q[1-4]")
_DATE = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}.*|\d{1,2}:\d\d.*|\d{4}[-/]\d{1,2}|\d{4}年\d{1,2}月.*")
_NUMBER = re.compile(r"[-+−(]?[¥$€£]?\s?\d[\d,. ]*[^\W\d_%‰]{0,2}[%‰)]?|#[A-Z/0!]+[!?A0]?", re.IGNORECASE)
_BARE = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?")


@lru_cache(maxsize=1 << 14)
def _kind(text: str) -> str:
    """Whether a cell holds a "year", a "date", a "number" or a "text"; 341期 is a number too, 2009年 a year."""
    if not text[:40].strip() or len(text) > 40:
        return "text"
    folded = fold(text).strip()
    for kind, pattern in (("year", _YEAR), ("date", _DATE), ("number", _NUMBER)):
        if pattern.fullmatch(folded):
            return kind
    return "text"


_UNIT_TITLE = re.compile(r"[(（\[【]?(?:计量)?单位\s?[:：]\s?([^()（）:：|]+?)[)）\]】]?")
_FIELD = re.compile(r"[^:：]{1,12}[:：].*")


def _title_unit(text: str) -> str:
    match = _UNIT_TITLE.fullmatch(text) or _UNIT_TITLE.fullmatch(fold(text))
    return match[1].strip() if match and _is_unit(match[1].strip()) else ""


def _titles(block: Sequence[_Row], grid: Grid) -> int:
    """How many rows at the top of a block stand above its header: lone cells, units, who filled it in."""
    columns = {column for row in block for column in row.cells}
    if len(columns) == 1:  # a list, or words beside a table
        return len(block)
    left = min(columns)
    for index, row in enumerate(block):
        texts = list(row.own.values())
        about = any(_UNIT_TITLE.fullmatch(fold(text)) for text in texts) or all(map(_FIELD.fullmatch, texts))
        # Alone in a header that is marked as one, and not first: it names its column, and the corner is empty.
        corner = row.number <= grid.header_rows and min(row.cells) > left and not row.spans
        if (len(row.cells) > 1 or corner) and not about:
            return index
    return len(block)


def _depth(rows: Sequence[_Row], grid: Grid) -> int:
    """How many rows at the top of these name the columns; 0 if the first already holds values."""
    if not rows or not grid.named:
        return 0
    first = next(iter(grid.rows))
    if rows[0].number < first + grid.header_rows:
        return min(first + grid.header_rows - rows[0].number, len(rows))
    if not _names(rows[0].cells, rows[1].cells if len(rows) > 1 else {}):
        return 0
    depth, tops = 1, {merge for merge in grid.merges if merge.top == rows[0].number}
    bottom = max((merge.bottom for merge in tops), default=0)
    while depth < min(len(rows), _DEEPEST):
        above, row = rows[depth - 1], rows[depth]
        joined = row.number <= bottom or any(_parted(span, above, row) for span in above.spans)
        gaps = not grid.merges and min(above.own) not in row.own and any(column not in above.own for column in row.own)
        if not (joined or gaps) or "number" in map(_kind, row.cells.values()):
            break
        depth += 1
    return depth


def _parted(span: tuple[int, int], above: _Row, row: _Row) -> bool:
    """Whether the cells below a merged one name its parts: two or more, where it stands beside others."""
    return len(above.own) > 1 and sum(span[0] <= column <= span[1] for column in row.own) > 1


def _names(row: Row, below: Row) -> bool:
    """Whether a row names columns: words, or years, dates or counted numbers over something else."""
    kinds = {column: _kind(text) for column, text in row.items()}
    numbers = [text for column, text in row.items() if kinds[column] == "number"]
    if numbers:
        counted = all(a.isdecimal() and b == str(int(a) + 1) for a, b in pairwise(numbers))
        return len(numbers) > 2 and counted and [below.get(c) for c in row if kinds[c] == "number"] != numbers
    special = [column for column, kind in kinds.items() if kind != "text"]
    return not special or (bool(below) and all(_kind(below.get(c, "")) != kinds[c] for c in special))


def _begins_table(rows: Sequence[_Row], depth: int) -> bool:
    """Whether rows after an empty one are another table: names over numbers, not words that go on with the first."""
    if len(rows) <= depth or len(rows[0].cells) < 2:
        return False
    return any(
        _kind(text) == "number" and _kind(rows[0].cells.get(column, "")) != "number"
        for column, text in rows[depth].cells.items()
    )


# --- telling the rows


@dataclass(frozen=True, slots=True)
class _Table:
    """What the columns are called, and in which unit their bare numbers are; `header` is the first row of names.

    `told`: whether the rows will repeat every name, as they do not where a column is empty.
    """

    names: dict[int, str]
    units: dict[int, str]
    header: Row | None
    lettered: bool
    first: int
    told: bool = True

    def tell(self, row: _Row) -> Iterator[str]:
        cells = row.cells
        if _is_note(row):
            yield from _plain(row.own)
            return
        units = self.units if not any(map(_other_measure, cells.values())) else {}
        pairs = [self._pair(column, text, units.get(column, "")) for column, text in cells.items()]
        whole = [pair for pair, text in zip(pairs, cells.values(), strict=True) if is_whole(text)]
        prose = [pair for pair, text in zip(pairs, cells.values(), strict=True) if not is_whole(text)]
        kinds = [_kind(text) for text in cells.values() if is_whole(text)]
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
            name = letter(column)
        if unit and _BARE.fullmatch(fold(text)):
            text += unit
        return f"{name}：{text}" if name else text


_NOTE = re.compile(r"(?:备?注|说明|(?:数据|资料)?来源)\d?\s?[:：]|note|source")


def _is_note(row: _Row) -> bool:
    """Whether a row is a section's title or a note: one cell, merged over others or with the words for one."""
    return len(row.own) == 1 and bool(row.spans or _NOTE.match(fold(next(iter(row.own.values())))))


# Rows and columns that a table's common unit does not measure: shares, growth, ranks, counts of order, points in time.
_OTHER = re.compile(
    r"[率比占幅龄均倍码]|[增降减](?!加值)|百分|序号|编号|^号|第.*[期号]|年[份度]|^[年月日]$|日期|时间|[排名]次|排名|电话|指数|得?分数?$|%|‰"
)
_COUNTED = re.compile(r"[数人户家次期班个]$")


@lru_cache(maxsize=1 << 12)
def _other_measure(text: str) -> bool:
    return _kind(text) == "text" and len(text) <= 40 and bool(_OTHER.search(fold(text)))


def _table(rows: Sequence[_Row], depth: int, unit: str, grid: Grid) -> _Table:
    """How to tell the rows below a header of this depth."""
    first = min((min(row.cells) for row in rows), default=1)
    header, body = rows[:depth], rows[depth:]
    usual = frozenset().union(*(row.spans for row in header))
    # In a form, words and values take turns along a row, and every row is merged in its own way; a label alone that is
    # merged over the columns of labels is one of a sum.
    irregular = sum(len(row.own) > 1 and any(span[0] > first for span in row.spans - usual) for row in body)
    if body and irregular * 3 >= len(body) and not grid.header_rows:
        return _Table({}, {}, None, False, first)
    levels: dict[int, list[str]] = {}
    for row in header:
        for column, text in _across(row, header).items():
            if text not in levels.setdefault(column, [])[-1:]:
                levels[column].append(text)
    names = {column: _name("/".join(parts)) for column, parts in levels.items()}
    units: dict[int, str] = {}
    for column, parts in levels.items():
        own = next(filter(None, map(_name_unit, reversed(parts))), "")
        common = unit if unit and not _excluded(parts, unit) else ""
        units[column] = own or common
    filled = {column for row in body if not _is_note(row) for column in row.cells}
    told = {part for column in filled for part in levels.get(column, ())}
    whole = all(text in told for row in header for text in row.own.values())
    return _Table(names, units, dict(rows[0].own) if depth else None, grid.lettered, first, whole)


def _excluded(names: Sequence[str], unit: str) -> bool:
    money = base_unit(unit.lstrip("十百千万亿"))[1].endswith("元") or unit.endswith("元")
    return any(_OTHER.search(fold(name)) or (money and _COUNTED.search(fold(name))) for name in names)


def _across(row: _Row, header: Sequence[_Row]) -> Row:
    """A header row's names, each for all the columns that it is merged over or, without merges, that lie below it."""
    cells = dict(row.cells)
    for left, right in row.spans:
        if left in cells:
            cells.update({column: cells[left] for column in range(left, right + 1) if column <= left + 500})
    if row is header[0] and not any(other.spans for other in header):
        below = {column for other in header[1:] for column in other.own}
        last = ""
        for column in range(min(cells), max(below, default=0) + 1) if below else ():
            last = cells.get(column, last)
            if column in below:
                cells[column] = last
    return dict(sorted(cells.items()))


def _name(text: str) -> str:
    """A column's name without what would end a sentence inside a row."""
    name = text.strip().rstrip(":：").strip()
    return name if is_whole(name) else re.sub(r"[。！？!?；;…｡.]+(?=\s|$)|[。！？!?；;…｡]+", " ", name).strip()


@lru_cache(maxsize=1 << 12)
def _name_unit(name: str) -> str:
    """The unit in brackets at the end of a name or behind a stroke: 人次(万), 产值/亿元."""
    match = re.search(r"[(（\[【]([^()（）\[\]【】]{1,8})[)）\]】]$|[/／]([^/／]{1,8})$", name.strip())
    unit = next(filter(None, match.groups()), "").removeprefix("单位").strip(":： ") if match else ""
    return unit if unit and _is_unit(unit) else ""


@lru_cache(maxsize=1 << 12)
def _is_unit(text: str) -> bool:
    figures = find(f"1{text}") if len(text) <= 8 and not re.match(r"[\d.,年月日]", fold(text)) else []
    return len(figures) == 1 and figures[0].kind == "number" and figures[0].end == 1 + len(text)


_MAY_END = re.compile("[。！？；…｡!?;.\n]")


def is_whole(text: str) -> bool:
    """Whether a text stays within one sentence when another cell follows it."""
    # Asking `sentences` for every cell of a large sheet would take most of the time.
    return not _MAY_END.search(text) or len(sentences(f"{text} | 人")) == 1


def _plain(cells: Row) -> Iterator[str]:
    if cells:
        yield " | ".join(dict.fromkeys(cells.values()))


def letter(column: int) -> str:
    """A column's letters: 1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
