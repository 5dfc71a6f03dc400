"""Questions to go on with are made of the documents' own sentences, and only those that they answer are offered."""

from __future__ import annotations

import pytest

from rag.suggest import cloze, next_questions
from rag.text import to_script
from rag.types import Answer, Citation, Document, Figure, Passage, Seconds

TEXT = (
    "年初以來,全省各級組織部門開展組工乾部培訓341期,培訓組工乾部8710人次。積極組織開展活動。"
    "截至目前,全省組工乾部下基層14452人次,結成各種幫扶對子3265對,為基層群眾解決實際問題6757個。"
)
BRIEFING = Document("briefing", TEXT)
QUOTE = TEXT[: TEXT.index("。") + 1]


def answer(question: str, *, refused: bool = False) -> Answer:
    cited = Citation(1, QUOTE, 0, len(QUOTE), None, BRIEFING)
    figure = Figure("8710人次", "8710", "人次", True, 1)
    return Answer(question, "8710人次[1]", refused, not refused, (cited,), (figure,), (), Seconds())


def found(question: str) -> list[Passage]:
    return [Passage(1, 0.9, TEXT, 0, len(TEXT), None, BRIEFING)]


def test_figures_near_the_sentence_become_questions_but_not_what_was_answered() -> None:
    assert next_questions(answer("培訓多少人次？"), found) == [
        "全省各級組織部門開展組工乾部培訓多少期？",
        "全省組工乾部下基層多少人次？",
        "結成各種幫扶對子多少對？",
    ]


def test_they_are_in_the_script_of_the_question() -> None:
    for question in next_questions(answer("培训了多少人次？"), found):
        assert question == to_script(question, "zh-Hans")


@pytest.mark.parametrize("asked", [answer("How many cadres were trained?"), answer("省長是誰？", refused=True)])
def test_none_for_a_refusal_and_for_a_reader_of_english(asked: Answer) -> None:
    assert next_questions(asked, found) == []


def test_what_the_documents_do_not_find_again_is_not_offered() -> None:
    assert next_questions(answer("培訓多少人次？"), lambda question: []) == []


@pytest.mark.parametrize(
    "sentence",
    ["培訓341期。", "比2010年的8000人多了710人次。", "第138期。", "聯繫電話:010-85202353", "約10—15人參加了這次活動"],
)
def test_what_says_too_little_or_holds_other_figures_is_no_question(sentence: str) -> None:
    assert cloze(sentence) == []
