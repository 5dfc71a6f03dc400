"""Tables that are more than a header with rows below it: captions, signatures, forms, several in one, units."""

from __future__ import annotations

from pathlib import Path

import docx
import openpyxl
import pytest

from ingest import grids
from ingest.cells import Cell, row_lines
from ingest.grids import Grid, Merge
from ingest.office import read_docx
from ingest.tables import read_csv, read_xlsx


def lines(*rows: str, **more: object) -> list[str]:
    """The lines of a table whose rows are given with | between the cells."""
    filled = {
        number: {column: text for column, text in enumerate(row.split("|"), start=1) if text}
        for number, row in enumerate(rows, start=1)
    }
    return list(grids.lines(Grid({number: row for number, row in filled.items() if row}, **more)))  # type: ignore[arg-type]


def web(*rows: str) -> list[str]:
    return row_lines([[Cell(text) for text in row.split("|")] for row in rows])


def word(folder: Path, *rows: str, above: str = "") -> list[str]:
    made = docx.Document()
    if above:
        made.add_paragraph(above)
    table = made.add_table(len(rows), rows[0].count("|") + 1)
    for row, text in zip(table.rows, rows, strict=True):
        for cell, value in zip(row.cells, text.split("|"), strict=True):
            cell.text = value
    made.save(str(folder / "a.docx"))
    return [line for line in read_docx(folder / "a.docx").text.split("\n") if line]


# --- above the header and below the rows


@pytest.mark.parametrize("beside", ["填报日期：2023-05-06", "2023-05-06", "填报单位：市教育局"])
def test_a_title_with_a_date_beside_it_is_no_header(tmp_path: Path, beside: str) -> None:
    rows = [f"2023年培训统计表||{beside}", "地区|期数|人数", "哈尔滨|3|8710"]
    wanted = [f"2023年培训统计表 | {beside}", "地区：哈尔滨 | 期数：3 | 人数：8710"]
    assert lines(*rows) == web(*rows) == word(tmp_path, *rows) == wanted
    (tmp_path / "a.csv").write_text("\n".join(rows).replace("|", ","), encoding="utf-8")
    assert read_csv(tmp_path / "a.csv").text.split("\n") == wanted


def test_a_title_of_a_table_as_narrow_as_it_is_no_header() -> None:
    assert lines("2023年培训统计表|2023-05-06", "地区|人次", "大庆|3")[1:] == ["地区：大庆 | 人次：3"]
    assert lines("培训统计表|填报日期：2023年5月", "单位：万元", "地区|金额", "大庆|3")[2:] == [
        "地区：大庆 | 金额：3万元"
    ]
    assert lines("统计表||填报日期：2023-05-06", "指标|2010年|2011年", "人数|3|4")[1:] == [
        "指标：人数 | 2010年：3 | 2011年：4"
    ]


def test_a_date_may_name_a_column_or_several() -> None:
    assert lines("地区|2023-05-06", "大庆|300") == ["地区：大庆 | 2023-05-06：300"]
    assert lines("地区|2010-05||", "|男|女|合计", "大庆|3|4|7") == [
        "地区：大庆 | 2010-05/男：3 | 2010-05/女：4 | 2010-05/合计：7"
    ]


@pytest.mark.parametrize("signed", ["填表人：张三|审核人：李四", "填表人：|张三", "填表人：张三|2023-05-06"])
def test_signatures_below_a_table_are_a_note(tmp_path: Path, signed: str) -> None:
    rows = ["地区|人次", "哈尔滨|8710", signed]
    wanted = ["地区：哈尔滨 | 人次：8710", signed.replace("|", " | ")]
    assert lines(*rows) == web(*rows) == word(tmp_path, *rows) == wanted


def test_a_cell_with_a_colon_does_not_make_its_row_a_note() -> None:
    assert lines("比赛|比分", "甲队：乙队|3:2") == ["比赛：甲队：乙队 | 比分：3:2"]
    assert lines("人员|人次", "其中：女|30") == ["人员：其中：女 | 人次：30"]


@pytest.mark.parametrize("numbering", ["栏次|1|2|3", "甲|1|2|3=1-2", "|1|2|3", "1|2|3|4"])
def test_numbers_of_columns_are_no_header_and_no_row(tmp_path: Path, numbering: str) -> None:
    names, values = "地区|收入|支出|结余", "大庆|30|20|10"
    note = " | ".join(filter(None, numbering.split("|")))
    wanted = [note, "地区：大庆 | 收入：30 | 支出：20 | 结余：10"]
    assert lines(numbering, names, values) == lines(names, numbering, values) == wanted
    assert lines(names, numbering, values, header_rows=2) == wanted
    assert word(tmp_path, names, numbering, values) == wanted
    assert web(names, numbering, values) == web(numbering, names, values) == wanted


def test_numbers_that_count_may_be_values_or_names() -> None:
    assert lines("序号|收入|支出|结余", "1|2|3|4", "2|30|20|10")[0] == "序号：1 | 收入：2 | 支出：3 | 结余：4"
    assert lines("地区|1|2|3", "大庆|4|5|6") == ["地区：大庆 | 1：4 | 2：5 | 3：6"]
    assert lines("组|一|二|三", "甲|1|2|3", "乙|4|5|6")[0] == "组：甲 | 一：1 | 二：2 | 三：3"


# --- several tables


@pytest.mark.parametrize("title", [[], ["表2 经费"]])
def test_a_second_table_right_below_the_first_has_its_own_header(tmp_path: Path, title: list[str]) -> None:
    rows = ["年份|人次", "2010|100", "2011|200", *(f"{text}|" for text in title), "城市|经费(万元)", "大庆|4.5"]
    wanted = ["年份：2010 | 人次：100", "年份：2011 | 人次：200", *title, "城市：大庆 | 经费(万元)：4.5万元"]
    assert lines(*rows) == web(*rows) == word(tmp_path, *rows) == wanted


def test_a_row_without_its_number_is_no_header() -> None:
    for missing in ("未报", "—", "无", "暂缺", "n/a"):
        rows = lines("地区|人次", "大庆|3", f"黑河|{missing}", "鸡西|5")
        assert rows[1:] == [f"地区：黑河 | 人次：{missing}", "地区：鸡西 | 人次：5"]
    rows = lines("学校|类别|人次", "一中|城市|30", "二中|城市|见附件", "三中|农村|40")
    assert rows[2] == "学校：三中 | 类别：农村 | 人次：40"


def test_words_that_may_be_a_header_or_a_row_leave_what_follows_without_names() -> None:
    rows = lines("学校|教师|学生", "一中|30|400", "班级|男生|女生", "一班|20|22")
    assert rows == ["学校：一中 | 教师：30 | 学生：400", "班级 | 男生 | 女生", "一班 | 20 | 22"]
    rows = lines("年份|人次", "2010|100", "其中|男生", "2011|200")
    assert rows == ["年份：2010 | 人次：100", "其中 | 男生", "2011 | 200"]


def test_words_after_an_empty_row_are_not_told_under_the_names_of_figures() -> None:
    assert lines("地区|人次", "大庆|3", "", "姓名|职务", "张三|处长")[1:] == ["姓名：张三 | 职务：处长"]
    assert lines("地区|人次", "大庆|3", "", "审核|张三", "", "黑河|5")[1:] == ["审核 | 张三", "地区：黑河 | 人次：5"]


def test_tables_side_by_side_are_told_one_after_another(tmp_path: Path) -> None:
    rows = ["收支表（万元）||||", "城市|收入||区县|户数", "哈尔滨|100||道里|7", "大庆|5||肇州|8"]
    wanted = [
        "收支表（万元）",
        "城市：哈尔滨 | 收入：100万元",
        "城市：大庆 | 收入：5万元",
        "区县：道里 | 户数：7",
        "区县：肇州 | 户数：8",
    ]
    assert lines(*rows) == web(*rows) == word(tmp_path, *rows) == wanted
    assert lines(*rows, merges=[Merge(1, 1, 1, 5)]) == wanted


def test_an_empty_column_inside_of_a_table_does_not_part_it(tmp_path: Path) -> None:
    assert lines("地区|期数||人次|金额", "大庆|3||300|45") == ["地区：大庆 | 期数：3 | 人次：300 | 金额：45"]
    book = openpyxl.Workbook()
    for row in (["城市", "人数", "密", "区县", "户数"], ["大庆", 100, 1, "肇州", 7]):
        book.active.append(row)
    book.active.column_dimensions["C"].hidden = True
    book.save(tmp_path / "a.xlsx")
    assert read_xlsx(tmp_path / "a.xlsx").text.split("\n")[-1] == "城市：大庆 | 人数：100 | 区县：肇州 | 户数：7"


# --- forms


def test_a_form_is_told_as_names_with_their_values(tmp_path: Path) -> None:
    rows = ["姓名|张三|性别|男", "出生年月|1980年1月|民族|汉", "家庭住址|大庆市||", "填表人：王五||审核人：李四|"]
    wanted = [
        "姓名：张三 | 性别：男",
        "出生年月：1980年1月 | 民族：汉",
        "家庭住址：大庆市",
        "填表人：王五 | 审核人：李四",
    ]
    assert lines(*rows) == web(*rows) == word(tmp_path, *rows) == wanted
    rows = ["登记表|", "姓名|张三", "人数|300"]
    assert lines(*rows) == web(*rows) == word(tmp_path, *rows) == ["登记表", "姓名：张三", "人数：300"]


def test_what_may_be_a_form_or_a_table_has_no_names() -> None:
    assert lines("项目|植树", "人数|300", "地点|大庆") == ["项目 | 植树", "人数 | 300", "地点 | 大庆"]
    rows = ["姓名|张三|性别|男", "出生年月|1980年1月|民族|汉", "称谓|姓名|单位|职务", "父亲|张大|市局|科长"]
    assert lines(*rows) == web(*rows) == [row.replace("|", " | ") for row in rows]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["地区|人次", "大庆|300"], "地区：大庆 | 人次：300"),
        (["指标|数值", "培训人数|300"], "指标：培训人数 | 数值：300"),
        (["指标|全省", "培训人数|300", "培训期数|5"], "指标：培训人数 | 全省：300"),
        (["姓名|职务|性别|民族", "张三|处长|男|汉"], "姓名：张三 | 职务：处长 | 性别：男 | 民族：汉"),
        (["部门|负责人", "办公室|张三", "人事处|李四"], "部门：办公室 | 负责人：张三"),
    ],
)
def test_a_table_of_an_even_number_of_columns_is_no_form(rows: list[str], told: str) -> None:
    assert lines(*rows)[0] == web(*rows)[0] == told


# --- units


@pytest.mark.parametrize("name", ["预算数", "2023年度决算数", "执行数", "年末结余数", "本年累计数", "年度预算", "收入"])
def test_amounts_have_the_unit_of_their_table(name: str) -> None:
    assert lines("单位：万元", f"地区|{name}", "大庆|3")[1:] == [f"地区：大庆 | {name}：3万元"]


@pytest.mark.parametrize("name", ["人数", "期数", "月数", "学校数", "年度", "增长率", "户数"])
def test_counts_and_shares_do_not(name: str) -> None:
    assert lines("单位：万元", f"地区|{name}|收入", "大庆|3|4")[1:] == [f"地区：大庆 | {name}：3 | 收入：4万元"]


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        ("金额单位：万元", "万元"),
        ("金額單位：萬元", "萬元"),
        ("单位：人民币元", "元"),
        ("2023年表（单位：千元）", "千元"),
        ("2023年收支表（万元）", "万元"),
        ("编制单位：市财政局 单位：万元", "万元"),
        ("编制单位：市财政局", ""),
        ("收支情况（试行）", ""),
    ],
)
def test_the_unit_of_a_table_is_said_above_it(tmp_path: Path, said: str, unit: str) -> None:
    told = f"地区：大庆 | 收入：3{unit}"
    assert lines(said, "地区|收入", "大庆|3") == [said, told]
    assert lines(said, "", "地区|收入", "大庆|3") == [said, told]
    assert word(tmp_path, "地区|收入", "大庆|3", above=said) == [said, told]


def test_a_unit_is_not_that_of_a_later_table() -> None:
    rows = lines("单位：万元", "地区|收入", "大庆|3", "", "城市|支出", "黑河|4")
    assert rows == ["单位：万元", "地区：大庆 | 收入：3万元", "城市：黑河 | 支出：4"]
