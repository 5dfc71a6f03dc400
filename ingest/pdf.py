"""PDF files become texts: their own text, page by page, or what the picture of a scanned page shows.

The one place that loads pdfium. A file is data: its scripts, actions, forms and embedded files are never run, filled in
or opened, and nothing is fetched. Memory is bounded by the file's size and by the pixels of one page; what pdfium does
inside one page cannot be interrupted, so a hostile file is best read in a process with limits of its own.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import statistics
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from ingest.extracted import Extracted
from ingest.layout import Line, Page, assemble, without_running
from ingest.ocr import MOST_BYTES, MOST_SCANS, recognise
from ingest.rules import Rules, with_tables
from rag.errors import DocumentError
from rag.text import CJK

#: What a file may have: pages, and characters or drawn objects on one page.
MOST_PAGES = 2000
MOST_ON_PAGE = 200_000
#: Segments of one path that are looked at for lines.
MOST_SEGMENTS = 4000
#: The longest side of a page in points (200 inches, the format's own limit).
LONGEST_SIDE = 14_400.0
#: Pixels that a picture inside a page may have.
MOST_IMAGE = 120_000_000
#: Pixels a point at which a scanned page is read, and how many pixels its picture may have; larger pages get fewer.
SCALE = 2.5
MOST_PIXELS = 12_000_000

# pdfium is not safe to use from two threads, not even for two files.
_LOCK = threading.Lock()


def read_pdf(path: Path) -> Extracted:
    """The text of a PDF with the offsets of its pages, and title and author where its properties say them.

    Pages with next to no text of their own, or with text that is noise, are read from their picture. The date stays
    empty: a file's properties know when it was written, not when it was published. Raises DocumentError.
    """
    name = path.name
    data = _bytes(path)
    pages: list[Page | None] = []
    with _LOCK:
        document = _opened(data, name)
    try:
        with _LOCK:
            count = len(document)
            title, author = (_property(_meta(document, key), path) for key in (b"Title", b"Author"))
        if count > MOST_PAGES:
            raise DocumentError(f"{name} has {count:,} pages; split it into files of at most {MOST_PAGES:,}.")
        for number in range(count):
            with _page(document, number, name) as page:
                pages.append(_read(page, f"{name}, page {number + 1},"))
        # Said before the first of them is read, which takes long.
        if pages.count(None) > MOST_SCANS:
            raise DocumentError(
                f"{name} has more than {MOST_SCANS} scanned pages; split it, or run a text recognition over it."
            )
        whole = [_recognised(document, number, name) if page is None else page for number, page in enumerate(pages)]
    finally:
        with _LOCK:
            document.close()
    text, offsets = assemble(without_running(whole))
    if not text.strip():
        raise DocumentError(f"{name} holds no text that can be read; add a sharper scan or leave it out.")
    return Extracted(text, title, author="" if _NOBODY.fullmatch(author) else author, pages=offsets)


def _bytes(path: Path) -> bytes:
    name = path.name
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DocumentError(f"{name} is larger than {MOST_BYTES // 1_000_000} MB; split it into smaller files.")
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(f"{name} cannot be read ({reason}); check that it exists and is yours.") from error
    if not data:
        raise DocumentError(f"{name} is empty; copy or download it again.")
    if b"%PDF-" not in data[:1024]:
        raise DocumentError(f"{name} is not a PDF, whatever its name says; save it as a PDF or rename it.")
    # pdfium would mend the file and leave out what is missing, without a word.
    if b"%%EOF" not in data[-65536:]:
        raise DocumentError(f"{name} is cut off (its end is missing); copy or download it again.")
    return data


def _opened(data: bytes, name: str) -> Any:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise DocumentError(f"{name} is locked with a password; save a copy without one and add that.") from error
        raise DocumentError(f"{name} is damaged; open it in a PDF reader and print it to a new PDF.") from error


# --- one page


@contextmanager
def _page(document: Any, number: int, name: str) -> Iterator[Any]:
    try:
        with _LOCK, closing(document[number]) as page:
            yield page
    except pypdfium2.PdfiumError as error:
        raise DocumentError(
            f"{name} is damaged at page {number + 1}; open it in a PDF reader and print it to a new PDF."
        ) from error


def _read(page: Any, where: str) -> Page | None:
    """The lines of a page; None where they say too little, so that its picture must be read instead."""
    width, height = page.get_size()
    if not 0 < max(width, height) <= LONGEST_SIDE:
        raise DocumentError(f"{where} is larger than {LONGEST_SIDE / 72:.0f} inches; print it to a new PDF as A4.")
    with closing(page.get_textpage()) as text_page:
        if (count := text_page.count_chars()) > MOST_ON_PAGE:
            raise DocumentError(f"{where} holds more than {MOST_ON_PAGE:,} characters; print it to a new PDF.")
        turn = _turn(text_page, count)
        place = _placing(page.get_bbox(), turn)
        rules, pictured = _drawn(page, place, where)
        lines = list(_lines(text_page, count, place, turn, rules))
    if _says_little(lines, pictured):
        return None
    left, bottom, right, top = page.get_bbox()
    size = (right - left, top - bottom) if turn in (0, 180) else (top - bottom, right - left)
    return Page(with_tables(lines, rules), *size)


def _recognised(document: Any, number: int, name: str) -> Page:
    """The lines that the picture of a page shows, in the page's own units."""
    with _page(document, number, name) as page:
        width, height = page.get_size()
        scale = min(SCALE, math.sqrt(MOST_PIXELS / (width * height)))
        with closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
            pixels: NDArray[np.uint8] = np.array(bitmap.to_numpy())  # a copy, as the bitmap takes its memory with it
    ratio = width / pixels.shape[1]
    lines = recognise(pixels, f"{name} is a scan (page {number + 1} is a picture)")
    return Page([Line(x.text, *(side * ratio for side in x[1:5])) for x in lines], width, height)


def _turn(text_page: Any, count: int) -> int:
    """By how many degrees, clockwise, the page must be turned for most of its text to be upright."""
    step = max(1, count // 500)
    angles = Counter(_quarter(pdfium.FPDFText_GetCharAngle(text_page, index)) for index in range(0, count, step))
    return angles.most_common(1)[0][0] if angles else 0


def _quarter(angle: float) -> int:
    return round(-math.degrees(angle) / 90) * 90 % 360  # pdfium counts it clockwise


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


def _placing(bounds: tuple[float, float, float, float], turn: int) -> Any:
    """A function from a box of the page (left, bottom, right, top; y upwards) to its place on the turned page."""
    west, south, east, north = bounds

    def place(left: float, bottom: float, right: float, top: float) -> _Box:
        if turn == 90:
            return _Box(bottom - south, left - west, top - south, right - west)
        if turn == 180:
            return _Box(east - right, bottom - south, east - left, top - south)
        if turn == 270:
            return _Box(north - top, east - right, north - bottom, east - left)
        return _Box(left - west, north - top, right - west, north - bottom)

    return place


def _lines(text_page: Any, count: int, place: Any, turn: int, rules: Rules) -> Iterator[Line]:
    """Runs of characters that stand close together on one line. Text askew, such as a watermark, is left out."""
    run: list[str] = []
    boxes: list[_Box] = []
    spaces: list[str] = []  # after each character but the last: none, one of its own, or one that pdfium supposes ("?")
    space = ""
    rect = pdfium.FS_RECTF()
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        # A hyphen at a line's end comes as one of two codes that are no characters.
        character = "-" if code in (2, 0xFFFE) else chr(code) if code <= 0x10FFFF else "\ufffd"
        if character.isspace() or code == 0:
            space = space or ("?" if pdfium.FPDFText_IsGenerated(text_page, index) else " ")
            continue
        askew = math.degrees(pdfium.FPDFText_GetCharAngle(text_page, index)) + turn
        if abs((askew + 180) % 360 - 180) > 10 or not pdfium.FPDFText_GetLooseCharBox(text_page, index, rect):
            continue
        box = place(rect.left, rect.bottom, rect.right, rect.top)
        if run and not _goes_on(boxes[-1], box, rules):
            yield _line(run, boxes, spaces)
            run, boxes, spaces, space = [], [], [], ""
        if run:
            spaces.append(space)
        run.append(character)
        boxes.append(box)
        space = ""
    if run:
        yield _line(run, boxes, spaces)


_CHINESE = re.compile(f"[{CJK}\u3000-\u303f\uff01-\uff60]")


def _goes_on(a: _Box, b: _Box, rules: Rules) -> bool:
    low = min(a.bottom - a.top, b.bottom - b.top)
    high = max(a.bottom - a.top, b.bottom - b.top)
    gap = b.left - a.right
    if min(a.bottom, b.bottom) - max(a.top, b.top) < 0.4 * low or not -0.8 * high < gap < 1.3 * high:
        return False
    middle = (b.top + b.bottom) / 2
    return gap < 0.1 * high or not any(
        a.right - 1 <= x <= b.left + 1 and top <= middle <= bottom for x, top, bottom in rules.down
    )


def _line(run: Sequence[str], boxes: Sequence[_Box], spaces: Sequence[str]) -> Line:
    top, bottom = (statistics.median(box[side] for box in boxes) for side in (1, 3))
    gaps = [b.left - a.right for a, b in itertools.pairwise(boxes)]
    # Between characters of Chinese pdfium takes for spaces how a line was stretched to its width, where all are wider.
    stretch = statistics.median(gaps) if len(gaps) > 4 else 0.0
    high = bottom - top
    wide = max(0.18 * high, 0.12 * high + stretch)
    pieces = [run[0]]
    for n, (after, space) in enumerate(zip(run[1:], spaces, strict=False)):
        kept = space == " "
        if space and not kept:
            chinese = [bool(_CHINESE.match(character)) for character in run[n : n + 2]]
            # It breaks all lines after each character where it thinks a page to be written downwards, as a long list
            # looks. A raised number is not to run into a figure.
            a, b = boxes[n : n + 2]
            raised = not any(chinese) and abs(a.top - b.top) + abs(a.bottom - b.bottom) > 0.2 * high
            kept = gaps[n] > (wide if all(chinese) else 0.07 * high) or raised
        pieces.append(f" {after}" if kept else after)
    # Half of a character beyond 16 bits comes at a time on some systems.
    text = "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return Line(clean(text), boxes[0].left, top, max(box.right for box in boxes), bottom)


def _drawn(page: Any, place: Any, where: str) -> tuple[Rules, bool]:
    """The straight lines on a page; and whether it shows so much else that text may be in it."""
    width, height = page.get_size()
    rules = Rules([], [])
    covered = 0.0
    paths = 0
    for number, item in enumerate(page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH], max_depth=3)):
        if number > MOST_ON_PAGE:
            raise DocumentError(f"{where} is drawn from more than {MOST_ON_PAGE:,} pieces; print it to a new PDF.")
        left, bottom, right, top = item.get_bounds()
        if item.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            covered += max(0.0, right - left) * max(0.0, top - bottom)
            across, down = item.get_px_size()
            if across * down > MOST_IMAGE:
                raise DocumentError(
                    f"{where} has a picture of more than {MOST_IMAGE // 1_000_000} million pixels; shrink it."
                )
            continue
        paths += 1
        if item.container is None:
            _add_rules(item, place, rules)
    return rules, covered > 0.25 * width * height or paths > 200


def _add_rules(item: Any, place: Any, rules: Rules) -> None:
    """The horizontal and vertical lines of a path, and the sides of a filled rectangle that is as thin as a line."""
    box = place(*item.get_bounds())
    if min(box.right - box.left, box.bottom - box.top) < _THIN:
        sides = [box]
    else:
        fill, stroke = ctypes.c_int(), pdfium.FPDF_BOOL()
        pdfium.FPDFPath_GetDrawMode(item, fill, stroke)
        sides = list(_sides(item, place)) if stroke.value else []
    for side in sides:
        wide, high = side.right - side.left, side.bottom - side.top
        if wide > 6 and high < _THIN:
            rules.across.append(((side.top + side.bottom) / 2, side.left, side.right))
        elif high > 6 and wide < _THIN:
            rules.down.append(((side.left + side.right) / 2, side.top, side.bottom))


_THIN = 3.0


def _sides(item: Any, place: Any) -> Iterator[_Box]:
    matrix = item.get_matrix()
    x, y = ctypes.c_float(), ctypes.c_float()
    start = before = (0.0, 0.0)
    for index in range(min(pdfium.FPDFPath_CountSegments(item), MOST_SEGMENTS)):
        segment = pdfium.FPDFPath_GetPathSegment(item, index)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = matrix.on_point(x.value, y.value)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        ends = [(before, point)] if kind == pdfium.FPDF_SEGMENT_LINETO else []
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = point
        if pdfium.FPDFPathSegment_GetClose(segment):
            ends.append((point, start))
        for (a, b), (c, d) in ends:
            yield place(min(a, c), min(b, d), max(a, c), max(b, d))
        before = point


# --- what is no text of the document


def _says_little(lines: Sequence[Line], pictured: bool) -> bool:
    """Whether a page must be read from its picture: it shows more than its characters say, or these are noise."""
    text = "".join(line.text for line in lines)
    noise = len(_NOISE.findall(text)) + 6 * len(re.findall(r"\(cid:\d+\)", text))
    return noise > 0.15 * len(text) or (pictured and len(text) - noise < 30)


_NOISE = re.compile("[\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]")

_PROGRAM = re.compile(r"(?i)^microsoft (?:office )?(?:word|powerpoint|excel) ?- ?")
_NO_TITLE = re.compile(
    r"(?i)(?:无标题|無標題|未命名|新建|文件|文档|文檔|演示文稿|簡報|工作表|幻灯片|投影片|untitled|document|presentation|slide|book|"
    r"sheet|title|print|scan|扫描|掃描|全能扫描王|camscanner|about:blank)[\s\d_()（）-]*.{0,4}"
)
_FILE = re.compile(
    r"(?i).*\.(?:docx?|wps|pdf|pptx?|xlsx?|html?|txt|rtf|tmp|indd|cdr|dwg|jpe?g|png|tiff?)|https?:.*|[\w]:\\.*"
)
_NOBODY = re.compile(
    r"(?i)(?:administrator|admin|user|users|owner|pc|hp|dell|lenovo|asus|acer|apple|microsoft|windows|thinkpad|unknown|root|"
    r"mc system|(?:windows|微软|微軟) ?(?:user|用户|用戶)|用户|使用者|雨林木风|番茄花园|canon.*|.*scan.*|.*@.*)"
    r"[\s\d]*"
)


def _meta(document: Any, key: bytes) -> str:
    """A property as the file has it, which may be half characters too."""
    size = pdfium.FPDF_GetMetaText(document, key, None, 0)
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDF_GetMetaText(document, key, buffer, size)
    return buffer.raw[: max(0, size - 2)].decode("utf-16-le", "surrogatepass")


def _property(value: str, path: Path) -> str:
    """A property of the file if it says something of the text in it, not of the program or the file."""
    value = clean(value)
    bare = _PROGRAM.sub("", value)
    meant = len(bare) <= 200 and re.search(r"[^\W\d_]", bare) and not _NOISE.search(bare)
    if not meant or _NO_TITLE.fullmatch(bare) or _FILE.fullmatch(bare) or bare == path.stem:
        return ""
    return bare


# What stands for a whole character in some PDF fonts.
_RADICALS = str.maketrans(
    "⺟⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳", "母民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟"
)


def clean(text: str) -> str:
    """Text without controls and half characters, with real characters for radicals and ligatures, single-spaced.

    >>> clean("⾏政  oﬃce")
    '行政 office'
    """
    text = re.sub(
        "[\u2f00-\u2fd5\uf900-\ufaff\ufb00-\ufb06]", lambda match: unicodedata.normalize("NFKC", match[0]), text
    )
    text = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u200b-\u200f\u2028-\u202e]", "", text)
    return re.sub(r"\s+", " ", text.translate(_RADICALS)).strip()
