"""Makes the next items in a thread of their own while the last ones are being used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], weigh: Callable[[T], int], *, batch: int, batches: int) -> Generator[list[T]]:
    """The items in their order, in lists that weigh at least `batch` together (the last one may weigh less).

    At most `batches` lists wait to be used, so that memory stays flat however many items there are. What making them
    raises is raised here, after the items before it. Closing this generator ends the thread after the item that it is
    at; then, and after the last item, no thread is left.
    """
    waiting: queue.Queue[list[T] | BaseException | None] = queue.Queue(maxsize=batches)
    stopped = threading.Event()

    def make() -> None:
        some: list[T] = []
        try:
            for item in items:
                if stopped.is_set():
                    return
                some.append(item)
                if sum(map(weigh, some)) >= batch:
                    waiting.put(some)
                    some = []
            if some:
                waiting.put(some)
            waiting.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the items are used
            if some:
                waiting.put(some)
            waiting.put(error)

    thread = threading.Thread(target=make, name="read-ahead", daemon=True)
    thread.start()
    try:
        while (next_ := waiting.get()) is not None:
            if isinstance(next_, BaseException):
                raise next_
            yield next_
    finally:
        stopped.set()
        while thread.is_alive():  # it may wait for room
            try:
                waiting.get(timeout=0.05)
            except queue.Empty:
                continue
        thread.join()
