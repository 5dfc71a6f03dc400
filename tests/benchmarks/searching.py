"""Retrieval in libraries of 1,000 to 1,000,000 passages: vectors of real passages, each moved a little.

Filling a million takes half an hour on two cores, most of it for the graph.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest import sync
from rag import Assistant
from rag.store import Entry
from rag.text import sentences
from rag.types import Chunk, Document
from tests.benchmarks.measures import seconds
from tests.conftest import SEEDS, SHARED

SIZES = (1_000, 10_000, 100_000)
SOURCE = SHARED / "bench" / "news" / "documents.jsonl"
#: Real sentences that the passages are made of; each passage has four.
SENTENCES = 3000
#: How long the noise on a vector of length 1 is.
MOVED = 0.25

TIMED = """
import json, sys, time
from pathlib import Path
from rag import Assistant
from tests.benchmarks.measures import resident
folder, questions = sys.argv[1], json.loads(sys.argv[2])
started = time.perf_counter()
with Assistant.open(folder) as assistant:
    assistant.library.nearest(__import__("numpy").ones(384, "float32") / 384**0.5, 5)
    opened = time.perf_counter() - started
    assistant.retrieve(questions[0])
    taken = []
    for question in questions[1:]:
        started = time.perf_counter()
        assistant.retrieve(question)
        taken.append(time.perf_counter() - started)
    print(json.dumps({"opened": opened, "taken": taken, "memory": resident()}))
"""


def filled(assistant: Assistant, count: int) -> Iterator[int]:
    """Adds made passages until the library has `count`; tells how many it has from time to time."""
    random_, noise = random.Random(138), np.random.default_rng(138)
    found: list[str] = []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["text"]
        found += [text[start:end] for start, end in sentences(text) if 15 < end - start < 90]
    some = random_.sample(found, SENTENCES)
    vectors = assistant.encoder.encode_documents(some)
    held = assistant.library.chunk_count()
    while held < count:
        entries = []
        for _ in range(min(1000, math.ceil((count - held) / 4))):
            made = min(4, count - held)
            entries.append(_entry(f"made/{held}", made, some, vectors, random_, noise))
            held += made
        assistant.library.put(entries)
        yield held


def _entry(
    id: str, count: int, some: Sequence[str], vectors: npt.NDArray[np.float32], random_: random.Random, noise: Any
) -> Entry:
    chunks: list[Chunk] = []
    means = []
    text = ""
    for _ in range(count):
        picked = random_.sample(range(len(some)), 4)
        said = "".join(some[index] for index in picked)
        chunks.append(Chunk(len(text), len(text) + len(said), said))
        text += said + "\n"
        moved = noise.standard_normal(vectors.shape[1])
        mean = vectors[picked].mean(axis=0)
        mean = mean / np.linalg.norm(mean) + MOVED * moved / np.linalg.norm(moved)
        means.append(mean / np.linalg.norm(mean))
    return Entry(Document(id, text), chunks, np.stack(means).astype(np.float32))


def measure(sizes: Sequence[int] = SIZES, questions: int = 200, tell: Any = print) -> dict[str, Any]:
    """p50 and p95 of `retrieve` in a fresh process, its memory, opening time and disk, at each size; growth of p95."""
    lines = (SHARED / "bench" / "rgb-zh" / "pooled.questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line)["question"] for line in lines][: questions + 1]
    found: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="jianbao-bench-"))
    try:
        for size in sorted(sizes):
            with Assistant.open(folder) as assistant:
                sync(SEEDS, assistant)
                started = time.perf_counter()
                for held in filled(assistant, size):
                    if held % 20_000 == 0:
                        tell(f"{held:,} passages after {time.perf_counter() - started:.0f} s")
                checked = seconds(assistant.library.ensure_reachable)
            run = subprocess.run(
                [sys.executable, "-c", TIMED, str(folder), json.dumps(asked)],
                capture_output=True,
                text=True,
                check=True,
            )
            told = json.loads(run.stdout.splitlines()[-1])
            taken = sorted(told["taken"])
            found[f"{size}"] = {
                "p50 ms": round(1000 * taken[len(taken) // 2], 1),
                "p95 ms": round(1000 * taken[int(len(taken) * 0.95)], 1),
                "opened s": round(told["opened"], 2),
                "memory MB": round(told["memory"]),
                "disk MB": round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6),
                "reachability checked s": round(checked, 1),
            }
            tell(f"{size:,}: {found[f'{size}']}")
    finally:
        shutil.rmtree(folder)
    if len(found) > 1:
        few, many = min(sizes), max(sizes)
        ratio = found[f"{many}"]["p95 ms"] / found[f"{few}"]["p95 ms"]
        found["growth exponent of p95"] = round(math.log(ratio) / math.log(many / few), 3)
    return found
