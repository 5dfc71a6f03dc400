"""The library on disk: a SQLite catalog, which is the truth, and a vector index, which can be made again from it.

SQLite holds documents, their text, chunks with offsets and vectors, the lexical index (FTS5) and what is known of each
file. The vector index holds the vectors once more, for search among many. A change is committed in one SQLite
transaction: new vectors are in the index before it and old ones leave the index after it, and the table `leftovers`
names the vectors that a crash in between would leave behind. So a reader meets the old version of a document or the new
one, never a mixture.

One process owns a library. The library knows nothing of questions, fusion or files' formats.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
from tqdm import tqdm

from rag.catalog import Catalog
from rag.embeddings import Encoder, Vectors
from rag.errors import InputError
from rag.lexicon import Lexicon
from rag.live_index import LiveIndex, from_blob, to_blob
from rag.stored import DocumentInfo, Entry, FileStamp, Move, StoredChunk, indexed_text, text_sha256
from rag.text import fold
from rag.types import Chunk, Document
from rag.vectors import Mended

__all__ = ["DocumentInfo", "Entry", "FileStamp", "Library", "Move", "StoredChunk", "indexed_text", "text_sha256"]

_KEPT = 16_000_000  # characters of documents that are kept in memory for the next search


class Library:
    """An open library. Use `Library.open`; close it, or use it in a `with` block. Safe to use from several threads."""

    def __init__(self, catalog: Catalog) -> None:
        self.folder = catalog.folder
        self._catalog = catalog
        self._index = LiveIndex(catalog)
        self._lexicon = Lexicon(catalog)
        self._recent: dict[int, Document] = {}  # by number, in the order in which they were read
        self._kept = 0  # characters of these
        self._chunk_count: int | None = None
        #: Another number whenever the documents have changed, for whoever keeps something that was made of them.
        self.version = 0
        #: Held by a sync, which plans upon what the library holds and may not find it changed by another one.
        self.syncing = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, encoder: str) -> Library:
        """Opens the library of a folder, or makes an empty one. `encoder` is the name of the encoder in use.

        Raises LibraryLocked when another process has it open, LibraryMismatch when it was made by another encoder or
        version, LibraryDamaged when the catalog cannot be read, LibraryError when the folder cannot be used.
        """
        return cls(Catalog.open(folder, encoder))

    @classmethod
    def adopt(cls, folder: Path, encoder: Encoder) -> Library:
        """Opens a library that another encoder made, and embeds all its passages anew with this one.

        Raises what `open` raises, but for the mismatch of encoders.
        """
        library = cls(Catalog.open(folder, encoder.name, of_any_encoder=True))
        try:
            library._embed_anew(encoder)
        except BaseException:
            library.close()
            raise
        return library

    def close(self) -> None:
        """Gives the library back; a second call does nothing."""
        with self._index.alone():
            self._index.close()
            self._catalog.close()

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
        for owner, copy in self._catalog.rows(
            "SELECT DISTINCT owner.path, copy.path FROM files AS owner JOIN files AS copy"
            " ON owner.sha256 = copy.sha256 AND owner.path != copy.path"
            " WHERE owner.path IN (SELECT path FROM documents) AND copy.path NOT IN (SELECT path FROM documents)"
            " ORDER BY copy.path"
        ):
            copies.setdefault(owner, []).append(copy)
        rows = self._catalog.rows(
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
        wanted = fold(source)
        return [
            id
            for id, date, name in self._catalog.rows("SELECT id, date, source FROM documents ORDER BY id")
            if (not (since or until) or date)
            and date >= since
            and (not until or date[: len(until)] <= until)
            and (not wanted or wanted in fold(name))
        ]

    def document(self, id: str) -> Document | None:
        """One document with its text, or None."""
        with self._catalog.lock:
            rows = self._catalog.rows("SELECT number FROM documents WHERE id = ?", id)
            return self._read([rows[0][0]])[rows[0][0]] if rows else None

    def entries(self, ids: Sequence[str]) -> list[Entry]:
        """Documents with their chunks and vectors, as `put` takes them: what was removed can be put back."""
        with self._catalog.lock:
            found = []
            for id in ids:
                rows = self._catalog.rows(
                    "SELECT chunks.number FROM chunks JOIN documents ON documents.number = chunks.document"
                    " WHERE documents.id = ?",
                    id,
                )
                if (document := self.document(id)) is not None:
                    stored = self.chunks([row[0] for row in rows])
                    vectors = np.stack([one.vector for one in stored]) if stored else np.zeros((0, 0), np.float32)
                    found.append(Entry(document, [one.chunk for one in stored], vectors))
            return found

    def chunk_count(self) -> int:
        """Live chunks in the library."""
        with self._catalog.lock:
            if self._chunk_count is None:
                self._chunk_count = int(self._catalog.rows("SELECT coalesce(sum(chunks), 0) FROM documents")[0][0])
            return self._chunk_count

    def documents_of(self, path: str) -> dict[str, str]:
        """Ids of the documents that came from a file, with their digests."""
        return dict(self._catalog.rows("SELECT id, sha256 FROM documents WHERE path = ?", path))

    def path_of(self, id: str) -> str | None:
        """The file that a document came from; None when there is no such document."""
        rows = self._catalog.rows("SELECT path FROM documents WHERE id = ?", id)
        return rows[0][0] if rows else None

    def files(self) -> dict[str, FileStamp]:
        """The files that have been read completely, by path."""
        return {row[0]: FileStamp(*row) for row in self._catalog.rows("SELECT path, size, modified, sha256 FROM files")}

    def _read(self, numbers: Iterable[int]) -> dict[int, Document]:
        """Live documents by number, those read of late from memory."""
        wanted = set(numbers)
        for number, *about, pages in self._catalog.rows(
            "SELECT number, id, text, title, source, date, path, issue, author, period, pages FROM documents"
            " WHERE number IN (SELECT value FROM json_each(?))",
            json.dumps([*(wanted - self._recent.keys())]),
        ):
            self._recent[number] = replace(Document(*about), pages=tuple(json.loads(pages)))
            self._kept += len(self._recent[number].text)
        found = {number: self._recent[number] for number in wanted}
        while self._kept > _KEPT:
            oldest = next(iter(self._recent))
            self._kept -= len(self._recent.pop(oldest).text)
        return found

    def edges(self, id: str) -> list[StoredChunk]:
        """The first and the last chunk of a document, where title, date, source and author stand."""
        rows = self._catalog.rows(
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
        with self._catalog.lock:
            return self._index.use().nearest(vector, k)

    def matching(self, words: Sequence[str], k: int, scope: Sequence[str] | None = None) -> list[int]:
        """Numbers of the k chunks that match any of the words best (BM25), the best first."""
        return self._lexicon.matching(words, k, scope)

    def document_frequencies(self, words: Iterable[str]) -> dict[str, int]:
        """In how many chunks each word stands; words that stand in none are left out."""
        return self._lexicon.document_frequencies(words)

    def chunks(self, numbers: Iterable[int]) -> list[StoredChunk]:
        """The live chunks among these numbers, by number; numbers of chunks that are gone are dropped."""
        with self._catalog.lock:
            rows = self._catalog.rows(
                'SELECT number, document, start, "end", heading, vector FROM chunks'
                " WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number",
                json.dumps(list(numbers)),
            )
            documents = self._read({row[1] for row in rows})
        return [
            StoredChunk(
                number,
                documents[owner],
                Chunk(start, end, documents[owner].text[start:end], heading),
                from_blob(vector),
            )
            for number, owner, start, end, heading, vector in rows
        ]

    def _vectors_of(self, scope: Sequence[str]) -> tuple[list[int], Vectors]:
        rows = self._catalog.rows(
            "SELECT chunks.number, vector FROM chunks JOIN documents ON documents.number = chunks.document"
            " WHERE documents.id IN (SELECT value FROM json_each(?))",
            json.dumps(list(scope)),
        )
        if not rows:
            return [], np.zeros((0, 0), dtype=np.float32)
        return [row[0] for row in rows], np.stack([from_blob(row[1]) for row in rows])

    # -- changing --------------------------------------------------------------------------------------------------

    def put(self, entries: Sequence[Entry], *, remove: Sequence[str] = (), files: Sequence[FileStamp] = ()) -> None:
        """Stores documents, replacing those with the same ids, and removes others, all in one commit.

        In the same commit `files` are remembered as completely read; any other file whose documents change is not,
        until it is among them.
        """
        with self._catalog.lock:
            first = self._next_number()
            fresh = list(range(first, first + sum(len(entry.chunks) for entry in entries)))
            try:
                if fresh:
                    self._index.add(fresh, np.concatenate([entry.vectors for entry in entries if len(entry.chunks)]))
                with self._catalog.transaction():
                    changed = [entry.document.id for entry in entries] + list(remove)
                    self._forget_files({entry.document.path for entry in entries} | set(map(self.path_of, changed)))
                    dead = self._delete_documents(changed)
                    number = first
                    for entry in entries:
                        self._insert_document(entry, number)
                        number += len(entry.chunks)
                    if fresh:
                        self._catalog.execute(
                            "DELETE FROM leftovers WHERE chunk BETWEEN ? AND ?", (fresh[0], fresh[-1])
                        )
                    self._remember(files)
                    self._forget_cached()
                if dead:
                    self._index.clear_leftovers()
            except BaseException:
                self._index.look_again()
                raise

    def remove(self, ids: Sequence[str], *, again: bool = True) -> list[str]:
        """Removes documents; returns the ids that were there.

        Their files will be read `again` by the next sync, or else only once they have changed.
        """
        with self._catalog.lock:
            there = [id for id in ids if self.path_of(id) is not None]
            if not again:
                read, paths = self.files(), {path for id in there if (path := self.path_of(id))}
                self.put([], remove=there, files=[read[path] for path in sorted(paths & read.keys())])
                return there
            with self._catalog.transaction():
                for id in there:  # a copy that stayed known would never be read
                    self._catalog.execute(
                        "DELETE FROM files WHERE sha256 = (SELECT sha256 FROM files WHERE path ="
                        " (SELECT path FROM documents WHERE id = ?))",
                        (id,),
                    )
            self.put([], remove=there)
            return there

    def look_again(self, paths: Sequence[str]) -> None:
        """Has files read again by the next sync, whether or not they have changed."""
        with self._catalog.lock, self._catalog.transaction():
            self._catalog.execute_many("DELETE FROM files WHERE path = ?", ((path,) for path in paths))

    def forget_file(self, path: str) -> list[str]:
        """Removes all documents of a file, and the memory of it; returns their ids."""
        with self._catalog.lock:
            ids = list(self.documents_of(path))
            with self._catalog.transaction():
                self._catalog.execute("DELETE FROM files WHERE path = ?", (path,))
            if ids:
                self.put([], remove=ids)
            return ids

    def move(self, moves: Sequence[Move]) -> None:
        """Gives the documents of paths to other files, in one commit; nothing is embedded again.

        The moves happen at once, so that two files may change places. A new id may be one that another move gives up.
        """
        with self._catalog.lock, self._catalog.transaction():
            planned = []
            for move in moves:
                self._catalog.execute("DELETE FROM files WHERE path = ?", (move.path,))
                for number, id in self._catalog.rows("SELECT number, id FROM documents WHERE path = ?", move.path):
                    planned.append((move.ids[id], move.to.path, number))
            self._catalog.execute_many(  # ids are unique at every moment
                "UPDATE documents SET id = char(0) || number WHERE number = ?", ((row[2],) for row in planned)
            )
            self._catalog.execute_many("UPDATE documents SET id = ?, path = ? WHERE number = ?", planned)
            self._remember([move.to for move in moves])
            self._forget_cached()

    def _forget_files(self, paths: Iterable[str | None]) -> None:
        self._catalog.execute_many("DELETE FROM files WHERE path = ?", ((path,) for path in paths))

    def _remember(self, files: Iterable[FileStamp]) -> None:
        self._catalog.execute_many(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
            ((file.path, file.size, file.modified, file.sha256) for file in files),
        )

    def _forget_cached(self) -> None:
        self._recent.clear()
        self._kept = 0
        self._chunk_count = None
        self.version += 1

    def _next_number(self) -> int:
        rows = self._catalog.rows(
            "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'chunks'), 0),"
            " coalesce((SELECT max(chunk) FROM leftovers), 0))"
        )
        return int(rows[0][0]) + 1

    def _insert_document(self, entry: Entry, first_number: int) -> None:
        document = entry.document
        owner = self._catalog.execute(
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
            self._catalog.execute(
                'INSERT INTO chunks (number, document, start, "end", heading, vector) VALUES (?, ?, ?, ?, ?, ?)',
                (number, owner, chunk.start, chunk.end, chunk.heading, to_blob(vector)),
            )
        numbered = enumerate(entry.chunks, start=first_number)
        self._lexicon.add((number, indexed_text(document, chunk)) for number, chunk in numbered)

    def _delete_documents(self, ids: Sequence[str]) -> list[int]:
        """Deletes catalog rows; the numbers of the dead chunks go to `leftovers` and are returned."""
        dead: list[int] = []
        for id in ids:
            rows = self._catalog.rows("SELECT number FROM documents WHERE id = ?", id)
            if not rows:
                continue
            texts = list(self._texts_of(rows[0][0]))
            self._lexicon.remove(texts)
            self._catalog.execute_many("INSERT INTO leftovers VALUES (?)", ((number,) for number, _ in texts))
            dead += [number for number, _ in texts]
            self._catalog.execute("DELETE FROM chunks WHERE document = ?", (rows[0][0],))
            self._catalog.execute("DELETE FROM documents WHERE number = ?", (rows[0][0],))
        return dead

    def _texts_of(self, owner: int) -> Iterator[tuple[int, str]]:
        """The number of each chunk of a document, with the text that it is found by."""
        document = self._read([owner])[owner]
        for number, start, end, heading in self._catalog.rows(
            'SELECT number, start, "end", heading FROM chunks WHERE document = ?', owner
        ):
            yield number, indexed_text(document, Chunk(start, end, document.text[start:end], heading))

    # -- checking and repairing --------------------------------------------------------------------------------------

    def problems(self) -> list[str]:
        """What is wrong with the library, one plain sentence each; an empty list means that all parts agree."""
        found = [
            f"The catalog is damaged: {row[0]}."
            for row in self._catalog.rows("PRAGMA integrity_check")
            if row[0] != "ok"
        ]
        return [*found, *self._lexicon.problems(), *self._index.problems()]

    def ensure_reachable(self) -> Mended:
        """Makes sure that each live chunk is found by its own vector; costs nothing while none has been added."""
        return self._index.ensure_reachable()

    def rebuild(self) -> None:
        """Makes the lexical and the vector index again from the catalog; nothing is embedded anew."""
        with self._index.alone():
            self._index.drop()
            with self._catalog.transaction():
                self._lexicon.empty()
                for (owner,) in self._catalog.rows("SELECT number FROM documents"):
                    self._lexicon.add(self._texts_of(owner))
                self._catalog.execute("DELETE FROM leftovers")
            self._index.use()
        self.ensure_reachable()

    def _embed_anew(self, encoder: Encoder) -> None:
        encoder.load()  # before anything is touched: it may not be there
        with self._index.alone():
            self._index.drop()
            with self._catalog.transaction():
                for (owner,) in tqdm(
                    self._catalog.rows("SELECT number FROM documents"), desc="Embedding", disable=None
                ):
                    numbers = [
                        row[0] for row in self._catalog.rows("SELECT number FROM chunks WHERE document = ?", owner)
                    ]
                    found = self.chunks(numbers)
                    vectors = encoder.encode_documents([stored.indexed_text for stored in found])
                    self._catalog.execute_many(
                        "UPDATE chunks SET vector = ? WHERE number = ?",
                        ((to_blob(vector), stored.number) for vector, stored in zip(vectors, found, strict=True)),
                    )
                self._catalog.execute("UPDATE about SET value = ? WHERE name = 'encoder'", (encoder.name,))
        self.rebuild()
