"""Tables become lines that can be quoted: one a row, in which every value stands beside its column's name.

Pure: a grid of strings in, lines out. It knows nothing of Excel, Word or of what the values mean beyond telling words
from numbers, years, dates and units.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

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
    `hidden_columns`: those that are not in `rows` though the sheet has them. `unit`: the one said above the table.
    """

    rows: dict[int, Row]
    merges: Sequence[Merge] = ()
    hidden: frozenset[int] = field(default_factory=frozenset)
    lettered: bool = True
    header_rows: int = 0
    named: bool = True
    hidden_columns: frozenset[int] = field(default_factory=frozenset)
    unit: str = ""


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
    for part in _side_by_side(grid):
        yield from _lines(part)


def _lines(grid: Grid) -> Iterator[str]:
    named: _Table | None = None
    told: list[_Row] = []
    unit = grid.unit
    for block in _blocks(grid):
        for rows, begins in _stacked(block, grid):
            for row in rows[: (titles := _titles(rows, grid))]:
                yield from _plain(row.cells)
            unit = next(filter(None, (title_unit(t) for row in rows[:titles] for t in row.cells.values())), unit)
            if not (rest := rows[titles:]):
                continue
            rest, numbering = _without_numbering(rest, grid)
            depth = _depth(rest, grid)
            if named and begins == "no":
                begins = "yes" if depth and _begins_table(rest, depth) else _breaks_off(rest, named, told)
                if begins == "unsure":
                    for cells in (numbering, *(row.own for row in rest)):
                        yield from _plain(cells)
                    continue
            if named is None or begins != "no":
                told = []
                asked = _form(rest, grid)
                if asked == "yes":
                    yield from _form_lines(rest)
                    rest = []
                if asked != "no" or begins == "unsure":
                    named = _NAMELESS
                else:
                    named = _table(rest, depth, unit, grid)
                    if not named.told:
                        for row in rest[:depth]:
                            yield from _plain(row.cells)
                    rest = rest[depth if named.header else 0 :]
            unit = ""
            yield from _plain(numbering)
            for place, row in enumerate(rest):
                if place == 0 or row.own != named.header:  # a header that is printed again on each page
                    yield from named.tell(row)
                    told.append(row)


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


_UNIT_OF = r"(?:[计計]量|金[额額]|[货貨][币幣]|[数數]量)?[单單]位\s?[:：]\s?(?:人民[币幣])?"
_UNIT_TITLE = re.compile(rf"[(（\[【]?{_UNIT_OF}([^()（）:：|]+?)[)）\]】]?")
_UNIT_AT_END = re.compile(rf"(?:^|[\s(（\[【,，;；]){_UNIT_OF}([^\s()（）:：|]+?)[)）\]】]?[。:：]?\Z")
_FIELD = re.compile(r"(?!其中)[^:：\d()（）]{1,12}[:：].*")
_NOTE = re.compile(r"(?:备?注|说明|(?:数据|资料)?来源)\d?\s?[:：]|note|source")


def title_unit(text: str) -> str:
    """The unit that a title or the line above a table says at its end.

    >>> [title_unit(text) for text in ("金額單位：万元", "2023年表（单位：千元）", "收支表（万元）", "人数")]
    ['万元', '千元', '万元', '']
    """
    folded = fold(text).strip()
    if len(text) > 60 or _NOTE.match(folded):
        return ""
    for source in (text.strip(), folded):
        match = _UNIT_AT_END.search(source) or _UNIT_TITLE.fullmatch(source)
        if match and _is_unit(match[1].strip()):
            return match[1].strip()
    unit = _name_unit(text) if folded[-1:] in (")", "]", "】") else ""
    return unit if unit not in ("%", "‰") else ""


def _titles(block: Sequence[_Row], grid: Grid) -> int:
    """How many rows at the top of a block stand above its header: lone cells, units, who filled it in and when."""
    columns = {column for row in block for column in row.cells}
    if len(columns) == 1:  # a list, or words beside a table
        return len(block)
    left = min(columns)
    for index, row in enumerate(block):
        below = block[index + 1 : index + 1 + _DEEPEST]
        about = _is_caption(row, below) or _numbers_names(row, below)
        # Alone in a header that is marked as one, and not first: it names its column, and the corner is empty.
        corner = row.number <= grid.header_rows and min(row.cells) > left and not row.spans
        if (len(row.cells) > 1 or corner) and not about:
            return index
    return len(block)


def is_above_header(rows: Sequence[Row]) -> bool:
    """Whether the first of some rows only says what a table is, or numbers its columns, and the next may name them."""
    row, *below = (_Row(0, cells, cells, frozenset()) for cells in rows[: 1 + _DEEPEST])
    return _is_caption(row, below) or _numbers_names(row, below)


def _numbers_names(row: _Row, below: Sequence[_Row]) -> bool:
    """Whether a row numbers the columns that the next one names. Without a mark, it may also be their only header."""
    if not below or not _is_words(below[0].cells) or not _is_numbering(row, below):
        return False
    marked = not _ORDINAL.fullmatch(fold(next(iter(row.own.values()))))
    return marked or any(_kind(text) == "number" for other in below[1:2] for text in other.cells.values())


def _is_caption(row: _Row, below: Sequence[_Row]) -> bool:
    """Whether a row says what a table is: its unit, who filled it in, or its title with a date beside it."""
    if any(_UNIT_TITLE.fullmatch(fold(text)) for text in row.own.values()) or is_remark(row.own):
        return True
    fields = [text for text in row.own.values() if _is_field(text)]
    others = [(c, text) for c, text in row.own.items() if not _is_field(text) and _kind(text) != "date"]
    header = next((other.own for other in below[:_DEEPEST] if len(other.own) > 1 and not is_remark(other.own)), {})
    first = min(row.own, default=0)
    if len(others) != 1 or len(row.own) < 2 or first not in header:
        return False
    if _kind(header[first]) != "text" or "number" in map(_kind, header.values()):
        return False
    fewer = len(row.own) < len(header)
    if fields:
        return fewer or any(re.search(r"\d|单位", fold(text)) for text in fields)
    # A date alone may also be the name of a column, or of several that it is merged over.
    title, text = others[0]
    alone = fewer or bool(_TABLE.search(fold(text)))
    return alone and title == first and _kind(text) == "text" and all(left <= title for left, _ in row.spans)


_TABLE = re.compile(r"表(?:\(.*\))?$")


def _is_field(text: str) -> bool:
    """Whether a cell is a name with its value: 填报日期：2023-05-06."""
    return bool(_FIELD.fullmatch(text)) and text[-1] not in ":："


def is_remark(cells: Row) -> bool:
    """Whether cells are names each with a value, in one cell or in two, as where a table is signed: 填表人：张三."""
    named, before = False, ""
    for text in cells.values():
        if _FIELD.fullmatch(text):
            named = True
        elif before[-1:] not in (":", "：") and _kind(text) != "date":
            return False
        before = text
    return named


def _is_words(cells: Row) -> bool:
    """Whether cells could be the names of columns: two or more, words, and each another one."""
    texts = list(cells.values())
    return (
        len(texts) > 1
        and len(set(texts)) == len(texts)
        and all(_kind(text) == "text" and not _NO_VALUE.fullmatch(fold(text)) for text in texts)
        and not is_remark(cells)
    )


# What stands where there is no number, and what a sum is called.
_NO_VALUE = re.compile(
    r"[\W_]+|[未无暂缺免待略不停].{0,4}|同上|n/?a|nil|none|null|tbd|.{0,4}[合小总共]计.{0,2}|total|subtotal"
)


_NUMBERED = re.compile("栏次|栏号|栏目|栏|列次|列号|行次|项次|序号")
_ORDINAL = re.compile(r"[(\[]?(\d{1,3})[)\]]?(?:\s?=.*)?")


def _is_numbering(row: _Row, below: Sequence[_Row]) -> bool:
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
    return bool(below) and (min(below[0].cells) < min(numbers) or _kind(below[0].cells.get(min(numbers), "")) == "text")


def _depth(rows: Sequence[_Row], grid: Grid) -> int:
    """How many rows at the top of these name the columns; 0 if the first already holds values."""
    if not rows or not grid.named:
        return 0
    if marked := sum(row.number < next(iter(grid.rows)) + grid.header_rows for row in rows):
        return marked
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


# --- several tables in one grid, and forms


def _side_by_side(grid: Grid) -> list[Grid]:
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
    if not begins or not top:
        return [grid]
    shared = {number: row for number, row in grid.rows.items() if number < top}
    unit = next(filter(None, (title_unit(text) for row in shared.values() for text in row.values())), grid.unit)
    parts = []
    for left, right in pairwise([used[0], *begins, used[-1] + 1]):
        cells = {n: {c: t for c, t in row.items() if left <= c < right} for n, row in grid.rows.items() if n >= top}
        rows = {number: row for number, row in cells.items() if row}
        if not _is_labelled(rows):
            return [grid]
        merges = [merge for merge in grid.merges if left <= merge.left < right and merge.top >= top]
        marked = max(0, grid.header_rows - (next(iter(rows)) - next(iter(grid.rows))))
        parts.append(replace(grid, rows=rows, merges=merges, header_rows=marked, unit=unit))
    above = replace(grid, rows=shared, merges=[merge for merge in grid.merges if merge.top < top], header_rows=0)
    return [above, *parts] if shared else parts


def _is_across(row: Row, begins: Sequence[int]) -> bool:
    """Whether a row is one of several tables, and does not only say what they are."""
    if any(_UNIT_TITLE.fullmatch(fold(text)) or _is_field(text) for text in row.values()):
        return False
    return len({bisect_right(begins, column) for column in row}) > 1


def _is_labelled(rows: dict[int, Row]) -> bool:
    """Whether these are a table of its own: names of columns, and below them a column of labels, then numbers."""
    table = [row for row in rows.values() if len(row) > 1]
    if len(table) < 2 or not _names(table[0], table[1]):
        return False
    label = min(table[0])
    labels = [row.get(label, "") for row in table[1:]]
    others = [text for row in table[1:] for column, text in row.items() if column != label]
    return (
        all(_kind(text) != "number" for text in labels)
        and len(set(labels)) == len(labels)
        and any(_kind(text) == "number" for text in others)
    )


_Sure = Literal["no", "unsure", "yes"]


def _stacked(block: list[_Row], grid: Grid) -> Iterator[tuple[list[_Row], _Sure]]:
    """The rows of a block, apart where another table begins right below the first, and whether one does."""
    rows = block
    begins: _Sure = "no"
    while True:
        titles = _titles(rows, grid)
        rest = rows[titles:]
        if not grid.named or _form(rest, grid) != "no":
            break
        depth = _depth(rest, grid)
        place, next_begins = _next_header(rest, depth)
        if not place:
            break
        while place > depth + 1 and (len(rest[place - 1].own) == 1 or _is_caption(rest[place - 1], [rest[place]])):
            place -= 1
        yield rows[: titles + place], begins
        rows, begins = rest[place:], next_begins
    yield rows, begins


def _next_header(rows: Sequence[_Row], depth: int) -> tuple[int, _Sure]:
    """Where a row of words stands below columns of numbers and above numbers, and whether it is a header; 0 if none."""
    figures: dict[int, bool] = {}
    for place, row in enumerate(rows[depth:], start=depth):
        if _is_note(row) or (depth and row.own == rows[0].own):
            continue
        turned = [column for column in row.cells if figures.get(column)]
        words = turned and row.own == row.cells and _is_words(row.cells)
        if words and (sure := _heads(place, rows, turned)) != "no":
            return place, sure
        _count_figures(row, figures)
    return 0, "no"


def _count_figures(row: _Row, figures: dict[int, bool]) -> None:
    """Notes of the columns of a row whether they hold nothing but figures so far."""
    for column, text in row.cells.items():
        if figures.get(column) is False:
            continue
        if _kind(text) != "text":
            figures[column] = True
        elif not _NO_VALUE.fullmatch(fold(text)):
            figures[column] = False


def _heads(place: int, rows: Sequence[_Row], turned: Sequence[int]) -> _Sure:
    """Whether a row of words names the columns of the rows below it, or is one in which numbers are missing.

    Its names are believed where they are known as such or say a unit, or where the labels above are no words.
    """
    names = rows[place].cells
    first = min(names)
    known = bool(_HEAD.fullmatch(fold(names[first])))
    last = next((n for n in range(place + 1, min(place + _DEEPEST, len(rows))) if not _only_words(rows[n])), 0)
    if not last and known and place + 1 < len(rows) and set(names).issuperset(rows[place + 1].cells):
        return "yes"
    named = {column for row in rows[place:last] for column in row.cells}
    if not last or not named.issuperset(values := rows[last].cells):
        return "no"
    if all(_kind(values.get(column, "")) == "text" for column in turned):
        return "no"
    if any(row.cells.get(c) == text for n, row in enumerate(rows) if n != place for c, text in names.items()):
        return "no"
    if known or any(map(_name_unit, names.values())):
        return "yes"
    if first in turned:
        return "no" if len(turned) == 1 else "yes" if _kind(values.get(first, "")) == "text" else "unsure"
    return "unsure"


def _without_numbering(rows: list[_Row], grid: Grid) -> tuple[list[_Row], Row]:
    """The rows without the one in or right below the header that numbers the columns, and that one's cells."""
    for place in range(1, min(_depth(rows, grid) + 1, len(rows))):
        if _is_numbering(rows[place], rows[place + 1 :]):
            return rows[:place] + rows[place + 1 :], rows[place].cells
    return rows, {}


def _only_words(row: _Row) -> bool:
    return all(_kind(text) == "text" for text in row.cells.values())


_HEADS = (
    "地区|地市|市地|市县|区县|省市|单位|部门|机构|学校|企业|名称|项目|指标|类别|类型|分类|内容|序号|编号|年份|年度|月份|季度|"
    "时间|日期|姓名|城市|国家|产品|品种|行业|班次|科目|名次|排名|等级|year|name|item|no|region|city|unit|date"
)
_HEAD = re.compile(rf"(?:{_HEADS})(?:名称?|编号)?(?:\(.*\))?")
#: What the first column of a table is called, with up to four characters more.
LABELS = re.compile(rf"(?:{_HEADS}).{{0,4}}")
# What forms ask for. `_LISTED` heads a column of such labels, in a table that is no form.
_ASKED = re.compile(
    r"(?:单位|部门|地区|学校|企业|机构|国家|(?:主办|承办|协办|举办|工作|所在|填报|报送|主管|牵头|建设|施工|申报|责任)单位|"
    r".{0,6}(?:姓名|名称|性别|民族|年龄|籍贯|出生地|出生|年月|日期|时间|地点|地址|住址|学历|学位|专业|院校|职务|职称|职业|职级|"
    r"面貌|电话|手机|传真|邮箱|邮编|编码|号码|证号|编号|代码|人数|人次|户数|期数|件数|数量|数值|数额|金额|总额|经费|投资|预算|期限|规模|类型|"
    r"类别|性质|级别|等级|方式|联系人|负责人|经办人|审核人|填表人|法人|人员|内容|主题|事项|依据|意见|备注|简历|特长|状况|情况)|"
    r"(?:full )?name|sex|gender|age|address|phone|telephone|e-?mail|birthday|date(?: of birth)?|nationality|occupation)"
    r"(?:\(.*\))?"
)
_LISTED = re.compile("项目|指标|类别|类型|分类|名称|内容|科目|序号|编号|事项|品种|产品|行业|item|name")


def _breaks_off(rows: Sequence[_Row], table: _Table, told: Sequence[_Row]) -> _Sure:
    """Whether rows after an empty one are all words though the columns of the table above hold figures."""
    first = rows[0]
    if first.own == table.header or not _is_words(first.cells) or not all(map(_only_words, rows)):
        return "no"
    figures: dict[int, bool] = {}
    for row in told:
        _count_figures(row, figures)
    if not any(figures.get(column) for column in first.cells):
        return "no"
    return "yes" if len(rows) > 1 and _HEAD.fullmatch(fold(first.cells[min(first.cells)])) else "unsure"


def _form(rows: Sequence[_Row], grid: Grid) -> _Sure:
    marked = bool(rows) and rows[0].number < next(iter(grid.rows)) + grid.header_rows
    if not grid.named or marked or any(row.spans for row in rows[:2]) or any(row.own != row.cells for row in rows[:2]):
        return "no"
    return form([row.cells for row in rows if not _is_note(row)])


def form(rows: Sequence[Row]) -> _Sure:
    """Whether rows are a form, in which names and values take turns: 姓名 | 张三 | 性别 | 男, and below 人数 | 300.

    Its columns of names hold what forms ask for in every row; those of a table do in the first one only, where its
    columns of values are named too.
    """
    columns = sorted(set().union(*rows[:2]))
    if len(rows) < 2 or len(columns) % 2 or columns != list(rows[0]) or columns[-1] - columns[0] != len(columns) - 1:
        return "no"
    pairs = list(zip(columns[::2], columns[1::2], strict=True))
    listed = bool(_LISTED.fullmatch(fold(rows[0][columns[0]])))
    if not all(_is_answer(rows[0][name], rows[0][value]) for name, value in pairs):
        return "no"
    if not all(_is_asked(rows[0][name]) for name, _ in pairs[listed:]):
        return "no"
    if not any(_is_asked(rows[1].get(name, "")) for name, _ in pairs):
        return "no"
    names = [row[name] for row in rows for name, _ in pairs if name in row]
    values = [row[value] for row in rows[1:] for _, value in pairs if value in row]
    if listed:
        return "no" if len(rows) > 2 and all(_kind(text) == "number" for text in values) else "unsure"
    sure = (
        sum(map(_is_asked, names)) * 2 >= len(names)
        and len(set(names)) == len(names)
        and all(_kind(name) == "text" and len(name) <= 12 for name in names)
        and set(columns).issuperset(column for row in rows for column in row)
        and all(value - 1 in row and not _is_asked(row[value]) for row in rows for _, value in pairs if value in row)
    )
    return "yes" if sure else "unsure"


def _is_asked(text: str) -> bool:
    return len(text) <= 12 and bool(_ASKED.fullmatch(fold(text).rstrip(": ")))


def _is_answer(name: str, text: str) -> bool:
    """Whether a cell in the first row is a value and not the name of a column."""
    if _kind(text) in ("year", "date"):
        return _kind(text) == "date" and bool(re.search("[日月时]|date", fold(name)))
    folded = fold(text)
    said = _is_asked(text) or _COUNTED.search(folded) or _OTHER.search(folded) or _name_unit(text)
    return _kind(text) == "number" or not (said or _NO_VALUE.fullmatch(folded) or _AMOUNT.fullmatch(folded))


def _form_lines(rows: Sequence[_Row]) -> Iterator[str]:
    first = min(rows[0].cells)
    for row in rows:
        starts = sorted({column - (column - first) % 2 for column in row.cells})
        pairs = [(row.cells.get(column, ""), row.cells.get(column + 1, "")) for column in starts]
        yield from _plain(row.own) if _is_note(row) else pair_lines(pairs)


def pair_lines(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Names with their values: one line, or one for each where they would not make one sentence."""
    parts = [f"{name.rstrip(' :：')}：{value}" if name and value else name + value for name, value in pairs]
    parts = list(filter(None, parts))
    return [" | ".join(parts)] if all(map(is_whole, parts)) else parts


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


_NAMELESS = _Table({}, {}, None, False, 0)


def _is_note(row: _Row) -> bool:
    """Whether a row is a section's title, a note (one cell, merged or with the words for one) or one of signatures."""
    if len(row.own) == 1 and (row.spans or _NOTE.match(fold(next(iter(row.own.values()))))):
        return True
    return is_remark(row.cells)


# Rows and columns that a table's common unit does not measure: shares, growth, ranks, counts of order, points in time.
_OTHER = re.compile(
    r"[率比占幅龄均倍码]|[增降减](?!加值)|百分|序号|编号|^号|第.*[期号]|年[份度]$|^[年月日]$|日期|时间|[排名]次|排名|电话|指数|得?分数?$|%|‰"
)
_COUNTED = re.compile(r"[数人户家次期班个]$")
# Amounts that are called numbers: 预算数, 年末结余数, 本年累计数.
_AMOUNT = re.compile(
    r"(?:.*(?:预算|决算|执行|结余|结转|收入|支出|拨款)|(?:[本上当][年期月季]度?|[年期月季][度初末]|累计|合计|计划|实际|完成|调整|同期)+)数"
)


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
    printed = (row for row in body if row.own != rows[0].own)  # see `lines`
    filled = {column for row in printed if not _is_note(row) for column in row.cells}
    told = {part for column in filled for part in levels.get(column, ())}
    whole = all(text in told for row in header for text in row.own.values())
    return _Table(names, units, dict(rows[0].own) if depth else None, grid.lettered, first, whole)


def _excluded(names: Sequence[str], unit: str) -> bool:
    money = base_unit(unit.lstrip("十百千万亿"))[1].endswith("元") or unit.endswith("元")
    folded = [fold(name) for name in names]
    counted = any(_COUNTED.search(name) and not _AMOUNT.fullmatch(re.sub(r"^\d+年度?", "", name)) for name in folded)
    return any(map(_OTHER.search, folded)) or (money and counted)


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


_UNIT_PREFIX = r"^(?:计量|金额|货币)?[单單]位[:： ]*"


@lru_cache(maxsize=1 << 12)
def _name_unit(name: str) -> str:
    """The unit in brackets at the end of a name or behind a stroke: 人次(万), 产值/亿元."""
    match = re.search(r"[(（\[【]([^()（）\[\]【】]{1,10})[)）\]】]$|[/／]([^/／]{1,8})$", name.strip())
    unit = re.sub(_UNIT_PREFIX, "", next(filter(None, match.groups()), "")) if match else ""
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
