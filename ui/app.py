"""The web page: a conversation, and beside it the sentences that its answers stand on.

The one place that knows Gradio. It knows no markup (`ui.render`), no wording (`ui.i18n`), no server (`ui.server`), and
of the assistant only what `PageAssistant` says. Nothing of it leaves the computer: no analytics, no fonts or scripts
from elsewhere.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import fastapi
import gradio as gr
from gradio.components.chatbot import ExampleMessage

from rag.errors import JianbaoError
from rag.text import Script
from rag.types import AnswerReady, Event, QuoteFound, TextAdded, Turn
from ui import render
from ui.i18n import EXAMPLES, WORDS, reader_script, translations
from ui.render import Exchange


class Listed(Protocol):
    """A document of the library, as far as the page counts it."""

    @property
    def chunks(self) -> int:
        """How many passages it was cut into."""


class PageAssistant(Protocol):
    """What the page needs of `rag.Assistant`. Each method may raise a `JianbaoError`, whose message is then shown."""

    def stream(self, question: str, *, history: Sequence[Turn] = ()) -> Iterator[Event]:
        """The events of an answer, `AnswerReady` last."""

    def documents(self) -> Sequence[Listed]:
        """What the library holds."""

    def warm(self) -> None:
        """Load the models."""


@dataclass(slots=True)
class _Run:
    """A question being answered: the reader may ask it to halt, and it says when it has."""

    halt: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


def build(assistant: PageAssistant, *, local: bool = True) -> gr.Blocks:
    """The page as Gradio blocks; `mount` adds style and translations.

    `local` says that models and readers are on this computer, and the page then promises that nothing leaves it.
    """
    words = gr.I18n(**translations())
    runs: dict[str, _Run] = {}
    turn = threading.Lock()  # one question at a time: there is one model and few cores

    def ask(question: str, exchanges: tuple[Exchange, ...], request: gr.Request) -> Iterator[list[Any]]:
        """Values for `outputs`, again and again until the exchange has come out one way or another."""
        session = str(request.session_hash)
        if session in runs:
            yield [gr.skip()] * len(outputs)
            return
        if not question.strip():
            script = _reader(request)
            yield [gr.skip(), gr.skip(), gr.skip(), render.status(script, WORDS[script].ask_first), *[gr.skip()] * 3]
            return
        run = runs[session] = _Run()
        history = [Turn(past.question, past.answer.text) for past in exchanges if past.answer is not None]
        asked = question.strip()
        exchange = Exchange(number=len(exchanges) + 1, question=asked)
        try:
            yield ["", *_screen((*exchanges, exchange), busy=True)]
            try:
                for events in _batches(lambda: assistant.stream(asked, history=history), turn, run.halt):
                    if run.halt.is_set():
                        break
                    before = exchange
                    for event in events:
                        exchange = _after(exchange, event)
                    if exchange is before:
                        yield [gr.skip()] * len(outputs)  # a place at which Gradio can close a page that was left
                    else:
                        yield [gr.skip(), *_screen((*exchanges, exchange), busy=True)]
                if exchange.answer is None:
                    if not run.halt.is_set():
                        raise RuntimeError("the assistant's stream ended without an answer")
                    exchange = replace(exchange, stopped=True)
            except JianbaoError as error:
                exchange = replace(exchange, problem=str(error))
            except Exception:  # a fault of ours: the reader gets a sentence, the log the traceback
                logging.exception("the question could not be answered")
                exchange = replace(exchange, problem=exchange.words.unexpected)
            yield [gr.skip(), *_screen((*exchanges, exchange), busy=False)]
        finally:
            run.halt.set()
            run.done.set()
            del runs[session]

    def ask_example(exchanges: tuple[Exchange, ...], event: gr.SelectData, request: gr.Request) -> Iterator[list[Any]]:
        yield from ask(event.value["text"], exchanges, request)

    def stop(request: gr.Request) -> None:
        if run := runs.get(str(request.session_hash)):
            run.halt.set()

    def start_anew(request: gr.Request) -> list[Any]:
        if run := runs.get(str(request.session_hash)):
            run.halt.set()
            run.done.wait(timeout=5)
        script = _reader(request)
        return [
            "",
            [],
            render.sources((), WORDS[script], script),
            render.status(script, WORDS[script].ready),
            (),
            *_buttons(busy=False),
        ]

    def greet(request: gr.Request) -> list[Any]:
        """The frame in the reader's language: also for browsers whose language Gradio has no name for (zh-HK)."""
        script = _reader(request)
        said = WORDS[script]
        problem, holdings = "", None
        try:
            documents = assistant.documents()
            holdings = len(documents), sum(document.chunks for document in documents)
        except JianbaoError as error:
            problem = str(error)
        empty = holdings is not None and holdings[0] == 0
        examples: list[ExampleMessage] = [] if problem or empty else [{"text": text} for text in EXAMPLES.values()]
        return [
            render.header(said, script, holdings, local=local),
            gr.Chatbot(
                label=said.conversation,
                placeholder=render.welcome(said, script, problem, empty=empty),
                examples=examples,
            ),
            render.sources((), said, script),
            render.status(script, said.problem if problem else said.empty if empty else said.ready),
            gr.Textbox(label=said.question, placeholder=said.placeholder),
            gr.Button(said.send),
            gr.Button(said.stop),
            gr.Button(said.new),
        ]

    page = gr.Blocks(title="jianbao 簡報", analytics_enabled=False, fill_width=True)
    with page:
        exchanges = gr.State(())
        header = _html(elem_id="jb-header")
        with gr.Row(elem_id="jb-main", equal_height=False):
            with gr.Column(scale=3, min_width=320, elem_id="jb-talk"):
                chat = gr.Chatbot(
                    label=words("conversation"),
                    show_label=False,
                    elem_id="jb-chat",
                    height=None,
                    buttons=[],
                    sanitize_html=True,
                    render_markdown=False,
                    latex_delimiters=[],
                    allow_tags=False,
                    allow_file_downloads=False,
                    feedback_options=None,
                    layout="bubble",
                )
                status = _html(elem_id="jb-status")
                question = gr.Textbox(
                    label=words("question"),
                    placeholder=words("placeholder"),
                    elem_id="jb-question",
                    lines=1,
                    max_lines=6,
                    autofocus=True,
                )
                with gr.Row(elem_id="jb-buttons"):
                    send = gr.Button(words("send"), variant="primary", elem_id="jb-send", min_width=60)
                    halt = gr.Button(words("stop"), interactive=False, elem_id="jb-stop", min_width=60)
                    new = gr.Button(words("new"), elem_id="jb-new", min_width=60)
            with gr.Column(scale=2, min_width=320, elem_id="jb-side"):
                sources = _html(elem_id="jb-sources")

        outputs = [question, chat, sources, status, exchanges, send, halt]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        gr.on([question.submit, send.click], ask, [question, exchanges], outputs, **quiet)
        chat.example_select(ask_example, [exchanges], outputs, **quiet)
        halt.click(stop, None, None, **quiet)
        new.click(start_anew, None, outputs, **quiet)
        page.load(greet, None, [header, chat, sources, status, question, send, halt, new], **quiet)
    return page


def mount(outer: fastapi.FastAPI, assistant: PageAssistant, *, host: str, port: int, local: bool) -> None:
    """Puts the page with its style and translations on a server that will listen at `host` and `port`."""
    # `Blocks.launch` is not used: it asks for the page through the user's proxy and fails where there is one.
    gr.mount_gradio_app(
        outer,
        build(assistant, local=local),
        path="/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        max_file_size="1mb",
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        i18n=gr.I18n(**translations()),
        theme=_theme(),
        css=render.CSS,
        head=render.SCRIPT,
    )


def _reader(request: gr.Request) -> Script:
    return reader_script(request.headers.get("accept-language", ""))


def _after(exchange: Exchange, event: Event) -> Exchange:
    match event:
        case QuoteFound(citation):
            return replace(exchange, quote=citation)
        case TextAdded(text):
            return replace(exchange, text=exchange.text + text)
        case AnswerReady(answer):
            return replace(exchange, answer=answer)


def _screen(exchanges: tuple[Exchange, ...], *, busy: bool) -> list[Any]:
    """Values for the outputs after the question box."""
    latest = exchanges[-1]
    messages: list[dict[str, Any]] = []
    for exchange in exchanges:
        messages.append(_message("user", render.question(exchange)))
        messages.append(_message("assistant", render.reply(exchange)))
    return [
        messages,
        render.sources(exchanges, latest.words, latest.script),
        render.progress(latest),
        exchanges,
        *_buttons(busy=busy),
    ]


def _message(role: str, markup: str) -> dict[str, Any]:
    """A message that is shown as rendered here: the Chatbot's own text messages let the tags of a document through."""
    return {"role": role, "content": _html(markup, render=False)}


def _html(markup: str = "", **more: Any) -> gr.HTML:
    return gr.HTML(markup, apply_default_css=False, js_on_load=None, **more)


def _buttons(*, busy: bool) -> list[gr.Button]:
    return [gr.Button(interactive=not busy), gr.Button(interactive=busy)]


def _batches(
    stream: Callable[[], Iterator[Event]], turn: threading.Lock, halt: threading.Event
) -> Iterator[list[Event]]:
    """The events of a stream, gathered so that the page changes at most ten times a second, and nothing after `halt`.

    Yields an empty list after a quarter of a second of silence, so that its caller is never kept from looking up.
    An error of the stream is raised here.
    """
    arrived: SimpleQueue[Event | Exception | None] = SimpleQueue()

    def pump() -> None:
        try:
            with turn:
                if not halt.is_set():
                    for event in stream():
                        arrived.put(event)
                        if halt.is_set():
                            break  # dropping the stream closes it
            arrived.put(None)
        except Exception as error:  # noqa: BLE001 (raised again where the events are read)
            arrived.put(error)

    threading.Thread(target=pump, name="jianbao-answer", daemon=True).start()
    while True:
        batch: list[Event] = []
        try:
            item = arrived.get(timeout=0.25)
            if isinstance(item, TextAdded):
                time.sleep(0.1)
            while item is not None and not isinstance(item, Exception):
                batch.append(item)
                item = arrived.get_nowait()
        except Empty:
            yield batch
            continue
        if batch:
            yield batch
        if item is not None:
            raise item
        return


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
