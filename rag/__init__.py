"""Answers from your own documents, with the sentence that each one stands on.

    from rag import Assistant, ask, retrieve

Search: `retrieve`, `Assistant.retrieve`, `Assistant.retriever`. Answers: `ask`, `Assistant.ask`, `Assistant.stream`,
`Assistant.chain`. The one that `retrieve` and `ask` use: `default_assistant`. Values: `Answer`, `Citation`, `Document`,
`Figure`, `Passage`, `Seconds`, `Trace`, `Turn`, and the events `QuoteFound`, `TextAdded`, `AnswerReady`. Errors:
`JianbaoError` and its kinds, see `rag.errors`.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence

from rag.assistant import Assistant
from rag.errors import (
    DocumentError,
    EncoderError,
    InputError,
    JianbaoError,
    LanguageModelError,
    LibraryDamaged,
    LibraryError,
    LibraryLocked,
    LibraryMismatch,
    WeightsError,
)
from rag.settings import Settings
from rag.types import (
    Answer,
    AnswerReady,
    Citation,
    Document,
    Event,
    Figure,
    Passage,
    QuoteFound,
    Seconds,
    TextAdded,
    Trace,
    Turn,
)

__all__ = [
    "Answer",
    "AnswerReady",
    "Assistant",
    "Citation",
    "Document",
    "DocumentError",
    "EncoderError",
    "Event",
    "Figure",
    "InputError",
    "JianbaoError",
    "LanguageModelError",
    "LibraryDamaged",
    "LibraryError",
    "LibraryLocked",
    "LibraryMismatch",
    "Passage",
    "QuoteFound",
    "Seconds",
    "Settings",
    "TextAdded",
    "Trace",
    "Turn",
    "WeightsError",
    "ask",
    "default_assistant",
    "retrieve",
]

_default: Assistant | None = None
_opening = threading.Lock()


def retrieve(question: str, k: int = 5, *, scope: Sequence[str] | None = None) -> list[Passage]:
    """The k passages of the default library most likely to answer, the best first."""
    return default_assistant().retrieve(question, k=k, scope=scope)


def ask(question: str, *, history: Sequence[Turn] = (), scope: Sequence[str] | None = None) -> Answer:
    """The answer from the default library."""
    return default_assistant().ask(question, history=history, scope=scope)


def default_assistant() -> Assistant:
    """The assistant of the default library, opened by the first call and kept until the process ends."""
    global _default
    with _opening:
        if _default is None:
            _default = Assistant.open()
            atexit.register(_default.close)
        return _default
