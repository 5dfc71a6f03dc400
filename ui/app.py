"""The web page: three tabs, one language each time it is opened, on a server that it does not know.

With `ui.parts` and the modules of the tabs (`ui.talk`, `ui.shelf`, `ui.numbers`, `ui.api`) the only place that knows
Gradio. None of them knows markup (`ui.render`, `ui.lists`) or wording (`ui.i18n`). Nothing of the page leaves the
computer: no analytics, no fonts or scripts from elsewhere.
"""

from __future__ import annotations

from importlib.resources import files

import fastapi
import gradio as gr

from rag.text import Script
from ui.api import add_endpoints, serve_tools_alone
from ui.desk import Desk
from ui.i18n import WORDS
from ui.numbers import FiguresTab
from ui.parts import QUIET, html, in_turn
from ui.shelf import ShelfTab
from ui.talk import TalkTab

#: The largest file that can be uploaded.
MAX_UPLOAD = "500mb"


def build(desk: Desk, script: Script) -> gr.Blocks:
    """The page in one language as Gradio blocks; `mount` adds its style."""
    said = WORDS[script]
    page = gr.Blocks(title="jianbao 簡報", analytics_enabled=False, fill_width=True)
    with page:
        add_endpoints(desk.assistant, desk.turns.ticket)
        header = html(elem_id="jb-header")
        with gr.Tabs(selected="ask", elem_id="jb-tabs") as tabs:
            with gr.Tab(said.ask_tab, id="ask", elem_id="jb-tab-ask", render_children=True):
                talk = TalkTab(desk, script, header, tabs)
            with gr.Tab(said.library_tab, id="library", elem_id="jb-tab-library", render_children=True) as library:
                shelf = ShelfTab(desk, script, talk)
            with gr.Tab(said.figures_tab, id="figures", elem_id="jb-tab-figures", render_children=True) as numbers:
                figures = FiguresTab(desk, script)
        opening = page.load(
            talk.greet,
            [talk.kept, talk.session],
            [*talk.outputs, talk.session],
            js="(_, session) => [jianbao.kept(), session]",
            **QUIET,
        )
        opening.then(fn=None, js="() => jianbao.keep()", **QUIET)
        gr.on([page.load, library.select], shelf.refresh, [shelf.shown], shelf.outputs, **in_turn("shelf"))
        numbers.select(figures.refresh, [figures.shown], figures.outputs, **in_turn("figures"))
    return page


def mount(outer: fastapi.FastAPI, desk: Desk, script: Script, *, host: str, port: int, mcp: bool = False) -> None:
    """Puts the page in one language, with its style, on a server that will listen at `host` and `port`.

    With `mcp` its endpoints are tools for agents too. Raises InputError when that cannot be.
    """
    page = build(desk, script)
    # `Blocks.launch` is not used: it asks for the page through the user's proxy and fails where there is one.
    gr.mount_gradio_app(
        outer,
        page,
        path="/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        max_file_size=MAX_UPLOAD,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=mcp,
        theme=_theme(),
        css=_resource("page.css"),
        head=f"<script>{_resource('page.js')}</script>",
    )
    if mcp:
        serve_tools_alone(page)


def _resource(name: str) -> str:
    return files("ui").joinpath(name).read_text(encoding="utf-8")


def _theme() -> gr.themes.Base:
    fonts = ["system-ui", "Segoe UI", "PingFang TC", "Microsoft JhengHei", "PingFang SC", "Microsoft YaHei"]
    return gr.themes.Base(
        primary_hue="teal",
        neutral_hue="stone",
        radius_size="lg",
        font=[*fonts, "Noto Sans CJK TC", "Noto Sans CJK SC", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="#171412",
        block_background_fill="white",
        block_background_fill_dark="#211d1a",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_700",
        input_background_fill="white",
        input_background_fill_dark="#2a2522",
        input_border_width="1px",
        input_border_color="*neutral_400",
        input_border_color_dark="*neutral_600",
        input_border_color_focus="*primary_700",
        input_border_color_focus_dark="*primary_300",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_400",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_800",
        button_primary_border_color="*primary_700",
        button_primary_border_color_dark="*primary_600",
        button_primary_text_color="white",
        button_secondary_background_fill="white",
        button_secondary_background_fill_dark="#2a2522",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_background_fill_hover_dark="*neutral_700",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_600",
        button_border_width="1px",
    )
