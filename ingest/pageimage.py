"""The image of a page, and the places of a quote on it. For `ingest.pageview`; it runs in the child of `ingest.reader`.

A quote is found by its letters alone, line by line: the stored text has other spaces, line breaks and hyphens than the
page, no running titles, and its lines may have been put in another order. It does not know what has been stored.
"""

from __future__ import annotations

import base64
import io
import math
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ingest.ocr import Image, _engine, _pixels, _strips  # type: ignore[attr-defined]
from ingest.pdf import MOST_PIXELS as MOST_READ
from ingest.pdf import SCALE, _bytes, _drawn, _goes_on, _opened, _page, _placing, _read, _turn, clean
from rag.errors import DocumentError
from rag.text import fold

#: Pixels that the image of a page may have.
MOST_PIXELS = 2_000_000
#: Lines that may stand below a quote that goes on overleaf (page number, running title), and how many letters of it
#: must stand above those: fewer may be the end of another sentence.
MOST_BELOW = 3
LEAST_ABOVE = 5


def draw(path: Path, page: int, quote: str, width: int) -> dict[str, Any]:
    """What `ingest.pageview.page_view` is made of, as JSON; the image is in base64. Raises DocumentError."""
    image, runs = (_from_pdf if path.suffix.lower() == ".pdf" else _from_picture)(path, page, quote, width)
    scale = min(width / image.width, math.sqrt(MOST_PIXELS / (image.width * image.height)))
    image.thumbnail([max(1, int(side * scale)) for side in image.size])  # which makes nothing larger
    data, kind = _encoded(image, "png"), "png"
    if len(small := _encoded(image, "jpeg")) < len(data) / 2:  # as of a scan; letters are sharper without
        data, kind = small, "jpeg"
    return {
        "image": base64.b64encode(data).decode("ascii"),
        "media_type": f"image/{kind}",
        "width": image.width,
        "height": image.height,
        "boxes": [[x.left, x.top, x.right - x.left, x.bottom - x.top] for x in place(quote, runs)],
    }


def _encoded(image: Any, kind: str) -> bytes:
    image.save(data := io.BytesIO(), kind, quality=85)
    return data.getvalue()


class Box(NamedTuple):
    """A place on a page, in fractions of it from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float


class Run(NamedTuple):
    """Letters that stand together on one line, folded, and the place of each."""

    letters: str
    boxes: list[Box]


# --- what a page says, and where


def _from_pdf(path: Path, number: int, quote: str, width: int) -> tuple[Any, list[Run]]:
    with closing(_opened(_bytes(path), path.name)) as document:
        _expect_page(path, number, len(document))
        with _page(document, number - 1, path.name) as page:
            across, down = page.get_size()
            where = f"{path.name}, page {number},"
            scanned = _read(page, where) is None and quote != ""
            runs = [] if scanned else list(_written(page, where))
            # A scan as it was read, so that it says again what it said then.
            wanted, most = (SCALE, MOST_READ) if scanned else (width / across, MOST_PIXELS)
            with closing(page.render(scale=min(wanted, math.sqrt(most / (across * down))))) as bitmap:
                image = bitmap.to_pil().convert("RGB")  # a copy, as the bitmap takes its memory with it
    if scanned:
        runs = list(_seen(image, f"{path.name} is a scan (page {number} is a picture)"))
    return image, runs


def _from_picture(path: Path, number: int, quote: str, _: int) -> tuple[Any, list[Run]]:
    with Image.open(path, formats=("PNG", "JPEG", "TIFF", "BMP", "WEBP")) as frames:
        _expect_page(path, number, getattr(frames, "n_frames", 1) if frames.format == "TIFF" else 1)
        frames.seek(number - 1)
        image = Image.fromarray(_pixels(frames, path.name))
    return image, list(_seen(image, f"{path.name} is a picture")) if quote else []


def _expect_page(path: Path, number: int, count: int) -> None:
    if not 1 <= number <= count:
        pages = "1 page" if count == 1 else f"{count:,} pages"
        raise DocumentError(f"{path.name} has {pages} and no page {number:,}; read it in again.")


def _written(page: Any, where: str) -> Iterator[Run]:
    """What the text of a PDF's page says, in the order of the file."""
    across, down = page.get_size()
    with closing(page.get_textpage()) as text_page:
        count = text_page.count_chars()
        upright = _placing(page.get_bbox(), _turn(text_page, count))
        shown = _placing(page.get_bbox(), page.get_rotation())
        rules, _ = _drawn(page, upright, where)
        run: list[tuple[str, Box]] = []
        last = None
        for index in range(count):
            character = clean(text_page.get_text_range(index, 1))
            if not character:
                continue
            here = upright(*text_page.get_charbox(index, loose=True))
            # The letters of a ligature have one place.
            if last is not None and here != last and not _goes_on(last, here, rules):
                yield _run(run)
                run = []
            last = here
            # Of a mark its ink alone, as the next letter may stand in the rest of its place.
            x = shown(*text_page.get_charbox(index, loose=_letters(character) != ""))
            run.append((character, _inside(x.left / across, x.top / down, x.right / across, x.bottom / down)))
        yield _run(run)


def _seen(image: Any, what: str) -> Iterator[Run]:
    """What the picture of a page says, line by line; how wide a letter is in its line is estimated."""
    pixels = np.asarray(image)
    size = pixels.shape[1::-1]
    engine = _engine(what)
    for start, stop in _strips(pixels):
        found = engine(np.ascontiguousarray(pixels[start:stop, :, ::-1]))
        if found.boxes is None or found.txts is None:
            continue
        for corners, text in zip(found.boxes, found.txts, strict=True):
            # Of a line that is askew, too.
            a, b, c, d = (np.asarray(corners, dtype=np.float64) + np.array([0, start])) / size
            widths = [2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text]
            ends = [0.0, *(end / sum(widths) for end in accumulate(widths))]
            run = []
            for character, near, far in zip(text, ends, ends[1:], strict=False):
                points = np.array([a + (b - a) * near, a + (b - a) * far, d + (c - d) * near, d + (c - d) * far])
                run.append((character, _inside(*points.min(axis=0).tolist(), *points.max(axis=0).tolist())))
            yield _run(run)


def _run(characters: Sequence[tuple[str, Box]]) -> Run:
    """The letters among the characters of a line; a mark is in the place of the letter that it stands behind."""
    letters = ""
    boxes: list[Box] = []
    for character, box in characters:
        if found := _letters(character):
            letters += found
            boxes.extend([box] * len(found))
        elif boxes and unicodedata.category(character[0]) in ("Po", "Pe", "Pf"):
            boxes[-1] = _around([boxes[-1], box])
    return Run(letters, boxes)


def _letters(text: str) -> str:
    """The letters and digits of a text, folded; those beyond 16 bits come in halves from a PDF and are left out."""
    return "".join(letter for letter in fold(text) if letter.isalnum() and letter <= "\uffff")


def _inside(*sides: float) -> Box:
    return Box(*(min(max(side, 0.0), 1.0) for side in sides))


# --- where a quote stands


def place(quote: str, runs: Sequence[Run]) -> list[Box]:
    """The places of a quote on a page that says `runs`, line by line; empty if it is not on it.

    >>> above, below = Box(0.5, 0.1, 0.9, 0.2), Box(0.1, 0.3, 0.4, 0.4)
    >>> place("培訓 8人。", [Run("8人", [below] * 2), Run("培训", [above] * 2)]) == [above, below]
    True
    """
    runs = [run for run in runs if run.letters]
    if not (wanted := _letters(quote)):
        return []
    cells = quote.split(" | ")
    if len(cells) > 1 and (row := _row({_letters(cell.rpartition("：")[2]) for cell in cells} - {""}, runs)):
        return row
    found = [
        _chain(wanted, runs, first, at)
        for first in range(len(runs))
        if (at := _start(wanted, runs[first].letters)) >= 0
    ]
    whole = [chain for chain in found if chain.length == len(wanted)]
    if whole:
        return min(whole, key=lambda chain: chain.way).boxes
    overleaf = [
        chain
        for chain in found
        if chain.length >= LEAST_ABOVE and sum(run.boxes[0].top > chain.boxes[-1].bottom for run in runs) <= MOST_BELOW
    ]
    return max(overleaf, key=lambda chain: chain.length).boxes if overleaf else []


class _Chain(NamedTuple):
    """The lines that were found of a quote, how many of its letters, and the way down the page from line to line."""

    boxes: list[Box]
    length: int
    way: float


def _start(wanted: str, letters: str) -> int:
    """Where in a line a quote begins that is in it, or goes on in another one; -1 if it does not."""
    if (at := letters.find(wanted)) >= 0:
        return at
    ends = range(max(0, len(letters) - len(wanted)), len(letters))
    return next((at for at in ends if wanted.startswith(letters[at:])), -1)


def _chain(wanted: str, runs: Sequence[Run], first: int, at: int) -> _Chain:
    """The lines of a quote from its first on; the next is always the longest that goes on with it, then the nearest."""
    boxes = [_around(runs[first].boxes[at : at + len(wanted)])]
    length, way = min(len(wanted), len(runs[first].letters) - at), 0.0
    left = set(range(len(runs))) - {first}
    while length < len(wanted):
        rest = wanted[length:]
        fit = [n for n in left if rest.startswith(runs[n].letters) or runs[n].letters.startswith(rest)]
        if not fit:
            break
        steps = {n: _step(boxes[-1], runs[n].boxes[0]) for n in fit}
        best = min(fit, key=lambda n: (-min(len(runs[n].letters), len(rest)), steps[n], n))
        left.remove(best)
        boxes.append(_around(runs[best].boxes[: len(rest)]))
        length, way = length + min(len(runs[best].letters), len(rest)), way + steps[best]
    return _Chain(boxes, length, way)


def _step(above: Box, below: Box) -> float:
    """How far it is from one line to another; the way up counts double."""
    return max(below.top - above.top, 2 * (above.top - below.top))


def _row(values: set[str], runs: Sequence[Run]) -> list[Box]:
    """The row of a table: where most of its values stand side by side. The columns' names may stand elsewhere."""
    hits = [(value, _around(run.boxes)) for run in runs for value in values if _is_cell(run.letters, value)]
    rows = [[hit for hit in hits if box.top < (hit[1].top + hit[1].bottom) / 2 < box.bottom] for _, box in hits]
    best = max(rows, key=lambda row: len({value for value, _ in row}), default=[])
    enough = 2 * len({value for value, _ in best}) > len(values)
    return [_around([box for _, box in best])] if enough else []


def _is_cell(letters: str, value: str) -> bool:
    """Whether letters on a page are a value of the stored text, where a unit of the column may stand behind a number.

    >>> _is_cell("8710", "8710万元"), _is_cell("8710", "87100"), _is_cell("哈尔滨", "哈尔滨市")
    (True, False, False)
    """
    return letters == value or (letters[-1].isdigit() and value.startswith(letters) and value[len(letters) :].isalpha())


def _around(boxes: Sequence[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
