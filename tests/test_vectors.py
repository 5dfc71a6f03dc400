from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag import Document, LibraryDamaged
from rag import vectors as vectors_module
from rag.embeddings import Vectors
from rag.store import Entry, Library
from rag.types import Chunk
from rag.vectors import Mended, VectorIndex

DIMENSIONS = 384


def like_texts(count: int, seed: int, *, copies: int = 0, dimensions: int = DIMENSIONS) -> Vectors:
    """Vectors such as texts have: crowded into topics, some nearly the same, and `copies` of one of them."""
    random = np.random.default_rng(seed)
    topics = random.standard_normal((max(1, count // 200), dimensions), dtype=np.float32)
    vectors = topics[random.integers(0, len(topics), count)]
    spread = random.choice(np.array([0.02, 0.3, 1.0], dtype=np.float32), (count, 1))
    vectors += spread * random.standard_normal((count, dimensions), dtype=np.float32)
    vectors[random.choice(count, copies, replace=False)] = vectors[0]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray((vectors / lengths).astype("<f2"), dtype=np.float32)  # as the catalog keeps them


def beside(vector: Vectors) -> Vectors:
    """What a question's vector is to a text's."""
    question = vector + like_texts(1, 2, dimensions=len(vector))[0] / 2
    return np.asarray(question / np.linalg.norm(question), dtype=np.float32)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[VectorIndex]:
    index = VectorIndex(tmp_path / "vectors")
    yield index
    index.close()


def batches_of(vectors: Vectors, size: int = 700) -> Iterator[tuple[Sequence[int], Vectors]]:
    for start in range(0, len(vectors), size):
        part = vectors[start : start + size]
        yield range(start, start + len(part)), part


# --- the index


def test_nothing_is_on_the_disk_before_the_first_use(index: VectorIndex) -> None:
    assert not index.folder.exists()
    assert index.count() == 0
    assert index.folder.is_dir()


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    one = like_texts(1, 0)
    assert index.nearest(one[0], 5) == []
    assert index.numbers() == set()
    assert index.unreachable([]) == []
    assert index.unreachable([([7], one)]) == [7]
    index.delete([7])


def test_what_is_added_is_found_the_nearest_first_and_in_a_new_process_too(index: VectorIndex) -> None:
    vectors = like_texts(300, 1)
    index.fill(batches_of(vectors, 70))
    query = beside(vectors[3])
    for _ in range(2):
        assert index.count() == 300
        assert index.numbers() == set(range(300))
        found = index.nearest(query, 20)
        cosines = vectors @ query
        assert len(found) == 20
        assert cosines[found].tolist() == pytest.approx(sorted(cosines, reverse=True)[:20], abs=2e-3)
        assert len(index.nearest(query, 1000)) == 300
        index.close()
        index.close()


def test_more_vectors_than_chroma_takes_at_once_can_be_added_and_removed(index: VectorIndex) -> None:
    vectors = like_texts(6000, 3, dimensions=16)
    index.add(range(6000), vectors)
    assert index.count() == 6000
    index.delete(range(5990))
    assert index.numbers() == set(range(5990, 6000))
    assert set(index.nearest(vectors[0], 50)) == set(range(5990, 6000))


def test_removing_what_is_not_there_changes_nothing(index: VectorIndex) -> None:
    vectors = like_texts(10, 4)
    index.add(range(10), vectors)
    index.delete([3, 99])
    assert index.numbers() == set(range(10)) - {3}
    assert 3 not in index.nearest(vectors[3], 10)


def test_a_dropped_index_is_empty_and_can_be_filled_again(index: VectorIndex) -> None:
    vectors = like_texts(10, 5)
    index.add(range(10), vectors)
    index.drop()
    assert not index.folder.exists()
    index.drop()
    index.add(range(10, 20), vectors)
    assert index.numbers() == set(range(10, 20))


def test_a_file_in_the_place_of_the_folder_is_an_error_until_it_is_dropped(index: VectorIndex) -> None:
    index.folder.write_text("in the way")
    with pytest.raises(LibraryDamaged) as caught:
        index.count()
    assert str(index.folder) in str(caught.value)
    assert str(caught.value).endswith(f"jianbao doctor --repair --library {index.folder.parent}")
    assert "\n" not in str(caught.value)
    index.drop()
    assert index.count() == 0


def test_vectors_of_another_length_are_an_error(index: VectorIndex) -> None:
    index.add([1], like_texts(1, 6))
    with pytest.raises(LibraryDamaged):
        index.add([2], like_texts(1, 6, dimensions=8))


def test_a_flushed_graph_is_on_the_disk(index: VectorIndex) -> None:
    vectors = like_texts(30, 7)
    index.add(range(30), vectors)
    assert not list(index.folder.glob("*/index_metadata.pickle"))
    index.flush()
    assert list(index.folder.glob("*/index_metadata.pickle"))
    assert index.numbers() == set(range(30))


# --- what the graph does not lead to


def test_a_vector_that_is_in_no_graph_is_unreachable(index: VectorIndex) -> None:
    vectors = like_texts(500, 8)
    index.add(range(500), vectors)
    assert index.unreachable(batches_of(vectors)) == []
    index.delete([7, 400])
    assert index.unreachable(batches_of(vectors)) == [7, 400]


def test_a_vector_under_another_ones_number_is_unreachable(index: VectorIndex) -> None:
    vectors = like_texts(500, 9)
    numbers = list(range(500))
    numbers[7] = 500
    index.add(numbers, vectors)
    assert index.unreachable(batches_of(vectors)) == [7]


def test_copies_of_a_vector_are_all_reachable_and_hide_no_other(index: VectorIndex) -> None:
    # Without their own noise Chroma finds neither most of these copies nor hundreds of the others.
    vectors = like_texts(3000, 10, copies=900)
    index.fill(batches_of(vectors))
    lost = index.unreachable(batches_of(vectors))
    assert len(lost) <= 3
    assert index.nearest(vectors[0], 50) != []
    copies = {number for number, vector in enumerate(vectors) if np.array_equal(vector, vectors[0])}
    assert len(copies) >= 900
    assert set(index.nearest(vectors[0], 50)) <= copies


def test_nothing_is_lost_when_one_is_removed_before_the_graph_is_on_the_disk(index: VectorIndex) -> None:
    # With Chroma's upsert instead of add a third of these are lost (chroma #7758).
    vectors = like_texts(500, 14)
    index.add(range(500), vectors)
    assert index.unreachable(batches_of(vectors)) == []
    index.delete([7])
    assert index.unreachable(batches_of(vectors)) == [7]
    assert set(index.nearest(vectors[0], 500)) == set(range(500)) - {7}


def test_lost_vectors_are_stored_anew(index: VectorIndex) -> None:
    vectors = like_texts(500, 11)
    index.add(range(500), vectors)
    index.delete([3, 4])

    def vectors_of(numbers: Iterable[int]) -> Iterator[tuple[Sequence[int], Vectors]]:
        chosen = sorted(numbers)
        yield chosen, vectors[chosen]

    assert index.mend([3, 4], vectors_of, nullcontext()) == []
    assert index.unreachable(batches_of(vectors)) == []
    assert index.count() == 500


def test_what_is_set_apart_is_found_in_its_place_until_it_is_removed(index: VectorIndex) -> None:
    vectors = like_texts(500, 12)
    index.add(range(500), vectors)
    query = beside(vectors[3])
    expected = index.nearest(query, 20)
    hidden = expected[5]
    index.delete([hidden])
    assert hidden not in index.nearest(query, 20)
    index.set_apart([([hidden], vectors[[hidden]])])
    assert set(index.nearest(query, 20)) == set(expected)
    assert index.nearest(vectors[hidden], 1) == [hidden]
    assert index.unreachable(batches_of(vectors)) == [hidden]
    index.delete([hidden])
    assert hidden not in index.nearest(query, 500)


# --- a library


def documents(first: int, vectors: Vectors, *, size: int = 20) -> list[Entry]:
    """Documents of so many chunks each; every chunk has one of the vectors."""
    return [
        Entry(
            Document(str(first + start // size), "字" * len(part)),
            [Chunk(at, at + 1, "字") for at in range(len(part))],
            part,
        )
        for start in range(0, len(vectors), size)
        for part in [vectors[start : start + size]]
    ]


def churn(library: Library, count: int) -> None:
    """Fills a library with so many chunks; then, three times, a fifth is replaced, and a tenth removed and added."""
    vectors = like_texts(2 * count, 20, copies=count // 20, dimensions=64)
    library.put(documents(0, vectors[:count]))
    random = np.random.default_rng(21)
    at = count
    for times in range(3):
        there = random.permutation([info.id for info in library.documents()]).tolist()
        replaced, removed = len(there) // 5, len(there) // 10
        fresh = documents(1_000_000 * (times + 1), vectors[at : at + 20 * (replaced + removed)])
        at += 20 * (replaced + removed)
        fresh[:replaced] = [
            replace(entry, document=replace(entry.document, id=id))
            for entry, id in zip(fresh[:replaced], there[:replaced], strict=True)
        ]
        library.put(fresh, remove=there[replaced : replaced + removed])


def hidden(library: Library) -> list[int]:
    """Live chunks that are not found by their own vector; nor is another chunk with the same vector."""
    chunks = dict(library._catalog.rows("SELECT number, vector FROM chunks"))
    vectors = np.stack([np.frombuffer(blob, dtype="<f2") for blob in chunks.values()]).astype(np.float32)
    first: list[list[str]] = []
    for start in range(0, len(vectors), 1000):
        with library._index.use()._collection() as collection:
            answer = collection.query(query_embeddings=vectors[start : start + 1000], n_results=1, include=[])
        first += answer["ids"]
    return [
        number
        for number, ids, vector in zip(chunks, first, vectors, strict=True)
        if ids != [str(number)]
        and chunks[number] not in {chunks[other] for other in library.nearest(vector, 50) if other in chunks}
    ]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", encoder="numbers") as library:
        yield library


def lose(library: Library, numbers: Sequence[int]) -> None:
    """Takes vectors out of the graph behind the catalog's back."""
    library._index.use().delete(numbers)


def test_in_a_churned_library_of_20000_chunks_each_is_found_by_its_own_vector(library: Library) -> None:
    churn(library, 20_000)
    assert library.chunk_count() == 20_000
    live = library._index._live()
    lose(library, live[::1999])
    assert len(hidden(library)) >= 8  # some have copies
    mended = library.ensure_reachable()
    assert mended.checked == 20_000
    assert mended.lost >= 11
    assert not mended.rebuilt
    assert hidden(library) == []
    assert library.ensure_reachable() == Mended()


def test_where_the_graph_has_lost_many_the_index_is_built_again(library: Library) -> None:
    churn(library, 3000)
    lose(library, library._index._live()[:300])
    mended = library.ensure_reachable()
    assert mended.lost >= 300
    assert mended.rebuilt
    assert hidden(library) == []
    assert library.problems() == []


def test_what_a_poor_graph_hides_is_found_nevertheless_and_after_opening_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = {"hnsw": {"space": "cosine", "max_neighbors": 4, "ef_construction": 8, "ef_search": 8}}
    monkeypatch.setattr(vectors_module, "_CONFIGURATION", poor)
    monkeypatch.setattr(vectors_module, "_EFFORT", 8)
    with Library.open(tmp_path, encoder="numbers") as library:
        churn(library, 3000)
        assert len(hidden(library)) > 30  # Chroma's own loss
        mended = library.ensure_reachable()
        assert mended.lost > 30
        assert mended.rebuilt
        assert mended.apart > 0
        assert hidden(library) == []
    with Library.open(tmp_path, encoder="numbers") as library:
        assert hidden(library) == []
        assert library.ensure_reachable() == Mended()
        (gone,) = library.remove([library.documents()[0].id])
        assert gone not in {info.id for info in library.documents()}
        assert hidden(library) == []


def test_after_a_small_change_only_the_new_chunks_and_their_neighbours_are_checked(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors_module, "_SMALL", 1000)
    churn(library, 3000)
    assert library.ensure_reachable().checked == 3000
    new = like_texts(40, 30, dimensions=64)
    library.put(documents(9_000_000, new))
    near = library.nearest(new[0], 5)
    lose(library, near)
    mended = library.ensure_reachable()
    assert 40 <= mended.checked < 3000
    assert mended.lost >= len(near)
    assert hidden(library) == []
    swept = library._index.reach().swept
    for part in range(1, 9):  # many small changes are a great one
        library.put(documents(9_000_000 + 10 * part, like_texts(40, 30 + part, dimensions=64)))
        library.ensure_reachable()
    assert library._index.reach().swept > swept


def test_a_library_that_only_lost_documents_is_not_checked(library: Library) -> None:
    library.put(documents(0, like_texts(100, 40, dimensions=64)))
    assert library.ensure_reachable().checked == 100
    library.remove(["0", "1"])
    assert library.ensure_reachable() == Mended()
    assert hidden(library) == []


def test_an_index_that_had_to_be_filled_again_is_checked_again(tmp_path: Path) -> None:
    with Library.open(tmp_path, encoder="numbers") as library:
        library.put(documents(0, like_texts(100, 41, dimensions=64)))
        library.ensure_reachable()
    shutil.rmtree(tmp_path / "vectors")
    with Library.open(tmp_path, encoder="numbers") as library:
        assert library.ensure_reachable() == Mended()  # nothing was added, so nothing is opened
        assert not (tmp_path / "vectors").exists()
        assert len(library.nearest(like_texts(1, 41, dimensions=64)[0], 50)) == 50
        assert library.ensure_reachable().checked == 100


# --- checked while others go on


@pytest.fixture
def checking(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A check of 300 chunks in another thread, which has begun and goes on once the event is set."""
    library.put(documents(0, like_texts(300, 50, dimensions=64)))
    begun, go_on = threading.Event(), threading.Event()
    unreachable = library._index._vectors.unreachable

    def slowly(batches: vectors_module.Batches) -> list[int]:
        known = list(batches)
        begun.set()
        assert go_on.wait(30)
        return unreachable(known)

    monkeypatch.setattr(library._index._vectors, "unreachable", slowly)
    with ThreadPoolExecutor(1) as pool:
        check = pool.submit(library.ensure_reachable)
        assert begun.wait(30)
        yield go_on
        go_on.set()
        check.result(60)


@pytest.mark.timeout(120)
def test_while_reachability_is_checked_others_search_and_change_the_library(
    library: Library, checking: threading.Event
) -> None:
    query = like_texts(1, 51, dimensions=64)[0]
    assert len(library.nearest(query, 5)) == 5
    there = [info.id for info in library.documents()]
    library.remove(there[:250])  # far more than may be lost before all is made again
    library.put(documents(9_000, like_texts(20, 52, dimensions=64)))
    found = library.nearest(query, 400)
    assert len(found) == library.chunk_count()
    checking.set()
    library.close()  # waits for the check
    with Library.open(library.folder, encoder="numbers") as opened:
        assert opened.problems() == []
        assert hidden(opened) == []
        assert opened._index.reach().apart == []
        assert opened.ensure_reachable().checked >= 20


@pytest.mark.timeout(120)
def test_a_library_may_be_emptied_while_it_is_checked(library: Library, checking: threading.Event) -> None:
    library.remove([info.id for info in library.documents()])
    checking.set()
    assert library.problems() == []
    assert library.nearest(like_texts(1, 51, dimensions=64)[0], 5) == []
    assert library.ensure_reachable() == Mended()


def test_an_index_whose_deletion_was_cut_off_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delete = shutil.rmtree

    def cut_off(folder: Path, **more: bool) -> None:
        next(path for path in folder.rglob("*.bin")).unlink()
        raise KeyboardInterrupt

    with Library.open(tmp_path, encoder="numbers") as library:
        library.put(documents(0, like_texts(300, 53, dimensions=64)))
        library.ensure_reachable()
        monkeypatch.setattr(shutil, "rmtree", cut_off)
        with pytest.raises(KeyboardInterrupt):
            library.rebuild()
        monkeypatch.setattr(shutil, "rmtree", delete)
    with Library.open(tmp_path, encoder="numbers") as library:
        assert hidden(library) == []
        library.rebuild()
        assert library.problems() == []
