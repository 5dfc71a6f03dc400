"""A conversation written out for other programs: as Markdown and as a Word document. Pure.

Whatever a document says stays text: none of it becomes a link, an image, HTML or a heading.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal

from rag.evaluate import shortened
from rag.text import script_of
from ui.conversations import Saved
from ui.i18n import WORDS
from ui.reasons import told
from ui.render import visible

Kind = Literal["title", "question", "text", "figure", "quote"]


def _blocks(saved: Iterable[Saved], title: str) -> Iterator[tuple[Kind, str]]:
    """What an export says, in order, in the language of each question; nothing is escaped yet."""
    yield "title", shortened(title)
    for exchange in saved:
        script, answer = script_of(exchange.question), exchange.answer
        words = WORDS[script]
        yield "question", " ".join(exchange.question.split())
        if exchange.problem:
            yield "text", told(exchange.problem, script)
        elif answer is None:
            yield "text", f"{exchange.text}\n{words.stopped}"
        if answer is None:
            continue
        if answer.refused or not answer.supported:
            yield "text", words.refused if answer.refused else words.doubtful
        yield "text", answer.text
        for figure in answer.figures:
            sign, said = ("✓", words.supported) if figure.supported else ("⚠", words.unsupported)
            unit = "" if figure.text.endswith(figure.unit) else f" {figure.unit}"
            mark = "" if figure.citation is None else f" [{figure.citation}]"
            yield "figure", f"{sign} {figure.text}{unit} {said}{mark}"
        if answer.as_of:
            yield "text", words.as_of.format(date=answer.as_of)
        if answer.citations:
            yield "text", words.nearest if answer.refused else words.sources
        for citation in answer.citations:
            document = citation.document
            page = "" if citation.page is None else words.page.format(page=citation.page)
            about = (document.title or document.id, document.source, document.date, page)
            facts = " · ".join(" ".join(fact.split()) for fact in about if fact)
            yield "quote", f"{citation.quote}\n— [{citation.number}] {facts}"


# Every mark of Markdown, wherever it stands; a stop after which a renderer could see an address; what begins a list, an
# underline or a numbered item at the start of a line.
_MARKS = re.compile(r"[\\`*_{}\[\]()<>#!|~&$:@^]|\.(?=[^\W\d_])|^[-+=]|(?<=\d)\.(?=\s|$)")


def escape_markdown(line: str) -> str:
    r"""One line of text as Markdown that shows it and does nothing: no link, image, HTML, heading or list.

    >>> print(escape_markdown("[1] <b> 3.5, see www.a.example"))
    \[1\] \<b\> 3.5, see www\.a\.example
    """
    return _MARKS.sub(r"\\\g<0>", line.strip())


def to_markdown(saved: Sequence[Saved], title: str) -> str:
    """A conversation as Markdown: each question a heading, under it the answer, its figures and its quotes."""
    prefixes: dict[Kind, str] = {"title": "# ", "question": "## ", "text": "", "figure": "- ", "quote": "> "}
    pieces = []
    for kind, text in _blocks(saved, title):
        lines = [escape_markdown(line) for line in visible(text).splitlines() if line.strip()]
        pieces.append(prefixes[kind] + ("  \n> " if kind == "quote" else "  \n").join(lines))
    return "\n\n".join(pieces) + "\n"


def to_docx(saved: Sequence[Saved], title: str) -> bytes:
    """A conversation as a Word document, which says what `to_markdown` says."""
    import docx

    styles: dict[Kind, str] = {"title": "Title", "question": "Heading 1", "figure": "List Bullet", "quote": "Quote"}
    document = docx.Document()
    about = document.core_properties
    about.author, about.comments, about.created = "jianbao", "", datetime.now(UTC)
    for kind, text in _blocks(saved, title):
        legal = re.sub("[\ufffe\uffff]", "", visible(text))
        document.add_paragraph(legal, style=styles.get(kind))
        if kind == "title":
            about.title = legal
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()
