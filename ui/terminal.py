"""What the command prints: progress on stderr, results as lines or JSON on stdout. It steers no terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ui.render import visible

if TYPE_CHECKING:
    from ingest import Step

T = TypeVar("T")


def progress(label: str) -> Any:
    """Tells on stderr how far a run is: a bar on a terminal, now and then a plain line in a log."""
    from tqdm import tqdm

    def wrap(items: Sequence[T]) -> Iterable[T]:
        if not sys.stderr.isatty():
            return _logged(label, items)
        bar: Iterable[T] = tqdm(items, desc=label, file=sys.stderr)
        return bar

    return wrap


def _logged(label: str, items: Sequence[T]) -> Iterator[T]:
    """The items, with a line each half minute, or each tenth of them when that takes 5 seconds."""
    started = told = time.monotonic()
    tenths = 0
    for done, item in enumerate(items):
        now = time.monotonic()
        if done and (now - told >= 30 or (done * 10 // len(items) > tenths and now - told >= 5)):
            left = (now - started) / done * (len(items) - done)
            print(f"{label}: {done} of {len(items)}, about {_duration(left)} left", file=sys.stderr, flush=True)
            told, tenths = now, done * 10 // len(items)
        yield item


@contextmanager
def reading() -> Iterator[Callable[[Step], None]]:
    """Tells on stderr how far a sync is, as `progress` does; nothing where there is nothing to read."""
    from tqdm import tqdm

    started = time.monotonic()
    told = started
    bar: Any = None

    def tell(step: Step) -> None:
        nonlocal told, bar
        if not step.of_files:
            return
        left = "" if step.seconds_left is None else f", about {_duration(step.seconds_left)} left"
        line = f"{step.files} of {step.of_files} files, {step.chunks_per_second:.0f} passages/s{left}"
        if sys.stderr.isatty():
            bar = bar or tqdm(total=step.of_bytes, file=sys.stderr, bar_format="Reading |{bar:30}| {postfix}")
            bar.n = step.bytes
            bar.set_postfix_str(line)
        elif time.monotonic() - told >= 30:
            print(f"Reading: {line}", file=sys.stderr, flush=True)
            told = time.monotonic()

    try:
        yield tell
    finally:
        if bar is not None:
            bar.close()


def _duration(seconds: float) -> str:
    """A time as people say it.

    >>> _duration(42.3), _duration(170), _duration(7300)
    ('42 s', '3 min', '2 h 2 min')
    """
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def one_line(text: str) -> str:
    """Text of a document on one line, without what could steer a terminal."""
    return " ".join(visible(text).split())


def print_lines(lines: Iterable[str]) -> None:
    """Lines of our own and of documents."""
    for line in lines:
        print(visible(line))


def print_json(value: Any) -> None:
    """One JSON value."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_report(report: dict[str, Any], *, file: Any) -> None:
    """What a sync did, and on stderr what could not be read."""
    names = ["added", "updated", "unchanged", "removed", *(name for name in ("renamed", "copies") if report[name])]
    counts = ", ".join(f"{report[name]} {name}" for name in names)
    print(f"{counts}; {report['chunks']} passages embedded in {report['seconds']:.1f} s.", file=file)
    if len(report["failed"]) > 1:
        print(f"{len(report['failed'])} could not be read; what the library held of them stays:", file=sys.stderr)
    for failure in report["failed"]:
        print(one_line(f"failed: {failure['path']}: {failure['error']}"), file=sys.stderr)


def print_answer(answer: Any, *, streamed: str) -> None:
    """An answer with its sentences; `streamed` is what of it stands there already."""
    if streamed:
        print()
    if answer.refused or not streamed:  # else it stands there already, but for the marks
        print(visible(answer.text))
    for figure in answer.figures:
        if not figure.supported:
            print(f"! {figure.text} does not stand in the quoted sentence.")
    if answer.as_of:
        print(f"As of {one_line(answer.as_of)}")
    label = "nearest sentence, not an answer" if answer.refused else ""
    for citation in answer.citations:
        page = "" if citation.page is None else f"page {citation.page}"
        about = (citation.document.title or citation.document.id, citation.document.date, page)
        place = "  ".join(part for part in about if part)
        print(f"\n[{citation.number}] {label}{': ' if label else ''}{visible(citation.quote)}\n    {one_line(place)}")
