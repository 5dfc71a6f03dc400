"""Which rows of a table are its header and which are no data: captions, notes, signatures, numbered columns.

Pure. It knows one table; where there are several in one grid, `ingest.subtables` tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.gridrows import Grid, GridRow, Row
from ingest.values import NOTE, is_no_value, is_unit_title, kind_of
from rag.text import fold

#: The deepest header, in rows.
DEEPEST = 4
_HEADS = (
    "地区|地市|市地|市县|区县|省市|单位|部门|机构|学校|企业|名称|项目|指标|类别|类型|分类|内容|序号|编号|年份|年度|月份|季度|"
    "时间|日期|姓名|城市|国家|产品|品种|行业|班次|科目|名次|排名|等级|year|name|item|no|region|city|unit|date"
)
#: What the first column of a table is called.
HEAD = re.compile(rf"(?:{_HEADS})(?:名称?|编号)?(?:\(.*\))?")
#: The same, with up to four characters more.
LABELS = re.compile(rf"(?:{_HEADS}).{{0,4}}")


def title_rows(block: Sequence[GridRow], grid: Grid) -> int:
    """How many rows at the top of a block stand above its header: lone cells, units, who filled it in and when."""
    columns = {column for row in block for column in row.cells}
    if len(columns) == 1:  # a list, or words beside a table
        return len(block)
    left = min(columns)
    for index, row in enumerate(block):
        below = block[index + 1 : index + 1 + DEEPEST]
        about = is_caption(row, below) or _numbers_names(row, below)
        # Alone in a header that is marked as one, and not first: it names its column, and the corner is empty.
        corner = grid.marks(row.number) and min(row.cells) > left and not row.spans
        if (len(row.cells) > 1 or corner) and not about:
            return index
    return len(block)


def is_above_header(rows: Sequence[Row]) -> bool:
    """Whether the first of some rows only says what a table is, or numbers its columns, and the next may name them."""
    row, *below = (GridRow(0, cells, cells, frozenset()) for cells in rows[: 1 + DEEPEST])
    return is_caption(row, below) or _numbers_names(row, below)


def _numbers_names(row: GridRow, below: Sequence[GridRow]) -> bool:
    """Whether a row numbers the columns that the next one names. Without a mark, it may also be their only header."""
    if not below or not is_words(below[0].cells) or not _is_numbering(row, below):
        return False
    marked = not _ORDINAL.fullmatch(fold(next(iter(row.own.values()))))
    return marked or any(kind_of(text) == "number" for other in below[1:2] for text in other.cells.values())


def is_caption(row: GridRow, below: Sequence[GridRow]) -> bool:
    """Whether a row says what a table is: its unit, who filled it in, or its title with a date beside it."""
    if any(map(is_unit_title, row.own.values())) or is_remark(row.own):
        return True
    fields = [text for text in row.own.values() if is_field(text)]
    others = [(c, text) for c, text in row.own.items() if not is_field(text) and kind_of(text) != "date"]
    header = next((other.own for other in below if len(other.own) > 1 and not is_remark(other.own)), {})
    first = min(row.own, default=0)
    if len(others) != 1 or len(row.own) < 2 or first not in header:
        return False
    if kind_of(header[first]) != "text" or "number" in map(kind_of, header.values()):
        return False
    fewer = len(row.own) < len(header)
    if fields:
        return fewer or any(re.search(r"\d|单位", fold(text)) for text in fields)
    # A date alone may also be the name of a column, or of several that it is merged over.
    title, text = others[0]
    alone = fewer or bool(_TABLE.search(fold(text)))
    return alone and title == first and kind_of(text) == "text" and all(left <= title for left, _ in row.spans)


_TABLE = re.compile(r"表(?:\(.*\))?$")
_FIELD = re.compile(r"(?!其中)[^:：\d()（）]{1,12}[:：].*")


def is_field(text: str) -> bool:
    """Whether a cell is a name with its value: 填报日期：2023-05-06."""
    return bool(_FIELD.fullmatch(text)) and text[-1] not in ":："


def is_remark(cells: Row) -> bool:
    """Whether cells are names each with a value, in one cell or in two, as where a table is signed: 填表人：张三."""
    named, before = False, ""
    for text in cells.values():
        if _FIELD.fullmatch(text):
            named = True
        elif before[-1:] not in (":", "：") and kind_of(text) != "date":
            return False
        before = text
    return named


def is_note(row: GridRow) -> bool:
    """Whether a row is a section's title, a note (one cell, merged or with the words for one) or one of signatures."""
    if len(row.own) == 1 and (row.spans or NOTE.match(fold(next(iter(row.own.values()))))):
        return True
    return is_remark(row.cells)


def is_words(cells: Row) -> bool:
    """Whether cells could be the names of columns: two or more, words, and each another one."""
    texts = list(cells.values())
    return (
        len(texts) > 1
        and len(set(texts)) == len(texts)
        and all(kind_of(text) == "text" and not is_no_value(text) for text in texts)
        and not is_remark(cells)
    )


_NUMBERED = re.compile("栏次|栏号|栏目|栏|列次|列号|行次|项次|序号")
_ORDINAL = re.compile(r"[(\[]?(\d{1,3})[)\]]?(?:\s?=.*)?")


def _is_numbering(row: GridRow, below: Sequence[GridRow]) -> bool:
    """Whether a row numbers the columns: 栏次 | 1 | 2 | 3, or 甲 | 乙 | 1 | 2 | 3=1+2."""
    cells = {column: fold(text).strip() for column, text in row.own.items()}
    numbers = {column: int(match[1]) for column, text in cells.items() if (match := _ORDINAL.fullmatch(text))}
    marks = [text for column, text in cells.items() if column not in numbers]
    counted = list(numbers.values())
    if not numbers or list(cells)[: len(marks)] != [c for c in cells if c not in numbers]:
        return False
    if counted[0] not in (0, 1) or any(b != a + 1 for a, b in pairwise(counted)):
        return False
    if marks and _NUMBERED.fullmatch(marks[0]):
        return True
    if counted[0] != 1 or len(counted) + len(marks) < (4 if marks else 3):
        return False
    if marks:
        # Rows may be called so too: 甲 and, below it, 乙.
        goes_on = not below or "甲乙丙丁戊"[len(marks) : len(marks) + 1] == fold(next(iter(below[0].cells.values())))
        return "".join(marks) == "甲乙丙丁戊"[: len(marks)] and not goes_on
    # Without a mark, the numbers are those of a row only if words stand below the first, or nothing before it.
    return bool(below) and (
        min(below[0].cells) < min(numbers) or kind_of(below[0].cells.get(min(numbers), "")) == "text"
    )


def without_numbering(rows: list[GridRow], grid: Grid) -> tuple[list[GridRow], Row]:
    """The rows without the one in or right below the header that numbers the columns, and that one's cells."""
    for place in range(1, min(header_depth(rows, grid) + 1, len(rows))):
        if _is_numbering(rows[place], rows[place + 1 :]):
            return rows[:place] + rows[place + 1 :], rows[place].cells
    return rows, {}


def header_depth(rows: Sequence[GridRow], grid: Grid) -> int:
    """How many rows at the top of these name the columns; 0 if the first already holds values."""
    if not grid.named:
        return 0
    if marked := sum(grid.marks(row.number) for row in rows):
        return marked
    if not names_columns(rows[0].cells, rows[1].cells if len(rows) > 1 else {}):
        return 0
    depth = 1
    bottom = max((merge.bottom for merge in grid.merges if merge.top == rows[0].number), default=0)
    while depth < min(len(rows), DEEPEST):
        above, row = rows[depth - 1], rows[depth]
        joined = row.number <= bottom or any(_parted(span, above, row) for span in above.spans)
        gaps = not grid.merges and min(above.own) not in row.own and any(column not in above.own for column in row.own)
        if not (joined or gaps) or "number" in map(kind_of, row.cells.values()):
            break
        depth += 1
    return depth


def _parted(span: tuple[int, int], above: GridRow, row: GridRow) -> bool:
    """Whether the cells below a merged one name its parts: two or more, where it stands beside others."""
    return len(above.own) > 1 and sum(span[0] <= column <= span[1] for column in row.own) > 1


def names_columns(row: Row, below: Row) -> bool:
    """Whether a row names columns: words, or years, dates or counted numbers over something else."""
    kinds = {column: kind_of(text) for column, text in row.items()}
    numbers = [text for column, text in row.items() if kinds[column] == "number"]
    if numbers:
        counted = all(a.isdecimal() and b == str(int(a) + 1) for a, b in pairwise(numbers))
        return len(numbers) > 2 and counted and [below.get(c) for c in row if kinds[c] == "number"] != numbers
    special = [column for column, kind in kinds.items() if kind != "text"]
    return not special or (bool(below) and all(kind_of(below.get(c, "")) != kinds[c] for c in special))
