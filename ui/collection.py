"""The library as the page works with it: listed and filtered, added to, kept in step with folders, and taken from.

It knows the library and `ingest`, and neither Gradio nor markup. What is uploaded is kept in the library's own folder
`files`; folders of this computer are read where they are. One sync runs at a time, in a thread of its own.
"""

from __future__ import annotations

import filecmp
import json
import logging
import math
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ingest import Step, Stopped, sync
from ingest.sync import checked_paths
from rag import Assistant
from rag.errors import InputError, JianbaoError, LibraryError
from rag.store import DocumentInfo, Entry, FileStamp
from rag.text import fold

#: Documents on one page of the list.
PAGE = 50
#: While a sync changes the library, listing its documents anew has to wait so many times as long as it took.
LISTING = 20
Order = Literal["title", "date", "source", "chunks"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which documents: those that hold `text` in title, source, author or name, of a time and a source, or just `ids`.

    `since` and `until` are ISO days, months or years. What is empty holds for all.
    """

    text: str = ""
    since: str = ""
    until: str = ""
    source: str = ""
    ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return any(asdict(self).values())

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Choice:
        """What `dataclasses.asdict` made of one, after it went through JSON."""
        known = {name: str(given.get(name, "")) for name in ("text", "since", "until", "source")}
        return cls(**known, ids=tuple(str(id) for id in given.get("ids") or ()))


#: Every document.
ALL = Choice()


@dataclass(frozen=True, slots=True)
class Work:
    """How a sync goes, or how the last one went. `report` and `problem` come with the end; `step` on the way."""

    running: bool = False
    stopping: bool = False
    step: Step | None = None
    report: Mapping[str, Any] | None = None
    problem: str = ""
    stopped: bool = False


@dataclass(slots=True)
class _Removed:
    entries: list[Entry]
    stamps: list[FileStamp] = field(default_factory=list)
    files: list[tuple[Path, Path]] = field(default_factory=list)


class Collection:
    """The documents of an assistant's library. Safe to use from several threads."""

    def __init__(self, assistant: Assistant, changed: Callable[[], object] = lambda: None) -> None:
        """`changed` is called, in the thread of a sync, whenever documents have been added or removed."""
        self.assistant = assistant
        self.library = assistant.library
        self._changed = changed
        self._lock = threading.RLock()
        self._listed: tuple[int, list[tuple[DocumentInfo, str]]] = (-1, [])
        self._list_again = 0.0
        self._work = Work()
        self._taking = threading.Lock()
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None
        self._next: set[Path] = set()
        self._removed: _Removed | None = None
        self.uploads = self.library.folder / "files"
        self._bin = self.library.folder / "removed"
        self._kept = self.library.folder / "page.json"
        shutil.rmtree(self._bin, ignore_errors=True)  # what was removed before can no longer be put back

    # -- listing -----------------------------------------------------------------------------------------------------

    def matching(self, choice: Choice) -> list[DocumentInfo]:
        """The documents of a choice, by id. Raises InputError for a date that is none."""
        rows = self._rows()
        if choice.since or choice.until or choice.source:
            found = set(self.library.select(since=choice.since, until=choice.until, source=choice.source))
            rows = [row for row in rows if row[0].id in found]
        if choice.ids:
            chosen = set(choice.ids)
            rows = [row for row in rows if row[0].id in chosen]
        words = fold(choice.text).split()
        return [info for info, folded in rows if all(word in folded for word in words)]

    def page(
        self, choice: Choice, *, order: Order = "title", descending: bool = False, page: int = 1
    ) -> tuple[int, list[DocumentInfo]]:
        """How many documents there are in a choice, and those of one page (from 1) of the list."""
        found = self.matching(choice)
        found.sort(key=lambda info: _sort_key(info, order), reverse=descending)
        start = (clamped(page, len(found)) - 1) * PAGE
        return len(found), found[start : start + PAGE]

    def scope(self, choice: Choice) -> list[str] | None:
        """Ids for `Assistant.stream`; None for a choice of all. Raises InputError when no document is chosen."""
        if not choice:
            return None
        with self._lock:
            self._list_again = 0.0
        ids = [info.id for info in self.matching(choice)]
        if not ids:
            raise InputError("None of the chosen documents is in the library any more; choose others, or ask all.")
        return ids

    def _rows(self) -> list[tuple[DocumentInfo, str]]:
        """All documents with the text that they are found by; while a sync runs, as they were a little while ago."""
        with self._lock:
            version, started = self.library.version, time.monotonic()
            if self._listed[0] != version and (not self._work.running or started >= self._list_again):
                listed = self.library.documents()
                texts = [fold(" ".join((one.title, one.id, one.source, one.author, one.issue))) for one in listed]
                self._listed = version, list(zip(listed, texts, strict=True))
                ended = time.monotonic()
                self._list_again = ended + LISTING * (ended - started)
            return self._listed[1]

    # -- adding ------------------------------------------------------------------------------------------------------

    @property
    def folders(self) -> list[str]:
        """Files and folders of this computer that the library is kept in step with, beside what was uploaded."""
        return [str(path) for path in self._remembered().get("folders", [])]

    @property
    def failures(self) -> list[dict[str, str]]:
        """What could not be read, with the reason, as of the last sync of its folder."""
        return [dict(failure) for failure in self._remembered().get("failures", [])]

    def follow(self, paths: Sequence[str | Path]) -> list[Path]:
        """Remembers files and folders, so that `again` reads them too. Raises InputError when one does not exist."""
        if any(not str(path).strip() for path in paths):
            raise InputError("Name a file or folder of this computer, with its whole path.")
        checked = checked_paths([str(path).strip() for path in paths])
        with self._lock:
            self._remember(folders=sorted({*self.folders, *map(str, checked)}))
        return checked

    def unfollow(self, path: str) -> None:
        """Forgets a folder; its documents stay."""
        with self._lock:
            self._remember(folders=[folder for folder in self.folders if folder != path])

    def take_in(self, uploaded: Sequence[str | Path]) -> list[Path]:
        """Moves uploaded files into the library's folder; one whose name is taken by another content gets a number.

        The next sync reads all of them, also what was removed of one that is there already.
        """
        try:
            with self._taking:
                self.uploads.mkdir(exist_ok=True)
                taken = [_kept(Path(file), self.uploads) for file in uploaded]
        except OSError as error:
            raise InputError(
                f"The file could not be kept ({error.strerror or error}). Check the disk of {self.uploads}."
            ) from error
        self.library.look_again([str(file) for file in taken])
        return taken

    def start(self, paths: Sequence[Path], *, later: bool = False) -> None:
        """Begins a sync of these paths. While another one runs, they come `later`, after it, or it is an InputError."""
        with self._lock:
            if self._work.running and later:
                self._next.update(paths)
                return
            if self._work.running:
                raise InputError("Documents are being read already; wait for the end, or stop it first.")
            self._halt.clear()
            self._work = Work(running=True)
            self._thread = threading.Thread(target=self._sync, args=(list(paths),), name="jianbao-sync", daemon=True)
            self._thread.start()

    def again(self) -> None:
        """Begins a sync of all that was uploaded and of all folders that are still there."""
        paths = [path for path in (*map(Path, self.folders), self.uploads) if path.exists()]
        if not paths:
            raise InputError("There is nothing to read again yet; add files or a folder first.")
        self.start(paths)

    def stop(self) -> None:
        """Ends a running sync after the file that it is at; what is stored by then stays."""
        with self._lock:
            if self._work.running:
                self._next.clear()
                self._halt.set()
                self._work = replace(self._work, stopping=True)

    @property
    def work(self) -> Work:
        """How the sync goes."""
        with self._lock:
            return self._work

    def close(self) -> None:
        """Ends a running sync and waits for it."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _sync(self, paths: list[Path]) -> None:
        def tell(step: Step) -> None:
            with self._lock:
                self._work = replace(self._work, step=step)
            if self._halt.is_set():
                raise Stopped

        done = Work()
        try:
            report = sync(paths, self.assistant, progress=tell)
            done = Work(step=self._work.step, report=report)
            self._note_failures(paths, report["failed"])
        except Stopped:
            done = Work(step=self._work.step, stopped=True)
        except JianbaoError as error:
            done = replace(done, step=self._work.step, problem=str(error))
        except Exception as error:  # a fault of ours: the page says so, the log has the traceback
            logging.exception("the sync broke off")
            done = Work(
                step=self._work.step,
                problem=f"Reading broke off ({type(error).__name__}); what was stored is whole. "
                "Try again, and run `jianbao doctor` if it happens once more.",
            )
        try:
            self._changed()
        finally:
            with self._lock:
                self._work = done
                if self._next:
                    paths, self._next = sorted(self._next), set()
                    self.start(paths)

    def _note_failures(self, paths: Sequence[Path], failed: Sequence[Mapping[str, str]]) -> None:
        with self._lock:
            roots = [str(path) for path in paths]
            elsewhere = [
                one
                for one in self.failures
                if not any(one["path"] == root or one["path"].startswith(root + os.sep) for root in roots)
            ]
            self._remember(failures=[*elsewhere, *map(dict, failed)])

    # -- taking out --------------------------------------------------------------------------------------------------

    def remove(self, ids: Sequence[str]) -> list[str]:
        """Takes documents out, with the uploaded files that hold nothing else; returns the ids that were there.

        `undo` puts back what was taken out last. An uploaded file that holds others stays, and what was removed of it
        stays out until it is uploaded again. A file in a folder stays, and is read again with its folder.
        """
        with self._lock:
            if self._work.running:
                raise InputError("Documents are being read; remove some when that has ended, or stop it first.")
            ids = list(dict.fromkeys(ids))
            entries = self.library.entries(ids)
            if not entries:  # gone already: what was removed last can still be put back
                return []
            uploaded = {entry.document.id for entry in entries if self._is_upload(entry.document.path)}
            read, there, removed = self.library.files(), list[str](), _Removed(entries)
            try:
                there += self.library.remove([id for id in ids if id not in uploaded])
                there += self.library.remove([id for id in ids if id in uploaded], again=False)
            finally:
                if there:  # what is gone can be put back, whatever comes next
                    self._forget_removed()
                    removed.entries = [entry for entry in entries if entry.document.id in there]
                    self._removed = removed
            try:
                with self._taking:
                    self._put_aside(removed, read)
            except OSError as error:
                raise InputError(
                    f"The documents are out, but their files stay ({error.strerror or error}). "
                    f"Check the disk of {self._bin}."
                ) from error
            finally:
                self._changed()
        return [id for id in ids if id in there]

    def _is_upload(self, path: str) -> bool:
        return Path(path).parent == self.uploads

    def _put_aside(self, removed: _Removed, read: Mapping[str, FileStamp]) -> None:
        """Moves files, read to their end, of which no document is left to the bin, with their copies; only uploads."""
        for path in {entry.document.path for entry in removed.entries} & read.keys():
            if self.library.documents_of(path):
                continue
            same = [other for other, stamp in read.items() if stamp.sha256 == read[path].sha256]
            for file in map(Path, filter(self._is_upload, same)):
                if self.library.documents_of(str(file)):  # of another suffix, and so a document of its own
                    continue
                if file.exists():
                    self._bin.mkdir(exist_ok=True)
                    os.replace(file, self._bin / file.name)
                    removed.files.append((self._bin / file.name, file))
                removed.stamps.append(read[str(file)])
                self.library.forget_file(str(file))

    @property
    def can_undo(self) -> int:
        """How many documents `undo` would put back."""
        with self._lock:
            return len(self._removed.entries) if self._removed else 0

    def undo(self) -> int:
        """Puts back what was removed last, as it was; returns how many documents. Nothing is embedded again.

        What has come under their names since then stays, and an InputError tells how many cannot be put back.
        """
        with self._lock, self._taking:
            removed = self._removed
            if removed is None:
                return 0
            if self._work.running:
                raise InputError("Documents are being read; put some back when that has ended, or stop it first.")
            back = [(kept, file) for kept, file in removed.files if kept.exists() and not file.exists()]
            taken = {str(file) for _, file in removed.files} - {str(file) for _, file in back}
            free = [
                entry
                for entry in removed.entries
                if self.library.path_of(entry.document.id) is None and entry.document.path not in taken
            ]
            stamps = self.library.files() | {stamp.path: stamp for stamp in removed.stamps if stamp.path not in taken}
            paths = {entry.document.path for entry in free} | {str(file) for _, file in back}
            try:
                with _moved(back):
                    self.library.put(free, files=[stamps[path] for path in sorted(paths & stamps.keys())])
            except OSError as error:
                raise InputError(
                    f"The documents cannot be put back ({error.strerror or error}). Check the disk of {self.uploads}."
                ) from error
            self._removed = None
        self._changed()
        if lost := len(removed.entries) - len(free):
            raise InputError(
                f"{lost} of {len(removed.entries)} documents cannot be put back: others have their names now. "
                "Rename those, and add the files again."
            )
        return len(free)

    def _forget_removed(self) -> None:
        self._removed = None
        shutil.rmtree(self._bin, ignore_errors=True)

    # -- what the page remembers -------------------------------------------------------------------------------------

    def _remembered(self) -> dict[str, Any]:
        """What page.json holds; a damaged one is set aside. Raises LibraryError when it cannot be read just now."""
        try:
            found = json.loads(self._kept.read_text(encoding="utf-8"))
            if not (
                isinstance(found, dict)
                and all(isinstance(found.get(name, []), list) for name in ("folders", "failures"))
                and all(isinstance(path, str) for path in found.get("folders", []))
                and all(set(one) == {"path", "error"} for one in found.get("failures", []))
                and all(isinstance(said, str) for one in found.get("failures", []) for said in one.values())
            ):
                raise ValueError("it has another form")
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            aside = self._kept.with_suffix(".damaged")
            logging.warning("%s cannot be read (%s) and was set aside as %s", self._kept, error, aside)
            self._move(self._kept, aside)
            return {}
        except OSError as error:
            raise LibraryError(
                f"The page's list of folders {self._kept} cannot be read ({error.strerror or error}). Check the disk."
            ) from error
        return found

    def _remember(self, **changes: Any) -> None:
        fresh, known = self._kept.with_suffix(".new"), self._remembered()
        try:
            fresh.write_text(json.dumps({**known, **changes}, ensure_ascii=False), encoding="utf-8")
        except OSError as error:
            raise LibraryError(
                f"The page's list of folders {fresh} cannot be written ({error.strerror or error}). Check the disk."
            ) from error
        self._move(fresh, self._kept)

    def _move(self, file: Path, to: Path) -> None:
        try:
            os.replace(file, to)
        except OSError as error:
            raise LibraryError(
                f"The page's list of folders {file} cannot be written ({error.strerror or error}). Check the disk."
            ) from error


def clamped(page: int, total: int) -> int:
    """The page of a list of so many, from 1; the last one where the list has become shorter.

    >>> clamped(3, 51), clamped(0, 0)
    (2, 1)
    """
    return min(max(1, page), max(1, math.ceil(total / PAGE)))


def _sort_key(info: DocumentInfo, order: Order) -> Any:
    if order == "chunks":
        return info.chunks, info.id
    if order == "date":
        return info.date or info.period.rpartition("/")[2], info.id
    return (info.source if order == "source" else info.title) or info.id, info.id


def _kept(file: Path, folder: Path) -> Path:
    """Moves a file into a folder; one that is there with the same content already is not kept twice."""
    target, number = folder / file.name, 1
    while target.exists():
        if filecmp.cmp(file, target, shallow=False):
            file.unlink()
            return target
        number += 1
        target = folder / f"{file.stem} ({number}){file.suffix}"
    part = folder / f".{secrets.token_hex(8)}"  # a name that is not read, in case the disk is full in the middle
    try:
        shutil.move(file, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target


@contextmanager
def _moved(files: Sequence[tuple[Path, Path]]) -> Iterator[None]:
    """Moves files, and moves them back when what follows fails."""
    done: list[tuple[Path, Path]] = []
    try:
        for file, to in files:
            os.replace(file, to)
            done.append((file, to))
        yield
    except BaseException:
        for file, to in done:
            os.replace(to, file)
        raise
