"""The numbers of a chart in an Office file as lines: one a category, with each series. It knows DrawingML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingest import grids
from ingest.grids import Grid
from ingest.numbering import integer
from ingest.numbers import display

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MOST_POINTS = 10_000


def chart_lines(root: Any) -> Iterator[str]:
    """The title of a chart and its rows, from the values that the file keeps; the workbook behind it is not opened."""
    title = root.find(f".//{_C}chart/{_C}title")
    if title is not None and (text := "".join(element.text or "" for element in title.iter(f"{_A}t")).strip()):
        yield text
    columns: list[tuple[str, dict[int, str]]] = []
    for series in root.iter(f"{_C}ser"):
        name = " ".join(" ".join(e.text or "" for e in series.iterfind(f"{_C}tx//{_C}v")).split())
        for kind in ("cat", "xVal"):
            values = _points(series.find(f"{_C}{kind}"))
            if values and ("", values) not in columns:
                columns.append(("", values))
        for kind in ("val", "yVal", "bubbleSize"):
            if values := _points(series.find(f"{_C}{kind}")):
                columns.append((name, values))
    rows: dict[int, grids.Row] = {}
    for index, (name, values) in enumerate(columns, start=1):
        if name:
            rows.setdefault(1, {})[index] = name
        for place, text in values.items():
            rows.setdefault(place + 2, {})[index] = text
    header = 1 if 1 in rows else 0
    yield from grids.lines(Grid(dict(sorted(rows.items())), lettered=False, header_rows=header))


def _points(data: Any) -> dict[int, str]:
    """The values of a series or the names of its categories, by their places; of names in levels the lowest one."""
    if data is None:
        return {}
    found: dict[int, str] = {}
    level = next(data.iter(f"{_C}lvl"), data)
    format_ = next((e.text or "" for e in level.iter(f"{_C}formatCode")), "General")
    numeric = level.find(f".//{_C}numCache") is not None or level.find(f".//{_C}numLit") is not None
    for point in level.iter(f"{_C}pt"):
        place, text = integer(point.get("idx"), -1), point.findtext(f"{_C}v") or ""
        if 0 <= place < _MOST_POINTS and text.strip():
            found[place] = display(_number(text), point.get("formatCode") or format_) if numeric else _line(text)
    return found


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return _line(text)


def _line(text: str) -> str:
    return " ".join(text.split())
