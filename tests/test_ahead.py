"""Reading ahead: order, bounds, errors and the end of the thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ingest.ahead import ahead


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_items_come_in_order_in_lists_of_the_wanted_weight() -> None:
    assert list(ahead([1, 2, 3, 4, 1], lambda item: item, batch=3, batches=2)) == [[1, 2], [3], [4], [1]]
    assert threads() == []


def test_no_items_make_no_lists() -> None:
    assert list(ahead([], lambda _: 1, batch=3, batches=2)) == []


def test_only_so_many_lists_are_made_ahead() -> None:
    made: list[int] = []
    enough = threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 3:  # one is used, two wait, and one is ready
                enough.set()
            yield number

    reading = ahead(items(), lambda _: 1, batch=1, batches=2)
    assert next(reading) == [0]
    assert enough.wait(5)
    assert len(made) <= 5
    reading.close()
    assert threads() == []
    assert len(made) < 100


def test_what_making_an_item_raises_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no second one")

    reading = ahead(items(), lambda _: 1, batch=5, batches=1)
    assert next(reading) == [1]
    with pytest.raises(ValueError, match="no second one"):
        next(reading)
    assert threads() == []
