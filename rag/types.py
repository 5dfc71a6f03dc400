"""The values that travel between the parts of jianbao: frozen, small, with the contract's JSON form.

They know nothing of storage, models or markup. Offsets are character offsets into `Document.text` as stored, and
`document.text[start:end] == quote` (or `text`) holds for everything here that has a start and an end.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Document:
    """One text of the library, and what it says of itself; what it does not say is empty.

    `date` is the ISO day of publication (2011-04-19), `path` the file it came from, `issue` as written (第138期),
    `author` one or more names, `period` the first and last ISO day that it reports on (2011-01-01/2011-04-19).
    `pages`: the offset at which each page begins, from 0 on; empty for a text without pages.
    """

    id: str
    text: str = field(repr=False)
    title: str = ""
    source: str = ""
    date: str = ""
    path: str = ""
    issue: str = ""
    author: str = ""
    period: str = ""
    pages: tuple[int, ...] = field(default=(), repr=False)

    def page_at(self, offset: int) -> int | None:
        """The page, from 1, that an offset of the text is on; None for a text without pages.

        >>> Document("a", "12345", pages=(0, 3)).page_at(2), Document("a", "12345", pages=(0, 3)).page_at(3)
        (1, 2)
        """
        return bisect_right(self.pages, offset) or None

    @property
    def as_of(self) -> str:
        """The ISO day up to which the document can know: that of publication, else the last that it reports on.

        >>> Document("a", "", period="2011-01-01/2011-06-30").as_of
        '2011-06-30'
        """
        return self.date or self.period.rpartition("/")[2]

    def as_dict(self) -> dict[str, Any]:
        """The contract's `document` object; the text is left out."""
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "date": self.date,
            "path": self.path,
            "issue": self.issue,
            "author": self.author,
            "period": self.period,
        }


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences of a document, the unit that is indexed.

    `heading`: the headings that it stands under and does not begin with, the widest first; they help to find it.
    """

    start: int
    end: int
    text: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was retrieved for a question. `rank` counts from 1.

    `score` is higher for better: the cosine of question and passage (-1 to 1) plus up to 0.092 for shared words.
    """

    rank: int
    score: float
    text: str
    start: int
    end: int
    page: int | None
    document: Document

    def as_dict(self) -> dict[str, Any]:
        """The contract's Passage."""
        return {
            "rank": self.rank,
            "score": round(self.score, 4),
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "page": self.page,
            "document": self.document.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence that an answer stands on; `number` is what `[1]` in the answer's text refers to."""

    number: int
    quote: str
    start: int
    end: int
    page: int | None
    document: Document

    def as_dict(self) -> dict[str, Any]:
        """The contract's citation."""
        return {
            "number": self.number,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
            "page": self.page,
            "document": self.document.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in an answer. `text` is as written there, `value` a plain decimal, `unit` what is counted.

    `supported` says that a cited sentence holds the same value; `citation` is that citation's number, or None.
    """

    text: str
    value: str
    unit: str
    supported: bool
    citation: int | None

    def as_dict(self) -> dict[str, Any]:
        """The contract's figure."""
        return {
            "text": self.text,
            "value": self.value,
            "unit": self.unit,
            "supported": self.supported,
            "citation": self.citation,
        }


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall-clock seconds since the question was asked; None for what did not happen (no quote, no model)."""

    retrieve: float | None = None
    first_quote: float | None = None
    first_token: float | None = None
    total: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """The contract's `seconds`, to the millisecond."""
        values = {
            "retrieve": self.retrieve,
            "first_quote": self.first_quote,
            "first_token": self.first_token,
            "total": self.total,
        }
        return {name: None if value is None else round(value, 3) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer came about, for those who examine it; nothing in it has been checked.

    `standalone`: the question after its conversation was worked in. `evidence`: the sentences that the model read.
    `written`: what it wrote. `log_probability`: the mean natural logarithm of the tokens' probabilities (up to 0,
    higher is surer), None when the model does not report it. `withheld`: why nothing of it is shown, else empty.
    """

    standalone: str = ""
    evidence: tuple[str, ...] = ()
    written: str = ""
    log_probability: float | None = None
    withheld: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The trace as JSON."""
        return {
            "standalone": self.standalone,
            "evidence": list(self.evidence),
            "written": self.written,
            "log_probability": None if self.log_probability is None else round(self.log_probability, 3),
            "withheld": self.withheld,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a question.

    `refused`: the documents do not hold the answer; `text` then says so in the reader's language and there are no
    figures. `supported`: the answer has a citation, and every figure in it stands in a cited sentence. `as_of`: the ISO
    day up to which the newest document that it stands on can know; empty when none has a date.
    """

    question: str
    text: str
    refused: bool
    supported: bool
    citations: tuple[Citation, ...]
    figures: tuple[Figure, ...]
    passages: tuple[Passage, ...]
    seconds: Seconds
    trace: Trace = Trace()
    as_of: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The contract's Answer."""
        return {
            "question": self.question,
            "text": self.text,
            "refused": self.refused,
            "supported": self.supported,
            "as_of": self.as_of,
            "citations": [citation.as_dict() for citation in self.citations],
            "figures": [figure.as_dict() for figure in self.figures],
            "passages": [passage.as_dict() for passage in self.passages],
            "seconds": self.seconds.as_dict(),
            "trace": self.trace.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier question of a conversation, and what was answered."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class QuoteFound:
    """Event: the best sentence so far, shown before the model has said a word. It is not yet a citation."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class TextAdded:
    """Event: a piece of the answer as the model writes it, not yet checked."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerReady:
    """Event, always the last: the checked answer. Its text replaces what was streamed."""

    answer: Answer


Event = QuoteFound | TextAdded | AnswerReady
