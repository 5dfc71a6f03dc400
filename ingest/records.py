"""Document sets, JSON lines with one document each, and how they are told from question sets.

It knows the keys of a record and what is wrong with a bad one; it reads a file only to see which kind of set it is.
"""

from __future__ import annotations

import codecs
import json
import re
from pathlib import Path
from typing import Any

from ingest.encodings import decode
from ingest.header import first_date, leading_date
from ingest.metadata import metadata
from rag.errors import DocumentError
from rag.text import fold
from rag.types import Document

#: Characters of one record. As JSON may describe much in few characters, its objects take up to 24 bytes for each.
LONGEST = 16 << 20
#: Bytes of the first line of a question set; a longer one is no question.
_LONGEST_QUESTION = 1 << 20


def is_question_set(path: Path) -> bool:
    """Whether a file is a question set (.jsonl, with `question` and no `text` in its first record), so no document."""
    if path.suffix.lower() != ".jsonl":
        return False
    try:
        with path.open("rb") as file:
            data = file.readline(_LONGEST_QUESTION)
            while data and not data.strip():
                data = file.readline(_LONGEST_QUESTION)
            if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                data += file.read(2 * _LONGEST_QUESTION - len(data))
        first = json.loads(decode(data, path.name).strip().split("\n")[0])
    except (OSError, ValueError, RecursionError, DocumentError):
        return False  # `load` will say what is wrong with it
    return isinstance(first, dict) and "question" in first and "text" not in first


def records(text: str, path: Path) -> list[Document]:
    """The documents of a document set, one for each line that is not blank.

    Raises DocumentError, which names the file and the line, at the first record that cannot be used.
    """
    documents: list[Document] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number}"
        document = _record(line, where, path)
        if document.id in lines:
            raise DocumentError(
                f"{where}: the id {document.id!r} is already that of line {lines[document.id]}; "
                "give each record its own."
            )
        lines[document.id] = number
        documents.append(document)
    return documents


def _record(line: str, where: str, path: Path) -> Document:
    if len(line) > LONGEST:
        raise DocumentError(f"{where} has more than {LONGEST >> 20} million characters; make several records of it.")
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep or too large"
        raise DocumentError(f"{where} is not valid JSON ({reason}); write one JSON object on each line.") from error
    if not isinstance(record, dict):
        raise DocumentError(f'{where} is not a JSON object; write it as {{"id": "...", "text": "..."}}.')
    if "question" in record and "text" not in record:
        raise DocumentError(f"{where} is a question, not a document; score a question set with `jianbao eval`.")
    for key in ("id", "text"):
        if key not in record:
            raise DocumentError(f'{where} has no "{key}"; every record of a document set needs "id" and "text".')
    identity = record["id"]
    if isinstance(identity, int) and not isinstance(identity, bool):
        record["id"] = str(identity)
    values = {key: _string(record, key, where) for key in ("id", "text", "title", "source", "date", "author")}
    for key in ("id", "text"):
        if not values[key].strip():
            raise DocumentError(f'{where} has an empty "{key}"; fill it in or delete the line.')
    text = values["text"]
    date = first_date(fold(values["date"])) if values["date"] else leading_date(text)
    more = metadata(text, values["title"], date)
    author = values["author"] or more.author
    return Document(
        values["id"], text, values["title"], values["source"], date, str(path), more.issue, author, more.period
    )


def _string(record: dict[str, Any], key: str, where: str) -> str:
    value = record.get(key)
    if value is None and key not in ("id", "text"):
        return ""
    if not isinstance(value, str):
        raise DocumentError(f'{where}: "{key}" is not a string; put its value in double quotes.')
    if re.search("[\0\ud800-\udfff]", value):
        raise DocumentError(f'{where}: "{key}" has a character that is no text (\\u0000 or half of a pair); remove it.')
    return value
