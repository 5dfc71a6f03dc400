"""Whether a sentence speaks of another time than the question: another year, quarter, month or turn."""

from __future__ import annotations

import pytest

from rag.evidence import Sentence
from rag.timing import other_time
from rag.types import Document


def said(text: str, title: str = "", date: str = "") -> list[Sentence]:
    return [Sentence(Document("document", text, title, "", date), 0, len(text))]


@pytest.mark.parametrize(
    ("question", "text", "other"),
    [
        ("2022年的產量是多少？", "2023年產量為52萬噸。", "2023年"),
        ("二〇二二年的产量是多少？", "2023年产量为52万吨。", "2023年"),
        ("2022年3月的产量是多少？", "2022年4月产量为5万吨。", "2022年4月"),
        ("2022年第一季度的产量？", "第三季度产量为15万吨。", "第三季度"),
        ("2022年全年的产量？", "第三季度产量为15万吨。", "第三季度"),
        ("谁是第一棒？", "第三棒是甲。", "第三棒"),
        ("第七屆冠軍是誰？", "第六屆冠軍是甲。", "第六屆"),
        ("How much was produced in 2022?", "In 2023, 52 tonnes were produced.", "2023"),
    ],
)
def test_a_sentence_about_another_time_is_told_by_that_time(question: str, text: str, other: str) -> None:
    assert other_time(question, said(text)) == other


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("2022年的产量是多少？", "产量为52万吨。"),
        ("2022年的产量是多少？", "2022年产量为52万吨，2023年为60万吨。"),
        ("2022年的产量是多少？", "3月产量为52万吨。"),
        ("2022年的产量增长多少？", "比2021年增长3.5%。"),
        ("2022年的产量？", "2020年至2023年产量为200万吨。"),
        ("全年的产量？", "全年产量为60万吨，其中第三季度15万吨。"),
        ("第七届冠军是谁？", "第六届亚军甲在第七届夺冠。"),
        ("第一棒是谁？", "甲在第三届大会上跑第一棒。"),
        ("产量是多少？", "2023年产量为52万吨。"),
        ("2022年全年营收多少？", "2022年实现营收500亿元，第四季度环比增长5%。"),
        ("2020年东京奥运会何时开幕？", "东京奥运会于2021年7月23日开幕。"),
        ("2010年以来培训了多少人？", "2011年至2013年培训了30人。"),
        ("80年代的产量？", "1983年产量为52万吨。"),
    ],
)
def test_a_sentence_of_the_asked_time_or_of_none_is_believed(question: str, text: str) -> None:
    assert other_time(question, said(text)) == ""


def test_the_title_and_the_date_of_a_document_tell_its_time() -> None:
    text = "截至2023年1月统计完毕，2021年为50万吨，产量为52万吨。"
    assert other_time("2022年的产量？", said(text)) == "2021年"
    assert other_time("2022年的产量？", said(text, title="2022年统计公报")) == ""
    assert other_time("2022年的产量？", said(text, date="2022-12-31")) == ""
    assert other_time("第七届冠军是谁？", said("第六届的冠军没有参加。", title="第七届运动会")) == ""
