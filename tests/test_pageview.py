"""Pages with a quote boxed. The pages are made here, each sentence in a colour, so that its ink can be told."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ingest import pageimage
from ingest import reader as reader_module
from ingest.loaders import SUFFIXES as READ
from ingest.loaders import load
from ingest.pageimage import Box, Run, place
from ingest.pageview import SUFFIXES, PageView, page_view
from ingest.reader import Reader
from rag.errors import DocumentError
from rag.store import FileStamp
from tests.papers import FONT, column, pdf_bytes

needs_font = pytest.mark.skipif(not FONT.exists(), reason="fonts-noto-cjk is not installed")

#: The quote, in red on the pages below, over two lines, and what stands before and after it, in blue.
QUOTE = "全省培訓組工幹部8710人次,形成調研報告二千餘份。"
RED, BLUE = (220, 0, 0), (0, 0, 220)
LINES = [
    [(BLUE, "年初以來開展組工幹部培訓三百餘期。")],
    [(BLUE, "收到了較好的效果。"), (RED, "全省培訓組工幹部")],
    [(RED, "8710人次,形成調研報告二千餘份。"), (BLUE, "解決實際問題。")],
    [(BLUE, "各級組織部門開展了培訓。")],
]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as opened:
        yield opened


def shown(x: float, y: float, text: str, colour: tuple[int, int, int] = RED, matrix: str = "1 0 0 1") -> str:
    """What draws a text on a page, y from below."""
    red, green, blue = (value / 255 for value in colour)
    return f"{red} {green} {blue} rg BT /F 12 Tf {matrix} {x} {y} Tm <{text.encode('utf-16-be').hex()}> Tj ET\n"


def paragraph(*, turned: bool = False) -> str:
    """The lines at the top of a page; `turned`: for a page that is shown turned by 90 degrees clockwise."""
    drawn = ""
    for number, pieces in enumerate(LINES):
        x = 72.0
        for colour, text in pieces:
            y = 100.0 + 16 * number
            drawn += shown(y, x, text, colour, "0 1 -1 0") if turned else shown(x, 842 - y, text, colour)
            x += 12 * len(text)
    return drawn


def paper(path: Path, drawn: str, page: str = "") -> Path:
    """A PDF in a font that is not in it but on this machine, so that there is ink."""
    data = pdf_bytes([[]], drawn=drawn, page=page)
    # This shifts the table of objects, which pdfium then makes anew.
    path.write_bytes(data.replace(b"/Identity-H", b"/UniCNS-UCS2-H").replace(b"(Identity)", b"(CNS1)"))
    return path


def scanned() -> Image.Image:
    image = Image.new("RGB", (1000, 1400), "white")
    font = ImageFont.truetype(str(FONT), 28, index=3)
    for number, pieces in enumerate(LINES):
        x = 60.0
        for colour, text in pieces:
            ImageDraw.Draw(image).text((x, 100 + 48 * number), text, colour, font)
            x += font.getlength(text)
    return image


def shares(view: PageView) -> tuple[float, float]:
    """How much of the red ink is in the boxes, and how much of the blue."""
    pixels = np.asarray(Image.open(io.BytesIO(view.image)).convert("RGB")).astype(int)
    assert pixels.shape == (view.height, view.width, 3)
    inside = np.zeros((view.height, view.width), dtype=bool)
    for left, top, width, height in view.boxes:
        assert 0 <= left < left + width <= 1
        assert 0 <= top < top + height <= 1
        inside[
            int(top * view.height) : int((top + height) * view.height) + 1,
            int(left * view.width) : int((left + width) * view.width) + 1,
        ] = True
    red = (pixels[..., 0] > 150) & (pixels[..., 1] < 120) & (pixels[..., 2] < 120)
    blue = (pixels[..., 2] > 150) & (pixels[..., 1] < 120) & (pixels[..., 0] < 120)
    assert red.sum() > 300
    assert blue.sum() > 300
    return (red & inside).sum() / red.sum(), (blue & inside).sum() / blue.sum()


def assert_boxed(view: PageView, *, red: float = 0.995, blue: float = 0.005) -> None:
    held, others = shares(view)
    assert held >= red
    assert others <= blue
    assert view.exact


# --- pages with text


@needs_font
@pytest.mark.parametrize(
    ("page", "turned", "size"),
    [
        ("", False, (1100, 1557)),
        ("/CropBox[40 500 500 800]", False, (1100, 718)),
        ("/MediaBox[-100 -50 595 842]", False, (1100, 1412)),
        ("/Rotate 90", True, (1100, 778)),
        ("/Rotate 90/CropBox[50 40 400 700]", True, (1100, 584)),
        ("/Rotate 90", False, (1100, 778)),
        ("/Rotate 180", False, (1100, 1557)),
        ("/Rotate 270", False, (1100, 778)),
    ],
)
def test_the_ink_of_the_quote_is_in_its_boxes_and_no_other(
    tmp_path: Path, reader: Reader, page: str, turned: bool, size: tuple[int, int]
) -> None:
    path = paper(tmp_path / "簡報.pdf", paragraph(turned=turned), page)
    view = page_view(path, 1, QUOTE, reader=reader)
    assert len(view.boxes) == 2
    assert view.media_type == "image/png"
    assert view.width == size[0]
    assert abs(view.height - size[1]) <= 1
    assert_boxed(view)


@needs_font
def test_a_quote_is_found_in_the_text_that_was_read_of_its_file(tmp_path: Path, reader: Reader) -> None:
    path = paper(tmp_path / "a.pdf", paragraph())
    [document] = load(path).documents
    start = document.text.index("全省")
    quote = document.text[start : document.text.index("。", start) + 1]
    assert quote.replace("\n", "") == QUOTE
    assert_boxed(page_view(path, 1, quote, reader=reader))


@needs_font
@pytest.mark.parametrize(
    "quote", ["全省培训组工干部８７１０人次，形成调研报告二千余份", " ".join(QUOTE), QUOTE.strip("。")]
)
def test_spaces_punctuation_width_and_script_make_no_difference(tmp_path: Path, reader: Reader, quote: str) -> None:
    assert_boxed(page_view(paper(tmp_path / "a.pdf", paragraph()), 1, quote, reader=reader))


@needs_font
def test_lines_that_the_file_holds_in_any_order_are_found(tmp_path: Path, reader: Reader) -> None:
    drawn = "".join(reversed(paragraph().splitlines(keepends=True)))
    assert_boxed(page_view(paper(tmp_path / "a.pdf", drawn), 1, QUOTE, reader=reader))


@needs_font
def test_the_row_of_a_table_has_one_box_also_where_other_rows_have_its_values(tmp_path: Path, reader: Reader) -> None:
    rows = [
        ("地區", "期數", "金額(万元)"),
        ("哈爾濱市", "21", "8,710"),
        ("大慶市", "21", "870"),
        ("黑河市", "21", "870"),
    ]
    drawn = "".join(
        shown(x, 700 - 20 * n, cell, RED if n == 2 else BLUE)
        for n, row in enumerate(rows)
        for x, cell in zip((72, 200, 300), row, strict=True)
    )
    path = paper(tmp_path / "a.pdf", drawn)
    quote = "地區：大慶市 | 期數：21 | 金額(万元)：870万元"
    assert quote in load(path).documents[0].text
    view = page_view(path, 1, quote, reader=reader)
    assert len(view.boxes) == 1
    assert_boxed(view)


@needs_font
def test_a_quote_that_goes_on_overleaf_has_its_lines_on_this_page(tmp_path: Path, reader: Reader) -> None:
    drawn = paragraph() + shown(290, 40, "第3頁", BLUE)
    view = page_view(
        paper(tmp_path / "a.pdf", drawn), 1, "各級組織部門開展了培訓。其餘在下一頁。".replace("。", ""), reader=reader
    )
    assert len(view.boxes) == 1
    assert shares(view)[0] == 0
    elsewhere = "年初以來開展組工幹部培訓三百餘期。其餘在下一頁。"  # which does not end near the page's foot
    assert not page_view(paper(tmp_path / "b.pdf", drawn * 2), 1, elsewhere, reader=reader).exact


@needs_font
@pytest.mark.parametrize("quote", ["", "。", "培訓九千人次。"])
def test_a_page_without_the_quote_is_shown_without_boxes(tmp_path: Path, reader: Reader, quote: str) -> None:
    view = page_view(paper(tmp_path / "a.pdf", paragraph()), 1, quote, reader=reader)
    assert (view.exact, view.boxes, view.width) == (False, (), 1100)


def test_ligatures_and_cut_words_are_found(tmp_path: Path, reader: Reader) -> None:
    lines = ["Nothing before. The oﬃces held inves-", "tigations. Nothing after."]
    (tmp_path / "a.pdf").write_bytes(pdf_bytes([[(72, 100 + 16 * n, 12, line) for n, line in enumerate(lines)]]))
    view = page_view(tmp_path / "a.pdf", 1, "The offices held investigations.", reader=reader)
    assert [round(left * 595) for left, *_ in view.boxes] == [72 + 16 * 6, 72]  # half of 12 points a letter


def test_the_image_is_as_wide_as_asked_but_never_of_too_many_pixels(tmp_path: Path, reader: Reader) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_bytes([column(QUOTE)]))
    small = page_view(tmp_path / "a.pdf", 1, QUOTE, width=300, reader=reader)
    large = page_view(tmp_path / "a.pdf", 1, QUOTE, width=90_000, reader=reader)
    assert (small.width, small.boxes) == (300, large.boxes)
    assert 0.95 * pageimage.MOST_PIXELS < large.width * large.height <= 1.01 * pageimage.MOST_PIXELS


# --- pages that are pictures


@needs_font
@pytest.mark.parametrize("name", ["a.pdf", "a.png", "a.tif"])
def test_the_lines_of_a_scan_are_boxed(tmp_path: Path, reader: Reader, name: str) -> None:
    pytest.importorskip("rapidocr")
    image = scanned()
    if name == "a.tif":
        image.save(tmp_path / name, save_all=True, append_images=[Image.new("RGB", (50, 50))])
    else:
        image.save(tmp_path / name)
    assert_boxed(page_view(tmp_path / name, 1, QUOTE, reader=reader), red=0.97, blue=0.03)


@needs_font
def test_a_scan_that_is_askew_and_turned_is_boxed_where_it_is_shown(tmp_path: Path, reader: Reader) -> None:
    pytest.importorskip("rapidocr")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    askew = scanned().rotate(1, fillcolor="white")
    askew.rotate(90, expand=True).save(tmp_path / "a.jpg", exif=exif, quality=95)
    view = page_view(tmp_path / "a.jpg", 1, QUOTE, reader=reader)
    assert (view.width, view.height) == (1000, 1400)
    assert_boxed(view, red=0.97, blue=0.05)


@needs_font
def test_a_scan_is_only_shown_where_there_is_nothing_to_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned().save(tmp_path / "a.pdf")
    scanned().save(tmp_path / "a.png")
    monkeypatch.setattr(pageimage, "_engine", lambda _: pytest.fail("it was read"))
    for name in ("a.pdf", "a.png"):
        found = pageimage.draw(tmp_path / name, 1, "", 500)
        assert (found["width"], found["height"], found["boxes"]) == (500, 700, [])


def test_a_picture_with_noise_is_a_jpeg(tmp_path: Path) -> None:
    Image.effect_noise((2000, 3000), 80).save(tmp_path / "a.png")
    found = pageimage.draw(tmp_path / "a.png", 1, "", 1100)
    assert (found["media_type"], found["width"], found["height"]) == ("image/jpeg", 1100, 1650)
    assert len(found["image"]) < 4_000_000


# --- what cannot be shown


def complaint(path: Path, page: int, reader: Reader | None = None, stamp: FileStamp | None = None) -> str:
    with pytest.raises(DocumentError) as caught:
        page_view(path, page, QUOTE, reader=reader, stamp=stamp)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def test_a_file_that_is_gone_or_has_no_pages_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path / "a\n.pdf", 1) == (
        "a�.pdf cannot be shown (No such file or directory); check that it exists and is yours."
    )
    (tmp_path / "a.docx").write_bytes(b"PK")
    assert complaint(tmp_path / "a.docx", 1) == "a.docx has no pages that can be shown; open it in its own program."


@pytest.mark.parametrize("page", [0, -1, 3, 10**20])
def test_a_page_that_is_not_there_is_named(tmp_path: Path, reader: Reader, page: int) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_bytes([column(QUOTE), column(QUOTE)]))
    assert complaint(tmp_path / "a.pdf", page, reader) == f"a.pdf has 2 pages and no page {page:,}; read it in again."
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    assert complaint(tmp_path / "a.png", page, reader) == f"a.png has 1 page and no page {page:,}; read it in again."


def test_a_file_that_breaks_is_refused_in_one_sentence(tmp_path: Path, reader: Reader) -> None:
    (tmp_path / "cut.pdf").write_bytes(pdf_bytes([column(QUOTE)])[:900])
    assert complaint(tmp_path / "cut.pdf", 1, reader) == (
        "cut.pdf is cut off (its end is missing); copy or download it again."
    )
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\nnothing\n%%EOF")
    assert "a.pdf is damaged" in complaint(tmp_path / "a.pdf", 1, reader)
    (tmp_path / "a.png").write_bytes(b"GIF89a")
    assert "a.png cannot be read" in complaint(tmp_path / "a.png", 1, reader)


def test_a_file_that_has_changed_is_refused_and_one_that_was_touched_is_not(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_bytes([column(QUOTE)]))
    status = path.stat()
    digest = "c0" * 32
    stamp = FileStamp(str(path), status.st_size, status.st_mtime_ns, digest)
    assert page_view(path, 1, QUOTE, stamp=stamp, reader=reader).exact
    os.utime(path, ns=(0, 0))
    sentence = "a.pdf has changed since it was read; read it in again to see its pages."
    assert complaint(path, 1, reader, stamp) == sentence
    digest = subprocess.run(["sha256sum", path], check=True, capture_output=True, text=True).stdout[:64]
    stamp = FileStamp(str(path), status.st_size, status.st_mtime_ns, digest)
    assert page_view(path, 1, QUOTE, stamp=stamp, reader=reader).exact
    path.write_bytes(pdf_bytes([column(QUOTE), column(QUOTE)]))
    assert complaint(path, 1, reader, stamp) == sentence


# --- the child


def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_bytes([column(QUOTE)]))
    with Reader() as opened:
        with monkeypatch.context() as patch:
            (tmp_path / "sitecustomize.py").write_text(
                "import time\nimport ingest.pageimage\ningest.pageimage._bytes = lambda path: time.sleep(99)\n"
            )
            patch.setenv("PYTHONPATH", str(tmp_path))
            patch.setattr(reader_module, "PAGE_SECONDS", 1.0)
            began = time.monotonic()
            assert complaint(tmp_path / "a.pdf", 1, opened) == (
                "a.pdf took more than 1 seconds to read; open it in its own program."
            )
            assert time.monotonic() - began < 30
        assert page_view(tmp_path / "a.pdf", 1, QUOTE, reader=opened).exact


def test_one_child_reads_and_shows_by_turns(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_bytes([column(QUOTE)]))
    with Reader() as opened:
        assert opened.read(path) == load(path)
        child = opened._child
        assert page_view(path, 1, QUOTE, reader=opened).exact
        assert opened.read(path) == load(path)
        assert opened._child is child


def test_the_process_that_shows_pages_loads_no_pdfium(tmp_path: Path) -> None:
    program = "import sys, ingest.pageview; sys.exit('pypdfium2' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent.parent)


def test_every_kind_with_pages_is_one_that_is_read() -> None:
    assert SUFFIXES < READ


# --- where a quote stands

LETTERS = "全省培训组工干部八七一人次形成调研报告二千余份"


@given(st.data())
def test_any_quote_is_found_however_its_page_is_broken_and_ordered(data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(LETTERS) - 1))))
    lines = [
        Run(LETTERS[start:end], [Box(n / 40, top / 40, (n + 1) / 40, (top + 1) / 40) for n in range(end - start)])
        for top, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(LETTERS)], strict=True))
    ]
    start = data.draw(st.integers(0, len(LETTERS) - 1))
    quote = LETTERS[start : data.draw(st.integers(start + 1, len(LETTERS)))]
    boxes = place(quote, data.draw(st.permutations(lines)))
    assert sum(round(40 * (box.right - box.left)) for box in boxes) == len(quote)
    assert [box.top for box in boxes] == sorted({box.top for box in boxes})


def line(text: str, top: float) -> Run:
    return Run(text, [Box(0.02 * n, top, 0.02 * (n + 1), top + 0.05) for n in range(len(text))])


def test_of_equal_lines_the_nearest_goes_on() -> None:
    page = [line("全省培训", 0.1), line("人次", 0.2), line("全市开展", 0.5), line("人次", 0.6)]
    assert [box.top for box in place("开展人次", page)] == [0.5, 0.6]
    assert [box.top for box in place("培训人次", page)] == [0.1, 0.2]
