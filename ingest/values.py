"""What kind of value a cell of a table holds, and the units that names, titles and the line above a table say.

Pure. It knows single texts, nothing of rows or of where in a table a text stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rag.figures import find
from rag.numerals import base_unit
from rag.text import fold

_YEAR = re.compile(r"(?:19|20)\d\d(?:年度?)?|\d{1,2}月份?|[1-4]季度|q[1-4]")
_DATE = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}.*|\d{1,2}:\d\d.*|\d{4}[-/]\d{1,2}|\d{4}年\d{1,2}月.*")
_NUMBER = re.compile(r"[-+−(]?[¥$€£]?\s?\d[\d,. ]*[^\W\d_%‰]{0,2}[%‰)]?|#[A-Z/0!]+[!?A0]?", re.IGNORECASE)


@lru_cache(maxsize=1 << 14)
def kind_of(text: str) -> str:
    """Whether a cell holds a "year", a "date", a "number" or a "text"; 341期 is a number too, 2009年 a year."""
    if not text[:40].strip() or len(text) > 40:
        return "text"
    folded = fold(text).strip()
    for kind, pattern in (("year", _YEAR), ("date", _DATE), ("number", _NUMBER)):
        if pattern.fullmatch(folded):
            return kind
    return "text"


_NO_VALUE = re.compile(
    r"[\W_]+|[未无暂缺免待略不停].{0,4}|同上|n/?a|nil|none|null|tbd|.{0,4}[合小总共]计.{0,2}|total|subtotal"
)


def is_no_value(text: str) -> bool:
    """Whether a text is what stands where there is no number, or what a sum is called: -, 无, 合计."""
    return bool(_NO_VALUE.fullmatch(fold(text)))


# --- units


_UNIT_OF = r"(?:[计計]量|金[额額]|[货貨][币幣]|[数數]量)?[单單]位\s?[:：]\s?(?:人民[币幣])?"
_UNIT_TITLE = re.compile(rf"[(（\[【]?{_UNIT_OF}([^()（）:：|]+?)[)）\]】]?")
_UNIT_AT_END = re.compile(rf"(?:^|[\s(（\[【,，;；]){_UNIT_OF}([^\s()（）:：|]+?)[)）\]】]?[。:：]?\Z")
#: How a note at a table begins, once folded.
NOTE = re.compile(r"(?:备?注|说明|(?:数据|资料)?来源)\d?\s?[:：]|note|source")


def title_unit(text: str) -> str:
    """The unit that a title or the line above a table says at its end.

    >>> [title_unit(text) for text in ("金額單位：万元", "2023年表（单位：千元）", "收支表（万元）", "人数")]
    ['万元', '千元', '万元', '']
    """
    folded = fold(text).strip()
    if len(text) > 60 or NOTE.match(folded):
        return ""
    for source in (text.strip(), folded):
        match = _UNIT_AT_END.search(source) or _UNIT_TITLE.fullmatch(source)
        if match and _is_unit(match[1].strip()):
            return match[1].strip()
    unit = name_unit(text) if folded[-1:] in (")", "]", "】") else ""
    return unit if unit not in ("%", "‰") else ""


def unit_above(rows: Iterable[Iterable[str]], otherwise: str) -> str:
    """The first unit that the texts above a table say, or another."""
    return next(filter(None, (title_unit(text) for row in rows for text in row)), otherwise)


def is_unit_title(text: str) -> bool:
    """Whether a text says nothing but the unit of a table: (单位：万元)."""
    return bool(_UNIT_TITLE.fullmatch(fold(text)))


_UNIT_PREFIX = r"^(?:计量|金额|货币)?[单單]位[:： ]*"


@lru_cache(maxsize=1 << 12)
def name_unit(name: str) -> str:
    """The unit in brackets at the end of a name or behind a stroke: 人次(万), 产值/亿元."""
    match = re.search(r"[(（\[【]([^()（）\[\]【】]{1,10})[)）\]】]$|[/／]([^/／]{1,8})$", name.strip())
    unit = re.sub(_UNIT_PREFIX, "", next(filter(None, match.groups()), "")) if match else ""
    return unit if unit and _is_unit(unit) else ""


@lru_cache(maxsize=1 << 12)
def _is_unit(text: str) -> bool:
    figures = find(f"1{text}") if len(text) <= 8 and not re.match(r"[\d.,年月日]", fold(text)) else []
    return len(figures) == 1 and figures[0].kind == "number" and figures[0].end == 1 + len(text)


# Rows and columns that a table's common unit does not measure: shares, growth, ranks, counts of order, points in time.
_OTHER = re.compile(
    r"[率比占幅龄均倍码]|[增降减](?!加值)|百分|序号|编号|^号|第.*[期号]|年[份度]$|^[年月日]$|日期|时间|[排名]次|排名|电话|指数|得?分数?$|%|‰"
)
_COUNTED = re.compile(r"[数人户家次期班个]$")
# Amounts that are called numbers: 预算数, 年末结余数, 本年累计数.
_AMOUNT = re.compile(
    r"(?:.*(?:预算|决算|执行|结余|结转|收入|支出|拨款)|(?:[本上当][年期月季]度?|[年期月季][度初末]|累计|合计|计划|实际|完成|调整|同期)+)数"
)


def names_measure(text: str) -> bool:
    """Whether a text names what numbers say: what is counted, a share, an amount, or anything with its unit."""
    folded = fold(text)
    return bool(_COUNTED.search(folded) or _OTHER.search(folded) or _AMOUNT.fullmatch(folded) or name_unit(text))


@lru_cache(maxsize=1 << 12)
def other_measure(text: str) -> bool:
    """Whether a cell says that its row is one that the table's common unit does not measure: 增长率."""
    return kind_of(text) == "text" and len(text) <= 40 and bool(_OTHER.search(fold(text)))


def is_excluded(names: Sequence[str], unit: str) -> bool:
    """Whether a column of these names, one a header row, is one that the table's common unit does not measure."""
    money = base_unit(unit.lstrip("十百千万亿"))[1].endswith("元") or unit.endswith("元")
    folded = [fold(name) for name in names]
    counted = any(_COUNTED.search(name) and not _AMOUNT.fullmatch(re.sub(r"^\d+年度?", "", name)) for name in folded)
    return any(map(_OTHER.search, folded)) or (money and counted)
