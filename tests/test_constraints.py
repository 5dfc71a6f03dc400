"""A figure of another place, year or kind is told from the one that was asked for."""

from __future__ import annotations

import pytest

from rag.constraints import elsewhere, misattributed, missing_years, other_units
from rag.evidence import Sentence
from rag.types import Document

TRAINING = "全省各級組織部門開展組工乾部培訓341期,培訓組工乾部8710人次。"


def sentence(text: str, title: str = "", date: str = "") -> Sentence:
    """A sentence that is all of its document."""
    return Sentence(Document(text, text, title, "", date), 0, len(text), None)


@pytest.mark.parametrize(
    "question", ["哈爾濱市培訓了多少組工幹部？", "哈尔滨市培训多少人次", "請問東寧縣培訓了多少人？"]
)
def test_a_figure_of_the_whole_province_is_not_one_of_a_city(question: str) -> None:
    assert elsewhere(question, [sentence(TRAINING)]) == "全省"


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("全省培訓多少人次？", TRAINING),
        ("黑龍江省培訓多少人次？", TRAINING),
        ("哈爾濱市培訓多少人次？", "哈爾濱市培訓52人次。"),
        ("哈爾濱市培訓多少人次？", "培訓52人次。"),
        ("這個城市的股市漲了多少？", "全國股市上漲3%。"),
        ("How many cadres were trained?", TRAINING),
    ],
)
def test_nothing_is_said_where_nothing_contradicts(question: str, quote: str) -> None:
    assert elsewhere(question, [sentence(quote)]) == ""


def test_a_sentence_in_a_document_about_the_place_is_believed() -> None:
    assert elsewhere("哈爾濱市培訓多少人次？", [sentence("全市培訓52人次。", title="哈爾濱市簡報")]) == ""


def test_a_counter_that_was_asked_for_by_name_must_be_in_the_answer() -> None:
    assert other_units("培訓了多少人次？", "培訓341期") == ["341期"]
    assert other_units("培訓了多少期、多少人次？", "培訓341期") == []
    assert other_units("培训了多少组工干部？", "8710人次") == []
    assert other_units("有多长？", "1.2公里") == []


def test_a_figure_behind_the_words_of_another_is_misattributed() -> None:
    assert misattributed("培训组工干部341期", [sentence(TRAINING)]) == ["341期"]
    assert misattributed("培训组工干部8710人次", [sentence(TRAINING)]) == []
    assert misattributed("开展组工干部培训341期，培训组工干部8710人次", [sentence(TRAINING)]) == []
    assert misattributed("8710人次", [sentence(TRAINING)]) == []


def test_the_year_before_a_documents_date_is_known_when_it_speaks_of_last_year() -> None:
    assert missing_years("2010年培訓多少？", [sentence("去年培訓52人次。", date="2011-04-19")]) == []
    assert missing_years("2009年培訓多少？", [sentence("去年培訓52人次。", date="2011-04-19")]) == ["2009"]
