"""The tab of the figures: every figure of the library, searched, sorted, followed over time, taken along as a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import gradio as gr

from rag.errors import JianbaoError
from rag.figure_table import Order, Row
from rag.text import Script
from ui import lists, render
from ui.collection import PAGE, clamped
from ui.desk import Desk
from ui.exports import MOST
from ui.i18n import WORDS
from ui.parts import QUIET, Pressed, bus, date_box, html, in_turn
from ui.reasons import told
from ui.viewer import Opened, view


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the table is shown, the figure that is followed over time or held against others, the open document."""

    text: str = ""
    unit: str = ""
    since: str = ""
    until: str = ""
    source: str = ""
    order: Order = "date"
    descending: bool = True
    page: int = 1
    conflicting: bool = False
    series: int | None = None
    rivals: bool = False
    opened: Opened | None = None

    @property
    def filters(self) -> dict[str, Any]:
        """What the table is filtered by, as `FigureTable.search` takes it."""
        names = ("text", "unit", "since", "until", "source", "conflicting")
        return {name: getattr(self, name) for name in names}


class FiguresTab:
    """Builds the tab inside a `gr.Tab`; call `refresh` when it is opened."""

    def __init__(self, desk: Desk, script: Script) -> None:
        self.desk, self.script, self.said = desk, script, WORDS[script]
        said = self.said
        self.shown = gr.State(Shown())
        self.bus = bus("figures")
        with gr.Row(elem_id="jb-figure-filters"):
            self.text = gr.Textbox(label=said.search_figures, elem_id="jb-find-figures", scale=3)
            self.unit = gr.Dropdown([(said.any_unit, "")], value="", label=said.unit, elem_id="jb-unit", min_width=140)
            self.since = date_box(said.since, said.date_hint, "jb-figures-since")
            self.until = date_box(said.until, said.date_hint, "jb-figures-until")
            self.source = gr.Textbox(label=said.from_source, elem_id="jb-figures-source")
            self.conflicting = gr.Checkbox(label=said.only_conflicting, elem_id="jb-conflicting", min_width=140)
        self.status = html(elem_id="jb-figures-status")
        self.series = html(elem_id="jb-series")
        self.opened = html(elem_id="jb-figure-opened")
        self.table = html(elem_id="jb-figures")
        self.exports = html(elem_id="jb-exports")
        self.timer = gr.Timer(1.0, active=False)
        self.outputs = [
            self.table, self.status, self.series, self.opened, self.exports, self.unit, self.shown, self.timer,
        ]  # fmt: skip
        filters = [self.text, self.unit, self.since, self.until, self.source, self.conflicting, self.shown]
        texts = (self.text, self.since, self.until, self.source)
        gr.on(
            [*(box.change for box in texts), self.unit.input, self.conflicting.input],
            self._filtered,
            filters,
            self.outputs,
            **in_turn("figures", trigger_mode="always_last"),
        )
        self.timer.tick(self.refresh, [self.shown], self.outputs, **in_turn("figures"))
        self.bus.submit(self._act, [self.shown], self.outputs, **QUIET).then(
            fn=None, js="() => jianbao.look()", **QUIET
        )

    def refresh(self, shown: Shown) -> list[Any]:
        """Values for `outputs`: everything anew; the timer goes on as long as figures are read."""
        table, reading = self.desk.figures, self.desk.reading
        status = told(reading.problem, self.script)
        if reading.running:
            status = self.said.reading_figures.format(done=f"{reading.done:,}", of=f"{reading.of:,}")
        try:
            total, rows = self._rows(shown)
            if not rows and shown.page > clamped(shown.page, total):  # the table has become shorter
                shown = replace(shown, page=clamped(shown.page, total))
                total, rows = self._rows(shown)
            units = table.units(**{name: value for name, value in shown.filters.items() if name != "unit"})
        except JianbaoError as error:
            return self._noticed(error)
        try:
            series = self._series(shown)
        except JianbaoError as error:  # its document has changed or gone
            shown, series = replace(shown, series=None), lists.notice(str(error), self.script)
        choices = [(self.said.any_unit, "")]
        choices += [(f"{lists.shown_unit(unit, self.script)} ({count:,})", unit) for unit, count in units[:200] if unit]
        if shown.unit not in [value for _, value in choices]:
            choices.append((shown.unit, shown.unit))
        return [
            lists.figures(
                rows,
                total,
                self.said,
                self.script,
                page=shown.page,
                order=shown.order,
                descending=shown.descending,
            ),
            render.status(self.script, status) if status else "",
            series,
            view(self.desk, shown.opened, self.script, to="figures") if shown.opened else "",
            self._exports(shown, total),
            gr.Dropdown(choices, value=shown.unit),
            shown,
            gr.Timer(active=reading.running),
        ]

    def _rows(self, shown: Shown) -> tuple[int, list[Row]]:
        offset = (max(1, shown.page) - 1) * PAGE
        return self.desk.figures.search(
            **shown.filters, order=shown.order, descending=shown.descending, limit=PAGE, offset=offset
        )

    def _series(self, shown: Shown) -> str:
        if shown.series is None:
            return ""
        table = self.desk.figures
        rows = [table.row(shown.series), *table.rivals(shown.series)] if shown.rivals else table.series(shown.series)
        return lists.series(rows, self.said, self.script, rivals=shown.rivals)

    def _exports(self, shown: Shown, total: int) -> str:
        if total > MOST:
            return lists.notice(self.said.too_many.format(count=f"{MOST:,}"), self.script)
        given = {**shown.filters, "order": shown.order, "descending": shown.descending}
        return lists.exports(self.said, self.script, given) if total else ""

    def _filtered(
        self, text: str, unit: str, since: str, until: str, source: str, conflicting: bool, shown: Shown
    ) -> list[Any]:
        shown = replace(
            shown,
            text=text.strip(),
            unit=unit or "",
            since=since.strip(),
            until=until.strip(),
            source=source.strip(),
            conflicting=conflicting,
            page=1,
        )
        return self.refresh(shown)

    def _act(self, shown: Shown, event: gr.EventData) -> list[Any]:
        """What a button of the markup asks for."""
        pressed = Pressed(event)
        match pressed.do:
            case "sort" if pressed.name in ("value", "unit", "what", "document", "date"):
                descending = not shown.descending if pressed.name == shown.order else pressed.name in ("value", "date")
                shown = replace(shown, order=cast(Order, pressed.name), descending=descending, page=1)
            case "page":
                shown = replace(shown, page=int(pressed.name))
            case "series" | "rivals":
                shown = replace(shown, series=int(pressed.name), rivals=pressed.do == "rivals")
            case "close_series":
                shown = replace(shown, series=None)
            case "open":
                try:
                    row = self.desk.figures.row(int(pressed.name))
                except JianbaoError as error:
                    return self._noticed(error)
                shown = replace(shown, opened=Opened(row.document, row.start, row.end))
            case "more" if shown.opened:
                shown = replace(shown, opened=replace(shown.opened, around=int(pressed.name)))
            case "close":
                shown = replace(shown, opened=None)
        return self.refresh(shown)

    def _noticed(self, error: JianbaoError) -> list[Any]:
        """Values for `outputs` that only say what is wrong."""
        return [gr.skip(), lists.notice(str(error), self.script), *[gr.skip()] * 6]
