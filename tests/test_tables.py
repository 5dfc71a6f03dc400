from __future__ import annotations

import datetime
import re
import time
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import grids, tables
from ingest.extracted import Extracted
from ingest.grids import Grid, Merge
from ingest.limits import check_zip
from ingest.numbers import display
from ingest.tables import read_csv, read_xlsx
from ingest.telling import WIDEST
from rag.errors import DocumentError
from rag.figures import find
from rag.text import sentences


def workbook(
    folder: Path, rows: Iterable[Sequence[Any]] = (), merged: Iterable[str] = (), name: str = "a.xlsx"
) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    path = folder / name
    book.save(path)
    return path


def table(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(extracted: Extracted) -> list[str]:
    return [line for line in extracted.text.split("\n") if line and not line.startswith("#")]


def changed(path: Path, part: str, change: Any) -> Path:
    """The same workbook with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def complaint(read: Any, path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(path.name)
    assert message.endswith(".")
    assert "\n" not in message
    assert str(path.parent) not in message
    return message


ONE_SHEET = "xl/worksheets/sheet1.xml"
BRIEFING: list[list[Any]] = [["地區", "培訓班", "人次"], ["哈爾濱", "341期", 8710], ["大慶", "12期", 305]]


# --- rows


def test_a_row_is_one_sentence_with_its_columns_names(tmp_path: Path) -> None:
    extracted = read_xlsx(workbook(tmp_path, BRIEFING))
    assert rows_of(extracted) == ["地區：哈爾濱 | 培訓班：341期 | 人次：8710", "地區：大慶 | 培訓班：12期 | 人次：305"]
    spans = [extracted.text[start:end] for start, end in sentences(extracted.text)]
    assert "地區：哈爾濱 | 培訓班：341期 | 人次：8710" in spans
    assert [figure.text for figure in find(spans[1])] == ["341期", "8710"]


def test_every_sheet_begins_with_its_name(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "一季度"
    book.active.append(["地区", "人次"])
    book.active.append(["大庆", 3])
    second = book.create_sheet("二季度")
    second.append(["地区", "人次"])
    second.append(["大庆", 4])
    book.save(tmp_path / "a.xlsx")
    text = read_xlsx(tmp_path / "a.xlsx").text
    assert text == "## 一季度\n\n地区：大庆 | 人次：3\n\n## 二季度\n\n地区：大庆 | 人次：4"


def test_a_title_above_the_header_is_a_line_of_its_own_and_names_the_document(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["表1 全省培訓情況"], *BRIEFING], ["A1:C1"])
    extracted = read_xlsx(path)
    assert rows_of(extracted)[:2] == ["表1 全省培訓情況", "地區：哈爾濱 | 培訓班：341期 | 人次：8710"]
    assert extracted.title == "表1 全省培訓情況"


def test_merged_headers_of_two_levels_are_joined(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["地區", "培訓", None, "考核"],
        [None, "期數", "人次", None],
        ["哈爾濱", 341, 8710, "合格"],
    ]
    path = workbook(tmp_path, rows, ["A1:A2", "B1:C1", "D1:D2"])
    assert rows_of(read_xlsx(path)) == ["地區：哈爾濱 | 培訓/期數：341 | 培訓/人次：8710 | 考核：合格"]


def test_headers_of_two_levels_in_a_text_table_are_joined_too(tmp_path: Path) -> None:
    path = table(tmp_path, "地区,培训,,考核\n,期数,人次,\n哈尔滨,341,8710,合格\n")
    assert rows_of(read_csv(path)) == ["地区：哈尔滨 | 培训/期数：341 | 培训/人次：8710 | 考核：合格"]


def test_a_label_that_is_merged_down_stands_in_each_of_its_rows_but_a_sum_does_not(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["地區", "區縣", "人次", "合計"], ["哈爾濱", "道里", 10, 30], [None, "南崗", 20, None]]
    path = workbook(tmp_path, rows, ["A2:A3", "D2:D3"])
    assert rows_of(read_xlsx(path)) == [
        "地區：哈爾濱 | 區縣：道里 | 人次：10 | 合計：30",
        "地區：哈爾濱 | 區縣：南崗 | 人次：20",
    ]


def test_numbers_without_a_header_stand_under_the_columns_letters(tmp_path: Path) -> None:
    assert rows_of(read_xlsx(workbook(tmp_path, [[1, 2], [3, 4]]))) == ["A：1 | B：2", "A：3 | B：4"]
    assert rows_of(read_csv(table(tmp_path, "哈尔滨,341\n大庆,12\n"))) == ["A：哈尔滨 | B：341", "A：大庆 | B：12"]


@pytest.mark.parametrize("years", [(2009, 2010), ("2009年", "2010年"), ("1月", "2月")])
def test_years_and_months_are_names_of_columns(tmp_path: Path, years: tuple[Any, Any]) -> None:
    path = workbook(tmp_path, [["地区", *years], ["大庆", 12, 13]])
    assert rows_of(read_xlsx(path)) == [f"地区：大庆 | {years[0]}：12 | {years[1]}：13"]


def test_the_corner_of_a_table_may_be_empty(tmp_path: Path) -> None:
    assert rows_of(read_csv(table(tmp_path, ",2009年,2010年\n大庆,3,4\n"))) == ["大庆 | 2009年：3 | 2010年：4"]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("人次(万)", 871, "人次(万)：871万"),
        ("產值（億元）", 1.5, "產值（億元）：1.5億元"),
        ("增长(%)", -3.5, "增长(%)：-3.5%"),
        ("面积/平方米", 12, "面积/平方米：12平方米"),
        ("备注(略)", 3, "备注(略)：3"),
        ("人次(万)", "约9", "人次(万)：约9"),
    ],
)
def test_the_unit_of_a_column_stands_behind_its_numbers(tmp_path: Path, name: str, value: Any, shown: str) -> None:
    path = workbook(tmp_path, [["地区", name], ["大庆", value]])
    assert rows_of(read_xlsx(path)) == [f"地区：大庆 | {shown}"]


def test_the_unit_of_a_table_stands_behind_the_numbers_that_it_measures(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["地区", "产值", "人数", "增长率"], ["大庆", 1200, 30, 5], ["占比", 20, 30, 5]]
    path = workbook(tmp_path, [["单位：万元"], *rows])
    assert rows_of(read_xlsx(path)) == [
        "单位：万元",
        "地区：大庆 | 产值：1200万元 | 人数：30 | 增长率：5",
        "地区：占比 | 产值：20 | 人数：30 | 增长率：5",
    ]


def test_a_cell_of_several_sentences_does_not_cut_its_row_in_two(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["地区", "说明", "人次"], ["大庆", "已完成。很好！", 305]])
    extracted = read_xlsx(path)
    assert rows_of(extracted) == ["地区：大庆 | 人次：305", "地区：大庆 | 说明：已完成。很好！"]
    assert "地区：大庆 | 人次：305" in [extracted.text[start:end] for start, end in sentences(extracted.text)]


def test_a_line_break_in_a_cell_does_not_cut_its_row_in_two(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["地区", "培训\n人次"], ["大庆\n（市）", 305]])
    assert rows_of(read_xlsx(path)) == ["地区：大庆 （市） | 培训 人次：305"]


def test_a_wide_row_goes_on_in_lines_that_begin_with_its_label(tmp_path: Path) -> None:
    names = [f"第{number}項指標數值" for number in range(1, 41)]
    path = workbook(tmp_path, [["序号", "地區", *names], [1, "哈爾濱", *range(1000, 1040)]])
    found = rows_of(read_xlsx(path))
    assert len(found) > 2
    assert all(line.startswith("序号：1 | 地區：哈爾濱 | 第") and len(line) <= WIDEST for line in found)
    assert re.findall(r"：(10\d\d)", "".join(found)) == [str(value) for value in range(1000, 1040)]


def test_a_second_table_below_the_first_has_its_own_header(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["地区", "人次"], ["大庆", 3], [], ["表2"], ["单位", "金额"], ["黑河", 5]]
    assert rows_of(read_xlsx(workbook(tmp_path, rows))) == ["地区：大庆 | 人次：3", "表2", "单位：黑河 | 金额：5"]


def test_an_empty_row_does_not_end_a_table(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["地区", "人次"], ["大庆", 3], [], ["黑河", 5]]
    assert rows_of(read_xlsx(workbook(tmp_path, rows))) == ["地区：大庆 | 人次：3", "地区：黑河 | 人次：5"]


def test_a_header_that_is_printed_again_is_not_a_row(tmp_path: Path) -> None:
    rows: list[list[Any]] = [*BRIEFING, BRIEFING[0], ["黑河", "1期", 5]]
    assert rows_of(read_xlsx(workbook(tmp_path, rows)))[2:] == ["地區：黑河 | 培訓班：1期 | 人次：5"]


def test_a_note_below_a_table_stands_as_it_is(tmp_path: Path) -> None:
    assert rows_of(read_xlsx(workbook(tmp_path, [*BRIEFING, ["注：含離退休人員"]])))[-1] == "注：含離退休人員"


def test_a_form_gets_no_names_that_are_none() -> None:
    rows = {1: {1: "姓名", 2: "张三", 3: "性别", 4: "男"}, 2: {1: "单位", 2: "市委组织部"}, 3: {1: "简历", 2: "略"}}
    merges = [Merge(2, 2, 2, 4), Merge(3, 2, 3, 4)]
    assert list(grids.lines(Grid(rows, merges))) == ["姓名 | 张三 | 性别 | 男", "单位 | 市委组织部", "简历 | 略"]


def test_a_header_alone_is_still_read(tmp_path: Path) -> None:
    assert rows_of(read_xlsx(workbook(tmp_path, [["地区", "人次"]]))) == ["地区 | 人次"]


CELLS = st.text(st.sampled_from("培訓人次。；！.;:：|萬0123456789,%() aB\n\t\"'"), min_size=1, max_size=12).map(
    str.strip
)


@given(st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)))
def test_no_cell_of_a_grid_is_lost_and_no_row_is_cut(rows: list[list[str]]) -> None:
    grid = {
        number: {column: " ".join(text.split()) or "空" for column, text in enumerate(row, start=1)}
        for number, row in enumerate(rows, start=1)
    }
    found = list(grids.lines(Grid(grid)))
    letters = re.sub(r"[\W_]", "", "".join(found))
    for text in {text for row in grid.values() for text in row.values()}:
        assert re.sub(r"[\W_]", "", text) in letters
    for line in found:
        whole = re.fullmatch(r"[^。；！;.]+", line)
        assert not whole or sentences(line) == [(0, len(line))]


# --- what a reader sees


def test_hidden_sheets_rows_and_columns_are_left_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [["地区", "人次", "密"], ["大庆", 3, 1], ["隐藏", 4, 1], ["黑河", 5, 1]]:
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    for state in ("hidden", "veryHidden"):
        other = book.create_sheet(state)
        other["A1"] = "看不见"
        other.sheet_state = state
    book.save(tmp_path / "a.xlsx")
    assert rows_of(read_xlsx(tmp_path / "a.xlsx")) == ["地区：大庆 | 人次：3", "地区：黑河 | 人次：5"]


def test_values_are_written_as_they_are_displayed(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["日期", "占比", "金额", "和", "时间", "月份"])
    sheet.append(
        [datetime.date(2011, 4, 19), 0.125, 8710.5, 0.1 + 0.2, datetime.time(9, 30), datetime.date(2011, 4, 1)]
    )
    for column, number_format in zip(
        "ABCDEF", ["yyyy-mm-dd", "0.0%", "#,##0.00", "General", "h:mm", 'yyyy"年"m"月"'], strict=True
    ):
        sheet[f"{column}2"].number_format = number_format
    book.save(tmp_path / "a.xlsx")
    assert rows_of(read_xlsx(tmp_path / "a.xlsx")) == [
        "日期：2011-04-19 | 占比：12.5% | 金额：8,710.50 | 和：0.3 | 时间：09:30 | 月份：2011年4月"
    ]


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (123456, '0!.0,"万"', "12.3万"),
        (-1200, "#,##0_);(#,##0)", "-1,200"),
        (-1200, "0;[Red]0", "-1200"),
        (1234, "[$¥-804]#,##0.00", "¥1,234.00"),
        (341, 'General"期"', "341期"),
        (12345678, '#,##0.0,,"百万"', "12.3百万"),
        (8710, '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', "8,710"),
        (3.1, "0.##", "3.1"),
        (1.005, "0.00", "1.01"),
        (7, "000", "007"),
        (20110419, "0", "20110419"),
        (-0.001, "0.0", "0.0"),
        (1.5e10, "0.00E+00", "15000000000"),
        (0.5, "# ?/?", "0.5"),
        (1 / 3, "General", "0.333333333"),
        (8710.0, "General", "8710"),
        (8710, "[>=10000]0.0,;0", "8710"),
        (datetime.timedelta(hours=25, minutes=30), "[h]:mm", "25:30"),
        (datetime.datetime(2011, 4, 19, 23, 28, 14), "yyyy/m/d h:mm:ss", "2011-04-19 23:28:14"),
        (False, "General", "FALSE"),
        (None, "General", ""),
    ],
)
def test_a_number_format_is_followed(value: Any, number_format: str, shown: str) -> None:
    assert display(value, number_format) == shown


@given(st.floats(allow_nan=True), st.text(st.sampled_from('0#?.,%;"[]\\!_*¥万Ee+-/General@ '), max_size=12))
def test_no_number_format_breaks_the_display(value: float, number_format: str) -> None:
    assert "\n" not in display(value, number_format)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_number_without_a_format_loses_nothing_that_is_displayed(value: Any) -> None:
    assert float(display(float(value))) == pytest.approx(float(value), abs=0.01)


def test_a_formula_is_its_value_and_one_without_a_value_or_with_an_error_stands_as_such(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["地区", "人次", "率", "空"], ["大庆", "=1+2", "=A1/0", "=B2*2"]])

    def calculated(sheet: bytes) -> bytes:
        sheet = re.sub(rb'<c r="B2"[^>]*>.*?</c>', b'<c r="B2"><f>1+2</f><v>3</v></c>', sheet)
        return re.sub(rb'<c r="C2"[^>]*>.*?</c>', b'<c r="C2" t="e"><f>A1/0</f><v>#DIV/0!</v></c>', sheet)

    changed(path, ONE_SHEET, calculated)
    assert rows_of(read_xlsx(path)) == ["地区：大庆 | 人次：3 | 空：=B2*2", "地区：大庆 | 率：#DIV/0!"]


def test_properties_are_believed_only_where_a_person_wrote_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["地区", "人次"])
    book.active.append(["大庆", 3])
    book.save(tmp_path / "某表.xlsx")
    plain = read_xlsx(tmp_path / "某表.xlsx")
    assert (plain.title, plain.author, plain.date) == ("某表", "", "")
    book.properties.creator, book.properties.title = "王凌霞", "培訓情況統計表"
    book.save(tmp_path / "b.xlsx")
    named = read_xlsx(tmp_path / "b.xlsx")
    assert (named.title, named.author, named.date) == ("培訓情況統計表", "王凌霞", "")


# --- text tables


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_tables_are_read_whatever_their_dialect(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = (
        "\r\n".join(delimiter.join(row) for row in (["地区", "培训人次"], ["哈尔滨", '"8,710"'], ["大庆", "305"]))
        + "\r\n"
    )
    assert rows_of(read_csv(table(tmp_path, text.encode(encoding)))) == [
        "地区：哈尔滨 | 培训人次：8,710",
        "地区：大庆 | 培训人次：305",
    ]


def test_a_text_table_in_big5_is_read(tmp_path: Path) -> None:
    path = table(tmp_path, "地區,培訓人次\n哈爾濱,8710\n".encode("big5"))
    assert rows_of(read_csv(path)) == ["地區：哈爾濱 | 培訓人次：8710"]


def test_tsv_is_separated_by_tabs_only(tmp_path: Path) -> None:
    path = table(tmp_path, "地区\t说明\n大庆\t好，很好,真好\n", "a.tsv")
    assert rows_of(read_csv(path)) == ["地区：大庆 | 说明：好，很好,真好"]


def test_the_ways_of_excel_with_text_tables_are_known(tmp_path: Path) -> None:
    path = table(tmp_path, 'sep=;\n编号;地区;说明\n="007";大庆;"两\n行"\n')
    assert rows_of(read_csv(path)) == ["编号：007 | 地区：大庆 | 说明：两 行"]


def test_a_quotation_mark_that_is_never_closed_is_named_with_its_line(tmp_path: Path) -> None:
    path = table(tmp_path, '地区,人次\n大庆,3\n黑河,"5\n鸡西,6\n')
    assert complaint(read_csv, path).startswith("a.csv, line 3: a quotation mark")


def test_a_binary_file_called_csv_is_refused(tmp_path: Path) -> None:
    assert "binary" in complaint(read_csv, table(tmp_path, bytes(range(256)) * 4))


# --- limits


def test_more_cells_than_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_CELLS", 5)
    assert "too large a table" in complaint(read_xlsx, workbook(tmp_path, BRIEFING))
    assert "too large a table" in complaint(read_csv, table(tmp_path, "a,b,c\n1,2,3\n"))


def test_ten_thousand_columns_are_read_in_bounded_time(tmp_path: Path) -> None:
    path = table(tmp_path, "\n".join(",".join(["大庆", *map(str, range(start, start + 10_000))]) for start in (5, 9)))
    began = time.monotonic()
    text = read_csv(path).text
    assert "NTQ：10004" in text
    assert max(map(len, text.split("\n"))) <= WIDEST
    assert time.monotonic() - began < 10


def test_a_long_header_over_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_CHARACTERS", 20_000)
    path = workbook(tmp_path, [["地區" * 400, "人次"], *([["大慶", 1]] * 50)])
    assert "too large a table" in complaint(read_xlsx, path)


@pytest.mark.parametrize(
    "sheet",
    [
        '<row r="999999999"><c r="A999999999"><v>1</v></c></row>',
        '<row r="1"><c r="ZZZ1"><v>1</v></c></row>',
        '<row r="1"><c r="A99999"><v>1</v></c></row>',
        "".join(f'<row r="{n}"><c r="XFD{n}"/></row>' for n in range(1, 700)),
    ],
)
def test_a_sheet_that_claims_to_be_endless_is_refused_at_once(tmp_path: Path, sheet: str) -> None:
    path = changed(
        workbook(tmp_path, BRIEFING),
        ONE_SHEET,
        lambda data: re.sub(
            rb"<sheetData>.*</sheetData>", f"<sheetData>{sheet}</sheetData>".encode(), data, flags=re.DOTALL
        ),
    )
    began = time.monotonic()
    complaint(read_xlsx, path)
    assert time.monotonic() - began < 5


def test_the_size_that_a_sheet_claims_is_not_believed(tmp_path: Path) -> None:
    path = changed(
        workbook(tmp_path, BRIEFING),
        ONE_SHEET,
        lambda data: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', data),
    )
    assert len(rows_of(read_xlsx(path))) == 2


def test_a_cell_merged_over_the_whole_sheet_costs_nothing(tmp_path: Path) -> None:
    path = changed(
        workbook(tmp_path, BRIEFING),
        ONE_SHEET,
        lambda data: data.replace(
            b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
        ),
    )
    assert "8710" in read_xlsx(path).text


# --- hostile and broken files


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, BRIEFING)
    path.write_bytes(path.read_bytes()[:-200])
    assert "damaged or cut off" in complaint(read_xlsx, path)


def test_a_workbook_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, BRIEFING)
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo(ONE_SHEET).header_offset + 100
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(bytes(data))
    assert "damaged" in complaint(read_xlsx, path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"%PDF-1.7 ...", b"<html><table></table></html>"])
def test_something_else_called_xlsx_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "is not an Office file" in complaint(read_xlsx, table(tmp_path, content, "a.xlsx"))


@pytest.mark.parametrize(("stream", "said"), [("EncryptedPackage", "password"), ("Workbook", "old format")])
def test_the_older_container_is_told_apart(tmp_path: Path, stream: str, said: str) -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + stream.encode("utf-16-le") + bytes(1000)
    assert said in complaint(read_xlsx, table(tmp_path, content, "a.xlsx"))


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("part", [ONE_SHEET, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", "_rels/.rels"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_entities_are_refused_in_every_part_and_encoding(tmp_path: Path, part: str, encoding: str) -> None:
    def hostile(data: bytes) -> bytes:
        text = re.sub(r"<\?xml[^>]*\?>", "", data.decode())
        return (ENTITIES.decode() + text).encode(encoding)

    path = changed(workbook(tmp_path, BRIEFING), part, hostile)
    assert "document type" in complaint(read_xlsx, path)


def test_an_encoding_that_hides_a_document_type_is_refused(tmp_path: Path) -> None:
    hidden = b'<?xml version="1.0" encoding="UTF-7"?>+ADw-!DOCTYPE x+AD4-<worksheet/>'
    path = changed(workbook(tmp_path, BRIEFING), ONE_SHEET, lambda _: hidden)
    assert "no ordinary XML" in complaint(read_xlsx, path)


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/bomb.bin", "w") as part:
        for _ in range(60):
            part.write(bytes(1_000_000))
    assert path.stat().st_size < 100_000
    assert "unpack to far more" in complaint(read_xlsx, path)
    assert "unpack to far more" in complaint(check_zip, path)


def test_many_parts_that_are_large_together_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(50):
            archive.writestr(f"{number}.bin", bytes(9_000_000))
    assert "unpack to far more" in complaint(check_zip, path)


def test_a_size_that_the_directory_lies_about_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "liar.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.bin", bytes(5_000_000))
    data = path.read_bytes()
    path.write_bytes(data.replace((5_000_000).to_bytes(4, "little"), (500).to_bytes(4, "little")))
    assert "damaged" in complaint(check_zip, path)


def test_a_zip_that_is_locked_says_so(tmp_path: Path) -> None:
    path = workbook(tmp_path, BRIEFING)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(bytes(data))
    assert "password" in complaint(check_zip, path)


def test_an_ordinary_zip_passes(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.html", "<!DOCTYPE html><html></html>")
    check_zip(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "cannot be read" in complaint(read_xlsx, tmp_path / "missing.xlsx")
    assert "cannot be read" in complaint(read_csv, tmp_path / "missing.csv")
