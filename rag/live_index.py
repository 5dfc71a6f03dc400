"""The vector index of a library, kept in step with its catalog.

The catalog is the truth. New vectors are in the index before the commit that makes them live, and old ones leave it
after the commit that makes them dead; the table `leftovers` names those that a crash in between would leave behind. An
index that is torn, lost or behind is made good from the catalog by whoever uses it first.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from tqdm import tqdm

from rag.catalog import Catalog
from rag.embeddings import Vectors
from rag.errors import LibraryDamaged
from rag.vectors import Mended, Reach, VectorIndex, ensure_reachable, with_progress

_BATCH = 5000  # vectors that are read from the catalog at once


class LiveIndex:
    """The index of a catalog's chunks. Safe to use from several threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._vectors = VectorIndex(catalog.folder / "vectors")
        self._in_step = False  # whether the index has been made to agree with the catalog since it was opened
        self._checking = threading.RLock()

    def use(self) -> VectorIndex:
        """The index, opened on first use and made to agree with the catalog. Hold the catalog's lock to change it."""
        with self._catalog.lock:
            if not self._in_step:
                unsettled = bool(
                    self._catalog.rows(
                        "SELECT 1 FROM about WHERE name = 'unsettled' UNION ALL SELECT 1 FROM leftovers LIMIT 1"
                    )
                )
                try:
                    try:
                        self._bring_in_step(try_it=unsettled)
                    except LibraryDamaged:
                        if not unsettled:
                            raise
                        # A change was cut off while the graph was being written, so that it is torn.
                        self.drop()
                        self._bring_in_step()
                except BaseException:
                    self._let_go()
                    raise
                self._in_step = True
            return self._vectors

    def add(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """Stores vectors that are not live yet; until they are, `leftovers` names them. Shape (numbers, dimensions)."""
        with self._catalog.lock:
            index = self.use()  # opening it clears the leftovers, so it has to be open before there are new ones
            with self._catalog.transaction():
                self._catalog.execute_many("INSERT INTO leftovers VALUES (?)", ((number,) for number in numbers))
            index.add(numbers, vectors)

    def clear_leftovers(self) -> None:
        """Deletes the vectors that a change, finished or not, has left in the index."""
        with self._catalog.lock:
            self.use()
            self._clear_leftovers()

    def look_again(self) -> None:
        """Has whoever uses the index next make it agree with the catalog, as after a change that failed."""
        self._in_step = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps others from using, changing and checking the index and the catalog; waits for a check to end."""
        with self._checking, self._catalog.lock:
            yield

    def close(self) -> None:
        """Lets go of the index. To be called `alone`."""
        self._let_go()

    def drop(self) -> None:
        """Deletes the index; whoever needs it next, after a crash too, fills it from the catalog.

        Hold the catalog's lock, or better be `alone`.
        """
        self._in_step = False
        self._remember_reach(Reach())
        self._vectors.drop()

    def batches(self, numbers: Iterable[int]) -> Iterator[tuple[list[int], Vectors]]:
        """The chunks among these numbers that are live, with their vectors, some thousands at a time."""
        numbers = sorted(numbers)
        for start in range(0, len(numbers), _BATCH):
            rows = self._catalog.rows(
                "SELECT number, vector FROM chunks WHERE number IN (SELECT value FROM json_each(?))",
                json.dumps(numbers[start : start + _BATCH]),
            )
            if rows:
                yield [row[0] for row in rows], np.stack([from_blob(row[1]) for row in rows])

    # -- checking ----------------------------------------------------------------------------------------------------

    def problems(self) -> list[str]:
        """Where the index and the catalog differ, one plain sentence each."""
        with self._checking:
            try:
                with self._catalog.lock:
                    live, indexed = set(self._live()), self._vectors.numbers()
                hidden = set(self._vectors.unreachable(self.batches(indexed))) - set(self.reach().apart)
            except LibraryDamaged:
                return ["The vector index cannot be read."]
            hidden &= set(self._live())  # others may have been removed meanwhile
        found = []
        if missing := len(live - indexed):
            found.append(f"{missing} of {len(live)} passages are missing from the vector index.")
        if extra := len(indexed - live):
            found.append(f"The vector index holds {extra} passages that are no longer in the library.")
        if hidden:
            found.append(f"{len(hidden)} of {len(live)} passages cannot be reached in the vector index.")
        return found

    def ensure_reachable(self) -> Mended:
        """Makes sure that each live chunk is found by its own vector; costs nothing while none has been added.

        Others can search and change the library while it looks; what they add is left to the next time.
        """
        with self._checking:
            ((newest,),) = self._catalog.rows("SELECT coalesce(max(number), 0) FROM chunks")
            if newest <= self.reach().checked:
                return Mended()
            index = self.use()  # which may find that all have to be checked again, so it comes before
            self._unsettle()
            mended = Mended()
            if live := self._live():
                reach, mended = ensure_reachable(
                    index, self.reach(), live, self.batches, self._refill, self._catalog.lock
                )
                self._remember_reach(reach)
            with self._catalog.transaction():
                self._catalog.execute("DELETE FROM about WHERE name = 'unsettled'")
            return mended

    def reach(self) -> Reach:
        """What is known of which chunks can be found."""
        rows = self._catalog.rows("SELECT value FROM about WHERE name = 'reach'")
        return Reach(*json.loads(rows[0][0])) if rows else Reach()

    def _remember_reach(self, reach: Reach) -> None:
        with self._catalog.transaction():
            self._catalog.execute(
                "INSERT OR REPLACE INTO about VALUES ('reach', ?)",
                (json.dumps([reach.checked, reach.swept, reach.apart]),),
            )

    def _unsettle(self) -> None:
        """Notes that the index is being written, and that a crash from here on may leave its graph torn."""
        with self._catalog.transaction():
            self._catalog.execute("INSERT OR REPLACE INTO about VALUES ('unsettled', '')")

    def _refill(self) -> None:
        with self._catalog.lock:
            self.drop()
            self.use()

    def _live(self) -> list[int]:
        return [row[0] for row in self._catalog.rows("SELECT number FROM chunks")]

    # -- in step -----------------------------------------------------------------------------------------------------

    def _bring_in_step(self, *, try_it: bool = False) -> None:
        self._clear_leftovers()
        if try_it and (first := self._live()[:1]):
            for _, vectors in self.batches(first):
                self._vectors.nearest(vectors[0], 1)
        self._fill()
        self._vectors.set_apart(self.batches(self.reach().apart))

    def _fill(self) -> None:
        """Adds what the catalog has and the index lacks, as after a lost disk write or a deleted index folder.

        Each is found by its own vector then, by the graph or else by comparison.
        """
        live = self._live()
        if self._vectors.count() >= len(live):
            return
        apart = self.reach().apart
        self._remember_reach(Reach(apart=apart))
        self._unsettle()
        there = self._vectors.numbers()
        missing = [number for number in live if number not in there]
        self._vectors.fill(tqdm(self.batches(missing), desc="Restoring the vector index", disable=None))
        lost = self._vectors.unreachable(with_progress(self.batches(missing), len(missing)))
        left = self._vectors.mend(lost, self.batches, self._catalog.lock)
        self._remember_reach(Reach(apart=sorted({*apart, *left} & set(live))))

    def _clear_leftovers(self) -> None:
        numbers = [row[0] for row in self._catalog.rows("SELECT chunk FROM leftovers")]
        self._vectors.delete(numbers)
        if numbers:
            with self._catalog.transaction():
                self._catalog.execute("DELETE FROM leftovers")

    def _let_go(self) -> None:
        self._in_step = False
        self._vectors.close()


def to_blob(vector: Vectors) -> bytes:
    """A vector as the catalog holds it."""
    return vector.astype("<f2").tobytes()


def from_blob(blob: bytes) -> Vectors:
    """The vector of a blob, shape (dimensions,)."""
    return np.frombuffer(blob, dtype="<f2").astype(np.float32)
