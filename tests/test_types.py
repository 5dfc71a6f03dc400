"""What travels between the parts is frozen and has the contract's JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag
from rag import types
from rag.types import Answer, Chunk, Citation, Document, Event, Figure, Passage, Seconds, Turn

ALL = [value for value in vars(types).values() if dataclasses.is_dataclass(value) and isinstance(value, type)]

TEXTS = st.text(max_size=20)
PAGES = st.none() | st.integers(1, 500)
DOCUMENTS = st.builds(Document, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
PASSAGES = st.builds(Passage, st.integers(1, 9), st.floats(-1, 1.2), TEXTS, st.just(0), st.just(9), PAGES, DOCUMENTS)
CITATIONS = st.builds(Citation, st.integers(1, 9), TEXTS, st.just(0), st.just(9), PAGES, DOCUMENTS)
FIGURES = st.builds(Figure, TEXTS, TEXTS, TEXTS, st.booleans(), st.none() | st.integers(1, 9))
MOMENTS = st.none() | st.floats(0, 1000)
ANSWERS = st.builds(
    Answer,
    TEXTS,
    TEXTS,
    st.booleans(),
    st.booleans(),
    st.lists(CITATIONS, max_size=2).map(tuple),
    st.lists(FIGURES, max_size=2).map(tuple),
    st.lists(PASSAGES, max_size=2).map(tuple),
    st.builds(Seconds, MOMENTS, MOMENTS, MOMENTS, MOMENTS),
)


@given(ANSWERS)
def test_an_answer_is_json_with_the_keys_of_the_contract(answer: Answer) -> None:
    row = answer.as_dict()
    assert json.loads(json.dumps(row)) == row
    assert list(row) == "question text refused supported as_of citations figures passages seconds trace".split()
    assert list(row["seconds"]) == "retrieve first_quote first_token total".split()
    for citation in row["citations"]:
        assert list(citation) == "number quote start end page document".split()
    for figure in row["figures"]:
        assert list(figure) == "text value unit supported citation".split()
    for passage in row["passages"]:
        assert list(passage) == "rank score text start end page document".split()
        assert list(passage["document"]) == "id title source date path issue author period".split()


@given(ANSWERS)
def test_json_keeps_what_was_found(answer: Answer) -> None:
    row = answer.as_dict()
    assert [citation["quote"] for citation in row["citations"]] == [citation.quote for citation in answer.citations]
    assert [passage["document"]["id"] for passage in row["passages"]] == [p.document.id for p in answer.passages]
    assert all(
        written["score"] == pytest.approx(passage.score, abs=1e-4)
        for written, passage in zip(row["passages"], answer.passages, strict=True)
    )
    assert {name for name, value in row["seconds"].items() if value is None} == {
        field.name for field in dataclasses.fields(Seconds) if getattr(answer.seconds, field.name) is None
    }


@pytest.mark.parametrize("kind", ALL)
def test_every_value_is_frozen(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert not hasattr(object.__new__(kind), "__dict__")


def test_a_documents_text_is_not_printed_with_it() -> None:
    assert "8710" not in repr(Document("a", "培訓8710人次。"))
    assert "8710" not in json.dumps(Document("a", "培訓8710人次。").as_dict())


def test_the_public_page_exports_the_values_in_order() -> None:
    assert rag.__all__ == sorted(rag.__all__, key=lambda name: (not name[0].isupper(), name))
    assert all(hasattr(rag, name) for name in rag.__all__)
    private = {Chunk.__name__}
    assert {kind.__name__ for kind in ALL} - private <= set(rag.__all__)
    assert {kind.__name__ for kind in get_args(Event)} <= set(rag.__all__)
    assert Turn in ALL


@pytest.mark.parametrize(
    ("date", "period", "day"),
    [
        ("2011-04-19", "", "2011-04-19"),
        ("", "2011-01-01/2011-06-30", "2011-06-30"),
        ("2011-07-05", "2011-01-01/2011-06-30", "2011-07-05"),
        ("", "", ""),
    ],
)
def test_a_document_knows_as_of_when_it_holds(date: str, period: str, day: str) -> None:
    assert Document("a", "", date=date, period=period).as_of == day
