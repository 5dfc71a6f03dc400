"""Several people asking at once, over one assistant, in the order in which the page serves them."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingest import sync
from rag import AnswerReady, Assistant, QuoteFound
from rag.evaluate import Question, load_questions, met
from tests.benchmarks.measures import quantile
from tests.conftest import SEEDS
from ui.collection import ALL
from ui.desk import Desk


def measure(people: Sequence[int] = (1, 4, 16), questions: int = 16) -> dict[str, Any]:
    """The same questions asked by one after the other, by 4 and by 16 at once: throughput, first quote, whole answer.

    `lost` counts those that got no answer, `right` those that were answered as when asked alone.
    """
    asked = [one for one in load_questions(SEEDS / "questions.jsonl") if one.answers][:questions]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as made, Assistant.open(Path(made)) as assistant, Desk(assistant) as desk:
        sync(SEEDS, assistant)
        assistant.warm()
        for count in people:
            found[f"{count} at once"] = _round(desk, asked, count)
    return found


def _round(desk: Desk, asked: Sequence[Question], people: int) -> dict[str, Any]:
    quotes: list[float] = []
    totals: list[float] = []
    right = 0
    waiting, lock = list(asked), threading.Lock()

    def person() -> None:
        nonlocal right
        while True:
            with lock:
                if not waiting:
                    return
                question = waiting.pop(0)
            started = time.perf_counter()
            for event in desk.stream(desk.turns.ticket(), question.question, (), ALL):
                taken = time.perf_counter() - started
                with lock:
                    if isinstance(event, QuoteFound):
                        quotes.append(taken)
                    elif isinstance(event, AnswerReady):
                        totals.append(taken)
                        right += met(event.answer.text, question.answers or ())

    started = time.perf_counter()
    threads = [threading.Thread(target=person) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = time.perf_counter() - started
    return {
        "answers a minute": round(60 * len(totals) / whole, 1),
        "first quote, last one s": round(max(quotes), 2),
        "whole answer p50 s": round(quantile(totals, 0.5), 2),
        "whole answer p95 s": round(quantile(totals, 0.95), 2),
        "lost": len(asked) - len(totals),
        "right": right,
        "of": len(asked),
    }
