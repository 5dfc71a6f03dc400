"""The numbers that Word shows before the paragraphs of a list: 一、 （一） 1. It knows Word's XML and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DEEPEST = 9
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


def written(number: int, digits: str = "〇一二三四五六七八九", places: str = "十百千", *, ten: str = "") -> str:
    """A number up to 9,999 in Chinese numerals; `ten`: how 一十 is written at the beginning.

    >>> written(8, ten="十"), written(12, ten="十"), written(20, ten="十"), written(105, ten="十")
    ('八', '十二', '二十', '一百〇五')
    """
    if not 0 < number < 10_000:
        return str(number)
    text, gap = "", False
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit:
            text += (digits[0] if gap and text else "") + digits[digit] + (places[power - 1] if power else "")
            gap = False
        else:
            gap = True
    return ten + text[2:] if ten and text.startswith(digits[1] + places[0]) else text


def _letters(number: int) -> str:
    """A to z, aa, bb, as Word counts."""
    return chr(97 + (number - 1) % 26) * min((number - 1) // 26 + 1, 20) if number > 0 else str(number)


def _roman(number: int) -> str:
    text = ""
    for value, sign in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), "m cm d cd c xc l xl x ix v iv i".split(), strict=True
    ):
        text += sign * (number // value) if number < 5000 else ""
        number %= value
    return text


def _chinese(number: int) -> str:
    return written(number, ten="十")


_FORMATS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(
        "chineseCounting chineseCountingThousand taiwaneseCounting taiwaneseCountingThousand japaneseCounting "
        "ideographDigital taiwaneseDigital japaneseDigitalTenThousand".split(),
        _chinese,
    ),
    "chineseLegalSimplified": lambda n: written(n, "零壹贰叁肆伍陆柒捌玖", "拾佰仟"),
    "ideographLegalTraditional": lambda n: written(n, "零壹貳參肆伍陸柒捌玖", "拾佰仟"),
    "ideographTraditional": lambda n: _STEMS[(n - 1) % 10],
    "ideographZodiac": lambda n: _BRANCHES[(n - 1) % 12],
    **dict.fromkeys(
        "decimalEnclosedCircle decimalEnclosedCircleChinese".split(),
        lambda n: _CIRCLED[n - 1] if 0 < n <= len(_CIRCLED) else str(n),
    ),
    "decimalFullWidth": lambda n: str(n).translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
    "decimalZero": lambda n: f"{n:02}",
    "lowerLetter": _letters,
    "upperLetter": lambda n: _letters(n).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda n: _roman(n).upper(),
    "none": lambda n: "",
}


@dataclass(frozen=True, slots=True)
class _Level:
    format: str
    text: str
    start: int
    style: str
    plain: bool


@dataclass(slots=True)
class Numbering:
    """The lists of a document, and how far each has counted. `label` is to be called for every item, in order."""

    levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    restarts: dict[str, dict[int, int]] = field(default_factory=dict)
    counters: dict[str, list[int]] = field(default_factory=dict)

    def label(self, list_id: str, level: int) -> str:
        """What stands before the next item of a list: its number, • for a bullet, or nothing for no such list."""
        abstract = self.lists.get(list_id, "")
        levels = self.levels.get(abstract, {})
        if level not in levels:
            return ""
        counter = self.counters.setdefault(abstract, [0] * _DEEPEST)
        for restarted, start in self.restarts.pop(list_id, {}).items():  # at the first item of the list only
            counter[restarted] = start - 1
            levels = self.levels[abstract] = {**levels, restarted: _started(levels.get(restarted), start)}
        counter[level] = counter[level] + 1 if counter[level] else levels[level].start
        for deeper in range(level + 1, _DEEPEST):
            counter[deeper] = 0
        for above in range(level):
            counter[above] = counter[above] or (levels[above].start if above in levels else 1)
        if levels[level].format == "bullet":
            return "•"

        def number(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            shown = levels.get(place)
            if place > level or shown is None:
                return ""
            format_ = "decimal" if levels[level].plain else shown.format
            return _FORMATS.get(format_, str)(counter[place])

        return re.sub(r"%([1-9])", number, levels[level].text).strip()

    def level_of_style(self, list_id: str, style: str) -> int:
        """The level that a list keeps for a paragraph style, 0 without one."""
        levels = self.levels.get(self.lists.get(list_id, ""), {})
        return next((level for level, kept in levels.items() if kept.style == style), 0)


def _started(level: _Level | None, start: int) -> _Level:
    known = level or _Level("decimal", "", start, "", False)
    return _Level(known.format, known.text, start, known.style, known.plain)


def read_numbering(root: Any) -> Numbering:
    """The lists of word/numbering.xml, given its root element or None."""
    numbering = Numbering()
    if root is None:
        return numbering
    for abstract in root.iterchildren(f"{W}abstractNum"):
        numbering.levels[abstract.get(f"{W}abstractNumId", "")] = dict(map(_level, abstract.iterchildren(f"{W}lvl")))
    for number in root.iterchildren(f"{W}num"):
        identity, abstract_id = number.get(f"{W}numId", ""), value(number, "abstractNumId")
        own: dict[int, _Level] = {}
        for override in number.iterchildren(f"{W}lvlOverride"):
            level = integer(override.get(f"{W}ilvl"), 0)
            for written_level in override.iterchildren(f"{W}lvl"):
                own[level] = _level(written_level)[1]
            if (start := value(override, "startOverride")) and 0 <= level < _DEEPEST:
                numbering.restarts.setdefault(identity, {})[level] = integer(start, 1)
        if own:  # a list of its own, since its numbers look different
            numbering.levels[f"{abstract_id}/{identity}"] = {**numbering.levels.get(abstract_id, {}), **own}
            abstract_id = f"{abstract_id}/{identity}"
        numbering.lists[identity] = abstract_id
    return numbering


def _level(element: Any) -> tuple[int, _Level]:
    level = min(max(integer(element.get(f"{W}ilvl"), 0), 0), _DEEPEST - 1)
    return level, _Level(
        value(element, "numFmt") or "decimal",
        value(element, "lvlText"),
        integer(value(element, "start"), 1),
        value(element, "pStyle"),
        element.find(f"{W}isLgl") is not None,
    )


def value(element: Any, name: str) -> str:
    """The `w:val` of a child, or an empty string."""
    child = element.find(f"{W}{name}")
    return "" if child is None else str(child.get(f"{W}val", ""))


def integer(text: str | None, default: int) -> int:
    """A whole number of at most nine digits, or the default for anything else that a file may say."""
    return int(text) if text and re.fullmatch(r"-?\d{1,9}", text) else default
