from __future__ import annotations

import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.util import Inches

from ingest.limits import check_office
from ingest.numbering import written
from ingest.office import read_docx, read_pptx
from ingest.properties import author_of, title_of
from rag.errors import DocumentError
from rag.text import sentences
from rag.types import Document

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BODY = "word/document.xml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def document(folder: Path, body: str, name: str = "a.docx", **parts: str) -> Path:
    """A Word document with this XML in its body; `numbering`, `footnotes`: the XML of other parts."""
    path = folder / name
    made = docx.Document()
    made.save(str(path))

    def replaced(data: bytes) -> bytes:
        inner = re.sub(r"<w:body>.*</w:body>", lambda _: f"<w:body>{body}</w:body>", data.decode(), flags=re.DOTALL)
        return inner.encode()

    change(path, BODY, replaced)
    for part, xml in parts.items():
        add_part(path, part, xml)
    return path


def add_part(path: Path, part: str, xml: str, content_type: str = "") -> None:
    content_type = content_type or f"application/vnd.openxmlformats-officedocument.wordprocessingml.{part}+xml"
    override = f'<Override PartName="/word/{part}.xml" ContentType="{content_type}"/>'
    relation = f'<Relationship Id="rId{part}" Type="{RELATIONS}/{part}" Target="{part}.xml"/>'
    with zipfile.ZipFile(path) as archive:
        known = f"word/{part}.xml" in archive.namelist()
    change(path, f"word/{part}.xml", lambda _: xml.encode())
    if not known:
        change(path, "[Content_Types].xml", lambda data: data.replace(b"</Types>", f"{override}</Types>".encode()))
        change(
            path,
            "word/_rels/document.xml.rels",
            lambda data: data.replace(b"</Relationships>", f"{relation}</Relationships>".encode()),
        )


def change(path: Path, part: str, how: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts[part] = how(parts.get(part, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def item(text: str, level: int = 0, number: int = 1) -> str:
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def numbering(*levels: tuple[str, str], more: str = "") -> str:
    inner = "".join(
        f'<w:lvl w:ilvl="{index}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for index, (kind, text) in enumerate(levels)
    )
    return (
        f'<w:numbering {W}><w:abstractNum w:abstractNumId="0">{inner}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>{more}</w:numbering>'
    )


def complaint(read: Any, path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(path.name)
    assert message.endswith(".")
    assert "\n" not in message
    assert str(path.parent) not in message
    return message


# --- Word: the body


def test_headings_paragraphs_and_tables_stand_in_their_order(tmp_path: Path) -> None:
    made = docx.Document()
    made.add_heading("組工工作簡報", 0)
    made.add_heading("一、總體情況", 1)
    made.add_paragraph("全省開展培訓341期。")
    table = made.add_table(2, 2)
    for row, texts in zip(table.rows, (("地區", "人次"), ("哈爾濱", "8710")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    made.add_heading("（一）主要做法", 2)
    made.add_paragraph("抓好落實。")
    made.save(str(tmp_path / "a.docx"))
    extracted = read_docx(tmp_path / "a.docx")
    assert extracted.text.split("\n\n") == [
        "# 組工工作簡報",
        "## 一、總體情況",
        "全省開展培訓341期。",
        "地區：哈爾濱 | 人次：8710",
        "### （一）主要做法",
        "抓好落實。",
    ]
    assert (extracted.title, extracted.author, extracted.date, extracted.pages) == ("組工工作簡報", "", "", ())


def test_every_sentence_can_be_quoted_by_its_offsets(tmp_path: Path) -> None:
    text = read_docx(document(tmp_path, paragraph("甲。乙。") + paragraph("丙；丁。"))).text
    stored = Document("a", text)
    quotes = [stored.text[start:end] for start, end in sentences(stored.text)]
    assert quotes == ["甲。", "乙。", "丙；", "丁。"]


def test_a_whole_paragraph_with_an_outline_level_is_no_heading(tmp_path: Path) -> None:
    level = '<w:outlineLvl w:val="0"/>'
    body = paragraph("一、突出重點", level) + paragraph("二、抓好落實。各地開展了活動。", level)
    assert read_docx(document(tmp_path, body)).text == "## 一、突出重點\n\n二、抓好落實。各地開展了活動。"


def test_soft_line_breaks_tabs_and_hyphens_are_kept(tmp_path: Path) -> None:
    body = "<w:p><w:r><w:t>上</w:t><w:br/><w:t>下</w:t><w:tab/><w:t>8</w:t><w:noBreakHyphen/><w:t>9</w:t></w:r></w:p>"
    assert read_docx(document(tmp_path, body)).text == "上\n下\t8-9"


def test_deletions_are_left_out_and_insertions_kept(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t>培訓</w:t></w:r>"
        '<w:del w:id="1" w:author="a"><w:r><w:delText>8000</w:delText></w:r></w:del>'
        '<w:ins w:id="2" w:author="a"><w:r><w:t>8710</w:t></w:r></w:ins>'
        '<w:moveFrom w:id="3" w:author="a"><w:r><w:t>舊處</w:t></w:r></w:moveFrom>'
        '<w:moveTo w:id="4" w:author="a"><w:r><w:t>人次</w:t></w:r></w:moveTo></w:p>'
    )
    assert read_docx(document(tmp_path, body)).text == "培訓8710人次"


def test_a_paragraph_whose_end_is_deleted_goes_on_in_the_next(tmp_path: Path) -> None:
    body = paragraph("培訓", '<w:rPr><w:del w:id="1" w:author="a"/></w:rPr>') + paragraph("8710人次")
    assert read_docx(document(tmp_path, body)).text == "培訓8710人次"


@pytest.mark.parametrize(
    ("properties", "shown"),
    [("<w:vanish/>", False), ('<w:vanish w:val="0"/>', True), ('<w:rStyle w:val="Secret"/>', False), ("<w:b/>", True)],
)
def test_hidden_text_is_left_out(tmp_path: Path, properties: str, shown: bool) -> None:
    styles = (
        f'<w:styles {W}><w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/>'
        "<w:rPr><w:vanish/></w:rPr></w:style></w:styles>"
    )
    body = f"<w:p><w:r><w:t>公開</w:t></w:r><w:r><w:rPr>{properties}</w:rPr><w:t>內部</w:t></w:r></w:p>"
    assert read_docx(document(tmp_path, body, styles=styles)).text == ("公開內部" if shown else "公開")


def test_the_result_of_a_field_is_read_and_its_code_is_not(tmp_path: Path) -> None:
    body = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK "x"</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>東北網</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        '<w:fldSimple w:instr="DATE"><w:r><w:t>訊</w:t></w:r></w:fldSimple></w:p>'
    )
    assert read_docx(document(tmp_path, body)).text == "東北網訊"


def test_the_table_of_contents_is_left_out(tmp_path: Path) -> None:
    styles = f'<w:styles {W}><w:style w:type="paragraph" w:styleId="T1"><w:name w:val="toc 1"/></w:style></w:styles>'
    contents = paragraph("一、概況 1", '<w:pStyle w:val="T1"/>')
    body = f"<w:sdt><w:sdtContent>{contents}</w:sdtContent></w:sdt>{paragraph('正文。')}"
    assert read_docx(document(tmp_path, body, styles=styles)).text == "正文。"


def test_footnotes_follow_their_paragraph_and_endnotes_the_text(tmp_path: Path) -> None:
    def notes(kind: str, text: str) -> str:
        return (
            f'<w:{kind}s {W}><w:{kind} w:id="-1" w:type="separator"><w:p/></w:{kind}>'
            f'<w:{kind} w:id="1">{paragraph(text)}</w:{kind}></w:{kind}s>'
        )

    body = (
        '<w:p><w:r><w:t>培訓8710</w:t></w:r><w:r><w:footnoteReference w:id="1"/></w:r><w:r><w:t>人次</w:t></w:r>'
        '<w:r><w:endnoteReference w:id="1"/></w:r><w:r><w:t>。</w:t></w:r></w:p>' + paragraph("下段。")
    )
    path = document(tmp_path, body, footnotes=notes("footnote", "含網上培訓。"), endnotes=notes("endnote", "見附件。"))
    assert read_docx(path).text == "培訓8710人次。\n\n注：含網上培訓。\n\n下段。\n\n注：見附件。"


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = f"<w:txbxContent>{paragraph('框中文字')}</w:txbxContent>"
    body = (
        f"<w:p><w:r><w:t>正文</w:t></w:r><w:r><mc:AlternateContent {mc}><mc:Choice Requires='wps'>"
        f"<w:drawing>{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert read_docx(document(tmp_path, body)).text == "正文\n\n框中文字"


def test_the_values_of_a_chart_stand_below_its_paragraph(tmp_path: Path) -> None:
    def points(kind: str, cache: str, *values: object) -> str:
        inner = "".join(f'<c:pt idx="{index}"><c:v>{value}</c:v></c:pt>' for index, value in enumerate(values))
        return f"<c:{kind}><c:{cache}>{inner}</c:{cache}></c:{kind}>"

    series = "".join(
        f"<c:ser>{points('tx', 'strCache', name)}{points('cat', 'strCache', '大慶', '黑河')}"
        f"{points('val', 'numCache', *values)}</c:ser>"
        for name, values in (("期數", (341, 12)), ("人次", (8710, 0.30000000000000004)))
    )
    chart = (
        '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:chart>'
        f"<c:title><c:tx><c:rich><a:p><a:r><a:t>培訓情況</a:t></a:r></a:p></c:rich></c:tx></c:title>{series}</c:chart></c:chartSpace>"
    )
    body = (
        '<w:p><w:r><w:t>見圖：</w:t></w:r><w:r><w:drawing><c:chart r:id="rIdchart" '
        'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        f'xmlns:r="{RELATIONS}"/></w:drawing></w:r></w:p>'
    )
    path = document(tmp_path, body)
    add_part(path, "chart", chart, "application/vnd.openxmlformats-officedocument.drawingml.chart+xml")
    assert read_docx(path).text == "見圖：\n\n培訓情況\n大慶 | 期數：341 | 人次：8710\n黑河 | 期數：12 | 人次：0.3"


# --- Word: lists


def test_the_numbers_of_chinese_lists_are_those_that_word_shows(tmp_path: Path) -> None:
    levels = numbering(("chineseCountingThousand", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3."))
    body = (
        item("總體")
        + item("做法", 1)
        + item("理論", 2)
        + item("5個班", 2)
        + item("成效", 1)
        + item("打算")
        + item("其一", 1)
    )
    assert read_docx(document(tmp_path, body, numbering=levels)).text.split("\n") == [
        "一、總體",
        "（一）做法",
        "1. 理論",
        "2. 5個班",
        "（二）成效",
        "二、打算",
        "（一）其一",
    ]


def test_a_number_of_several_levels_is_put_together(tmp_path: Path) -> None:
    levels = numbering(("decimal", "第%1章"), ("decimal", "%1.%2"), ("bullet", "\uf0b7"))
    body = item("甲") + item("乙", 1) + item("丙", 1) + item("丁", 2)
    assert read_docx(document(tmp_path, body, numbering=levels)).text == "第1章 甲\n1.1 乙\n1.2 丙\n• 丁"


def test_a_list_that_begins_anew_counts_from_its_start(tmp_path: Path) -> None:
    more = (
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/>'
        "</w:lvlOverride></w:num>"
    )
    body = item("甲") + item("乙") + item("丙", number=2) + item("丁", number=2)
    text = read_docx(document(tmp_path, body, numbering=numbering(("decimal", "%1）"), more=more))).text
    assert text == "1）甲\n2）乙\n1）丙\n2）丁"


def test_an_item_of_a_list_that_is_not_there_is_still_read(tmp_path: Path) -> None:
    assert read_docx(document(tmp_path, item("甲", 3, 99))).text == "甲"


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (101, "一百〇一"), (110, "一百一十"), (1001, "一千〇一")],
)
def test_chinese_numerals_are_written_as_they_are_read(number: int, text: str) -> None:
    assert written(number, ten="十") == text


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("upperRoman", "IV"),
        ("lowerLetter", "d"),
        ("ideographTraditional", "丁"),
        ("ideographZodiac", "卯"),
        ("chineseLegalSimplified", "肆"),
        ("decimalEnclosedCircle", "④"),
        ("decimalFullWidth", "４"),
        ("decimalZero", "04"),
        ("somethingNew", "4"),
    ],
)
def test_other_ways_to_count_are_known(tmp_path: Path, kind: str, shown: str) -> None:
    body = "".join(item("甲") for _ in range(4))
    assert (
        read_docx(document(tmp_path, body, numbering=numbering((kind, "%1、")))).text.split("\n")[-1] == f"{shown}、甲"
    )


# --- Word: tables


def test_merged_cells_of_a_table_are_not_repeated_but_name_all_they_cover(tmp_path: Path) -> None:
    made = docx.Document()
    table = made.add_table(4, 3)
    for row, texts in zip(
        table.rows,
        (("地區", "培訓", ""), ("", "期數", "人次（万）"), ("哈爾濱", "341", "871"), ("", "12", "3")),
        strict=True,
    ):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(2, 0).merge(table.cell(3, 0))
    made.save(str(tmp_path / "a.docx"))
    assert read_docx(tmp_path / "a.docx").text.split("\n") == [
        "地區：哈爾濱 | 培訓/期數：341 | 培訓/人次（万）：871万",
        "地區：哈爾濱 | 培訓/期數：12 | 培訓/人次（万）：3万",
    ]


def row(*cells: str, properties: str = "") -> str:
    inner = "".join(cell if cell.startswith("<w:tc>") else f"<w:tc>{paragraph(cell)}</w:tc>" for cell in cells)
    return f"<w:tr><w:trPr>{properties}</w:trPr>{inner}</w:tr>"


def test_a_deleted_row_is_left_out_and_marked_headers_are_believed(tmp_path: Path) -> None:
    body = (
        f"<w:tbl>{row('2009', '2010', properties='<w:tblHeader/>')}{row('3', '4')}"
        f"{row('5', '6', properties='<w:del/>')}</w:tbl>"
    )
    assert read_docx(document(tmp_path, body)).text == "2009：3 | 2010：4"


def test_a_table_in_a_cell_follows_its_table_and_a_frame_is_no_table(tmp_path: Path) -> None:
    below, first, second = "見下", "甲", "乙"
    inner = f"<w:tbl>{row('區縣', '人次')}{row('道里', '10')}</w:tbl>"
    body = f"<w:tbl>{row('地區', '說明')}{row('大慶', f'<w:tc>{paragraph(below)}{inner}</w:tc>')}</w:tbl>"
    assert read_docx(document(tmp_path, body)).text == "地區：大慶 | 說明：見下\n\n區縣：道里 | 人次：10"
    frame = f"<w:tbl>{row(f'<w:tc>{paragraph(first)}{paragraph(second)}</w:tc>')}</w:tbl>"
    assert read_docx(document(tmp_path, frame)).text == "甲\n\n乙"


# --- properties


def test_properties_are_believed_only_where_a_person_wrote_them(tmp_path: Path) -> None:
    made = docx.Document()
    made.add_paragraph("簡報第138期")
    made.add_paragraph("全省開展培訓。")
    made.core_properties.author, made.core_properties.title = "王凌霞", "简报第138期"
    made.save(str(tmp_path / "a.docx"))
    assert (found := read_docx(tmp_path / "a.docx")).title == "简报第138期"
    assert (found.author, found.date) == ("王凌霞", "")
    made.core_properties.author, made.core_properties.title = "Administrator", "去年那份文件的題目"
    made.save(str(tmp_path / "b.docx"))
    assert (found := read_docx(tmp_path / "b.docx")).title == ""
    assert found.author == ""


@pytest.mark.parametrize(
    "name", ["python-docx", "Administrator", "微软用户", "Windows 用户", "lenovo", "USER-PC", "a@b.cn", "1"]
)
def test_computers_and_programs_are_no_authors(name: str) -> None:
    assert author_of(name) == ""


@pytest.mark.parametrize(
    "title", ["PowerPoint 演示文稿", "幻灯片 1", "Microsoft Word - a.doc", "文档1", "新建文档", "Untitled", "1"]
)
def test_what_programs_call_a_new_file_is_no_title(title: str) -> None:
    assert title_of(title) == ""


def test_people_and_chosen_titles_are_believed() -> None:
    assert author_of("省委组织部 王凌霞") == "省委组织部 王凌霞"
    assert title_of("关于开展培训的通知") == "关于开展培训的通知"


# --- slides


def test_each_slide_is_a_page_with_its_title_first_and_its_notes_last(tmp_path: Path) -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.placeholders[1].text = "第一點\n第二點"
    slide.shapes.title.text = "培訓情況"
    slide.notes_slide.notes_text_frame.text = "口頭說明。"
    made.slides.add_slide(made.slide_layouts[6])
    hidden = made.slides.add_slide(made.slide_layouts[5])
    hidden.shapes.title.text = "不放映"
    hidden.element.set("show", "0")
    last = made.slides.add_slide(made.slide_layouts[5])
    last.shapes.title.text = "打算"
    made.save(str(tmp_path / "a.pptx"))
    extracted = read_pptx(tmp_path / "a.pptx")
    assert extracted.text.split("\n\n") == ["## 培訓情況\n第一點\n第二點\n备注：口頭說明。", "", "", "## 打算"]
    stored = Document("a", extracted.text, pages=extracted.pages)
    assert list(extracted.pages) == sorted(set(extracted.pages))
    assert [stored.page_at(stored.text.index(text)) for text in ("第二點", "口頭", "打算")] == [1, 1, 4]
    assert (extracted.title, extracted.author) == ("培訓情況", "")


def test_shapes_are_read_from_top_to_bottom_and_groups_walked(tmp_path: Path) -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    for text, left, top in (("丁", 1, 5), ("乙", 5, 1.1), ("甲", 1, 1)):
        slide.shapes.add_textbox(Inches(left), Inches(top), Inches(1), Inches(1)).text_frame.text = text
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(3), Inches(1), Inches(1)).text_frame.text = "丙"
    made.save(str(tmp_path / "a.pptx"))
    assert read_pptx(tmp_path / "a.pptx").text == "甲\n乙\n丙\n丁"


def test_tables_and_charts_become_rows_with_names(tmp_path: Path) -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    table = slide.shapes.add_table(3, 3, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for cells, texts in zip(
        table.rows, (("地區", "培訓", ""), ("", "期數", "人次"), ("哈爾濱", "341", "8710")), strict=True
    ):
        for cell, text in zip(cells.cells, texts, strict=True):
            cell.text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 0).merge(table.cell(1, 0))
    chart_data: Any = CategoryChartData
    data = chart_data(number_format="0.0%")
    data.categories = ["2009", "2010"]
    data.add_series("增長率", (0.125, 0.13))
    data.add_series("占比", (0.5, None))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(4), Inches(3), Inches(2), data)
    made.save(str(tmp_path / "a.pptx"))
    assert read_pptx(tmp_path / "a.pptx").text.split("\n") == [
        "地區：哈爾濱 | 培訓/期數：341 | 培訓/人次：8710",
        "2009 | 增長率：12.5% | 占比：50.0%",
        "2010 | 增長率：13.0%",
    ]


def test_the_words_of_a_diagram_are_read(tmp_path: Path) -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    names = (
        'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
        f'xmlns:r="{RELATIONS}"'
    )
    points = "".join(
        f'<dgm:pt type="{kind}"><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>'
        for kind, text in (("doc", "無"), ("node", "學習"), ("node", "實踐"), ("pres", "重複"))
    )
    data = f"<dgm:dataModel {names}><dgm:ptLst>{points}</dgm:ptLst></dgm:dataModel>".encode()
    kind = "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml"
    part = Part(PackURI("/ppt/diagrams/data1.xml"), kind, slide.part.package, data)
    identity = slide.part.relate_to(part, f"{RELATIONS}/diagramData")
    frame: Any = parse_xml(
        f'<p:graphicFrame {names}><p:nvGraphicFramePr><p:cNvPr id="9" name="x"/><p:cNvGraphicFramePr/><p:nvPr/>'
        '</p:nvGraphicFramePr><p:xfrm><a:off x="0" y="0"/><a:ext cx="1" cy="1"/></p:xfrm><a:graphic>'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/diagram">'
        f'<dgm:relIds r:dm="{identity}"/></a:graphicData></a:graphic></p:graphicFrame>'
    )
    slide.shapes._spTree.append(frame)
    made.save(str(tmp_path / "a.pptx"))
    assert read_pptx(tmp_path / "a.pptx").text == "學習\n實踐"


# --- broken and hostile files

READERS = [(read_docx, "a.docx"), (read_pptx, "a.pptx")]


def ordinary(folder: Path, name: str) -> Path:
    path = folder / name
    made: Any = docx.Document() if name.endswith("docx") else pptx.Presentation()
    made.save(str(path))
    return path


@pytest.mark.parametrize(("read", "name"), READERS)
def test_a_truncated_file_is_refused(tmp_path: Path, read: Any, name: str) -> None:
    path = ordinary(tmp_path, name)
    path.write_bytes(path.read_bytes()[:-500])
    assert "damaged or cut off" in complaint(read, path)


@pytest.mark.parametrize(("read", "name"), READERS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not an Office file"),
        (b"{\\rtf1 }", "is not an Office file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le"), "old format"),
    ],
)
def test_what_is_no_office_file_is_refused(tmp_path: Path, read: Any, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert said in complaint(read, tmp_path / name)


@pytest.mark.parametrize(("read", "name"), READERS)
def test_a_zip_that_holds_something_else_is_refused(tmp_path: Path, read: Any, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("readme.txt", "hello")
    complaint(read, tmp_path / name)


def test_an_office_file_of_another_kind_is_told_apart(tmp_path: Path) -> None:
    ordinary(tmp_path, "a.docx").rename(tmp_path / "b.pptx")
    assert "another kind" in complaint(read_pptx, tmp_path / "b.pptx")
    ordinary(tmp_path, "a.pptx").rename(tmp_path / "b.docx")
    assert "another kind" in complaint(read_docx, tmp_path / "b.docx")


XXE = b'<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname"><!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize("part", [BODY, "word/styles.xml", "word/_rels/document.xml.rels", "[Content_Types].xml"])
def test_entities_are_refused_wherever_they_are(tmp_path: Path, part: str) -> None:
    path = document(tmp_path, paragraph("&secret;").replace("&secret;", "甲"))
    change(path, part, lambda data: XXE + re.sub(rb"<\?xml[^>]*\?>", b"", data))
    assert "document type" in complaint(read_docx, path)


def test_nothing_that_a_document_names_outside_itself_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text(f"<w:footnotes {W}/>")
    path = document(tmp_path, paragraph("正文。"))
    outside = "".join(
        f'<Relationship Id="x{number}" Type="{RELATIONS}/{kind}" Target="{target}" TargetMode="External"/>'
        for number, (kind, target) in enumerate(
            [
                ("attachedTemplate", "http://127.0.0.1:9/a.dotm"),
                ("footnotes", secret.as_uri()),
                ("image", "file://server/share/a.png"),
                ("aFChunk", "http://127.0.0.1:9/a.html"),
            ]
        )
    )
    change(
        path,
        "word/_rels/document.xml.rels",
        lambda data: data.replace(b"</Relationships>", f"{outside}</Relationships>".encode()),
    )

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", refused)
    secret.chmod(0)
    assert read_docx(path).text == "正文。"


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ordinary(tmp_path, "a.docx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/media/a.png", "w") as part:
        for _ in range(60):
            part.write(bytes(1_000_000))
    monkeypatch.setattr("docx.package.Package.open", lambda _: pytest.fail("it was opened"))
    assert "unpack to far more" in complaint(read_docx, path)


def test_more_xml_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = document(tmp_path, paragraph("甲" * 400_000))
    check_office(path)
    assert "MB of text and markup" in complaint(lambda file: check_office(file, most_xml=1_000_000), path)


@pytest.mark.parametrize(
    "body",
    [
        '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="999999999"/></w:tcPr></w:tc><w:tc/></w:tr></w:tbl>',
        "<w:sdt><w:sdtContent>" * 300 + "</w:sdtContent></w:sdt>" * 300,
        "<w:p>",
    ],
)
def test_xml_that_no_word_program_writes_is_refused(tmp_path: Path, body: str) -> None:
    assert "damaged" in complaint(read_docx, document(tmp_path, body))


def test_a_style_that_is_based_on_itself_does_no_harm(tmp_path: Path) -> None:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{one}"><w:name w:val="{one}"/><w:basedOn w:val="{other}"/></w:style>'
        for one, other in (("A", "B"), ("B", "A"))
    )
    body = paragraph("甲", '<w:pStyle w:val="A"/>')
    assert read_docx(document(tmp_path, body, styles=f"<w:styles {W}>{styles}</w:styles>")).text == "甲"


def test_macros_do_not_keep_a_document_from_being_read(tmp_path: Path) -> None:
    path = document(tmp_path, paragraph("正文。"), "a.docm")
    change(
        path,
        "[Content_Types].xml",
        lambda data: data.replace(
            b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            b"application/vnd.ms-word.document.macroEnabled.main+xml",
        ),
    )
    assert read_docx(path).text == "正文。"


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize(("read", "name"), READERS)
def test_a_file_with_a_damaged_part_is_read_or_refused_in_one_sentence(
    tmp_path: Path, read: Any, name: str, seed: int
) -> None:
    chance = random.Random(seed)
    path = ordinary(tmp_path, name)
    with zipfile.ZipFile(path) as archive:
        part = chance.choice([part for part in archive.namelist() if part.endswith((".xml", ".rels"))])

    def damaged(data: bytes) -> bytes:
        found = chance.choice(list(re.finditer(rb'"([^"]*)"', data)))
        return data[: found.start(1)] + chance.choice([b"", b"-1", b"9" * 30, b"rId99", b"../x"]) + data[found.end(1) :]

    change(path, part, damaged)
    said = f"{name} is read."
    try:
        read(path)
    except DocumentError as error:
        said = str(error)
    assert re.fullmatch(rf"{name} [^\n]+\.", said)
