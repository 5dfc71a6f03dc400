"""The tables of a page: rows of cells become lines, unless a table only places things on the page. Pure."""

from __future__ import annotations

from ingest.cells import Cell, row_lines
from ingest.pagetext import Block


class PageCell:
    """A cell of a page: what it spans, whether it is a header's, and the blocks in it."""

    def __init__(self, columns: int, rows: int, header: bool) -> None:
        self.columns, self.rows, self.header = columns, rows, header
        self.blocks: list[Block] = []


class PageTable:
    """A table that is being read: its rows of cells, and what stands between them."""

    def __init__(self, outer: list[Block], layout: bool) -> None:
        self.outer = outer  # where its lines will go
        self.layout = layout
        self.nested = False  # whether it holds tables
        self.between: list[Block] = []  # a caption, and text that is in no cell
        self.rows: list[list[PageCell]] = []

    def written(self) -> list[Block]:
        """What is in it: its rows as lines where it is a table of data, else its cells' own blocks."""
        inside = [block for row in self.rows for cell in row for block in cell.blocks]
        if self.layout or _is_layout(self.rows) or (self.nested and not _is_data(self.rows)):
            return [*self.between, *inside]
        rows = [
            [Cell(" ".join(block.text for block in cell.blocks), cell.columns, cell.rows, cell.header) for cell in row]
            for row in self.rows
        ]
        share = sum(block.linked * len(block.text) for block in inside) / (
            sum(len(block.text) for block in inside) or 1
        )
        anchors = sum(block.anchors for block in inside) if len(self.rows) == 1 else 0
        chrome = next((block.chrome for block in inside), 0)
        lines = enumerate(row_lines(rows))
        return [
            *self.between,
            *(Block(line, share, anchors, 0, number == 0 and not self.between, chrome) for number, line in lines),
        ]


def _is_layout(rows: list[list[PageCell]]) -> bool:
    """Whether a table only places things on the page, by what its cells hold: headings, many paragraphs, long text."""
    if max(map(len, rows), default=0) < 2:
        return True
    if rows[0] and all(cell.header for cell in rows[0]):
        return False
    return any(_places(cell.blocks) for row in rows for cell in row)


def _places(blocks: list[Block]) -> bool:
    """Whether a cell holds a part of the page."""
    return len(blocks) > 8 or any(block.heading for block in blocks) or sum(len(block.text) for block in blocks) > 400


def _is_data(rows: list[list[PageCell]]) -> bool:
    """Whether a table with small tables in its cells has rows and columns of its own, so that they are cells' text.

    It has a row of headers and no lists of links, or nothing but short cells under each other.
    """
    cells = [cell.blocks for row in rows for cell in row]
    if len(rows) > 1 and len(rows[0]) > 1 and all(cell.header for cell in rows[0]):
        listed = any(len(blocks) > 1 and any(block.linked >= 0.5 for block in blocks) for blocks in cells)
        return not listed and not any(map(_places, cells))
    short = all(len(blocks) < 2 and all(len(x.text) <= 40 and not x.anchors for x in blocks) for blocks in cells)
    return short and len(rows) > 2 and len({sum(cell.columns for cell in row) for row in rows}) == 1
