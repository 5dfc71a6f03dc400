"""A question while it is answered: its events in batches, and what they make of the exchange."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from queue import Empty, SimpleQueue

from rag.types import AnswerReady, Event, QuoteFound, TextAdded
from ui.render import Exchange


def after(exchange: Exchange, event: Event) -> Exchange:
    """The exchange once this has happened."""
    match event:
        case QuoteFound(citation):
            return replace(exchange, quote=citation)
        case TextAdded(text):
            return replace(exchange, text=exchange.text + text)
        case AnswerReady(answer):
            return replace(exchange, answer=answer)


def batches(stream: Callable[[], Iterator[Event]], halt: threading.Event) -> Iterator[list[Event]]:
    """The events of a stream, gathered so that the page changes at most five times a second, and nothing after `halt`.

    Yields an empty list after a quarter of a second of silence, so that its caller is never kept from looking up.
    An error of the stream is raised here.
    """
    arrived: SimpleQueue[Event | Exception | None] = SimpleQueue()

    def pump() -> None:
        try:
            for event in stream():
                arrived.put(event)
                if halt.is_set():
                    break  # dropping the stream closes it
            arrived.put(None)
        except Exception as error:  # noqa: BLE001 (raised again where the events are read)
            arrived.put(error)

    threading.Thread(target=pump, name="jianbao-answer", daemon=True).start()
    while True:
        batch: list[Event] = []
        try:
            item = arrived.get(timeout=0.25)
            if isinstance(item, TextAdded):
                time.sleep(0.2)
            while item is not None and not isinstance(item, Exception):
                batch.append(item)
                item = arrived.get_nowait()
        except Empty:
            yield batch
            continue
        if batch:
            yield batch
        if item is not None:
            raise item
        return
