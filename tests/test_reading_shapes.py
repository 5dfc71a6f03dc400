"""Files whose shape once misled a reader: pages that look vertical, browser prints, encodings like others."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.archive import members
from ingest.encodings import decode
from ingest.layout import Line, Page, assemble, without_running
from ingest.loaders import SUFFIXES
from ingest.pdf import _Box, _line, read_pdf
from ingest.web import html_text
from rag.errors import DocumentError
from rag.text import to_script
from tests.hostile import zipped
from tests.papers import Shown, pdf_bytes


def read(folder: Path, pages: list[list[Shown]], info: str = "") -> str:
    path = folder / "a.pdf"
    path.write_bytes(pdf_bytes(pages, info=info))
    return read_pdf(path).text


# --- PDF


def one_by_one(x: float, y: float, text: str) -> list[Shown]:
    """A text whose characters are put on the page one by one, as some browsers do."""
    starts = [x + sum(6 if before.isascii() else 12 for before in text[:n]) for n in range(len(text))]
    return [(start, y, 12, character) for start, character in zip(starts, text, strict=True) if character != " "]


def test_figures_stay_whole_on_a_page_that_pdfium_takes_for_vertical(tmp_path: Path) -> None:
    table = [
        shown
        for n in range(10, 60)
        for x, text in ((50, f"D{n}"), (260, f"{n}0 in {n} DC"), (430, f"{n}00"))
        for shown in one_by_one(x, 13 * n - 80, text)
    ]
    assert read(tmp_path, [table]).split("\n")[:2] == ["D10 | 100 in 10 DC | 1000", "D11 | 110 in 11 DC | 1100"]


def boxes(*spans: tuple[float, float], top: float = 0, bottom: float = 12) -> list[_Box]:
    return [_Box(left, top, right, bottom) for left, right in spans]


def test_a_supposed_space_needs_a_gap() -> None:
    assert _line("100", boxes((0, 6), (6, 12), (12, 18)), ["?", "?"]).text == "100"
    assert _line("100", boxes((0, 6), (6.5, 12.5), (15, 21)), ["?", "?"]).text == "10 0"
    assert _line("区1", boxes((0, 12), (12, 18)), ["?"]).text == "区1"
    assert _line("10", boxes((0, 6), (6, 12)), [" "]).text == "1 0"
    raised = [*boxes((0, 6), (6, 12)), _Box(12, -2, 15, 5)]
    assert _line("301", raised, ["", "?"]).text == "30 1"


def test_half_a_character_in_a_property_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    info = "/Title<FEFF57F98BADD800901A77E5>/Author<FEFFDC00738B51CC971E>"
    path.write_bytes(pdf_bytes([[(72, 100, 12, "培訓8710人次。")]], info=info))
    found = read_pdf(path)
    assert (found.text, found.title, found.author) == ("培訓8710人次。", "培训通知", "王凌霞")


@pytest.mark.parametrize("stamp", ["11/26/26, 12:30 AM", "2026/11/26 上午12:30", "2026-11-26 0:30"])
def test_time_and_address_that_a_browser_prints_are_no_text(tmp_path: Path, stamp: str) -> None:
    edges: list[Shown] = [(30, 20, 8, stamp), (30, 825, 8, "https://example.org/a?b=1"), (540, 825, 8, "1/1")]
    body: list[Shown] = [(72, 60, 12, "2011-04-19 10:30"), (72, 100, 12, "培訓8710人次。")]
    assert read(tmp_path, [[*edges, *body]]) == "2011-04-19 10:30\n培訓8710人次。"
    # One of the two may be the document's own.
    assert stamp in read(tmp_path, [[edges[0], *body]])
    assert "example" in read(tmp_path, [[*edges[1:], *body]])


def page(*texts: str) -> Page:
    return Page([Line(text, 70, 100 + 20 * n, 70 + 12 * 40, 112 + 20 * n) for n, text in enumerate(texts)], 595, 842)


@pytest.mark.parametrize(
    "lines",
    [
        ["District 9: 900", "District 10: 1000", "District 11: 1100"],
        ["Harbin: 100", "Daqing: 1,200 cadres", "Yichun: 5.5%"],
        ["第9区培训900人次", "第10区培训1000人次"],
        ["哈尔滨市培训100人次", "大庆市培训90人次", "伊春市培训8人次"],
        ["哈尔滨：100人", "大庆：90人"],
    ],
)
def test_items_of_a_list_that_are_as_wide_stay_apart(lines: list[str]) -> None:
    assert assemble([page(*lines)])[0].split("\n") == lines


@pytest.mark.parametrize(
    "lines",
    [
        ["the office trained cadres in 2010", "and 300 more of them in 2011"],
        ["年初以來，全省各級組織部門開展培訓341期，培訓組工幹部8710人次", "其中縣級以上培訓2270人次"],
        ["as follows: in the first half of 2010", "the number: 300"],
        ["全省開展培訓341期和研修", "班12期，共培訓8710人次"],
    ],
)
def test_prose_with_figures_at_its_edges_is_one_sentence(lines: list[str]) -> None:
    assert "\n" not in assemble([page(*lines)])[0]


def test_pages_without_lines_have_no_stamps() -> None:
    assert without_running([Page([], 595, 842)]) == [Page([], 595, 842)]


# --- encodings

WESTERN = (
    "The minister’s report says that 300 cadres were trained in Harbin.",
    "The office in Zürich trained 300 cadres.",
    "It cost £300 in all, or €350, they say here.",
    "Temperature rose to 20°C in the year 2011.",
    "“The plan” was – as he said – good enough for all of us.",
    "• first item of the list\n• second item of the list",
    "Äpfel und Öle sind teuer, sagte der Minister am Montag in Berlin.",
    "Le ministre a déclaré que l’État avait formé trois cents cadres à Harbin cette année.",
    "Die Straße nach München war für die größeren Fahrzeuge gesperrt, so der Bürgermeister.",
    "She said: “We don’t know.” Then she left—for good—and didn’t return…",
    "id,name,city\n1,José,Bogotá\n2,Ann,Köln\n3,Zoë,Malmö\n",
    "The région trained 300 cadres, an élite.",
    "a,b,c\n1,2,3\n4,5,©",
)


@pytest.mark.parametrize("text", WESTERN)
def test_western_text_is_not_taken_for_chinese(text: str) -> None:
    assert decode(text.encode("cp1252"), "a.txt") == text


@pytest.mark.parametrize("encoding", ["gb18030", "cp950"])
@pytest.mark.parametrize(
    "text",
    [
        "id,name,city,amount,remark\n1,Tom,哈爾濱,100,none\n2,Ann,大慶,200,none\n" + "3,Bob,none,300,none\n" * 20,
        "def train(cadres: int) -> int:\n    return cadres + 1  # 培訓人次\n" * 3,
        "print('Windows系統下DVD光碟的使用')\n" + "x = compute(x, y)\n" * 20,
        "The word 幹部 (cadre) is used in this report for all who hold an office there.",
        "name,sex\nTom,男\nAnn,女\nBob,男\n" + "John,unknown\n" * 10,
        "The minister's report says that 300 cadres were trained in 哈爾濱.",
    ],
)
def test_a_few_chinese_words_in_ascii_stay_chinese(text: str, encoding: str) -> None:
    text = text if encoding == "cp950" else to_script(text, "zh-Hans")
    assert decode(text.encode(encoding), "a.txt") == text


def test_each_chinese_word_by_itself_in_a_listing_stays_chinese() -> None:
    words = (
        "培訓幹部",
        "組織部",
        "簡報",
        "責任編輯",
        "活動",
        "全省各級",
        "幹部隊伍",
        "理論學習",
        "人次",
        "一月",
        "三人",
        "下載",
    )
    for word in words:
        for before, after in (("# ", ""), (",", ","), ('"', '"'), ("ID", ","), ("x=", ";"), ("(", ")")):
            text = "for row in rows: total += row.value\n" * 3 + before + word + after + "\n"
            assert decode(text.encode("cp950"), "a.txt") == text
            simple = to_script(text, "zh-Hans")
            assert decode(simple.encode("gb18030"), "a.txt") == simple


def test_text_of_an_old_mac_is_refused_and_not_guessed() -> None:
    with pytest.raises(DocumentError, match="Windows-1252"):
        decode("The minister’s report was long.".encode("mac-roman"), "a.txt")


# --- names in archives


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp950", ["訓練公告.txt", "名單/組織部.txt", "功能.txt"]),
        ("gb18030", ["训练公告.txt", "名单/组织部.txt", "材料.txt"]),
        ("utf-8", ["訓練公告.txt", "简报.txt"]),
        ("cp437", ["café.txt"]),
    ],
)
def test_names_of_an_archive_are_read_together(tmp_path: Path, encoding: str, names: list[str]) -> None:
    raw = [name.encode(encoding) for name in names]
    data = zipped({f"{n}" * len(name): "甲" for n, name in enumerate(raw)} | {"plain.txt": "乙", "簡.md": "丙"})
    for n, name in enumerate(raw):
        data = data.replace(f"{n}".encode() * len(name), name)
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert [member.name for member in members(path, SUFFIXES)] == [*names, "plain.txt", "簡.md"]


# --- tables within tables


def lines(markup: str) -> list[str]:
    return [line for line in html_text(markup.encode(), "a.html").text.split("\n") if line]


@pytest.mark.parametrize("cell", ["td", "th"])
def test_a_table_within_a_cell_is_the_text_of_the_cell(cell: str) -> None:
    head = f"<table><tr><{cell}>地区<{cell}>人次<tr><td>甲<td>100<tr><td>乙<td>"
    rows = ["地区：甲 | 人次：100", "地区：乙 | 人次：200", "后文"]
    assert lines(f"{head}<table><tr><td>200</table></table><p>后文") == rows
    if cell == "th":
        split = f"{head}<table><tr><td>男80<tr><td>女120</table></table>"
        assert lines(split) == ["地区：甲 | 人次：100", "地区：乙 | 人次：男80 女120"]


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        (
            "<table><tr><td>东北网<td>2011年<tr><td><table><tr><td>首页<tr><td>新闻</table><td>全省培训8710人次。"
            "<tr><td>版权<td>电话</table>",
            ["东北网", "2011年", "首页", "新闻", "全省培训8710人次。", "版权", "电话"],
        ),
        (
            "<table><tr><td>栏目<td>正文<tr><td>左<td><table><tr><th>地区<th>人次<tr><td>甲<td>100</table></table>",
            ["栏目", "正文", "左", "地区：甲 | 人次：100"],
        ),
    ],
)
def test_a_table_that_places_others_on_the_page_is_none(markup: str, found: list[str]) -> None:
    assert lines(markup) == found
