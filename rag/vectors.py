"""A folder of vectors, searched by their angle: the one place that knows Chroma.

A vector is known by the number of its chunk. The index knows nothing of the catalog, which is the truth and can make
it again; whoever owns both keeps them in step.

Chroma's graph (HNSW) does not promise to find everything. What loses a vector was measured (synthetic vectors of 384
dimensions in crowds, Chroma 1.5.9):

- Exact copies. They link to nothing but each other, and a search that meets them stays there: with 500 copies of each
  of three vectors, 250 to 800 of 5,000 were not found. So each vector is stored with a trace of noise of its own. It
  lies in a few dimensions, where a graph finds its way even among thousands of copies: of 20,000 with 2,000 copies of
  each of three, 8 were lost, but 1,552 with noise in all dimensions.
- Near copies: 12 to 25 of 20,000 with Chroma's 16 links, 0 to 2 with 32.
- Searches that end in the wrong valley: 51 of 100,000 with 16 links, 18 to 41 with 32, 3 to 5 when the links are chosen
  among 200 (ef_construction) instead of 100. Most are found again once stored anew, as the last.
- Chroma's `upsert` (see its issue 7758): what is not yet written to the disk goes into the graph once more with a later
  change, and moving a vector cuts it off. Of 500 upserted vectors 145 to 250 were lost once one was removed. With `add`
  none was. So nothing is ever replaced here, only removed and added.
- Removing, otherwise: none in any run, nor when a third of 100,000 was removed at once. What is removed stays in the
  graph as a stepping stone.

These two values also find more: recall@50 at 100,000 is .933 with Chroma's own, .953 with 32 links, .970 with both, for
4% more memory (302 MB, 225 of them for the index) and twice the time to build: 0.6 ms a vector on two cores, a fiftieth
of what it takes to embed it. Opening it in a new process takes 0.1 s, the first query 0.3 s, another 1.8 ms (p95 2.2).
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from rag.embeddings import Vectors
from rag.errors import LibraryDamaged
from rag.settings import available_cores

if TYPE_CHECKING:
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.models.Collection import Collection

_COLLECTION = "chunks"
_AT_ONCE = 5000  # Chroma refuses more than 5,461 at once
_QUERIES = 1000  # in one call: 0.5 ms each at 100,000 vectors, instead of 1.8
_TURN = 0.001  # seconds between two of these, in which another thread gets its turn
_EFFORT = 100  # how many of the nearest Chroma keeps in sight while it searches; asking for as many costs little more
_CROWD = 100  # neighbours of a new vector that may be lost for it: 14 of 17 were among these
_ATTEMPTS = 3
_SMALL = 4000  # vectors that are all checked in a second
_NEW_SHARE = 0.1  # of the vectors, after which all are checked
_LOST_SHARE = 0.001  # of the vectors, above which the index is made again
_FLUSH_AFTER = 1000  # changes, after which Chroma writes its graph to the disk
_NOISE = 3e-3  # length of the noise on a vector of length 1, and the most by which it changes a cosine, about
_NOISY = 16  # dimensions that have it
_CONFIGURATION: CreateCollectionConfiguration = {
    "hnsw": {
        "space": "cosine",
        "max_neighbors": 32,
        "ef_construction": 200,
        "ef_search": _EFFORT,
        "sync_threshold": _FLUSH_AFTER,
    }
}

Batches = Iterable[tuple[Sequence[int], Vectors]]


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known: vectors up to `checked` can be found, as at `swept`, the newest when all were checked at once.

    Those set `apart` are the exception.
    """

    checked: int = 0
    swept: int = 0
    apart: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Mended:
    """What was found and done. `apart`: how many are compared one by one from now on."""

    checked: int = 0
    lost: int = 0
    rebuilt: bool = False
    apart: int = 0


class VectorIndex:
    """The vectors of a folder, which is made and opened by the first method that needs it. Safe for several threads.

    Every method but `close` and `drop` raises LibraryDamaged when the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._client: Any = None
        self._opened: Collection | None = None
        self._apart: dict[int, Vectors] = {}
        self._count: int | None = None
        self._lock = threading.RLock()

    # -- changing --------------------------------------------------------------------------------------------------

    def add(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """Stores vectors, shape (len(numbers), dimensions), under numbers that are not in use."""
        for part in _parts(len(numbers), _AT_ONCE):
            with self._changed_collection() as collection:
                collection.add(
                    ids=[str(number) for number in numbers[part]], embeddings=_distinct(numbers[part], vectors[part])
                )

    def fill(self, batches: Batches) -> None:
        """Stores one batch of vectors after the other, so that never all are in memory."""
        for numbers, vectors in batches:
            self.add(numbers, vectors)

    def delete(self, numbers: Sequence[int]) -> None:
        """Removes vectors; numbers that are not there are ignored."""
        gone = set(numbers)
        with self._lock:
            self._apart = {number: vector for number, vector in self._apart.items() if number not in gone}
        for part in _parts(len(numbers), _AT_ONCE):
            with self._changed_collection() as collection:
                collection.delete(ids=[str(number) for number in numbers[part]])

    def flush(self) -> None:
        """Writes the graph to the disk, so that the next process searches this very graph.

        Chroma keeps the latest changes in a log, and each process that opens the folder adds them to the graph again,
        by several threads and so with other links. It writes the graph after so many changes; removing what is not
        there counts as one.
        """
        self.delete(range(-_FLUSH_AFTER, 0))

    def drop(self) -> None:
        """Deletes the folder with all its vectors; the next use makes a new one."""
        with self._lock:
            self.close()
            if self.folder.is_dir():
                with suppress(OSError):  # Chroma's list goes first: without it the rest counts as nothing
                    (self.folder / "chroma.sqlite3").unlink()
                shutil.rmtree(self.folder, ignore_errors=True)
            else:
                self.folder.unlink(missing_ok=True)

    def close(self) -> None:
        """Lets go of the folder; the next use opens it again. A second call does nothing."""
        with self._lock:
            client, self._client, self._opened, self._apart, self._count = self._client, None, None, {}, None
            if client is not None:
                client.close()

    # -- reading ---------------------------------------------------------------------------------------------------

    def nearest(self, vector: Vectors, k: int) -> list[int]:
        """Numbers of about the k vectors nearest to one of length 1, the nearest first; fewer where fewer are there."""
        (found,) = self._search(vector[np.newaxis], k)
        if apart := self._apart:
            cosines = np.stack([*apart.values()]) @ vector
            found |= dict(zip(apart, 1 - cosines, strict=True))
        return sorted(found, key=lambda number: found[number])[:k]

    def count(self) -> int:
        """How many vectors are stored."""
        with self._lock:
            if self._count is None:
                with self._collection() as collection:
                    self._count = collection.count()
            return self._count

    def numbers(self) -> set[int]:
        """The numbers of all vectors that are stored, whether or not a search can reach them."""
        with self._collection() as collection:
            return {int(number) for number in collection.get(include=[])["ids"]}

    # -- what the graph does not lead to ---------------------------------------------------------------------------

    def unreachable(self, batches: Batches) -> list[int]:
        """Those of the numbers that a search of the graph for their own vector does not find.

        In a crowd of more copies than such a search returns, one is found if the search ends in the crowd, and if the
        one itself is found by the vector with its own noise, so that it will be there when the others are gone.
        """
        lost = []
        for numbers, vectors in batches:
            first = self._search(vectors, 1)
            rows = [row for row, number in enumerate(numbers) if number not in first[row]]
            near = dict(zip(rows, self._search(vectors[rows], _EFFORT), strict=True))
            rows = [row for row in rows if numbers[row] not in near[row]]
            own = self._search(_distinct([numbers[row] for row in rows], vectors[rows]), _EFFORT)
            lost += [
                numbers[row]
                for row, found in zip(rows, own, strict=True)
                if numbers[row] not in found or min(near[row].values(), default=2) > _NOISE**2
            ]
        return lost

    def around(self, batches: Batches) -> set[int]:
        """The numbers among which a vector may have been lost because these have been added, and these themselves."""
        near: set[int] = set()
        for numbers, vectors in batches:
            near.update(numbers, *self._search(vectors, _CROWD))
        return near

    def mend(
        self,
        lost: Sequence[int],
        vectors_of: Callable[[Iterable[int]], Batches],
        changing: AbstractContextManager[Any],
    ) -> list[int]:
        """Stores lost vectors anew, as the last, which has proved to help; returns those that are still lost.

        `vectors_of` and `changing` are those of `ensure_reachable`.
        """
        for _ in range(_ATTEMPTS):
            if not lost:
                break
            with changing:
                for numbers, vectors in vectors_of(lost):
                    self.delete(numbers)
                    self.add(numbers, vectors)
            lost = self.unreachable(vectors_of(self.around(vectors_of(lost))))
        return list(lost)

    def set_apart(self, batches: Batches) -> None:
        """From now until it is closed `nearest` compares these vectors one by one, since the graph hides them."""
        self._apart = {
            number: vector for numbers, vectors in batches for number, vector in zip(numbers, vectors, strict=True)
        }

    # -- Chroma ----------------------------------------------------------------------------------------------------

    def _search(self, vectors: Vectors, k: int) -> list[dict[int, float]]:
        """For each vector what the graph leads to: distances (0 to 2), the smallest first, by number."""
        found: list[dict[int, float]] = []
        wanted = min(k, self.count())
        if wanted == 0:
            return [{} for _ in vectors]
        for part in _parts(len(vectors), _QUERIES):
            if part.start:
                time.sleep(_TURN)
            with self._collection() as collection:
                found += _query(collection, vectors[part], wanted)
        return found

    @contextmanager
    def _changed_collection(self) -> Iterator[Collection]:
        """The collection, whose vectors are to be counted anew afterwards."""
        with self._lock, self._collection() as collection:
            self._count = None
            yield collection

    @contextmanager
    def _collection(self) -> Iterator[Collection]:
        """Chroma's collection, for one thread at a time; what Chroma raises meanwhile becomes a LibraryDamaged."""
        try:
            with self._lock:
                if self._opened is None:
                    self._client, self._opened = _open_chroma(self.folder)
                yield self._opened
        except Exception as error:  # it raises several unrelated types for a damaged folder
            raise LibraryDamaged(
                f"The vector index {self.folder} cannot be used ({next(iter(str(error).splitlines()), error)}). "
                f"It can be rebuilt without embedding anything: jianbao doctor --repair --library {self.folder.parent}"
            ) from error


def ensure_reachable(
    index: VectorIndex,
    reach: Reach,
    live: Sequence[int],
    vectors_of: Callable[[Iterable[int]], Batches],
    rebuild: Callable[[], None],
    changing: AbstractContextManager[Any],
) -> tuple[Reach, Mended]:
    """Makes sure that each live vector is found by itself; returns what is known now, and what was done.

    A vector is lost only because others have been added, near it. So after a small change those added and their
    neighbours are checked (at 100,000: 25 in 0.7 s, 1,000 in 12 s, at most what it takes to embed them). All are
    checked when they are few, and when a tenth has been added since they last were (100,000 in 40 s, an eighth of what
    it takes to embed that tenth). What is lost is stored anew. If more than a few stay lost, `rebuild` has to empty
    the index, fill it again and mend it (100,000 in 100 s). What cannot be found even then is set apart. The times are
    those of one core; two take half as long.

    `live`: all numbers that should be there; a newer vector has a higher one. `vectors_of` gives vectors in batches,
    of those that are still live. `changing` is held while what has been read of them is put to use, so that none is
    removed meanwhile.
    """
    newest = max(live)
    fresh = [number for number in live if number > reach.checked]
    everything = len(live) <= _SMALL or newest - reach.swept > len(live) * _NEW_SHARE
    suspects = live if everything else index.around(vectors_of(fresh))
    lost = index.unreachable(with_progress(vectors_of(suspects), len(suspects)))
    few = max(1, int(len(live) * _LOST_SHARE))
    lost = _still_live(lost, vectors_of)
    left = index.mend(lost, vectors_of, changing) if len(lost) <= 10 * few else lost
    rebuilt = len(set(left) - set(reach.apart)) > few
    if rebuilt:
        rebuild()
        everything = True
    if rebuilt or (everything and len(lost) > few):  # mending so many may have hidden others, anywhere
        left = index.unreachable(with_progress(vectors_of(live), len(live)))
    apart = sorted(left if everything else {*left, *reach.apart} - (set(suspects) - set(left)))
    with changing:
        apart = _still_live(apart, vectors_of)
        index.set_apart(vectors_of(apart))
        index.flush()
    known = Reach(newest, newest if everything else reach.swept, apart)
    return known, Mended(len(suspects), len(lost), rebuilt, len(apart))


def _still_live(numbers: Sequence[int], vectors_of: Callable[[Iterable[int]], Batches]) -> list[int]:
    return [number for live, _ in vectors_of(numbers) for number in live]


def with_progress(batches: Batches, count: int) -> Iterator[tuple[Sequence[int], Vectors]]:
    """The batches, with a bar of progress when they take more than a few seconds."""
    with tqdm(total=count, desc="Checking the vector index", delay=3, leave=False, disable=None) as progress:
        for numbers, vectors in batches:
            yield numbers, vectors
            progress.update(len(numbers))


def _parts(count: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, count, size)]


def _distinct(numbers: Sequence[int], vectors: Vectors) -> Vectors:
    """The vectors with their numbers' noise, so that no two are the same."""
    noisy = vectors.copy()
    where = min(_NOISY, vectors.shape[1])
    scale = np.float32(_NOISE / np.sqrt(where))
    for row, number in enumerate(numbers):
        noisy[row, :where] += scale * np.random.default_rng(number).standard_normal(where, dtype=np.float32)
    return noisy


def _query(collection: Collection, vectors: Vectors, wanted: int) -> list[dict[int, float]]:
    """For each vector the distances of those near it, by number. Chroma takes one core a call, so several are made."""

    def ask(some: Vectors) -> list[dict[int, float]]:
        answer = collection.query(query_embeddings=some, n_results=wanted, include=["distances"])
        rows = zip(answer["ids"], answer["distances"] or [], strict=True)
        return [dict(zip(map(int, numbers), near, strict=True)) for numbers, near in rows]

    calls = min(available_cores(), len(vectors))
    if calls == 1:
        return ask(vectors)
    with ThreadPoolExecutor(calls) as pool:
        return [found for some in pool.map(ask, np.array_split(vectors, calls)) for found in some]


def _open_chroma(folder: Path) -> tuple[Any, Collection]:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    try:
        client = chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
        collection = client.get_or_create_collection(_COLLECTION, embedding_function=None, configuration=_CONFIGURATION)
    except BaseException:
        SharedSystemClient.clear_system_cache()  # which would hand out what could not be opened
        raise
    return client, collection
