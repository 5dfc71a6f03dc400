"""A follow-up becomes a question that stands alone; one that stands alone is not touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage

from rag.condense import believable, condense, joined, resolved
from rag.errors import LanguageModelError
from rag.questions import depends, stands_alone
from rag.swap import swapped
from rag.types import Turn
from tests.conftest import ROOT

patiently = settings(deadline=None)  # the first call of each reads OpenCC's dictionaries
YICHUN = Turn("伊春市開展了什麼活動？", "「兩比一爭」活動")

# Letters, figures and marks of all kinds that a question has, and a few whole ones.
pieces = st.sampled_from(
    [
        *"那呢它该這其的了？?，「」“”黑河伊春市県2011年3.5月 多少哪谁",
        "and ",
        "what about ",
        "it ",
        "第二季度",
        "Heihe",
        "\n",
        "👍",
        "２０１１年",
    ]
)
texts = st.one_of(st.text(max_size=60), st.lists(pieces, max_size=20).map("".join))
histories = st.lists(st.builds(Turn, texts, texts), max_size=5)


class Writer:
    """A language model that gives prepared replies and remembers what it was asked."""

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.prompts: list[list[BaseMessage]] = []

    def __call__(self, prompt: list[BaseMessage]) -> str:
        self.prompts.append(prompt)
        return self.replies[min(len(self.prompts), len(self.replies)) - 1]


def never(prompt: list[BaseMessage]) -> str:
    raise AssertionError(f"the model is not needed here, but was asked {prompt[-1].text}")


@patiently
@given(texts, histories, st.one_of(st.none(), texts))
def test_whatever_is_asked_and_written_there_is_a_question_of_bounded_length(
    question: str, history: list[Turn], reply: str | None
) -> None:
    found = condense(question, history, None if reply is None else lambda prompt: reply)
    assert found.strip() or not question.strip()
    assert len(found) <= len(question) + 500


@patiently
@given(texts, histories)
def test_a_question_that_stands_alone_is_returned_as_it_is_without_the_model(
    question: str, history: list[Turn]
) -> None:
    if stands_alone(question, history):
        assert condense(question, history, never) == question
        assert not history or not question.strip() or not depends(question)


@patiently
@given(texts)
def test_a_first_question_is_never_touched(question: str) -> None:
    assert condense(question, [], never) == question


@patiently
@given(texts, histories)
def test_the_same_conversation_gives_the_same_question(question: str, history: list[Turn]) -> None:
    assert condense(question, history) == condense(question, history)


@pytest.mark.parametrize(
    "question",
    [
        "全省各級組織部門培訓組工幹部多少人次？",
        "海倫市實行了什麼管理法？",
        "“两比一争”活动是哪个市开展的？",
        "这份简报是第几期？",
        "哪些市地开展了在线学习活动？",
        "什么是积分管理法？",
        "When was this briefing published?",
        "How did Tesla finance his work?",
        "In a steam turbine, what are rotors mounted on?",
        "阿西莫夫写作生涯中，他的科幻小说可分为哪些系列？",
    ],
)
def test_what_stands_alone(question: str) -> None:
    assert condense(question, [YICHUN], never) == question


@pytest.mark.parametrize(
    "question",
    [
        "那黑河呢？",
        "2009年呢",
        "为什么？",
        "第二個呢？",
        "它的全稱是什麼？",
        "該市確定了幾大工程？",
        "多少人次？",
        "不对，我是问绥化市",
        "比去年同期增长了多少？",
        "and how many problems were solved?",
        "What about Heihe?",
        "How many breakthrough projects did it set?",
        "Why?",
        "in how many sessions?",
    ],
)
def test_what_needs_the_conversation(question: str) -> None:
    assert depends(question)
    assert not stands_alone(question, [YICHUN])


@pytest.mark.parametrize(
    ("previous", "follow_up", "expected"),
    [
        ("伊春市開展了什麼活動？", "那黑河市呢？", "黑河市開展了什麼活動？"),
        ("哈尔滨市培训了多少组工干部？", "那全省呢？", "全省培训了多少组工干部？"),
        ("省交通厅开展了什么主题活动？", "省卫生厅呢？", "省卫生厅开展了什么主题活动？"),
        ("京东2023年第二季度的营收是多少？", "2022年第二季度呢？", "京东2022年第二季度的营收是多少？"),
        ("京东2023年第二季度的营收是多少？", "那2022年呢？", "京东2022年第二季度的营收是多少？"),
        ("澳門2023年第2季旅客總消費是多少？", "那上半年呢？", "澳門2023年上半年旅客總消費是多少？"),
        ("今年以来培训了多少干部？", "去年呢？", "去年培训了多少干部？"),
        ("全省培训了多少干部？", "2009年呢？", "2009年全省培训了多少干部？"),
        ("全省培训干部多少期？", "多少人次呢？", "全省培训干部多少人次？"),
        ("全省培訓幹部多少人次？", "那期數呢？", "全省培訓幹部多少期？"),
        ("香港旅客的人均消费是多少？", "台湾旅客呢？", "台湾旅客的人均消费是多少？"),
        ("塔的高度是多少？", "重量呢？", "塔的重量是多少？"),
        ("How much data was produced in 2018?", "and in 2025?", "How much data was produced in 2025?"),
        ("How many cadres were trained?", "What about 2009?", "How many cadres were trained in 2009?"),
        ("What activity did Yichun carry out?", "And Heihe?", "What activity did Heihe carry out?"),
    ],
)
def test_an_element_is_swapped_for_one_of_its_kind_without_the_model(
    previous: str, follow_up: str, expected: str
) -> None:
    assert condense(follow_up, [Turn(previous, "甲")], never) == expected


@pytest.mark.parametrize(
    ("previous", "follow_up"),
    [
        ("2018年到2020年一共培训多少人？", "2022年呢？"),  # two years: which one?
        ("京东的营收是多少？", "阿里巴巴呢？"),  # a measure, and a name
        ("初中学生有多少人？", "高中呢？"),
        ("How many straps did Miller and Jones test?", "And Smith?"),  # two names
        ("What activity did Yichun carry out?", "那黑河市呢？"),  # the other language
    ],
)
def test_what_is_uncertain_is_not_swapped(previous: str, follow_up: str) -> None:
    assert swapped(follow_up, previous) is None


def test_a_chain_of_follow_ups_goes_back_to_its_first_question() -> None:
    history = [YICHUN, Turn("那黑河呢？", "「五個一」"), Turn("綏化市呢？", "「三型」")]
    assert condense("鶴崗呢？", history) == "鶴崗市開展了什麼活動？"
    assert [turn.question for turn in resolved(history)][1:] == ["黑河市開展了什麼活動？", "綏化市開展了什麼活動？"]


def test_a_chain_takes_what_the_question_before_has_become() -> None:
    history = [Turn("京东2023年第二季度的营收是多少？", "2879亿元"), Turn("研发投入呢？", "41亿元")]
    writer = Writer("京东2023年第二季度的研发投入是多少？")
    assert condense("2022年第二季度呢？", history, writer) == "京东2022年第二季度的研发投入是多少？"


def test_a_new_topic_ends_a_chain() -> None:
    history = [YICHUN, Turn("海倫市實行了什麼管理法？", "積分管理法")]
    assert condense("那鶴崗市呢？", history, never) == "鶴崗市實行了什麼管理法？"


def test_a_rewriting_is_given_in_the_readers_script() -> None:
    history = [Turn("组工干部下基层多少人次？", "14452人次")]
    writer = Writer("组工干部下基层解决了多少个问题？")
    assert condense("解決了多少個問題？", history, writer) == "組工幹部下基層解決了多少個問題？"


def test_what_the_model_copies_or_only_words_anew_is_left_as_it_was_asked() -> None:
    for reply in ("英飞特成立于哪一年？", "英飞特是哪一年成立的？"):
        assert condense("英飞特哪一年成立？", [YICHUN], Writer(reply)) == "英飞特哪一年成立？"


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "组工干部下基层解决问题6757个。",  # an answer, with a figure out of nowhere
        "文档中没有",
        "组工干部下基层多少人次？",  # the question before
        "它解决了多少问题？",  # still needs the conversation
        "How many problems did the cadres solve?",  # another language
        "组工干部下基层为什么解决问题？",  # another question
        "组工干部下基层多少人次？解决了多少问题？",
        "组工干部" * 40 + "解决了多少问题？",
        "张伟明校长下基层解决了多少问题？",  # a name out of nowhere
        "组工干部下基层走访多少人？",  # without what was asked
    ],
)
def test_a_rewriting_that_fails_the_check_is_replaced_by_both_questions_in_one(reply: str) -> None:
    history = [Turn("组工干部下基层多少人次？", "14452人次")]
    found = condense("解决了多少问题？", history, Writer(reply))
    assert found == "关于“组工干部下基层多少人次”：解决了多少问题？"
    assert condense("解决了多少问题？", history) == found


def test_a_bare_name_that_fails_is_asked_for_in_plain_words() -> None:
    history = [Turn("多少表带上有葡萄球菌？", "85%")]
    writer = Writer("多少表带上有葡萄球菌？", "多少表带上有大肠杆菌？")
    assert condense("大肠杆菌呢？", history, writer) == "多少表带上有大肠杆菌？"
    assert [prompt[-1].text.rsplit("：", 1)[1] for prompt in writer.prompts] == [
        "大肠杆菌呢？",
        "同样的问题，问的是大肠杆菌。",
    ]


def test_a_polite_word_is_not_put_in_the_place_of_a_name() -> None:
    assert "謝謝市" not in condense("謝謝", [YICHUN])


def test_a_short_answer_goes_along_where_a_pronoun_may_mean_it_but_no_figure_does() -> None:
    asked = "它有什么要求？"
    assert joined(asked, [Turn("谁提出了要求？", "李明")]) == "关于“谁提出了要求”（李明）：它有什么要求？"
    for answer in ("341期", "文档中没有这个问题的答案。", "甲" * 60):
        assert joined(asked, [Turn("谁提出了要求？", answer)]) == "关于“谁提出了要求”：它有什么要求？"


def test_an_english_rewriting_adds_no_name() -> None:
    turns = [Turn("Which car was recalled?", "The Emgrand GL")]
    assert believable("How many Emgrand GL cars were recalled?", "How many of them were recalled?", turns)
    assert not believable("How many Toyota cars were recalled?", "How many of them were recalled?", turns)


def test_the_failure_of_the_model_is_not_hidden() -> None:
    def broken(prompt: list[BaseMessage]) -> str:
        raise LanguageModelError("no server")

    with pytest.raises(LanguageModelError, match="no server"):
        condense("解决了多少问题？", [YICHUN], broken)


def rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_no_seed_question_seems_to_need_a_conversation() -> None:
    for row in rows(ROOT / "seeds" / "questions.jsonl"):
        assert not depends(str(row["question"])), row["question"]


def test_nearly_no_follow_up_of_the_set_is_taken_to_stand_alone_or_the_reverse() -> None:
    wrong = []
    found = rows(ROOT / "tests" / "quality" / "followups.jsonl")
    for row in found:
        history = [Turn(**turn) for turn in row["history"]]  # type: ignore[attr-defined]
        question = str(row["question"])
        if depends(question) if row["standalone"] else stands_alone(question, history):
            wrong.append(question)
    assert len(wrong) <= 0.02 * len(found), wrong
