"""Whether a figure or a place of an answer stands where the text has another one. Pure.

A swapped figure stands in what was read, so that looking it up proves nothing; the words around it tell. The module
knows letters and figures, and nothing of the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag import figures
from rag.constraints import common_end, place_spans
from rag.evidence import Sentence
from rag.figures import Found
from rag.text import fold

#: Letters on either side of a figure that are compared, and how many more of them must be those of another figure.
WINDOW, CLEARLY = 8, 3
#: The share of an answer's own letters around a figure that must be those of another one.
MOSTLY = 2 / 3
# Marks, and letters that may join a thing and its figure without changing what is counted.
_UNHEARD = re.compile(r"[\W_了达到约为是有共计逾超过的在于则也即]+")


@dataclass(frozen=True, slots=True)
class Spot:
    """A figure, or a place by the end of its name, with up to `WINDOW` letters on each side; # is another figure."""

    text: str
    figure: Found | None
    before: str
    after: str

    def shared(self, other: Spot) -> int:
        """How many letters on both sides, from the middle outwards, are the same."""
        return common_end(self.before, other.before) + common_end(self.after[::-1], other.after[::-1])


def spots(text: str) -> list[Spot]:
    """The figures and places of a text with their surroundings, folded, without marks and joining letters.

    >>> [(s.text, s.before, s.after) for s in spots("黑河市開展培訓341期，共8710人次。")]
    [('黑河市', '', '开展培训##'), ('341期', '黑河市开展培训', '#'), ('8710人次', '黑河市开展培训#', '')]
    """
    found = figures.find(text)
    plain, at = "", 0
    places: list[int] = []
    for figure in found:
        plain += _UNHEARD.sub("", fold(text[at : figure.start]))
        places.append(len(plain))
        plain, at = f"{plain}#", figure.end
    plain += _UNHEARD.sub("", fold(text[at:]))
    spans: list[tuple[int, int, str, Found | None]] = [
        (i, i + 1, f.text, f) for i, f in zip(places, found, strict=True)
    ]
    spans += [(start, end, plain[start:end], None) for start, end in place_spans(plain)]
    return [
        Spot(name, figure, plain[max(0, start - WINDOW) : start], plain[end : end + WINDOW])
        for start, end, name, figure in sorted(spans, key=lambda span: span[:2])
    ]


def displaced(written: str, question: str, evidence: Sequence[Sentence]) -> list[str]:
    """The figures and places of an answer in whose surroundings the evidence has another one.

    754期 behind 全省开展培训 is such a figure where the text says 全省开展培训341期, though another sentence has 754期.
    An answer that is worded in its own way shares few letters with any sentence, and is left alone.

    >>> from rag.types import Document
    >>> texts = ["全省开展培训341期,成效很好。", "带头讲党课754期。"]
    >>> read = [Sentence(Document(t, t), 0, len(t)) for t in texts]
    >>> [displaced(text, "几期？", read) for text in ("全省开展培训754期", "全省开展培训341期", "讲课754期")]
    [['754期'], [], []]
    """
    source = [spot for sentence in evidence for spot in spots(sentence.text)]
    wrong = []
    asked = spots(question)
    for claim in spots(written):
        if any(_same(claim, spot) for spot in asked):
            continue
        own = [claim.shared(spot) for spot in source if _same(claim, spot)]
        other = max((claim.shared(s) for s in source if _comparable(claim, s) and not _same(claim, s)), default=0)
        least, whole = max(own, default=0), len(claim.before) + len(claim.after)
        clearly = other >= least + (2 if other == whole else CLEARLY)
        if (own or claim.figure is None) and other >= max(2, MOSTLY * whole) and clearly:
            wrong.append(claim.text)
    return wrong


def _same(claim: Spot, spot: Spot) -> bool:
    if claim.figure is None or spot.figure is None:
        return claim.figure is spot.figure and claim.text == spot.text
    return figures.agree(claim.figure, spot.figure)


def _comparable(claim: Spot, spot: Spot) -> bool:
    if claim.figure is None or spot.figure is None:
        return claim.figure is spot.figure and claim.text[-1] == spot.text[-1]
    return (claim.figure.kind in ("number", "ordinal")) == (spot.figure.kind in ("number", "ordinal"))
