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
from rag.text import CJK, compact, fold

_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
_BESIDE = {
    -1: re.compile("去年|上年|上一年|前一年|last year|previous year"),
    1: re.compile("明年|来年|下一年|next year"),
}
# A place by its rank, told by the two letters before it. Words that end like one are no places: 上市, 该市, 节省.
_PLACE = re.compile(f"([{CJK}]{{2}})(省|市|县|州)(?!场|区|民|政|值|长|委|里|内|级|直|会|容|面|价|占|盈|公司|银行)")
_NO_PLACE = re.compile(
    "[全该本各此某我贵每跨外在的是和与及、]$"
    "|(?:上|股|超|城|都|门|夜|楼|车|菜|汇|债|入|节|反|直辖|地级|县级|多个|几个|哪个|哪些|个)$"
)
_EXTENT = re.compile("全(省|市|县|州|国|球)")
#: Counters of which a question means exactly the one that it names; measures (公里, 米) have others for the same thing.
_COUNTED = frozenset("人次 期 份 对 条 件 项 次 场 届 家 户 台 本 篇 辆 架 艘".split())
_HOW_MANY = re.compile(r"多少|几(?=\S{1,2}(?:[、，,。？?！!\s]|$))")
_CLOSING = re.compile(r"\s*(?:[、，,。？?！!]|$)")


def missing_years(question: str, evidence: Sequence[Sentence]) -> list[str]:
    """The years that a question names and that no document of the evidence knows.

    A document knows the years in its text, title and date, and the one before or after its date if it speaks of last or
    next year.
    """
    known: set[str] = set()
    for document in {sentence.document.id: sentence.document for sentence in evidence}.values():
        said = fold(f"{document.title} {document.date} {document.text}")
        known.update(_YEAR.findall(said))
        if year := _YEAR.match(document.date):
            known.update(str(int(year[0]) + step) for step, words in _BESIDE.items() if words.search(said))
    return [year for year in dict.fromkeys(_YEAR.findall(fold(question))) if year not in known]


def places(text: str) -> list[tuple[str, str]]:
    """The Chinese places of a text by the two letters before their rank, and the rank.

    >>> places("哈爾濱市和肇東縣的股市，全省各市"), places("北京大兴机场")
    ([('尔滨', '市'), ('肇东', '县')], [])
    """
    return [(m[1], m[2]) for m in _PLACE.finditer(fold(text)) if not _NO_PLACE.search(m[1])]


def elsewhere(question: str, cited: Sequence[Sentence]) -> str:
    """The place that is cited instead of the one that a question names, such as 全省; empty if nothing contradicts.

    A sentence that names no extent takes it from its document, and is believed. 全省 is what a question about a
    province asks for, and not what one about a city asks for.
    """
    asked = places(question)
    said = fold(" ".join(f"{s.document.title} {s.text}" for s in cited))
    if not asked or any(stem in said for stem, _ in asked):
        return ""
    quotes = fold(" ".join(s.text for s in cited))
    ranks = {rank for _, rank in asked}
    others = [m[0] for m in _EXTENT.finditer(quotes) if m[1] not in ranks]
    others += [stem + rank for stem, rank in places(quotes)]
    return next(iter(others), "")


def asked_units(question: str) -> frozenset[str]:
    """The counters that a question asks for by name, where no other would do.

    >>> sorted(asked_units("培訓了多少期、多少人次？")), asked_units("培训了多少组工干部？")
    (['人次', '期'], frozenset())
    """
    folded = fold(question)
    asked = set()
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


def misattributed(written: str, evidence: Sequence[Sentence]) -> list[str]:
    """The figures of an answer that stand behind the words which, in the evidence, lead up to another figure.

    培训组工干部341期 is such an answer where the text says 开展组工干部培训341期, 培训组工干部8710人次: each word of
    it and its figure stand there, but not together.
    """
    source = [setting for sentence in evidence for setting in settings_of(sentence.text)]
    swapped = []
    for claim in settings_of(written):
        fitting = [common_end(claim.before, s.before) for s in source if figures.agree(claim.figure, s.figure)]
        others = [common_end(claim.before, s.before) for s in source if not figures.agree(claim.figure, s.figure)]
        if fitting and max(others, default=0) >= 2 and max(others) > max(fitting) + 1:
            swapped.append(claim.figure.text)
    return swapped


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
