"""The catalog of a library: one SQLite file, which one process has open at a time, and what can be wrong with it.

It knows SQLite and the lock; what the tables mean is the library's business.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rag.errors import LibraryDamaged, LibraryError, LibraryLocked, LibraryMismatch

#: Raised when what is stored, or how text is folded and split into words, changes.
SCHEMA = "2"

TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE files (path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, path TEXT NOT NULL, title TEXT NOT NULL,
    source TEXT NOT NULL, date TEXT NOT NULL, issue TEXT NOT NULL, author TEXT NOT NULL, period TEXT NOT NULL,
    sha256 TEXT NOT NULL, chunks INTEGER NOT NULL, pages TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX documents_by_path ON documents (path);
CREATE INDEX files_by_content ON files (sha256);
CREATE TABLE chunks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents (number),
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, heading TEXT NOT NULL, vector BLOB NOT NULL);
CREATE INDEX chunks_by_document ON chunks (document);
CREATE TABLE leftovers (chunk INTEGER PRIMARY KEY);
CREATE VIRTUAL TABLE lexicon USING fts5 (words, content='', tokenize="ascii tokenchars '.'''");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab ('lexicon', 'row');
"""


class Catalog:
    """An open catalog. Every statement may raise LibraryError or LibraryDamaged. Safe to use from several threads."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, file_lock: FileLock) -> None:
        self.folder = folder
        #: Held by whoever needs several statements to see the same state.
        self.lock = threading.RLock()
        self._connection = connection
        self._file_lock = file_lock

    @classmethod
    def open(cls, folder: Path, encoder: str, *, of_any_encoder: bool = False) -> Catalog:
        """Takes the lock of a library's folder and opens the catalog in it, or makes an empty one.

        Raises what `Library.open` raises.
        """
        folder = Path(os.path.abspath(os.path.expanduser(folder)))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = _take_lock(folder)
        except OSError as error:
            raise LibraryError(
                f"The library folder {folder} cannot be used ({error.strerror or error}). "
                "Name a folder that you can write to with --library or JIANBAO_LIBRARY."
            ) from error
        try:
            with _errors_named(folder):
                return cls(folder, _connect(folder / "catalog.sqlite3", encoder, of_any_encoder=of_any_encoder), lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Closes the file and gives the lock back; a second call does nothing."""
        with self.lock:
            self._connection.close()
            self._file_lock.release()

    def rows(self, statement: str, *parameters: Any) -> list[Any]:
        """All rows that a statement gives."""
        with self.lock, _errors_named(self.folder):
            return self._connection.execute(statement, parameters).fetchall()

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Runs a statement within a transaction; returns the number of the row that it inserted, if it did."""
        return int(self._connection.execute(statement, parameters).lastrowid or 0)

    def execute_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Runs a statement within a transaction, once for each row of parameters."""
        self._connection.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is run within is committed together, or not at all."""
        with self.lock, _errors_named(self.folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # after some errors SQLite has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise


def _take_lock(folder: Path) -> FileLock:
    lock = FileLock(folder / "lock", thread_local=False)
    owner = folder / "owner.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LibraryLocked(
            f"The library {folder} is in use by {_owner_of(owner)}. Close that first, or use another --library."
        ) from None
    about = {
        "pid": os.getpid(),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]]),
        "since": f"{datetime.now():%Y-%m-%d %H:%M}",
    }
    try:
        owner.write_text(json.dumps(about), encoding="utf-8")
    except BaseException:
        lock.release()
        raise
    return lock


def _owner_of(file: Path) -> str:
    try:
        about: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return f"process {about['pid']} ({about['command']}, since {about['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"


@contextmanager
def _errors_named(folder: Path) -> Iterator[None]:
    """What SQLite raises for a damaged file, a full disk and the like becomes a LibraryError."""
    try:
        yield
    except sqlite3.ProgrammingError as error:
        if "closed" not in str(error):
            raise
        raise LibraryError(f"The library {folder} has been closed. Open it again with Assistant.open.") from error
    except sqlite3.IntegrityError:
        raise  # a mistake of ours, not of the disk
    except sqlite3.OperationalError as error:
        raise LibraryError(
            f"The catalog of the library {folder} cannot be used ({error}). "
            "Check that its disk is not full and that the folder is yours."
        ) from error
    except sqlite3.DatabaseError as error:
        raise LibraryDamaged(
            f"The catalog of the library {folder} is damaged ({error}). Restore the folder from a backup, or name "
            "another with --library and ingest the documents again, unless this helps: "
            f"jianbao doctor --repair --library {folder}"
        ) from error


def _connect(file: Path, encoder: str, *, of_any_encoder: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if tables and "about" not in tables:
            raise sqlite3.DatabaseError("it was not made by jianbao")
        if not tables and (file.parent / "vectors").exists():
            raise sqlite3.DatabaseError("it is empty, though there is a vector index")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not tables:
            connection.executescript(f"BEGIN; {TABLES}")
            connection.executemany("INSERT INTO about VALUES (?, ?)", [("schema", SCHEMA), ("encoder", encoder)])
            connection.execute("COMMIT")
        about = dict(connection.execute("SELECT name, value FROM about"))
        if about.get("schema") != SCHEMA:
            raise LibraryMismatch(
                f"The library {file.parent} was made by another version of jianbao. "
                "Name a new folder with --library and ingest the documents again."
            )
        if about.get("encoder") != encoder and not of_any_encoder:
            raise LibraryMismatch(
                f"The library {file.parent} was made with the encoder {about.get('encoder')}, not {encoder}. "
                f"Set JIANBAO_EMBEDDING back, or rebuild it with: jianbao doctor --repair --library {file.parent}"
            )
        return connection
    except BaseException:
        connection.close()
        raise
