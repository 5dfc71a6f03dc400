"""The page's markup; `ui.quotes` and `ui.lists` make more of it by the same rules. page.css and page.js are its style.

Pure functions from values to HTML. Every piece of text that comes from a document, a model, a reader or an error goes
through `escape`, so it is shown as the characters it is made of: no tag, link, image, Markdown or template of a
document can come alive. It knows nothing of Gradio, and does not trust Gradio's own sanitizer: a Chatbot with
`render_markdown=False` still puts the tags of a message into the page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from rag.grounding import lead
from rag.text import Script, script_of
from rag.types import Answer, Citation, Figure
from ui.i18n import LANGUAGES, WORDS, Words
from ui.reasons import told

Outcome = Literal["searching", "writing", "answered", "doubtful", "refused", "problem", "stopped"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what has become of it so far. `number` counts from 1 within a conversation.

    `ahead`: how many questions come first. `verdict`: the reader's.
    `offsets`: where the quotes of a conversation that was kept began in their documents, by number; 0 is `quote`.
    """

    number: int
    question: str
    text: str = ""
    quote: Citation | None = None
    answer: Answer | None = None
    problem: str = ""
    stopped: bool = False
    ahead: int = 0
    verdict: Literal["", "up", "down"] = ""
    offsets: Mapping[int, int] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """How it came out, or what is being done. `doubtful`: an answer that its citations do not wholly support."""
        if self.problem:
            return "problem"
        if self.answer is not None:
            if self.answer.refused:
                return "refused"
            return "answered" if self.answer.supported else "doubtful"
        if self.stopped:
            return "stopped"
        return "writing" if self.text else "searching"

    @property
    def script(self) -> Script:
        """The language of the question, which is the language of everything said about it."""
        return script_of(self.question)

    @property
    def words(self) -> Words:
        """The page's own words in that language."""
        return WORDS[self.script]


# Control characters, and what is invisible or changes the order of its neighbours: U+202E before 0178 shows 8710. Lone
# surrogates cannot be sent to a browser at all.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    r"""The text as it is shown: without control, zero-width and direction-changing characters.

    >>> visible("8\u200b7\u202e10")
    '8710'
    """
    return _UNSEEN.sub("", text)


def escape(text: str) -> str:
    """Text as HTML that shows `visible(text)` and does nothing, inside an element or a quoted attribute.

    `__i18n__{...}` is taken apart too: Gradio's front end replaces it in any value, after escapes in it are undone.

    >>> escape('<a href="x">__i18n__')
    '&lt;a href=&quot;x&quot;&gt;&#95;_i18n__'
    """
    return html.escape(visible(text), quote=True).replace("__i18n__", "&#95;_i18n__")


def exact(name: str) -> str:
    r"""A name for a data- attribute, percent-encoded so that it comes back as it is, also with what is not visible.

    >>> exact("a\u200b.txt")
    'a%E2%80%8B.txt'
    """
    return quote(name, safe="/", errors="surrogatepass")


def header(words: Words, script: Script, holdings: tuple[int, int] | None, *, local: bool) -> str:
    """The head of the page. `holdings`: how many documents and passages, None if the library cannot be read."""
    facts = [words.local if local else words.remote]
    if holdings is not None:
        facts.insert(0, words.holdings.format(documents=f"{holdings[0]:,}", passages=f"{holdings[1]:,}"))
    languages = "".join(
        f'<button type="button" data-lang="{name}" lang="{name}" aria-pressed="{str(name == script).lower()}">'
        f"{label}</button>"
        for name, label in LANGUAGES.items()
    )
    return (
        f'<header class="jb-head" lang="{script}" data-log="{escape(words.conversation)}">'
        f'<div><h1>jianbao <span lang="zh-Hant">簡報</span></h1>'
        f"<p>{escape(words.tagline)}</p></div>"
        f'<div class="jb-right"><div class="jb-languages" role="group" aria-label="{escape(words.language)}">'
        f'{languages}</div><p class="jb-facts">{"".join(f"<span>{escape(fact)}</span>" for fact in facts)}</p></div>'
        "</header>"
    )


def action(
    do: str,
    label: str,
    *,
    to: str,
    look: str = "jb-link",
    name: str = "",
    about: str = "",
    pressed: bool | None = None,
) -> str:
    """A button whose press the page tells the server: what to `do`, and `name` of what. `to` is the bus it goes by.

    `about`: what tells it from others of the same label, for those who only hear it.
    """
    value = f' data-name="{exact(name)}"' if name else ""
    value += f' aria-label="{escape(f"{label}: {about}")}"' if about else ""
    state = "" if pressed is None else f' aria-pressed="{str(pressed).lower()}"'
    return f'<button type="button" class="{look}" data-to="{to}" data-do="{do}"{value}{state}>{escape(label)}</button>'


def welcome(words: Words, script: Script, problem: str = "", *, empty: bool) -> str:
    """What stands in the conversation before the first question: an invitation, or what has to be done first."""
    if problem:
        said = _with_commands(told(problem, script))
        return f'<div class="jb-welcome"><strong>{escape(words.problem)}</strong><br>{said}</div>'
    if empty:
        return (
            f'<div class="jb-welcome"><strong>{escape(words.empty)}</strong><br>{escape(words.empty_how)}'
            f'<div class="jb-tools">{action("seed", words.try_seed, to="talk", look="jb-button jb-first")}'
            f"{action('library', words.add_own, to='talk', look='jb-button')}</div></div>"
        )
    return f'<div class="jb-welcome">{escape(words.welcome)}</div>'


def question(exchange: Exchange) -> str:
    """What the reader asked, as a message of the conversation."""
    said = f'role="group" aria-label="{escape(exchange.words.you)}" lang="{exchange.script}"'
    return f'<div class="jb-question" {said}>{escape(exchange.question)}</div>'


def reply(exchange: Exchange, *, latest: bool = False) -> str:
    """What has been answered so far, as a message: an answer, a refusal and a problem each look like what they are.

    Only the `latest` one of a conversation can be asked again or changed.
    """
    outcome, words = exchange.outcome, exchange.words
    parts = []
    if outcome == "refused":
        parts.append(_kind("○", words.refused))
    elif outcome == "problem":
        parts.append(_kind("✕", words.problem))
    elif outcome == "doubtful":
        parts.append(_kind("⚠", words.doubtful))
    if exchange.problem:
        parts.append(f'<p class="jb-text">{_with_commands(told(exchange.problem, exchange.script))}</p>')
    elif text := exchange.answer.text if exchange.answer else exchange.text:
        first = lead(text)
        said = text[len(first) :] if text.startswith(f"{first}\n「") else ""
        shown = first if said else text
        parts.append(f'<p class="jb-text">{_with_marks(shown, exchange)}</p>')
        if said:
            parts.append(f'<blockquote class="jb-said">{escape(said.strip())}</blockquote>')
    if exchange.answer and exchange.answer.figures:
        figures = "".join(_figure(figure, exchange) for figure in exchange.answer.figures)
        parts.append(f'<ul class="jb-figures" aria-label="{escape(words.figures)}">{figures}</ul>')
    if exchange.answer and exchange.answer.as_of:
        parts.append(f'<p class="jb-note">{escape(words.as_of.format(date=exchange.answer.as_of))}</p>')
    if outcome not in ("searching", "writing"):
        parts.append(_tools(exchange, latest=latest))
    if outcome in ("searching", "writing"):
        parts.append('<p class="jb-dots" aria-hidden="true"><i></i><i></i><i></i></p>')
    elif outcome == "stopped":
        parts.append(f'<p class="jb-note">{escape(words.stopped)}</p>')
    # A screen reader hears the state from the status line, not every word as it is written.
    unfinished = ' aria-live="off" aria-busy="true"' if outcome in ("searching", "writing") else ""
    return f'<div class="jb-reply jb-{outcome}" lang="{exchange.script}"{unfinished}>{"".join(parts)}</div>'


def _unseen(text: str) -> str:
    """Words for those who hear the page."""
    return f'<span class="jb-unseen"> {escape(text)}</span>'


def _kind(sign: str, label: str) -> str:
    return f'<p class="jb-kind"><span aria-hidden="true">{sign}</span> {escape(label)}</p>'


def _with_commands(text: str) -> str:
    """One of our own sentences, with what it sets between backticks as something to be typed."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _tools(exchange: Exchange, *, latest: bool) -> str:
    """What can be done with a reply: take it along, ask again, and say whether it is right."""
    words, number = exchange.words, str(exchange.number)
    tools = []
    if exchange.answer is not None:
        tools.append(
            f'<button type="button" class="jb-link" data-copy="{escape(as_text(exchange))}" '
            f'data-done="{escape(words.copied)}">{escape(words.copy)}</button>'
        )
    if latest:
        tools.append(action("retry", words.retry, to="asking", name=number))
        tools.append(action("edit", words.edit, to="talk", name=number))
    if exchange.answer is not None:
        good, bad = exchange.verdict == "up", exchange.verdict == "down"
        tools.append(action("good", f"✓ {words.good}", to="talk", name=number, pressed=good))
        judged = f' <span aria-hidden="true">✓</span>{_unseen(words.judged)}' if bad else ""
        field = f'<input type="text" maxlength="300" aria-label="{escape(words.why_bad)}" '
        tools.append(
            f'<details class="jb-bad"><summary class="jb-link">✕ {escape(words.bad)}{judged}</summary>'
            f'<span class="jb-form" data-form>{field}placeholder="{escape(words.why_bad)}">'
            f"{action('bad', words.save, to='talk', name=number, look='jb-button')}</span></details>"
        )
    return f'<div class="jb-tools">{"".join(tools)}</div>' if tools else ""


def as_text(exchange: Exchange) -> str:
    """An answer with its quotes and where they stand, as plain text for a report; empty when there is no answer."""
    if exchange.answer is None:
        return ""
    words = exchange.words
    lines = [_MARKS.sub("", exchange.answer.text)]
    if exchange.answer.refused:
        return visible(lines[0])
    for citation in exchange.answer.citations:
        document = citation.document
        page = words.page.format(page=citation.page) if citation.page is not None else ""
        place = (document.title or document.id, document.source, document.issue, document.date, page)
        opening, closing = ("“", "”") if exchange.script == "en" else ("「", "」")
        lines.append(f"{opening}{citation.quote}{closing}\n— {', '.join(part for part in place if part)}")
    return visible("\n\n".join(lines))


def _with_marks(text: str, exchange: Exchange) -> str:
    """The text with each `[1]` that names a citation, and each figure in it, as a button that leads to its sentence."""
    answer = exchange.answer
    if answer is None:
        return escape(text)
    known = {citation.number for citation in answer.citations}
    spans: list[tuple[int, int, str]] = []
    for mark in re.finditer(r"\[([0-9]{1,3})\]", text):
        if int(mark[1]) in known:
            spans.append((mark.start(), mark.end(), _mark(int(mark[1]), exchange)))
    searched = 0
    for figure in answer.figures:
        start = text.find(figure.text, searched) if figure.text else -1
        if start >= 0:
            searched = start + len(figure.text)
            if not any(start < end and begin < searched for begin, end, _ in spans):
                spans.append((start, searched, _marked_figure(figure, exchange, known)))
    pieces, done = [], 0
    for start, end, markup in sorted(spans):
        pieces.append(escape(text[done:start]))
        done = end
        if end < len(text) and text[end] in _CLOSING:  # no line begins with 。
            markup, done = f'<span class="jb-keep">{markup}{escape(text[end])}</span>', end + 1
        pieces.append(markup)
    return "".join([*pieces, escape(text[done:])])


_MARKS = re.compile(r"\s*\[[0-9]{1,3}\]")
_CLOSING = "。，、；：！？）」』,.;:!?)"


def _marked_figure(figure: Figure, exchange: Exchange, known: set[int]) -> str:
    """A figure in the answer's text: underlined as supported or not, and leading to its sentence."""
    words = exchange.words
    if figure.supported and figure.citation in known:
        target = f"jb-source-{exchange.number}-{figure.citation}"
        return (
            f'<button type="button" class="jb-figure jb-supported" data-source="{target}" '
            f'aria-label="{escape(f"{figure.text}: {words.supported}")}">{escape(figure.text)}</button>'
        )
    look, said = ("jb-supported", words.supported) if figure.supported else ("jb-unsupported", words.unsupported)
    return f'<b class="jb-figure {look}" title="{escape(said)}">{escape(figure.text)}</b>'


def _mark(number: int, exchange: Exchange) -> str:
    label = escape(exchange.words.jump.format(number=number))
    target = f"jb-source-{exchange.number}-{number}"
    return f'<button type="button" class="jb-mark" data-source="{target}" aria-label="{label}">[{number}]</button>'


def _figure(figure: Figure, exchange: Exchange) -> str:
    unit = "" if figure.text.endswith(figure.unit) else f" {figure.unit}"
    value = f"<b>{escape(figure.text + unit)}</b>"
    if not figure.supported:
        return (
            f'<li class="jb-unsupported"><span aria-hidden="true">⚠</span> {value} '
            f"{escape(exchange.words.unsupported)}</li>"
        )
    mark = "" if figure.citation is None else " " + _mark(figure.citation, exchange)
    said = escape(exchange.words.supported)
    return f'<li class="jb-supported"><span aria-hidden="true">✓</span> {value} {said}{mark}</li>'


def status(script: Script, text: str, heard: str = "") -> str:
    """The line under the conversation that says what is going on; a screen reader reads it out when it changes.

    `heard`: what is read out with it, and stands elsewhere for those who see it.
    """
    said = escape(text) + (_unseen(heard) if heard else "")
    return f'<p class="jb-status" role="status" aria-live="polite" lang="{script}">{said}</p>'


def editing(text: str, words: Words, script: Script) -> str:
    """The status line while the latest question is being changed, with the way back."""
    back = action("unedit", words.cancel, to="talk")
    return f'<p class="jb-status" role="status" aria-live="polite" lang="{script}">{escape(text)} {back}</p>'


def progress(exchange: Exchange) -> str:
    """The status line for where an exchange stands."""
    words = exchange.words
    texts: dict[Outcome, str] = {
        "searching": words.searching,
        "writing": words.writing,
        "answered": words.answered,
        "doubtful": words.doubtful,
        "refused": words.refused,
        "problem": words.problem,
        "stopped": words.stopped,
    }
    if exchange.ahead and exchange.outcome == "searching":
        return status(exchange.script, words.queued.format(ahead=exchange.ahead))
    heard = _MARKS.sub("", lead(exchange.answer.text)) if exchange.answer else ""
    return status(exchange.script, texts[exchange.outcome], heard)


def suggestions(questions: Sequence[str], words: Words, script: Script) -> str:
    """What could be asked next, each as a button that asks it."""
    if not questions:
        return ""
    buttons = "".join(action("ask", question, to="asking", name=question, look="jb-chip") for question in questions)
    label = escape(words.next_questions)
    return f'<div class="jb-next" lang="{script}" role="group" aria-label="{label}"><span>{label}</span>{buttons}</div>'


def scope(words: Words, script: Script, count: int | None) -> str:
    """The line over the question box that tells which documents are asked; None for all of them."""
    if count is None:
        return ""
    said = escape(words.scope_some.format(count=f"{count:,}"))
    return (
        f'<div class="jb-scope" lang="{script}"><span>{said}</span>'
        f"{action('library', words.choose, to='talk')}{action('scope_all', words.scope_all, to='talk')}</div>"
    )
