"""The tab to ask in: a conversation, the sentences that its answers stand on, and the conversations before it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import gradio as gr
from gradio.components.chatbot import ExampleMessage

from rag.errors import JianbaoError
from rag.text import Script
from rag.types import Turn
from ui import exchanges, lists, quotes, render
from ui.answering import Run, after, batches
from ui.collection import ALL
from ui.conversations import Verdict
from ui.desk import SEEDS, Desk
from ui.exchanges import Talk
from ui.i18n import EXAMPLES, WORDS
from ui.parts import QUIET, TYPING, Pressed, bus, html
from ui.reasons import told
from ui.render import Exchange
from ui.viewer import Opened, placed, view


class TalkTab:
    """Builds the tab inside a `gr.Tab`; its attributes are what other tabs show things in."""

    def __init__(self, desk: Desk, script: Script, header: gr.HTML, tabs: gr.Tabs) -> None:
        self.desk, self.script, self.said = desk, script, WORDS[script]
        self._runs: dict[str, Run] = {}
        said = self.said
        self.talk = gr.State(Talk())
        self.kept = gr.Textbox(visible=False)
        self.bus = bus("talk")
        with gr.Row(elem_id="jb-main", equal_height=False):
            with gr.Column(scale=2, min_width=180, elem_id="jb-history"):
                self.new = gr.Button(said.new, elem_id="jb-new", min_width=60)
                self.search = gr.Textbox(
                    label=said.search_talks, placeholder=said.search_talks, show_label=False, elem_id="jb-search"
                )
                self.listed = html(elem_id="jb-talks")
                self.tools = html(elem_id="jb-talk-tools")
            with gr.Column(scale=6, min_width=320, elem_id="jb-talk"):
                self.chat = gr.Chatbot(
                    label=said.conversation,
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
                self.next = html(elem_id="jb-next")
                self.status = html(elem_id="jb-status")
                self.scope = html(elem_id="jb-scope")
                self.question = gr.Textbox(
                    label=said.question,
                    placeholder=said.placeholder,
                    elem_id="jb-question",
                    lines=1,
                    max_lines=6,
                    autofocus=True,
                )
                with gr.Row(elem_id="jb-buttons"):
                    self.send = gr.Button(said.send, variant="primary", elem_id="jb-send", min_width=60)
                    self.halt = gr.Button(said.stop, interactive=False, elem_id="jb-stop", min_width=60)
            with gr.Column(scale=4, min_width=320, elem_id="jb-side"):
                self.sources = html(elem_id="jb-sources")
        self.ready = gr.Timer(0.7)
        self.header, self.tabs = header, tabs
        self.outputs = [
            self.question, self.chat, self.sources, self.status, self.next, self.scope, self.listed, self.tools,
            self.talk, self.send, self.halt, header, tabs,
        ]  # fmt: skip
        self._listen()

    def _listen(self) -> None:
        """Connects what the reader does with what is done."""
        keep = {"fn": None, "js": "() => jianbao.keep()"}
        look = {"fn": None, "js": "() => jianbao.look()"}
        given = [self.question, self.talk]
        asking = gr.on([self.question.submit, self.send.click], self._ask, given, self.outputs, **QUIET)
        example = self.chat.example_select(self._ask_example, [self.talk], self.outputs, **QUIET)
        acting = self.bus.submit(self._act, [self.talk, self.search], self.outputs, **QUIET)
        for done in (asking, example, acting.then(**look, **QUIET)):
            done.then(**keep, **QUIET).then(self._suggest, [self.talk], [self.next], **QUIET)
        self.halt.click(self._stop, None, None, **QUIET)
        self.new.click(self._start_anew, [self.talk], self.outputs, **QUIET).then(**keep, **QUIET)
        self.search.change(self._found, [self.search, self.talk], [self.listed], **TYPING)
        self.ready.tick(self._models, [self.talk], [self.status, self.ready], **QUIET)

    # -- what the page shows -----------------------------------------------------------------------------------------

    def greet(self, kept: str, request: gr.Request) -> list[Any]:
        """Values for `outputs` when the page opens, with the conversation that this browser had before.

        What a quick reader has typed by then stays, and so does a question that is being answered.
        """
        if str(request.session_hash) in self._runs:
            return [*[gr.skip()] * (len(self.outputs) - 2), *self._frame()]
        try:
            talk = exchanges.restored(self.desk.conversations, kept) if kept else Talk()
        except JianbaoError:  # it has been deleted meanwhile
            talk = Talk()
        return [gr.skip(), *self._screen(talk, busy=False), *self._frame()]

    def _frame(self) -> list[Any]:
        return [self.head(), gr.skip()]

    def head(self) -> str:
        """The head of the page with what the library holds now."""
        return render.header(self.said, self.script, self._holdings()[0], local=self.desk.local)

    def _holdings(self) -> tuple[tuple[int, int] | None, str]:
        try:
            documents = self.desk.collection.matching(ALL)
        except JianbaoError as error:
            return None, str(error)
        return (len(documents), sum(document.chunks for document in documents)), ""

    def conversation(self, talk: Talk) -> Any:
        """The conversation, or an invitation to begin one."""
        holdings, problem = self._holdings()
        empty = holdings is not None and holdings[0] == 0
        welcome = render.welcome(self.said, self.script, problem, empty=empty)
        if not talk.exchanges and (problem or empty):
            # As a message: of a placeholder the front end takes away what makes a button work.
            return gr.Chatbot([_message("assistant", welcome)], examples=[])
        examples: list[ExampleMessage] = [{"text": text} for text in EXAMPLES.values()]
        return gr.Chatbot(_messages(talk.exchanges), placeholder=welcome, examples=examples)

    def scoped(self, talk: Talk) -> str:
        """The line that tells which documents are asked."""
        count = len(self.desk.collection.matching(talk.choice)) if talk.choice else None
        return render.scope(self.said, self.script, count)

    def _screen(self, talk: Talk, *, busy: bool, searched: str = "", problem: str = "") -> list[Any]:
        """Values for the outputs after the question box and before the head: everything anew."""
        latest = talk.exchanges[-1] if talk.exchanges else None
        listed = self.desk.conversations.list(searched)
        judged = any(exchange.verdict for exchange in talk.exchanges)
        status = render.progress(latest) if latest else render.status(self.script, self._state())
        if problem:
            status = self._trouble(problem)
        return [
            self.conversation(talk),
            self._side(talk),
            status,
            "",
            self.scoped(talk),
            lists.conversations(listed, talk.id, self.said, self.script, searched=bool(searched)),
            lists.conversation_tools(talk.id, self.said, self.script, any_judged=judged),
            talk,
            *_buttons(busy=busy),
        ]

    def _writing(self, talk: Talk, known: Exchange | None = None) -> list[Any]:
        """Values for all outputs while an answer is written: what is other than when the latest exchange was `known`.

        The browser works on the cores that the model works on, so it is given little to do.
        """
        latest = talk.exchanges[-1]
        changed: dict[Any, Any] = {self.chat: _messages(talk.exchanges), self.talk: talk}
        if known is None or (known.quote, known.answer) != (latest.quote, latest.answer):
            changed[self.sources] = self._side(talk)
        if known is None or (known.outcome, known.ahead) != (latest.outcome, latest.ahead):
            changed[self.status] = render.progress(latest)
        return self._only(changed)

    def _begin(self, talk: Talk) -> list[Any]:
        """Values for all outputs when a question has just been asked."""
        send, halt = _buttons(busy=True)
        tools = lists.conversation_tools(talk.id, self.said, self.script, any_judged=False)
        changed: dict[Any, Any] = {
            self.question: "",
            self.next: "",
            self.tools: tools,
            self.send: send,
            self.halt: halt,
        }
        return [changed.get(output, value) for output, value in zip(self.outputs, self._writing(talk), strict=True)]

    def _side(self, talk: Talk) -> str:
        if talk.opened is None:
            return quotes.sources(talk.exchanges, self.said, self.script)
        return view(self.desk, talk.opened, self.script, to="talk")

    def _state(self) -> str:
        """What the page can do just now."""
        holdings, problem = self._holdings()
        models = self.desk.models
        if problem:  # the conversation has the sentence
            return self.said.problem
        if models.phase == "problem":
            return f"{self.said.problem}：{told(models.problem, self.script)}"
        if models.phase in ("encoder", "model"):
            return self.said.loading_encoder if models.phase == "encoder" else self.said.loading_model
        return self.said.empty if holdings and not holdings[0] else self.said.ready

    def _models(self, talk: Talk, request: gr.Request) -> list[Any]:
        """The status line while the models are loaded."""
        done = self.desk.models.phase in ("ready", "problem")
        free = not talk.exchanges and str(request.session_hash) not in self._runs
        return [render.status(self.script, self._state()) if free else gr.skip(), gr.Timer(active=not done)]

    # -- asking ------------------------------------------------------------------------------------------------------

    def _ask(self, question: str, talk: Talk, request: gr.Request) -> Iterator[list[Any]]:
        """Values for `outputs`, again and again until the exchange has come out one way or another."""
        session, asked = str(request.session_hash), question.strip()
        if session in self._runs:
            yield self._nothing()
            return
        if not asked:
            yield self._only({self.status: render.status(self.script, self.said.ask_first)})
            return
        talk = exchanges.caught_up(self.desk.conversations, talk)
        run = self._runs[session] = Run()
        editing = talk.editing
        before = tuple(one for one in talk.exchanges if not editing or one.number < editing)
        history = [Turn(past.question, past.answer.text) for past in before if past.answer is not None]
        exchange = Exchange(number=before[-1].number + 1 if before else 1, question=asked)
        choice, ticket, kept = talk.choice, self.desk.turns.ticket(), False
        talk = replace(talk, opened=None, editing=0, exchanges=(*before, exchange))
        try:
            try:
                talk = replace(talk, id=exchanges.begun(self.desk.conversations, talk, editing))
                yield self._begin(talk)
                for events in batches(lambda: self.desk.stream(ticket, asked, history, choice), run.halt):
                    if run.halt.is_set():
                        break
                    known = exchange
                    exchange = replace(exchange, ahead=ticket.ahead)
                    for event in events:
                        exchange = after(exchange, event)
                    if exchange == known:
                        yield self._nothing()  # a place at which Gradio can close a page that was left
                    elif exchange.answer is None:
                        talk = replace(talk, exchanges=(*before, exchange))
                        yield self._writing(talk, known)
                if exchange.answer is None:
                    if not run.halt.is_set():
                        raise RuntimeError("the assistant's stream ended without an answer")
                    exchange = replace(exchange, stopped=True)
            except JianbaoError as error:
                exchange = replace(exchange, problem=str(error))
            except Exception:  # a fault of ours: the reader gets a sentence, the log the traceback
                logging.exception("the question could not be answered")
                exchange = replace(exchange, problem=exchange.words.unexpected)
            (unkept, number), kept = exchanges.keep(self.desk.conversations, talk, exchange), True
            talk = replace(talk, exchanges=(*before, exchange))
            if number != exchange.number:  # another page went on with the conversation meanwhile
                talk = exchanges.caught_up(self.desk.conversations, talk)
            yield [gr.skip(), *self._screen(talk, busy=False, problem=unkept), *self._frame()]
        finally:
            ticket.leave()
            run.halt.set()
            if not kept:  # the page was left
                exchanges.keep(self.desk.conversations, talk, replace(exchange, stopped=exchange.answer is None))
            run.done.set()
            del self._runs[session]

    def _suggest(self, talk: Talk, request: gr.Request) -> str:
        """What could be asked next, once there is an answer; looked for when the reader has it already."""
        latest = talk.exchanges[-1] if talk.exchanges else None
        if latest is None or latest.answer is None or str(request.session_hash) in self._runs:
            return ""
        return render.suggestions(self.desk.next_questions(latest.answer), latest.words, latest.script)

    def _ask_example(self, talk: Talk, event: gr.SelectData, request: gr.Request) -> Iterator[list[Any]]:
        yield from self._ask(str(event.value["text"]), talk, request)

    def _stop(self, request: gr.Request) -> None:
        if run := self._runs.get(str(request.session_hash)):
            run.halt.set()

    def _halted(self, request: gr.Request) -> None:
        if run := self._runs.get(str(request.session_hash)):
            run.halt.set()
            run.done.wait(timeout=5)

    # -- everything else ---------------------------------------------------------------------------------------------

    def _act(self, talk: Talk, searched: str, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        """What a button of the markup asks for."""
        pressed = Pressed(event)
        try:
            match pressed.do:
                case "ask":
                    yield from self._ask(pressed.name, talk, request)
                case "retry" if talk.exchanges:
                    latest = talk.exchanges[-1]
                    yield from self._ask(latest.question, replace(talk, editing=latest.number), request)
                case "edit" if talk.exchanges:
                    latest = talk.exchanges[-1]
                    yield self._only({self.question: latest.question, self.talk: replace(talk, editing=latest.number)})
                case "good" | "bad":
                    yield self._judged(talk, pressed)
                case "open" | "more" | "close":
                    talk = replace(talk, opened=self._opened(talk, pressed))
                    if talk.opened is not None:  # a picture may take its time
                        text = view(self.desk, talk.opened, self.script, to="talk", drawn=False)
                        yield self._only({self.sources: text, self.talk: talk})
                    yield self._only({self.sources: self._side(talk), self.talk: talk})
                case "library":
                    yield self._only({self.tabs: gr.Tabs(selected="library")})
                case "scope_all":
                    talk = replace(talk, choice=ALL)
                    if talk.id:
                        self.desk.conversations.set_scope(talk.id, asdict(talk.choice))
                    yield self._only({self.scope: self.scoped(talk), self.talk: talk})
                case "seed":
                    yield from self._seeded(talk)
                case "resume":
                    self._halted(request)
                    talk = exchanges.restored(self.desk.conversations, pressed.name)
                    yield ["", *self._screen(talk, busy=False, searched=searched), *self._frame()]
                case "rename" if talk.id and pressed.value.strip():
                    self.desk.conversations.rename(talk.id, pressed.value.strip())
                    yield [gr.skip(), *self._screen(talk, busy=False, searched=searched), *self._frame()]
                case "delete" if talk.id:
                    self._halted(request)
                    self.desk.conversations.delete(talk.id)
                    yield ["", *self._screen(Talk(), busy=False, searched=searched), *self._frame()]
                case _:
                    yield self._nothing()
        except JianbaoError as error:
            yield self._only({self.status: self._trouble(str(error))})

    def _start_anew(self, talk: Talk, request: gr.Request) -> list[Any]:
        self._halted(request)
        return ["", *self._screen(Talk(choice=talk.choice), busy=False), *self._frame()]

    def _found(self, searched: str, talk: Talk) -> str:
        listed = self.desk.conversations.list(searched)
        return lists.conversations(listed, talk.id, self.said, self.script, searched=bool(searched))

    def _judged(self, talk: Talk, pressed: Pressed) -> list[Any]:
        number = int(pressed.name or 0)
        verdict: Verdict = "up" if pressed.do == "good" else "down"
        if talk.id:
            self.desk.conversations.judge(talk.id, number, verdict, pressed.value.strip())
        judged = tuple(replace(one, verdict=verdict) if one.number == number else one for one in talk.exchanges)
        talk = replace(talk, exchanges=judged)
        return self._only(
            {
                self.chat: _messages(talk.exchanges),
                self.tools: lists.conversation_tools(talk.id, self.said, self.script, any_judged=True),
                self.status: render.status(self.script, self.said.judged),
                self.talk: talk,
            }
        )

    def _opened(self, talk: Talk, pressed: Pressed) -> Opened | None:
        """The document that is open after a button was pressed."""
        if pressed.do == "more" and talk.opened is not None:
            return replace(talk.opened, around=int(pressed.name))
        exchange_number, _, number = pressed.name.partition("-")
        for exchange in talk.exchanges:
            if pressed.do == "open" and str(exchange.number) == exchange_number:
                answered = exchange.answer.citations if exchange.answer else ()
                for citation in answered or filter(None, [exchange.quote]):
                    if str(citation.number) == number:
                        start = exchange.offsets.get(citation.number if answered else 0, citation.start)
                        return placed(self.desk, citation.document.id, start, citation.quote)
        return None

    def _seeded(self, talk: Talk) -> Iterator[list[Any]]:
        """Adds the sample briefing, and tells how far that is."""
        collection = self.desk.collection
        collection.start(collection.follow([SEEDS]))
        while collection.work.running:
            yield self._only({self.status: lists.work(collection.work, [], self.said, self.script)})
            time.sleep(0.3)
        if problem := collection.work.problem:
            yield self._only({self.status: self._trouble(problem)})
            return
        yield [gr.skip(), *self._screen(talk, busy=False), *self._frame()]

    def _trouble(self, sentence: str) -> str:
        """The status line for what went wrong."""
        return render.status(self.script, f"{self.said.problem}：{told(sentence, self.script)}")

    def _only(self, changed: dict[Any, Any]) -> list[Any]:
        """Values for all outputs, of which only some change."""
        return [changed.get(output, gr.skip()) for output in self.outputs]

    def _nothing(self) -> list[Any]:
        return self._only({})


def _messages(exchanges: tuple[Exchange, ...]) -> list[Any]:
    messages = []
    for exchange in exchanges:
        messages.append(_message("user", render.question(exchange)))
        messages.append(_message("assistant", render.reply(exchange, latest=exchange is exchanges[-1])))
    return messages


def _message(role: str, markup: str) -> Any:
    """A message that is shown as rendered here: the Chatbot's own text messages let the tags of a document through."""
    return {"role": role, "content": html(markup, render=False)}


def _buttons(*, busy: bool) -> list[gr.Button]:
    return [gr.Button(interactive=not busy), gr.Button(interactive=busy)]
