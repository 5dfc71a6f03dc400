"""Figures of two documents make a series or contradict each other only where they are of one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.figure_pairs import contradict, contradictions, series_of
from rag.figure_rows import Row, rows_of
from rag.types import Document

TITLE = "深入開展創先爭優活動簡報第{}期"
DAY = "2011-04-19"
SENTENCE = "全省各級組織部門培訓組工乾部8710人次。"


def row(text: str, id: str, date: str = DAY, title: str = TITLE.format(138), source: str = "") -> Row:
    """The last row of a document."""
    rows = list(rows_of(Document(id, text, title, source, date)))
    return replace(rows[-1], number=sum(map(ord, id)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SENTENCE, "全省各級組織部門培訓組工乾部8720人次。"),
        (SENTENCE, "全省各级组织部门共培训组工干部8720人次。"),
        ("培训班学员满意率为93.5%。", "培训班学员满意率为95.3%。"),
        ("2011年一季度，全省修建农村公路17公里。", "2011年一季度，全省修建农村公路71公里。"),
        ("Harbin trained 8,710 cadres.", "Harbin has trained 8,720 cadres."),
    ],
)
def test_another_value_for_the_same_thing_at_the_same_time_is_a_contradiction(one: str, other: str) -> None:
    assert contradict(row(one, "a"), row(other, "b"))
    assert contradict(row(other, "b"), row(one, "a"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SENTENCE, SENTENCE),  # the same value
        (SENTENCE, "全省各级组织部门培训组工干部八千七百一十人次。"),
        (SENTENCE, "全省各級組織部門培訓組工乾部約8720人次。"),  # about as many
        ("全省各级部门共投资教育1.2亿元。", "全省各级部门共投资教育1.23亿元。"),  # rounded
        (SENTENCE, "全省各級組織部門培訓組工乾部341期。"),  # another unit
        (SENTENCE, "全省各級組織部門培訓組工乾部骨幹8720人次。"),  # another thing
        ("哈尔滨市各级部门培训干部300人次。", "大庆市各级部门培训干部777人次。"),  # another place
        ("2010年全省各级部门培训干部300人次。", "2011年全省各级部门培训干部777人次。"),  # another year
        ("全省财政收入同比增长3.5%。", "全省财政收入环比增长1.2%。"),  # another basis
        ("全省财政收入同比增长3.5%。", "全省财政收入同比下降1.2%。"),
        ("全省各级部门培训干部300人次。", "去年同期全省各级部门培训干部777人次。"),
        ("一季度全省各级部门培训干部300人次。", "二季度全省各级部门培训干部777人次。"),
        ("共造成300人受伤。", "共造成777人死亡。"),
        ("地区：哈尔滨 | 培训人次：300", "地区：大庆 | 培训人次：777"),
        ("同比增长3.5%。", "同比增长4.5%。"),  # of what?
    ],
)
def test_what_may_be_two_things_is_no_contradiction(one: str, other: str) -> None:
    assert not contradict(row(one, "a"), row(other, "b"))
    assert not contradict(row(other, "b"), row(one, "a"))


def test_a_document_of_another_month_does_not_contradict() -> None:
    assert not contradict(row(SENTENCE, "a"), row(SENTENCE.replace("8710", "9001"), "b", "2011-05-20"))


def test_what_grows_from_day_to_day_is_no_contradiction() -> None:
    one, other = "截至目前全省共培训组工干部8710人次。", "截至目前全省共培训组工干部8720人次。"
    assert not contradict(row(one, "a"), row(other, "b", "2011-04-20"))
    assert contradict(row(one, "a"), row(other, "b"))


def test_the_same_words_about_two_companies_are_no_contradiction() -> None:
    one = row("归属于上市公司股东的净利润为2.02亿元。", "a", title="甲公司半年报")
    other = row("归属于上市公司股东的净利润为9.01亿元。", "b", title="乙公司半年报")
    assert not contradict(one, other)


def test_undated_documents_do_not_contradict_unless_their_sentences_have_a_date() -> None:
    assert not contradict(row(SENTENCE, "a", ""), row(SENTENCE.replace("8710", "8720"), "b", ""))
    dated = f"2011年4月，{SENTENCE}"
    assert contradict(row(dated, "a", ""), row(dated.replace("8710", "8720"), "b", ""))


def test_a_document_that_gives_several_values_is_left_out() -> None:
    several = [row(SENTENCE.replace("8710", value), "b") for value in ("8720", "8730")]
    assert contradictions([row(SENTENCE, "a"), *several]) == {}


def test_words_with_a_value_of_their_own_in_each_document_name_no_one_thing() -> None:
    rows = [row(SENTENCE.replace("8710", f"87{at}0"), f"document {at}") for at in range(9)]
    assert len(contradictions(rows[:3])) == 3
    assert contradictions(rows) == {}


MONTHS = ("2011-03-19", "2011-04-19", "2011-05-19")


def monthly(text: str, **more: str) -> list[Row]:
    """A document a month that says a text with another value each time."""
    return [
        row(text.format(8000 + at), f"document {at}", date, more.get("title", TITLE.format(137 + at)))
        for at, date in enumerate(MONTHS)
    ]


def test_a_figure_of_each_briefing_makes_a_series_by_date() -> None:
    rows = monthly("全省各級組織部門培訓組工乾部{}人次。")
    assert series_of(rows[1], [rows[2], rows[1], rows[0]]) == rows


def test_undated_documents_are_in_no_series() -> None:
    rows = monthly("全省各級組織部門培訓組工乾部{}人次。")
    assert series_of(rows[0], [replace(rows[1], date=""), rows[2]]) == [rows[0], rows[2]]
    assert series_of(replace(rows[0], date=""), [rows[2]]) == [rows[2]]


@pytest.mark.parametrize(
    "other",
    [
        "大慶市各級組織部門培訓組工乾部300人次。",
        "哈爾濱市各級組織部門培訓組工乾部300期。",
        "哈爾濱市各級組織部門培訓黨員300人次。",
        "哈爾濱市各級組織部門同比多培訓組工乾部骨干300人次。",
    ],
)
def test_another_ones_figure_is_not_in_the_series(other: str) -> None:
    one = row("哈爾濱市各級組織部門培訓組工乾部300人次。", "a")
    assert series_of(one, [row(other, "b", MONTHS[2])]) == [one]


def test_the_same_words_about_two_companies_are_no_series() -> None:
    one = row("归属于上市公司股东的净利润为2.02亿元。", "a", title="甲公司半年报")
    other = row("归属于上市公司股东的净利润为9.01亿元。", "b", MONTHS[2], title="乙公司半年报")
    assert series_of(one, [other]) == [one]


def test_sentences_that_stand_alone_make_a_series_under_any_title() -> None:
    text = "2011年{}月，美国居民消费价格指数同比上涨{}%。"
    rows = [
        row(text.format(at + 3, at + 2), f"document {at}", date, title)
        for at, (date, title) in enumerate(zip(MONTHS, ("物价", "通胀又升", "观察"), strict=True))
    ]
    assert series_of(rows[0], rows[1:]) == rows


def test_rows_of_monthly_tables_make_a_series() -> None:
    rows = [
        row(f"地区：哈尔滨 | 期数：12 | 人次：{300 + at}", f"document {at}", date, f"2011年{at + 3}月培训统计表")
        for at, date in enumerate(MONTHS)
    ]
    assert series_of(rows[0], rows[1:]) == rows
    assert series_of(rows[0], [replace(other, title="来访统计表") for other in rows[1:]]) == [rows[0]]
