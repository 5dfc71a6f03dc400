"""Retrieval on the development sets, with the real encoder, in one configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import sync
from rag import Assistant
from rag.evaluate import evaluate, load_questions
from rag.text import simplify
from tests.conftest import SHARED

BENCH = SHARED / "bench"
pytestmark = pytest.mark.skipif(
    not BENCH.is_dir(), reason="the development sets are not here; put them at ../shared/bench beside the checkout"
)

BARS = {
    ("xquad-zh", "questions.jsonl"): 0.96,
    ("xquad-zh", "english.questions.jsonl"): 0.78,
    ("xquad-en", "questions.jsonl"): 0.97,
    ("cmrc2018", "questions.jsonl"): 0.985,
    ("drcd", "questions.jsonl"): 0.945,
    ("rgb-zh", "pooled.questions.jsonl"): 0.87,
}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Assistant]]:
    """Assistants over each set's documents, opened when first asked for."""

    class Opened(dict[str, Assistant]):
        def __missing__(self, name: str) -> Assistant:
            assistant = self[name] = Assistant.open(tmp_path_factory.mktemp(name))
            report = sync(BENCH / name / "documents.jsonl", assistant)
            assert report["failed"] == []
            return assistant

    opened = Opened()
    yield opened
    for assistant in opened.values():
        assistant.close()


@pytest.mark.parametrize(("name", "questions"), BARS)
def test_the_right_document_comes_first_often_enough(
    libraries: dict[str, Assistant], name: str, questions: str
) -> None:
    report = evaluate(libraries[name], load_questions(BENCH / name / questions), retrieval_only=True)
    print(f"{name}/{questions}: hit@1 {report['hit@1']}, hit@5 {report['hit@5']}, mrr@10 {report['mrr@10']}")
    assert report["hit@1"] >= BARS[name, questions]


def test_simplified_questions_find_traditional_documents_as_well(libraries: dict[str, Assistant]) -> None:
    asked = load_questions(BENCH / "drcd" / "questions.jsonl")
    simplified = [replace(question, question=simplify(question.question)) for question in asked]
    scores = [evaluate(libraries["drcd"], some, retrieval_only=True)["hit@1"] for some in (asked, simplified)]
    assert abs(scores[0] - scores[1]) <= 0.01


def test_fusion_is_never_a_point_worse_than_its_better_leg(libraries: dict[str, Assistant]) -> None:
    for name, questions in BARS:
        retriever = libraries[name].retriever
        asked = [q for q in load_questions(BENCH / name / questions) if q.question.strip()][:200]
        hits = {"dense": 0, "lexical": 0, "fused": 0}
        for question in asked:
            vector = retriever.encoder.encode_query(question.question)
            dense = retriever.library.nearest(vector, 1)
            lexical = retriever.library.matching(list(retriever.weights(question.question)), 1)
            for leg, numbers in (("dense", dense), ("lexical", lexical)):
                hits[leg] += any(c.document.id in question.relevant for c in retriever.library.chunks(numbers))
            hits["fused"] += retriever.search(question.question, k=1)[0].document.id in question.relevant
        shares = {leg: count / len(asked) for leg, count in hits.items()}
        print(name, questions, json.dumps(shares))
        assert shares["fused"] >= max(shares["dense"], shares["lexical"]) - 0.01


def test_the_sets_are_where_the_readme_says() -> None:
    assert all((BENCH / name / Path(questions)).is_file() for name, questions in BARS)
