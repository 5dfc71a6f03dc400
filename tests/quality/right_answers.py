"""Right answers to the questions of the seed and the development sets, with the evidence that a reader would have.

No encoder and no language model: what an answer is, and what stands around it, comes out of the sets themselves.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from ingest.loaders import load
from rag import figures
from rag.evidence import Sentence
from rag.text import clauses, compact, question_words, sentences, tokens
from rag.types import Document
from tests.conftest import SEEDS, SHARED
from tests.quality.places import NAMED

BENCH = SHARED / "bench"
#: (folder, questions): the sets whose gold answers stand in the text. The English questions have those of the Chinese.
SETS = [
    ("rgb-zh", "noise-0.0.questions.jsonl"),
    ("rgb-zh", "pooled.questions.jsonl"),
    ("drcd", "questions.jsonl"),
    ("cmrc2018", "questions.jsonl"),
    ("xquad-zh", "questions.jsonl"),
    ("xquad-zh", "english.questions.jsonl"),
]
#: Sentences of the gold one's own document, and of other documents, that are read beside it.
SAME_DOCUMENT, OTHER_DOCUMENTS = 5, 3
#: A gold sentence up to this many letters is an answer as it is; of a longer one it is the clause.
SHORT = 80


@dataclass(frozen=True)
class Right:
    """A right answer. `form`: clause or bare; `gold`: the sentence that holds it, one of the evidence."""

    origin: str
    form: str
    question: str
    written: str
    golds: tuple[str, ...]
    gold: Sentence
    evidence: tuple[Sentence, ...]


def likeness(question: str, written: str, evidence: Iterable[Sentence]) -> list[float]:
    """The share of the words (bigrams, numbers) of question and answer that each sentence has, 0 to 1.

    It stands in for the cosine that the product takes from its encoder.
    """
    words = set(tokens(f"{question} {written}"))
    return [len(words & _words(sentence.text)) / max(1, len(words)) for sentence in evidence]


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(tokens(text))


@cache
def _sentences(document: Document) -> tuple[Sentence, ...]:
    return tuple(Sentence(document, start, end) for start, end in sentences(document.text))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def documents(folder: str) -> dict[str, Document]:
    """A development set's documents by their id."""
    return {row["id"]: Document(row["id"], row["text"]) for row in _lines(BENCH / folder / "documents.jsonl")}


def _share(words: Sequence[str], sentence: Sentence) -> float:
    return len(_words(sentence.text).intersection(words)) / max(1, len(words))


class Reader:
    """Chooses what is read for a question, by shared words, out of one set of documents."""

    def __init__(self, found: Mapping[str, Document]) -> None:
        self.documents = found
        self._having: dict[str, set[str]] = defaultdict(set)
        for document in found.values():
            for word in _words(document.text):
                self._having[word].add(document.id)

    def nearest(self, words: Sequence[str], besides: str, count: int = 4) -> list[str]:
        """The other documents with most of the question's words; a word of few documents counts for more."""
        scores: dict[str, float] = defaultdict(float)
        for word in words:
            for name in self._having.get(word, ()):
                scores[name] += 1 / len(self._having[word])
        scores.pop(besides, None)
        return sorted(scores, key=lambda name: (-scores[name], name))[:count]

    def evidence(self, question: str, gold: Sentence, scope: Sequence[str] = ()) -> tuple[Sentence, ...]:
        """The gold sentence with those nearest to the question, of its own document and of up to four others.

        `scope`: the passages that the set itself gives the question to read.
        """
        words = question_words(question)
        others = [name for name in scope if name != gold.document.id] or self.nearest(words, gold.document.id)

        def best(found: Iterable[Sentence], count: int) -> list[Sentence]:
            return sorted(found, key=lambda s: (-_share(words, s), s.document.id, s.start))[:count]

        own = best((s for s in _sentences(gold.document) if s != gold), SAME_DOCUMENT)
        other = best((s for name in others for s in _sentences(self.documents[name])), OTHER_DOCUMENTS)
        return (*sorted([gold, *own], key=lambda s: s.start), *other)


def _answers(row: Mapping[str, Any], golds: Mapping[str, Any]) -> list[str]:
    accepted = row["answers"] or golds.get(row.get("id", ""), [])
    return [str(name) for name in accepted[0]] if len(accepted) == 1 else []


def gold_sentence(question: str, names: Sequence[str], found: Iterable[Document]) -> tuple[Sentence, str] | None:
    """The sentence that holds one of the accepted answers, and which; of several the one with most of the question."""
    words = question_words(question)
    holding = [
        (sentence, name)
        for document in found
        for sentence in _sentences(document)
        for name in names
        if compact(name) in compact(sentence.text)
        and (not (sought := figures.find(name)) or _has(sentence.text, sought))
    ]
    return max(holding, key=lambda pair: _share(words, pair[0]), default=None)


def _has(text: str, sought: Sequence[figures.Found]) -> bool:
    written = figures.find(text)
    return all(any(figures.agree(figure, other) for other in written) for figure in sought)


def of_set(folder: str, questions: str) -> Iterator[Right]:
    """The right answers of a development set, as the gold clause or sentence and as the bare gold."""
    reader = Reader(documents(folder))
    accepted = (
        {row.get("id", ""): row["answers"] for row in _lines(BENCH / folder / "questions.jsonl")}
        if "english" in questions
        else {}
    )
    for row in _lines(BENCH / folder / questions):
        relevant = [reader.documents[name] for name in row["relevant"]]
        yield from of_question(reader, f"{folder}/{questions[:-16]}", row, _answers(row, accepted), relevant)


def of_seed() -> Iterator[Right]:
    """The right answers of the seed briefing's questions."""
    (document,) = load(SEEDS / "briefing-138.txt").documents
    reader = Reader({document.id: document})
    for row in _lines(SEEDS / "questions.jsonl"):
        yield from of_question(reader, "seed", row, _answers(row, {}), [document])


def of_question(
    reader: Reader, origin: str, row: Mapping[str, Any], names: Sequence[str], relevant: Sequence[Document]
) -> Iterator[Right]:
    question = str(row["question"])
    if not names or (found := gold_sentence(question, names, relevant)) is None:
        return
    gold, name = found
    evidence = reader.evidence(question, gold, row.get("scope", ()))
    yield Right(origin, "bare", question, name, tuple(names), gold, evidence)
    if clause := _clause(gold.text, name):
        yield Right(origin, "clause", question, clause, tuple(names), gold, evidence)


def _clause(sentence: str, name: str) -> str:
    """The sentence, or of a long one the clause, that holds an answer; empty when it is no more than the answer."""
    pieces = [sentence] if len(sentence) <= SHORT else [sentence[start:end] for start, end in clauses(sentence)]
    holding = next((piece for piece in pieces if compact(name) in compact(piece)), "")
    return holding.strip("，,、：:;； ") if len(compact(holding)) > len(compact(name)) + 2 else ""


def of_news(limit: int = 400, seed: int = 138) -> Iterator[Right]:
    """Answers about a place: of a clause that names one and a figure, asked by putting 多少 in the figure's stead."""
    found = documents("news")
    reader = Reader(found)
    rows = [
        (sentence, *located)
        for document in found.values()
        if NAMED.search(document.text)
        for sentence in _sentences(document)
        if len(sentence.text) <= 160
        for located in _located(sentence.text)
    ]
    for sentence, asked, figure, clause in Random(seed).sample(rows, min(limit, len(rows))):
        evidence = reader.evidence(asked, sentence)
        yield Right("news", "bare", asked, figure, (figure,), sentence, evidence)
        yield Right("news", "clause", asked, clause, (figure,), sentence, evidence)


def _located(sentence: str) -> Iterator[tuple[str, str, str]]:
    """(question, figure, clause) for each clause of a sentence that names a place and then says how many of a thing."""
    for start, end in clauses(sentence):
        clause = sentence[start:end].strip("，,、：:；;。 ")
        place = NAMED.search(clause)
        for figure in figures.find(clause)[:1] if place else ():
            counted = figure.kind == "number" and figure.unit and figure.text.endswith(figure.unit)
            if place and counted and figure.text[0].isdigit() and figure.start >= place.end() + 2:
                asked = f"{clause[place.start() : figure.start]}多少{figure.unit}{clause[figure.end :]}？"
                yield asked, figure.text, clause
