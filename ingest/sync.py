"""Makes a library match files and folders: adds, replaces, leaves alone, removes.

It knows the file system and the library; formats are the loaders' business. Only documents that came from the paths
given are touched, so that several folders can be kept in one library. A file that cannot be read is reported, and
what the library held of it stays.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.loaders import SUFFIXES, is_question_set, load
from ingest.split import split
from rag import Assistant, default_assistant
from rag.errors import DocumentError, InputError
from rag.store import Entry, FileStamp, Library, indexed_text, text_sha256
from rag.types import Document

#: Documents are embedded and committed in groups of about this many chunks.
GROUP = 256


@dataclass
class Report:
    """What a sync did. The counts are of documents; `chunks` are those embedded, `failed` and `skipped` name files."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    chunks: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The contract's ingest report; `skipped` lists files in folders that are no documents."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "failed": self.failed,
            "skipped": self.skipped,
            "chunks": self.chunks,
            "seconds": round(self.seconds, 3),
        }


Progress = Callable[[Sequence[Path]], Iterable[Path]]


def sync(
    paths: Sequence[str | Path] | str | Path,
    library: str | Path | Assistant | None = None,
    *,
    progress: Progress = iter,
) -> dict[str, Any]:
    """Makes the library match these files and folders, and returns the contract's ingest report.

    `library`: a folder, an open Assistant, or None for the default library. `progress` wraps the list of files.
    Documents of these paths whose file is gone are removed; documents from elsewhere stay. Raises InputError when a
    path does not exist, and then changes nothing.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    roots = [Path(os.path.abspath(os.path.expanduser(path))) for path in given]
    for root in roots:
        if not os.path.exists(root):
            raise InputError(
                f"There is no file or folder {root}. Check the path; `jianbao documents --remove` takes documents out."
            )
    if library is None:  # which this process may already have open
        library = default_assistant()
    if isinstance(library, Assistant):
        return _Sync(library, progress).run(roots).as_dict()
    with Assistant.open(library) as assistant:
        return _Sync(assistant, progress).run(roots).as_dict()


class _Sync:
    def __init__(self, assistant: Assistant, progress: Progress) -> None:
        self.library: Library = assistant.library
        self.encoder = assistant.encoder
        self.progress = progress
        self.report = Report()
        self.unseen: list[Path] = []

    def run(self, roots: Sequence[Path]) -> Report:
        started = time.perf_counter()
        files = sorted(set(self._files(roots)))
        known = self.library.files()
        # Before anything is added, so that what was moved or renamed can have its ids again.
        self._forget_missing({str(file) for file in files}, set(known), roots)
        for file in self.progress(files):
            try:
                self._file(file, known.get(str(file)))
            except DocumentError as error:
                self._fail(file, str(error))
            except OSError as error:
                self._fail(file, f"{file.name} cannot be read ({error.strerror or error}). Check its permissions.")
        self.report.seconds = time.perf_counter() - started
        return self.report

    def _forget_missing(self, here: set[str], known: set[str], roots: Sequence[Path]) -> None:
        for path in sorted({document.path for document in self.library.documents()} | known):
            # What stands in a folder that could not be read is not known to be gone.
            if path in here or any(_inside(path, folder) for folder in self.unseen):
                continue
            if any(_inside(path, root) for root in roots):
                self.report.removed += len(self.library.forget_file(path))

    def _files(self, roots: Sequence[Path]) -> Iterator[Path]:
        """The files to read: those named, and in folders those of a known kind, but no links out of the folder."""
        for root in roots:
            if os.path.isfile(root):
                yield root
                continue
            if not os.path.isdir(root):  # a pipe or a device, which would be read without an end
                self._fail(root, f"{root} is neither a file nor a folder. Name one that holds documents.")
                continue
            for folder, folders, names in os.walk(root, onerror=self._unreadable):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    file = Path(folder, name)
                    if name.startswith(".") or file.suffix.lower() not in SUFFIXES:
                        self._skip(file, "not a kind of file that is read")
                    elif os.path.islink(file) and not _inside(os.path.realpath(file), root.resolve()):
                        self._skip(file, "a link to a place outside the folder")
                    elif _is_special(file):
                        self._skip(file, "not a regular file")
                    elif is_question_set(file):
                        self._skip(file, "a question set, not a document set")
                    else:
                        yield file

    def _file(self, file: Path, known: FileStamp | None) -> None:
        path = str(file)
        if path != _printable(file):
            raise DocumentError(f"{_printable(file)} has a name that is not UTF-8; rename the file or its folder.")
        status = file.stat()
        if known and (known.size, known.modified) == (status.st_size, status.st_mtime_ns):
            self.report.unchanged += len(self.library.documents_of(path))
            return
        stamp = FileStamp(path, status.st_size, status.st_mtime_ns, _sha256(file))
        stored = self.library.documents_of(path)
        if known and known.sha256 == stamp.sha256:
            self.report.unchanged += len(stored)
            self.library.put([], file=stamp)
            return
        documents = [self._identified(document, file) for document in load(file)]
        self._refuse_taken_ids(documents, path)
        group: list[Entry] = []
        for document in documents:
            if stored.get(document.id) == text_sha256(document):
                self.report.unchanged += 1
                continue
            if document.id in stored:
                self.report.updated += 1
            else:
                self.report.added += 1
            group.append(self._entry(document))
            if sum(len(entry.chunks) for entry in group) >= GROUP:
                self.library.put(group)
                group = []
        gone = sorted(set(stored) - {document.id for document in documents})
        self.library.put(group, remove=gone, file=stamp)
        self.report.removed += len(gone)

    def _entry(self, document: Document) -> Entry:
        chunks = split(document, self.encoder.count_tokens)
        self.report.chunks += len(chunks)
        return Entry(
            document, chunks, self.encoder.encode_documents([indexed_text(document, chunk) for chunk in chunks])
        )

    def _identified(self, document: Document, file: Path) -> Document:
        """The document with its path and, unless a set gave it one, an id: the shortest free end of its path."""
        id = document.id
        if file.suffix.lower() != ".jsonl":
            known = list(self.library.documents_of(str(file)))
            parts = file.parts
            names = ("/".join(parts[-depth:]) for depth in range(1, len(parts)))
            id = known[0] if known else next((name for name in names if self.library.path_of(name) is None), str(file))
        return Document(id, document.text, document.title, document.source, document.date, str(file))

    def _refuse_taken_ids(self, documents: Sequence[Document], path: str) -> None:
        for document in documents:
            owner = self.library.path_of(document.id)
            if owner not in (None, path):
                raise DocumentError(
                    f"{Path(path).name} has a document {document.id!r}, but the library has that id from {owner}. "
                    "Give it another id, or take that one out with `jianbao documents --remove`."
                )

    def _fail(self, file: Path, reason: str) -> None:
        path = _printable(file)
        self.report.failed.append({"path": path, "error": reason})
        self.report.unchanged += len(self.library.documents_of(path))

    def _skip(self, file: Path, reason: str) -> None:
        self.report.skipped.append({"path": _printable(file), "reason": reason})

    def _unreadable(self, error: OSError) -> None:
        folder = Path(error.filename)
        self.unseen.append(folder)
        self._fail(folder, f"The folder {_printable(folder)} cannot be read ({error.strerror}). Check its permissions.")


def _printable(path: Path) -> str:
    """The path as text; what of a file's name is not UTF-8 is replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def _is_special(file: Path) -> bool:
    """Whether a file is a pipe, a socket or a device, whose reading may never end."""
    try:
        return not stat.S_ISREG(os.stat(file).st_mode)
    except OSError:
        return False  # reading it will say what is wrong


def _inside(path: str, root: Path) -> bool:
    return path == str(root) or path.startswith(str(root).rstrip("/") + "/")


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
