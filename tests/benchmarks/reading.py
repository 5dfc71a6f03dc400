"""Ingest end to end: documents and passages a second, the share of the encoder in that, and a second sync."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from ingest import sync
from rag import Assistant
from tests.benchmarks.news import passages as passages_of
from tests.benchmarks.news import round_of, seconds_alone, texts


def measure(articles: int = 600, rounds: int = 3) -> dict[str, Any]:
    """Rounds on as many articles each, all into one library, the encoder alone before and after each."""
    news = texts(articles)
    shares, documents, passages, again = [], [], [], []
    with tempfile.TemporaryDirectory() as made, Assistant.open(Path(made) / "library") as assistant:
        assistant.retrieve("培訓")  # which loads the encoder and opens the index
        for number in range(rounds):
            folder = round_of(news, number, rounds, Path(made))
            indexed = passages_of(folder, assistant)
            before = seconds_alone(assistant, indexed)
            report = sync(folder, assistant)
            alone = (before + seconds_alone(assistant, indexed)) / 2
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
