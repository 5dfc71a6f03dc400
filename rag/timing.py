"""Whether a sentence speaks of another time than the question does: another year, quarter, month, or turn. Pure.

The same thing is reported every year and every quarter in the same words, so that only the time tells which one it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import astuple, replace

from rag import figures
from rag.asking import asked_kind
from rag.dates import PartialDate
from rag.evidence import Sentence
from rag.figures import Found
from rag.text import fold

# A time that something is compared with or reckoned from is not the one that a sentence speaks of.
_COMPARED = re.compile(r"(?:比|较|相比|自从?|从|截至|截止|至|到|since|than|from|until)\s?$")
# What lies before or after a time, or is a thing of it, may speak of another one.
_AROUND = re.compile("年?(?:之?[后後前]|以[来來前后後]|起|成立的|出生的|公布的)")
_YEAR = re.compile("1[89][0-9]{2}|20[0-9]{2}")
_WHOLE_YEAR = re.compile("全年|全年度|年度")


def other_time(question: str, cited: Sequence[Sentence]) -> str:
    """The time that is cited instead of the one that a question names, as written; empty if nothing contradicts.

    A sentence that names no time takes it from its document, and is believed; so is one that names the asked time
    beside another, and one of a document that was published then or has it in its title.

    >>> from rag.types import Document
    >>> def say(text): return [Sentence(Document(text, text), 0, len(text))]
    >>> other_time("2022年冠军是谁？", say("2023年決賽中甲奪冠。")), other_time("2022年冠军是谁？", say("甲奪冠。"))
    ('2023年', '')
    >>> other_time("2022年全年营收", say("第四季度營收為140億元。")), other_time("第一棒是谁？", say("第三棒是甲。"))
    ('第四季度', '第三棒')
    """
    asked = _figures(question)
    said, about = _times(cited)
    for wanted in asked:
        if other := _other_period(wanted, said, about):
            return other.text
    dates = [f for f in asked if f.kind == "date" and not _AROUND.match(question, f.end)]
    if asked_kind(question) == "date":  # 2020年東京奧運會何時開幕: the year is a name's
        dates = []
    dated = [figure for figure in (*said, *about) if figure.kind == "date"]
    same = any(_share(one, other) and not _clash(one, other) for one in dates for other in dated)
    clashing = (f for f in said if f.kind == "date" and any(_clash(one, f) for one in dates))
    if not same and (other := next(clashing, None)):
        return other.text
    told = {place: name for sentence in cited for place, name in _turns(sentence.text).items()}
    titles = {place for sentence in cited for place in _turns(sentence.document.title)}
    for turn in _turns(question).keys() - told.keys() - titles:
        if told_instead := next((name for (counted, _), name in told.items() if counted == turn[0]), ""):
            return told_instead
    if _WHOLE_YEAR.search(fold(question)) and not any(f.kind == "period" for f in asked):
        part = next((f for f in said if f.kind == "period" and f.unit in ("季度", "半年")), None)
        told_whole = any(_WHOLE_YEAR.search(fold(f"{s.document.title} {s.text}")) for s in cited)
        if part and not told_whole and not any(_share(one, other) for one in dates for other in said if other.date):
            return part.text
    return ""


def _figures(text: str) -> list[Found]:
    """The figures of a text, in which a lone 2023 is a year."""
    return [
        replace(f, kind="date", date=PartialDate(int(f.value)))
        if f.kind == "number" and not f.unit and f.upper is None and _YEAR.fullmatch(f.text)
        else f
        for f in figures.find(text)
    ]


def _times(cited: Sequence[Sentence]) -> tuple[list[Found], list[Found]]:
    """The figures that sentences state, without those that they compare with, and those of title and date."""
    said, about = [], []
    for sentence in cited:
        text = sentence.text
        said += [f for f in _figures(text) if not _COMPARED.search(text[: f.start].casefold())]
        about += _figures(f"{sentence.document.title} {sentence.document.date}")
    return said, about


def _turns(text: str) -> dict[tuple[str, int], str]:
    """The ordinals of a text as written, by what is counted (its unit, or the letter that follows) and the number."""
    found = {}
    for figure in figures.find(text):
        if figure.kind == "ordinal" and figure.upper is None:
            counted = figure.unit or text[figure.end : figure.end + 1]
            found[fold(counted), int(figure.value)] = figure.text if figure.unit else figure.text + counted
    return found


def _other_period(wanted: Found, said: Sequence[Found], about: Sequence[Found]) -> Found | None:
    """The first quarter or half year that stands where another one is wanted; None when that is there, or none is."""
    if wanted.kind != "period" or wanted.unit == "年代":
        return None
    alike = [f for f in (*said, *about) if f.kind == "period" and f.unit == wanted.unit]
    return None if any(f.value == wanted.value for f in alike) else next((f for f in alike if f in said), None)


def _clash(one: Found, other: Found) -> bool:
    """Whether two dates, or spans of them, cannot be of the same time."""
    assert one.date is not None
    assert other.date is not None
    if one.until is not None or other.until is not None:
        first, last = sorted(_years(one)), sorted(_years(other))
        return bool(first and last) and (first[-1] < last[0] or last[-1] < first[0])
    return any(a != b for a, b in _pairs(one.date, other.date))


def _share(one: Found, other: Found) -> bool:
    """Whether two dates have a part in common that both give."""
    assert one.date is not None
    assert other.date is not None
    return bool(_pairs(one.date, other.date))


def _pairs(one: PartialDate, other: PartialDate) -> list[tuple[int, int]]:
    return [(a, b) for a, b in zip(astuple(one), astuple(other), strict=True) if a is not None and b is not None]


def _years(figure: Found) -> list[int]:
    return [date.year for date in (figure.date, figure.until) if date is not None and date.year is not None]
