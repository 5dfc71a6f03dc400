"""Lines of text with their places become a page's text: columns, paragraphs, aligned tables, running titles.

Pure. It knows where a line stands, not whether a PDF or the picture of a page said so. It knows upright text in
horizontal lines; the lines that are drawn around a table are `ingest.rules`'.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingest.cells import Cell, row_lines
from rag.text import CJK


class Line(NamedTuple):
    """A run of text on one line of a page, y downwards. `whole`: a row of a table, which is never joined to others."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    whole: bool = False

    @property
    def em(self) -> float:
        """The width of a Chinese character in it; two Latin ones are about as wide."""
        return (self.right - self.left) / max(1.0, sum(map(_units, self.text)))


class Page(NamedTuple):
    """The lines of a page in any order, and its size in the units of the lines."""

    lines: list[Line]
    width: float
    height: float


class _Placed(NamedTuple):
    """A line with the right edge and the line pitch of the column that it stands in, and that column's number."""

    line: Line
    left: float
    right: float
    pitch: float
    column: tuple[int, int]


def assemble(pages: Sequence[Page]) -> tuple[str, tuple[int, ...]]:
    """The text of pages in reading order, its paragraphs rejoined, and the offset at which each page begins.

    A sentence that goes over a page's end is one run of text too: the next page then begins inside it, and a quote of
    it is on the page where it starts. A row of a table is a line.
    """
    rights: dict[int, list[Line]] = {}
    for page in pages:
        rights.setdefault(round(page.width / 4), []).extend(page.lines)
    offsets: list[int] = []
    before: _Placed | None = None
    parts: list[str] = []
    length = long = 0
    for number, page in enumerate(pages):
        offsets.append(length)
        first = True
        for placed in _in_order(number, page, _edge(rights[round(page.width / 4)]) if page.lines else 0.0):
            if before is not None and _continues(before, placed):
                tail, joint = _joint(parts[-1], placed.line.text)
                length += len(tail) - len(parts[-1]) + len(joint)
                parts[-1:] = [tail, joint]
                long += 1
            elif before is not None:
                prose = not before.line.whole and (long or before.line.text[-1:] in _ENDS)
                joint = "\n\n" if prose or before.line.whole != placed.line.whole else "\n"
                parts.append(joint)
                length += len(joint)
                long = 0
            if first:
                offsets[-1], first = length, False
            parts.append(placed.line.text)
            length += len(placed.line.text)
            before = placed
    return "".join(parts), tuple(offsets)


_AIRY = frozenset("，。、；：！？」』”》）")
_ENDS = frozenset("。！？!?…；;.”」』")
_WIDE = re.compile(f"[{CJK}\u3000-\u303f\uff01-\uff60“”‘’—…·]")
_MARKER = re.compile(
    r"[•●○◆◇■□▪▶►➢✓※*]\s?|第[一二三四五六七八九十百零\d]+[编編章節节條条部]|[一二三四五六七八九十]+、|"
    r"[(（][一二三四五六七八九十\d]{1,3}[)）]|\d{1,2}(?:[.．、)](?!\d)|(?:\.\d{1,2})+ )|[①-⑳]|[-–] "
)
_SHAPE = re.compile(r"[•●○◆◇■□▪▶►➢✓※①-⑳]")
_TOKEN = re.compile(r"[「『“‘(（《〈【\[]*(?:[A-Za-z0-9.,:%/_'’-]+|.)[，。、；：！？」』”’)）》〉】,.;:!?%％]*")


def _units(character: str) -> float:
    return 1.0 if _WIDE.match(character) else 0.5


def _continues(a: _Placed, b: _Placed) -> bool:
    """Whether a line was broken only because it was full, so that the next one goes on with it."""
    if a.line.whole or b.line.whole:
        return False
    sizes = sorted(line.bottom - line.top for line in (a.line, b.line))
    if sizes[1] > 1.3 * sizes[0]:
        return False
    if _are_items(a.line.text, b.line.text):
        return False
    em = max(a.line.em, b.line.em)
    token = _TOKEN.match(b.line.text)
    wide = sum(map(_units, token.group() if token else "")) * b.line.em
    # Full: what the next line begins with would not have fitted, give or take the air in a mark such as 、.
    if a.line.right + wide <= a.right - (1.1 if a.line.text[-1:] in _AIRY else 0.5) * em:
        return False
    ended = a.line.text[-1:] in _ENDS
    if _MARKER.match(b.line.text) and (ended or _SHAPE.match(b.line.text)):
        return False
    if a.column != b.column:
        return not ended and b.line.left - b.left < 1.2 * em and not _MARKER.match(b.line.text)
    step = b.line.top - a.line.top
    if not 0 < step <= min(1.4 * a.pitch, 3.5 * sizes[1]):
        return False
    indent = b.line.left - a.line.left
    hanging = bool(_MARKER.match(a.line.text))
    return -6 * em < indent < (4 if hanging else 1.2) * em


_COUNTED = re.compile(r"(\D{1,20}?)(\d{1,4})(?!\d)")
_ENTRY = re.compile(r"[^:：。；;]{1,40}[:：]\s?(?=[.,]?\d)[\d.,%]{1,20}\s?\w{0,8}")
_FIGURE_AT_END = re.compile(r"[^\s。，、；：！？,;:!?]*?([^\W\d]{2,12}\s?)\d[\d.,]*([^\W\d]{0,4}|%)")


def _are_items(a: str, b: str) -> bool:
    """Whether two lines are items of a list by their words, however wide they are.

    Their labels count on, or both are a name and its figure, or both run without a mark to one and the same end but for
    the figure.

    >>> _are_items("Harbin: 100", "Daqing: 90"), _are_items("大庆培训9人", "海林培训8人"), _are_items("甲3", "乙4")
    (True, True, False)
    """
    counted = _COUNTED.match(a), _COUNTED.match(b)
    if counted[0] and counted[1] and counted[0][1] == counted[1][1] and int(counted[1][2]) == int(counted[0][2]) + 1:
        return True
    if _ENTRY.fullmatch(a) and _ENTRY.fullmatch(b):
        return True
    ends = _FIGURE_AT_END.fullmatch(a), _FIGURE_AT_END.fullmatch(b)
    return bool(ends[0] and ends[1] and ends[0][2] == ends[1][2] and ends[0][1][-2:] == ends[1][1][-2:])


def joined(lines: Sequence[str]) -> str:
    """Lines that were broken at an edge as one run of text.

    A hyphen between two parts of an English word is left out, as nothing shows whether the word has one of its own;
    only the hyphen of a number, such as forty-one, is known and stays.

    >>> joined(["培訓8710人次，", "形成報告"]), joined(["three hun-", "dred", "courses"]), joined(["forty-", "one"])
    ('培訓8710人次，形成報告', 'three hundred courses', 'forty-one')
    """
    text = ""
    for line in lines:
        text = "".join((*_joint(text, line), line)) if text else line
    return text


_TENS = re.compile(r"(?i)\b(?:twen|thir|for|fif|six|seven|eigh|nine)ty.$")
_ONES = re.compile(
    r"(?:one|two|three|four|five|six|seven|eight|nine|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)s?\b"
)


def _joint(a: str, b: str) -> tuple[str, str]:
    """The end of one line as it stays, and what goes between it and the next one."""
    bare, tail, head = a.rstrip(), a.rstrip()[-1:], b[:1]
    if re.search(r"[A-Za-z](?:\xad|\u2010|-)$", bare) and head.islower():
        return bare if tail != "\xad" and _TENS.search(bare) and _ONES.match(b) else bare[:-1], ""
    if tail in ("-", "\xad", "\u2010", "–") and re.match(r"\w", head):
        return bare.rstrip("\xad"), ""
    if _WIDE.match(tail) or _WIDE.match(head):
        return bare, ""
    if tail.isdecimal() and head.isdecimal():
        # Chinese may be broken inside a number; where words have spaces it is not.
        around = re.search(r"(\D)[\d.,]*$", bare), re.match(r"[\d.,]+%?(\D)", b)
        return bare, "" if any(match and _WIDE.match(match[1]) for match in around) else " "
    return bare, " "


def _in_order(number: int, page: Page, edge: float) -> Iterator[_Placed]:
    """The lines of a page, column by column and from top to bottom, with rows of tables made whole."""
    columns = list(_columns(page))
    for place, column in enumerate(columns):
        lines = list(_rows(column))
        prose = [line for line in lines if not line.whole] or lines
        steps = [b.top - a.top for a, b in itertools.pairwise(prose) if b.top > a.top]
        pitch = statistics.median_low(steps) if steps else 2 * (prose[0].bottom - prose[0].top)
        right = _edge(prose)
        if len(columns) == 1:
            # One or two short lines do not show where full ones end.
            right = max(right, edge, 0.6 * page.width if len(prose) < 3 else 0.0)
        left = min(line.left for line in prose)
        for line in lines:
            yield _Placed(line, left, right, pitch, (number, place))


def _edge(lines: Sequence[Line]) -> float:
    """Where full lines end: the furthest right, unless one line reaches further than where many end."""
    rights = sorted((line.right for line in lines if not line.whole), reverse=True) or [0.0]
    near = 1.5 * max((line.em for line in lines), default=0.0)
    if len(rights) > 3 and rights[0] - rights[1] > near:
        many = sum(rights[1] - right <= near for right in rights[1:])
        return rights[1] if many > max(3, 0.3 * len(rights)) else rights[0]
    return rights[0]


def _columns(page: Page) -> Iterator[list[Line]]:
    """The lines by column: two where most of the page is text on both sides of a gap in its middle, else one."""
    lines = sorted(page.lines, key=lambda line: line.top)
    if not lines:
        return
    gap = _gutter(lines, page.width)
    band: list[Line] = []
    wide: list[Line] = []
    for line in [*lines, None]:
        across = line is None or gap is None or line.whole or (line.left < gap < line.right)
        if line is not None and not across:
            if wide:
                yield wide
                wide = []
            band.append(line)
            continue
        for side in ([x for x in band if gap and x.right <= gap], [x for x in band if gap and x.left >= gap]):
            if side:
                yield side
        band = []
        if line is not None:
            wide.append(line)
    if wide:
        yield wide


def _gutter(lines: Sequence[Line], width: float) -> float | None:
    best = (-len(lines), -width)
    found: float | None = None
    for percent in range(30, 71):
        x = width * percent / 100
        left = [line for line in lines if line.right <= x and not line.whole]
        right = [line for line in lines if line.left >= x and not line.whole]
        across = sum(line.left < x < line.right for line in lines)
        if min(len(left), len(right)) < 5 or across > min(len(left), len(right)) / 2:
            continue
        # Text fills its column, as cells of a table do not.
        for side in (left, right):
            span = max(line.right for line in side) - min(line.left for line in side)
            rows: dict[int, float] = {}
            for line in side:
                rows[round(line.bottom)] = rows.get(round(line.bottom), 0.0) + line.right - line.left
            if statistics.median(rows.values()) < 0.75 * span or span < 0.2 * width or len(rows) < 5:
                break
        else:
            room = min(line.left for line in right) - max(line.right for line in left)
            score = (-across, room)
            if score > best:
                best, found = score, x
    return found


def _rows(lines: Sequence[Line]) -> Iterator[Line]:
    """Lines that stand side by side as one; where several in a row keep to the same columns, as rows of a table."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.top + line.bottom) / 2):
        last = rows[-1][-1] if rows else None
        overlap = min(last.bottom, line.bottom) - max(last.top, line.top) if last else 0.0
        beside = last is not None and overlap > 0.5 * min(last.bottom - last.top, line.bottom - line.top)
        if (
            beside
            and not line.whole
            and not rows[-1][0].whole
            and all(min(line.right, x.right) - max(line.left, x.left) < 0.5 * line.em for x in rows[-1])
        ):
            rows[-1].append(line)
        else:
            rows.append([line])
    rows = [_merged(sorted(row, key=lambda line: line.left)) for row in rows]
    for several, run in itertools.groupby(rows, key=lambda row: len(row) > 1):
        block = list(run)
        table = _table(block) if several and len(block) > 1 else []
        yield from table or (_merged(row, anyhow=True)[0] for row in block)


def _merged(row: Sequence[Line], *, anyhow: bool = False) -> list[Line]:
    """The lines of a row, those with no more than a space between them as one."""
    merged = [row[0]]
    for line in row[1:]:
        last = merged[-1]
        gap, em = line.left - last.right, max(last.em, line.em)
        if not anyhow and gap > 1.5 * em:
            merged.append(line)
            continue
        space = " " if gap > 0.6 * em or not (_WIDE.match(last.text[-1:]) or _WIDE.match(line.text[:1])) else ""
        top, bottom = min(last.top, line.top), max(last.bottom, line.bottom)
        merged[-1] = Line(last.text + space + line.text, last.left, top, line.right, bottom)
    return merged


def _table(rows: Sequence[Sequence[Line]]) -> list[Line]:
    """The rows as lines of a table, empty if they have no columns in common."""
    spans: list[list[float]] = []
    for left, right in sorted((cell.left, cell.right) for row in rows for cell in row):
        if spans and left < spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], right)
        else:
            spans.append([left, right])
    if len(spans) < 2 or len(spans) != max(map(len, rows)):
        return []
    cells = [
        [Cell(" ".join(x.text for x in row if left <= x.left and x.right <= right)) for left, right in spans]
        for row in rows
    ]
    top, bottom = rows[0][0].top, rows[-1][0].bottom
    texts = row_lines(cells)
    step = (bottom - top) / max(1, len(texts))
    return [
        Line(text, spans[0][0], top + n * step, spans[-1][1], top + (n + 0.8) * step, whole=True)
        for n, text in enumerate(texts)
    ]


# --- what returns on every page

# Page numbers that need no neighbour to be known as such.
_NUMBER = re.compile(
    r"[-—―–─•·]+\s?\d{1,4}\s?[-—―–─•·]+|第\s?\d{1,4}\s?[页頁](?:[,，/\s]*[共总總]\s?\d{1,4}\s?[页頁])?|"
    r"(?i:page)\s?\d{1,4}(?:\s?(?:of|/)\s?\d{1,4})?"
)


# What browsers print in the corners of a page.
_STAMP = re.compile(
    r"\d{1,4}([/.-])\d{1,2}\1\d{1,4},? ?(?:[\u4e00-\u9fff]{2} ?)?\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?"
)
_ADDRESS = re.compile(r"(?i)(?:https?|file)://\S+")
_OF = re.compile(r"\d{1,4} ?(?:/|of) ?\d{1,4}")


def _without_stamps(page: Page) -> Page:
    """The page without the time and address of printing, where a browser put both at its edges, and their number."""
    edges = [x for x in page.lines if not x.whole and not 0.05 < (x.top + x.bottom) / 2 / page.height < 0.95]
    if not all(any(shape.fullmatch(line.text) for line in edges) for shape in (_STAMP, _ADDRESS)):
        return page
    gone = {line for line in edges if any(shape.fullmatch(line.text) for shape in (_STAMP, _ADDRESS, _OF))}
    return page._replace(lines=[line for line in page.lines if line not in gone])


def without_running(pages: Sequence[Page]) -> list[Page]:
    """Pages without page numbers, and without the lines in their margins that return on most of them."""
    pages = [_without_stamps(page) for page in pages]
    counts: Counter[str] = Counter()
    margins: list[dict[Line, set[str]]] = []
    for number, page in enumerate(pages):
        outer = [x for x in page.lines if not x.whole and not 0.1 < (x.top + x.bottom) / 2 / page.height < 0.9]
        margins.append({line: set(_variants(line.text, number)) for line in outer})
        counts.update(set().union(*margins[-1].values()))
    enough = max(2, -(-2 * len(pages) // 5))  # left and right pages may differ
    return [
        page._replace(
            lines=[
                line
                for line in page.lines
                if line not in outer
                or not (_NUMBER.fullmatch(line.text) or any(counts[key] >= enough for key in outer[line]))
            ]
        )
        for page, outer in zip(pages, margins, strict=True)
    ]


def _variants(text: str, number: int) -> Iterator[str]:
    """The text without spaces and dashes; and with each of its numbers as its distance from the page's own."""
    bare = re.sub(r"[\s\-—―–─•·]+", "", text)
    if re.search(r"[^\W\d]", bare):
        yield bare
    for match in re.finditer(r"\d{1,4}", bare):
        yield f"{bare[: match.start()]}\0{int(match.group()) - number}{bare[match.end() :]}"
