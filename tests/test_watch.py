"""Waiting for changes in real folders."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import watch
from ingest.watch import changes


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "QUIET", 100)
    monkeypatch.setattr(watch, "TURN", 100)


def told(paths: list[Path], stop: threading.Event) -> tuple[list[float], threading.Thread]:
    """The moments at which a change was told, as they come."""
    moments: list[float] = []

    def collect(found: Iterator[None]) -> None:
        for _ in found:
            moments.append(time.monotonic())

    thread = threading.Thread(target=collect, args=(changes(paths, stop=stop),))
    thread.start()
    assert wait_for(moments, 1)  # the watcher is in place
    time.sleep(0.3)
    assert len(moments) == 1
    moments.clear()
    return moments, thread


def wait_for(moments: list[float], count: int) -> bool:
    for _ in range(100):
        if len(moments) >= count:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.timeout(60)
def test_a_new_a_changed_and_a_deleted_file_are_each_told_and_others_are_not(tmp_path: Path) -> None:
    docs, other, file = tmp_path / "docs", tmp_path / "other", tmp_path / "single.txt"
    for folder in (docs, other):
        folder.mkdir()
    file.write_text("一")
    stop = threading.Event()
    moments, thread = told([docs, file], stop)
    try:
        (docs / "a.txt").write_text("培訓341期。")
        assert wait_for(moments, 1)
        (tmp_path / "neighbour.txt").write_text("不相干。")
        (other / "b.txt").write_text("不相干。")
        time.sleep(1)
        assert len(moments) == 1
        replaced = tmp_path / "new"
        replaced.write_text("二")
        replaced.replace(file)  # as editors save
        assert wait_for(moments, 2)
        time.sleep(0.5)
        before = len(moments)
        (docs / "a.txt").unlink()
        assert wait_for(moments, before + 1)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


@pytest.mark.timeout(60)
def test_what_changes_while_the_caller_is_busy_is_told_afterwards(tmp_path: Path) -> None:
    stop = threading.Event()
    found = changes([tmp_path], stop=stop)
    next(found)
    (tmp_path / "a.txt").write_text("培訓341期。")
    time.sleep(0.5)  # as long as a sync may take
    late = threading.Timer(20, stop.set)  # lest it wait for ever
    late.start()
    next(found)
    late.cancel()
    assert not stop.is_set()
    stop.set()
    assert list(found) == []
