"""Figures in a text: numbers with what they count, dates, times, periods, ordinals, ranges; and how they compare.

Pure. A figure is what a reader could check against a source, in Chinese of either script or in English. Nothing here
knows documents or understands sentences: whether a figure answers a question is decided elsewhere.
`rag.quantities` reads numbers with their units, `rag.dates` dates and times, `rag.changes` what grew or fell.

Left out on purpose: numbers that are only a part of a word (一般, 千方百计, 第一线), vague amounts (数百, 几十万),
relative dates (今年, last week), Roman numerals, circled digits and numbers with an exponent (①, 10²).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from rag import dates, numerals
from rag.changes import in_clause
from rag.dates import Kind, Moment, PartialDate, Relation
from rag.numerals import EXACT, NUMERALS
from rag.quantities import NAME_BEFORE, Quantity, amount
from rag.text import fold, fold_with_offsets

__all__ = ["Found", "Kind", "PartialDate", "Relation", "agree", "claims", "compare", "find"]


@dataclass(frozen=True, slots=True)
class Found:
    """A figure where it stands: `text == source[start:end]`.

    `unit` is folded and simplified, in Chinese where an English one means the same (percent is %), and empty when none
    that we know follows. `value` of a date is its first given part, with the unit 年, 月 or 日 when it is the only one
    and 日期 otherwise; of a time, the seconds since midnight, with the unit 时, 时分 or 时分秒 as it is exact; of a
    period, which quarter or half year it is, or a decade's first year. `upper` and `until` are the end of a range.
    `basis` and `direction` are what the clause says of a number: 同比 or 环比, and growth (+1) or decline (-1).
    """

    text: str
    value: Decimal
    unit: str
    start: int
    end: int
    kind: Kind = "number"
    upper: Decimal | None = None
    approximate: bool = False
    basis: str = ""
    direction: int = 0
    date: PartialDate | None = None
    until: PartialDate | None = None

    @property
    def normal(self) -> str:
        """The value in one writing, whatever the text's: a plain decimal, an ISO date, a time, or a range of them.

        >>> [f.normal for f in find("3—5萬元、三分之一、4月19日、下午3點半、2011年前三季度")]
        ['30000..50000', '0.3333', '--04-19', '15:30', '2011-Q1..Q3']
        """
        ends = [self.value] if self.upper is None else [self.value, self.upper]
        if self.kind == "date":
            return f"{self.date}..{self.until}" if self.until else f"{self.date}"
        if self.kind == "time":
            return "..".join(_clock(int(seconds), self.unit) for seconds in ends)
        if self.kind == "period" and self.unit == "年代":
            return f"{self.value}s"
        if self.kind == "period":
            name = "H" if self.unit == "半年" else "Q"
            return (f"{self.date}-" if self.date else "") + "..".join(f"{name}{number}" for number in ends)
        return "..".join(_decimal(number) for number in ends)


def _clock(seconds: int, unit: str) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours:02}:{minutes:02}" + (f":{seconds % 60:02}" if unit == "时分秒" else "")


def _decimal(number: Decimal) -> str:
    exponent = number.as_tuple().exponent
    endless = isinstance(exponent, int) and exponent < -24  # a third has no last digit
    return f"{round(number, 4) if endless else number:f}"


# --- finding

_STARTS = re.compile(
    rf"[0-9{numerals.DIGITS}十廿卅第$€£¥]|(?<![0-9a-z.])\.(?=[0-9])|[-−](?=\s?[.0-9$€£¥])"
    rf"|负(?=[0-9{NUMERALS}])|[百千万](?=分之)|[上下]半年|前[二两三23]个?季|(?:本|上个?)世纪|民国|公元|人民币"
    rf"|{dates.DAY_PARTS}|(?a:\b(?:(?:{numerals.WORDS}|{numerals.NTH_WORDS}|{dates.MONTH_WORDS}|q[1-4]|h[12])\b"
    r"|(?<!half )a(?=[\s-](?:hundred|thousand|million|billion|trillion|third|quarter|fifth)\b)|ad(?=\s[0-9])"
    r"|(?:rmb|cny|usd|hkd|eur|us\$|hk\$|nt\$|a\$)(?=\s?[0-9])))"
)
# What to pass over when no figure starts: the whole row of numerals, so that no part of it is taken for another one.
_UNREAD = re.compile(rf"[{NUMERALS}]+|[0-9]+(?:[.,][0-9]+)*|第一?|.", re.DOTALL)
_ARTICLE = re.compile("(?<=[是为為])一[个個种種名位座条條项項家款部支场場本张張类類](?=[\u3400-\u9fff]{2})")
_MARKS = re.compile("[²³¹¼½¾\u2070-\u2094\u2150-\u218f\u2460-\u24ff\u2776-\u2793\u3192-\u3195\u3220-\u32bf]")
_HALVES = {"½": ".50", "¼": ".25", "¾": ".75"}
_NO_ORDINAL = re.compile(r"第(?:一(?:线|时间|手|夫人|书记|人称|把手)|[二三](?:方|者|人称))")
_NUMBERED = re.compile(r"(?a:\b(?:no\.|issue|volume|vol\.|chapter|article|section|season|episode)\s?\Z)")
_NTH_NOUN = re.compile(
    r"(?a:[\s-](?:place|prize|edition|session|issue|round|season|phase|volume|chapter|generation|century|congress|"
    r"largest|biggest|highest|most|plenary|term|year|day|grade|class|anniversary)\b)"
)
_VAGUE_BEFORE = re.compile(r"(?:[几双百千万亿]|(?<![人总次件户倍指分岁个系项天])数)\Z")
_NTH, _CENTURY = re.compile(r"(?a:(?:st|nd|rd|th)(?![a-z0-9]))"), re.compile(r"(?a:[\s-]century\b)")


def find(text: str) -> list[Found]:
    """All figures of a text, in order and apart from each other.

    >>> [(f.text, str(f.value), f.unit) for f in find("培訓341期，８７１０人次，約1.2万元，增长3.5%")]
    [('341期', '341', '期'), ('８７１０人次', '8710', '人次'), ('1.2万元', '12000', '元'), ('3.5%', '3.5', '%')]
    >>> [(f.text, f.kind) for f in find("2011年4月19日第138期，9:30至11:30，Q1 2011")]
    [('2011年4月19日', 'date'), ('第138期', 'ordinal'), ('9:30至11:30', 'time'), ('Q1 2011', 'period')]
    >>> [(str(f.value), str(f.upper), f.approximate) for f in find("近10—15人，三四十个, more than 1.2 million people")]
    [('10', '15', True), ('30', '40', True), ('1200000', 'None', True)]
    >>> [(f.direction, f.basis) for f in find("同比增长3.5%、环比下降0.2%; prices fell 2% year-on-year")]
    [(1, '同比'), (-1, '环比'), (-1, '同比')]
    """
    return list(_all(text))


@lru_cache(maxsize=2048)  # an answer is checked against the same sentences again and again
def _all(text: str) -> tuple[Found, ...]:
    folded, offsets = fold_with_offsets(text)
    return tuple(_find(text, _without_marks(numerals.informal(folded), text), offsets))


def claims(text: str) -> list[Found]:
    """The figures that an answer claims: `find` without 一个 and the like behind 是 or 为, which count nothing.

    >>> [f.text for f in claims("这是一个研究机构，有一个分部")], [f.text for f in claims("问题为一个。")]
    (['一个'], ['一个'])
    """
    return [figure for figure in find(text) if not _ARTICLE.match(text, figure.start)]


def _without_marks(folded: str, text: str) -> str:
    """The folded text in which ①, ² and the like stay what they are, not digits among others; ½ is .50 there."""
    marks = {mark for mark in _MARKS.findall(text) if unicodedata.category(mark) == "No"}
    if not marks:
        return folded
    pieces, at = [], 0
    for character in text:
        length = len(fold(character))
        pieces.append(_HALVES.get(character, character * length) if character in marks else folded[at : at + length])
        at += length
    return "".join(pieces)


def _find(text: str, folded: str, offsets: list[int]) -> Iterator[Found]:
    position = 0
    previous: Found | None = None
    while start := _STARTS.search(folded, position):
        at = start.start()
        found = _read(folded, at)
        if found is None:
            unread = _UNREAD.match(folded, at)
            position = unread.end() if unread else at + 1
            continue
        position = found.end
        direction, basis = in_clause(folded, found, previous) if found.kind == "number" else (0, "")
        previous = replace(found, direction=direction, basis=basis) if direction or basis else found
        begins, ends = offsets[found.start], offsets[found.end - 1] + 1
        yield replace(previous, text=text[begins:ends], start=begins, end=ends)


def _read(folded: str, at: int) -> Found | None:
    """The figure at an offset, with offsets of the folded text and without its own."""
    named = folded[at].isdigit() and bool(NAME_BEFORE.search(folded, max(0, at - 2), at))
    if not named and (moment := dates.read(folded, at)):
        kind, value, unit, end, date, until, upper = moment
        return Found("", value, unit, at, end, kind, upper, date=date, until=until)
    if folded[at] in NUMERALS and _VAGUE_BEFORE.search(folded, max(0, at - 2), at):
        return None
    if folded[at] == "第":
        after = at + 1 + folded.startswith(" ", at + 1)
        quantity = None if _NO_ORDINAL.match(folded, at) else amount(folded, after, ordinal=True)
        return None if quantity is None else _found(quantity._replace(start=at), "ordinal")
    if nth := numerals.read_nth(folded, at):
        which, end = nth
        if which < 3 and not _NTH_NOUN.match(folded, end):
            return None
        return _nth(folded, Decimal(which), at, end)
    if (quantity := amount(folded, at)) is None:
        return None
    if quantity.unit == "" and quantity.upper is None and (ending := _NTH.match(folded, quantity.end)):
        return _nth(folded, quantity.value, at, ending.end())
    numbered = quantity.unit == "世纪" or _NUMBERED.search(folded, max(0, at - 10), at)
    return _found(quantity, "ordinal" if numbered else "number")


def _found(quantity: Quantity, kind: Kind) -> Found:
    value, unit, start, end, _, upper, approximate, _ = quantity
    return Found("", value, unit, start, end, kind, upper, approximate)


def _nth(folded: str, value: Decimal, start: int, end: int) -> Found:
    century = _CENTURY.match(folded, end)
    return Found("", value, "世纪" if century else "", start, century.end() if century else end, "ordinal")


# --- comparing

_HALF_OF_DAY = re.compile(r"[午晨早晚夜]|[apAP]\.?[mM]")


def compare(claimed: Found, written: Found, published: str = "") -> Relation:
    """How a claimed figure stands to a written one.

    `published` is the ISO date of the document: it completes a written date that has no year, or a lone day. A claim
    may be less exact than what is written, not more.

    >>> def said(claimed, written, published=""):
    ...     return compare(find(claimed)[0], find(written)[0], published).name
    >>> said("８，７１０人次", "8710人次"), said("8710", "8710人次"), said("8710人", "8710人次"), said("87人", "8710人")
    ('EQUAL', 'CONTAINED', 'OTHER_UNIT', 'DIFFERENT')
    >>> said("4月", "2011年4月19日"), said("2011年4月19日", "4月19日"), said("2011年4月19日", "4月19日", "2011-04-20")
    ('CONTAINED', 'DIFFERENT', 'EQUAL')
    >>> said("下降3.5%", "-3.5%"), said("增长3.5%", "下降3.5%"), said("三成", "30%"), said("5万元", "3-5万元")
    ('EQUAL', 'DIFFERENT', 'EQUAL', 'CONTAINED')
    """
    if {claimed.kind, written.kind} <= {"number", "ordinal"}:
        return _compare_numbers(claimed, written)
    said, there = (Moment(f.kind, f.value, f.unit, f.end, f.date, f.until, f.upper) for f in (claimed, written))
    # 3点 may stand for 下午3点.
    if _HALF_OF_DAY.search(written.text) and not _HALF_OF_DAY.search(claimed.text) and claimed.kind == "time":
        later = dates.compare(said._replace(value=said.value + 12 * 3600), there)
        if later in (Relation.EQUAL, Relation.CONTAINED):
            return Relation.CONTAINED
    return dates.compare(said, there, published)


def agree(claimed: Found, written: Found) -> bool:
    """Whether a source's figure says what an answer's figure claims.

    A figure whose unit is not known to us (none, or an English word) is compared by its value alone.

    >>> agree(find("8710人")[0], find("8710人次")[0]), agree(find("8,710")[0], find("8710人次")[0])
    (False, True)
    """
    return compare(claimed, written) in (Relation.EQUAL, Relation.CONTAINED)


def _compare_numbers(claimed: Found, written: Found) -> Relation:
    (scale, base), (other_scale, other_base) = numerals.base_unit(claimed.unit), numerals.base_unit(written.unit)
    if base != other_base:
        scale = other_scale = Decimal(1)
    said, there = _ends(claimed, scale), _ends(written, other_scale)
    same = said == there
    if not same and not claimed.unit and written.unit and other_base == "%" and 0 < claimed.value < 1:
        same = _ends(claimed, Decimal(100)) == _ends(written, numerals.base_unit(written.unit)[0])
    if not (same or (len(said) == 1 and said[0] in there)) or not _same_way(claimed, written):
        return Relation.DIFFERENT
    if claimed.unit and written.unit and base != other_base:
        return Relation.OTHER_UNIT
    if claimed.kind != written.kind and (claimed.kind == "ordinal" or claimed.unit):
        return Relation.OTHER_UNIT
    exact = same and claimed.kind == written.kind and base == other_base and claimed.approximate == written.approximate
    return Relation.EQUAL if exact else Relation.CONTAINED


def _ends(found: Found, scale: Decimal) -> list[Decimal]:
    ends = [end.copy_abs() for end in (found.value, found.upper) if end is not None]
    return ends if scale == 1 else [EXACT.multiply(end, scale) for end in ends]


def _same_way(claimed: Found, written: Found) -> bool:
    """Whether both grow or both decline, as far as they say, and on the same basis; a decline of 3.5% is -3.5%."""
    ways = [-1 if found.value < 0 else found.direction for found in (claimed, written)]
    if claimed.value < 0 or written.value < 0:
        return ways == [-1, -1]
    return ways[0] * ways[1] >= 0 and (not claimed.basis or not written.basis or claimed.basis == written.basis)
