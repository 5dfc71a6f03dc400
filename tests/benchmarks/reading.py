"""Ingest end to end: documents and passages a second, the share of the encoder in that, and a second sync."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from ingest import sync
from ingest.loaders import load
from ingest.split import split
from rag import Assistant
from rag.store import indexed_text
from tests.conftest import SHARED

SOURCE = SHARED / "bench" / "news" / "documents.jsonl"


def measure(articles: int = 600, rounds: int = 3) -> dict[str, Any]:
    """Rounds on as many articles each, all into one library, the encoder alone before and after each."""
    lines = SOURCE.read_text(encoding="utf-8").splitlines()[:articles]
    texts = [json.loads(line)["text"] for line in lines]
    shares, documents, passages, again = [], [], [], []
    with tempfile.TemporaryDirectory() as made, Assistant.open(Path(made) / "library") as assistant:
        assistant.retrieve("培訓")  # which loads the encoder and opens the index
        for number in range(rounds):
            folder = Path(made) / f"round{number}"
            folder.mkdir()
            for index, text in enumerate(texts[number::rounds]):
                (folder / f"{number}-{index}.txt").write_text(text, encoding="utf-8")
            indexed = [
                indexed_text(document, chunk)
                for file in sorted(folder.iterdir())
                for document in load(file).documents
                for chunk in split(document, assistant.encoder.count_tokens)
            ]
            before = _alone(assistant, indexed)
            report = sync(folder, assistant)
            alone = (before + _alone(assistant, indexed)) / 2
            shares.append(alone / report["seconds"])
            documents.append(report["added"] / report["seconds"])
            passages.append(report["chunks"] / report["seconds"])
            again.append(sync(folder, assistant)["seconds"])
    return {
        "documents a second": round(median(documents), 1),
        "passages a second": round(median(passages), 1),
        "share of the encoder's own speed": round(median(shares), 3),
        "again, nothing changed, s": round(median(again), 3),
    }


def _alone(assistant: Assistant, indexed: Sequence[str]) -> float:
    started = time.perf_counter()
    for start in range(0, len(indexed), 256):
        assistant.encoder.encode_documents(indexed[start : start + 256])
    return time.perf_counter() - started
