"""What the tabs have in common of Gradio: plain HTML, and the bus by which the markup's buttons reach the server."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import gradio as gr

#: For events: no spinner, no part of the API, and none waits for another.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
#: For a box that is typed in: the last is always answered. (Listen to `change`: `input` misses what is pasted.)
TYPING: dict[str, Any] = {**QUIET, "trigger_mode": "always_last"}


def in_turn(tab: str, **more: Any) -> dict[str, Any]:
    """For the quick events of a tab that show its list anew: one after the other, so that the last is what is seen."""
    return {**QUIET, "concurrency_limit": 1, "concurrency_id": tab, **more}


def html(markup: str = "", **more: Any) -> gr.HTML:
    """Markup of `ui.render` or `ui.lists`, which runs nothing."""
    return gr.HTML(markup, apply_default_css=False, js_on_load=None, **more)


def bus(name: str) -> gr.HTML:
    """The component that hands on what page.js sends to the tab `name`; listen to its `submit`."""
    return gr.HTML(
        "",
        apply_default_css=False,
        js_on_load='element.addEventListener("jb", (event) => trigger("submit", event.detail));',
        elem_id=f"jb-bus-{name}",
        elem_classes=["jb-bus"],
    )


def date_box(label: str, hint: str, elem_id: str) -> gr.Textbox:
    """A box for an ISO day, month or year."""
    return gr.Textbox(label=label, placeholder=hint, elem_id=elem_id, min_width=140)


class Pressed:
    """What a button of the markup said: what to `do`, the `name` of what, a typed `value`, and the selected `ids`."""

    def __init__(self, event: gr.EventData) -> None:
        said = event._data if isinstance(event._data, dict) else {}
        self.do, self.value = (str(said.get(key, ""))[:2000] for key in ("do", "value"))
        self.name = _given_back(str(said.get("name", "")))
        self.ids = tuple(_given_back(id) for id in said.get("ids", ()) if isinstance(id, str))


def _given_back(name: str) -> str:
    """What `ui.render.exact` was given."""
    return unquote(name, errors="surrogatepass")
