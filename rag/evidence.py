"""From passages to the few sentences that the language model reads.

On two cores every 100 tokens of a prompt cost more than a second, so sentences are chosen, not chunks. They are scored
like passages, question against sentence, with the same fusion. The module knows the encoder, and no language model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from rag import figures
from rag.embeddings import Encoder, Vectors
from rag.retriever import coverage, fuse
from rag.store import StoredChunk
from rag.text import sentences
from rag.types import Citation, Document, Passage

#: Passages whose sentences are weighed, sentences at most, and tokens of the chosen ones at most.
PASSAGES = 5
SENTENCES = 40
TOKENS = 240
#: Tokens of the very best sentences, which are tried before the rest is read; 100 save no more time.
FEW = 60
#: Sentences that score this much less than the best one are not worth their time: where the ranking is sure, few come
#: close, and the prompt is short. With both bounds the answer is in what is read for 96% of the development questions
#: at 60% noise and costs 200 tokens; for the seed's, which stand apart, fewer.
MARGIN = 0.065
#: What a sentence owes to its passage: this share of how much the passage falls behind the first one.
PASSAGE_WEIGHT = 0.4
#: What a sentence gains that has a figure in the very unit that a question asks for: 人次 where 人次 are asked for.
UNIT_BONUS = 0.03


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document. `score`: see `fuse`; higher is better. `vector`: once ranked, shape (dimensions,)."""

    document: Document
    start: int
    end: int
    score: float = 0.0
    vector: Vectors = field(default_factory=lambda: np.zeros(0, np.float32), compare=False, repr=False)

    @property
    def text(self) -> str:
        """What it says."""
        return self.document.text[self.start : self.end]

    def cited(self, number: int) -> Citation:
        """The sentence as citation [number]."""
        return Citation(number, self.text, self.start, self.end, self.document.page_at(self.start), self.document)


def candidates(passages: Sequence[Passage], edges: Sequence[StoredChunk] = ()) -> list[Sentence]:
    """The sentences of the first passages, in rank order, each once; then those of `edges`, a page's head and foot."""
    spans = [(p.document, p.start, p.text) for p in passages[:PASSAGES]]
    spans += [(e.document, e.chunk.start, e.chunk.text) for e in edges]
    found: dict[tuple[str, int], Sentence] = {}
    for document, offset, text in spans:
        for start, end in sentences(text):
            found.setdefault((document.id, offset + start), Sentence(document, offset + start, offset + end))
    return list(found.values())[:SENTENCES]


def rank(
    found: Sequence[Sentence],
    vector: Vectors,
    weights: Mapping[str, float],
    encoder: Encoder,
    passages: Sequence[Passage] = (),
    units: frozenset[str] = frozenset(),
) -> list[Sentence]:
    """The sentences with their scores, the best first. `vector` and `weights` are the question's.

    A sentence alone has lost what it is about, its passage has not: `passages`, in rank order, take off a share of
    their own distance from the first one. `units`: those that the question asks for by name.
    """
    if not found:
        return []
    vectors = encoder.encode_sentences([sentence.text for sentence in found])
    scored = [
        replace(
            s,
            score=fuse(float(own @ vector), coverage(weights, s.text))
            - PASSAGE_WEIGHT * _behind(s, passages)
            + (UNIT_BONUS if units and any(f.unit in units for f in figures.find(s.text)) else 0.0),
            vector=own,
        )
        for s, own in zip(found, vectors, strict=True)
    ]
    return sorted(scored, key=lambda sentence: -sentence.score)


def _behind(sentence: Sentence, passages: Sequence[Passage]) -> float:
    """How much less than the first passage (0 or more) the best one that holds a sentence scores."""
    if not passages:
        return 0.0
    holding = [p.score for p in passages if p.document.id == sentence.document.id and p.start <= sentence.start < p.end]
    return passages[0].score - max(holding, default=min(p.score for p in passages))


def choose(ranked: Sequence[Sentence], encoder: Encoder, *, budget: int = TOKENS) -> list[Sentence]:
    """The best sentences and the one that follows each, within a budget of tokens, in the documents' order.

    The best sentence is always in. A sentence's follower comes along because an answer often runs over a full stop.
    """
    places = {(s.document.id, s.start): s for s in ranked}
    following: dict[tuple[str, int], Sentence] = {}
    for document in {s.document.id for s in ranked}:
        inside = sorted((s for s in ranked if s.document.id == document), key=lambda s: s.start)
        for left, right in pairwise(inside):
            if right.start - left.end <= 4:
                following[document, left.start] = right
    counts = dict(zip(places, encoder.count_tokens([s.text for s in places.values()]), strict=True))
    chosen: dict[tuple[str, int], Sentence] = {}
    used = 0
    for sentence in (s for s in ranked if s.score >= ranked[0].score - MARGIN):
        for wanted in (sentence, following.get((sentence.document.id, sentence.start))):
            if wanted is None or (key := (wanted.document.id, wanted.start)) in chosen:
                continue
            if chosen and used + counts[key] > budget:
                continue
            chosen[key] = wanted
            used += counts[key]
    best = {s.document.id: index for index, s in reversed(list(enumerate(ranked)))}
    return sorted(chosen.values(), key=lambda s: (best[s.document.id], s.start))


def cosines(text: str, ranked: Sequence[Sentence], encoder: Encoder) -> list[float]:
    """Cosine (-1 to 1) of a text, read as a question, with each sentence; they keep their vectors from `rank`."""
    return [float(value) for value in np.stack([s.vector for s in ranked]) @ encoder.encode_query(text)]
