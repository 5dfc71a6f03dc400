"""Parts that tests share: an encoder that needs no weights, and assistants over real SQLite and Chroma in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from rag import Assistant, Document, Settings
from rag.embeddings import Encoder, Vectors
from rag.store import Library
from rag.text import tokens

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
SHARED = ROOT.parent / "shared"


class WordEncoder(Encoder):
    """Bags of words as vectors, 256 dimensions: texts that share words are near each other. Counts what it embeds."""

    def __init__(self, settings: Settings, name: str = "words") -> None:
        super().__init__(settings)
        self._name = name
        self.embedded = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimensions(self) -> int:
        return 256

    def load(self) -> None:  # type: ignore[override]
        """There is nothing to load."""

    def encode_query(self, question: str) -> Vectors:
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for word in tokens(question):
            vector[crc32(word.encode()) % self.dimensions] += 1
        length = float(np.linalg.norm(vector))
        if not length:
            vector[0] = length = 1.0
        return vector / length

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return np.stack([self.encode_query(text) for text in texts])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) + 2 for text in texts]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that touch nothing outside the test's folder, without a language model."""
    return Settings(library=tmp_path / "library", llm="none", cache=tmp_path / "cache")


@pytest.fixture
def open_assistant(settings: Settings) -> Iterator[Callable[..., Assistant]]:
    """Opens assistants with the word encoder; closes those that are still open at the end."""
    opened: list[Assistant] = []

    def open_(folder: Path | None = None, *, encoder: str = "words") -> Assistant:
        words = WordEncoder(settings, encoder)
        assistant = Assistant(Library.open(folder or settings.library, encoder=words.name), words, settings)
        opened.append(assistant)
        return assistant

    yield open_
    for assistant in opened:
        assistant.close()


@pytest.fixture
def assistant(open_assistant: Callable[..., Assistant]) -> Assistant:
    """An assistant over an empty library."""
    return open_assistant()


@pytest.fixture
def briefing() -> Document:
    """The seed briefing as a document."""
    from ingest.loaders import load

    (document,) = load(SEEDS / "briefing-138.txt").documents
    return document
