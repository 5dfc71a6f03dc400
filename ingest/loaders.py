"""Files become documents: which kinds of file can be read, and by what.

Reads one file at a time. It knows nothing of the library, of chunks or of models. What takes a large package is
imported when the first such file is met.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ingest.archive import members
from ingest.encodings import decode as decode
from ingest.extracted import Extracted
from ingest.header import header
from ingest.metadata import metadata
from ingest.records import records
from rag.errors import DocumentError
from rag.types import Document

#: What our own code reads alone, by the end of the file's name in lower case.
PLAIN = frozenset({".txt", ".text", ".md", ".markdown", ".jsonl"})
#: The module and the function that read each other kind.
_READERS = {
    "ingest.office": {".docx": "read_docx", ".docm": "read_docx", ".pptx": "read_pptx", ".pptm": "read_pptx"},
    "ingest.tables": {".xlsx": "read_xlsx", ".xlsm": "read_xlsx", ".csv": "read_csv", ".tsv": "read_csv"},
    "ingest.web": dict.fromkeys((".html", ".htm", ".xhtml"), "read_html"),
    "ingest.books": {".epub": "read_epub"},
    "ingest.mail": {".eml": "read_eml"},
    "ingest.pdf": {".pdf": "read_pdf"},
    "ingest.ocr": dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"), "read_image"),
}
_BY_SUFFIX = {suffix: (module, name) for module, kinds in _READERS.items() for suffix, name in kinds.items()}
_ARCHIVE = ".zip"
#: All that `load` can read.
SUFFIXES = frozenset({*PLAIN, *_BY_SUFFIX, _ARCHIVE})
#: What to do with kinds that people have and that cannot be read.
INSTEAD = {
    ".doc": "save it as .docx",
    ".xls": "save it as .xlsx",
    ".ppt": "save it as .pptx",
    ".wps": "save it as .docx",
    ".et": "save it as .xlsx",
    ".odt": "save it as .docx",
    ".ods": "save it as .xlsx",
    ".rtf": "save it as .docx",
    ".msg": "save it as .eml",
    ".rar": "unpack it, and name the folder",
    ".7z": "unpack it, and name the folder",
}
#: Bytes of a plain text, and of a document set, which is many texts.
LARGEST_TEXT, LARGEST_SET = 64 << 20, 512 << 20


class Problem(NamedTuple):
    """Why a part of a file could not be read, as a member of an archive: its name, and one sentence."""

    part: str
    error: str


class Loaded(NamedTuple):
    """What a file holds: its documents, and what is wrong with those parts of it that could not be read."""

    documents: list[Document]
    problems: list[Problem]


def load(path: Path) -> Loaded:
    """The documents of one file: one a line of a document set (.jsonl), one a member of an archive, else one.

    A document's id is its file's name, for a member followed by its own (`a.zip/inner/b.txt`); the caller may replace
    the name by something longer. A record's id is its own. Raises DocumentError, whose message names the file and what
    to do, if it cannot be used.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == _ARCHIVE:
            return _archive(path)
        if suffix == ".jsonl":
            if found := records(_text(path, LARGEST_SET), path):
                return Loaded(found, [])
            raise _without_text(path)
        return Loaded([_document(path, _extracted(path, suffix))], [])
    except DocumentError as error:
        raise DocumentError(one_line(str(error))) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        name = one_line(path.name)
        raise DocumentError(f"{name} cannot be read ({reason}); check that it exists and is yours.") from error


# Line breaks and other controls, and the marks that turn the direction of what follows.
_UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def one_line(sentence: str) -> str:
    r"""A sentence that names a file, in one line and in one direction, whatever the file is called.

    >>> one_line("two\nlines.txt holds no text.")
    'two�lines.txt holds no text.'
    """
    return _UNSEEN.sub("\ufffd", sentence)


def keeps_ids(path: str | Path) -> bool:
    """Whether the documents of a file bring their own ids, so that these do not depend on the file's name."""
    return Path(path).suffix.lower() == ".jsonl"


def _extracted(path: Path, suffix: str) -> Extracted:
    if suffix in PLAIN:
        return Extracted(_text(path, LARGEST_TEXT))
    if suffix not in _BY_SUFFIX:
        step = INSTEAD.get(suffix) or f"use one of {', '.join(sorted(SUFFIXES))}"
        raise DocumentError(f"{path.name} is not a kind of file that can be read; {step}.")
    module, name = _BY_SUFFIX[suffix]
    read: Callable[[Path], Extracted] = getattr(import_module(module), name)
    return read(path)


def _text(path: Path, largest: int) -> str:
    if (size := path.stat().st_size) > largest:
        raise DocumentError(
            f"{path.name} has {size >> 20} MB; up to {largest >> 20} MB of text are read at once. Split it."
        )
    return decode(path.read_bytes(), path.name)


def _document(path: Path, found: Extracted) -> Document:
    if not found.text.strip():
        raise _without_text(path)
    said = header(found.text)
    title, date = found.title or said.title, found.date or said.date
    more = metadata(found.text, title, date)
    return Document(
        path.name,
        _whole(found.text),
        _whole(title),
        _whole(found.source or said.source),
        date,
        str(path),
        _whole(more.issue),
        _whole(found.author or more.author),
        more.period,
        found.pages,
    )


# Halves of pairs, as a damaged encoding leaves them; they are no text, and nothing can store or embed them.
_HALF = re.compile("[\ud800-\udfff]")


def _whole(text: str) -> str:
    return _HALF.sub("\ufffd", text)


def _without_text(path: Path) -> DocumentError:
    return DocumentError(f"{path.name} holds no text; add some to it or leave the file out.")


def _archive(path: Path) -> Loaded:
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for member in members(path, SUFFIXES):
        if member.file is None:
            problems.append(Problem(member.name, one_line(member.error)))
            continue
        try:
            loaded = load(member.file)
        except DocumentError as error:
            sentence = one_line(str(error).replace(member.file.name, member.name))
            problems.append(Problem(member.name, sentence))
            continue
        for document in loaded.documents:
            own = f"/{document.id}" if keeps_ids(member.file) else ""
            id = f"{path.name}/{member.name}{own}"
            if id in documents:
                sentence = f"{member.name}{own} is in the archive twice; give each its own name, and make it again."
                problems.append(Problem(member.name, one_line(sentence)))
                continue
            # A table without a caption is called by its file's name, which here is one of ours.
            title = PurePosixPath(member.name).stem if document.title == member.file.stem else document.title
            documents[id] = replace(document, id=id, title=title, path=str(path))
    if not documents and not problems:
        raise DocumentError(f"{path.name} holds no file of a kind that can be read; add some or leave it out.")
    return Loaded(list(documents.values()), problems)
