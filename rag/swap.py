"""The question before with one element swapped for what a follow-up names, where that is certain. Pure."""

from __future__ import annotations

import re

from rag.questions import ASKS, ASKS_ENGLISH, NUMBER, OFFICE, PERIOD, PLACE, points_back
from rag.text import CJK, script_of, simplify

_YEAR_ENGLISH = re.compile(r"\b(?:(?:18|19|20)\d\d|(?:last|this|next) year)\b")
_NAMED = re.compile(rf"[{CJK}]{{2,6}}?{PLACE}(?:[{CJK}]{{0,5}}?{OFFICE})*|[{CJK}]{{1,8}}?{OFFICE}+")
_WHOLE = re.compile("全[省市县区国州镇乡村球]|全世界")
_MEASURE = re.compile(
    "[数量率额费价值比距]|收入|利润|支出|成本|费用|资产|负债|时间|日期|人次|面积|高度|长度|宽度|速度|时速|寿命|人口|温度|比例|净额|总额"
)
COUNT = re.compile(rf"(?P<asks>多少|几)(?P<unit>[{CJK}]{{1,3}})")
_FRAGMENT = re.compile(
    r"(?:不是|不对|错了)?[，,。]?\s*(?:那么?|而|还有|以及|另外)?[，,]?\s*(?:我(?:是|想)?[问说]的?是?)?"
    r"(?P<what>[^，。；？?！!]{1,24}?)\s*(?P<end>呢|如何|怎么样|怎样)?\s*[？?。！!]*"
)
_FRAGMENT_ENGLISH = re.compile(
    r"(?:no|sorry)?[,.]?\s*(?:and|or|but|so)?,?\s*(?:what about|how about|i mean|i meant)?,?\s*"
    r"(?P<what>[^?.!,;]{1,60}?)\s*[?.!]*",
    re.IGNORECASE,
)


def swapped(question: str, previous: str) -> str | None:
    """The question before with one element swapped for the follow-up's, where both are certainly of one kind.

    Kinds: a period of time, a name with its suffix or with the same ending, what is counted, a measure after 的, a
    capitalised name in English. None where that is uncertain, or where the languages differ.

    >>> swapped("2022年呢？", "京东2023年第二季度的营收是多少？"), swapped("淨利潤呢？", "京東的營收是多少？")
    ('京东2022年第二季度的营收是多少？', None)
    >>> swapped("多少人次呢？", "全省開展培訓多少期？"), swapped("单电机版呢？", "宋的双电机版功率是多少？")
    ('全省開展培訓多少人次？', '宋的单电机版功率是多少？')
    >>> swapped("What about Heihe?", "What activity did Yichun carry out?")
    'What activity did Heihe carry out?'
    """
    english = script_of(question) == "en"
    what = fragment(question)
    if what is None or english != (script_of(previous) == "en"):
        return None
    if english:
        return _swapped_english(what, previous)
    for swap in (_swap_period, _swap_count, _swap_name, _swap_ending, _swap_measure):
        if (result := swap(what, previous)) is not None:
            return result
    return None


def fragment(question: str) -> str | None:
    """What a follow-up without a verb of its own names: 黑河 in 「那黑河呢？」, None for others."""
    question = question.strip()
    if script_of(question) == "en":
        found = _FRAGMENT_ENGLISH.fullmatch(question)
        what = found["what"].strip() if found else ""
        bare = what.lower()
        if not what or ASKS_ENGLISH.search(bare) or points_back(what) or len(what.split()) > 6:
            return None
        return what
    plain = simplify(question)
    found = _FRAGMENT.fullmatch(plain)
    if found is None:
        return None
    start, end = found.span("what")
    what, bare = question[start:end].strip(), plain[start:end].strip()
    if COUNT.fullmatch(bare):
        return what
    if not what or ASKS.search(bare) or points_back(bare) or re.fullmatch(f"第{NUMBER}+[个项]?", bare):
        return None
    return what


def _only(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The one match of a pattern that is not empty, None when there are several."""
    found = [match for match in pattern.finditer(text) if match.group()]
    return found[0] if len(found) == 1 else None


def _swap_period(what: str, previous: str) -> str | None:
    given = PERIOD.fullmatch(simplify(what).removesuffix("的"))
    if given is None or not given.group():
        return None
    what = what[: given.end()]
    plain = simplify(previous)
    there = [match for match in PERIOD.finditer(plain) if match.group()]
    if not there:
        return what + previous
    if len(there) > 1:
        return None
    old = there[0]
    start, end = old.span()
    if given["year"] is None and old["year"] is not None:
        start = old.end("year")
    elif given["part"] is None and old["part"] is not None:
        end = old.end("year") if old["year"] is not None else start
    return previous[:start] + what + previous[end:]


def _swap_count(what: str, previous: str) -> str | None:
    plain = simplify(what)
    old = re.search(rf"(?:多少|几)个?[{CJK}]{{1,3}}(?=[？?]?$)", simplify(previous))
    if old is None:
        return None
    if COUNT.fullmatch(plain):
        return previous[: old.start()] + what + previous[old.end() :]
    if re.fullmatch("[期次份件个条项人对]数", plain):
        return previous[: old.start()] + "多少" + what[0] + previous[old.end() :]
    return None


def _swap_name(what: str, previous: str) -> str | None:
    plain, before = simplify(what), simplify(previous)
    given = _WHOLE.fullmatch(plain) or _NAMED.fullmatch(plain)
    old = _name_at_the_start(before)
    if given is None or old is None:
        return None
    start, end = old
    place = re.fullmatch(rf"[{CJK}]{{2,6}}?{PLACE}", plain) or _WHOLE.fullmatch(plain)
    if place:  # the place of an office, not the office
        inner = re.match(rf"[{CJK}]{{2,6}}?{PLACE}|全[省市县区国]", before[start:end])
        if inner is None:
            return None
        end = start + inner.end()
    return previous[:start] + what + previous[end:]


def _name_at_the_start(plain: str) -> tuple[int, int] | None:
    """Where the name stands that a Chinese question begins with, after a period of time or a polite word."""
    lead = re.match("(?:请问|为什么|在)*", plain)
    start = lead.end() if lead else 0
    if (period := PERIOD.match(plain, start)) and period.group():
        start = period.end()
    found = _WHOLE.match(plain, start) or _NAMED.match(plain, start)
    if found is None or re.search("[的了是在和与多几哪谁什]", found.group()):
        return None
    return found.span()


def _swap_ending(what: str, previous: str) -> str | None:
    """Two words with the same last letters are of one kind: 台湾旅客 and 香港旅客, 单电机版 and 双电机版."""
    plain, before = simplify(what), simplify(previous)
    for length in range(min(len(plain) - 1, 6), 1, -1):
        ending = plain[-length:]
        if not re.fullmatch(f"[{CJK}]+", ending) or before.count(ending) != 1:
            continue
        end = before.index(ending) + length
        head = before[: end - length]
        cuts = [match.end() for match in PERIOD.finditer(head) if match.group()]
        cuts += [match.end() for match in re.finditer("[的在和与及或向对从]|[^\\w]", head)]
        start = max(cuts, default=0)
        if end - start <= length + 4 and plain != before[start:end]:
            return previous[:start] + what + previous[end:]
        return None
    return None


def _swap_measure(what: str, previous: str) -> str | None:
    """One measure for another where 的 shows where it begins: 京东的营收额是多少."""
    old = re.search(rf"的(?P<what>[{CJK}]{{1,8}}?)(?=[是为有]?(?:多少|几|多[大长高久远]))", simplify(previous))
    measures = rf"[{CJK}]*(?:{_MEASURE.pattern})"
    if old is None or not re.fullmatch(measures, simplify(what)) or not re.fullmatch(measures, old["what"]):
        return None
    return previous[: old.start("what")] + what + previous[old.end("what") :]


def _swapped_english(what: str, previous: str) -> str | None:
    bare = re.sub(r"^(?:in|for|during)\s+", "", what, flags=re.IGNORECASE)
    if _YEAR_ENGLISH.fullmatch(bare.lower()):
        old = _only(_YEAR_ENGLISH, previous.lower())
        if old is not None:
            return previous[: old.start()] + bare + previous[old.end() :]
        if _YEAR_ENGLISH.search(previous.lower()):
            return None
        return f"{previous.rstrip(' ?.')} {bare if bare.endswith('year') else 'in ' + bare}?"
    name = r"[A-Z][\w.-]*(?: [A-Z][\w.-]*)*"
    if not re.fullmatch(name, what):
        return None
    old = _only(re.compile(rf"(?<=[a-z,] ){name}"), previous)
    return None if old is None else previous[: old.start()] + what + previous[old.end() :]


def guessed(question: str, previous: str) -> str | None:
    """The bare name in 「那黑河呢？」 for the place that the question before begins with: likely, but not certain.

    >>> guessed("那黑河呢？", "伊春市開展了什麼活動？"), guessed("那期数呢？", "伊春市開展了什麼活動？")
    ('黑河市開展了什麼活動？', None)
    """
    what = None if script_of(question) == "en" or script_of(previous) == "en" else fragment(question)
    if what is None or not re.fullmatch(f"[{CJK}]{{2,5}}", what):
        return None
    if not re.search("^那|呢[？?]?$|[问说]", simplify(question).strip()):  # 「谢谢」 is no place
        return None
    if re.fullmatch(rf"[{CJK}]*(?:{_MEASURE.pattern})", simplify(what)):
        return None
    before = simplify(previous)
    lead = PERIOD.match(before)
    start = lead.end() if lead else 0
    place = re.match(rf"(?P<name>[{CJK}]{{2,6}}?)(?P<suffix>{PLACE})", before[start:])
    if place is None:
        return None
    return previous[:start] + what + previous[start + place.end("name") :]
