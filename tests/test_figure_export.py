"""What is exported opens in a spreadsheet program as it stands in the table, and nothing of it is run."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest

from rag.figure_export import COLUMNS, to_csv, to_xlsx
from rag.figure_rows import Row, rows_of
from rag.types import Document

(ROW,) = rows_of(Document("簡報.txt", "培訓組工乾部8710人次。", "簡報", "東北網", "2011-04-19"))
DANGEROUS = ["=1+1", "+86 10", "-3.5%", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", '=HYPERLINK("http://x","y")', " =1"]


def of_csv(rows: list[Row]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(rows).decode("utf-8-sig"), newline="")))


def of_xlsx(rows: list[Row]) -> list[dict[str, object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(rows))).active
    return [dict(zip(COLUMNS, row, strict=True)) for row in sheet.iter_rows(min_row=2)]


def test_a_csv_file_opens_in_excel_with_all_columns() -> None:
    data = to_csv([ROW])
    assert data.startswith(b"\xef\xbb\xbf")
    (row,) = of_csv([ROW])
    assert list(row) == list(COLUMNS)
    assert (row["value"], row["unit"], row["what"], row["title"]) == ("8710", "人次", "培訓組工乾部", "簡報")
    assert (row["upper"], row["page"], row["conflicting"]) == ("", "", "")


def test_a_header_can_be_in_the_readers_language() -> None:
    header = [f"列{number}" for number in range(len(COLUMNS))]
    assert to_csv([ROW], header).decode("utf-8-sig").splitlines()[0] == ",".join(header)
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx([ROW], header, "數據"))).active
    assert sheet.title == "數據"
    assert [cell.value for cell in sheet[1]] == header


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_text_that_begins_like_a_formula_is_none(text: str) -> None:
    row = replace(ROW, sentence=text, title=text, text=text)
    (written,) = of_csv([row])
    assert {written["sentence"], written["title"], written["text"]} == {f"'{text}"}
    (cells,) = of_xlsx([row])
    for name in ("sentence", "title", "text"):
        cell = cells[name]
        assert isinstance(cell, openpyxl.cell.Cell)
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
        assert str(cell.value).strip() == text.strip()


def test_a_negative_value_stays_a_number() -> None:
    row = replace(ROW, value=Decimal("-3.5"))
    assert of_csv([row])[0]["value"] == "-3.5"
    cell = of_xlsx([row])[0]["value"]
    assert isinstance(cell, openpyxl.cell.Cell)
    assert (cell.value, cell.data_type) == (-3.5, "n")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal(8710), 8710),
        (Decimal("0.1"), 0.1),
        (Decimal("10600000000000000000"), 1.06e19),
        (Decimal("12345678901234567"), "12345678901234567"),
        (Decimal(1) / 3, "0.3333333333333333333333333333"),
    ],
)
def test_a_value_is_a_number_where_no_digit_is_lost(value: Decimal, expected: object) -> None:
    cell = of_xlsx([replace(ROW, value=value)])[0]["value"]
    assert isinstance(cell, openpyxl.cell.Cell)
    assert cell.value == expected


def test_the_header_of_a_workbook_is_bold_and_stays_in_sight() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx([ROW]))).active
    assert all(cell.font.bold for cell in sheet[1])
    assert sheet.freeze_panes == "A2"
    assert [dimension.width for dimension in sheet.column_dimensions.values()] == list(COLUMNS.values())


def test_what_no_file_may_hold_is_left_out() -> None:
    row = replace(ROW, sentence=f"a\x00b\x0bc\ud800{'長' * 40_000}", title="#N/A", conflicting=True)
    (cells,) = of_xlsx([row])
    texts = {name: cell.value for name, cell in cells.items() if isinstance(cell, openpyxl.cell.Cell)}
    assert str(texts["sentence"]).startswith("abc長")
    assert (texts["title"], texts["conflicting"]) == ("#N/A", "!")
    assert of_csv([row])[0]["sentence"].startswith("abc長")
