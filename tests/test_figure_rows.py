"""Each figure of a document is a row that says where it stands and what it counts."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import figures
from rag.figure_rows import LONGEST, WIDEST, counts, rows_of, what_of
from rag.text import fold
from rag.types import Document
from tests.conftest import SHARED

NEWS = SHARED / "bench" / "news" / "documents.jsonl"


def whats(text: str) -> list[tuple[str, str]]:
    """The figures of a text, each with what it counts."""
    return [(row.text, row.what) for row in rows_of(Document("a", text))]


def check_places(document: Document) -> int:
    """Sentence and figure stand where a row says; returns how many rows there are."""
    rows = list(rows_of(document))
    for row in rows:
        assert document.text[row.start : row.end] == row.sentence
        assert document.text[row.figure_start : row.figure_end] == row.text
        assert row.start <= row.figure_start < row.figure_end <= row.end
        assert sum(1 + (ord(letter) > 0x2E80) for letter in row.what) <= WIDEST
    return len(rows)


def test_the_rows_of_the_briefing_say_what_their_figures_count(briefing: Document) -> None:
    rows = {row.text: row for row in rows_of(briefing)}
    row = rows["8710人次"]
    assert (row.value, row.unit, row.date, row.title) == (Decimal(8710), "人次", "2011-04-19", briefing.title)
    assert "培訓組工乾部" in row.what
    assert {text: rows[text].what for text in ("754期", "891次", "14452人次", "6757個", "191人")} == {
        "754期": "全省各級組織部門領導乾部帶頭講黨課",
        "891次": "開展座談討論",
        "14452人次": "全省組工乾部下基層",
        "6757個": "為基層群眾解決實際問題",
        "191人": "市地和部分縣市區共選調組工乾部",
    }
    assert check_places(briefing) == len(rows) + 1  # 13個 is there twice


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("341期培訓班", [("341期", "培訓班")]),
        ("共表彰20名干部和3个集体", [("20名", "表彰…干部"), ("3个", "表彰…集体")]),
        ("投資超過3.5億元，同比增長12%。", [("3.5億元", "投資"), ("12%", "投資…同比增長")]),
        ("今年以来，4月份全省共培训干部300人。", [("300人", "全省共培训干部")]),
        ("年均通航率不超过93.95%", [("93.95%", "年均通航率")]),
        ("地區：哈爾濱 | 培訓班：341期 | 人次：8710", [("341期", "哈爾濱 培訓班"), ("8710", "哈爾濱 人次")]),
        ("序号：1 | 地区：大庆 | 产值/2010年：1200万元", [("1200万元", "大庆 产值/2010年")]),
        ("8,710 cadres were trained.", [("8,710", "cadres")]),
        ("Revenue rose 3.5% to $5 million.", [("3.5%", "Revenue rose"), ("$5 million", "Revenue rose")]),
    ],
)
def test_what_a_figure_counts_is_told_by_the_words_around_it(text: str, expected: list[tuple[str, str]]) -> None:
    assert whats(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "第138期，2011年4月19日23:28，一季度。",
        "電話：010-85202353，手機13810339889，邮编：150001。",
        "1. 提高認識；2、加強領導。",
        "骁龙 8 Gen 2、Mate 60、XC40、标普500指数（301282）。",
        "In 2010 he moved to Route 66 with Windows 11.",
        "一個平臺、一名男子、3號線、宋文帝426年。",
        "编号：007 | 电话：87508868 | 年份：2011",
    ],
)
def test_names_codes_dates_and_list_numbers_are_no_rows(text: str) -> None:
    assert whats(text) == []


@pytest.mark.parametrize(
    ("text", "figure"),
    [("人數為341", "341"), ("約400萬", "400萬"), ("三分之一的代表", "三分之一"), ("地区：大庆 | 人次：2010", "2010")],
)
def test_a_number_without_a_unit_is_a_row_where_it_counts(text: str, figure: str) -> None:
    assert [text for text, _ in whats(text)] == [figure]


def test_a_range_keeps_both_ends_and_an_approximate_value_says_so() -> None:
    (row,) = rows_of(Document("a", "约3—5万元"))
    assert (row.value, row.upper, row.approximate, row.unit) == (Decimal(30000), Decimal(50000), True, "元")


def test_a_row_is_on_the_page_of_its_figure() -> None:
    text = "培訓組工乾部，共8710人次。"
    (row,) = rows_of(Document("a", text, pages=(0, text.index("8710"))))
    assert row.page == 2


def test_a_sentence_that_is_too_long_is_read_by_its_clauses() -> None:
    text = "，".join(f"第{number}处修建公路{number + 2}公里" for number in range(200))
    rows = list(rows_of(Document("a", text)))
    assert len(rows) == 200
    assert max(len(row.sentence) for row in rows) <= LONGEST
    assert check_places(Document("a", text)) == 200


@given(st.text(st.sampled_from("培訓乾部8710人次個%，。：| 年月日約增長.-的a0萬\n"), max_size=80))
def test_rows_stand_where_they_say_in_any_text(text: str) -> None:
    check_places(Document("a", text))


@given(st.text(st.sampled_from("培訓乾部8710人次個%，。：| 年為了在共和"), max_size=40))
def test_both_scripts_count_the_same(text: str) -> None:
    folded = "".join(fold(letter) for letter in text)
    assert [fold(what) for _, what in whats(text)] == [fold(what) for _, what in whats(folded)]


def test_what_is_counted_stands_in_the_sentence() -> None:
    sentence = "截至目前，全省組工乾部下基層14452人次，表彰20名優秀乾部。"
    for found in figures.find(sentence):
        assert counts(sentence, found)
        assert all(part in sentence for part in what_of(sentence, found).split("…"))


@pytest.mark.skipif(not NEWS.exists(), reason="the news are not on this machine")
def test_figures_of_the_news_say_what_they_count() -> None:
    with NEWS.open(encoding="utf-8") as lines:
        documents = [Document(**json.loads(line)) for line, _ in zip(lines, range(200), strict=False)]
    assert sum(map(check_places, documents)) > 1000
    rows = [row for document in documents for row in rows_of(document)]
    assert sum(bool(row.what) for row in rows) > 0.97 * len(rows)
