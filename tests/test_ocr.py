"""Pictures of text: what they say, in paragraphs, and what is refused. The pictures are drawn here."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ingest import ocr
from ingest.layout import Line, Page, assemble, joined
from ingest.ocr import _strips, read_image
from ingest.pdf import read_pdf
from rag.errors import DocumentError

FONT = Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc")
SENTENCE = "年初以來,全省各級組織部門開展組工乾部培訓341期,培訓組工乾部8710人次,收到了較好的效果。"
needs_recognition = pytest.mark.skipif(not FONT.exists(), reason="fonts-noto-cjk is not installed")


def drawn(*lines: str, face: int = 3, width: int = 1000, size: int = 28) -> Image.Image:
    """Black lines of Chinese on white; face 2 is the simplified one, 3 the traditional."""
    font = ImageFont.truetype(str(FONT), size, index=face)
    image = Image.new("RGB", (width, 100 + 48 * len(lines)), "white")
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((60, 50 + 48 * number), line, "black", font)
    return image


# --- pictures


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


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_missing_package_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    Image.new("RGB", (900, 1200), "white").save(tmp_path / f"a.{kind}")
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    ocr._ready.cache_clear()
    with pytest.raises(DocumentError, match=r"^a\.\w+ is a (?:scan|picture).*pip install 'jianbao\[ocr\]'`\.$"):
        (read_pdf if kind == "pdf" else read_image)(tmp_path / f"a.{kind}")


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


# --- lines


def test_lines_are_joined_as_their_script_asks() -> None:
    assert joined(["共培訓87", "10人次"]) == "共培訓8710人次"
    assert joined(["in 2010", "2011 was"]) == "in 2010 2011 was"
    assert joined(["2010-", "2011年"]) == "2010-2011年"
    assert joined(["開展", "GDP growth"]) == "開展GDP growth"


def test_pages_without_text_keep_their_place() -> None:
    def page(*texts: str) -> Page:
        return Page(
            [Line(text, 70, 100 + 20 * n, 70 + 12 * len(text), 112 + 20 * n) for n, text in enumerate(texts)], 595, 842
        )

    text, offsets = assemble([page(), page("甲。"), page(), page("乙。")])
    assert text == "甲。\n\n乙。"
    assert len(offsets) == 4
    assert list(offsets) == sorted(offsets)
    assert (offsets[0], text[offsets[1] :], text[offsets[3] :]) == (0, text, "乙。")
    assert assemble([]) == ("", ())
