"""Tables that are forms, in which names and values take turns: 姓名 | 张三 | 性别 | 男.

Pure. A table is believed to be a form only if its labels are what forms ask for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from ingest.gridrows import Grid, GridRow, Row
from ingest.tableheads import is_note
from ingest.telling import is_whole, plain
from ingest.values import is_no_value, kind_of, names_measure
from rag.text import fold

#: Whether something is so; what is unsure stands without names, for a wrong header is worse than none.
Sure = Literal["no", "unsure", "yes"]
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


def grid_form(rows: Sequence[GridRow], grid: Grid) -> Sure:
    """Whether rows of a grid are a form: none that is marked as a header, and with no cell merged in its first two."""
    marked = grid.marks(rows[0].number)
    if not grid.named or marked or any(row.spans or row.own != row.cells for row in rows[:2]):
        return "no"
    return form([row.cells for row in rows if not is_note(row)])


def form(rows: Sequence[Row]) -> Sure:
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
        return "no" if len(rows) > 2 and all(kind_of(text) == "number" for text in values) else "unsure"
    sure = (
        sum(map(_is_asked, names)) * 2 >= len(names)
        and len(set(names)) == len(names)
        and all(kind_of(name) == "text" and len(name) <= 12 for name in names)
        and set(columns).issuperset(column for row in rows for column in row)
        and all(value - 1 in row and not _is_asked(row[value]) for row in rows for _, value in pairs if value in row)
    )
    return "yes" if sure else "unsure"


def _is_asked(text: str) -> bool:
    return len(text) <= 12 and bool(_ASKED.fullmatch(fold(text).rstrip(": ")))


def _is_answer(name: str, text: str) -> bool:
    """Whether a cell in the first row is a value and not the name of a column."""
    if kind_of(text) in ("year", "date"):
        return kind_of(text) == "date" and bool(re.search("[日月时]|date", fold(name)))
    return kind_of(text) == "number" or not (_is_asked(text) or names_measure(text) or is_no_value(text))


def form_lines(rows: Sequence[GridRow]) -> Iterator[str]:
    """The rows of a form as names with their values."""
    first = min(rows[0].cells)
    for row in rows:
        starts = sorted({column - (column - first) % 2 for column in row.cells})
        pairs = [(row.cells.get(column, ""), row.cells.get(column + 1, "")) for column in starts]
        yield from plain(row.own) if is_note(row) else pair_lines(pairs)


def pair_lines(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Names with their values: one line, or one for each where they would not make one sentence."""
    parts = [f"{name.rstrip(' :：')}：{value}" if name and value else name + value for name, value in pairs]
    parts = list(filter(None, parts))
    return [" | ".join(parts)] if all(map(is_whole, parts)) else parts
