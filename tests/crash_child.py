"""A process of its own that tests can kill, interrupt or starve: jianbao with the word encoder, which needs no weights.

    python -m tests.crash_child cli ARGUMENT...     the command `jianbao`
    python -m tests.crash_child serve               a sync or a command for each line of standard input, in a fork

Starting Python and importing everything takes two seconds, a fork takes none. `serve` has one thread when it forks.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from rag import Assistant, Settings, vectors
from rag.store import Library
from tests.conftest import WordEncoder

#: So that a sync of a dozen small files commits, adds vectors and writes its graph many times.
COMMIT_CHUNKS, ADDED_AT_ONCE, FLUSH_AFTER = 24, 16, 60


def take_small_steps(patch: Any) -> None:
    """Makes this process work in groups of a few chunks; `patch` is what has pytest's MonkeyPatch.setattr."""
    patch.setattr(importlib.import_module("ingest.sync"), "GROUP", COMMIT_CHUNKS)
    patch.setattr(vectors, "_AT_ONCE", ADDED_AT_ONCE)
    patch.setattr(vectors, "_FLUSH_AFTER", FLUSH_AFTER)
    patch.setitem(vectors._CONFIGURATION["hnsw"], "sync_threshold", FLUSH_AFTER)


class _ForGood:
    """Patches what is never put back."""

    setattr = staticmethod(setattr)

    @staticmethod
    def setitem(values: dict[str, Any], name: str, value: Any) -> None:
        values[name] = value


class SlowEncoder(WordEncoder):
    """Takes some time for each group of texts, and says on stdout how many they were once it is done."""

    def encode_documents(self, texts: Sequence[str]) -> Any:
        time.sleep(float(os.environ.get("SLOW", "0")))
        found = super().encode_documents(texts)
        if "SLOW" in os.environ:
            print(f"embedded {len(texts)}", flush=True)
        return found


def cli(arguments: Sequence[str]) -> None:
    """Runs `jianbao`; its exit code is this process's."""
    for place in ("rag.embeddings", "rag.assistant"):
        vars(importlib.import_module(place))["Encoder"] = SlowEncoder
    if "SLOW" in os.environ:
        take_small_steps(_ForGood)
    sys.argv = ["jianbao", *arguments]
    importlib.import_module("ui.cli").main()


def sync_once(library: Path, docs: Path) -> None:
    """Opens the library and makes it match the folder."""
    from ingest import sync

    settings = Settings(library=library, llm="none")
    words = WordEncoder(settings)
    with Assistant(Library.open(library, encoder=words.name), words, settings) as assistant:
        sync(docs, assistant)


def serve() -> None:
    """Forks for each line, says its process id, and when it is gone its exit code, negative for a signal.

    A line is JSON: `{"library", "docs"}` for a sync in small steps, or `{"arguments", "output", "errors"}` for a
    command and the files that it writes to.
    """
    for name in ("chromadb", "chromadb.api.rust", "ingest.loaders", "ingest.archive", "ui.cli"):
        importlib.import_module(name)
    take_small_steps(_ForGood)
    print("ready", flush=True)
    while line := sys.stdin.readline():
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(asked)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _run(asked: dict[str, Any]) -> NoReturn:
    """Does what was asked in this fork, and ends it."""
    code: Any = 1
    try:
        if "arguments" in asked:
            os.dup2(os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
            os.dup2(os.open(asked["errors"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            cli(asked["arguments"])
        else:
            sync_once(Path(asked["library"]), Path(asked["docs"]))
        code = 0
    except SystemExit as exit_:
        code = exit_.code or 0
    except BaseException:  # noqa: BLE001 - the fork must never return into the loop
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))


if __name__ == "__main__":
    mode, *rest = sys.argv[1:]
    if mode == "serve":
        serve()
    else:
        cli(rest)
