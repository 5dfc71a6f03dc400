"""Quantities in a folded text: a number with its unit and sign, or the range of two. Pure.

`rag.numerals` reads numbers and units; which of the quantities is a figure is for `rag.figures` to say.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from rag import dates, numerals
from rag.changes import direction_before
from rag.numerals import EXACT, NUMERALS, Numeral, plain


class Quantity(NamedTuple):
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
_MINUS_BEFORE = re.compile(
    r"(?:[为长率达是至到度负跌降加减按值点温]|费用|利润|净额|损益|余额|流量|收益|[同环]比|涨幅|跌幅|增[速幅]|^"
    r"|[\s:,;(\[、。=<>≤≥~/|“\"])\Z"
)
_CURRENCY_SCALE = re.compile(r"(?a:\s?(?P<scale>[mbk])(?![a-z0-9]))")
_EXPONENT = re.compile(r"[²³¹⁰⁴-⁹]|几")
_SOME_MORE = re.compile("[余多](?![少数样元种])")
NAME_BEFORE = re.compile(r"(?a:[a-z][-–_.]?\Z)(?<![0-9]t)")
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


def amount(folded: str, at: int, *, ordinal: bool = False) -> Quantity | None:
    """The quantity at an offset, or the range of two of them (3-5万元, 10%至20%, between 3 and 5)."""
    if (first := _quantity(folded, at)) is None:
        return None
    return _range(folded, first) or (None if first.number.bare and not (first.unit or ordinal) else first)


def _range(folded: str, first: Quantity) -> Quantity | None:
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
    if first.unit and not first.leads and not between and direction_before(folded, first.start):
        return None
    lower, upper = first.value, second.value
    shares = (not first.unit or first.leads) and first.number.factor == 1 < second.number.factor
    if shares and 0 < lower < second.number.stem:
        lower = plain(EXACT.multiply(lower, Decimal(second.number.factor)))
    if lower > upper or (first.number.bare and second.number.bare and not second.unit and not first.leads):
        return None
    unit, about = first.unit or second.unit, first.approximate or second.approximate
    return first._replace(value=lower, upper=upper, unit=unit, end=second.end, approximate=about)


def _quantity(folded: str, at: int) -> Quantity | None:
    position, sign = at, 1
    if minus := _MINUS.match(folded, at):
        if folded[at] == "-" and not _MINUS_BEFORE.search(folded, max(0, at - 2), at):
            return None
        position, sign = minus.end(), -1
    currency = numerals.read_currency(folded, position)
    if fraction := numerals.read_fraction(folded, position):
        part, unit = fraction
        value = part.value.copy_negate() if sign < 0 else part.value
        return Quantity(value, unit, at, part.end, part, None, _about(folded, at, part.end), leads=bool(unit))
    number = numerals.read(folded, currency.end if currency else position)
    if number is None or _EXPONENT.match(folded, number.end):
        return None
    value, end, unit, about = number.value, number.end, currency.name if currency else "", number.approximate
    if currency and (scale := _CURRENCY_SCALE.match(folded, end)):
        factor = {"k": 10**3, "m": 10**6, "b": 10**9}[scale["scale"]]
        value, end, number = plain(EXACT.multiply(value, Decimal(factor))), scale.end(), number._replace(factor=factor)
    named = not currency and bool(NAME_BEFORE.search(folded, max(0, at - 2), at))
    named = named or number.value.adjusted() >= numerals.MOST_DIGITS
    countable = not named and not (number.bare and _WORD_BEFORE.search(folded, max(0, at - 2), at))
    follows = numerals.read_unit(folded, end) if countable and not _NO_UNIT_AFTER_ONE.match(folded, at) else None
    if follows and (not currency or follows.name in (unit, "元")):
        unit, end, about = unit or follows.name, follows.end, about or follows.approximate
        value = plain(EXACT.add(value, Decimal("0.5"))) if follows.half else value
    elif countable and not number.bare and (more := _SOME_MORE.match(folded, end)):
        end, about = more.end(), True
    upper, about = number.upper if sign > 0 else None, about or _about(folded, at, end)
    return Quantity(
        value if sign > 0 else value.copy_negate(), unit, at, end, number, upper, about, currency is not None
    )


def _about(folded: str, start: int, end: int) -> bool:
    return bool(_ABOUT_BEFORE.search(folded, max(0, start - 14), start) or _ABOUT_AFTER.match(folded, end))
