"""The page's markup, style and one script, and nothing else makes any.

Pure functions from values to HTML. Every piece of text that comes from a document, a model, a reader or an error goes
through `escape`, so it is shown as the characters it is made of: no tag, link, image, Markdown or template of a
document can come alive. It knows nothing of Gradio, and does not trust Gradio's own sanitizer: a Chatbot with
`render_markdown=False` still puts the tags of a message into the page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.grounding import lead
from rag.text import Script, script_of, sentences
from rag.types import Answer, Citation, Document, Figure
from ui.i18n import WORDS, Words

#: How many characters of the document are shown on each side of a quoted sentence.
AROUND = 140

Outcome = Literal["searching", "writing", "answered", "doubtful", "refused", "problem", "stopped"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what has become of it so far. `number` counts from 1 within a conversation."""

    number: int
    question: str
    text: str = ""
    quote: Citation | None = None
    answer: Answer | None = None
    problem: str = ""
    stopped: bool = False

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


def header(words: Words, script: Script, holdings: tuple[int, int] | None, *, local: bool) -> str:
    """The head of the page. `holdings`: how many documents and passages, None if the library cannot be read."""
    facts = [words.local if local else words.remote]
    if holdings is not None:
        facts.insert(0, words.holdings.format(documents=f"{holdings[0]:,}", passages=f"{holdings[1]:,}"))
    return (
        f'<header class="jb-head" lang="{script}"><div><h1>jianbao <span lang="zh-Hant">簡報</span></h1>'
        f"<p>{escape(words.tagline)}</p></div>"
        f'<p class="jb-facts">{"".join(f"<span>{escape(fact)}</span>" for fact in facts)}</p></header>'
    )


def welcome(words: Words, script: Script, problem: str = "", *, empty: bool) -> str:
    """What stands in the conversation before the first question: an invitation, or what has to be done first."""
    if problem:
        return f'<div class="jb-welcome"><strong>{escape(words.problem)}</strong><br>{_with_commands(problem)}</div>'
    if empty:
        return (
            f'<div class="jb-welcome"><strong>{escape(words.empty)}</strong><br>{escape(words.empty_how)}<br>'
            "<code>jianbao ingest FOLDER</code><br><code>jianbao chat</code></div>"
        )
    return f'<div class="jb-welcome">{escape(words.welcome)}</div>'


def question(exchange: Exchange) -> str:
    """What the reader asked, as a message of the conversation."""
    return f'<div class="jb-question" lang="{exchange.script}">{escape(exchange.question)}</div>'


def reply(exchange: Exchange) -> str:
    """What has been answered so far, as a message: an answer, a refusal and a problem each look like what they are."""
    outcome, words = exchange.outcome, exchange.words
    parts = []
    if outcome == "refused":
        parts.append(_kind("○", words.refused))
    elif outcome == "problem":
        parts.append(_kind("✕", words.problem))
    elif outcome == "doubtful":
        parts.append(_kind("⚠", words.doubtful))
    if exchange.problem:
        parts.append(f'<p class="jb-text">{_with_commands(exchange.problem)}</p>')
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
    if outcome in ("searching", "writing"):
        parts.append('<p class="jb-dots" aria-hidden="true"><i></i><i></i><i></i></p>')
    elif outcome == "stopped":
        parts.append(f'<p class="jb-note">{escape(words.stopped)}</p>')
    # A screen reader hears the state from the status line, not every word as it is written.
    unfinished = ' aria-live="off" aria-busy="true"' if outcome in ("searching", "writing") else ""
    return f'<div class="jb-reply jb-{outcome}" lang="{exchange.script}"{unfinished}>{"".join(parts)}</div>'


def _kind(sign: str, label: str) -> str:
    return f'<p class="jb-kind"><span aria-hidden="true">{sign}</span> {escape(label)}</p>'


def _with_commands(text: str) -> str:
    """One of our own sentences, with what it sets between backticks as something to be typed."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _with_marks(text: str, exchange: Exchange) -> str:
    """The text with each `[1]` that names a citation as a button that leads to it."""
    known = {citation.number for citation in exchange.answer.citations} if exchange.answer else set()
    pieces = []
    for index, piece in enumerate(re.split(r"\[([0-9]{1,3})\]", text)):
        if index % 2 == 0:
            pieces.append(escape(piece))
        else:
            pieces.append(_mark(int(piece), exchange) if int(piece) in known else f"[{piece}]")
    return "".join(pieces)


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


def status(script: Script, text: str) -> str:
    """The line under the conversation that says what is going on; a screen reader reads it out when it changes."""
    return f'<p class="jb-status" role="status" aria-live="polite" lang="{script}">{escape(text)}</p>'


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
    return status(exchange.script, texts[exchange.outcome])


def sources(exchanges: Sequence[Exchange], words: Words, script: Script) -> str:
    """The panel beside the conversation: the sentences under the last answer, and earlier ones folded away.

    `words` and `script` are the reader's own, for a panel that has nothing to show yet.
    """
    if not exchanges:
        return _panel(script, words, f'<p class="jb-note">{escape(words.no_sources)}</p>')
    latest, earlier = exchanges[-1], [exchange for exchange in exchanges[:-1] if _cards(exchange)]
    body = _cards(latest) or f'<p class="jb-note">{escape(latest.words.no_sources)}</p>'
    if earlier:
        folded = "".join(
            f'<details><summary lang="{past.script}">{escape(past.question)}</summary>{_cards(past)}</details>'
            for past in reversed(earlier)
        )
        body += f'<h3 class="jb-earlier">{escape(latest.words.earlier)}</h3>{folded}'
    return _panel(latest.script, latest.words, body)


def _panel(script: Script, words: Words, body: str) -> str:
    heading = escape(words.sources)
    return f'<section class="jb-sources" lang="{script}" aria-label="{heading}"><h2>{heading}</h2>{body}</section>'


def _cards(exchange: Exchange) -> str:
    if exchange.answer is None:
        return "" if exchange.quote is None else _card(exchange.quote, exchange, exchange.words.best_so_far)
    if exchange.answer.refused:
        return "".join(_card(citation, exchange, exchange.words.nearest) for citation in exchange.answer.citations)
    return "".join(_card(citation, exchange) for citation in exchange.answer.citations)


def _card(citation: Citation, exchange: Exchange, label: str = "") -> str:
    """One sentence in its surroundings. A `label` says that it is not the ground of an answer."""
    document, words = citation.document, exchange.words
    name = label or words.source.format(number=citation.number)
    title = document.title or document.id
    page = words.page.format(page=citation.page) if citation.page is not None else ""
    period = words.period.format(period=document.period.replace("/", "–")) if document.period else ""
    about = (document.date, document.source, document.issue, document.author, period, page)
    facts = "".join(f"<bdi>{escape(fact)}</bdi>" for fact in about if fact)
    return (
        f'<article class="jb-card{" jb-aside" if label else ""}" id="jb-source-{exchange.number}-{citation.number}" '
        f'tabindex="-1"><p class="jb-name">{escape(name)}</p>'
        f'<h3 lang="{script_of(title)}"><bdi>{escape(title)}</bdi></h3><p class="jb-facts">{facts}</p>'
        f"{passage(document, citation.start, citation.end)}</article>"
    )


def passage(document: Document, start: int, end: int) -> str:
    """The sentence `document.text[start:end]` marked, with up to `AROUND` characters of its neighbours on each side."""
    text = document.text
    quote, before, after = text[start:end], text[max(0, start - AROUND) : start], text[end : end + AROUND]
    if start > AROUND:
        spans = sentences(before)
        before = "…" + (before[spans[1][0] :] if len(spans) > 1 else before)
    if end + AROUND < len(text):
        spans = sentences(after)
        after = (after[: spans[-2][1]] if len(spans) > 1 else after) + "…"
    return (
        f'<blockquote lang="{script_of(quote)}">{escape(before.lstrip())}<mark>{escape(quote)}</mark>'
        f"{escape(after.rstrip())}</blockquote>"
    )


def _family(first: str, second: str) -> str:
    """A font stack of what the reader's system already has; a page that asks for none from elsewhere."""
    return f"system-ui,'Segoe UI',{first},{second},sans-serif"


_TRADITIONAL = "'PingFang TC','Microsoft JhengHei','Noto Sans CJK TC','Noto Sans TC'"
_SIMPLIFIED = "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC'"

CSS = (
    f"""
[lang="zh-Hant"],[lang="zh-TW"]{{font-family:{_family(_TRADITIONAL, _SIMPLIFIED)}}}
[lang="zh-Hans"],[lang="zh-CN"]{{font-family:{_family(_SIMPLIFIED, _TRADITIONAL)}}}
"""
    + """
:root{--jb-accent:#0f766e;--jb-good:#166534;--jb-doubt:#92400e;--jb-bad:#b91c1c;--jb-mark:#fde68a;--jb-soft:#57534e;
  --jb-line:#e7e5e4;--jb-paper:#fff;--jb-asked:#def2ee}
.dark{--jb-accent:#5eead4;--jb-good:#86efac;--jb-doubt:#fcd34d;--jb-bad:#fca5a5;--jb-mark:#6b4e06;--jb-soft:#b8b2ab;
  --jb-line:#44403c;--jb-paper:#211d1a;--jb-asked:#123b38}
body{background:var(--body-background-fill)!important}
.gradio-container .main{padding:0}
.gradio-container main{width:100%;max-width:84rem;margin:0 auto;padding:1rem 1.5rem 1.25rem;box-sizing:border-box}
.gradio-container .html-container{padding:0}
:is(.jb-head,.jb-question,.jb-reply,.jb-sources) :is(p,h1,h2,h3,ul,blockquote),.jb-status{margin:0;padding:0}
#jb-header{min-height:3.6rem}
.jb-head{display:flex;flex-wrap:wrap;gap:.4rem 2rem;justify-content:space-between;align-items:flex-end}
.jb-head h1{font-size:1.4rem;line-height:1.4;font-weight:700}
.jb-head h1 span{font-weight:400;color:var(--jb-soft)}
.jb-head p{color:var(--jb-soft);font-size:.9rem;line-height:1.5}
.jb-facts{display:flex;flex-wrap:wrap;gap:.1rem .9rem}
#jb-main{gap:1.25rem}
#jb-talk{gap:.6rem}
#jb-chat{height:calc(100dvh - 19rem);min-height:20rem;border:1px solid var(--jb-line);background:var(--jb-paper)}
#jb-chat .icon-button-wrapper{display:none}
#jb-chat .message-row{margin:.9rem 1rem;max-width:calc(100% - 2rem)}
#jb-chat :is(.user,.bot,.message){background:none;border:0;box-shadow:none;padding:0;overflow:visible}
#jb-chat :is(.message-row,.component){width:100%}
#jb-chat .placeholder-content{justify-content:center;gap:.9rem}
#jb-chat .placeholder{flex:none;height:auto;padding:0}
#jb-chat .examples{grid-template-columns:minmax(0,26rem);justify-content:center;gap:.6rem;padding:0 1rem;margin:0}
#jb-chat .example{padding:.6rem 1rem;min-height:0;max-width:none}
.jb-welcome{line-height:1.9;text-align:center;font-size:1rem;padding:0 1rem}
.jb-welcome code{user-select:all}
.jb-question{margin-left:auto;width:fit-content;max-width:88%;padding:.5rem .9rem;border-radius:1rem 1rem .2rem 1rem;
  background:var(--jb-asked)}
.jb-question,.jb-text{white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.7;font-size:1.03rem}
.jb-said{margin:0!important;padding:.1rem 0 .1rem .8rem;border-left:2px solid var(--jb-line);color:var(--jb-soft);
  overflow-wrap:anywhere;line-height:1.65;font-size:.95rem}
.jb-reply{padding:.15rem 0 .15rem .9rem;border-left:3px solid var(--jb-line);min-height:1.9rem}
.jb-reply>*+*{margin-top:.45rem!important}
.jb-answered{border-color:var(--jb-good)}
.jb-doubtful{border-color:var(--jb-doubt)}
.jb-refused{border-left-style:dashed;border-color:var(--jb-soft)}
.jb-problem{border-left-style:double;border-left-width:6px;border-color:var(--jb-bad)}
.jb-kind{font-weight:600;font-size:.92rem}
.jb-refused .jb-kind{color:var(--jb-soft)}
.jb-doubtful .jb-kind{color:var(--jb-doubt)}
.jb-problem .jb-kind{color:var(--jb-bad)}
.jb-note,.jb-status{color:var(--jb-soft);font-size:.9rem;line-height:1.5}
#jb-status{min-height:1.4rem}
.jb-figures{display:flex;flex-wrap:wrap;gap:.4rem;list-style:none}
.jb-figures li{font-size:.85rem;line-height:1.5;padding:.1rem .6rem;border:1px solid;border-radius:.6rem}
.jb-figures b{color:var(--body-text-color)}
.jb-supported{color:var(--jb-good)}
.jb-unsupported{color:var(--jb-doubt);border-style:dashed!important}
.jb-mark{color:var(--jb-accent);font-weight:600;font-size:.85em;padding:0 .2em;border-radius:.25rem;cursor:pointer;
  background:none;border:0;text-decoration:underline;text-underline-offset:.2em}
.jb-dots{display:flex;gap:.3rem;height:.5rem}
.jb-dots i{width:.4rem;height:.4rem;border-radius:50%;background:var(--jb-soft);animation:jb-dots 1.2s infinite}
.jb-dots i:nth-child(2){animation-delay:.2s}
.jb-dots i:nth-child(3){animation-delay:.4s}
@keyframes jb-dots{50%{opacity:.2}}
@media (prefers-reduced-motion:reduce){.jb-dots i{animation:none}}
#jb-question textarea{line-height:1.6;font-size:1rem}
#jb-buttons{gap:.6rem;justify-content:flex-start}
#jb-buttons button{flex:0 1 auto;min-width:6rem;padding:.45rem 1.1rem;font-weight:500}
.jb-sources{display:grid;gap:.8rem}
.jb-sources h2{font-size:1.05rem;font-weight:700;line-height:1.5}
.jb-card{padding:.9rem 1rem;border:1px solid var(--jb-line);border-radius:.7rem;background:var(--jb-paper);min-width:0;
  overflow-wrap:anywhere}
.jb-aside{border-style:dashed;border-color:var(--jb-soft)}
.jb-name{font-size:.85rem;font-weight:600;color:var(--jb-accent)}
.jb-aside .jb-name{color:var(--jb-soft)}
.jb-card h3{font-size:1rem;line-height:1.5;font-weight:600}
.jb-card .jb-facts{color:var(--jb-soft);font-size:.85rem;line-height:1.5}
.jb-card blockquote{margin-top:.6rem!important;white-space:pre-line;font-size:.95rem;line-height:1.85;
  color:var(--jb-soft)}
.jb-card mark{background:var(--jb-mark);color:var(--body-text-color);padding:.12em .1em;border-radius:.2em;
  box-decoration-break:clone;-webkit-box-decoration-break:clone}
.jb-earlier{font-size:.9rem;color:var(--jb-soft);font-weight:600}
.jb-sources summary{cursor:pointer;font-size:.92rem;line-height:1.6;overflow-wrap:anywhere}
.jb-sources details>*+*{margin-top:.6rem}
:is(.jb-mark,.jb-card,.jb-sources summary,#jb-buttons button):focus-visible{outline:2px solid var(--jb-accent);
  outline-offset:2px}
.jb-card:focus{outline:2px solid var(--jb-accent);outline-offset:2px}
#jb-question textarea:focus{box-shadow:0 0 0 1px var(--jb-accent)!important}
@media (min-width:900px){#jb-side{max-height:calc(100dvh - 7rem);overflow-y:auto;padding:3px}}
@media (max-width:899px){
  #jb-header{min-height:5.6rem}
  .gradio-container main{padding:.75rem .8rem 1.5rem}
  #jb-main{flex-direction:column;flex-wrap:nowrap}
  #jb-talk,#jb-side{width:100%;min-width:0!important}
  #jb-chat{height:46dvh;min-height:17rem}
  #jb-chat .message-row{margin:.75rem .7rem;max-width:calc(100% - 1.4rem)}
  #jb-buttons button{flex:1 1 0;min-width:0;padding:.55rem .3rem}
}
"""
)

SCRIPT = """<script>
document.addEventListener("click", (event) => {
  const mark = event.target.closest("[data-source]");
  const card = mark && document.getElementById(mark.dataset.source);
  if (!card) return;
  const folded = card.closest("details");
  if (folded) folded.open = true;
  card.scrollIntoView({block: "nearest"});
  card.focus({preventScroll: true});
});
</script>"""
