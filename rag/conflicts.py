"""Documents that give different values for the same thing. Pure.

Two sentences of different documents conflict when the same words lead up to the figure, most of their other words are
shared, the figures are of one unit and do not agree, and nothing tells that they speak of different things: no word in
the stead of another one before the figure (大慶市 for 哈爾濱市), no other place, year or period, and no word of the
question that only one of them has. What a sentence does not say is looked for in its document's title.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag import figures, grounding, prompts
from rag.constraints import common_end, pairs, places, settings_of, years
from rag.evidence import Sentence
from rag.grounding import Grounded
from rag.text import CJK, Script, fold, question_words, to_script, words_in

#: Letters before the figure that must be the same, and the share of the shorter sentence's pairs that must be.
SAME_LEAD = 4
SAME_PAIRS = 0.6
_MARK = re.compile(r"\[\d+\]")
_PERIOD = re.compile(r"(?<!\d)(?:1[89]\d\d|20\d\d)(?!\d)|\d{1,2}月|[一二三四]季度|[上下]半年|同比|环比")
_LETTER = re.compile(f"[{CJK}]|[^\\W\\d_{CJK}]+")
# What may be said in the stead of each other without another thing being meant: 已培訓, 共培訓, 今年以來培訓.
_EMPTY = re.compile(
    "今年(?:以来)?|年初以来|截至|目前|已经|一共|总共|先后|累计|[了的地得在是有和与及共约达计超过逾近已就将被把对于从由并也都]"
    "|(?a:\\b(?:a|an|the|of|in|at|by|to|on|for|has|have|had|been|was|were|is|are|total|altogether|so|far|about)\\b)"
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A figure of the cited sentence, and what another document says in its place."""

    cited: Sentence
    figure: figures.Found
    other: Sentence
    value: figures.Found


def conflicts(
    question: str, answered: Sequence[figures.Found], cited: Sequence[Sentence], others: Sequence[Sentence]
) -> list[Conflict]:
    """What other documents say instead of the figures that the answer to a question took from the sentences it cites.

    At most one conflict for each other document and figure.
    """
    found: dict[tuple[str, str], Conflict] = {}
    for sentence in cited:
        claims = [
            here
            for here in settings_of(sentence.text)
            if here.figure.kind == "number" and any(figures.agree(figure, here.figure) for figure in answered)
        ]
        for other in others if claims else ():
            if other.document.id == sentence.document.id or not _alike(sentence, other, question):
                continue
            for here in claims:
                for there in settings_of(other.text):
                    if (
                        there.figure.kind == "number"
                        and there.figure.unit == here.figure.unit
                        and not figures.agree(here.figure, there.figure)
                        and not figures.agree(there.figure, here.figure)
                        and common_end(here.before, there.before) >= SAME_LEAD
                        and not _swapped(_before(sentence.text, here.figure), _before(other.text, there.figure))
                    ):
                        found.setdefault(
                            (here.figure.text, other.document.id), Conflict(sentence, here.figure, other, there.figure)
                        )
    return list(found.values())


def disclosed(
    answer: Grounded, question: str, evidence: Sequence[Sentence], ranked: Sequence[Sentence], script: Script
) -> Grounded:
    """The answer followed by what other documents say instead, each with its own citation, the newest first.

    `ranked`: all sentences that were weighed. The answer's own figure is listed too, so that both stand side by side.
    """
    cited = grounding.cited_sentences(answer, evidence)
    found = conflicts(question, figures.find(_MARK.sub("", answer.text)), cited, ranked)
    if not found:
        return answer
    sides = [side for c in found for side in ((c.cited, c.figure), (c.other, c.value))]
    stated = {(s.document.id, s.start, figure.text): (s, figure) for s, figure in sides}
    numbers = {(c.document.id, c.start): c.number for c in answer.citations}
    citations = list(answer.citations)
    said = []
    for sentence, figure in sorted(stated.values(), key=lambda side: side[0].document.date, reverse=True):
        place = sentence.document.id, sentence.start
        if place not in numbers:
            numbers[place] = len(citations) + 1
            citations.append(sentence.cited(numbers[place]))
        date = f" ({sentence.document.date})" if sentence.document.date else ""
        name = sentence.document.title or sentence.document.id
        said.append(f"{to_script(figure.text, script)} — {name}{date} [{numbers[place]}]")
    dated = any(sentence.document.date for sentence, _ in stated.values())
    note = "\n".join([prompts.conflict(script, dated=dated), *(f"- {line}" for line in said)])
    added = (
        figure
        for conflict in found
        for figure in grounding.check_figures(
            conflict.value.text, [conflict.other.cited(numbers[conflict.other.document.id, conflict.other.start])]
        )
    )
    return Grounded(f"{answer.text}\n\n{note}", tuple(citations), (*answer.figures, *added))


def _alike(one: Sentence, other: Sentence, question: str) -> bool:
    """Whether two sentences may speak of the same thing at the same time."""
    here, there = pairs(one.text), pairs(other.text)
    if not here or not there or len(here & there) / min(len(here), len(there)) < SAME_PAIRS:
        return False
    if set(_PERIOD.findall(fold(one.text))) != set(_PERIOD.findall(fold(other.text))):
        return False
    for named in (lambda text: set(places(text)), lambda text: set(years(text))):
        first, second = (named(s.text) or named(s.document.title) for s in (one, other))
        if first and second and first != second:
            return False
    words = question_words(question)
    known = [words_in(words, f"{s.document.title}\n{s.text}") for s in (one, other)]
    return known[0] <= known[1]


def _before(text: str, figure: figures.Found) -> list[str]:
    """The letters and Latin words that stand before a figure in its sentence, without other figures, all folded."""
    text = text[: figure.start]
    for other in reversed(figures.find(text)):
        text = f"{text[: other.start]} {text[other.end :]}"
    return _LETTER.findall(_EMPTY.sub(" ", fold(text)))


def _swapped(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a word of one text stands in the stead of a word of the other.

    >>> _swapped(list("哈尔滨市培训干部"), list("大庆市培训干部")), _swapped(list("全省各级部门培训"), list("全省培训"))
    (True, False)
    """
    return any(kind == "replace" for kind, *_ in SequenceMatcher(None, one, other, autojunk=False).get_opcodes())
