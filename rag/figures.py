"""Figures in a text: numbers with their value and what they count.

Pure. It finds Arabic and Chinese numerals with 万/亿 multipliers, percentages and the counters that follow them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rag.text import fold_with_offsets

_MULTIPLIERS = {"百": 100, "千": 1000, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "万亿": 10**12}
_ENGLISH = {"thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")

# Longer counters first: 人次 is not 人, 个百分点 is not 个.
_COUNTERS = (
    "个百分点|百分点|%|‰|万美元|美元|欧元|港元|日元|人民币|元|人次|人|名|位|户|家|次|期|届|版|份|件|条|项|个|对|篇|部|本|册|辆|台|"
    "架|艘|枚|颗|座|栋|套|批|类|种|只|头|匹|公里|千米|米|厘米|毫米|平方公里|平方米|公顷|亩|立方米|吨|公斤|千克|克|升|岁|年|月|日|号|天|周|小时|"
    "分钟|秒|点|分|场|站|级|层|号线|县|市|省|国|村|镇|度|倍|成"
)
_FIGURE = re.compile(
    r"(?P<arabic>(?:\d{1,3}(?:,\d{3}(?!\d))+|\d+)(?:\.\d+)?)\s?"
    # 1亿2000万 and 13亿7053万6875 are one number each.
    r"(?:(?P<multiplier>万亿|百万|千万|百(?!分)|[千万亿])(?P<rest>(?:\d+(?:千万|百万|百(?!分)|[千万]))*(?:(?<=万)\d{4}(?!\d))?))?"
    rf"(?P<word>\s?(?:thousand|million|billion|trillion)\b)?[余多]?\s?(?P<counter>{_COUNTERS})?"
    rf"|(?P<chinese>[零〇一二两三四五六七八九十百千万亿]+)[余多]?(?P<chinese_counter>{_COUNTERS})?"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A figure where it stands: `text == source[start:end]`, `unit` folded and simplified, empty when none follows."""

    text: str
    value: Decimal
    unit: str
    start: int
    end: int


def find(text: str) -> list[Found]:
    """All figures of a text, in order.

    >>> [(f.text, str(f.value), f.unit) for f in find("培訓341期，８７１０人次，約1.2万元，增长3.5%")]
    [('341期', '341', '期'), ('８７１０人次', '8710', '人次'), ('1.2万元', '12000', '元'), ('3.5%', '3.5', '%')]
    >>> [str(f.value) for f in find("八千七百一十人次，三个，8,710 cadres, 1.2 million people, 2011-04-19")]
    ['8710', '3', '8710', '1200000', '2011', '4', '19']
    """
    folded, offsets = fold_with_offsets(text)
    # One alone is most often a part of a word: 队伍, 大陆, 收拾.
    folded = re.sub("[壹贰叁肆伍陆柒捌玖拾佰仟零万亿]{2,}", lambda formal: formal[0].translate(_FORMAL), folded)
    return list(_find(text, folded, offsets))


def _find(text: str, folded: str, offsets: list[int]) -> Iterator[Found]:
    for match in _FIGURE.finditer(folded):
        if match["arabic"]:
            value = Decimal(match["arabic"].replace(",", ""))
            if multiplier := _MULTIPLIERS.get(match["multiplier"]) or _ENGLISH.get((match["word"] or "").strip()):
                value *= multiplier
            for digits, multiplied in re.findall(r"(\d+)(\D*)", match["rest"] or ""):
                value += Decimal(digits) * _MULTIPLIERS.get(multiplied, 1)
            unit = match["counter"] or ""
        else:
            unit = match["chinese_counter"] or ""
            read = _read_chinese(match["chinese"])
            # One bare numeral is most often part of a word (一般, 万一); with a counter it counts.
            if read is None or (not unit and len(match["chinese"]) < 2):
                continue
            value = Decimal(read)
        start, end = offsets[match.start()], offsets[match.end() - 1] + 1
        piece = text[start:end].rstrip()
        yield Found(piece, _plain(value), unit, start, start + len(piece))


def _plain(value: Decimal) -> Decimal:
    whole = value.to_integral_value()
    return whole if whole == value else value.normalize()


def _read_chinese(numeral: str) -> int | None:
    """The value of a Chinese numeral, None when it is not one, or not an exact one (五六十).

    >>> [_read_chinese(n) for n in ("八千七百一十", "二〇一一", "十九", "三万五千", "一百二", "万", "五六十")]
    [8710, 2011, 19, 35000, 120, None, None]
    """
    if len(numeral) > 30:
        return None
    if all(character in _DIGITS for character in numeral):
        return int("".join(str(_DIGITS[character]) for character in numeral))
    if numeral[0] not in _DIGITS and numeral[0] != "十":
        return None
    total = section = digit = 0
    for character in numeral:
        if character in _DIGITS:
            if digit and _DIGITS[character]:
                return None
            digit = _DIGITS[character]
        elif character in _TENS:
            section += (digit or 1) * _TENS[character]
            digit = 0
        else:
            total = (total + section + digit) * _MULTIPLIERS[character]
            section = digit = 0
    if digit and (last := numeral[-2:-1]) in ("百", "千", "万", "亿"):
        digit *= _MULTIPLIERS[last] // 10
    return total + section + digit


def agree(claimed: Found, written: Found) -> bool:
    """Whether a source's figure says what an answer's figure claims: the same value, and no other unit.

    A figure whose unit is not known to us (none, or an English word) is compared by its value alone.

    >>> agree(find("8710人")[0], find("8710人次")[0]), agree(find("8,710")[0], find("8710人次")[0])
    (False, True)
    """
    return claimed.value == written.value and (not claimed.unit or not written.unit or claimed.unit == written.unit)
