"""Paper for the tests: PDF files written byte by byte, and pictures of pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc")

#: x, y (from the top, as people count), size and text of what is shown on a page.
Shown = tuple[float, float, float, str]


def pdf_bytes(
    pages: Sequence[Sequence[Shown]], *, drawn: str = "", extra: str = "", info: str = "", page: str = ""
) -> bytes:
    """A PDF of A4 pages in a font whose characters have their Unicode numbers and, but for ASCII, a full width."""
    kids = " ".join(f"{10 + 2 * n} 0 R" for n in range(len(pages)))
    mapping = (
        "begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange "
        "1 beginbfrange <0000> <FFFF> <0000> endbfrange endcmap"
    )
    objects = {
        1: f"<</Type/Catalog/Pages 2 0 R {extra}>>",
        2: f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>",
        3: "<</Type/Font/Subtype/Type0/BaseFont/Song/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>",
        4: "<</Type/Font/Subtype/CIDFontType2/BaseFont/Song"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        "/DW 1000/W[32 126 500]/FontDescriptor 6 0 R>>",
        5: f"<</Length {len(mapping)}>>stream\n{mapping}\nendstream",
        6: "<</Type/FontDescriptor/FontName/Song/Flags 4/FontBBox[0 -120 1000 880]/Ascent 880/Descent -120"
        "/ItalicAngle 0/CapHeight 700/StemV 80>>",
        7: f"<<{info}>>",
    }
    for n, shown in enumerate(pages):
        text = drawn + "".join(
            f"BT /F {size} Tf {x} {842 - y} Td <{text.encode('utf-16-be').hex()}> Tj ET\n" for x, y, size, text in shown
        )
        objects[10 + 2 * n] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>"
            f"/Contents {11 + 2 * n} 0 R {page}>>"
        )
        objects[11 + 2 * n] = f"<</Length {len(text)}>>stream\n{text}\nendstream"
    data = b"%PDF-1.7\n"
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(data)
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{n} 1\n{place:010d} 00000 n \n" for n, place in places.items())
    data += (
        f"xref\n0 1\n0000000000 65535 f \n{table}trailer\n<</Size {max(objects) + 1}/Root 1 0 R/Info 7 0 R>>\n".encode()
    )
    return data + f"startxref\n{data.rindex(b'xref')}\n%%EOF\n".encode()


def column(
    text: str, *, y: float = 100, x: float = 72, width: float = 37, indent: int = 2, size: float = 12
) -> list[Shown]:
    """A paragraph of Chinese, broken as a word processor would: not in numbers or before 。"""
    lines, room = [""], width - indent
    for word in re.findall(r"(?:\d+|.)[，。]?", text):
        wide = sum(0.5 if letter.isascii() else 1 for letter in word)
        if wide > room:
            lines.append("")
            room = width
        lines[-1] += word
        room -= wide
    return [(x + (indent * size if not n else 0), y + 20 * n, size, line) for n, line in enumerate(lines)]


def drawn(*lines: str, face: int = 3, width: int = 1000, height: int = 0, size: int = 28) -> Image.Image:
    """Black lines of Chinese on white; face 2 is the simplified one, 3 the traditional."""
    font = ImageFont.truetype(str(FONT), size, index=face)
    image = Image.new("RGB", (width, height or 100 + 48 * len(lines)), "white")
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((60, 50 + 48 * number), line, "black", font)
    return image
