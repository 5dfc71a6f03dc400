"""Clocks, medians and what the machine is."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from rag.settings import available_cores

PACKAGES = ("chromadb", "langchain-core", "onnxruntime", "sentence-transformers", "torch", "xllamacpp")


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def in_turns(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each contender; all take their turn in each round, so that a busy machine is fair."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            times[name].append(seconds(work))
    return {name: median(taken) for name, taken in times.items()}


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which about this share of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def resident() -> float:
    """Memory of this process that is not mapped from files, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def machine() -> dict[str, Any]:
    """Processor, cores, Python and the packages that matter."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    flags = next((line for line in lines if line.startswith("flags")), "")
    return {
        "processor": model,
        "cores": available_cores(),
        "vnni": "avx512_vnni" in flags or "avx_vnni" in flags,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
