"""Pictures of text: what they say, in paragraphs, and what is refused. The pictures are drawn here."""

from __future__ import annotations

import io
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from ingest import ocr, reader
from ingest.extracted import Extracted
from ingest.ocr import _strips, read_image
from ingest.pdf import read_pdf
from rag.errors import DocumentError
from tests.papers import FONT, column, drawn, pdf_bytes

SENTENCE = "年初以來,全省各級組織部門開展組工乾部培訓341期,培訓組工乾部8710人次,收到了較好的效果。"
needs_recognition = pytest.mark.skipif(not FONT.exists(), reason="fonts-noto-cjk is not installed")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a picture is read without the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@needs_recognition
@pytest.mark.usefixtures("offline")
def test_picture_is_read_offline_and_silently_in_both_scripts(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rapidocr")
    half = len(SENTENCE) // 2
    drawn(SENTENCE[:half], SENTENCE[half:], width=900).rotate(1, fillcolor="white").save(tmp_path / "a.png")
    drawn("培训组工干部8710人次", face=2).save(tmp_path / "b.jpg")
    assert read_image(tmp_path / "a.png").text.replace("，", ",") == SENTENCE
    assert read_image(tmp_path / "b.jpg").text == "培训组工干部8710人次"
    assert capfd.readouterr() == ("", "")


@needs_recognition
def test_frames_of_a_tiff_are_pages(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    drawn("第一頁").save(tmp_path / "a.tif", save_all=True, append_images=[drawn("第二頁")])
    found = read_image(tmp_path / "a.tif")
    assert [found.text[start : start + 3] for start in found.pages] == ["第一頁", "第二頁"]


@needs_recognition
def test_scanned_page_of_a_pdf_is_read_from_its_picture(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    image = drawn("組工乾部8710人次", width=827)
    image.save(tmp_path / "a.pdf", resolution=100)
    assert read_pdf(tmp_path / "a.pdf").text == "組工乾部8710人次"


def with_picture(page: Any, document: Any, image: Image.Image) -> None:
    """Puts a picture over a whole page."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    shown = pypdfium2.PdfImage.new(document)
    shown.load_jpeg(buffer)
    shown.set_matrix(pypdfium2.PdfMatrix().scale(*page.get_size()))
    page.insert_obj(shown)
    page.gen_content()


@needs_recognition
def test_page_whose_characters_are_noise_is_read_from_its_picture(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    noise = "".join(chr(0xE000 + ord(character) % 3000) for character in SENTENCE)
    text = "可以選取的文字，培訓341期，收到了很好的效果。" * 2
    document = pypdfium2.PdfDocument(pdf_bytes([column(noise), column(text)]))
    for page in document:
        with_picture(page, document, drawn("組工乾部8710人次", width=827, height=1170))
    document.save(tmp_path / "a.pdf")
    document.close()
    # Where the characters are text they are believed, whatever the page shows.
    assert by_page(read_pdf(tmp_path / "a.pdf")) == ["組工乾部8710人次", text]


@needs_recognition
def test_pages_of_text_and_scanned_pages_are_read_in_their_order(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    document = pypdfium2.PdfDocument(pdf_bytes([column("第一頁培訓341期。"), [], column("第三頁培訓12期。")]))
    with_picture(document[1], document, drawn("第二頁8710人次", width=827, height=1170))
    document.save(tmp_path / "a.pdf")
    document.close()
    assert by_page(read_pdf(tmp_path / "a.pdf")) == ["第一頁培訓341期。", "第二頁8710人次", "第三頁培訓12期。"]


def by_page(found: Extracted) -> list[str]:
    ends = [*found.pages[1:], len(found.text)]
    return [found.text[start:end].strip() for start, end in zip(found.pages, ends, strict=True)]


def test_a_tiff_of_too_many_pages_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "MOST_SCANS", 1)
    page = Image.new("1", (20, 20))
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page])
    with pytest.raises(DocumentError, match=r"^a\.tif has more than 1 pages; [^\n]*\.$"):
        read_image(tmp_path / "a.tif")


def test_a_file_has_twice_the_time_that_its_most_scanned_pages_take() -> None:
    assert reader.SECONDS >= 2 * ocr.MOST_SCANS * ocr.SECONDS_A_SCAN


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_missing_package_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    Image.new("RGB", (900, 1200), "white").save(tmp_path / f"a.{kind}")
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    ocr._ready.cache_clear()
    with pytest.raises(DocumentError, match=r"^a\.\w+ is a (?:scan|picture).*pip install 'jianbao\[ocr\]'`\.$"):
        (read_pdf if kind == "pdf" else read_image)(tmp_path / f"a.{kind}")


def test_missing_models_are_named_and_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "rapidocr"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "rapidocr", raising=False)
    Image.new("RGB", (90, 120), "white").save(tmp_path / "a.png")
    ocr._ready.cache_clear()
    with pytest.raises(DocumentError, match=r"^a\.png is a picture.*models.*pip install[^\n]*\.$"):
        read_image(tmp_path / "a.png")


def test_picture_without_text_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    Image.new("L", (200, 200), 255).save(tmp_path / "a.bmp")
    with pytest.raises(DocumentError, match=r"^a\.bmp shows no text"):
        read_image(tmp_path / "a.bmp")


def test_broken_empty_and_foreign_pictures_are_refused_in_one_sentence(tmp_path: Path) -> None:
    Image.effect_noise((300, 300), 80).save(tmp_path / "whole.png")
    data = (tmp_path / "whole.png").read_bytes()
    for name, content in {"a.png": b"", "b.jpg": b"<svg/>", "c.png": data[:500], "d.webp": b"RIFF\0\0\0\0WEBP"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DocumentError, match=rf"^{name} is (?:not a picture|damaged)[^\n]*\.$"):
            read_image(tmp_path / name)
    with pytest.raises(DocumentError, match=r"^none\.png cannot be read"):
        read_image(tmp_path / "none.png")


def test_pictures_that_would_fill_the_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("1", (9000, 9000)).save(tmp_path / "a.png")  # 10 kB
    Image.new("1", (15000, 15000)).save(tmp_path / "b.png")
    for name in ("a.png", "b.png"):
        with pytest.raises(DocumentError, match=r"million pixels"):
            read_image(tmp_path / name)
    monkeypatch.setattr(ocr, "MOST_BYTES", 10)
    with pytest.raises(DocumentError, match="larger than"):
        read_image(tmp_path / "a.png")


def test_long_picture_is_cut_between_its_lines_and_nowhere_else() -> None:
    pixels = np.full((7000, 50, 3), 255, dtype=np.uint8)
    for top in range(0, 7000, 40):
        pixels[top : top + 30, ::2] = 0
    spans = list(_strips(pixels))
    assert [stop for _, stop in spans[:-1]] == [start for start, _ in spans[1:]]
    assert (spans[0][0], spans[-1][1]) == (0, 7000)
    assert all(stop - start <= ocr.STRIP for start, stop in spans)
    assert all(stop % 40 >= 30 for _, stop in spans[:-1])
