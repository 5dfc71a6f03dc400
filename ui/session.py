"""What one page has before it: its conversation, and the question that is being answered. All its events share it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

from ui.conversations import Verdict
from ui.exchanges import Talk
from ui.render import Exchange


@dataclass(slots=True)
class Run:
    """A question being answered: the reader may ask it to halt, and it says when it has."""

    halt: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


class Session:
    """One for a page. What is changed while an answer is written stays changed. Safe to use from several threads."""

    def __init__(self, talk: Talk | None = None) -> None:
        self._lock = threading.Lock()
        self._talk = talk or Talk()
        self._run: Run | None = None
        self._left, self._leaving = 0, 0

    def __deepcopy__(self, _: object) -> Session:
        """Gradio copies the first value of a state for each page."""
        return Session(self._talk)

    @property
    def talk(self) -> Talk:
        """The conversation as it is now."""
        return self._talk

    @property
    def busy(self) -> bool:
        """Whether a question is being answered."""
        return self._run is not None

    def change(self, run: Run | None = None, **changes: Any) -> Talk:
        """Changes some of the conversation's fields, a `run` only while the page `holds` it; returns it."""
        with self._lock:
            if run is None or self._run is run:
                self._talk = replace(self._talk, **changes)
            return self._talk

    def judge(self, number: int, verdict: Verdict) -> Talk:
        """Notes what the reader thinks of an exchange, and returns the conversation."""
        with self._lock:
            judged = (replace(one, verdict=verdict) if one.number == number else one for one in self._talk.exchanges)
            self._talk = replace(self._talk, exchanges=tuple(judged))
            return self._talk

    def begin(self) -> Run | None:
        """The run of a question; None while another one is being answered, or the page is about to go on."""
        with self._lock:
            if self._run is not None or self._leaving:
                return None
            self._run = Run()
            return self._run

    def holds(self, run: Run) -> bool:
        """Whether the page has not gone on to another conversation."""
        return self._run is run

    def put(self, run: Run, exchange: Exchange) -> Talk:
        """Puts the latest exchange as it is now, instead of the one of its number, and returns the conversation."""
        with self._lock:
            if self._run is run:
                before = (one for one in self._talk.exchanges if one.number < exchange.number)
                self._talk = replace(self._talk, exchanges=(*before, exchange))
            return self._talk

    def end(self, run: Run) -> None:
        """The question has been answered, or will not be."""
        with self._lock:
            if self._run is run:
                self._run = None
        run.done.set()

    def stop(self) -> None:
        """Has the answer halt soon."""
        if run := self._run:
            run.halt.set()

    def go_on(self, talk: Talk) -> bool:
        """Ends the answer that is being written and goes on with another conversation, unless it is asked to go on
        with yet another one meanwhile; returns whether it did.
        """
        with self._lock:
            self._left += 1
            self._leaving += 1
            wish, run = self._left, self._run
        if run is not None:
            run.halt.set()
            run.done.wait(timeout=5)
        with self._lock:
            self._leaving -= 1
            if wish != self._left:
                return False
            self._run, self._talk = None, talk
            return True
