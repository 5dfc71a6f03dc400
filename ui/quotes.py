"""The markup of what answers stand on: quotes with their surroundings, documents opened at one. Escapes everything."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text import Script, script_of, sentences
from rag.types import Citation, Document
from ui.i18n import Words
from ui.render import Exchange, action, escape

#: How many characters of the document are shown on each side of a quoted sentence.
AROUND = 140
#: And when the document is opened.
SHOWN = 3000


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
    figures = exchange.answer.figures if exchange.answer else ()
    hits = [figure.text for figure in figures if figure.supported and figure.citation == citation.number]
    return (
        f'<article class="jb-card{" jb-aside" if label else ""}" id="jb-source-{exchange.number}-{citation.number}" '
        f'tabindex="-1"><p class="jb-name">{escape(name)}</p>'
        f'<h3 lang="{script_of(title)}"><bdi>{escape(title)}</bdi></h3><p class="jb-facts">{facts}</p>'
        f"{passage(document, citation.start, citation.end, hits)}"
        f"{action('open', words.open_document, to='talk', name=f'{exchange.number}-{citation.number}')}</article>"
    )


def passage(document: Document, start: int, end: int, hits: Sequence[str] = ()) -> str:
    """The sentence `document.text[start:end]` marked, with up to `AROUND` characters of its neighbours on each side.

    `hits`: figures of the answer, which stand out in the sentence where they are written the same way.
    """
    text = document.text
    quote, before, after = text[start:end], text[max(0, start - AROUND) : start], text[end : end + AROUND]
    if start > AROUND:
        spans = sentences(before)
        before = "…" + (before[spans[1][0] :] if len(spans) > 1 else before)
    if end + AROUND < len(text):
        spans = sentences(after)
        after = (after[: spans[-2][1]] if len(spans) > 1 else after) + "…"
    return (
        f'<blockquote lang="{script_of(quote)}">{escape(before.lstrip())}<mark>{_with_hits(quote, hits)}</mark>'
        f"{escape(after.rstrip())}</blockquote>"
    )


def _with_hits(quote: str, hits: Sequence[str]) -> str:
    wanted = "|".join(re.escape(hit) for hit in sorted(set(hits), key=len, reverse=True) if hit)
    if not wanted:
        return escape(quote)
    pieces = re.split(f"({wanted})", quote)
    return "".join(f"<b>{escape(piece)}</b>" if index % 2 else escape(piece) for index, piece in enumerate(pieces))


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a page. `boxes`: left, top, width and height of each line to be boxed, in shares of the page."""

    image: bytes
    media_type: str
    page: int
    boxes: Sequence[tuple[float, float, float, float]] = ()


def viewer(
    document: Document,
    start: int,
    end: int,
    words: Words,
    script: Script,
    *,
    to: str,
    picture: Picture | None = None,
    around: int = SHOWN,
) -> str:
    """A document opened at `text[start:end]`, which is marked, with `around` characters on each side of it.

    `to`: the bus by which its buttons speak. An empty span marks nothing: the document is shown from `start` on.
    """
    title = document.title or document.id
    period = words.period.format(period=document.period.replace("/", "–")) if document.period else ""
    number = document.page_at(start) if end > start else None
    page = words.page.format(page=number) if number is not None else ""
    about = (document.date, document.source, document.issue, document.author, period, page)
    facts = "".join(f"<bdi>{escape(fact)}</bdi>" for fact in about if fact)
    first, last = max(0, start - around), min(len(document.text), end + around)
    text = document.text
    mark = f'<mark tabindex="-1">{escape(text[start:end])}</mark>' if end > start else ""
    more = f"{around * 4}"
    earlier = action("more", words.earlier_text, to=to, name=more) if first > 0 else ""
    later = action("more", words.later_text, to=to, name=more) if last < len(text) else ""
    return (
        f'<section class="jb-viewer" lang="{script}" aria-label="{escape(title)}">'
        f'<div class="jb-tools">{action("close", f"✕ {words.back}", to=to, look="jb-button")}</div>'
        f'<h2 tabindex="-1" lang="{script_of(title)}"><bdi>{escape(title)}</bdi></h2><p class="jb-facts">{facts}</p>'
        f"{_picture(picture, words, quoted=end > start)}{earlier}"
        f'<div class="jb-whole" lang="{script_of(text[first:last])}">'
        f"{escape(text[first:start])}{mark}{escape(text[end:last])}</div>{later}</section>"
    )


def gone(words: Words, script: Script, *, to: str) -> str:
    """Instead of a document that is no longer there."""
    return (
        f'<section class="jb-viewer" lang="{script}"><p class="jb-note">{escape(words.gone)}</p>'
        f"{action('close', words.back, to=to, look='jb-button')}</section>"
    )


def _picture(picture: Picture | None, words: Words, *, quoted: bool) -> str:
    if picture is None:
        return ""
    place = words.picture if picture.boxes else words.picture_without
    label = (place if quoted else words.page).format(page=picture.page)
    data = base64.b64encode(picture.image).decode("ascii")
    boxes = "".join(
        '<i class="jb-box" style="'
        + ";".join(f"{side}:{share:.3%}" for side, share in zip(_SIDES, box, strict=True))
        + '"></i>'
        for box in picture.boxes
    )
    return (
        f'<figure class="jb-picture"><img src="data:{picture.media_type};base64,{data}" alt="{escape(label)}">{boxes}'
        f"</figure>"
    )


_SIDES = ("left", "top", "width", "height")
