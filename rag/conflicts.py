"""Documents that give different values for the same thing. Pure.

Two sentences of different documents conflict when the same words lead up to the figure, most of their other words are
shared, the figures are of one unit and do not agree, and both name the same years and periods, or none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag import figures, grounding, prompts
from rag.constraints import common_end, pairs, settings_of
from rag.evidence import Sentence
from rag.grounding import Grounded
from rag.text import Script, fold, to_script

#: Letters before the figure that must be the same, and the share of the shorter sentence's pairs that must be.
SAME_LEAD = 4
SAME_PAIRS = 0.6
_MARK = re.compile(r"\[\d+\]")
_PERIOD = re.compile(r"(?<!\d)(?:1[89]\d\d|20\d\d)(?!\d)|\d{1,2}月|[一二三四]季度|[上下]半年|同比|环比")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A figure of the cited sentence, and what another document says in its place."""

    cited: Sentence
    figure: figures.Found
    other: Sentence
    value: figures.Found


def conflicts(
    answered: Sequence[figures.Found], cited: Sequence[Sentence], others: Sequence[Sentence]
) -> list[Conflict]:
    """What other documents say instead of the figures that an answer took from the sentences it cites.

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
            if other.document.id == sentence.document.id or not _alike(sentence, other):
                continue
            for here in claims:
                for there in settings_of(other.text):
                    if (
                        there.figure.kind == "number"
                        and there.figure.unit == here.figure.unit
                        and not figures.agree(here.figure, there.figure)
                        and not figures.agree(there.figure, here.figure)
                        and common_end(here.before, there.before) >= SAME_LEAD
                    ):
                        found.setdefault(
                            (here.figure.text, other.document.id), Conflict(sentence, here.figure, other, there.figure)
                        )
    return list(found.values())


def disclosed(answer: Grounded, evidence: Sequence[Sentence], ranked: Sequence[Sentence], script: Script) -> Grounded:
    """The answer followed by what other documents say instead, each with its own citation, the newest first.

    `ranked`: all sentences that were weighed. The answer's own figure is listed too, so that both stand side by side.
    """
    cited = grounding.cited_sentences(answer, evidence)
    found = conflicts(figures.find(_MARK.sub("", answer.text)), cited, ranked)
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
    note = "\n".join([prompts.CONFLICT[script], *(f"- {line}" for line in said)])
    added = (
        figure
        for conflict in found
        for figure in grounding.check_figures(
            conflict.value.text, [conflict.other.cited(numbers[conflict.other.document.id, conflict.other.start])]
        )
    )
    return Grounded(f"{answer.text}\n\n{note}", tuple(citations), (*answer.figures, *added))


def _alike(one: Sentence, other: Sentence) -> bool:
    """Whether two sentences speak of the same thing at the same time."""
    here, there = pairs(one.text), pairs(other.text)
    if not here or not there or len(here & there) / min(len(here), len(there)) < SAME_PAIRS:
        return False
    times = [set(_PERIOD.findall(fold(sentence.text))) for sentence in (one, other)]
    return times[0] == times[1]
