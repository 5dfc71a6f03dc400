"""The news of the development sets as files to read in, and how long the encoder alone takes for them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from ingest.loaders import load
from ingest.split import split
from rag import Assistant
from rag.store import indexed_text
from tests.conftest import SHARED

NEWS = SHARED / "bench" / "news" / "documents.jsonl"


def texts(count: int) -> list[str]:
    """The first articles."""
    lines = NEWS.read_text(encoding="utf-8").splitlines()[:count]
    return [json.loads(line)["text"] for line in lines]


def round_of(articles: Sequence[str], number: int, rounds: int, parent: Path) -> Path:
    """A folder with one of so many parts of the articles, a file each."""
    folder = parent / f"round{number}"
    folder.mkdir()
    for index, text in enumerate(articles[number::rounds]):
        (folder / f"{number}-{index}.txt").write_text(text, encoding="utf-8")
    return folder


def passages(folder: Path, assistant: Assistant) -> list[str]:
    """What a sync of the folder will embed."""
    return [
        indexed_text(document, chunk)
        for file in sorted(folder.iterdir())
        for document in load(file).documents
        for chunk in split(document, assistant.encoder.count_tokens)
    ]


def seconds_alone(assistant: Assistant, indexed: Sequence[str]) -> float:
    """How long the encoder takes for them and nothing else."""
    started = time.perf_counter()
    for start in range(0, len(indexed), 256):
        assistant.encoder.encode_documents(indexed[start : start + 256])
    return time.perf_counter() - started
