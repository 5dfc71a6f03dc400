from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ingest.split import split
from rag import Document, LibraryDamaged, LibraryError, LibraryLocked, LibraryMismatch, Settings, store
from rag.store import Entry, FileStamp, Library, indexed_text
from rag.text import tokens
from rag.types import Chunk

from .conftest import WordEncoder

OLD = "全省開展培訓341期。\n\n培訓組工乾部8710人次。\n\n結成對子3265對。"
NEW = "全省舉辦講座29場。\n\n參加群眾5200人。"
OTHER = "牡丹江市修建公路17公里。\n\n投資3.5億元。"


@pytest.fixture
def encoder(settings: Settings) -> WordEncoder:
    return WordEncoder(settings)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def open_library(folder: Path) -> Iterator[Callable[[], Library]]:
    """Opens the library of the test's folder with the word encoder; closes what is still open at the end."""
    opened: list[Library] = []

    def open_() -> Library:
        opened.append(Library.open(folder, encoder="words"))
        return opened[-1]

    yield open_
    for library in opened:
        library.close()


@pytest.fixture
def library(open_library: Callable[[], Library]) -> Library:
    return open_library()


def entry(id: str, text: str, encoder: WordEncoder, *, title: str = "", path: str = "") -> Entry:
    """A document cut into its paragraphs."""
    document = Document(id, text, title, path=path)
    chunks = split(document, encoder.count_tokens, limit=30, minimum=1)
    return Entry(document, chunks, encoder.encode_documents([indexed_text(document, chunk) for chunk in chunks]))


def texts(library: Library) -> dict[str, str]:
    """Every document's text by its id; checks on the way that each chunk is what its offsets say."""
    found = {}
    for info in library.documents():
        document = library.document(info.id)
        assert document is not None
        found[info.id] = document.text
    return found


def numbers(library: Library) -> set[int]:
    return {row[0] for row in library._rows("SELECT number FROM chunks")}


def chroma(library: Library) -> dict[int, Any]:
    """What Chroma really holds: vectors by chunk number."""
    held = library._index().get(include=["embeddings"])
    return dict(zip(map(int, held["ids"]), held["embeddings"] or [], strict=True)) if held["ids"] else {}


def assert_whole(library: Library) -> None:
    """The catalog, the lexical index and Chroma hold the same chunks, and each is exactly what its document says."""
    live = numbers(library)
    stored = library.chunks(live)
    assert [found.number for found in stored] == sorted(live)
    assert library.chunk_count() == len(live) == sum(info.chunks for info in library.documents())
    assert {row[0] for row in library._rows("SELECT rowid FROM lexicon")} == live
    vectors = chroma(library)
    assert set(vectors) == live
    spoken: dict[str, set[int]] = {}
    for found in stored:
        document = library.document(found.document.id)
        assert document == found.document
        assert found.document.text[found.chunk.start : found.chunk.end] == found.chunk.text
        assert float(np.linalg.norm(found.vector)) == pytest.approx(1, abs=2e-3)
        assert np.allclose(vectors[found.number], found.vector, atol=2e-3)
        for word in tokens(found.indexed_text):
            spoken.setdefault(word, set()).add(found.number)
    for word, where in spoken.items():
        assert set(library.matching([word], len(live) + 1)) == where
    assert library.document_frequencies(spoken) == {word: len(where) for word, where in spoken.items()}
    assert library._rows("SELECT count(*) FROM vocabulary") == [(len(spoken),)]
    assert library.problems() == []


def said(library: Library, found: Sequence[int]) -> list[str]:
    by_number = {stored.number: stored.chunk.text for stored in library.chunks(found)}
    assert set(by_number) == set(found), "search returned a chunk that is not live"
    return [by_number[number] for number in found]


# --- storing, replacing, removing


def test_what_is_stored_comes_back_and_is_found(library: Library, encoder: WordEncoder) -> None:
    library.put([entry("a", OLD, encoder, title="簡報", path="/a.txt"), entry("b", OTHER, encoder)])
    assert library.document("a") == Document("a", OLD, "簡報", path="/a.txt")
    assert [info.as_dict() for info in library.documents()] == [
        {"id": "a", "title": "簡報", "source": "", "date": "", "path": "/a.txt", "chunks": 3},
        {"id": "b", "title": "", "source": "", "date": "", "path": "", "chunks": 2},
    ]
    assert said(library, library.matching(["3265"], 5)) == ["結成對子3265對。"]
    assert said(library, library.nearest(encoder.encode_query("修建公路"), 1)) == ["牡丹江市修建公路17公里。"]
    assert_whole(library)


def test_a_missing_document_is_none(library: Library) -> None:
    assert library.document("nowhere") is None
    assert library.path_of("nowhere") is None
    assert library.edges("nowhere") == []


def test_an_empty_library_finds_nothing_and_has_no_problems(library: Library, encoder: WordEncoder) -> None:
    assert library.nearest(encoder.encode_query("培訓"), 5) == []
    assert library.matching(["培训"], 5) == []
    assert library.documents() == []
    assert_whole(library)


def test_an_updated_document_replaces_its_old_chunks(library: Library, encoder: WordEncoder) -> None:
    library.put([entry("a", OLD, encoder), entry("b", OTHER, encoder)])
    old = {stored.number for stored in library.chunks(numbers(library)) if stored.document.id == "a"}
    library.put([entry("a", NEW, encoder)])
    assert texts(library) == {"a": NEW, "b": OTHER}
    assert library.chunks(old) == []
    assert library.matching(["8710"], 5) == []
    assert not old & set(library.nearest(encoder.encode_query("培訓組工乾部8710人次"), 50))
    assert not old & set(chroma(library))
    assert_whole(library)


def test_a_new_chunk_never_gets_an_old_chunks_number(library: Library, encoder: WordEncoder) -> None:
    seen: set[int] = set()
    for text in (OLD, NEW, OTHER, OLD):
        library.put([entry("a", text, encoder)])
        assert not seen & numbers(library)
        seen |= numbers(library)
    library.remove(["a"])
    library.put([entry("b", OLD, encoder)])
    assert not seen & numbers(library)


def test_storing_the_same_again_changes_nothing_that_a_reader_sees(library: Library, encoder: WordEncoder) -> None:
    def seen() -> Any:
        question = encoder.encode_query("培訓組工乾部多少人次")
        found = said(library, library.nearest(question, 3)), said(library, library.matching(["组工", "3265"], 5))
        return library.documents(), library.chunk_count(), texts(library), found

    entries = [entry("a", OLD, encoder), entry("b", OTHER, encoder)]
    library.put(entries)
    before = seen()
    library.put(entries)
    assert seen() == before
    assert_whole(library)


def test_a_removed_document_is_gone_from_every_index(library: Library, encoder: WordEncoder) -> None:
    library.put([entry("a", OLD, encoder), entry("b", OTHER, encoder)])
    assert library.remove(["a", "nowhere"]) == ["a"]
    assert texts(library) == {"b": OTHER}
    assert library.matching(["8710"], 5) == []
    assert len(library.nearest(encoder.encode_query("培訓"), 50)) == 2
    assert_whole(library)


def test_removing_a_document_forgets_its_file_but_no_other(library: Library, encoder: WordEncoder) -> None:
    for id in ("a", "b"):
        stamp = FileStamp(f"/{id}.txt", 1, 2, "digest")
        library.put([entry(id, OLD, encoder, path=f"/{id}.txt")], file=stamp)
    library.remove(["a"])
    assert library.files() == {"/b.txt": FileStamp("/b.txt", 1, 2, "digest")}


def test_a_forgotten_file_takes_all_its_documents_with_it(library: Library, encoder: WordEncoder) -> None:
    stamp = FileStamp("/set.jsonl", 1, 2, "digest")
    library.put([entry(id, text, encoder, path="/set.jsonl") for id, text in (("a", OLD), ("b", NEW))], file=stamp)
    library.put([entry("c", OTHER, encoder, path="/c.txt")])
    assert sorted(library.forget_file("/set.jsonl")) == ["a", "b"]
    assert texts(library) == {"c": OTHER}
    assert library.files() == {}
    assert_whole(library)


def test_the_edges_of_a_document_are_its_first_and_last_chunk(library: Library, encoder: WordEncoder) -> None:
    library.put([entry("a", OLD, encoder)])
    assert [stored.chunk.text for stored in library.edges("a")] == ["全省開展培訓341期。", "結成對子3265對。"]


def test_a_title_is_searched_with_every_chunk_but_is_not_part_of_its_text(
    library: Library, encoder: WordEncoder
) -> None:
    library.put([entry("a", OLD, encoder, title="創先爭優"), entry("b", OTHER, encoder)])
    assert len(library.matching(["争优"], 9)) == 3
    assert "創先爭優" not in "".join(stored.chunk.text for stored in library.chunks(numbers(library)))


def test_a_document_without_chunks_can_be_stored_searched_and_removed(library: Library, encoder: WordEncoder) -> None:
    library.put([Entry(Document("empty", " "), [], encoder.encode_documents([]))])
    assert library.nearest(encoder.encode_query("培訓"), 5, ["empty"]) == []
    assert library.edges("empty") == []
    assert library.remove(["empty"]) == ["empty"]
    assert_whole(library)


# --- invariants

TEXTS = st.lists(
    st.sampled_from([*OLD.split("\n\n"), *OTHER.split("\n\n"), "Don't stop. It's 3.5%", "𠀀🙂 e\u0301", "NEAR(a) AND *"])
    | st.text(st.characters(blacklist_categories=["Cs"]), max_size=30),
    min_size=1,
    max_size=4,
).map("\n\n".join)
CHANGES = st.lists(
    st.tuples(st.sampled_from("abc"), TEXTS) | st.tuples(st.sampled_from("abc"), st.none()), min_size=1, max_size=6
)


@given(CHANGES)
@examples(max_examples=25, deadline=None)
def test_after_any_changes_all_parts_agree_and_every_chunk_is_exact(changes: list[tuple[str, str | None]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        encoder = WordEncoder(Settings(library=Path(place)))
        expected: dict[str, str] = {}
        with Library.open(Path(place), encoder="words") as library:
            for id, text in changes:
                if text is None:
                    assert library.remove([id]) == ([id] if id in expected else [])
                    expected.pop(id, None)
                else:
                    library.put([entry(id, text, encoder, title=f"題{id}")])
                    expected[id] = text
            assert texts(library) == expected
            assert_whole(library)
        with Library.open(Path(place), encoder="words") as library:
            assert texts(library) == expected
            assert_whole(library)


# --- a crash at any moment


class Crash(BaseException):
    """The end of the process, as far as the library can tell: after the first, everything it tries fails."""


class Countdown:
    """Lets so many steps (statements and calls of Chroma) happen, then none."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        if self.left <= 0:
            raise Crash
        self.left -= 1


class CrashingConnection(sqlite3.Connection):
    countdown: Countdown

    def execute(self, *arguments: Any) -> Any:
        self.countdown.step()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        self.countdown.step()
        return super().executemany(*arguments)

    def executescript(self, *arguments: Any) -> Any:
        self.countdown.step()
        return super().executescript(*arguments)


class CrashingCollection:
    def __init__(self, collection: Any, countdown: Countdown) -> None:
        self.collection, self.countdown = collection, countdown

    def __getattr__(self, name: str) -> Any:
        self.countdown.step()
        return getattr(self.collection, name)


def crash_after(steps: int, folder: Path, operation: Callable[[Path], None]) -> bool:
    """Runs an operation that opens the library, with a crash after so many steps; whether it came to its end."""
    countdown = Countdown(steps)
    CrashingConnection.countdown = countdown
    libraries: list[Library] = []
    open_chroma, remember = store._open_chroma, Library.__init__

    def open_crashing(place: Path) -> tuple[Any, Any]:
        countdown.step()
        client, collection = open_chroma(place)
        return client, CrashingCollection(collection, countdown)

    def init(self: Library, *arguments: Any) -> None:
        libraries.append(self)
        remember(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.sqlite3, "connect", partial(sqlite3.connect, factory=CrashingConnection))
        patch.setattr(store, "_open_chroma", open_crashing)
        patch.setattr(Library, "__init__", init)
        try:
            operation(folder)
        except Crash:
            return False
        finally:
            for library in libraries:
                library.close()
    return True


def replace(encoder: WordEncoder, folder: Path) -> None:
    library = Library.open(folder, encoder="words")
    stamp = FileStamp("/a.txt", 2, 2, "new")
    library.put([entry("a", NEW, encoder, path="/a.txt")], remove=["c"], file=stamp)


def remove(encoder: WordEncoder, folder: Path) -> None:
    Library.open(folder, encoder="words").remove(["a", "c"])


def forget(encoder: WordEncoder, folder: Path) -> None:
    Library.open(folder, encoder="words").forget_file("/a.txt")


def rebuild(encoder: WordEncoder, folder: Path) -> None:
    Library.open(folder, encoder="words").rebuild()


#: What each operation may leave behind: all that was there before, or all that was wanted.
BEFORE = {"a": OLD, "b": OTHER, "c": OLD}
OUTCOMES = [
    (replace, {"a": NEW, "b": OTHER}),
    (remove, {"b": OTHER}),
    (forget, {"b": OTHER, "c": OLD}),
    (rebuild, BEFORE),
]


@pytest.mark.parametrize(("operation", "after"), OUTCOMES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_crash_at_any_step_leaves_the_old_or_the_new_version_and_no_orphans(
    tmp_path: Path, encoder: WordEncoder, operation: Callable[[WordEncoder, Path], None], after: dict[str, str]
) -> None:
    with Library.open(tmp_path / "before", encoder="words") as library:
        library.put([entry("a", OLD, encoder, path="/a.txt")], file=FileStamp("/a.txt", 1, 1, "old"))
        library.put([entry("b", OTHER, encoder, path="/b.txt"), entry("c", OLD, encoder, path="/c.txt")])
    outcomes = []
    for steps in range(1000):
        folder = tmp_path / str(steps)
        shutil.copytree(tmp_path / "before", folder)
        finished = crash_after(steps, folder, partial(operation, encoder))
        with Library.open(folder, encoder="words") as library:
            found = texts(library)
            assert found in (BEFORE, after)
            if library.files().get("/a.txt") == FileStamp("/a.txt", 2, 2, "new"):
                assert found == after  # a file counts as read only together with its documents
            if library.files().get("/a.txt") == FileStamp("/a.txt", 1, 1, "old"):
                assert found == BEFORE
            said(library, library.nearest(encoder.encode_query("培訓組工乾部8710人次"), 50))
            assert_whole(library)
            # What comes next does not inherit anything from the crash.
            library.put([entry("d", NEW, encoder)])
            assert texts(library) == {**found, "d": NEW}
            assert_whole(library)
        shutil.rmtree(folder)
        outcomes.append(found)
        if finished:
            break
    assert finished
    assert outcomes[0] == BEFORE
    assert outcomes[-1] == after


def test_a_crash_while_another_encoder_takes_over_leaves_no_mixture_of_vectors(
    tmp_path: Path, encoder: WordEncoder, settings: Settings
) -> None:
    class BackwardsEncoder(WordEncoder):
        def encode_query(self, question: str) -> Any:
            return super().encode_query(question)[::-1].copy()

    backwards = BackwardsEncoder(settings, "backwards")
    with Library.open(tmp_path / "before", encoder="words") as library:
        library.put([entry("a", OLD, encoder), entry("b", OTHER, encoder)])
    for steps in range(1000):
        folder = tmp_path / str(steps)
        shutil.copytree(tmp_path / "before", folder)
        finished = crash_after(steps, folder, lambda place: Library.adopt(place, backwards).close())
        try:
            library, owner = Library.open(folder, encoder="words"), encoder
        except LibraryMismatch:
            library, owner = Library.open(folder, encoder="backwards"), backwards
        with library:
            for stored in library.chunks(numbers(library)):
                assert np.allclose(stored.vector, owner.encode_query(stored.chunk.text), atol=2e-3)
            assert_whole(library)
        if finished:
            break
    assert finished
    assert owner is backwards


def test_a_crash_while_a_library_is_made_leaves_a_folder_that_opens(tmp_path: Path) -> None:
    for steps in range(100):
        folder = tmp_path / str(steps)
        finished = crash_after(steps, folder, lambda place: Library.open(place, encoder="words").close())
        with Library.open(folder, encoder="words") as library:
            assert library.documents() == []
        if finished:
            break
    assert finished
    assert steps > 3


@pytest.mark.parametrize("step", ["_add_vectors", "_insert_document", "_clear_leftovers"])
def test_an_error_in_the_middle_leaves_an_open_library_that_goes_on(
    library: Library, encoder: WordEncoder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    library.put([entry("a", OLD, encoder)])
    with monkeypatch.context() as patch, pytest.raises(OSError, match="the disk is gone"):
        patch.setattr(library, step, fail)
        library.put([entry("a", NEW, encoder)])
    assert texts(library) in ({"a": OLD}, {"a": NEW})
    library.put([entry("a", OTHER, encoder)])
    assert texts(library) == {"a": OTHER}
    assert_whole(library)


def test_a_killed_process_leaves_the_old_version_and_its_lock_goes_with_it(
    folder: Path, encoder: WordEncoder, open_library: Callable[[], Library]
) -> None:
    with Library.open(folder, encoder="words") as library:
        library.put([entry("a", OLD, encoder)])
    program = """
import os, sys
from pathlib import Path
import numpy as np
from rag import Document
from rag.store import Entry, Library
from rag.types import Chunk

library = Library.open(Path(sys.argv[1]), encoder="words")
library._insert_document = lambda *_: os._exit(9)
library.put([Entry(Document("a", "new"), [Chunk(0, 3, "new")], np.eye(1, 256, dtype=np.float32))])
"""
    assert subprocess.run([sys.executable, "-c", program, str(folder)], timeout=120).returncode == 9
    library = open_library()
    assert texts(library) == {"a": OLD}
    assert len(said(library, library.nearest(encoder.encode_query("培訓"), 50))) == 3
    assert_whole(library)


# --- search


def test_words_that_are_query_language_are_only_words(library: Library, encoder: WordEncoder) -> None:
    text = "NEAR the river\n\nyou AND me\n\nit's OR else NOT\n\n培訓8710人次"
    library.put([entry("a", text, encoder)])

    def found(*words: str) -> list[str]:
        return sorted(said(library, library.matching(words, 9)))

    assert found("NEAR") == ["NEAR the river"]
    assert found("AND") == ["you AND me"]
    assert found("NOT", "OR") == ["it's OR else NOT"]
    assert found("it's") == ["it's OR else NOT"]
    assert found('8710"') == found("8710 ") == found("words:8710") == found("^8710*") == ["培訓8710人次"]
    assert found('"') == found("*") == found("") == found("-", "(", ")") == found() == []
    assert found('"', "8710", "*") == ["培訓8710人次"]


@given(st.lists(st.text(max_size=12), max_size=4))
@examples(max_examples=100, deadline=None)
def test_any_words_can_be_looked_up(asked: list[str]) -> None:
    library, entries = READ_ONLY
    assert set(library.matching(asked, 9)) <= numbers(library)
    assert library.document_frequencies(word for word in asked if word.isascii()).keys() <= set(asked)
    assert library.matching([*asked, "8710"], 9)[:9] != []
    assert len(entries) == 1


@pytest.fixture(scope="module", autouse=True)
def _read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    global READ_ONLY
    folder = tmp_path_factory.mktemp("read-only")
    encoder = WordEncoder(Settings(library=folder))
    with Library.open(folder, encoder="words") as library:
        entries = [entry("a", OLD, encoder)]
        library.put(entries)
        READ_ONLY = library, entries
        yield


READ_ONLY: tuple[Library, list[Entry]]
