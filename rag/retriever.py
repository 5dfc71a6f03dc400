"""Retrieval: a dense and a lexical leg, fused into one score, as a LangChain retriever.

Both legs only nominate candidates; each candidate is then scored by both measures, whichever leg found it. The module
knows the library and the encoder, and nothing of language models.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.embeddings import Encoder, Vectors, load_cross_encoder
from rag.errors import InputError
from rag.store import Library, StoredChunk
from rag.text import question_words, words_in
from rag.types import Passage

#: Candidates taken from each leg before they are fused.
CANDIDATES = 50
#: What shared words may add to the cosine, per unit of coverage, and the coverage beyond which they add no more.
LEXICAL_WEIGHT = 0.12
ENOUGH_COVERAGE = 0.6
#: What coverage by a passage together with so many characters before and after it may add: it tells what the passage is
#: about. On the development sets no hit@1 falls, and RGB's rises by two points.
SURROUNDINGS_WEIGHT = 0.02
SURROUNDINGS = 500
#: Passages that a cross-encoder, if one is set, puts into a new order.
RERANKED = 20
#: The lexical leg asks for the rarest words first, until they stand in this many chunks together.
_POSTINGS = 10_000

MAX_QUESTION = 2000


def fuse(cosine: float, coverage: float) -> float:
    """One score from both legs, higher is better: cosine (-1 to 1) plus 0 to 0.072.

    `coverage` (0 to 1) is the share of the question's idf mass that a passage holds. Unlike rank fusion this leaves the
    lexical leg no vote where it has nothing to say, as for a question in another language: its coverage is then near 0
    for every passage. Above 0.6 more shared words prove nothing: in a pool where twenty passages are about the same
    event, the one that answers is rarely the one that repeats the question.

    >>> fuse(0.9, 0.0), round(fuse(0.85, 1.0), 3)
    (0.9, 0.922)
    """
    return cosine + LEXICAL_WEIGHT * min(coverage, ENOUGH_COVERAGE)


def word_weights(words: Sequence[str], frequencies: Mapping[str, int], total: int) -> dict[str, float]:
    """The idf of each word, BM25's form, never negative; `total` is the number of chunks."""
    return {
        word: math.log(1 + (total - frequencies.get(word, 0) + 0.5) / (frequencies.get(word, 0) + 0.5))
        for word in words
    }


def coverage(weights: Mapping[str, float], text: str) -> float:
    """The share (0 to 1) of the words' weight that a text holds; 0 when there are no words.

    >>> coverage({"培训": 3.0, "期数": 1.0}, "培訓組工乾部")
    0.75
    """
    mass = sum(weights.values())
    return sum(weights[word] for word in words_in(weights, text)) / mass if mass else 0.0


def checked_question(question: str) -> str:
    """The question without outer white space. Raises InputError when it is empty, no text or too long to be one."""
    if not isinstance(question, str):
        raise InputError(f"The question is a {type(question).__name__}. Give it as a string.")
    question = question.strip()
    if re.search("[\ud800-\udfff]", question):
        raise InputError("The question has a character that is no text (half of a pair). Write it in UTF-8.")
    if not question:
        raise InputError("The question is empty. Ask something about the documents.")
    if len(question) > MAX_QUESTION:
        raise InputError(
            f"The question has {len(question):,} characters; up to {MAX_QUESTION:,} can be read. "
            "Shorten it, or add the text as a document with `jianbao ingest`."
        )
    return question


class HybridRetriever(BaseRetriever):
    """Finds the passages of a library that can answer a question; also a LangChain retriever.

    As a LangChain retriever it returns Documents whose `metadata` is the contract's Passage without its text.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    encoder: Encoder
    reranker: str = ""
    k: int = 5
    _cross_encoder: Any = None

    def search(self, question: str, *, k: int | None = None, scope: Sequence[str] | None = None) -> list[Passage]:
        """The k best passages, the best first. `scope`: ids of the only documents to be used.

        Raises InputError for an unusable question or k, or an unknown document id.
        """
        return self.search_with_vector(question, k=k, scope=scope)[0]

    def search_with_vector(
        self, question: str, *, k: int | None = None, scope: Sequence[str] | None = None
    ) -> tuple[list[Passage], Vectors]:
        """`search`, and the question's vector, shape (dimensions,)."""
        question = checked_question(question)
        wanted = self.k if k is None else k
        if wanted < 1:
            raise InputError(f"k is {wanted}; ask for at least 1 passage.")
        if isinstance(scope, str):
            raise InputError(f"scope is {scope!r}. Give a list of document ids, even for one.")
        if scope is not None and (unknown := [id for id in scope if self.library.path_of(id) is None]):
            raise InputError(f"The library has no document {unknown[0]!r}. `jianbao documents` lists what it holds.")
        wanted = min(wanted, self.library.chunk_count())
        vector = self.encoder.encode_query(question)
        words = question_words(question)
        frequencies = self.library.document_frequencies(words)
        weights = word_weights(words, frequencies, self.library.chunk_count())
        limit = max(CANDIDATES, wanted)
        numbers = {
            *self.library.nearest(vector, limit, scope),
            *self.library.matching(_affordable(frequencies), limit, scope),
        }
        scored = [
            (fuse(float(stored.vector @ vector), coverage(weights, stored.indexed_text)), stored)
            for stored in self.library.chunks(numbers)
        ]
        scored.sort(key=lambda pair: (-pair[0], pair[1].number))
        if scored:  # only those that their surroundings can still bring among the wanted ones
            least = scored[: max(wanted, RERANKED)][-1][0] - SURROUNDINGS_WEIGHT
            scored = [
                (score + (SURROUNDINGS_WEIGHT * coverage(weights, _surroundings(s)) if score >= least else 0.0), s)
                for score, s in scored
            ]
            scored.sort(key=lambda pair: (-pair[0], pair[1].number))
        if self.reranker:
            scored = self._rerank(question, scored)
        passages = [
            Passage(
                rank,
                score,
                stored.chunk.text,
                stored.chunk.start,
                stored.chunk.end,
                stored.document.page_at(stored.chunk.start),
                stored.document,
            )
            for rank, (score, stored) in enumerate(scored[:wanted], start=1)
        ]
        return passages, vector

    def weights(self, question: str) -> dict[str, float]:
        """The question's words that point to passages, each with its idf in this library."""
        words = question_words(question)
        return word_weights(words, self.library.document_frequencies(words), self.library.chunk_count())

    def _rerank(self, question: str, scored: list[tuple[float, StoredChunk]]) -> list[tuple[float, StoredChunk]]:
        """The first passages by the cross-encoder's score; the rest follow in their order, below them."""
        if self._cross_encoder is None:
            self._cross_encoder = load_cross_encoder(self.reranker)
        head, tail = scored[:RERANKED], scored[RERANKED:]
        if not head:
            return scored
        scores = self._cross_encoder.predict([(question, stored.indexed_text) for _, stored in head])
        order = np.argsort(-np.asarray(scores), kind="stable")
        reranked = [(float(scores[index]), head[index][1]) for index in order]
        floor = reranked[-1][0]
        return reranked + [(min(score, floor), stored) for score, stored in tail]

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        found = []
        for passage in self.search(query):
            metadata = passage.as_dict()
            found.append(LangChainDocument(page_content=metadata.pop("text"), metadata=metadata))
        return found


def _affordable(frequencies: Mapping[str, int]) -> list[str]:
    """The rarest words, as many as can be looked up in bounded time."""
    chosen: list[str] = []
    postings = 0
    for word in sorted(frequencies, key=lambda word: frequencies[word]):
        postings += frequencies[word]
        if chosen and postings > _POSTINGS:
            break
        chosen.append(word)
    return chosen


def _surroundings(stored: StoredChunk) -> str:
    """A passage with its document's title and what stands before and after it."""
    chunk, document = stored.chunk, stored.document
    near = document.text[max(0, chunk.start - SURROUNDINGS) : chunk.end + SURROUNDINGS]
    return f"{document.title}\n{near}"
