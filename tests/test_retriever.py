"""Retrieval finds the passages that answer, in either script, only where it may look, with their exact place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document as LangChainDocument

from ingest import sync
from rag import Assistant, EncoderError, InputError
from rag.retriever import CANDIDATES, HybridRetriever, checked_question, coverage, fuse, word_weights
from rag.text import to_script, tokens

DOCUMENTS = {
    "training": "全省各級組織部門開展組工乾部培訓341期。\n培訓組工乾部8710人次。",
    "lessons": "全省領導乾部帶頭講黨課754期,開展座談討論891次。",
    "grassroots": "組工乾部下基層14452人次,結成幫扶對子3265對。",
    "weather": "今日多雲,氣溫20度。",
    "english": "The library added 9,200 books in March. Readers borrowed 512 of them.",
}
QUESTIONS = [
    "培訓組工乾部多少人次？",
    "领导干部带头讲党课多少期？",
    "下基層多少人次？",
    "气温多少度？",
    "How many books were added in March?",
    "8710人次",
    "哪裡？",
]


@pytest.fixture
def filled(assistant: Assistant, tmp_path: Path) -> Assistant:
    """An assistant over the documents above."""
    rows = [{"id": id, "text": text, "title": f"題 {id}"} for id, text in DOCUMENTS.items()]
    file = tmp_path / "documents.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    sync([file], assistant)
    return assistant


@pytest.fixture
def retriever(filled: Assistant) -> HybridRetriever:
    return filled.retriever


# --- the score

COSINES = st.floats(-1, 1)
SHARES = st.floats(0, 1)


@given(COSINES, COSINES, SHARES)
def test_a_nearer_passage_scores_higher(one: float, other: float, share: float) -> None:
    low, high = sorted((one, other))
    assert fuse(low, share) <= fuse(high, share)


@given(COSINES, SHARES, SHARES)
def test_more_shared_words_never_score_lower(cosine: float, one: float, other: float) -> None:
    few, many = sorted((one, other))
    assert fuse(cosine, few) <= fuse(cosine, many)


@given(COSINES)
def test_words_have_no_vote_where_none_is_shared(cosine: float) -> None:
    assert fuse(cosine, 0) == cosine


WORDS = st.text("培训组工干部人次期甲乙8710 ", max_size=20)


@given(st.lists(WORDS, max_size=5).map(" ".join), WORDS, st.integers(0, 1000), st.data())
def test_coverage_is_a_share_and_whole_for_a_text_with_all_words(
    question: str, text: str, total: int, data: st.DataObject
) -> None:
    words = list(dict.fromkeys(tokens(question)))
    frequencies = {word: data.draw(st.integers(0, total)) for word in words}
    weights = word_weights(words, frequencies, total)
    assert all(weight >= 0 for weight in weights.values())
    assert 0 <= coverage(weights, text) <= 1 + 1e-9
    assert coverage(weights, text) <= coverage(weights, f"{text} {question}") + 1e-9
    assert coverage(weights, question) == pytest.approx(1 if words else 0)


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    weights = word_weights(["all", "some", "none"], {"all": 100, "some": 10}, 100)
    assert weights["none"] > weights["some"] > weights["all"] >= 0


# --- what is found


@pytest.mark.parametrize("question", QUESTIONS)
def test_passages_stand_exactly_where_they_say(retriever: HybridRetriever, question: str) -> None:
    passages = retriever.search(question, k=50)
    assert passages
    for passage in passages:
        stored = retriever.library.document(passage.document.id)
        assert stored == passage.document
        assert passage.document.text == DOCUMENTS[passage.document.id]
        assert passage.document.text[passage.start : passage.end] == passage.text != ""


@pytest.mark.parametrize("question", QUESTIONS)
def test_ranks_count_from_one_and_scores_fall(retriever: HybridRetriever, question: str) -> None:
    passages = retriever.search(question, k=50)
    assert [passage.rank for passage in passages] == list(range(1, len(passages) + 1))
    assert [p.score for p in passages] == sorted((p.score for p in passages), reverse=True)
    assert len({(p.document.id, p.start) for p in passages}) == len(passages)


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_scripts_find_the_same_passages_with_the_same_scores(retriever: HybridRetriever, question: str) -> None:
    traditional, simplified = to_script(question, "zh-Hant"), to_script(question, "zh-Hans")
    assert retriever.search(traditional, k=50) == retriever.search(simplified, k=50)


@pytest.mark.parametrize("k", [1, 2, 3, CANDIDATES + 1])
def test_fewer_passages_are_the_first_of_more(retriever: HybridRetriever, k: int) -> None:
    everything = retriever.search(QUESTIONS[0], k=1000)
    assert retriever.search(QUESTIONS[0], k=k) == everything[:k]
    assert len(everything) == retriever.library.chunk_count()


@pytest.mark.parametrize(
    ("question", "id"),
    [
        ("培訓組工乾部多少人次？", "training"),
        ("领导干部带头讲党课多少期？", "lessons"),
        ("干部下基层多少人次？", "grassroots"),
        ("How many books were added?", "english"),
        ("HOW MANY BOOKS?", "english"),
        ("14,452", "grassroots"),
        ("１４４５２", "grassroots"),
    ],
)
def test_the_passage_that_answers_comes_first(retriever: HybridRetriever, question: str, id: str) -> None:
    assert retriever.search(question)[0].document.id == id


def test_a_question_that_shares_no_word_still_gets_the_nearest_passages(retriever: HybridRetriever) -> None:
    assert len(retriever.search("zzz qqq", k=3)) == 3


def test_an_empty_library_has_no_passages(assistant: Assistant) -> None:
    assert assistant.retriever.search("培訓多少人次？") == []
    assert assistant.retriever.invoke("培訓多少人次？") == []


# --- scope


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("scope", [["lessons"], ["weather", "english"], list(DOCUMENTS)])
def test_nothing_outside_the_scope_is_found(retriever: HybridRetriever, question: str, scope: list[str]) -> None:
    found = retriever.search(question, k=50, scope=scope)
    assert {passage.document.id for passage in found} == set(scope)


def test_a_scope_of_all_documents_is_no_scope(retriever: HybridRetriever) -> None:
    for question in QUESTIONS:
        everywhere = retriever.search(question, k=50)
        within = retriever.search(question, k=50, scope=list(DOCUMENTS))
        assert [(p.document.id, p.start) for p in within] == [(p.document.id, p.start) for p in everywhere]
        assert [p.score for p in within] == pytest.approx([p.score for p in everywhere])


def test_an_empty_scope_finds_nothing(retriever: HybridRetriever) -> None:
    assert retriever.search(QUESTIONS[0], scope=[]) == []


def test_an_unknown_document_in_the_scope_is_an_error_that_names_it(retriever: HybridRetriever) -> None:
    with pytest.raises(InputError, match="no-such-document"):
        retriever.search(QUESTIONS[0], scope=["lessons", "no-such-document"])


# --- questions that cannot be used


@pytest.mark.parametrize("k", [0, -1])
def test_asking_for_no_passage_is_an_error(retriever: HybridRetriever, k: int) -> None:
    with pytest.raises(InputError, match=str(k)):
        retriever.search(QUESTIONS[0], k=k)


@pytest.mark.parametrize("question", ["", " ", "\n\t\u3000"])
def test_an_empty_question_is_an_error(retriever: HybridRetriever, question: str) -> None:
    with pytest.raises(InputError, match="empty"):
        retriever.search(question)


def test_a_question_as_long_as_a_document_is_an_error_in_one_sentence(retriever: HybridRetriever) -> None:
    with pytest.raises(InputError) as caught:
        retriever.search("培訓" * 50_000)
    assert "100,000" in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.text(min_size=1, max_size=100).filter(str.strip))
def test_a_usable_question_is_only_trimmed(question: str) -> None:
    assert checked_question(question) == question.strip()


@pytest.mark.parametrize(
    "question",
    ['"', "'", '" OR "', "NEAR(a b)", "*", "培訓*", "培訓 AND (", "the province's cadres", "\0", "-", "？？"],
)
def test_marks_that_mean_something_to_an_index_are_only_characters(retriever: HybridRetriever, question: str) -> None:
    assert retriever.search(question, k=3)


# --- LangChain


def test_as_a_langchain_retriever_it_gives_the_same_passages(retriever: HybridRetriever) -> None:
    passages = retriever.search(QUESTIONS[0])
    found = retriever.invoke(QUESTIONS[0])
    assert all(isinstance(document, LangChainDocument) for document in found)
    assert [{**document.metadata, "text": document.page_content} for document in found] == [
        passage.as_dict() for passage in passages
    ]
    assert all("text" not in document.metadata for document in found)
    assert asyncio.run(retriever.ainvoke(QUESTIONS[0])) == found


def test_langchain_metadata_is_plain_json(retriever: HybridRetriever) -> None:
    (first, *_) = retriever.invoke(QUESTIONS[0])
    assert json.loads(json.dumps(first.metadata)) == first.metadata


# --- reranking


class LongestFirst:
    """A cross-encoder for which the longer text answers better. Counts how often it is asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked = 0

    def predict(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.asked += 1
        assert {question for question, _ in pairs} == {QUESTIONS[0]}
        return [float(len(text)) for _, text in pairs]


@pytest.fixture
def reranking(filled: Assistant, monkeypatch: pytest.MonkeyPatch) -> HybridRetriever:
    loaded: dict[str, LongestFirst] = {}
    monkeypatch.setattr("rag.retriever.load_cross_encoder", lambda name: loaded.setdefault(name, LongestFirst(name)))
    return HybridRetriever(library=filled.library, encoder=filled.encoder, reranker="longest-first")


def test_the_reranker_decides_the_order_of_the_same_passages(
    retriever: HybridRetriever, reranking: HybridRetriever
) -> None:
    plain, reranked = retriever.search(QUESTIONS[0], k=50), reranking.search(QUESTIONS[0], k=50)
    assert {(p.document.id, p.start) for p in plain} == {(p.document.id, p.start) for p in reranked}
    lengths = [len(f"{passage.document.title}\n{passage.text}") for passage in reranked]
    assert lengths == sorted(lengths, reverse=True)
    assert [passage.score for passage in reranked] == lengths
    assert [passage.rank for passage in reranked] == list(range(1, len(reranked) + 1))


def test_passages_beyond_the_reranked_ones_stay_in_their_order_below_them(
    retriever: HybridRetriever, reranking: HybridRetriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.retriever.RERANKED", 2)
    plain, reranked = retriever.search(QUESTIONS[0], k=50), reranking.search(QUESTIONS[0], k=50)
    assert {p.document.id for p in reranked[:2]} == {p.document.id for p in plain[:2]}
    assert [p.document.id for p in reranked[2:]] == [p.document.id for p in plain[2:]]
    assert [p.score for p in reranked] == sorted((p.score for p in reranked), reverse=True)


def test_reranking_nothing_needs_no_reranker(reranking: HybridRetriever) -> None:
    assert reranking.search(QUESTIONS[0], scope=[]) == []


def test_a_reranker_that_cannot_be_loaded_is_an_error_that_names_it(filled: Assistant, tmp_path: Path) -> None:
    missing: Any = str(tmp_path / "no-such-model")
    broken = HybridRetriever(library=filled.library, encoder=filled.encoder, reranker=missing)
    with pytest.raises(EncoderError, match="JIANBAO_RERANKER") as caught:
        broken.search(QUESTIONS[0])
    assert "no-such-model" in str(caught.value)
    assert "\n" not in str(caught.value)
