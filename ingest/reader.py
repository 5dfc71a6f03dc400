"""Reads files in a process of its own, so that no file can harm, stall or fill up the one that has the library open.

Parsers of PDF, Office and image files are large programs. A hostile file may crash them, keep them busy for ever or
make them ask for all memory there is. So they run in a child that has so much memory, is given so much time, and may
neither open a connection nor start a program. Parent and child exchange lines of JSON, which nothing is executed from.
What the child unpacks lies in a folder that goes when the child goes. Plain text, which only our own code reads, is
read at once.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ingest.loaders import PLAIN, Loaded, Problem, load, one_line
from rag.errors import DocumentError
from rag.types import Document

#: Bytes of memory that a file may take to read, and seconds: twice what a scan of 200 pages, the most that is read,
#: takes two cores with nothing else to do.
MEMORY = 4 << 30
SECONDS = 2400.0
#: Seconds that one page may take to be shown: several times what a scan takes, which is read again, beside a sync.
PAGE_SECONDS = 60.0
_FIELDS = [field.name for field in fields(Document)]
# What reading a file never needs: https://docs.python.org/3/library/audit_events.html
_FORBIDDEN = frozenset(
    "socket.connect socket.bind socket.sendto socket.sendmsg socket.getaddrinfo socket.gethostbyname "
    "socket.gethostbyaddr socket.getnameinfo subprocess.Popen os.system os.exec os.fork os.forkpty os.posix_spawn "
    "os.spawn os.startfile pty.spawn".split()
)
# Where this code stands. Python would also look for modules in the folder that it is started in, which may be one of
# documents: whoever puts a docx.py among them must not have it run. So -P, and this.
_CODE = str(Path(__file__).resolve().parent.parent)


class Reader:
    """Reads files one after the other. Start is cheap: the child is started by the first file that needs it.

    Use it in a `with` block, or close it: that ends the child, also in the middle of a file, and from another thread.
    """

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds = seconds
        self.memory = memory
        self._child: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._closed = False
        self._starting, self._reading = threading.Lock(), threading.Lock()

    def read(self, path: Path) -> Loaded:
        """What `ingest.loaders.load` makes of a file. Raises DocumentError, for a file that breaks its parser too.

        Raises RuntimeError when the reader is closed, or is being closed meanwhile.
        """
        if path.suffix.lower() in PLAIN:
            return load(path)
        with self._reading:
            return _from_json(self._ask(self._started(), path, [], self.seconds))

    def draw(self, path: Path, page: int, quote: str, width: int) -> dict[str, Any]:
        """What `ingest.pageimage.draw` makes of a page of a file. Raises what `read` does."""
        with self._reading:
            return self._ask(self._started(), path, [page, quote, width], min(self.seconds, PAGE_SECONDS))

    def _ask(self, child: subprocess.Popen[bytes], path: Path, of_page: list[Any], seconds: float) -> dict[str, Any]:
        assert child.stdin is not None
        assert child.stdout is not None
        late = threading.Event()

        def give_up() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(seconds, give_up)
        timer.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # then there is no answer either
                child.stdin.write(json.dumps([str(path), *of_page]).encode() + b"\n")
                child.stdin.flush()
            line = child.stdout.readline()
        finally:
            timer.cancel()
            timer.join()  # it may be giving up this very moment
        whole = line.endswith(b"\n")
        if late.is_set() or not whole:
            self._stop()
        if whole:
            answer: dict[str, Any] = json.loads(line)
            if "error" in answer:
                raise DocumentError(answer["error"])
            return answer
        if self._closed:
            raise RuntimeError("the reader has been closed")
        name = one_line(path.name)
        raise DocumentError(
            f"{name} took more than {seconds:.0f} seconds to read; "
            + ("open it in its own program." if of_page else "split it into smaller files.")
            if late.is_set()
            else f"{name} cannot be read: it is damaged, or needs more than {self.memory >> 30} GB of memory. "
            "Open it in the program that made it and save it again, or split it."
        )

    def close(self) -> None:
        """Ends the child; a reader that is closed reads no more."""
        with self._starting:
            self._closed = True
            if (child := self._child) is not None:
                child.kill()
        with self._reading:  # which ends at once, as the child has
            self._stop()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._starting:
            if self._closed:
                raise RuntimeError("the reader has been closed")
            if self._child is None:
                self._folder = tempfile.TemporaryDirectory(prefix="jianbao-")
                code = f"import sys; sys.path.append({_CODE!r}); from ingest.reader import serve; "
                self._child = subprocess.Popen(  # noqa: S603 - this very Python, with words of our own
                    [sys.executable, "-P", "-c", f"{code}serve({self.memory}, {self.seconds})"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,  # parsers say there what they think of a file
                    env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._folder.name)},
                    # A Ctrl-C is for the parent, which then closes this.
                    start_new_session=True,
                )
                assert self._child.stdout is not None
                self._child.stdout.readline()  # it is ready, so that its start takes nothing of a file's time
            return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        folder, self._folder = self._folder, None
        if child is not None:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                assert stream is not None
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if folder is not None:
            folder.cleanup()


def serve(memory: int, seconds: float) -> None:
    """What the child does until its input ends: a line comes in, what was read goes out.

    A line is a path, and for one page to be shown also its number, a quote and the width in pixels.
    """
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # a parser that asks for input gets none
    os.dup2(2, 1)  # whatever a parser prints is no reply
    _confine(memory)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _reply(replies, {"ready": True})
    for line in requests:
        path, *of_page = json.loads(line)
        _limit(min(seconds, PAGE_SECONDS) if of_page else seconds)
        _reply(replies, _read(Path(path), of_page))
        _limit(0)


def _end_with(parent: int) -> None:
    """Ends this process, in the middle of a file too, once its parent has gone."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _limit(seconds: float) -> None:
    """Has the system end this process after so many seconds and some more, for the case that nothing else does."""
    if sys.platform != "win32":
        signal.alarm(math.ceil(seconds) + 5 if seconds else 0)


def _confine(memory: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event in _FORBIDDEN:
            raise PermissionError(f"a file that is being read asked for {event}")

    sys.addaudithook(refuse)


def _read(path: Path, of_page: Sequence[Any]) -> dict[str, Any]:
    try:
        if of_page:
            from ingest.pageimage import draw

            return draw(path, *of_page)
        return _to_json(load(path))
    except DocumentError as error:
        return {"error": one_line(str(error))}
    except MemoryError:
        return {"error": f"{one_line(path.name)} needs too much memory to be read; split it into smaller files."}
    except Exception as error:  # noqa: BLE001 - every parser has its own; the child goes on with the next file
        name, kind = one_line(path.name), type(error).__name__
        return {
            "error": f"{name} cannot be read ({kind}): it is damaged, or not what its name says. "
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
    documents = []
    for values in answer["documents"]:
        known = dict(zip(_FIELDS, values, strict=True))
        documents.append(Document(**{**known, "pages": tuple(known["pages"])}))
    return Loaded(documents, [Problem(*problem) for problem in answer["problems"]])
