"""Documents that contradict each other are both shown, the newest first."""

from __future__ import annotations

import pytest

from rag import figures
from rag.conflicts import conflicts, disclosed
from rag.evidence import Sentence
from rag.grounding import ground
from rag.prompts import CONFLICT
from rag.types import Document

OLD = "全省各級組織部門培訓組工乾部8710人次。"


def sentence(text: str, id: str, date: str = "") -> Sentence:
    """A sentence that is all of its document."""
    return Sentence(Document(id, text, id, "", date), 0, len(text))


def test_both_values_are_shown_with_document_and_date_the_newest_first() -> None:
    old = sentence(OLD, "四月簡報", "2011-04-19")
    new = sentence("全省各級組織部門培訓組工乾部8720人次。", "五月簡報", "2011-05-20")
    answer = disclosed(ground("培训组工干部8710人次", [old], [1.0], "zh-Hant"), [old], [old, new], "zh-Hant")
    first, *rest = answer.text.split("\n\n")
    note = "\n".join(rest).splitlines()
    assert first == "培訓組工幹部8710人次[1]"
    assert note == [
        CONFLICT["zh-Hant"],
        "- 8720人次 — 五月簡報 (2011-05-20) [2]",
        "- 8710人次 — 四月簡報 (2011-04-19) [1]",
    ]
    assert [citation.quote for citation in answer.citations] == [old.text, new.text]
    assert answer.supported
    assert {(figure.value, figure.citation) for figure in answer.figures} == {("8710", 1), ("8720", 2)}


@pytest.mark.parametrize(
    "other",
    [
        OLD,  # the same value
        "全省各級組織部門培訓組工乾部八千七百一十人次。",
        "全省各級組織部門開展座談討論891次。",  # another thing
        "2012年全省各級組織部門培訓組工乾部9001人次。",  # another year
        "全省各級組織部門培訓組工乾部341期。",  # another unit
    ],
)
def test_what_does_not_contradict_is_no_conflict(other: str) -> None:
    cited = sentence(OLD, "a")
    assert conflicts(figures.find("8710人次"), [cited], [cited, sentence(other, "b")]) == []


def test_one_document_does_not_contradict_itself() -> None:
    text = f"{OLD}全省各級組織部門培訓組工乾部8720人次。"
    document = Document("a", text)
    here, there = Sentence(document, 0, len(OLD)), Sentence(document, len(OLD), len(text))
    assert conflicts(figures.find("8710人次"), [here], [here, there]) == []
