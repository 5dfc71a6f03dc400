"""PDF files: their text as paragraphs, page by page, and what is refused. The files are written here, byte by byte."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from ingest import pdf
from ingest.extracted import Extracted
from ingest.pdf import clean, read_pdf
from rag.errors import DocumentError
from rag.text import sentences
from tests.papers import Shown, column, pdf_bytes


def read(tmp_path: Path, *pages: Sequence[Shown], name: str = "簡報.pdf", **more: str) -> Extracted:
    path = tmp_path / name
    path.write_bytes(pdf_bytes(pages, **more))
    return read_pdf(path)


SENTENCE = (
    "年初以來，全省各級組織部門開展組工幹部培訓三百餘期，培訓組工幹部8710人次，形成調研報告二千餘份，"
    "解決實際問題六千餘個，收到了較好的效果。"
)


def test_lines_that_were_broken_at_the_edge_are_one_sentence_again(tmp_path: Path) -> None:
    text = SENTENCE + SENTENCE
    found = read(tmp_path, [(220, 60, 18, "培訓工作簡報"), *column(text), *column(SENTENCE, y=220)])
    assert found.text == f"培訓工作簡報\n{text}\n\n{SENTENCE}"
    assert found.text[slice(*sentences(found.text)[1])] == SENTENCE
    assert (found.pages, found.date) == ((0,), "")


def test_english_lines_are_joined_with_a_space_and_cut_words_without(tmp_path: Path) -> None:
    lines = [
        "The departments organised three hundred",
        "and forty training courses, with investi-",
        "gations in each of the counties of all.",
        "Short end.",
    ]
    found = read(tmp_path, [(72, 100 + 16 * n, 12, line) for n, line in enumerate(lines)])
    assert "three hundred and forty training courses, with investigations in each" in found.text


def test_headings_items_and_short_lines_stay_apart(tmp_path: Path) -> None:
    items = ["一、總體情況", "（一）培訓幹部8710人次", "（二）形成調研報告2270份", "責任編輯：王凌霞"]
    found = read(tmp_path, [*column(SENTENCE, y=300), *((96, 100 + 20 * n, 12, item) for n, item in enumerate(items))])
    assert found.text.split("\n")[:4] == items


def test_sentence_over_a_page_break_is_one_run_and_the_next_page_begins_in_it(tmp_path: Path) -> None:
    shown = column(SENTENCE * 3, y=100)
    found = read(tmp_path, shown[:3], [(x, y - 60, size, text) for x, y, size, text in shown[3:]])
    assert found.text == SENTENCE * 3
    assert found.pages == (0, sum(len(line) for *_, line in shown[:3]))
    assert found.text[found.pages[1] :].startswith(shown[3][3])


def test_paragraph_that_ends_with_its_page_is_not_joined_to_the_next(tmp_path: Path) -> None:
    found = read(tmp_path, column(SENTENCE), column(SENTENCE))
    assert found.text == f"{SENTENCE}\n\n{SENTENCE}"
    assert found.text[found.pages[1] :] == SENTENCE


def test_running_headers_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    pages = [
        [
            (72, 40, 9, "組織工作簡報"),
            *column(f"第{n}地區。{SENTENCE}"),
            (280, 800, 9, f"― {n + 3} ―"),
            (400, 800, 9, f"第{n + 3}页 共9页"),
        ]
        for n in range(4)
    ]
    text = read(tmp_path, *pages).text
    assert "簡報" not in text
    assert "―" not in text
    assert "共9" not in text
    assert text.count("8710") == 4


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left, right = (
        column("甲" + SENTENCE * 3, width=18, indent=0),
        column("乙" + SENTENCE * 3, width=18, indent=0, x=310),
    )
    rows = [line for pair in zip(left, right, strict=True) for line in pair]
    text = read(tmp_path, [(240, 60, 18, "年度報告"), *rows]).text
    assert text.index("甲") < text.index("乙")
    assert "甲" + SENTENCE * 3 in text
    assert "乙" + SENTENCE * 3 in text


def test_aligned_table_has_a_line_a_row_with_its_headers(tmp_path: Path) -> None:
    rows = [("地區", "期數", "人次"), ("哈爾濱市", "34", "1,210"), ("大慶市", "21", "870")]
    shown = [
        (x, 100 + 20 * n, 12, cell) for n, row in enumerate(rows) for x, cell in zip((72, 200, 300), row, strict=True)
    ]
    assert read(tmp_path, shown).text.split("\n") == [
        "地區：哈爾濱市 | 期數：34 | 人次：1,210",
        "地區：大慶市 | 期數：21 | 人次：870",
    ]


def test_ruled_table_keeps_cells_of_several_lines_whole(tmp_path: Path) -> None:
    drawn = "".join(f"72 {842 - y} m 400 {842 - y} l S\n" for y in (100, 130, 180, 210))
    drawn += "".join(f"{x} {842 - 100} m {x} {842 - 210} l S\n" for x in (72, 180, 290, 400))
    shown: list[Shown] = [(80, 120, 12, "地區"), (190, 120, 12, "期數"), (300, 120, 12, "人次")]
    shown += [(80, 150, 12, "哈爾濱市及"), (80, 168, 12, "所屬縣區"), (190, 160, 12, "34"), (300, 160, 12, "1,210")]
    shown += [(80, 200, 12, "大慶市"), (190, 200, 12, "21"), (300, 200, 12, "870")]
    text = read(tmp_path, shown, drawn=drawn).text
    assert text.split("\n")[0] == "地區：哈爾濱市及所屬縣區 | 期數：34 | 人次：1,210"


def test_page_on_its_side_is_read_upright(tmp_path: Path) -> None:
    drawn = "".join(
        f"BT /F 12 Tf 0 1 -1 0 {100 + 20 * n} 100 Tm <{text.encode('utf-16-be').hex()}> Tj ET\n"
        for n, text in enumerate(("First line", "Second line"))
    )
    assert read(tmp_path, [], drawn=drawn, page="/Rotate 90").text == "First line\nSecond line"


def test_title_and_author_are_taken_only_where_they_mean_something(tmp_path: Path) -> None:
    found = read(
        tmp_path, column(SENTENCE), info="/Title(Training report 2011)/Author(Wang Lingxia)/CreationDate(D:20200101)"
    )
    assert (found.title, found.author, found.date) == ("Training report 2011", "Wang Lingxia", "")
    for title in ("Microsoft Word - a.doc", "report.docx", "a", "Untitled-1", "12345", "<feff65874ef60031>"):
        written = title if title.startswith("<") else f"({title})"
        other = read(tmp_path, column(SENTENCE), name="a.pdf", info=f"/Title{written}/Author(Administrator)")
        assert (other.title, other.author) == ("", ""), title


def test_scripts_actions_and_embedded_files_are_ignored(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    extra = (
        f"/OpenAction<</S/Launch/F({mark})/Win<</F(cmd)>>>>/AA<</WC<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1'\\))>>>>"
        "/Names<</EmbeddedFiles<</Names[(secret.txt)<</Type/Filespec/F(secret.txt)>>]>>>>"
    )
    assert read(tmp_path, column(SENTENCE), extra=extra).text == SENTENCE
    assert not mark.exists()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 no pdf at all", "is not a PDF"),
        (b"%PDF-1.7\nnothing\n%%EOF", "is damaged"),
        (pdf_bytes([column(SENTENCE)])[:900], "is cut off"),
        (pdf_bytes([[]]), "holds no text"),
        (pdf_bytes([column(SENTENCE)], page="/UserUnit 1").replace(b"0 0 595 842", b"0 0 595 99999"), "is larger than"),
    ],
)
def test_file_that_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "簡報.pdf"
    path.write_bytes(data)
    with pytest.raises(DocumentError, match=rf"^簡報\.pdf.* ?{reason}[^\n]*\.$"):
        read_pdf(path)


def test_locked_file_says_that_it_needs_a_password(tmp_path: Path) -> None:
    encrypt = "<</Filter/Standard/V 1/R 2/Length 40/P -44/O<" + "11" * 32 + ">/U<" + "22" * 32 + ">>>/ID[<00><00>]"
    data = pdf_bytes([column(SENTENCE)]).replace(b"/Info 7 0 R", f"/Info 7 0 R/Encrypt {encrypt}".encode())
    (tmp_path / "a.pdf").write_bytes(data)
    with pytest.raises(DocumentError, match=r"a\.pdf is locked with a password"):
        read_pdf(tmp_path / "a.pdf")


def test_limits_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, value, reason in (
        ("MOST_PAGES", 1, "has 2 pages"),
        ("MOST_BYTES", 10, "larger"),
        ("MOST_ON_PAGE", 5, "more than 5"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(pdf, limit, value)
            with pytest.raises(DocumentError, match=reason):
                read(tmp_path, column(SENTENCE), column(SENTENCE))


def test_a_picture_in_a_page_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("1", (200, 200)).save(tmp_path / "a.pdf")
    monkeypatch.setattr(pdf, "MOST_IMAGE", 39_999)
    with pytest.raises(DocumentError, match=r"^a\.pdf, page 1, has a picture of more than"):
        read_pdf(tmp_path / "a.pdf")


def test_too_many_scanned_pages_are_refused_before_any_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a page was read")

    monkeypatch.setattr(pdf, "recognise", refuse)
    monkeypatch.setattr(pdf, "MOST_SCANS", 2)
    scan = Image.new("L", (100, 140), 255)
    scan.save(tmp_path / "a.pdf", save_all=True, append_images=[scan, scan])
    with pytest.raises(DocumentError, match=r"^a\.pdf has more than 2 scanned pages; [^\n]*\.$"):
        read_pdf(tmp_path / "a.pdf")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"^none\.pdf cannot be read"):
        read_pdf(tmp_path / "none.pdf")


def test_radicals_ligatures_and_controls_become_plain_text() -> None:
    assert clean("⾏政⺠主\x00 ofﬁce\u200b ") == "行政民主 office"


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_page_printed_by_a_browser_reads_as_it_was_written(tmp_path: Path) -> None:
    seed = (Path(__file__).parent.parent / "seeds" / "briefing-138.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in seed.split("\n") if line.strip()]
    html = "".join(f"<p>{line}</p>" for line in lines)
    (tmp_path / "a.html").write_text(
        f"<meta charset=utf-8><style>p{{text-indent:2em;margin:0}}</style>{html}", encoding="utf-8"
    )
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command += [
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--print-to-pdf={tmp_path / 'a.pdf'}",
        str(tmp_path / "a.html"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found = read_pdf(tmp_path / "a.pdf")
    assert [line for line in found.text.split("\n") if line] == [" ".join(line.split()) for line in lines]
    assert len(found.pages) > 1
