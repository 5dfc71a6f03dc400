"""The SQLite file of a library's figures table: opened, read while it is written, and made anew when it is of no use.

What is in it can be read again from the documents, so that a damaged file, or one of another version, is thrown away.
It knows SQLite; what the tables mean is the table's business.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import LibraryDamaged, LibraryError

Writer = sqlite3.Connection
NAME = "figures.sqlite"
#: Raised when what is stored, or how figures are found, folded and compared, changes.
SCHEMA = 1

_TABLES = f"""
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, title TEXT NOT NULL,
    source TEXT NOT NULL, folded TEXT NOT NULL, date TEXT NOT NULL);
CREATE INDEX documents_by_date ON documents (date);
CREATE TABLE sentences (
    number INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX sentences_by_document ON sentences (document);
CREATE TABLE searched (
    sentence INTEGER PRIMARY KEY, document INTEGER NOT NULL, figures INTEGER NOT NULL, folded TEXT NOT NULL);
CREATE TABLE figures (
    number INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, sentence INTEGER NOT NULL,
    start INTEGER NOT NULL, page INTEGER, text TEXT NOT NULL, value TEXT NOT NULL, upper TEXT, amount REAL NOT NULL,
    approximate INTEGER NOT NULL, unit TEXT NOT NULL, what TEXT NOT NULL, ending TEXT NOT NULL, measure TEXT NOT NULL,
    key TEXT NOT NULL, conflicting INTEGER NOT NULL DEFAULT 0);
CREATE INDEX figures_by_document ON figures (document, start, unit);
CREATE INDEX figures_by_sentence ON figures (sentence, unit);
CREATE INDEX figures_by_unit ON figures (unit, sentence);
CREATE INDEX figures_by_amount ON figures (amount, unit);
CREATE INDEX figures_by_what ON figures (what, unit);
CREATE INDEX figures_by_ending ON figures (ending, measure, key) WHERE ending != '';
CREATE INDEX figures_conflicting ON figures (conflicting) WHERE conflicting;
CREATE TABLE touched (
    ending TEXT NOT NULL, measure TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (ending, measure, key)) WITHOUT ROWID;
PRAGMA user_version = {SCHEMA};
"""


class FigureFile:
    """An open file. Any number of threads may read what the last transaction left, while one of them writes.

    All methods raise LibraryDamaged when the file is damaged, and it is then `damaged` until it is made anew, and
    LibraryError when it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = False
        self._closed = False
        self._reading = threading.RLock()
        self._connect()

    @classmethod
    def open(cls, folder: Path) -> FigureFile:
        """Opens the file in a library's folder, which this process owns, or makes an empty one in its place."""
        path = folder / NAME
        try:
            try:
                return cls(path)
            except sqlite3.OperationalError:
                raise  # the folder or the disk, not what is in the file
            except sqlite3.DatabaseError:
                _remove(path)
                return cls(path)
        except (OSError, sqlite3.Error) as error:
            raise LibraryError(
                f"The figures table {path} cannot be made ({error}). Check that its disk is not full and that the "
                "folder is yours."
            ) from error

    def close(self) -> None:
        """Closes the file; a second call does nothing."""
        with self._reading:
            self._closed = True
            self._reader.close()
            self._writer.close()

    def make_anew(self) -> None:
        """Throws away all that is in the file."""
        with self._reading, self._errors_named():
            self._reader.close()
            self._writer.close()
            _remove(self.path)
            self._connect()
            self.damaged = False

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows that a statement gives."""
        with self._reading, self._errors_named():
            return self._reader.execute(statement, values).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What `rows` gives within is of one moment."""
        with self._reading, self._errors_named():
            self._reader.execute("BEGIN")
            try:
                self._reader.execute("SELECT count(*) FROM touched").fetchall()  # the moment begins with the first read
                yield
            finally:
                if self._reader.in_transaction:
                    self._reader.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Writer]:
        """What is written within is committed together, or not at all. Only one thread may write at a time."""
        with self._errors_named():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # after some errors SQLite has rolled back by itself
                    self._writer.execute("ROLLBACK")
                raise

    def _connect(self) -> None:
        self._writer = _connected(self.path)
        try:
            self._reader = _connected(self.path)
        except BaseException:
            self._writer.close()
            raise

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError as error:
            if not self._closed:
                raise  # a mistake of ours
            raise LibraryError(f"The figures table {self.path} has been closed. Open it again.") from error
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.OperationalError, OSError) as error:
            raise LibraryError(
                f"The figures table {self.path} cannot be used ({error}). Check that its disk is not full and that "
                "the folder is yours."
            ) from error
        except sqlite3.DatabaseError as error:
            self.damaged = True
            raise LibraryDamaged(
                f"The figures table {self.path} is damaged ({error}). It is made again from the documents the next "
                "time that it is updated."
            ) from error


def _connected(path: Path) -> sqlite3.Connection:
    """An open file. Raises sqlite3.DatabaseError when it is none of ours."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN; {_TABLES} COMMIT;")
        elif version != SCHEMA:
            raise sqlite3.DatabaseError(f"it is of version {version}, not {SCHEMA}")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("CREATE TEMP TABLE held (sentence INTEGER PRIMARY KEY, figures INTEGER NOT NULL)")
        return connection
    except BaseException:
        connection.close()
        raise


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
