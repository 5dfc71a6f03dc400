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
from operator import attrgetter
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ingest.split import split
from rag import Document, LibraryDamaged, LibraryError, LibraryLocked, LibraryMismatch, Settings, catalog, vectors
from rag.store import Entry, FileStamp, Library, indexed_text
from rag.text import tokens
from tests.conftest import WordEncoder

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
    return {row[0] for row in library._catalog.rows("SELECT number FROM chunks")}


def chroma(library: Library) -> dict[int, Any]:
    """What Chroma really holds: vectors by chunk number."""
    with library._index.use()._collection() as collection:
        held = collection.get(include=["embeddings"])
    embeddings: Any = held["embeddings"]
    return dict(zip(map(int, held["ids"]), embeddings, strict=True))


def assert_whole(library: Library) -> None:
    """The catalog, the lexical index and Chroma hold the same chunks, and each is exactly what its document says."""
    live = numbers(library)
    stored = library.chunks(live)
    assert [found.number for found in stored] == sorted(live)
    assert library.chunk_count() == len(live) == sum(info.chunks for info in library.documents())
    assert {row[0] for row in library._catalog.rows("SELECT rowid FROM lexicon")} == live
    indexed = chroma(library)
    assert set(indexed) == live
    spoken: dict[str, set[int]] = {}
    for found in stored:
        document = library.document(found.document.id)
        assert document == found.document
        assert found.document.text[found.chunk.start : found.chunk.end] == found.chunk.text
        assert float(np.linalg.norm(found.vector)) == pytest.approx(1, abs=2e-3)
        assert np.linalg.norm(indexed[found.number] - found.vector) < 0.01  # it has its own noise there
        for word in tokens(found.indexed_text):
            spoken.setdefault(word, set()).add(found.number)
    for word, where in spoken.items():
        assert set(library.matching([word], len(live) + 1)) == where
    assert library.document_frequencies(spoken) == {word: len(where) for word, where in spoken.items()}
    assert library._catalog.rows("SELECT count(*) FROM vocabulary") == [(len(spoken),)]
    assert library.problems() == []


def said(library: Library, found: Sequence[int]) -> list[str]:
    by_number = {stored.number: stored.chunk.text for stored in library.chunks(found)}
    assert set(by_number) == set(found), "search returned a chunk that is not live"
    return [by_number[number] for number in found]


# --- storing, replacing, removing


def test_what_is_stored_comes_back_and_is_found(library: Library, encoder: WordEncoder) -> None:
    library.put([entry("a", OLD, encoder, title="簡報", path="/a.txt"), entry("b", OTHER, encoder)])
    assert library.document("a") == Document("a", OLD, "簡報", path="/a.txt")
    assert [(info.id, info.title, info.path, info.chunks) for info in library.documents()] == [
        ("a", "簡報", "/a.txt", 3),
        ("b", "", "", 2),
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
        found = said(library, library.nearest(question, 2)), said(library, library.matching(["组工", "3265"], 5))
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
        stamp = FileStamp(f"/{id}.txt", 1, 2, f"digest of {id}")
        library.put([entry(id, OLD, encoder, path=f"/{id}.txt")], files=[stamp])
    library.remove(["a"])
    assert library.files() == {"/b.txt": FileStamp("/b.txt", 1, 2, "digest of b")}


def test_a_forgotten_file_takes_all_its_documents_with_it(library: Library, encoder: WordEncoder) -> None:
    stamp = FileStamp("/set.jsonl", 1, 2, "digest")
    library.put([entry(id, text, encoder, path="/set.jsonl") for id, text in (("a", OLD), ("b", NEW))], files=[stamp])
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

PARAGRAPHS = [*OLD.split("\n\n"), *OTHER.split("\n\n"), "Don't stop. It's 3.5%", "𠀀🙂 e\u0301", "NEAR(a) AND *"]
TEXTS = st.lists(st.sampled_from(PARAGRAPHS) | st.text(max_size=30), min_size=1, max_size=4).map("\n\n".join)
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
    """Lets so many steps happen, then none. A step changes SQLite, Chroma or the folder; reading is none."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        if self.left <= 0:
            raise Crash
        self.left -= 1


class CrashingConnection(sqlite3.Connection):
    countdown: Countdown

    def execute(self, statement: str, *parameters: Any) -> Any:
        if not statement.startswith(("SELECT", "PRAGMA")):
            self.countdown.step()
        return super().execute(statement, *parameters)

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
        if name in ("add", "delete"):
            self.countdown.step()
        return getattr(self.collection, name)


def crash_after(steps: int, folder: Path, operation: Callable[[Path], None]) -> bool:
    """Runs an operation that opens the library, with a crash after so many steps; whether it came to its end."""
    countdown = Countdown(steps)
    CrashingConnection.countdown = countdown
    libraries: list[Library] = []
    open_chroma, remember, delete_folder = vectors._open_chroma, Library.__init__, shutil.rmtree

    def open_crashing(place: Path) -> tuple[Any, Any]:
        countdown.step()
        client, collection = open_chroma(place)
        return client, CrashingCollection(collection, countdown)

    def rmtree(*arguments: Any, **options: Any) -> None:
        countdown.step()
        delete_folder(*arguments, **options)

    def init(self: Library, *arguments: Any) -> None:
        libraries.append(self)
        remember(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=CrashingConnection))
        patch.setattr(vectors, "_open_chroma", open_crashing)
        patch.setattr(shutil, "rmtree", rmtree)
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
    library.put([entry("a", NEW, encoder, path="/a.txt")], remove=["c"], files=[stamp])


def remove(encoder: WordEncoder, folder: Path) -> None:
    Library.open(folder, encoder="words").remove(["a", "c"])


def forget(encoder: WordEncoder, folder: Path) -> None:
    Library.open(folder, encoder="words").forget_file("/a.txt")


def rebuild(encoder: WordEncoder, folder: Path) -> None:
    Library.open(folder, encoder="words").rebuild()


def find_lost_vectors(encoder: WordEncoder, folder: Path) -> None:
    library = Library.open(folder, encoder="words")
    library._index.use().delete([1, 5, 6])
    assert library.ensure_reachable().lost == 3


#: What each operation may leave behind: all that was there before, or all that was wanted.
BEFORE = {"a": OLD, "b": OTHER, "c": OLD}
OUTCOMES = [
    (replace, {"a": NEW, "b": OTHER}),
    (remove, {"b": OTHER}),
    (forget, {"b": OTHER, "c": OLD}),
    (rebuild, BEFORE),
    (find_lost_vectors, BEFORE),
]


@pytest.mark.parametrize(("operation", "after"), OUTCOMES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_crash_at_any_step_leaves_the_old_or_the_new_version_and_no_orphans(
    tmp_path: Path, encoder: WordEncoder, operation: Callable[[WordEncoder, Path], None], after: dict[str, str]
) -> None:
    with Library.open(tmp_path / "before", encoder="words") as library:
        library.put([entry("a", OLD, encoder, path="/a.txt")], files=[FileStamp("/a.txt", 1, 1, "old")])
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
    assert steps >= 3


@pytest.mark.parametrize("step", ["_index._vectors.add", "_insert_document", "_index._clear_leftovers"])
def test_an_error_in_the_middle_leaves_an_open_library_that_goes_on(
    library: Library, encoder: WordEncoder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    library.put([entry("a", OLD, encoder)])
    *inner, name = step.split(".")
    monkeypatch.setattr(attrgetter(".".join(inner))(library) if inner else library, name, fail)
    with pytest.raises(OSError, match="the disk is gone"):
        library.put([entry("a", NEW, encoder)])
    monkeypatch.undo()
    assert texts(library) in ({"a": OLD}, {"a": NEW})
    assert said(library, library.nearest(encoder.encode_query("培訓"), 50))
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
@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_can_be_looked_up(library: Library, encoder: WordEncoder, asked: list[str]) -> None:
    if not library.documents():
        library.put([entry("a", OLD, encoder)])
    assert set(library.matching(asked, 9)) <= numbers(library)
    assert set(library.document_frequencies(asked)) <= set(asked)
    assert set(library.matching(["8710"], 9)) <= set(library.matching([*asked, "8710"], 9))


def test_every_word_of_a_text_leads_back_to_it(library: Library, encoder: WordEncoder) -> None:
    text = "Don't ask: 增长3.5%，共８,７１０人次。"
    library.put([entry("a", text, encoder), entry("b", OTHER, encoder)])
    for word in tokens(text):
        assert text in said(library, library.matching([word], 5)), word


def test_more_and_rarer_words_come_first(library: Library, encoder: WordEncoder) -> None:
    library.put([entry("a", "培訓班\n\n培訓講座29場\n\n培訓會", encoder), entry("b", OTHER, encoder)])
    assert said(library, library.matching(["培训", "讲座"], 2))[0] == "培訓講座29場"
    assert len(library.matching(["培训"], 2)) == 2
    assert len(library.matching(["培训"], 9)) == 3


def test_the_scope_restricts_both_searches(library: Library, encoder: WordEncoder) -> None:
    library.put([entry(id, OLD, encoder) for id in ("a", "b", "c")])
    question = encoder.encode_query("培訓組工乾部8710人次")

    def owners(found: Sequence[int]) -> list[str]:
        by_number = {stored.number: stored.document.id for stored in library.chunks(found)}
        return [by_number[number] for number in found]

    assert owners(library.nearest(question, 3)) != owners(library.nearest(question, 3, ["b"]))
    assert owners(library.nearest(question, 50, ["b"])) == ["b"] * 3
    assert owners(library.nearest(question, 1, ["c"])) == ["c"]
    assert owners(library.matching(["8710"], 50, ["c"])) == ["c"]
    assert set(owners(library.matching(["8710"], 50, ["a", "c"]))) == {"a", "c"}
    assert said(library, library.nearest(question, 1, ["a"])) == ["培訓組工乾部8710人次。"]


@pytest.mark.parametrize("scope", [[], ["nowhere"], ['"; DROP TABLE chunks']])
def test_an_empty_or_unknown_scope_finds_nothing(library: Library, encoder: WordEncoder, scope: list[str]) -> None:
    library.put([entry("a", OLD, encoder)])
    assert library.nearest(encoder.encode_query("培訓"), 5, scope) == []
    assert library.matching(["8710"], 5, scope) == []
    assert_whole(library)


def test_the_nearest_chunks_come_nearest_first_with_and_without_a_scope(library: Library, encoder: WordEncoder) -> None:
    library.put([entry("a", OLD, encoder), entry("b", OTHER, encoder)])
    question = encoder.encode_query("培訓組工乾部 公路")
    for found in (library.nearest(question, 5), library.nearest(question, 5, ["a", "b"])):
        cosines = {stored.number: float(stored.vector @ question) for stored in library.chunks(found)}
        assert len(found) == 5
        assert [cosines[number] for number in found] == pytest.approx(sorted(cosines.values(), reverse=True), abs=1e-3)


@pytest.mark.parametrize("method", ["document", "chunks"])
def test_a_reader_sees_a_whole_document_while_another_thread_removes_it(
    library: Library, encoder: WordEncoder, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    library.put([entry("a", OLD, encoder)])
    live = numbers(library)
    remover = threading.Thread(target=library.remove, args=(["a"],))
    read = library._catalog.rows

    def read_slowly(statement: str, *parameters: Any) -> list[Any]:
        rows = read(statement, *parameters)
        if not remover.ident:
            remover.start()
            remover.join(0.3)  # longer than it needs, unless it has to wait for the reader
        return rows

    monkeypatch.setattr(library._catalog, "rows", read_slowly)
    if method == "document":
        assert library.document("a") == Document("a", OLD)
    else:
        assert [stored.document.text for stored in library.chunks(live)] == [OLD] * 3
    remover.join()
    monkeypatch.undo()
    assert library.documents() == []


# --- one owner


def test_a_library_has_one_owner_in_a_process(folder: Path, library: Library) -> None:
    with pytest.raises(LibraryLocked) as caught:
        Library.open(folder, encoder="words")
    assert str(folder) in str(caught.value)
    assert f"process {os.getpid()} " in str(caught.value)
    library.close()
    library.close()
    Library.open(folder, encoder="words").close()


def test_another_process_is_told_who_has_the_library(folder: Path, library: Library) -> None:
    program = "import sys, pathlib, rag.store as s; s.Library.open(pathlib.Path(sys.argv[1]), encoder='words')"
    command = [sys.executable, "-c", program, str(folder)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 1
    assert "LibraryLocked" in refused.stderr
    assert f"is in use by process {os.getpid()} (" in refused.stderr
    library.close()
    assert subprocess.run(command, timeout=120).returncode == 0


def test_an_unreadable_note_of_the_owner_does_not_hide_that_there_is_one(folder: Path, library: Library) -> None:
    (folder / "owner.json").write_text("{")
    with pytest.raises(LibraryLocked, match="in use by another process"):
        Library.open(folder, encoder="words")


def test_a_library_is_given_back_at_the_end_of_its_block(folder: Path) -> None:
    with pytest.raises(KeyError), Library.open(folder, encoder="words"):
        raise KeyError
    Library.open(folder, encoder="words").close()


# --- another encoder, another version


def test_a_library_is_known_by_its_shortest_path(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir(parents=True)
    with Library.open(folder.parent / "elsewhere" / ".." / folder.name, encoder="words") as library:
        assert library.folder == folder


def test_another_encoder_is_refused_with_the_command_that_rebuilds(folder: Path) -> None:
    Library.open(folder, encoder="words").close()
    with pytest.raises(LibraryMismatch) as caught:
        Library.open(folder, encoder="other")
    assert "encoder words, not other" in str(caught.value)
    assert str(caught.value).endswith(f"jianbao doctor --repair --library {folder}")
    Library.open(folder, encoder="words").close()  # the refused one has let go of it


def test_a_library_of_another_version_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(catalog, "SCHEMA", "0")
        Library.open(folder, encoder="words").close()
    with pytest.raises(LibraryMismatch, match="another version"):
        Library.open(folder, encoder="words")
    with pytest.raises(LibraryMismatch, match="another version"):
        Library.adopt(folder, WordEncoder(Settings(library=folder)))


def test_another_encoder_can_take_a_library_over(folder: Path, encoder: WordEncoder, settings: Settings) -> None:
    class ReversedEncoder(WordEncoder):
        def encode_query(self, question: str) -> Any:
            return super().encode_query(question)[::-1].copy()

    with Library.open(folder, encoder="words") as library:
        library.put([entry("a", OLD, encoder, title="簡報"), entry("b", OTHER, encoder)])
    other = ReversedEncoder(settings, "other")
    with Library.adopt(folder, other) as library:
        assert other.embedded == 5
        assert texts(library) == {"a": OLD, "b": OTHER}
        for stored in library.chunks(numbers(library)):
            assert np.allclose(stored.vector, other.encode_query(stored.indexed_text), atol=2e-3)
        assert said(library, library.nearest(other.encode_query("修建公路"), 1)) == ["牡丹江市修建公路17公里。"]
        assert_whole(library)
    Library.open(folder, encoder="other").close()


def test_a_takeover_that_fails_changes_nothing_and_gives_the_library_back(
    folder: Path, encoder: WordEncoder, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(texts: Sequence[str]) -> Any:
        raise RuntimeError("no memory")

    with Library.open(folder, encoder="words") as library:
        library.put([entry("a", OLD, encoder)])
    other = WordEncoder(settings, "other")
    monkeypatch.setattr(other, "encode_documents", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        Library.adopt(folder, other)
    with Library.open(folder, encoder="words") as library:
        assert texts(library) == {"a": OLD}
        assert_whole(library)


# --- damage


def damage_nothing(folder: Path) -> None:
    """The control: what follows does not find fault with a sound library."""


def delete_vectors(folder: Path) -> None:
    shutil.rmtree(folder / "vectors")


def overwrite_vectors(folder: Path) -> None:
    (folder / "vectors" / "chroma.sqlite3").write_bytes(b"not a database" * 1000)


def truncate_vectors(folder: Path) -> None:
    file = folder / "vectors" / "chroma.sqlite3"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def file_for_vectors(folder: Path) -> None:
    shutil.rmtree(folder / "vectors")
    (folder / "vectors").write_text("in the way")


def delete_segments(folder: Path) -> None:
    for segment in (folder / "vectors").iterdir():
        if segment.is_dir():
            shutil.rmtree(segment)


def damage_segments(folder: Path) -> None:
    for file in (folder / "vectors").glob("*/header.bin"):
        file.write_bytes(b"junk" * 50)


def with_catalog(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "catalog.sqlite3")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def delete_lexicon(folder: Path) -> None:
    with_catalog(folder, "DELETE FROM lexicon_data WHERE id > 10")


def overwrite_lexicon(folder: Path) -> None:
    with_catalog(folder, "UPDATE lexicon_data SET block = zeroblob(30) WHERE id > 10")


def empty_lexicon(folder: Path) -> None:
    with_catalog(folder, "INSERT INTO lexicon (lexicon) VALUES ('delete-all')")


#: Each with a problem that is reported; None where the next use mends it, or where there is nothing to mend.
DAMAGE = [
    (damage_nothing, None),
    (delete_vectors, "5 of 5 passages are missing from the vector index"),
    (overwrite_vectors, "vector index cannot be read"),
    (truncate_vectors, "vector index cannot be read"),
    (file_for_vectors, "vector index cannot be read"),
    (delete_lexicon, "lexical index is damaged"),
    (overwrite_lexicon, "lexical index is damaged"),
    (empty_lexicon, "differ in 5 passages"),
]


@pytest.mark.parametrize(("damage", "problem"), DAMAGE, ids=lambda value: getattr(value, "__name__", ""))
def test_rebuilding_repairs_both_indexes_without_embedding_anything(
    folder: Path,
    encoder: WordEncoder,
    open_library: Callable[[], Library],
    damage: Callable[[Path], None],
    problem: str | None,
) -> None:
    with open_library() as library:
        library.put([entry("a", OLD, encoder), entry("b", OTHER, encoder)])
    embedded = encoder.embedded
    damage(folder)
    library = open_library()
    problems = library.problems()
    assert len(problems) == (problem is not None)
    assert problem is None or problem in problems[0]
    library.rebuild()
    assert_whole(library)
    assert texts(library) == {"a": OLD, "b": OTHER}
    assert said(library, library.nearest(encoder.encode_query("修建公路"), 1)) == ["牡丹江市修建公路17公里。"]
    library.put([entry("a", NEW, encoder)])
    assert_whole(library)
    assert encoder.embedded == embedded + 2


@pytest.mark.parametrize("damage", [delete_segments, damage_segments])
def test_rebuilding_repairs_the_graph_of_a_large_index(
    folder: Path, encoder: WordEncoder, open_library: Callable[[], Library], damage: Callable[[Path], None]
) -> None:
    # Chroma writes its graph to disk once it has seen 1,000 vectors.
    many = "\n\n".join(f"第{number}期簡報培訓{number * 7}人次。" for number in range(1100))
    with open_library() as library:
        library.put([entry("a", many, encoder)])
    damage(folder)
    library = open_library()
    assert library.problems() != []
    library.rebuild()
    assert library.problems() == []
    assert len(library.nearest(encoder.encode_query("第358期簡報"), 50)) == 50


def test_a_deleted_vector_folder_is_filled_again_on_the_next_use(
    folder: Path, encoder: WordEncoder, open_library: Callable[[], Library]
) -> None:
    with open_library() as library:
        library.put([entry("a", OLD, encoder)])
    shutil.rmtree(folder / "vectors")
    library = open_library()
    assert said(library, library.nearest(encoder.encode_query("結成對子"), 1)) == ["結成對子3265對。"]
    assert_whole(library)


def test_looking_for_problems_does_not_keep_the_next_use_from_mending_them(
    folder: Path, encoder: WordEncoder, open_library: Callable[[], Library]
) -> None:
    with open_library() as library:
        library.put([entry("a", OLD, encoder)])
    shutil.rmtree(folder / "vectors")
    library = open_library()
    assert library.problems() == ["3 of 3 passages are missing from the vector index."]
    assert len(library.nearest(encoder.encode_query("培訓"), 5)) == 3
    assert library.problems() == []


@pytest.mark.parametrize("damage", [overwrite_vectors, truncate_vectors])
def test_a_damaged_vector_index_is_one_sentence_with_the_command_that_rebuilds_it(
    folder: Path, encoder: WordEncoder, open_library: Callable[[], Library], damage: Callable[[Path], None]
) -> None:
    with open_library() as library:
        library.put([entry("a", OLD, encoder)])
    damage(folder)
    library = open_library()
    for use in (
        lambda: library.nearest(encoder.encode_query("培訓"), 5),
        lambda: library.put([entry("a", NEW, encoder)]),
    ):
        with pytest.raises(LibraryDamaged) as caught:
            use()
        assert str(folder / "vectors") in str(caught.value)
        assert str(caught.value).endswith(f"jianbao doctor --repair --library {folder}")
        assert "\n" not in str(caught.value)
    assert texts(library) == {"a": OLD}
    assert library.nearest(encoder.encode_query("培訓"), 1, ["a"]) != []  # the catalog alone is enough for a scope


def test_a_search_in_a_damaged_graph_is_an_error_and_not_an_empty_result(
    folder: Path, encoder: WordEncoder, open_library: Callable[[], Library]
) -> None:
    with open_library() as library:
        library.put([entry("a", "\n\n".join(f"第{number}期簡報。" for number in range(1100)), encoder)])
    damage_segments(folder)
    with pytest.raises(LibraryDamaged, match="jianbao doctor --repair"):
        open_library().nearest(encoder.encode_query("簡報"), 5)


def test_a_search_in_a_damaged_lexicon_is_an_error_and_not_an_empty_result(
    folder: Path, encoder: WordEncoder, open_library: Callable[[], Library]
) -> None:
    with open_library() as library:
        library.put([entry("a", OLD, encoder)])
    delete_lexicon(folder)
    with pytest.raises(LibraryDamaged, match="jianbao doctor --repair"):
        open_library().matching(["8710"], 5)


def foreign_database(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()


def text_file(file: Path) -> None:
    file.write_bytes(b"not a database" * 500)


@pytest.mark.parametrize("make", [text_file, foreign_database])
def test_a_file_that_is_no_catalog_is_refused_and_the_lock_released(
    folder: Path, encoder: WordEncoder, make: Callable[[Path], None]
) -> None:
    folder.mkdir()
    make(folder / "catalog.sqlite3")
    content = (folder / "catalog.sqlite3").read_bytes()
    openings: list[Callable[[], Library]] = [
        lambda: Library.open(folder, encoder="words"),
        lambda: Library.adopt(folder, encoder),
    ]
    for open_anyhow in openings:
        with pytest.raises(LibraryDamaged) as caught:
            open_anyhow()
        assert str(folder) in str(caught.value)
        assert "backup" in str(caught.value)
    assert (folder / "catalog.sqlite3").read_bytes() == content
    (folder / "catalog.sqlite3").unlink()
    Library.open(folder, encoder="words").close()


def test_a_catalog_that_is_damaged_in_the_middle_is_one_sentence(
    folder: Path, encoder: WordEncoder, open_library: Callable[[], Library]
) -> None:
    with open_library() as library:
        library.put([entry("a", OLD * 500, encoder)])
    file = folder / "catalog.sqlite3"
    content = file.read_bytes()
    file.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    library = open_library()
    for use in (library.documents, lambda: library.document("a"), library.problems):
        with pytest.raises(LibraryDamaged, match="damaged"):
            use()


def test_a_full_disk_is_one_sentence_and_changes_nothing(library: Library, encoder: WordEncoder) -> None:
    library.put([entry("a", OLD, encoder)])
    ((pages,),) = library._catalog.rows("PRAGMA page_count")
    library._catalog.rows(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(LibraryError, match="disk is full") as caught:
        library.put([entry("a", NEW * 3000, encoder)])
    assert not isinstance(caught.value, LibraryDamaged)
    assert texts(library) == {"a": OLD}
    library._catalog.rows("PRAGMA max_page_count = 1000000")
    library.put([entry("a", NEW, encoder)])
    assert texts(library) == {"a": NEW}
    assert_whole(library)


def test_a_catalog_that_lost_its_content_is_not_taken_for_a_new_library(
    folder: Path, encoder: WordEncoder, open_library: Callable[[], Library]
) -> None:
    with open_library() as library:
        library.put([entry("a", OLD, encoder)])
    (folder / "catalog.sqlite3").write_bytes(b"")
    with pytest.raises(LibraryDamaged, match="backup"):
        open_library()


def test_a_closed_library_says_so(library: Library, encoder: WordEncoder) -> None:
    library.close()
    for use in (library.documents, lambda: library.put([entry("a", OLD, encoder)]), lambda: library.matching(["a"], 1)):
        with pytest.raises(LibraryError, match="has been closed"):
            use()


@pytest.mark.parametrize("place", ["file", "file/library", "catalog-is-a-folder"])
def test_a_place_that_cannot_be_used_is_one_sentence_that_names_it(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "catalog-is-a-folder" / "catalog.sqlite3").mkdir(parents=True)
    with pytest.raises(LibraryError) as caught:
        Library.open(tmp_path / place, encoder="words")
    assert str(tmp_path / place) in str(caught.value)
    assert "cannot be used (" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_write_permission_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    if os.geteuid():
        folder.chmod(0o500)
    else:  # root may write everywhere

        def refuse(lock: object, **_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    with pytest.raises(LibraryError, match=r"cannot be used \(Permission denied\).*--library or JIANBAO_LIBRARY"):
        Library.open(folder, encoder="words")


def test_a_home_folder_is_meant_by_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with Library.open(Path("~/library"), encoder="words") as library:
        assert library.folder == tmp_path / "library"


def test_opening_a_library_makes_no_vector_index_before_it_is_needed(folder: Path, library: Library) -> None:
    assert library.documents() == []
    assert not (folder / "vectors").exists()


def test_the_owner_is_noted_as_json(folder: Path, library: Library) -> None:
    assert json.loads((folder / "owner.json").read_text())["pid"] == os.getpid()
