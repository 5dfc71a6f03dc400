"""Tables of a page: which of them have a header, what is a name with its value, and that no cell is lost."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from ingest.cells import Cell, row_lines
from rag.text import sentences


def table(*rows: str) -> list[list[Cell]]:
    return [[Cell(text) for text in row.split("|")] for row in rows]


def test_a_first_row_of_names_heads_the_columns() -> None:
    rows = [[Cell("地區"), Cell("人次")], [Cell("哈爾濱"), Cell("8,710")], [Cell("大慶"), Cell("—")]]
    assert row_lines(rows) == ["地區：哈爾濱 | 人次：8,710", "地區：大慶 | 人次：—"]


def test_names_with_values_are_no_header() -> None:
    rows = [[Cell("主辦單位"), Cell("市委組織部")], [Cell("人數"), Cell("30")], [Cell("地點"), Cell("大慶")]]
    assert row_lines(rows) == ["主辦單位：市委組織部", "人數：30", "地點：大慶"]


def test_cells_without_a_header_stand_as_they_are() -> None:
    assert row_lines([[Cell("1"), Cell("2"), Cell("3")], [Cell("4"), Cell(""), Cell("6")]]) == ["1 | 2 | 3", "4 | 6"]


def test_a_title_over_the_table_and_a_section_in_it_are_lines_of_their_own() -> None:
    rows = [
        [Cell("表1 培训情况", columns=3)],
        [Cell("地区"), Cell("期数"), Cell("人次")],
        [Cell("省直", columns=3)],
        [Cell("党校"), Cell("3"), Cell("90")],
    ]
    assert row_lines(rows) == ["表1 培训情况", "省直", "地区：党校 | 期数：3 | 人次：90"]


def test_a_unit_above_the_table_or_in_a_name_stands_behind_its_numbers() -> None:
    assert row_lines([[Cell("单位：万元", columns=3)], *table("地区|收入|人数（人）", "大庆|8,710|341")]) == [
        "单位：万元",
        "地区：大庆 | 收入：8,710万元 | 人数（人）：341人",
    ]


def test_years_over_figures_are_a_header() -> None:
    assert row_lines(table("指标|2019|2020年", "培训期数|341|350")) == ["指标：培训期数 | 2019：341 | 2020年：350"]


def test_words_without_figures_are_no_header_unless_they_are_known_as_one() -> None:
    assert row_lines(table("张三|男|教师", "李四|女|校长")) == ["张三 | 男 | 教师", "李四 | 女 | 校长"]
    assert row_lines(table("姓名|性别|职务", "李四|女|校长")) == ["姓名：李四 | 性别：女 | 职务：校长"]


def test_a_marked_header_with_an_empty_corner_names_its_columns() -> None:
    rows = [[Cell("", header=True), Cell("人次", header=True)], [Cell("大庆", header=True), Cell("341")]]
    assert row_lines(rows) == ["大庆 | 人次：341"]


def test_a_header_of_two_rows_below_a_title_is_told_whole() -> None:
    rows = [
        [Cell("名额分配表", columns=3, header=True)],
        [Cell("地区", rows=2, header=True), Cell("名额", columns=2, header=True)],
        [Cell("教师", header=True), Cell("校长", header=True)],
        [Cell("大庆"), Cell("60"), Cell("5")],
    ]
    assert row_lines(rows) == ["名额分配表", "地区：大庆 | 名额/教师：60 | 名额/校长：5"]


def test_a_label_over_rows_is_in_each_and_a_sum_over_columns_is_no_form() -> None:
    rows = [
        *table("地区|县|人次"),
        [Cell("大庆", rows=2), Cell("肇州"), Cell("30")],
        [Cell("林甸"), Cell("40")],
        [Cell("合计", columns=2), Cell("70")],
    ]
    assert row_lines(rows) == [
        "地区：大庆 | 县：肇州 | 人次：30",
        "地区：大庆 | 县：林甸 | 人次：40",
        "地区：合计 | 人次：70",
    ]


def test_long_texts_are_not_repeated_in_each_row() -> None:
    long = "培训" * 1000
    rows = [[Cell(long, rows=500), Cell("0")], *([Cell(str(number))] for number in range(1, 500))]
    assert "".join(row_lines(rows)).count(long) == 1
    rows = [[Cell(long, header=True), Cell("期数", header=True)], *table(*["大庆|1"] * 500)]
    assert "".join(row_lines(rows)).count(long) == 1


def test_the_name_of_an_empty_column_is_not_lost() -> None:
    assert row_lines(table("姓名|电话|备注", "张三|45|")) == ["姓名 | 电话 | 备注", "姓名：张三 | 电话：45"]


def test_a_cell_of_several_sentences_stays_as_it_is_written() -> None:
    assert row_lines(table("地区|人次|备注", "大庆|341|含肇州；不含林甸。")) == [
        "地区：大庆 | 人次：341",
        "地区：大庆 | 备注：含肇州；不含林甸。",
    ]
    assert row_lines(table("主办单位|市委。省委。", "人数|30")) == ["主办单位：市委。省委。", "人数：30"]


CELL = st.builds(
    Cell,
    st.sampled_from(
        ["", "哈尔滨", "8710人次", "含呼兰；不含五常。", "Up 3.5%. Then down.", "他说好！真好", "地区", "1;2"]
    ),
    st.integers(0, 3),
    st.integers(0, 3),
    st.booleans(),
)


@given(st.lists(st.lists(CELL, max_size=5), max_size=5))
@example(table("哈尔滨|", "哈尔滨|含呼兰；不含五常。", "哈尔滨", "哈尔滨|含呼兰；不含五常。"))
def test_no_row_is_cut_outside_its_cells_and_no_cell_is_lost(rows: list[list[Cell]]) -> None:
    written = row_lines(rows)
    prose = [cell.text for row in rows for cell in row if len(sentences(cell.text)) > 1]
    for line in written:
        assert len(sentences(line)) == 1 or any(text in line for text in prose)
    for part in (part for row in rows for cell in row for part in re.findall(r"\w+", cell.text)):
        assert any(part in line for line in written)
