"""The tab to ask in: a conversation, the sentences that its answers stand on, and the conversations before it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import gradio as gr
from gradio.components.chatbot import ExampleMessage

from rag.errors import InputError, JianbaoError
from rag.text import Script
from rag.types import Turn
from ui import exchanges, lists, quotes, render
from ui.answering import after, batches
from ui.collection import ALL, Choice
from ui.conversations import Verdict
from ui.desk import SEEDS, Desk
from ui.exchanges import Talk
from ui.i18n import EXAMPLES, WORDS
from ui.parts import QUIET, TYPING, Pressed, bus, html
from ui.reasons import told
from ui.render import Exchange
from ui.session import Run, Session
from ui.viewer import Opened, placed, view


class TalkTab:
    """Builds the tab inside a `gr.Tab`; its attributes are what other tabs show things in."""

    def __init__(self, desk: Desk, script: Script, header: gr.HTML, tabs: gr.Tabs) -> None:
        self.desk, self.script, self.said = desk, script, WORDS[script]
        said = self.said
        self.session = gr.State(Session())
        self.kept = gr.Textbox(visible=False)
        self.bus, self.asking = bus("talk"), bus("asking")
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
        self._shown = [
            self.chat, self.sources, self.status, self.next, self.scope, self.listed, self.tools, self.send, self.halt,
        ]  # fmt: skip
        self.outputs = [self.question, *self._shown, header, tabs]
        self._listen()

    def _listen(self) -> None:
        """Connects what the reader does with what is done."""
        keep = {"fn": None, "js": "() => jianbao.keep()"}
        look = {"fn": None, "js": "() => jianbao.look()"}
        asking = gr.on(
            [self.question.submit, self.send.click], self._typed, [self.question, self.session], self.outputs, **QUIET
        )
        example = self.chat.example_select(self._ask_example, [self.session], self.outputs, **QUIET)
        pressed = self.asking.submit(self._ask_pressed, [self.session], self.outputs, **QUIET)
        acting = self.bus.submit(self._act, [self.session, self.search], self.outputs, trigger_mode="multiple", **QUIET)
        for done in (asking, example, pressed, acting.then(**look, **QUIET)):
            done.then(**keep, **QUIET).then(self._suggest, [self.session], [self.next], **QUIET)
        self.halt.click(self._stop, [self.session], None, trigger_mode="multiple", **QUIET)
        self.new.click(self._start_anew, [self.session], self.outputs, **QUIET).then(**keep, **QUIET)
        self.search.change(self._found, [self.search, self.session], [self.listed], **TYPING)
        self.ready.tick(self._models, [self.session], [self.status, self.ready], **QUIET)

    # -- what the page shows -----------------------------------------------------------------------------------------

    def greet(self, kept: str, session: Session) -> list[Any]:
        """Values for `outputs` and `session` when the page opens, with the conversation that this browser had before.

        What a quick reader has typed by then stays, and so does a question that is being answered. The state is among
        the values because Gradio gives up only what has once been given: an hour after the page was left.
        """
        if session.busy or session.talk.exchanges:
            return [*[gr.skip()] * (1 + len(self._shown)), *self._frame(), session]
        if kept:
            try:
                session.go_on(exchanges.restored(self.desk.conversations, kept))
            except JianbaoError as error:  # it has been deleted meanwhile
                logging.info("%s", error)
        return [*self._anew(session.talk), session]

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

    def restrict(self, session: Session, choice: Choice) -> Talk:
        """Has a page's conversation ask these documents from now on, once that is kept."""
        if id := session.talk.id:
            try:
                self.desk.conversations.set_scope(id, asdict(choice))
            except InputError:  # deleted elsewhere: its next question begins another one, with this choice
                logging.info("conversation %s is gone", id)
        return session.change(choice=choice)

    def scoped(self, talk: Talk) -> str:
        """The line that tells which documents are asked."""
        count = len(self.desk.collection.matching(talk.choice)) if talk.choice else None
        return render.scope(self.said, self.script, count)

    def _screen(self, talk: Talk, *, busy: bool, searched: str = "") -> list[Any]:
        """Values for the outputs between the question and the head: all that is shown of a conversation, anew."""
        latest = talk.exchanges[-1] if talk.exchanges else None
        return [
            self.conversation(talk),
            self._side(talk),
            render.progress(latest) if latest else render.status(self.script, self._state()),
            "",
            self.scoped(talk),
            *self._lists(talk, searched),
            *_buttons(busy=busy),
        ]

    def _lists(self, talk: Talk, searched: str) -> list[str]:
        """The list of conversations, and what can be done with the one that is open."""
        listed = self.desk.conversations.list(searched)
        judged = any(exchange.verdict for exchange in talk.exchanges)
        return [
            lists.conversations(listed, talk.id, self.said, self.script, searched=bool(searched)),
            lists.conversation_tools(talk.id, self.said, self.script, any_judged=judged),
        ]

    def _writing(self, talk: Talk, known: Exchange | None = None) -> list[Any]:
        """Values for all outputs while an answer is written: what is other than when the latest exchange was `known`.

        The browser works on the cores that the model works on, so it is given little to do.
        """
        latest = talk.exchanges[-1]
        changed: dict[Any, Any] = {self.chat: _messages(talk.exchanges)}
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
            return self._problem(models.problem)
        if models.phase in ("encoder", "model"):
            return self.said.loading_encoder if models.phase == "encoder" else self.said.loading_model
        return self.said.empty if holdings and not holdings[0] else self.said.ready

    def _models(self, session: Session) -> list[Any]:
        """The status line while the models are loaded."""
        done = self.desk.models.phase in ("ready", "problem")
        free = not session.talk.exchanges and not session.busy
        return [render.status(self.script, self._state()) if free else gr.skip(), gr.Timer(active=not done)]

    # -- asking ------------------------------------------------------------------------------------------------------

    def _typed(self, question: str, session: Session) -> Iterator[list[Any]]:
        yield from self._ask(question, session, instead_of=session.talk.editing)

    def _ask(self, question: str, session: Session, *, instead_of: int = 0) -> Iterator[list[Any]]:
        """Values for `outputs`, again and again until the exchange has come out one way or another.

        `instead_of`: the number of the latest exchange when that is asked anew; it stays until there is another answer.
        """
        asked = question.strip()
        if not asked and not session.busy:
            yield self._only({self.status: render.status(self.script, self.said.ask_first)})
            return
        run = session.begin()
        if run is None:
            yield self._nothing()
            return
        try:
            yield from self._answer(asked, session, run, instead_of)
            yield self._nothing()  # Gradio sends what came last once more when the event is over
        finally:  # also when the page is closed in the middle: Gradio then closes this generator
            session.end(run)

    def _answer(self, asked: str, session: Session, run: Run, instead_of: int) -> Iterator[list[Any]]:
        conversations = self.desk.conversations
        held = exchanges.caught_up(conversations, session.talk).exchanges
        again = held[-1] if held and held[-1].number == instead_of else None  # else another page has gone on
        before = held[:-1] if again else held
        exchange = Exchange(again.number if again else held[-1].number + 1 if held else 1, asked)
        history = [Turn(past.question, past.answer.text) for past in before if past.answer is not None]
        choice, id, kept, ticket = session.talk.choice, "", False, self.desk.turns.ticket()
        try:
            try:
                id = exchanges.begun(conversations, session.talk)
                yield self._begin(session.change(run, id=id, exchanges=(*before, exchange), opened=None, editing=0))
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
                        yield self._writing(session.put(run, exchange), known)
                if exchange.answer is None:
                    if not run.halt.is_set():
                        raise RuntimeError("the assistant's stream ended without an answer")
                    exchange = replace(exchange, stopped=True)
            except JianbaoError as error:
                exchange = replace(exchange, problem=str(error))
            except Exception:  # a fault of ours: the reader gets a sentence, the log the traceback
                logging.exception("the question could not be answered")
                exchange = replace(exchange, problem=exchange.words.unexpected)
            kept = True
            if again and exchange.answer is None:
                yield self._as_before(session, run, again, exchange)
                return
            problem, number = exchanges.keep(conversations, id, exchange, instead=again is not None)
            talk = session.put(run, exchange)
            if number != exchange.number:  # another page went on with the conversation meanwhile
                session.change(run, exchanges=exchanges.caught_up(conversations, talk).exchanges)
            yield self._outcome(session, run, self._trouble(problem) if problem else "")
        finally:
            run.halt.set()
            ticket.leave()
            if not kept:  # the connection was cut, which the page may outlive
                stopped = replace(exchange, stopped=exchange.answer is None)
                session.put(run, again or stopped)
                if id and not again:
                    exchanges.keep(conversations, id, stopped, instead=False)

    def _as_before(self, session: Session, run: Run, again: Exchange, exchange: Exchange) -> list[Any]:
        """Values for all outputs when what was asked anew has no answer: the earlier one, and the question to go on."""
        changed = exchange.question != again.question
        session.put(run, again)
        session.change(run, editing=exchange.number if changed else 0)
        said = self._problem(exchange.problem) if exchange.problem else self.said.as_before
        if changed:
            return self._outcome(session, run, render.editing(said, self.said, self.script), exchange.question)
        return self._outcome(session, run, render.status(self.script, said))

    def _outcome(self, session: Session, run: Run, status: str, question: str | None = None) -> list[Any]:
        """Values for all outputs when a question has come out; none when the page has gone on to something else."""
        values = self._anew(session.talk, status, question)
        return values if session.holds(run) else self._nothing()

    def _anew(self, talk: Talk, status: str = "", question: str | None = None, searched: str = "") -> list[Any]:
        """Values for all outputs to show a conversation, with this status if any; the box keeps what is typed in it,
        unless there is a question for it.
        """
        try:
            screen = self._screen(talk, busy=False, searched=searched)
        except JianbaoError as error:  # the list of conversations cannot be read: this one is shown all the same
            changed = dict(zip((self.send, self.halt), _buttons(busy=False), strict=True))
            return self._only(
                {
                    self.chat: _messages(talk.exchanges) if talk.exchanges else self.conversation(talk),
                    self.sources: self._side(talk),
                    self.scope: self.scoped(talk),
                    self.status: self._trouble(str(error)),
                    **changed,
                }
            )
        if status:
            screen[self._shown.index(self.status)] = status
        return [gr.skip() if question is None else question, *screen, *self._frame()]

    def _suggest(self, session: Session) -> Any:
        """What could be asked next, once there is an answer; looked for when the reader has it already."""
        talk = session.talk
        latest = talk.exchanges[-1] if talk.exchanges else None
        if latest is None or latest.answer is None or session.busy:
            return ""
        found = self.desk.next_questions(latest.answer)
        now = session.talk
        if session.busy or (now.id, len(now.exchanges)) != (talk.id, len(talk.exchanges)):
            return gr.skip()  # the page has gone on meanwhile
        return render.suggestions(found, latest.words, latest.script)

    def _ask_example(self, session: Session, event: gr.SelectData) -> Iterator[list[Any]]:
        yield from self._ask(str(event.value["text"]), session)

    def _ask_pressed(self, session: Session, event: gr.EventData) -> Iterator[list[Any]]:
        """What a button of the markup asks: a question, or the latest one once more."""
        pressed, talk = Pressed(event), session.talk
        if pressed.do == "ask":
            yield from self._ask(pressed.name, session)
        elif talk.exchanges:
            yield from self._ask(talk.exchanges[-1].question, session, instead_of=talk.exchanges[-1].number)
        else:
            yield self._nothing()

    def _stop(self, session: Session) -> None:
        session.stop()

    # -- everything else ---------------------------------------------------------------------------------------------

    def _act(self, session: Session, searched: str, event: gr.EventData) -> Iterator[list[Any]]:
        """What a button of the markup wants."""
        pressed, talk = Pressed(event), session.talk
        try:
            match pressed.do:
                case "edit" if talk.exchanges and not session.busy:
                    latest = talk.exchanges[-1]
                    session.change(editing=latest.number)
                    status = render.editing(self.said.editing, self.said, self.script)
                    yield self._only({self.question: latest.question, self.status: status})
                case "unedit":
                    session.change(editing=0)
                    status = render.status(self.script, self.said.ready)
                    yield self._only({self.question: "", self.status: status})
                case "good" | "bad":
                    yield self._judged(session, pressed)
                case "open" | "more" | "close":
                    talk = session.change(opened=self._opened(talk, pressed))
                    if talk.opened is not None:  # a picture may take its time
                        yield self._only(
                            {self.sources: view(self.desk, talk.opened, self.script, to="talk", drawn=False)}
                        )
                    side = self._side(talk)
                    if session.talk.opened == talk.opened:
                        yield self._only({self.sources: side})
                case "library":
                    yield self._only({self.tabs: gr.Tabs(selected="library")})
                case "scope_all":
                    yield self._only({self.scope: self.scoped(self.restrict(session, ALL))})
                case "seed":
                    yield from self._seeded(session)
                case "resume":
                    yield self._gone_on(session, exchanges.restored(self.desk.conversations, pressed.name), searched)
                case "rename" if talk.id and pressed.value.strip():
                    self.desk.conversations.rename(talk.id, pressed.value.strip())
                    yield self._only(dict(zip((self.listed, self.tools), self._lists(talk, searched), strict=True)))
                case "delete" if talk.id:
                    session.stop()
                    self.desk.conversations.delete(talk.id)
                    yield self._gone_on(session, Talk(), searched)
                case _:
                    yield self._nothing()
        except JianbaoError as error:
            yield self._only({self.status: self._trouble(str(error))})

    def _start_anew(self, session: Session) -> list[Any]:
        return self._gone_on(session, Talk(choice=session.talk.choice))

    def _gone_on(self, session: Session, talk: Talk, searched: str = "") -> list[Any]:
        """Values for all outputs when another conversation is chosen; none when yet another one has been since."""
        if not session.go_on(talk):
            return self._nothing()
        return self._anew(talk, question="", searched=searched)

    def _found(self, searched: str, session: Session) -> str:
        return self._lists(session.talk, searched)[0]

    def _judged(self, session: Session, pressed: Pressed) -> list[Any]:
        number, talk = int(pressed.name or 0), session.talk
        verdict: Verdict = "up" if pressed.do == "good" else "down"
        if talk.id:
            self.desk.conversations.judge(talk.id, number, verdict, pressed.value.strip())
        talk = session.judge(number, verdict)
        return self._only(
            {
                self.chat: _messages(talk.exchanges),
                self.tools: lists.conversation_tools(talk.id, self.said, self.script, any_judged=True),
                self.status: render.status(self.script, self.said.judged),
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

    def _seeded(self, session: Session) -> Iterator[list[Any]]:
        """Adds the sample briefing, and tells how far that is."""
        collection = self.desk.collection
        collection.start(collection.follow([SEEDS]))
        while collection.work.running:
            yield self._only({self.status: lists.work(collection.work, [], self.said, self.script)})
            time.sleep(0.3)
        if problem := collection.work.problem:
            yield self._only({self.status: self._trouble(problem)})
            return
        yield [gr.skip(), *self._screen(session.talk, busy=session.busy), *self._frame()]

    def _trouble(self, sentence: str) -> str:
        """The status line for what went wrong."""
        return render.status(self.script, self._problem(sentence))

    def _problem(self, sentence: str) -> str:
        colon = ": " if self.script == "en" else "："
        return f"{self.said.problem}{colon}{told(sentence, self.script)}"

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
