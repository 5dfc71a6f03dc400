"""What everything on the page shares: the assistant, whose turn it is, the models' state, documents, figures, talks.

It knows neither Gradio nor markup nor wording.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ingest.pageview import SUFFIXES, page_view
from rag import Assistant
from rag.errors import DocumentError, JianbaoError
from rag.figure_table import FigureTable
from rag.store import FileStamp
from rag.suggest import next_questions
from rag.types import Answer, Document, Event, Turn
from ui.collection import Choice, Collection
from ui.conversations import Conversations
from ui.quotes import Picture
from ui.turns import Left, Ticket, Turns

Phase = Literal["waiting", "encoder", "model", "ready", "problem"]

#: The briefing that comes with jianbao, for a reader who has nothing at hand yet.
SEEDS = Path(__file__).resolve().parent.parent / "seeds"


#: Pictures of pages that are kept for the next look.
PICTURES = 16


@dataclass(frozen=True, slots=True)
class Models:
    """How far the models are loaded; `problem` is a sentence when they cannot be."""

    phase: Phase = "waiting"
    problem: str = ""


@dataclass(slots=True)
class Reading:
    """How far the figures of the documents have been read."""

    done: int = 0
    of: int = 0
    running: bool = False
    problem: str = ""


class Desk:
    """One for a server. Close it before the assistant."""

    def __init__(self, assistant: Assistant, *, local: bool = True) -> None:
        """`local`: models and readers are on this computer, so that nothing leaves it."""
        self.assistant = assistant
        self.local = local
        self.turns = Turns()
        self.models = Models()
        self.collection = Collection(assistant, self.read_figures)
        self.conversations = Conversations.open(assistant.library.folder)
        self.figures = FigureTable.open(assistant.library.folder)
        self.reading = Reading()
        self._stop = threading.Event()
        self._changed = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pictures: dict[tuple[FileStamp | None, int, str], Picture | None] = {}

    def start(self) -> None:
        """Loads the models and reads the documents' figures, each in a thread of its own."""
        for name, work in (("jianbao-warm", self._warm), ("jianbao-figures", self._keep_figures)):
            thread = threading.Thread(target=work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        self.read_figures()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends what runs in the background, and gives the files back."""
        self._stop.set()
        self._changed.set()
        self.collection.close()
        for thread in self._threads:
            if thread.name != "jianbao-warm":  # loading a model cannot be interrupted
                thread.join()
        self.figures.close()
        self.conversations.close()

    # -- answering ---------------------------------------------------------------------------------------------------

    def stream(self, ticket: Ticket, question: str, history: Sequence[Turn], choice: Choice) -> Iterator[Event]:
        """The events of an answer, written when it is the ticket's turn; none more once that has been given up.

        Raises what `Assistant.stream` raises.
        """
        try:
            scope = self.collection.scope(choice)
            yield from self.assistant.stream(question, history=history, scope=scope, turn=ticket)
        except Left:
            return
        finally:
            ticket.leave()

    def document(self, id: str) -> Document | None:
        """A document with its text."""
        return self.assistant.library.document(id)

    def picture(self, document: Document, start: int, end: int) -> Picture | None:
        """The page of `text[start:end]` with that boxed; None where there is nothing to show.

        That is a document of a kind without pages, and one whose file is gone or no longer what was read.
        """
        path, quote = Path(document.path), document.text[start:end]
        if path.suffix.lower() not in SUFFIXES:
            return None
        page, stamp = document.page_at(start) or 1, self.assistant.library.files().get(document.path)
        seen = (stamp, page, quote)
        if seen not in self._pictures:  # a scan is read again to find the quote on it
            try:
                found = page_view(path, page, quote, stamp=stamp)
                picture = Picture(found.image, found.media_type, page, found.boxes)
            except DocumentError as error:
                logging.info("no picture of page %d: %s", page, error)
                picture = None
            while len(self._pictures) >= PICTURES:
                self._pictures.pop(next(iter(self._pictures)), None)
            self._pictures[seen] = picture
        return self._pictures.get(seen)

    def next_questions(self, answer: Answer) -> list[str]:
        """What could be asked next, and is answered by the documents; none when that cannot be told just now."""
        try:
            return next_questions(answer, lambda question: self.assistant.retrieve(question, k=1))
        except JianbaoError as error:  # the answer stands without them
            logging.warning("no questions to go on with: %s", error)
            return []

    # -- in the background -------------------------------------------------------------------------------------------

    def _warm(self) -> None:
        def tell(what: Literal["encoder", "model"]) -> None:
            self.models = Models(what)

        try:
            self.assistant.warm(tell)
            self.models = Models("ready")
        except JianbaoError as error:
            logging.warning("%s", error)
            self.models = Models("problem", str(error))
        except Exception as error:  # the page stays usable; the first question tries again
            logging.exception("the models could not be loaded")
            self.models = Models(
                "problem",
                f"The models could not be loaded ({type(error).__name__}); the terminal tells more. "
                "Run `jianbao doctor`.",
            )

    def read_figures(self) -> None:
        """Has the figures of new and changed documents read soon."""
        self._changed.set()

    def _keep_figures(self) -> None:
        while not self._stop.is_set():
            self._changed.wait()
            self._changed.clear()
            if self._stop.is_set():
                return
            self.reading = Reading(running=True)

            def tell(done: int, of: int) -> None:
                self.reading = Reading(done, of, running=True)

            try:
                self.figures.update(self.assistant.library, tell, self._stop)
                self.reading = replace(self.reading, running=False)
            except JianbaoError as error:
                self.reading = Reading(problem=str(error))
            except Exception as error:  # a fault of ours: the other tabs go on
                logging.exception("the figures could not be read")
                self.reading = Reading(
                    problem=f"The figures could not be read ({type(error).__name__}); the terminal tells more. "
                    "Run `jianbao doctor`."
                )
