"""What a library is given and what it gives back: documents listed, stamps of files, chunks with their vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rag.embeddings import Vectors
from rag.types import Chunk, Document


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document as the catalog lists it, without its text. `copies`: other files with the same content."""

    id: str
    title: str
    source: str
    date: str
    path: str
    issue: str
    author: str
    period: str
    chunks: int
    copies: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """A row of `jianbao documents --json`."""
        return {**asdict(self), "copies": list(self.copies)}


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What is remembered of a file, to see whether it has changed. `modified` is in nanoseconds."""

    path: str
    size: int
    modified: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Move:
    """The documents of one path become those of the file `to`, with these new ids (by old id)."""

    path: str
    to: FileStamp
    ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A document ready to be stored: its chunks and their vectors, shape (len(chunks), dimensions), length 1 each."""

    document: Document
    chunks: Sequence[Chunk]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A live chunk as search needs it."""

    number: int
    document: Document
    chunk: Chunk
    vector: Vectors

    @property
    def indexed_text(self) -> str:
        """See the function of this name."""
        return indexed_text(self.document, self.chunk)


def indexed_text(document: Document, chunk: Chunk) -> str:
    """What is embedded and indexed for a chunk: its text under its document's title and its headings, to be found by.

    >>> indexed_text(Document("a", "", "簡報第138期"), Chunk(0, 7, "培訓341期。", heading="二、培訓")).split()
    ['簡報第138期', '二、培訓', '培訓341期。']
    """
    above = [part for part in (document.title, chunk.heading) if part and part not in chunk.text]
    return "\n".join([*above, chunk.text])


def text_sha256(document: Document) -> str:
    """Digest of all that a document says; another digest means that it has to be stored anew."""
    about = (document.title, document.source, document.date, document.issue, document.author, document.period)
    said = "\x00".join((*about, json.dumps(document.pages), document.text))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
