"""A document that is open on the page: where, how much of it, and its picture. Used by every tab."""

from __future__ import annotations

from dataclasses import dataclass

from rag.text import Script
from ui import quotes
from ui.desk import Desk
from ui.i18n import WORDS


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that is open, and how much of it around the sentence is shown."""

    id: str
    start: int
    end: int
    around: int = quotes.SHOWN


def placed(desk: Desk, id: str, start: int, quote: str) -> Opened:
    """A document opened at a quote, also where the document has changed since and the quote stands elsewhere."""
    document = desk.document(id)
    text = document.text if document else ""
    if text[start : start + len(quote)] != quote:
        start = text.find(quote)
    return Opened(id, start, start + len(quote)) if start >= 0 else Opened(id, 0, 0)


def view(desk: Desk, opened: Opened, script: Script, *, to: str, drawn: bool = True) -> str:
    """An open document as markup; when `drawn`, with the picture of its page where it has one."""
    document, words = desk.document(opened.id), WORDS[script]
    if document is None:
        return quotes.gone(words, script, to=to)
    return quotes.viewer(
        document,
        opened.start,
        opened.end,
        words,
        script,
        to=to,
        picture=desk.picture(document, opened.start, opened.end) if drawn else None,
        around=opened.around,
    )
