"""Figures in a text: numbers with what they count, dates, times, periods, ordinals, ranges; and how they compare.

Pure. A figure is what a reader could check against a source, in Chinese of either script or in English. Nothing here
knows documents or understands sentences: whether a figure answers a question is decided elsewhere.
`rag.numerals` reads numbers and their units, `rag.dates` dates and times.

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
from typing import NamedTuple

from rag import dates, numerals
from rag.dates import Kind, Moment, PartialDate, Relation
from rag.numerals import EXACT, NUMERALS, Numeral, plain
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
        direction, basis = _in_clause(folded, found, previous) if found.kind == "number" else (0, "")
        previous = replace(found, direction=direction, basis=basis) if direction or basis else found
        begins, ends = offsets[found.start], offsets[found.end - 1] + 1
        yield replace(previous, text=text[begins:ends], start=begins, end=ends)


def _read(folded: str, at: int) -> Found | None:
    """The figure at an offset, with offsets of the folded text and without its own."""
    named = folded[at].isdigit() and bool(_NAME_BEFORE.search(folded, max(0, at - 2), at))
    if not named and (moment := dates.read(folded, at)):
        kind, value, unit, end, date, until, upper = moment
        return Found("", value, unit, at, end, kind, upper, date=date, until=until)
    if folded[at] in NUMERALS and _VAGUE_BEFORE.search(folded, max(0, at - 2), at):
        return None
    if folded[at] == "第":
        after = at + 1 + folded.startswith(" ", at + 1)
        quantity = None if _NO_ORDINAL.match(folded, at) else _amount(folded, after, ordinal=True)
        return None if quantity is None else _found(quantity._replace(start=at), "ordinal")
    if nth := numerals.read_nth(folded, at):
        which, end = nth
        if which < 3 and not _NTH_NOUN.match(folded, end):
            return None
        return _nth(folded, Decimal(which), at, end)
    if (quantity := _amount(folded, at)) is None:
        return None
    if quantity.unit == "" and quantity.upper is None and (ending := _NTH.match(folded, quantity.end)):
        return _nth(folded, quantity.value, at, ending.end())
    numbered = quantity.unit == "世纪" or _NUMBERED.search(folded, max(0, at - 10), at)
    return _found(quantity, "ordinal" if numbered else "number")


def _found(quantity: _Quantity, kind: Kind) -> Found:
    value, unit, start, end, _, upper, approximate, _ = quantity
    return Found("", value, unit, start, end, kind, upper, approximate)


def _nth(folded: str, value: Decimal, start: int, end: int) -> Found:
    century = _CENTURY.match(folded, end)
    return Found("", value, "世纪" if century else "", start, century.end() if century else end, "ordinal")


# --- quantities and ranges of them


class _Quantity(NamedTuple):
    """A number with its unit between two offsets of a folded text; `leads`: the unit stands before the number."""

    value: Decimal
    unit: str
    start: int
    end: int
    number: Numeral
    upper: Decimal | None = None
    approximate: bool = False
    leads: bool = False


_MINUS = re.compile(rf"[-−](?=\s?[.0-9$€£¥])|负(?=[0-9{NUMERALS}])|零下")
_MINUS_BEFORE = re.compile(r"(?:[为长率达是至到度负跌降加减按值点温]|^|[\s:,;(\[、。=<>≤≥~/|“\"])\Z")
_CURRENCY_SCALE = re.compile(r"(?a:\s?(?P<scale>[mbk])(?![a-z0-9]))")
_EXPONENT = re.compile(r"[²³¹⁰⁴-⁹]|几")
_SOME_MORE = re.compile("[余多](?![少数样元种])")
_NAME_BEFORE = re.compile(r"(?a:[a-z][-–_.]?\Z)(?<![0-9]t)")
_VAGUE_BEFORE = re.compile(r"(?:[几双百千万亿]|(?<![人总次件户倍指分岁个系项天])数)\Z")
_WORD_BEFORE = re.compile(r"(?:周|星期|礼拜|初|双|[同统唯每这那另某任哪单专划进不之])\Z")
_NO_UNIT_AFTER_ONE = re.compile("一[点度线步级代号成]|十分(?!钟)|四周")
_ABOUT_BEFORE = re.compile(
    r"(?:(?<![条节纽合契公制])约|(?<![最附邻])近|接近|逾|[多高低少大]于|超[过出]?|突破|[至最][少多]|不足|不到|大概|"
    r"(?a:\b(?:about|over|nearly|almost|around|approximately|roughly|some|circa|(?:more|less|fewer)\sthan|"
    r"at\s(?:least|most)|(?:up|close)\sto|estimated|as\smany\sas|exceeding|under)))\s?\Z"
)
_ABOUT_AFTER = re.compile(
    r"\s?(?:左右|上下|以上|以下|之多|许(?![可多])|多(?![数少元次样家级种个名位只条项边媒功]))|\sor\s(?:so|more|less)\b|\+"
)
_TO, _BETWEEN, _AND = re.compile(dates.TO), re.compile(r"(?a:\bbetween\s\Z)"), re.compile(r"\sand\s")
# 138-0000-1234, i9-13900 and 010-8888 are no ranges.
_CODE_BEFORE, _CODE_AFTER = re.compile(r"[0-9][-–]\Z|[a-z][-–_.]?\Z"), re.compile(r"[-–][0-9]")
_PADDED = re.compile(r"0[0-9]")


def _amount(folded: str, at: int, *, ordinal: bool = False) -> _Quantity | None:
    """The quantity at an offset, or the range of two of them (3-5万元, 10%至20%, between 3 and 5)."""
    if (first := _quantity(folded, at)) is None:
        return None
    return _range(folded, first) or (None if first.number.bare and not (first.unit or ordinal) else first)


def _range(folded: str, first: _Quantity) -> _Quantity | None:
    between = _BETWEEN.search(folded, max(0, first.start - 8), first.start)
    to = (_AND if between else _TO).match(folded, first.end)
    if to is None or first.upper is not None or _CODE_BEFORE.search(folded, max(0, first.start - 2), first.start):
        return None
    second = _quantity(folded, to.end() + (folded[to.end() : to.end() + 1] == "第"))
    if second is None or second.upper is not None or _CODE_AFTER.match(folded, second.end):
        return None
    if _PADDED.match(folded, first.start) or _PADDED.match(folded, to.end()):
        return None
    same = numerals.base_unit(first.unit) == numerals.base_unit(second.unit)
    if not (same or not first.unit or (first.leads and not second.unit)):
        return None
    # 增长5%至20% may well be growth that arrives at 20%.
    if first.unit and not first.leads and not between and _direction_before(folded, first.start):
        return None
    lower, upper = first.value, second.value
    shares = (not first.unit or first.leads) and first.number.factor == 1 < second.number.factor
    if shares and 0 < lower < second.number.stem:
        lower = plain(EXACT.multiply(lower, Decimal(second.number.factor)))
    if lower > upper or (first.number.bare and second.number.bare and not second.unit and not first.leads):
        return None
    unit, about = first.unit or second.unit, first.approximate or second.approximate
    return first._replace(value=lower, upper=upper, unit=unit, end=second.end, approximate=about)


def _quantity(folded: str, at: int) -> _Quantity | None:
    position, sign = at, 1
    if minus := _MINUS.match(folded, at):
        if folded[at] == "-" and not _MINUS_BEFORE.search(folded, max(0, at - 1), at):
            return None
        position, sign = minus.end(), -1
    currency = numerals.read_currency(folded, position)
    if fraction := numerals.read_fraction(folded, position):
        part, unit = fraction
        value = part.value.copy_negate() if sign < 0 else part.value
        return _Quantity(value, unit, at, part.end, part, None, _about(folded, at, part.end), leads=bool(unit))
    number = numerals.read(folded, currency.end if currency else position)
    if number is None or _EXPONENT.match(folded, number.end):
        return None
    value, end, unit, about = number.value, number.end, currency.name if currency else "", number.approximate
    if currency and (scale := _CURRENCY_SCALE.match(folded, end)):
        factor = {"k": 10**3, "m": 10**6, "b": 10**9}[scale["scale"]]
        value, end, number = plain(EXACT.multiply(value, Decimal(factor))), scale.end(), number._replace(factor=factor)
    named = not currency and bool(_NAME_BEFORE.search(folded, max(0, at - 2), at))
    named = named or number.value.adjusted() >= numerals.MOST_DIGITS
    countable = not named and not (number.bare and _WORD_BEFORE.search(folded, max(0, at - 2), at))
    follows = numerals.read_unit(folded, end) if countable and not _NO_UNIT_AFTER_ONE.match(folded, at) else None
    if follows and (not currency or follows.name in (unit, "元")):
        unit, end, about = unit or follows.name, follows.end, about or follows.approximate
        value = plain(EXACT.add(value, Decimal("0.5"))) if follows.half else value
    elif countable and not number.bare and (more := _SOME_MORE.match(folded, end)):
        end, about = more.end(), True
    upper, about = number.upper if sign > 0 else None, about or _about(folded, at, end)
    return _Quantity(
        value if sign > 0 else value.copy_negate(), unit, at, end, number, upper, about, currency is not None
    )


def _about(folded: str, start: int, end: int) -> bool:
    return bool(_ABOUT_BEFORE.search(folded, max(0, start - 14), start) or _ABOUT_AFTER.match(folded, end))


# --- what the clause says of a number

_CLAUSE = re.compile(r"[,;:!?()。、\n]|\.(?![0-9])")
# How far before a figure a word may stand that tells of it, in characters; a Chinese verb stands right before it.
_REACH, _NEAR = 30, 9
_LISTED = re.compile(r"(?a:\s?(?:[、,和及与/]|以及|and)\s?(?:and\s)?)")
_BASIS = re.compile(
    r"(?P<year>同比|[比较](?:上|去|上一)年|[上去]年同期|year[- ]o(?:n|ver)[- ]year|\byoy\b|from a year (?:earlier|ago))"
    r"|环比|[比较]上(?:个?月|一?季度)|(?:month|quarter)[- ]on[- ](?:month|quarter)|\bqoq\b|from the previous month"
)
_DIRECTION = re.compile(
    r"(?P<down>负增长|下降|减少|回落|下滑|降低|下跌|下调|缩减|缩小|收窄|萎缩|[降跌减]幅|削减|[降跌减](?=[了至到约近超逾达低为]*\s?\Z)|"
    r"(?a:\b(?:down|fell|falls?|fallen|dropp?(?:s|ed|ing)?|declin\w{1,3}|decreas\w{1,3}|reduc\w{1,4}|lower\w{0,3}|shr[aiu]nk)\b"
    r"(?!\sfrom)))|增长|增加|上升|提高|提升|上涨|[增涨升]幅|增速|上调|回升|攀升|飙升|扩大|新增|[增涨升](?=[了至到约近超逾达高为]*\s?\Z)|"
    r"(?a:\b(?:up(?!\sto)|rose|rises?|risen|increas\w{1,3}|grew|grows?|grown|growing|growth|gain\w{0,3}|climb\w{0,3}|higher)\b(?!\sfrom))"
)
_CHANGE_AFTER = re.compile(
    r"(?a:\s(?:[a-z-]+\s)?(?:(?P<down>decrease|decline|drop|fall|reduction|cut)|increase|rise|growth|gain)\b)"
)


def _before(folded: str, start: int, end: int) -> str:
    """The part of the clause before an offset, no further than another figure and `_REACH` characters."""
    gap = folded[max(start, end - _REACH) : end]
    breaks = [match.end() for match in _CLAUSE.finditer(gap)]
    return gap[breaks[-1] :] if breaks else gap


def _direction_before(folded: str, at: int, start: int = 0) -> int:
    gap = _before(folded, start, at)
    words = list(_DIRECTION.finditer(gap))
    near = words and len(gap) - words[-1].end() <= (_NEAR if not words[-1][0].isascii() else _REACH)
    return (-1 if words[-1]["down"] else 1) if near else 0


def _in_clause(folded: str, found: Found, previous: Found | None) -> tuple[int, str]:
    """Direction and basis of a number."""
    start = previous.end if previous else 0
    gap = _before(folded, start, found.start)
    after = folded[found.end : found.end + _REACH + 10]
    stop = _CLAUSE.search(after)
    after = after[: stop.start()] if stop else after
    direction = _direction_before(folded, found.start, start)
    if not direction and (change := _CHANGE_AFTER.match(after)):
        direction = -1 if change["down"] else 1
    bases = list(_BASIS.finditer(gap)) or [match for match in _BASIS.finditer(after) if match[0].isascii()][:1]
    basis = "" if not bases else "同比" if bases[-1]["year"] else "环比"
    listed = previous and previous.unit == found.unit and _LISTED.fullmatch(folded, start, found.start)
    if previous and listed:  # 分别增长3.5%和4.2%
        direction, basis = direction or previous.direction, basis or previous.basis
    return direction, basis


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
