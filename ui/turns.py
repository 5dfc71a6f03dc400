"""First come, first served, for what only one can have at a time: the language model."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class Turns:
    """A queue of those who want their turn. `Turns.ticket` lines up at once; entering the ticket waits."""

    def __init__(self) -> None:
        self._waiting: deque[Ticket] = deque()
        self._changed = threading.Condition()

    def ticket(self) -> Ticket:
        """The next place in the queue; use it in a `with` block, or `leave` it.

        >>> turns = Turns()
        >>> first, second = turns.ticket(), turns.ticket()
        >>> first.ahead, second.ahead
        (0, 1)
        >>> first.leave()
        >>> second.ahead
        0
        """
        with self._changed:
            ticket = Ticket(self)
            self._waiting.append(ticket)
            return ticket


class Left(Exception):
    """The place in the queue was given up before its turn came."""


class Ticket:
    """A place in the queue. In a `with` block it is one's turn; entering it raises Left once it has been given up."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    @property
    def ahead(self) -> int:
        """How many come first; 0 when it is one's turn."""
        with self._turns._changed:
            return self._turns._waiting.index(self) if self in self._turns._waiting else 0

    @property
    def left(self) -> bool:
        """Whether the place has been given up."""
        with self._turns._changed:
            return self not in self._turns._waiting

    def leave(self) -> None:
        """Gives the place up; a second call does nothing."""
        with self._turns._changed:
            if self in self._turns._waiting:
                self._turns._waiting.remove(self)
                self._turns._changed.notify_all()

    def __enter__(self) -> Ticket:
        with self._turns._changed:
            self._turns._changed.wait_for(lambda: self not in self._turns._waiting or self._turns._waiting[0] is self)
            if self not in self._turns._waiting:
                raise Left
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
