"""Documents that contradict each other are both shown, the newest first."""

from __future__ import annotations

import pytest

from rag import figures
from rag.conflicts import conflicts, disclosed
from rag.evidence import Sentence
from rag.grounding import ground
from rag.prompts import conflict
from rag.types import Document

OLD = "全省各級組織部門培訓組工乾部8710人次。"


def sentence(text: str, id: str, date: str = "") -> Sentence:
    """A sentence that is all of its document."""
    return Sentence(Document(id, text, id, "", date), 0, len(text))


def test_both_values_are_shown_with_document_and_date_the_newest_first() -> None:
    old = sentence(OLD, "四月簡報", "2011-04-19")
    new = sentence("全省各級組織部門培訓組工乾部8720人次。", "五月簡報", "2011-05-20")
    answer = disclosed(
        ground("培训组工干部8710人次", [old], [1.0], "zh-Hant"), "培訓多少人次？", [old], [old, new], "zh-Hant"
    )
    first, *rest = answer.text.split("\n\n")
    note = "\n".join(rest).splitlines()
    assert first == "培訓組工幹部8710人次[1]"
    assert note == [
        conflict("zh-Hant", dated=True),
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
    assert conflicts("培訓組工幹部多少人次？", figures.find("8710人次"), [cited], [cited, sentence(other, "b")]) == []


def test_one_document_does_not_contradict_itself() -> None:
    text = f"{OLD}全省各級組織部門培訓組工乾部8720人次。"
    document = Document("a", text)
    here, there = Sentence(document, 0, len(OLD)), Sentence(document, len(OLD), len(text))
    assert conflicts("培訓組工幹部多少人次？", figures.find("8710人次"), [here], [here, there]) == []


CITED = "哈尔滨市培训干部300人次。"
ASKED = "哈尔滨市培训干部多少人次？"


@pytest.mark.parametrize(
    ("question", "cited", "other"),
    [
        (ASKED, CITED, "大庆市培训干部777人次。"),
        ("培训干部多少人次？", CITED, "大庆市培训干部777人次。"),
        (
            "今年一季度培训组工干部多少人次？",
            "今年一季度，哈尔滨市各级组织部门共举办培训班12期，培训组工干部300人次。",
            "今年一季度，大庆市各级组织部门共举办培训班34期，培训组工干部777人次。",
        ),
        ("公司今年招聘员工多少人？", "华为公司今年招聘员工300人。", "中兴公司今年招聘员工500人。"),
        ("进口汽车多少辆？", "全国进口汽车300辆。", "全国出口汽车500辆。"),
        ("人次是多少？", "地区：哈尔滨 | 人次：300人次", "地区：大庆 | 人次：777人次"),
        ("How many cadres were trained?", "Harbin trained 300 cadres.", "Daqing trained 777 cadres."),
    ],
)
def test_another_ones_figure_is_no_conflict(question: str, cited: str, other: str) -> None:
    here = sentence(cited, "a")
    assert conflicts(question, figures.find(cited), [here], [here, sentence(other, "b")]) == []


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("全市培训干部多少人次？", ("哈尔滨市组织工作简报", "大庆市组织工作简报")),
        ("哈尔滨2021年培训干部多少人次？", ("2021年简报", "2022年简报")),
        ("小米公司培训干部多少人次？", ("小米公司简报", "中兴公司简报")),
    ],
)
def test_a_title_tells_that_another_one_is_meant(question: str, titles: tuple[str, str]) -> None:
    texts = ("全市各级组织部门培训干部300人次。", "全市各级组织部门培训干部777人次。")
    here, there = (
        Sentence(Document(title, text, title), 0, len(text)) for title, text in zip(titles, texts, strict=True)
    )
    assert conflicts(question, figures.find(texts[0]), [here], [here, there]) == []


@pytest.mark.parametrize(
    ("cited", "other"),
    [
        (CITED, "哈尔滨市培训干部777人次。"),
        (CITED, "今年以来，哈尔滨市已培训干部777人次。"),
        ("全省各级组织部门培训干部300人次。", "全省共培训干部777人次。"),
        ("Harbin trained 300 cadres.", "Harbin has trained 777 cadres."),
    ],
)
def test_another_value_for_the_same_thing_is_a_conflict(cited: str, other: str) -> None:
    here = sentence(cited, "a")
    question = "How many cadres were trained?" if cited.isascii() else "培训干部多少人次？"
    assert len(conflicts(question, figures.find(cited), [here], [here, sentence(other, "b")])) == 1


def test_undated_documents_are_in_no_order_of_time() -> None:
    one, other = sentence(CITED, "a"), sentence("哈尔滨市培训干部777人次。", "b")
    answer = disclosed(ground("300人次", [one], [1.0], "zh-Hans"), ASKED, [one], [one, other], "zh-Hans")
    assert conflict("zh-Hans", dated=False) in answer.text
    assert "由新到旧" not in answer.text
