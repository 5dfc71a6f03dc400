"""The body of a Word document as text: paragraphs, headings, lists, tables, notes and text boxes, in reading order.

What is read is what a reader sees: insertions are kept, and deletions, hidden text and the code of fields left out. The
table of contents is left out, since it repeats the headings, and so are headers and footers: they stand on every page,
repeat the title, and their page numbers would be read as figures. It knows Word's XML and nothing of files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest import grids
from ingest.charts import chart_lines
from ingest.grids import Grid, Merge
from ingest.numbering import Numbering, W, integer, value
from ingest.values import title_unit

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
#: A heading is shorter than this and no sentence: an outline level is often given to whole paragraphs.
_LONGEST_HEADING = 80
#: The columns that a table may have; Word allows 63.
_MOST_COLUMNS = 1000
# What is never shown: deletions, codes of fields, comments, the reading of a character, embedded programs.
_SKIPPED = frozenset(
    f"{W}{name}"
    for name in "del moveFrom instrText delText delInstrText rt pPr rPr tblPr trPr tcPr sectPr object".split()
)


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style says, with all that it takes over from others. `outline`: 0 to 8, 9 for body text."""

    name: str = ""
    outline: int = 9
    list_id: str = ""
    level: int = 0
    hidden: bool = False


def read_styles(root: Any) -> dict[str, Style]:
    """The styles of word/styles.xml by their ids, given its root element or None; "" is the default one."""
    elements = {} if root is None else {str(e.get(f"{W}styleId")): e for e in root.iterchildren(f"{W}style")}
    styles = {identity: _style(identity, elements) for identity in elements}
    for identity, element in elements.items():
        if element.get(f"{W}type") == "paragraph" and element.get(f"{W}default") in ("1", "true"):
            styles[""] = styles[identity]
    return styles


def _style(identity: str, elements: dict[str, Any]) -> Style:
    chain: list[Any] = []
    while identity in elements and elements[identity] not in chain and len(chain) < 50:
        chain.append(elements[identity])
        identity = value(chain[-1], "basedOn")
    outline = next((level for e in chain if (level := value(e, f"pPr/{W}outlineLvl"))), "9")
    numbers = [e for e in (style.find(f"{W}pPr/{W}numPr") for style in chain) if e is not None]
    return Style(
        value(chain[0], "name").lower(),
        integer(outline, 9),
        next((number for e in numbers if (number := value(e, "numId"))), ""),
        next((integer(level, 0) for e in numbers if (level := value(e, "ilvl"))), -1),
        next((on for e in chain if (on := _switch(e.find(f"{W}rPr"), "vanish")) is not None), False),
    )


def _switch(properties: Any, name: str) -> bool | None:
    """Whether a property is on or off; None where nothing is said."""
    element = None if properties is None else properties.find(f"{W}{name}")
    return None if element is None else element.get(f"{W}val", "1") not in ("0", "false", "off")


@dataclass(slots=True)
class Body:
    """Reads a body once, from its beginning to its end. `parts`: the roots of related parts, such as charts."""

    styles: dict[str, Style]
    numbering: Numbering
    footnotes: dict[str, Any] = field(default_factory=dict)
    endnotes: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    _below: list[Any] = field(default_factory=list)
    _notes: list[Any] = field(default_factory=list)
    _end: list[Any] = field(default_factory=list)

    def text(self, root: Any) -> str:
        """The text of a body: paragraphs apart by an empty line, rows and items of a list by a line break."""
        blocks = list(self._blocks(root))
        while self._end:
            blocks.extend(self._note(self._end.pop(0)))
        pieces: list[str] = []
        previous = ""
        for kind, block in blocks:
            pieces.append("\n" if kind == previous == "item" else "\n\n" if pieces else "")
            pieces.append(block)
            previous = kind
        return "".join(pieces)

    def _blocks(self, container: Any) -> Iterator[tuple[str, str]]:
        """Kind and text of what a container holds: "text", "heading", "item" or "table"."""
        before = above = ""
        for element in _inside(container):
            if element.tag == f"{W}tbl":
                yield from self._table(element, title_unit(above))
                above = ""
            else:
                text = self._runs(element)
                if element.find(f"{W}pPr/{W}rPr/{W}del") is not None:  # goes on in the next paragraph
                    before += text
                    continue
                yield from self._paragraph(element, before + text)
                above = _stripped(before + text) or above
                before = ""
            yield from self._hanging()
        if before.strip():
            yield "text", _stripped(before)

    def _hanging(self) -> Iterator[tuple[str, str]]:
        """Text boxes, charts and footnotes of what has just been read, which stand below it."""
        while self._below or self._notes:
            if self._below:
                box = self._below.pop(0)
                if isinstance(box, str):
                    yield "table", box
                else:
                    yield from self._blocks(box)
            else:
                yield from self._note(self._notes.pop(0))

    def _note(self, note: Any) -> Iterator[tuple[str, str]]:
        text = " ".join(_stripped(self._runs(element)) for element in _inside(note) if element.tag == f"{W}p").strip()
        if text:
            yield "text", f"注：{text}"

    # --- paragraphs

    def _paragraph(self, element: Any, written: str) -> Iterator[tuple[str, str]]:
        style = self.styles.get(value(element, f"pPr/{W}pStyle"), self.styles.get("", Style()))
        text = _stripped(written)
        if not text or re.match(r"toc \d|toc heading|table of figures", style.name):
            return
        label = self._label(element, style)
        outline = integer(value(element, f"pPr/{W}outlineLvl"), style.outline)
        titled = style.name in ("title", "标题", "標題") and len(text) <= 2 * _LONGEST_HEADING
        if titled or (0 <= outline < 9 and len(text) <= _LONGEST_HEADING and not re.search(r"[。；;]|\n.*\n", text)):
            text = " ".join(f"{label}{text}".split("\n"))
            self.title = self.title or (text if titled else "")
            yield "heading", "#" * (1 if titled else min(outline + 2, 6)) + f" {text}"
        else:
            yield ("item" if label else "text"), label + text

    def _label(self, element: Any, style: Style) -> str:
        numbered = element.find(f"{W}pPr/{W}numPr")
        list_id = (value(numbered, "numId") if numbered is not None else "") or style.list_id
        if not list_id or list_id == "0":
            return ""
        own = value(numbered, "ilvl") if numbered is not None else ""
        level = integer(own, -1) if own else style.level
        if level < 0:
            level = self.numbering.level_of_style(list_id, value(element, f"pPr/{W}pStyle"))
        label = self.numbering.label(list_id, level)
        # 1.5万 would be another number than 5万 behind 1.
        return label if not label or label[-1] in "、）)】〕：" else f"{label} "

    def _runs(self, element: Any) -> str:
        """The visible text of a paragraph or a part of one. What hangs on it is kept for later."""
        pieces: list[str] = []
        for child in element:
            tag = child.tag
            if tag in _SKIPPED or not isinstance(tag, str):
                continue
            if tag == f"{W}r":
                if not self._is_hidden(child):
                    pieces.append(self._runs(child))
            elif tag in (f"{W}t", f"{_M}t"):
                pieces.append(child.text or "")
            elif tag in (f"{W}br", f"{W}cr"):
                pieces.append("\n")
            elif tag in (f"{W}tab", f"{W}ptab"):
                pieces.append("\t")
            elif tag == f"{W}noBreakHyphen":
                pieces.append("-")
            elif tag in (f"{W}drawing", f"{W}pict"):
                self._keep_drawing(child)
            elif tag == f"{_MC}AlternateContent":
                pieces.append(self._runs(_chosen(child)))
            elif tag == f"{W}footnoteReference":
                self._keep_note(child, self.footnotes, self._notes)
            elif tag == f"{W}endnoteReference":
                self._keep_note(child, self.endnotes, self._end)
            else:  # links, fields, insertions, content controls, formulas
                pieces.append(self._runs(child))
        return "".join(pieces)

    def _is_hidden(self, run: Any) -> bool:
        properties = run.find(f"{W}rPr")
        own = _switch(properties, "vanish")
        if own is None and properties is not None and (style := self.styles.get(value(properties, "rStyle"))):
            own = style.hidden or None
        if own is None and run.getparent() is not None:
            paragraph = next(run.iterancestors(f"{W}p"), None)
            style = None if paragraph is None else self.styles.get(value(paragraph, f"pPr/{W}pStyle"))
            own = style.hidden if style else None
        return bool(own)

    def _keep_note(self, reference: Any, notes: dict[str, Any], kept: list[Any]) -> None:
        note = notes.pop(str(reference.get(f"{W}id")), None)
        if note is not None:
            kept.append(note)

    def _keep_drawing(self, drawing: Any) -> None:
        inside_box: set[Any] = set()
        for box in drawing.iter(f"{W}txbxContent", f"{_C}chart"):
            if any(above in inside_box for above in box.iterancestors()) or _is_fallback(box, drawing):
                continue
            inside_box.add(box)
            if box.tag == f"{W}txbxContent":
                self._below.append(box)
            elif (chart := self.parts.get(str(box.get(f"{_R}id")))) is not None:
                self._below.append("\n".join(chart_lines(chart)))

    # --- tables

    def _table(self, table: Any, unit: str = "") -> Iterator[tuple[str, str]]:
        """The lines of a table, and after it those inside its cells. `unit`: the one that is said above it."""
        cells = [cell for row in _inside(table, f"{W}tr") for cell in _inside(row, f"{W}tc")]
        if len(cells) == 1:  # a frame around a text
            yield from self._blocks(cells[0])
            return
        rows: dict[int, grids.Row] = {}
        spans: dict[int, list[tuple[int, int, bool]]] = {}
        nested: list[Any] = []
        headers = 0
        number = 0
        for row in _inside(table, f"{W}tr"):
            properties = row.find(f"{W}trPr")
            if properties is not None and properties.find(f"{W}del") is not None:
                continue
            number += 1
            if headers == number - 1 and _switch(properties, "tblHeader"):
                headers = number
            column = 1 + (integer(value(properties, "gridBefore"), 0) if properties is not None else 0)
            for cell in _inside(row, f"{W}tc"):
                properties = cell.find(f"{W}tcPr")
                width = 1 if properties is None else max(1, integer(value(properties, "gridSpan"), 1))
                if column + width > _MOST_COLUMNS:
                    raise ValueError("columns")
                merged = None if properties is None else properties.find(f"{W}vMerge")
                goes_on = merged is not None and merged.get(f"{W}val", "continue") != "restart"
                spans.setdefault(number, []).append((column, column + width - 1, goes_on))
                if not goes_on and (text := self._cell(cell, nested)):
                    rows.setdefault(number, {})[column] = text
                column += width
        grid = Grid(rows, _merges(spans), lettered=False, header_rows=headers, unit=unit)
        if lines := list(grids.lines(grid)):
            yield "table", "\n".join(lines)
        for inner in nested:
            yield from self._table(inner)

    def _cell(self, cell: Any, nested: list[Any]) -> str:
        texts: list[str] = []
        for element in _inside(cell):
            if element.tag == f"{W}tbl":
                nested.append(element)
            else:
                style = self.styles.get(value(element, f"pPr/{W}pStyle"), self.styles.get("", Style()))
                text = self._runs(element).strip()
                texts.append((self._label(element, style) if text else "") + text)
        return " ".join(" ".join(texts).split())


def _merges(spans: dict[int, list[tuple[int, int, bool]]]) -> list[Merge]:
    merges: list[Merge] = []
    open_: dict[int, Merge] = {}
    for number, cells in spans.items():
        still: dict[int, Merge] = {}
        for left, right, goes_on in cells:
            above = open_.get(left) if goes_on else None
            merge = Merge(above.top, left, number, above.right) if above else Merge(number, left, number, right)
            still[left] = merge
        merges.extend(merge for left, merge in open_.items() if left not in still or still[left].top != merge.top)
        open_ = still
    return [m for m in [*merges, *open_.values()] if m.bottom > m.top or m.right > m.left]


def _inside(container: Any, *tags: str) -> Iterator[Any]:
    """The paragraphs and tables (or other elements) of a container, also those inside content controls and the like."""
    wanted = tags or (f"{W}p", f"{W}tbl")
    for child in container:
        if child.tag in wanted:
            yield child
        elif child.tag == f"{_MC}AlternateContent":
            yield from _inside(_chosen(child), *tags)
        elif child.tag not in _SKIPPED and child.tag in _WRAPPERS:
            yield from _inside(child, *tags)


_WRAPPERS = frozenset(f"{W}{name}" for name in "sdt sdtContent ins moveTo customXml smartTag".split())


def _chosen(alternatives: Any) -> Any:
    """The first way of several to show a thing; the last is for older programs and says the same again."""
    return next(iter(alternatives), alternatives)


def _is_fallback(element: Any, top: Any) -> bool:
    for above in element.iterancestors():
        if above is top:
            return False
        if above.tag == f"{_MC}Fallback":
            return True
    return False


def _stripped(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n")).strip()
