"""Word documents (.docx, .docm) and presentations (.pptx, .pptm) as text that can be quoted.

python-docx and python-pptx open the files, once `ingest.limits` has looked at them; they fetch nothing that a document
names, and neither is anything fetched here. Formulas, macros, embedded files and pictures are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ingest import grids
from ingest.charts import chart_lines
from ingest.extracted import Extracted
from ingest.grids import Grid, Merge
from ingest.limits import check_office, refusing
from ingest.numbering import W, read_numbering
from ingest.properties import author_of, title_of
from ingest.word import Body, read_styles
from rag.errors import DocumentError
from rag.text import compact

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
#: How far into a text the title that its properties give is looked for, in characters.
_HEAD = 2000
#: Shapes whose tops are within half an inch of each other stand beside each other.
_BAND = 457_200


def read_docx(path: Path) -> Extracted:
    """The body of a Word document, in its order.

    The title is the paragraph in Word's style for titles, else that of the properties if the text has it near its top
    (templates pass theirs on). A document's properties know when a file was made, not when it was published, so there
    is no date. Raises DocumentError when the file is damaged, locked or no Word document.
    """
    from docx.exceptions import PythonDocxError
    from docx.opc.exceptions import OpcError
    from docx.package import Package

    check_office(path)
    with refusing(path, OpcError, PythonDocxError):
        package = Package.open(str(path))
        main = package.main_document_part
        if not re.search(r"wordprocessingml|ms-word", main.content_type):
            raise _other(path, "Word document")
        related = {str(key): part for key, part in main.related_parts.items()}
        named = {
            part.reltype.rpartition("/")[2]: part.target_part for part in main.rels.values() if not part.is_external
        }
        body = Body(
            read_styles(_root(named.get("styles"))),
            read_numbering(_root(named.get("numbering"))),
            _notes(_root(named.get("footnotes")), "footnote"),
            _notes(_root(named.get("endnotes")), "endnote"),
            {key: _root(part) for key, part in related.items() if part.content_type.endswith("chart+xml")},
        )
        root = _root(main).find(f"{W}body")
        text = body.text(root) if root is not None else ""
        properties = package.core_properties
        written = title_of(properties.title or "")
        title = body.title or (written if compact(written) in compact(text[:_HEAD]) else "")
        return Extracted(text, title, author=author_of(properties.author or ""))


def read_pptx(path: Path) -> Extracted:
    """The slides of a presentation, each of them a page: title, body, tables, charts, and the speaker's notes.

    A hidden slide is an empty page, so that the numbers of the others are those that the program shows. Raises
    DocumentError when the file is damaged, locked or no presentation.
    """
    import pptx
    from pptx.exc import PythonPptxError

    check_office(path)
    with refusing(path, PythonPptxError):
        try:
            presentation = pptx.Presentation(str(path))
        except ValueError as error:
            if "not a PowerPoint file" in str(error):
                raise _other(path, "presentation") from error
            raise
        pages: list[int] = []
        slides: list[str] = []
        title = ""
        at = 0
        for slide in presentation.slides:
            heading, lines = ("", []) if slide.element.get("show") in ("0", "false") else _slide(slide)
            title = title or heading
            text = "\n".join(([f"## {heading}"] if heading else []) + lines)
            pages.append(at)
            slides.append(text)
            at += len(text) + 2
        properties = presentation.core_properties
        text = "\n\n".join(slides)
        written = title_of(properties.title or "")
        title = title or (written if compact(written) in compact(text[:_HEAD]) else "")
        return Extracted(text, title, author=author_of(properties.author or ""), pages=tuple(pages))


def _other(path: Path, kind: str) -> DocumentError:
    return DocumentError(
        f"{path.name} is an Office file of another kind, not a {kind}; give it the ending that it should have."
    )


def _root(part: Any) -> Any:
    """The XML of a part, without entities or anything from outside; None for no part."""
    if part is None:
        return None
    if hasattr(part, "element"):
        return part.element
    from lxml import etree

    return etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _notes(root: Any, name: str) -> dict[str, Any]:
    """The notes by their ids, without the lines that separate them from the text."""
    notes = () if root is None else root.iterchildren(f"{W}{name}")
    return {str(note.get(f"{W}id")): note for note in notes if note.get(f"{W}type", "normal") == "normal"}


# --- slides

_FURNITURE = ("DATE", "FOOTER", "HEADER", "SLIDE_NUMBER")


def _slide(slide: Any) -> tuple[str, list[str]]:
    """The title of a slide, and the lines below it."""
    title = slide.shapes.title
    heading = " ".join(_text(title.text_frame).split()) if title is not None else ""
    shapes = [shape for shape in slide.shapes if title is None or shape.element is not title.element]
    lines = [line for shape in _in_order(shapes) for line in _shape(shape, slide.part)]
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
        notes = [line for line in _text(frame).split("\n") if line]
        lines += [f"备注：{notes[0]}", *notes[1:]] if notes else []
    return heading, lines


def _in_order(shapes: Iterable[Any]) -> list[Any]:
    """Shapes from top to bottom, and those beside each other from left to right; without a place, in their order."""

    def place(shape: Any) -> tuple[int, int]:
        return ((shape.top or 0) // _BAND, shape.left or 0)

    return sorted(shapes, key=place)


def _shape(shape: Any, part: Any) -> Iterator[str]:
    if _is_hidden(shape):
        return
    if hasattr(shape, "shapes"):  # a group
        for inner in _in_order(shape.shapes):
            yield from _shape(inner, part)
    elif getattr(shape, "has_table", False):
        yield from _table(shape.table)
    elif getattr(shape, "has_chart", False):
        yield from chart_lines(shape.chart_part._element)
    elif shape.has_text_frame:
        kind = shape.placeholder_format.type if shape.is_placeholder else None
        if kind is None or kind.name not in _FURNITURE:
            yield from filter(None, _text(shape.text_frame).split("\n"))
    else:
        yield from _diagram(shape.element, part)


def _is_hidden(shape: Any) -> bool:
    return any(e.get("hidden") in ("1", "true") for e in shape.element.xpath("./*/p:cNvPr"))


def _text(frame: Any) -> str:
    """The paragraphs of a text frame; inside one, python-pptx gives a vertical tab for a line break."""
    paragraphs = (paragraph.text.replace("\v", "\n") for paragraph in frame.paragraphs)
    return "\n".join(line.strip() for paragraph in paragraphs for line in paragraph.split("\n")).strip()


def _table(table: Any) -> Iterator[str]:
    rows: dict[int, grids.Row] = {}
    merges: list[Merge] = []
    for top, row in enumerate(table.rows, start=1):
        for left, cell in enumerate(row.cells, start=1):
            if cell.is_spanned:
                continue
            if cell.is_merge_origin:
                merges.append(Merge(top, left, top + cell.span_height - 1, left + cell.span_width - 1))
            if text := " ".join(_text(cell.text_frame).split()):
                rows.setdefault(top, {})[left] = text
    return grids.lines(Grid(rows, merges, lettered=False))


def _diagram(element: Any, part: Any) -> Iterator[str]:
    """The words of a SmartArt picture, in the order in which they were typed."""
    for identities in element.iter(f"{_DGM}relIds"):
        data = part.rels.get(identities.get(f"{_R}dm"))
        if data is None or data.is_external:
            continue
        for point in _root(data.target_part).iter(f"{_DGM}pt"):
            if point.get("type", "node") in ("node", "asst"):
                for paragraph in point.iter(f"{_A}p"):
                    if text := " ".join("".join(e.text or "" for e in paragraph.iter(f"{_A}t")).split()):
                        yield text
