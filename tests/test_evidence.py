"""Evidence is few sentences, each exactly where it says, and the best one is always among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import Assistant, Document, Passage
from rag.embeddings import Encoder
from rag.evidence import SENTENCES, Sentence, candidates, choose, rank
from rag.retriever import word_weights
from rag.text import question_words, sentences

PIECES = st.sampled_from(
    [
        "培訓341期。",
        "培訓組工乾部8710人次。",
        "天氣好！",
        "甲，乙；",
        "他說：「好。」",
        "\n",
        "\n\n",
        " ",
        "It rose 3.5%. ",
        "無句點",
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=20).map("".join).filter(str.strip)
lent = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def encoder(assistant: Assistant) -> Encoder:
    return assistant.encoder


def passage(document: Document, start: int, end: int, number: int = 1) -> Passage:
    return Passage(number, 1.0, document.text[start:end], start, end, None, document)


def whole(*texts: str) -> list[Passage]:
    """Each text as a document of one passage."""
    documents = [Document(f"document {number}", text) for number, text in enumerate(texts, start=1)]
    return [passage(document, 0, len(document.text), number) for number, document in enumerate(documents, start=1)]


def ranked(question: str, passages: Sequence[Passage], encoder: Encoder) -> list[Sentence]:
    words = question_words(question)
    return rank(candidates(passages), encoder.encode_query(question), word_weights(words, {}, 10), encoder)


# --- candidates


@given(TEXTS, st.data())
def test_candidates_stand_exactly_where_they_say(text: str, data: st.DataObject) -> None:
    document = Document("a", text)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = candidates([passage(document, start, end)])
    assert [(s.start, s.end) for s in found] == [
        (start + left, start + right) for left, right in sentences(text[start:end])
    ][:SENTENCES]
    for number, sentence in enumerate(found, start=1):
        citation = sentence.cited(number)
        assert text[citation.start : citation.end] == citation.quote == sentence.text
        assert (citation.number, citation.document) == (number, document)


def test_a_sentence_in_two_passages_is_one_candidate() -> None:
    document = Document("a", "甲。乙。丙。")
    found = candidates([passage(document, 0, 4), passage(document, 2, 6)])
    assert [sentence.text for sentence in found] == ["甲。", "乙。", "丙。"]


def test_the_same_words_in_two_documents_are_two_candidates() -> None:
    found = candidates(whole("培訓8710人次。", "培訓8710人次。"))
    assert [sentence.document.id for sentence in found] == ["document 1", "document 2"]


def test_no_passage_has_no_candidates(encoder: Encoder) -> None:
    assert candidates([]) == []
    assert ranked("培訓多少人次？", [], encoder) == []
    assert choose([], encoder) == []


# --- ranking


@lent
@given(text=TEXTS)
def test_ranking_loses_no_sentence_and_scores_fall(encoder: Encoder, text: str) -> None:
    found = candidates(whole(text))
    order = ranked("培訓多少人次？", whole(text), encoder)
    assert sorted((s.start, s.end) for s in order) == sorted((s.start, s.end) for s in found)
    assert [s.score for s in order] == sorted((s.score for s in order), reverse=True)


def test_the_sentence_that_shares_the_question_is_the_best(encoder: Encoder) -> None:
    order = ranked("培訓組工乾部多少人次？", whole("天氣好！結成對子3265對。培訓組工乾部8710人次。再見。"), encoder)
    assert order[0].text == "培訓組工乾部8710人次。"


# --- choosing


@lent
@given(texts=st.lists(TEXTS, min_size=1, max_size=3), budget=st.integers(0, 80))
def test_the_best_sentence_is_in_and_the_rest_keeps_to_the_budget(
    encoder: Encoder, texts: list[str], budget: int
) -> None:
    order = ranked("培訓多少人次？", whole(*texts), encoder)
    chosen = choose(order, encoder, budget=budget)
    assert order[0] in chosen
    assert set(chosen) <= set(order)
    assert len(set(chosen)) == len(chosen)
    used = sum(encoder.count_tokens([sentence.text for sentence in chosen]))
    assert used <= max(budget, *encoder.count_tokens([order[0].text]))


@lent
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
def test_chosen_sentences_are_read_in_the_order_of_their_document(encoder: Encoder, texts: list[str]) -> None:
    chosen = choose(ranked("培訓多少人次？", whole(*texts), encoder), encoder)
    documents = [sentence.document.id for sentence in chosen]
    assert documents == sorted(documents, key=documents.index)  # each document's sentences stand together
    for id in documents:
        starts = [sentence.start for sentence in chosen if sentence.document.id == id]
        assert starts == sorted(starts)


def test_the_sentence_that_follows_the_best_one_comes_along(encoder: Encoder) -> None:
    text = "天氣好。年初以來，全省開展組工乾部培訓多少期如下。共341期。再見。"
    order = ranked("開展組工乾部培訓多少期？", whole(text), encoder)
    assert [sentence.text for sentence in choose(order, encoder)][:2] == [
        "年初以來，全省開展組工乾部培訓多少期如下。",
        "共341期。",
    ]


def test_sentences_far_from_the_question_are_left_out(encoder: Encoder) -> None:
    far = "明天有雨。" * 3
    order = ranked("組工乾部培訓", whole(f"組工乾部培訓。{far}天氣預報。"), encoder)
    assert "天氣預報。" not in [sentence.text for sentence in choose(order, encoder)]


def test_a_page_number_travels_with_its_sentence() -> None:
    document = Document("a", "甲。乙。", pages=(0, 0, 2))
    (first, second) = candidates([Passage(1, 1.0, "甲。乙。", 0, 4, 2, document)])
    assert (first.cited(1).page, second.cited(2).page) == (2, 3)


def test_vectors_are_asked_for_once(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    encode = encoder.encode_documents

    def counting(texts: Sequence[str]) -> np.ndarray:
        calls.append(len(texts))
        return encode(texts)

    monkeypatch.setattr(encoder, "encode_documents", counting)
    ranked("培訓多少人次？", whole("甲。乙。", "丙。"), encoder)
    assert calls == [3]
