"""Makes a library match files and folders: adds, replaces, moves, leaves alone, removes.

It knows the file system and the library; formats are the loaders' business. Only documents that came from the paths
given are touched, so that several folders can be kept in one library. A file that cannot be read is reported, and
what the library held of it stays. What a file holds decides, not its name: a renamed file keeps its passages, and of
files with the same content one is stored and the others are remembered as its copies.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from ingest.ahead import ahead
from ingest.folder import Scan, inside, key, printable, scan
from ingest.loaders import Problem, keeps_ids, one_line
from ingest.plan import Plan, plan
from ingest.reader import Reader
from ingest.split import split
from rag import Assistant, default_assistant
from rag.errors import DocumentError, InputError, JianbaoError
from rag.store import Entry, FileStamp, Library, Move, indexed_text, text_sha256
from rag.types import Chunk, Document

#: Documents are committed in groups of about this many chunks. While some are embedded the next ones are read, in lists
#: of about so many chunks, of which so many may wait; each list is embedded as soon as it is there.
GROUP = 256
READ_AHEAD, WAITING = 64, 6


@dataclass
class Report:
    """What a sync did. The counts are of documents but for `copies`, which are files whose content is stored already.

    `chunks` are those embedded; `failed` names what could not be read, `skipped` what is no document, and why.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    renamed: int = 0
    copies: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    chunks: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The contract's ingest report, with more."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "renamed": self.renamed,
            "copies": self.copies,
            "failed": self.failed,
            "skipped": self.skipped,
            "chunks": self.chunks,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """How far a sync has come: files and bytes of those that have to be read, chunks embedded, seconds since it began.

    `path` is the file that was done last, empty before the first one.
    """

    files: int
    of_files: int
    bytes: int
    of_bytes: int
    chunks: int
    seconds: float
    path: str

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the speed so far; None before there is one."""
        return self.seconds / self.bytes * (self.of_bytes - self.bytes) if self.bytes else None

    @property
    def chunks_per_second(self) -> float:
        """Chunks embedded a second so far."""
        return self.chunks / self.seconds if self.seconds else 0.0


Progress = Callable[[Step], object]


class Stopped(Exception):
    """Raise it in `progress` to end a sync, which then raises it too; what is embedded so far is stored."""


def sync(
    paths: Sequence[str | Path] | str | Path,
    library: str | Path | Assistant | None = None,
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Makes the library match these files and folders, and returns the contract's ingest report.

    `library`: a folder, an open Assistant, or None for the default library. `progress` is called before the first file
    that has to be read and after each. Documents of these paths whose file is gone are removed; documents from
    elsewhere stay. Raises InputError when a path does not exist, and then changes nothing. An interrupted sync leaves
    whole documents, old or new; the next one goes on from there. A second sync of one Assistant waits for the first.
    """
    roots = checked_paths(paths)
    if library is None:  # which this process may already have open
        library = default_assistant()
    if isinstance(library, Assistant):
        return _Sync(library, progress).run(roots).as_dict()
    with Assistant.open(library) as assistant:
        return _Sync(assistant, progress).run(roots).as_dict()


def checked_paths(paths: Sequence[str | Path] | str | Path) -> list[Path]:
    """The paths, absolute. Raises InputError when one does not exist."""
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    roots = [Path(os.path.abspath(os.path.expanduser(path))) for path in given]
    for root in roots:
        if not os.path.exists(root):
            raise InputError(
                f"There is no file or folder {root}. Check the path; `jianbao documents --remove` takes documents out."
            )
    return roots


class _Read(NamedTuple):
    """A file that was read: its documents with their chunks and what is wrong with parts of it, or why it failed.

    `changed`: it is not what it was when it was looked at, so that the next sync has to read it again.
    """

    stamp: FileStamp
    documents: list[tuple[Document, list[Chunk]]]
    problems: list[Problem]
    error: str = ""
    changed: bool = False


class _Sync:
    def __init__(self, assistant: Assistant, progress: Progress | None) -> None:
        self.library: Library = assistant.library
        self.encoder = assistant.encoder
        self.progress = progress
        self.report = Report()
        self.started = time.perf_counter()
        #: What is not yet committed: documents read, and embedded, ids to take out, and files that are then complete.
        self.documents: list[tuple[Document, list[Chunk]]] = []
        self.entries: list[Entry] = []
        self.gone: list[str] = []
        self.complete: list[FileStamp] = []
        #: Ids given to documents that are not committed yet, with their paths.
        self.claimed: dict[str, str] = {}
        self.done_files = self.done_bytes = 0

    def run(self, roots: Sequence[Path]) -> Report:
        with self.library.syncing:
            return self._run(roots)

    def _run(self, roots: Sequence[Path]) -> Report:
        known = self.library.files()
        here = scan(roots, known)
        for path, reason in here.failed:
            self._fail(path, reason)
        for path, reason in here.skipped:
            self.report.skipped.append({"path": printable(path), "reason": reason})
        owners = {document.path for document in self.library.documents()}
        now = {path: key(stamp) for path, stamp in here.files.items()}
        held = {key(known[path]) for path in owners & known.keys()}
        now |= {  # a file elsewhere counts as a copy of what is held, and cannot be read here
            path: key(stamp)
            for path, stamp in known.items()
            if path not in now and key(stamp) in held and not _is_gone(path, roots, here)
        }
        stay = {path for path in owners if path not in now and not _is_gone(path, roots, here)}
        todo = plan(now, {path: key(stamp) for path, stamp in known.items()}, owners - stay)
        self._settle(todo, here, known, owners)
        self._read_all([here.files[path] for path in todo.read])
        self._copy_all([(here.files[copy], owner) for copy, owner in todo.copies if copy in here.files], known)
        self.library.ensure_reachable()
        self.report.seconds = time.perf_counter() - self.started
        return self.report

    # -- without reading a file --------------------------------------------------------------------------------------

    def _settle(self, todo: Plan, here: Scan, known: Mapping[str, FileStamp], owners: set[str]) -> None:
        """What is where it was, what is gone, and what has another name now."""
        for path in sorted(owners & here.files.keys() - set(todo.read)):
            if known.get(path) and key(known[path]) == key(here.files[path]):
                self.report.unchanged += len(self.library.documents_of(path))
        if here.touched:
            self.library.put([], files=here.touched)
        for path in todo.forget:
            self.report.removed += len(self.library.forget_file(path))
        if not todo.moves:
            return
        leaving = {id for old, _ in todo.moves for id in self.library.documents_of(old)}
        moves = []
        for old, new in todo.moves:
            ids = list(self.library.documents_of(old))
            renamed = self._ids(new, ids, os.path.basename(old), known=(), leaving=leaving)
            self.claimed.update(dict.fromkeys(renamed, new))
            moves.append(Move(old, here.files.get(new) or known[new], dict(zip(ids, renamed, strict=True))))
            self.report.renamed += len(ids)
        self.library.move(moves)
        self.claimed.clear()

    def _copy_all(self, copies: Sequence[tuple[FileStamp, str]], known: Mapping[str, FileStamp]) -> None:
        for copy, owner in copies:
            if self.library.documents_of(owner):
                self.report.copies += 1
                if known.get(copy.path) != copy:
                    self.library.put([], files=[copy])
            else:
                reason = f"{Path(copy.path).name} is the same as {owner}, which cannot be read."
                self._fail(Path(copy.path), reason)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _read_all(self, stamps: Sequence[FileStamp]) -> None:
        size = sum(stamp.size for stamp in stamps)
        self._tell("", len(stamps), size)
        if not stamps:
            return
        with Reader() as reader:
            reading = ahead((self._read(stamp, reader) for stamp in stamps), _weight, batch=READ_AHEAD, batches=WAITING)
            with closing(reading):
                try:
                    for some in reading:
                        for read in some:
                            self._take(read)
                            self._tell(read.stamp.path, len(stamps), size)
                        self._embed()
                except BaseException as error:
                    reader.close()  # so that the thread that waits for it comes to its end
                    if isinstance(error, KeyboardInterrupt | Stopped):
                        self._keep()
                    raise
        self._commit()

    def _read(self, stamp: FileStamp, reader: Reader) -> _Read:
        """A file's documents, cut to chunks. Runs ahead in another thread."""
        path = Path(stamp.path)
        try:
            loaded = reader.read(path)
            status = path.stat()
            changed = (status.st_size, status.st_mtime_ns) != (stamp.size, stamp.modified)
            documents = [(document, split(document, self.encoder.count_tokens)) for document in loaded.documents]
            return _Read(stamp, documents, loaded.problems, changed=changed)
        except DocumentError as error:
            return _Read(stamp, [], [], str(error))
        except OSError as error:
            reason = f"{path.name} cannot be read ({error.strerror or error}). Check its permissions."
            return _Read(stamp, [], [], reason)
        except JianbaoError:  # there is no encoder
            raise
        except Exception as error:  # noqa: BLE001 - no file may keep the others from being read
            name, kind = one_line(path.name), type(error).__name__
            return _Read(stamp, [], [], f"{name} cannot be read ({kind}). Save it anew in the program that made it.")

    def _take(self, read: _Read) -> None:
        """Sorts a file's documents into new, changed and unchanged ones; commits when there are enough."""
        path = read.stamp.path
        self.done_files += 1
        self.done_bytes += read.stamp.size
        if read.error:
            self._fail(Path(path), read.error)
            return
        stored = self.library.documents_of(path)
        given = [document.id for document, _ in read.documents]
        ids = self._ids(path, given, os.path.basename(path), known=list(stored), leaving=set())
        if taken := next((id for id in ids if self._owner(id) not in (None, path)), None):
            reason = (
                f"{os.path.basename(path)} has a document {taken!r}, but the library has that id from "
                f"{self._owner(taken)}. Give it another id, or take that one out with `jianbao documents --remove`."
            )
            self._fail(Path(path), reason)
            return
        for (document, chunks), id in zip(read.documents, ids, strict=True):
            named = replace(document, id=id, path=path)
            if stored.get(id) == text_sha256(named):
                self.report.unchanged += 1
                continue
            if id in stored:
                self.report.updated += 1
            else:
                self.report.added += 1
            self.claimed[id] = path
            self.documents.append((named, chunks))
            waiting = [*(entry.chunks for entry in self.entries), *(chunks for _, chunks in self.documents)]
            if sum(map(len, waiting)) >= GROUP:
                self._commit()
        for problem in read.problems:
            self.report.failed.append({"path": f"{path}/{problem.part}", "error": problem.error})
        # What a part that cannot be read held before stays, and the file will be looked at again.
        parts = [f"/{problem.part}/" for problem in read.problems]
        gone = sorted(id for id in set(stored) - set(ids) if not any(part in f"{id}/" for part in parts))
        self.report.removed += len(gone)
        self.gone += gone
        if not read.problems and not read.changed:
            self.complete.append(read.stamp)

    def _embed(self) -> None:
        texts = [indexed_text(document, chunk) for document, chunks in self.documents for chunk in chunks]
        if self.documents:
            vectors = self.encoder.encode_documents(texts)
            start = 0
            for document, chunks in self.documents:
                self.entries.append(Entry(document, chunks, vectors[start : start + len(chunks)]))
                start += len(chunks)
        self.documents = []
        self.report.chunks += len(texts)

    def _commit(self) -> None:
        """Stores what was taken, in one commit."""
        self._embed()
        if self.entries or self.gone or self.complete:
            self.library.put(self.entries, remove=self.gone, files=self.complete)
        self.entries, self.gone, self.complete = [], [], []
        self.claimed.clear()

    def _keep(self) -> None:
        """Stores what is embedded already, as the work ends here; its files are looked at again by the next sync."""
        if self.entries:
            self.library.put(self.entries)

    # -- ids ---------------------------------------------------------------------------------------------------------

    def _ids(self, path: str, given: Sequence[str], name: str, *, known: Sequence[str], leaving: set[str]) -> list[str]:
        """The ids of a file's documents, which so far begin with its `name`.

        Instead they get the shortest end of its path that makes all of them free, or the one that its `known` documents
        have. A set's records keep their own. `leaving`: ids that are about to become free.
        """
        if keeps_ids(path):
            return list(given)
        parts = Path(path).parts
        ends = ["/".join(parts[-depth:]) for depth in range(1, len(parts))]
        tails = [_tail(id, name) for id in given]
        ends.sort(key=lambda end: not any(end + tail in known for tail in tails))
        for end in ends:
            ids = [end + tail for tail in tails]
            if all(self._free(id, path, leaving) for id in ids):
                return ids
        return [path + tail for tail in tails]

    def _free(self, id: str, path: str, leaving: set[str]) -> bool:
        """Whether a document of a path may have an id; one that is `leaving` may have been given away already."""
        owner = self.claimed.get(id) or (None if id in leaving else self.library.path_of(id))
        return owner in (None, path)

    def _owner(self, id: str) -> str | None:
        return self.claimed.get(id) or self.library.path_of(id)

    # -- telling -----------------------------------------------------------------------------------------------------

    def _tell(self, path: str, files: int, size: int) -> None:
        if self.progress:
            seconds = time.perf_counter() - self.started
            self.progress(
                Step(self.done_files, files, self.done_bytes, size, self.report.chunks, round(seconds, 3), path)
            )

    def _fail(self, file: Path, reason: str) -> None:
        path = printable(file)
        self.report.failed.append({"path": path, "error": reason})
        self.report.unchanged += len(self.library.documents_of(path))


def _weight(read: _Read) -> int:
    return 1 + sum(len(chunks) for _, chunks in read.documents)


def _is_gone(path: str, roots: Sequence[Path], here: Scan) -> bool:
    """Whether a path was looked for and is not there; what stands in a folder that could not be read may be."""
    if path in here.files or any(inside(path, folder) for folder in here.unseen):
        return False
    return any(inside(path, root) for root in roots)


def _tail(id: str, name: str) -> str:
    """What follows the file's name in the id of one of its documents: /inner.txt in an archive, else nothing."""
    return id[id.index(name) + len(name) :] if name in id else ""
