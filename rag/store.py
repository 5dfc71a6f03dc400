"""The library on disk: a SQLite catalog, which is the truth, and a vector index, which can be made again from it.

SQLite holds documents, their text, chunks with offsets and vectors, the lexical index (FTS5) and what is known of each
file. The vector index holds the vectors once more, for search among many. A change is committed in one SQLite
transaction: new vectors are in the index before it and old ones leave the index after it, and the table `leftovers`
names the vectors that a crash in between would leave behind. So a reader meets the old version of a document or the new
one, never a mixture.

One process owns a library. The library knows nothing of questions, fusion or files' formats.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from tqdm import tqdm

from rag.embeddings import Encoder, Vectors
from rag.errors import InputError, LibraryDamaged, LibraryError, LibraryLocked, LibraryMismatch
from rag.text import fold, tokens
from rag.types import Chunk, Document
from rag.vectors import Mended, Reach, VectorIndex, ensure_reachable

#: Raised when what is stored, or how text is folded and split into words, changes.
SCHEMA = "2"

_TABLES = """
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

_BATCH = 5000  # vectors that are read from the catalog at once


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document as the catalog lists it, without its text. `copies`: other files with the same content."""

    id: str
    title: str
    source: str
    date: str
    path: str
    issue: str
    author: str
    period: str
    chunks: int
    copies: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """A row of `jianbao documents --json`."""
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "date": self.date,
            "path": self.path,
            "issue": self.issue,
            "author": self.author,
            "period": self.period,
            "chunks": self.chunks,
            "copies": list(self.copies),
        }


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What is remembered of a file, to see whether it has changed. `modified` is in nanoseconds."""

    path: str
    size: int
    modified: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Move:
    """The documents of one path become those of the file `to`, with these new ids (by old id)."""

    path: str
    to: FileStamp
    ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A document ready to be stored: its chunks and their vectors, shape (len(chunks), dimensions), length 1 each."""

    document: Document
    chunks: Sequence[Chunk]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A live chunk as search needs it."""

    number: int
    document: Document
    chunk: Chunk
    vector: Vectors

    @property
    def indexed_text(self) -> str:
        """See the function of this name."""
        return indexed_text(self.document, self.chunk)


def indexed_text(document: Document, chunk: Chunk) -> str:
    """What is embedded and indexed for a chunk: its text under its document's title and its headings, to be found by.

    >>> indexed_text(Document("a", "", "簡報第138期"), Chunk(0, 7, "培訓341期。", heading="二、培訓")).split()
    ['簡報第138期', '二、培訓', '培訓341期。']
    """
    above = [part for part in (document.title, chunk.heading) if part and part not in chunk.text]
    return "\n".join([*above, chunk.text])


def text_sha256(document: Document) -> str:
    """Digest of all that a document says; another digest means that it has to be stored anew."""
    about = (document.title, document.source, document.date, document.issue, document.author, document.period)
    said = "\x00".join((*about, json.dumps(document.pages), document.text))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


class Library:
    """An open library. Use `Library.open`; close it, or use it in a `with` block. Safe to use from several threads."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: FileLock) -> None:
        self.folder = folder
        self._connection = connection
        self._file_lock = lock
        self._lock = threading.RLock()
        self._vectors = VectorIndex(folder / "vectors")
        self._in_step = False  # whether the index has been made to agree with the catalog since it was opened
        self._document = lru_cache(maxsize=256)(self._read_document)
        self._chunk_count: int | None = None

    @classmethod
    def open(cls, folder: Path, *, encoder: str) -> Library:
        """Opens the library of a folder, or makes an empty one. `encoder` is the name of the encoder in use.

        Raises LibraryLocked when another process has it open, LibraryMismatch when it was made by another encoder or
        version, LibraryDamaged when the catalog cannot be read, LibraryError when the folder cannot be used.
        """
        return cls._open(folder, encoder)

    @classmethod
    def _open(cls, folder: Path, encoder: str, *, of_any_encoder: bool = False) -> Library:
        folder = Path(os.path.expanduser(folder)).absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = _take_lock(folder)
        except OSError as error:
            raise LibraryError(
                f"The library folder {folder} cannot be used ({error.strerror or error}). "
                "Name a folder that you can write to with --library or JIANBAO_LIBRARY."
            ) from error
        try:
            with _catalog_errors(folder):
                connection = _connect(folder / "catalog.sqlite3", encoder, of_any_encoder=of_any_encoder)
            return cls(folder, connection, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def adopt(cls, folder: Path, encoder: Encoder) -> Library:
        """Opens a library that another encoder made, and embeds all its passages anew with this one.

        Raises what `open` raises, but for the mismatch of encoders.
        """
        library = cls._open(folder, encoder.name, of_any_encoder=True)
        try:
            library._embed_anew(encoder)
        except BaseException:
            library.close()
            raise
        return library

    def close(self) -> None:
        """Gives the library back; a second call does nothing."""
        with self._lock:
            self._close_index()
            self._connection.close()
            self._file_lock.release()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- reading the catalog ---------------------------------------------------------------------------------------

    def documents(self) -> list[DocumentInfo]:
        """All documents, by id."""
        copies: dict[str, list[str]] = {}
        for owner, copy in self._rows(
            "SELECT DISTINCT owner.path, copy.path FROM files AS owner JOIN files AS copy"
            " ON owner.sha256 = copy.sha256 AND owner.path != copy.path"
            " WHERE owner.path IN (SELECT path FROM documents) AND copy.path NOT IN (SELECT path FROM documents)"
            " ORDER BY copy.path"
        ):
            copies.setdefault(owner, []).append(copy)
        rows = self._rows(
            "SELECT id, title, source, date, path, issue, author, period, chunks FROM documents ORDER BY id"
        )
        listed = [DocumentInfo(*row) for row in rows]
        return [replace(info, copies=tuple(copies[info.path])) if info.path in copies else info for info in listed]

    def select(self, *, since: str = "", until: str = "", source: str = "") -> list[str]:
        """Ids of the documents that were published in a span of time by a source, by id; what is empty holds for all.

        `since` and `until` are ISO days, months or years, both included; a document without a date is in no span.
        `source` is a part of a source's name, in either script. Raises InputError for what is no such date.
        """
        for name, value in (("since", since), ("until", until)):
            if value and not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", value):
                raise InputError(f"{name} is {value!r}. Give a day, month or year as in 2011-04-19, 2011-04 or 2011.")
        return [
            id
            for id, date, name in self._rows("SELECT id, date, source FROM documents ORDER BY id")
            if (not (since or until) or date)
            and date >= since
            and (not until or date[: len(until)] <= until)
            and fold(source) in fold(name)
        ]

    def document(self, id: str) -> Document | None:
        """One document with its text, or None."""
        with self._lock:
            rows = self._rows("SELECT number FROM documents WHERE id = ?", id)
            return self._document(rows[0][0]) if rows else None

    def chunk_count(self) -> int:
        """Live chunks in the library."""
        with self._lock:
            if self._chunk_count is None:
                self._chunk_count = int(self._rows("SELECT coalesce(sum(chunks), 0) FROM documents")[0][0])
            return self._chunk_count

    def documents_of(self, path: str) -> dict[str, str]:
        """Ids of the documents that came from a file, with their digests."""
        return dict(self._rows("SELECT id, sha256 FROM documents WHERE path = ?", path))

    def path_of(self, id: str) -> str | None:
        """The file that a document came from; None when there is no such document."""
        rows = self._rows("SELECT path FROM documents WHERE id = ?", id)
        return rows[0][0] if rows else None

    def files(self) -> dict[str, FileStamp]:
        """The files that have been read completely, by path."""
        return {row[0]: FileStamp(*row) for row in self._rows("SELECT path, size, modified, sha256 FROM files")}

    def _read_document(self, number: int) -> Document:
        (row,) = self._rows(
            "SELECT id, text, title, source, date, path, issue, author, period, pages FROM documents WHERE number = ?",
            number,
        )
        return replace(Document(*row[:-1]), pages=tuple(json.loads(row[-1])))

    def edges(self, id: str) -> list[StoredChunk]:
        """The first and the last chunk of a document, where title, date, source and author stand."""
        rows = self._rows(
            "SELECT min(chunks.number), max(chunks.number) FROM chunks JOIN documents"
            " ON documents.number = chunks.document WHERE documents.id = ?",
            id,
        )
        return self.chunks({number for number in rows[0] if number is not None})

    # -- search ----------------------------------------------------------------------------------------------------

    def nearest(self, vector: Vectors, k: int, scope: Sequence[str] | None = None) -> list[int]:
        """Numbers of the k live chunks nearest to a vector, the nearest first; only from `scope`, if given."""
        if scope is not None:
            numbers, vectors = self._vectors_of(scope)
            if not numbers:
                return []
            order = np.argsort(-(vectors @ vector), kind="stable")[:k]
            return [numbers[index] for index in order]
        with self._lock:
            return self._index().nearest(vector, k)

    def matching(self, words: Sequence[str], k: int, scope: Sequence[str] | None = None) -> list[int]:
        """Numbers of the k chunks that match any of the words best (BM25), the best first."""
        query = " OR ".join(f'"{token}"' for word in words for token in tokens(word))
        if not query:
            return []
        statement = "SELECT rowid FROM lexicon WHERE lexicon MATCH ?"
        parameters: list[Any] = [query]
        if scope is not None:
            statement += (
                " AND rowid IN (SELECT chunks.number FROM chunks JOIN documents ON documents.number = chunks.document"
                " WHERE documents.id IN (SELECT value FROM json_each(?)))"
            )
            parameters.append(json.dumps(list(scope)))
        return [row[0] for row in self._rows(statement + " ORDER BY rank LIMIT ?", *parameters, k)]

    def document_frequencies(self, words: Iterable[str]) -> dict[str, int]:
        """In how many chunks each word stands; words that stand in none are left out."""
        asked = json.dumps(list(words))
        return dict(
            self._rows("SELECT term, doc FROM vocabulary WHERE term IN (SELECT value FROM json_each(?))", asked)
        )

    def chunks(self, numbers: Iterable[int]) -> list[StoredChunk]:
        """The live chunks among these numbers, by number; numbers of chunks that are gone are dropped."""
        found = []
        with self._lock:
            for number, owner, start, end, heading, vector in self._rows(
                'SELECT number, document, start, "end", heading, vector FROM chunks'
                " WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number",
                json.dumps(list(numbers)),
            ):
                document = self._document(owner)
                chunk = Chunk(start, end, document.text[start:end], heading)
                found.append(StoredChunk(number, document, chunk, _from_blob(vector)))
        return found

    def _vectors_of(self, scope: Sequence[str]) -> tuple[list[int], Vectors]:
        rows = self._rows(
            "SELECT chunks.number, vector FROM chunks JOIN documents ON documents.number = chunks.document"
            " WHERE documents.id IN (SELECT value FROM json_each(?))",
            json.dumps(list(scope)),
        )
        if not rows:
            return [], np.zeros((0, 0), dtype=np.float32)
        return [row[0] for row in rows], np.stack([_from_blob(row[1]) for row in rows])

    # -- changing --------------------------------------------------------------------------------------------------

    def put(self, entries: Sequence[Entry], *, remove: Sequence[str] = (), files: Sequence[FileStamp] = ()) -> None:
        """Stores documents, replacing those with the same ids, and removes others, all in one commit.

        In the same commit `files` are remembered as completely read; any other file whose documents change is not,
        until it is among them.
        """
        with self._lock:
            first = self._next_number()
            fresh = list(range(first, first + sum(len(entry.chunks) for entry in entries)))
            if fresh:
                self._index()  # opening it clears the leftovers, so it has to be open before there are new ones
                with self._transaction():
                    self._execute_many("INSERT INTO leftovers VALUES (?)", ((number,) for number in fresh))
                self._index().add(fresh, np.concatenate([entry.vectors for entry in entries if len(entry.chunks)]))
            with self._transaction():
                changed = [entry.document.id for entry in entries] + list(remove)
                self._forget_files({entry.document.path for entry in entries} | set(map(self.path_of, changed)))
                dead = self._delete_documents(changed)
                number = first
                for entry in entries:
                    self._insert_document(entry, number)
                    number += len(entry.chunks)
                if fresh:
                    self._connection.execute("DELETE FROM leftovers WHERE chunk BETWEEN ? AND ?", (fresh[0], fresh[-1]))
                self._remember(files)
            self._forget_cached()
            if dead:
                self._clear_leftovers(self._index())

    def remove(self, ids: Sequence[str]) -> list[str]:
        """Removes documents; returns the ids that were there. Their files will be read again by the next sync."""
        with self._lock:
            there = [id for id in ids if self.path_of(id) is not None]
            with self._transaction():
                for id in there:  # a copy that stayed known would never be read
                    self._connection.execute(
                        "DELETE FROM files WHERE sha256 = (SELECT sha256 FROM files WHERE path ="
                        " (SELECT path FROM documents WHERE id = ?))",
                        (id,),
                    )
            self.put([], remove=there)
            return there

    def forget_file(self, path: str) -> list[str]:
        """Removes all documents of a file, and the memory of it; returns their ids."""
        with self._lock:
            ids = list(self.documents_of(path))
            with self._transaction():
                self._connection.execute("DELETE FROM files WHERE path = ?", (path,))
            if ids:
                self.put([], remove=ids)
            return ids

    def move(self, moves: Sequence[Move]) -> None:
        """Gives the documents of paths to other files, in one commit; nothing is embedded again.

        The moves happen at once, so that two files may change places. A new id may be one that another move gives up.
        """
        with self._lock, self._transaction():
            planned = []
            for move in moves:
                self._connection.execute("DELETE FROM files WHERE path = ?", (move.path,))
                for number, id in self._rows("SELECT number, id FROM documents WHERE path = ?", move.path):
                    planned.append((move.ids[id], move.to.path, number))
            self._execute_many(  # ids are unique at every moment
                "UPDATE documents SET id = char(0) || number WHERE number = ?", ((row[2],) for row in planned)
            )
            self._execute_many("UPDATE documents SET id = ?, path = ? WHERE number = ?", planned)
            self._remember([move.to for move in moves])
            self._forget_cached()

    def _forget_files(self, paths: Iterable[str | None]) -> None:
        self._execute_many("DELETE FROM files WHERE path = ?", ((path,) for path in paths))

    def _remember(self, files: Iterable[FileStamp]) -> None:
        self._execute_many(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
            ((file.path, file.size, file.modified, file.sha256) for file in files),
        )

    def _forget_cached(self) -> None:
        self._document.cache_clear()
        self._chunk_count = None

    def _next_number(self) -> int:
        rows = self._rows(
            "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'chunks'), 0),"
            " coalesce((SELECT max(chunk) FROM leftovers), 0))"
        )
        return int(rows[0][0]) + 1

    def _insert_document(self, entry: Entry, first_number: int) -> None:
        document = entry.document
        cursor = self._connection.execute(
            "INSERT INTO documents (id, path, title, source, date, issue, author, period, sha256, chunks, pages, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                document.path,
                document.title,
                document.source,
                document.date,
                document.issue,
                document.author,
                document.period,
                text_sha256(document),
                len(entry.chunks),
                json.dumps(document.pages),
                document.text,
            ),
        )
        for number, (chunk, vector) in enumerate(zip(entry.chunks, entry.vectors, strict=True), start=first_number):
            self._connection.execute(
                'INSERT INTO chunks (number, document, start, "end", heading, vector) VALUES (?, ?, ?, ?, ?, ?)',
                (number, cursor.lastrowid, chunk.start, chunk.end, chunk.heading, _to_blob(vector)),
            )
            self._connection.execute(
                "INSERT INTO lexicon (rowid, words) VALUES (?, ?)", (number, _words(document, chunk))
            )

    def _delete_documents(self, ids: Sequence[str]) -> list[int]:
        """Deletes catalog rows; the numbers of the dead chunks go to `leftovers` and are returned."""
        dead: list[int] = []
        for id in ids:
            rows = self._rows("SELECT number FROM documents WHERE id = ?", id)
            if not rows:
                continue
            document = self._read_document(rows[0][0])
            for number, start, end, heading in self._rows(
                'SELECT number, start, "end", heading FROM chunks WHERE document = ?', rows[0][0]
            ):
                chunk = Chunk(start, end, document.text[start:end], heading)
                self._connection.execute(
                    "INSERT INTO lexicon (lexicon, rowid, words) VALUES ('delete', ?, ?)",
                    (number, _words(document, chunk)),
                )
                self._connection.execute("INSERT INTO leftovers VALUES (?)", (number,))
                dead.append(number)
            self._connection.execute("DELETE FROM chunks WHERE document = ?", (rows[0][0],))
            self._connection.execute("DELETE FROM documents WHERE number = ?", (rows[0][0],))
        return dead

    def _clear_leftovers(self, index: VectorIndex) -> None:
        """Deletes from the index the vectors that a change, finished or not, has left there."""
        numbers = [row[0] for row in self._rows("SELECT chunk FROM leftovers")]
        index.delete(numbers)
        if numbers:
            with self._transaction():
                self._connection.execute("DELETE FROM leftovers")

    # -- checking and repairing --------------------------------------------------------------------------------------

    def problems(self) -> list[str]:
        """What is wrong with the library, one plain sentence each; an empty list means that all parts agree."""
        found = [f"The catalog is damaged: {row[0]}." for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]
        live = {row[0] for row in self._rows("SELECT number FROM chunks")}
        try:
            self._rows("INSERT INTO lexicon (lexicon) VALUES ('integrity-check')")
            listed = {row[0] for row in self._rows("SELECT rowid FROM lexicon")}
        except LibraryError:
            found.append("The lexical index is damaged.")
        else:
            if listed != live:
                found.append(f"The lexical index and the catalog differ in {len(listed ^ live)} passages.")
        try:
            with self._lock:
                indexed = self._vectors.numbers()
                hidden = set(self._vectors.unreachable(self._batches(indexed))) - set(self._reach().apart)
        except LibraryDamaged:
            return [*found, "The vector index cannot be read."]
        if missing := len(live - indexed):
            found.append(f"{missing} of {len(live)} passages are missing from the vector index.")
        if extra := len(indexed - live):
            found.append(f"The vector index holds {extra} passages that are no longer in the library.")
        if hidden:
            found.append(f"{len(hidden)} of {len(live)} passages cannot be reached in the vector index.")
        return found

    def ensure_reachable(self) -> Mended:
        """Makes sure that each live chunk is found by its own vector; costs nothing while none has been added."""
        with self._lock:
            (newest,) = self._rows("SELECT coalesce(max(number), 0) FROM chunks")[0]
            if newest <= self._reach().checked:
                return Mended()
            index = self._index()  # which may find that all have to be checked again, so it comes before
            self._unsettle()
            reach, mended = ensure_reachable(index, self._reach(), self._live(), self._batches, self._refill)
            self._remember_reach(reach)
            with self._transaction():
                self._connection.execute("DELETE FROM about WHERE name = 'unsettled'")
            return mended

    def _unsettle(self) -> None:
        """Notes that the vector index is being written, and that a crash from here on may leave its graph torn."""
        with self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO about VALUES ('unsettled', '')")

    def _refill(self) -> None:
        self._drop_index()
        self._index()

    def _live(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT number FROM chunks")]

    def _reach(self) -> Reach:
        rows = self._rows("SELECT value FROM about WHERE name = 'reach'")
        return Reach(*json.loads(rows[0][0])) if rows else Reach()

    def _remember_reach(self, reach: Reach) -> None:
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO about VALUES ('reach', ?)",
                (json.dumps([reach.checked, reach.swept, reach.apart]),),
            )

    def rebuild(self) -> None:
        """Makes the lexical and the vector index again from the catalog; nothing is embedded anew."""
        with self._lock:
            self._drop_index()
            with self._transaction():
                self._connection.execute("DROP TABLE vocabulary")
                self._connection.execute("DROP TABLE lexicon")
                for statement in _TABLES.strip().splitlines()[-2:]:
                    self._connection.execute(statement)
                for (owner,) in self._rows("SELECT number FROM documents"):
                    document = self._read_document(owner)
                    for number, start, end, heading in self._rows(
                        'SELECT number, start, "end", heading FROM chunks WHERE document = ?', owner
                    ):
                        chunk = Chunk(start, end, document.text[start:end], heading)
                        self._connection.execute(
                            "INSERT INTO lexicon (rowid, words) VALUES (?, ?)", (number, _words(document, chunk))
                        )
                self._connection.execute("DELETE FROM leftovers")
            self._index()
            self.ensure_reachable()

    def _drop_index(self) -> None:
        """Deletes the vector index; whoever needs it next, after a crash too, fills it from the catalog."""
        self._in_step = False
        self._remember_reach(Reach())
        self._vectors.drop()

    def _close_index(self) -> None:
        self._in_step = False
        self._vectors.close()

    def _embed_anew(self, encoder: Encoder) -> None:
        encoder.load()  # before anything is touched: it may not be there
        with self._lock:
            self._drop_index()
            with self._transaction():
                for (owner,) in tqdm(self._rows("SELECT number FROM documents"), desc="Embedding", disable=None):
                    numbers = [row[0] for row in self._rows("SELECT number FROM chunks WHERE document = ?", owner)]
                    found = self.chunks(numbers)
                    vectors = encoder.encode_documents([stored.indexed_text for stored in found])
                    self._execute_many(
                        "UPDATE chunks SET vector = ? WHERE number = ?",
                        ((_to_blob(vector), stored.number) for vector, stored in zip(vectors, found, strict=True)),
                    )
                self._connection.execute("UPDATE about SET value = ? WHERE name = 'encoder'", (encoder.name,))
            self.rebuild()

    # -- the vector index ------------------------------------------------------------------------------------------

    def _index(self) -> VectorIndex:
        """The vector index, opened on first use and made to agree with the catalog."""
        with self._lock:
            if not self._in_step:
                unsettled = bool(
                    self._rows("SELECT 1 FROM about WHERE name = 'unsettled' UNION ALL SELECT 1 FROM leftovers LIMIT 1")
                )
                try:
                    try:
                        self._bring_in_step(try_it=unsettled)
                    except LibraryDamaged:
                        if not unsettled:
                            raise
                        # A change was cut off while the graph was being written, so that it is torn.
                        self._drop_index()
                        self._bring_in_step()
                except BaseException:
                    self._close_index()
                    raise
                self._in_step = True
            return self._vectors

    def _bring_in_step(self, *, try_it: bool = False) -> None:
        self._clear_leftovers(self._vectors)
        if try_it and (first := self._live()[:1]):
            for _, vectors in self._batches(first):
                self._vectors.nearest(vectors[0], 1)
        self._fill()
        self._vectors.set_apart(self._batches(self._reach().apart))

    def _fill(self) -> None:
        """Adds what the catalog has and the index lacks, as after a lost disk write or a deleted index folder."""
        if self._vectors.count() >= self.chunk_count():
            return
        self._remember_reach(Reach())
        self._unsettle()
        there = self._vectors.numbers()
        missing = [number for number in self._live() if number not in there]
        self._vectors.fill(tqdm(self._batches(missing), desc="Restoring the vector index", disable=None))

    def _batches(self, numbers: Iterable[int]) -> Iterator[tuple[list[int], Vectors]]:
        """The chunks among these numbers that are live, with their vectors, some thousands at a time."""
        numbers = sorted(numbers)
        for start in range(0, len(numbers), _BATCH):
            rows = self._rows(
                "SELECT number, vector FROM chunks WHERE number IN (SELECT value FROM json_each(?))",
                json.dumps(numbers[start : start + _BATCH]),
            )
            if rows:
                yield [row[0] for row in rows], np.stack([_from_blob(row[1]) for row in rows])

    # -- SQLite ----------------------------------------------------------------------------------------------------

    def _rows(self, statement: str, *parameters: Any) -> list[Any]:
        with self._lock, _catalog_errors(self.folder):
            return self._connection.execute(statement, parameters).fetchall()

    def _execute_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, _catalog_errors(self.folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # after some errors SQLite has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise


def _words(document: Document, chunk: Chunk) -> str:
    return " ".join(tokens(indexed_text(document, chunk)))


def _to_blob(vector: Vectors) -> bytes:
    return vector.astype("<f2").tobytes()


def _from_blob(blob: bytes) -> Vectors:
    return np.frombuffer(blob, dtype="<f2").astype(np.float32)


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
    owner.write_text(json.dumps(about), encoding="utf-8")
    return lock


def _owner_of(file: Path) -> str:
    try:
        about: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return f"process {about['pid']} ({about['command']}, since {about['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"


@contextmanager
def _catalog_errors(folder: Path) -> Iterator[None]:
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
            connection.executescript(f"BEGIN; {_TABLES}")
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
