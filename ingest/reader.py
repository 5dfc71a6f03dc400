"""Reads files in a process of its own, so that no file can harm, stall or fill up the one that has the library open.

Parsers of PDF, Office and image files are large programs. A hostile file may crash them, keep them busy for ever or
make them ask for all memory there is. So they run in a child that has so much memory, is given so much time, and may
neither open a connection nor start a program. Parent and child exchange lines of JSON, which nothing is executed from.
Plain text, which only our own code reads, is read at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ingest.loaders import PLAIN, Loaded, Problem, load
from rag.errors import DocumentError
from rag.types import Document

#: Bytes of memory that a file may take to read, and seconds: twice what a scan of 200 pages, the most that is read,
#: takes two cores with nothing else to do.
MEMORY = 4 << 30
SECONDS = 2400.0
_FIELDS = [field.name for field in fields(Document)]
# What reading a file never needs: https://docs.python.org/3/library/audit_events.html
_FORBIDDEN = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec")


class Reader:
    """Reads files one after the other. Start is cheap: the child is started by the first file that needs it.

    Use it in a `with` block, or close it: that ends the child, also in the middle of a file.
    """

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds = seconds
        self.memory = memory
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def read(self, path: Path) -> Loaded:
        """What `ingest.loaders.load` makes of a file. Raises DocumentError, for a file that breaks its parser too."""
        if path.suffix.lower() in PLAIN:
            return load(path)
        child = self._started()
        assert child.stdin is not None
        assert child.stdout is not None
        late = threading.Event()

        def give_up() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(self.seconds, give_up)
        timer.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # then there is no answer either
                child.stdin.write(json.dumps(str(path)).encode() + b"\n")
                child.stdin.flush()
            line = child.stdout.readline()
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            self._stop()
            raise DocumentError(
                f"{path.name} took more than {self.seconds:.0f} seconds to read; split it into smaller files."
                if late.is_set()
                else f"{path.name} cannot be read: it is damaged, or needs more than {self.memory >> 30} GB of memory. "
                "Open it in the program that made it and save it again, or split it."
            )
        return _from_json(json.loads(line))

    def close(self) -> None:
        """Ends the child; a reader that is closed reads no more."""
        self._closed = True
        self._stop()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise RuntimeError("the reader has been closed")
        if self._child is None:
            self._child = subprocess.Popen(  # noqa: S603 - this very Python, with words of our own
                [sys.executable, "-c", f"from ingest.reader import serve; serve({self.memory})"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # parsers say there what they think of a file
                # A Ctrl-C is for the parent, which then closes this.
                start_new_session=True,
            )
        return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                assert stream is not None
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def serve(memory: int) -> None:
    """What the child does until its input ends: a path a line comes in, what was read goes out."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints is no reply
    _confine(memory)
    for line in sys.stdin.buffer:
        _reply(replies, _read(Path(json.loads(line))))


def _confine(memory: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event in _FORBIDDEN:
            raise PermissionError(f"a file that is being read asked for {event}")

    sys.addaudithook(refuse)


def _read(path: Path) -> dict[str, Any]:
    try:
        return _to_json(load(path))
    except DocumentError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": f"{path.name} needs too much memory to be read; split it into smaller files."}
    except Exception as error:  # noqa: BLE001 - every parser has its own; the child goes on with the next file
        return {
            "error": f"{path.name} cannot be read ({type(error).__name__}): it is damaged, or not what its name says. "
            "Open it in the program that made it and save it again."
        }


def _reply(stream: IO[bytes], answer: dict[str, Any]) -> None:
    stream.write(json.dumps(answer).encode() + b"\n")
    stream.flush()


def _to_json(loaded: Loaded) -> dict[str, Any]:
    return {
        "documents": [[getattr(document, name) for name in _FIELDS] for document in loaded.documents],
        "problems": [list(problem) for problem in loaded.problems],
    }


def _from_json(answer: dict[str, Any]) -> Loaded:
    if "error" in answer:
        raise DocumentError(answer["error"])
    documents = []
    for values in answer["documents"]:
        known = dict(zip(_FIELDS, values, strict=True))
        documents.append(Document(**{**known, "pages": tuple(known["pages"])}))
    return Loaded(documents, [Problem(*problem) for problem in answer["problems"]])
