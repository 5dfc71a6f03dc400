"""What a question pins down (a year, a place, what is counted), and whether what an answer stands on meets it. Pure.

A figure of another year, place or kind is the error that readers forgive least and that a language model makes most
often: it is in the text, so that looking it up proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag import figures
from rag.evidence import Sentence
from rag.numerals import NUMERALS
from rag.text import CJK, compact, fold

_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
_BESIDE = {
    -1: re.compile("去年|上年|上一年|前一年|last year|previous year"),
    1: re.compile("明年|来年|下一年|next year"),
}
# A place by its rank, told by the two letters before it. Words that end like one are no places: 上市, 该市, 节省. What
# follows a rank may make another word of it (市场), or the place's office or part of it (市委, 市区).
_NO_RANK = "场|(?<=州)市|(?<=门市)部|值|民|价|面|盈|容|占|公司|银行|际|制|略|会"
_OFFICE = "[区政长委里内级直]"
_PLACE = re.compile(f"([{CJK}]{{2}})(省|市|县|州)(?!{_NO_RANK}|{_OFFICE})")
_WITH_OFFICE = re.compile(f"([{CJK}]{{2}})([省市县州])(?!{_NO_RANK})({_OFFICE}?)")
_NO_PLACE = re.compile(
    "[全该本各此某我贵每跨外在的是和与及、一二三四五六七八九十两几数]$"
    "|(?:上|股|超|城|(?<!成)都|夜|楼|车|菜|汇|债|入|节|反|直辖|地级|县级|多个|几个|哪个|哪些|个)$"
)
_JOINED = "的在是和与及到从对向由至于为但"
_DIGITS = re.compile(f"[0-9]+|[{NUMERALS}]{{2,}}")
_EXTENT = re.compile("全(省|市|县|州|国|球)")
#: Counters of which a question means exactly the one that it names; measures (公里, 米) have others for the same thing.
_COUNTED = frozenset("人次 期 份 对 条 件 项 次 场 届 家 户 台 本 篇 辆 架 艘".split())
_HOW_MANY = re.compile(r"多少|几(?=\S{1,2}(?:[、，,。？?！!\s]|$))")
_IN_ENGLISH = re.compile(r"(?a:\b(?:how many|number of|counted in|in)\s)")
_CLOSING = re.compile(r"\s*(?:[、，,。？?！!]|$)")


def missing_years(question: str, evidence: Sequence[Sentence]) -> list[str]:
    """The years that a question names and that no document of the evidence knows.

    A document knows the years in its text, title and date, and the one before or after its date if it speaks of last or
    next year. It knows a decade when it knows a year of it.
    """
    asked = years(question)
    documents = list({sentence.document.id: sentence.document for sentence in evidence}.values())
    said = [fold(f"{document.title} {document.date} {document.text}") for document in documents]
    known = {int(year) for text in said for year in _YEAR.findall(text)}
    for document, text in zip(documents, said, strict=True):
        if year := _YEAR.match(document.date):
            known.update(int(year[0]) + step for step, words in _BESIDE.items() if words.search(text))
    if not asked.keys() <= known:  # digits alone do not tell: 二〇一一年, 民國百年, 1980年代, 公元前221年
        known.update(year for text in said for year in years(text))
    return [_year_name(first) for first, last in asked.items() if known.isdisjoint(range(first, last + 1))]


def years(text: str) -> dict[int, int]:
    """The years of a text, and for each the last one that it stands for, in a decade; before our era they are negative.

    >>> years("二〇一一年4月、2000到2005年，2010人"), years("1980年代"), years("公元前221年")
    ({2011: 2011, 2000: 2000, 2005: 2005}, {1980: 1989}, {-221: -221})
    """
    found: dict[int, int] = {}
    for figure in figures.find(text):
        for date in (figure.date, figure.until):
            if date and date.year:
                found.setdefault(date.year, date.year)
        if figure.kind == "period" and figure.unit == "年代" and figure.value >= 100:
            found.setdefault(int(figure.value), int(figure.value) + 9)
        if figure.kind == "number" and not figure.unit:
            found.update((int(year), int(year)) for year in _YEAR.findall(fold(figure.text)))
    return found


def _year_name(year: int) -> str:
    return str(year) if year > 0 else f"公元前{-year}"


def places(text: str) -> list[tuple[str, str]]:
    """The Chinese places of a text by the two letters before their rank, and the rank.

    >>> places("哈爾濱市和肇東縣的股市，全省各市"), places("北京大兴机场")
    ([('尔滨', '市'), ('肇东', '县')], [])
    """
    return [(m[1], m[2]) for m in _PLACE.finditer(fold(text)) if not _NO_PLACE.search(m[1])]


def place_spans(folded: str) -> list[tuple[int, int]]:
    """Where places stand in a folded text, from two letters before their rank; also before an office (市委, 省级)."""
    return [(m.start(), m.end(2)) for m in _WITH_OFFICE.finditer(folded) if not _NO_PLACE.search(m[1])]


def unknown_places(written: str, question: str, evidence: Sequence[Sentence]) -> list[str]:
    """The places of an answer that stand neither in what was read nor in the question, by the end of their names.

    One other letter makes another place: 湖北省 is not 湖南省.
    """
    known = compact(" ".join([question, *(f"{s.document.title} {s.text}" for s in evidence)]))
    text = compact(written)
    return [text[start:end] for start, end in place_spans(text) if not _named(text[start:end], known)]


def _named(place: str, text: str) -> bool:
    """Whether a text names a place, told by two letters and rank; some have a single letter: 和加州, 麻省."""
    lone = place[1:]
    return (
        place[:2] in text
        or (place[0] in _JOINED and lone in text)
        or bool(re.search(f"(?<![{CJK}]){lone}|[{_JOINED}]{lone}", text))
    )


def unread_numbers(written: str, question: str, evidence: Sequence[Sentence]) -> list[str]:
    """Numbers of an answer that are no figure (六八家, 1.2.0) and stand neither in question nor evidence."""
    known = compact(" ".join([question, *(f"{s.document.title} {s.document.date} {s.text}" for s in evidence)]))
    for figure in reversed(figures.find(written)):
        written = f"{written[: figure.start]} {written[figure.end :]}"
    return [run for run in _DIGITS.findall(fold(written)) if not re.search(rf"(?<![0-9]){run}(?![0-9])", known)]


def elsewhere(question: str, cited: Sequence[Sentence]) -> str:
    """The place that is cited instead of the one that a question names, such as 全省; empty if nothing contradicts.

    A sentence that names no extent takes it from its document, and is believed, unless the document does not know the
    place while it names another one of that rank. 全省 is what a question about a province asks for, and not what one
    about a city asks for.
    """
    asked = places(question)
    quotes, folded = fold(" ".join(s.text for s in cited)), fold(question)
    said = fold(" ".join(s.document.title for s in cited)) + quotes
    ranks = {rank for _, rank in asked}
    if asked and not any(_named(stem + rank, said) for stem, rank in asked):
        extents = [m[0] for m in _EXTENT.finditer(quotes)]
        others = [] if any(e[1] in ranks for e in extents) else [e for e in extents if e not in folded]
        others += [stem + rank for stem, rank in places(quotes)]
        if others:
            return others[0]
    return _substituted(folded, quotes, fold(" ".join(f"{s.document.title} {s.document.text}" for s in cited)))


def _substituted(question: str, quotes: str, documents: str) -> str:
    """The place in the stead of one that a question names and the documents do not know; all three are folded."""
    for m in _WITH_OFFICE.finditer(question):
        if _NO_PLACE.search(m[1]) or _named(m[1] + m[2], documents):
            continue
        pattern = re.compile(f"([{CJK}]{{2}}){m[2]}{m[3] or f'(?!{_NO_RANK})'}")
        for text in (quotes, documents):
            if other := next((o for o in pattern.finditer(text) if not _NO_PLACE.search(o[1])), None):
                return other[1] + m[2]
    return ""


def asked_units(question: str) -> frozenset[str]:
    """The counters that a question asks for by name, where no other would do.

    >>> sorted(asked_units("培訓了多少期、多少人次？")), asked_units("培训了多少组工干部？")
    (['人次', '期'], frozenset())
    >>> asked_units("How many cadres were sent, counted in person-times?"), asked_units("How many people were sent?")
    (frozenset({'人次'}), frozenset())
    """
    folded = fold(question)
    asked = set()
    for match in _IN_ENGLISH.finditer(folded):
        for figure in figures.find(f"3 {folded[match.end() : match.end() + 24]}")[:1]:
            if figure.start == 0 and figure.unit in _COUNTED:
                asked.add(figure.unit)
    for match in _HOW_MANY.finditer(folded):
        for figure in figures.find(f"3{folded[match.end() : match.end() + 4]}")[:1]:
            end = match.end() + len(figure.text) - 1
            if figure.start == 0 and figure.unit in _COUNTED and _CLOSING.match(folded, end):
                asked.add(figure.unit)
    return frozenset(asked)


def other_units(question: str, written: str) -> list[str]:
    """The figures of an answer that count something else than all that its question asks for; empty when one fits."""
    asked = asked_units(question)
    counted = [f for f in figures.find(written) if f.kind == "number" and f.unit]
    if not asked or not counted or any(f.unit in asked for f in counted):
        return []
    return [f.text for f in counted]


@dataclass(frozen=True, slots=True)
class Setting:
    """A figure with the letters that lead up to it."""

    figure: figures.Found
    before: str


# What may stand between a thing and its figure without changing what is counted.
_BETWEEN = re.compile("[了达到约近为是有共计逾超过的:：]+$|(?:一共|总共|大约|达到|包括|分别)+$")


def settings_of(text: str) -> list[Setting]:
    """The figures of a text, each with the letters of its clause since the figure before, folded.

    >>> [(s.before, s.figure.text) for s in settings_of("開展培訓341期，共培訓乾部8710人次")]
    [('开展培训', '341期'), ('共培训干部', '8710人次')]
    """
    found = figures.find(text)
    ends = [0, *(figure.end for figure in found)]
    return [
        Setting(figure, _BETWEEN.sub("", re.split("[,，。；;、]", compact(text[end : figure.start]))[-1]))
        for figure, end in zip(found, ends[:-1], strict=True)
    ]


def common_end(one: str, other: str) -> int:
    """How many letters two texts have in common at their ends."""
    length = 0
    while length < min(len(one), len(other)) and one[-1 - length] == other[-1 - length]:
        length += 1
    return length


def pairs(text: str) -> frozenset[str]:
    """The pairs of neighbouring letters of a text, folded and without its figures."""
    for figure in reversed(figures.find(text)):
        text = f"{text[: figure.start]} {text[figure.end :]}"
    return frozenset(a + b for a, b in pairwise(re.sub(r"\W+", " ", fold(text))) if " " not in a + b)
