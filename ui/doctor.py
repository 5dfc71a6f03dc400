"""`jianbao doctor`: what is wrong with the installation, the weights and the library, and repairing what can be."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag import models
from rag.embeddings import Encoder
from rag.errors import JianbaoError, LibraryMismatch
from rag.settings import Settings
from rag.store import Library


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """A row of `jianbao doctor --json`."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail}


def examine(settings: Settings, library: Path | None, *, repair: bool) -> list[Finding]:
    """Looks at everything; with `repair`, rebuilds what can be rebuilt first and reports what is left."""
    return [
        *_installation(),
        *_weights(settings, repair=repair),
        *_library((library or settings.library).expanduser(), settings, repair=repair),
    ]


def _installation() -> Iterator[Finding]:
    yield Finding("python", sys.version_info >= (3, 11), sys.version.split()[0])
    try:
        yield Finding("jianbao", True, importlib.metadata.version("jianbao"))
    except importlib.metadata.PackageNotFoundError:
        yield Finding("jianbao", False, "not installed; run `make install` or `pip install .[local]`")


def _weights(settings: Settings, *, repair: bool) -> Iterator[Finding]:
    damaged = models.damaged_weights(settings.cache)
    for path in damaged:
        if repair:
            models.remove_weights(path)
        else:
            yield Finding("weights", False, f"{path} is damaged; `jianbao doctor --repair` assembles it again")
    if damaged and not repair:
        return
    try:
        if settings.embedding == "local":
            yield Finding("encoder", True, str(models.encoder_folder(settings.cache)))
        else:
            yield Finding("encoder", True, f"{settings.embedding} (not checked)")
        if settings.llm == "local":
            yield Finding("language model", True, str(models.language_model_file(settings.cache)))
        else:
            yield Finding("language model", True, f"{settings.llm} (not checked)")
    except JianbaoError as error:
        yield Finding("weights", False, str(error))


def _library(folder: Path, settings: Settings, *, repair: bool) -> Iterator[Finding]:
    encoder = Encoder(settings)
    if folder.exists() and not folder.is_dir():
        yield Finding("library", False, f"{folder} is no folder; name one with --library or JIANBAO_LIBRARY")
        return
    if not (folder / "catalog.sqlite3").exists():
        yield Finding("library", True, f"{folder} is empty; add documents with `jianbao ingest`")
        return
    try:
        try:
            opened = Library.open(folder, encoder=encoder.name)
        except LibraryMismatch:
            if not repair:
                raise
            opened = Library.adopt(folder, encoder)
        with opened:
            problems = opened.problems()
            if problems and repair:
                opened.rebuild()
                problems = opened.problems()
            for problem in problems:
                yield Finding("library", False, f"{problem} Run `jianbao doctor --repair`.")
            if not problems:
                yield Finding(
                    "library", True, f"{folder}: {len(opened.documents())} documents, {opened.chunk_count()} passages"
                )
    except JianbaoError as error:
        yield Finding("library", False, str(error))
