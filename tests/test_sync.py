from __future__ import annotations

import importlib
import itertools
import json
import os
import tempfile
import threading
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ingest import Step, sync
from rag import Assistant, InputError, Settings
from rag.store import Library
from tests.conftest import SEEDS, WordEncoder

sync_module = importlib.import_module("ingest.sync")  # the package gives its name to the function
COUNTS = ("added", "updated", "unchanged", "removed")
_clock = itertools.count(10**18, 10**9)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """Writes a file; each later one has a later time, however fast the test is."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    now = next(_clock)
    os.utime(file, ns=(now, now))
    return file


def record(id: str, text: str, **more: str) -> str:
    return json.dumps({"id": id, "text": text, **more}, ensure_ascii=False) + "\n"


def counts(report: Mapping[str, Any]) -> tuple[int, int, int, int]:
    added, updated, unchanged, removed = (report[name] for name in COUNTS)
    return added, updated, unchanged, removed


def texts(assistant: Assistant) -> dict[str, str]:
    """Every document's text by its id."""
    found = {}
    for info in assistant.documents():
        document = assistant.library.document(info.id)
        assert document is not None
        found[info.id] = document.text
    return found


def complaint(report: Mapping[str, Any], file: Path) -> str:
    """The one sentence that a report has about a file, when it has nothing else to complain of."""
    [failure] = report["failed"]
    assert failure["path"] == str(file)
    sentence = str(failure["error"])
    assert sentence.strip()
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """An empty folder for documents."""
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


@pytest.fixture
def encoder(assistant: Assistant) -> WordEncoder:
    assert isinstance(assistant.encoder, WordEncoder)
    return assistant.encoder


# --- what a report says


def test_the_report_counts_what_happened_and_has_the_keys_of_the_contract(assistant: Assistant, docs: Path) -> None:
    for name in ("a.txt", "b.md", "c.txt"):
        write(docs, name, f"培訓{name}期。")
    report = sync(docs, assistant)
    assert list(report) == [*COUNTS, "renamed", "copies", "failed", "skipped", "chunks", "seconds"]
    assert counts(report) == (3, 0, 0, 0)
    assert report["failed"] == report["skipped"] == []
    assert report["chunks"] == assistant.library.chunk_count() == 3
    assert report["seconds"] > 0
    json.dumps(report)

    write(docs, "b.md", "培訓341期。")
    (docs / "c.txt").unlink()
    write(docs, "d.txt", "培訓8710人次。")
    report = sync(docs, assistant)
    assert counts(report) == (1, 1, 1, 1)
    assert report["chunks"] == 2
    assert texts(assistant) == {"a.txt": "培訓a.txt期。", "b.md": "培訓341期。", "d.txt": "培訓8710人次。"}


def test_the_seeds_are_one_document_with_its_title_date_and_source(assistant: Assistant) -> None:
    report = sync(SEEDS, assistant)
    assert counts(report) == (1, 0, 0, 0)
    assert [Path(skipped["path"]).name for skipped in report["skipped"]] == ["questions.jsonl"]
    [info] = assistant.documents()
    assert (info.id, info.source, info.date) == ("briefing-138.txt", "東北網", "2011-04-19")
    assert info.title == "《深入開展創先爭優活動簡報》第138期"
    assert info.path == str(SEEDS / "briefing-138.txt")
    assert info.chunks == report["chunks"] > 10


def test_progress_is_told_before_the_first_file_and_after_each_in_order(assistant: Assistant, docs: Path) -> None:
    steps: list[Step] = []
    files = [write(docs, name, f"培訓{name}。") for name in ("b.txt", "a/z.txt", "c.txt")]
    report = sync([docs, docs / "c.txt"], assistant, progress=steps.append)
    assert [step.path for step in steps] == ["", *map(str, sorted(files))]
    assert [step.files for step in steps] == [0, 1, 2, 3]
    assert {step.of_files for step in steps} == {3}
    assert steps[0].seconds_left is None
    assert steps[-1].seconds_left == 0
    assert steps[-1].bytes == steps[-1].of_bytes == sum(file.stat().st_size for file in files)
    assert steps[-1].seconds <= report["seconds"]

    steps.clear()
    sync(docs, assistant, progress=steps.append)
    assert [(step.files, step.of_files) for step in steps] == [(0, 0)]


# --- invariants

STATES = st.lists(
    st.dictionaries(
        st.sampled_from(["a.txt", "b.md", "sub/a.txt", "sub/deep/c.txt", "set.jsonl"]),
        st.sampled_from(["培訓341期。", "培訓8710人次。\n\n結成對子3265對。", "修建公路17公里。", "Don't stop."]),
        max_size=4,
    ),
    min_size=1,
    max_size=5,
)


@given(STATES)
@examples(max_examples=15, deadline=None)
def test_after_each_sync_the_library_is_what_the_folder_holds_and_a_second_changes_nothing(
    states: list[dict[str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as place:
        docs, words = Path(place, "docs"), WordEncoder(Settings(library=Path(place, "library")))
        docs.mkdir()
        with Assistant(Library.open(Path(place, "library"), encoder="words"), words, words._settings) as assistant:
            before: dict[str, str] = {}
            for state in states:
                for name in set(before) - set(state):
                    (docs / name).unlink()
                for name, text in state.items():
                    if before.get(name) != text:
                        write(docs, name, record("one", text) if name.endswith(".jsonl") else text)
                report = sync(docs, assistant)
                assert report["failed"] == []
                found = {info.path: texts(assistant)[info.id] for info in assistant.documents()}
                held = {copy: texts(assistant)[info.id] for info in assistant.documents() for copy in info.copies}
                assert {**found, **held} == {str(docs / name): text for name, text in state.items()}
                assert len(found) == len({(text, Path(name).suffix) for name, text in state.items()})
                assert set(assistant.library.files()) == {str(docs / name) for name in state}
                embedded = words.embedded
                again = sync(docs, assistant)
                assert counts(again) == (0, 0, len(found), 0)
                assert (again["chunks"], again["renamed"]) == (0, 0)
                assert words.embedded == embedded
                assert assistant.library.problems() == []
                before = state


# --- nothing is done twice


def test_a_second_sync_embeds_nothing_and_opens_no_index(
    open_assistant: Callable[..., Assistant], docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(docs, "a.txt", "培訓341期。")
    write(docs, "set.jsonl", record("one", "培訓8710人次。"))
    with open_assistant() as assistant:
        sync(docs, assistant)
    again = open_assistant()
    monkeypatch.setattr("rag.vectors._open_chroma", lambda _: pytest.fail("the vector index was opened"))
    assert counts(sync(docs, again)) == (0, 0, 2, 0)
    assert isinstance(again.encoder, WordEncoder)
    assert again.encoder.embedded == 0


def test_a_file_of_the_same_size_and_time_is_not_even_read(assistant: Assistant, docs: Path) -> None:
    file = write(docs, "a.txt", "培訓341期。")
    status = file.stat()
    sync(docs, assistant)
    file.write_text("培訓999期。")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_size == status.st_size
    assert counts(sync(docs, assistant)) == (0, 0, 1, 0)
    assert texts(assistant) == {"a.txt": "培訓341期。"}


def test_a_touched_file_is_read_once_more_and_embedded_never(
    assistant: Assistant, encoder: WordEncoder, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(docs, "a.txt", "培訓341期。")
    sync(docs, assistant)
    embedded = encoder.embedded
    write(docs, "a.txt", "培訓341期。")
    report = sync(docs, assistant)
    assert counts(report) == (0, 0, 1, 0)
    assert (encoder.embedded, report["chunks"]) == (embedded, 0)
    assert assistant.library.files()[str(file)].modified == file.stat().st_mtime_ns
    monkeypatch.setattr("ingest.folder._sha256", lambda _: pytest.fail("the file was read a second time"))
    assert counts(sync(docs, assistant)) == (0, 0, 1, 0)


def test_a_change_that_is_no_change_of_the_text_embeds_nothing(
    assistant: Assistant, encoder: WordEncoder, docs: Path
) -> None:
    write(docs, "a.txt", "培訓341期。\n培訓8710人次。\n".encode())
    sync(docs, assistant)
    embedded = encoder.embedded
    write(docs, "a.txt", "\ufeff培訓341期。\r\n培訓8710人次。\r\n".encode())
    assert counts(sync(docs, assistant)) == (0, 0, 1, 0)
    assert encoder.embedded == embedded


def test_only_the_changed_records_of_a_set_are_embedded_again(
    assistant: Assistant, encoder: WordEncoder, docs: Path
) -> None:
    records = {id: record(id, f"第{id}期培訓。") for id in "abcd"}
    write(docs, "set.jsonl", "".join(records.values()))
    assert counts(sync(docs, assistant)) == (4, 0, 0, 0)
    embedded = encoder.embedded
    records["b"] = record("b", "第二期培訓。")
    del records["c"]
    records["e"] = record("e", "第五期培訓。")
    write(docs, "set.jsonl", "".join(records.values()))
    report = sync(docs, assistant)
    assert counts(report) == (1, 1, 2, 1)
    assert encoder.embedded == embedded + 2 == embedded + report["chunks"]
    assert texts(assistant) == {"a": "第a期培訓。", "b": "第二期培訓。", "d": "第d期培訓。", "e": "第五期培訓。"}


def test_a_changed_title_date_or_source_is_a_changed_document(assistant: Assistant, docs: Path) -> None:
    write(docs, "set.jsonl", record("a", "培訓341期。", title="簡報", source="東北網", date="2011-04-19"))
    sync(docs, assistant)
    write(docs, "set.jsonl", record("a", "培訓341期。", title="簡報", source="東北網", date="2011-04-20"))
    assert counts(sync(docs, assistant)) == (0, 1, 0, 0)
    assert [info.date for info in assistant.documents()] == ["2011-04-20"]


def test_a_large_set_is_stored_in_groups_and_whole_at_the_end(
    assistant: Assistant, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_module, "GROUP", 3)
    file = write(docs, "set.jsonl", "".join(record(f"r{number}", f"第{number}期培訓。") for number in range(10)))
    assert counts(sync(docs, assistant)) == (10, 0, 0, 0)
    assert set(texts(assistant)) == {f"r{number}" for number in range(10)}
    assert list(assistant.library.files()) == [str(file)]
    assert assistant.library.problems() == []


def test_a_sync_that_was_interrupted_goes_on_where_it_stopped(
    assistant: Assistant, encoder: WordEncoder, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_module, "GROUP", 3)
    write(docs, "set.jsonl", "".join(record(f"r{number}", f"第{number}期培訓。") for number in range(10)))
    encode = encoder.encode_documents

    def interrupted(some: Sequence[str]) -> Any:
        if encoder.embedded == 6:
            raise KeyboardInterrupt
        return encode(some)

    monkeypatch.setattr(encoder, "encode_documents", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sync(docs, assistant)
    monkeypatch.setattr(encoder, "encode_documents", encode)
    assert len(texts(assistant)) == 6
    assert counts(sync(docs, assistant)) == (4, 0, 6, 0)
    assert encoder.embedded == 6 + 4


# --- identity


def test_an_edited_file_keeps_its_id(assistant: Assistant, docs: Path, tmp_path: Path) -> None:
    write(docs, "a.txt", "培訓341期。")
    other = write(tmp_path / "other", "a.txt", "修建公路17公里。")
    sync([docs, other], assistant)
    ids = {info.path: info.id for info in assistant.documents()}
    write(docs, "a.txt", "培訓342期。")
    write(tmp_path / "other", "a.txt", "修建公路18公里。")
    assert counts(sync([docs, other], assistant)) == (0, 2, 0, 0)
    assert {info.path: info.id for info in assistant.documents()} == ids


def test_files_of_the_same_name_have_two_ids_that_can_be_read(assistant: Assistant, docs: Path) -> None:
    write(docs, "2011/簡報.txt", "培訓341期。")
    write(docs, "2012/簡報.txt", "培訓342期。")
    sync(docs, assistant)
    assert texts(assistant) == {"簡報.txt": "培訓341期。", "2012/簡報.txt": "培訓342期。"}
    write(docs, "2011/簡報.txt", "培訓343期。")
    sync(docs, assistant)
    assert texts(assistant) == {"簡報.txt": "培訓343期。", "2012/簡報.txt": "培訓342期。"}


@pytest.mark.parametrize(
    ("old", "new", "id"),
    [("a.txt", "b.txt", "b.txt"), ("new/a.txt", "archive/a.txt", "a.txt"), ("a.txt", "deep/er/c.txt", "c.txt")],
)
def test_a_renamed_or_moved_file_is_recognised_and_not_embedded_again(
    assistant: Assistant, encoder: WordEncoder, docs: Path, old: str, new: str, id: str
) -> None:
    write(docs, old, "培訓341期。")
    sync(docs, assistant)
    embedded = encoder.embedded
    (docs / new).parent.mkdir(parents=True, exist_ok=True)
    (docs / old).rename(docs / new)
    report = sync(docs, assistant)
    assert counts(report) == (0, 0, 0, 0)
    assert (report["renamed"], report["chunks"], encoder.embedded) == (1, 0, embedded)
    assert [(info.id, info.path) for info in assistant.documents()] == [(id, str(docs / new))]
    assert [passage.document.id for passage in assistant.retrieve("培訓多少期", k=1)] == [id]
    assert list(assistant.library.files()) == [str(docs / new)]
    assert counts(sync(docs, assistant)) == (0, 0, 1, 0)
    assert assistant.library.problems() == []


def test_two_files_that_change_places_keep_their_passages(
    assistant: Assistant, encoder: WordEncoder, docs: Path
) -> None:
    write(docs, "a.txt", "培訓341期。")
    write(docs, "b.txt", "修建公路17公里。")
    sync(docs, assistant)
    embedded = encoder.embedded
    for old, new in (("a.txt", "c"), ("b.txt", "a.txt"), ("c", "b.txt")):
        (docs / old).rename(docs / new)
    report = sync(docs, assistant)
    assert (counts(report), report["renamed"], encoder.embedded) == ((0, 0, 0, 0), 2, embedded)
    assert texts(assistant) == {"b.txt": "培訓341期。", "a.txt": "修建公路17公里。"}


def test_two_files_of_one_name_that_change_folders_have_two_ids(assistant: Assistant, docs: Path) -> None:
    write(docs, "a.txt", "培訓341期。")
    write(docs, "sub/a.txt", "修建公路17公里。")
    sync(docs, assistant)
    write(docs, "a.txt", "修建公路17公里。")
    write(docs, "sub/a.txt", "培訓341期。")
    report = sync(docs, assistant)
    assert (counts(report), report["renamed"], report["chunks"]) == ((0, 0, 0, 0), 2, 0)
    assert sorted(texts(assistant).values()) == ["修建公路17公里。", "培訓341期。"]
    assert counts(sync(docs, assistant)) == (0, 0, 2, 0)


def test_a_file_that_was_renamed_and_whose_name_was_taken_again_is_moved_and_the_new_one_added(
    assistant: Assistant, docs: Path
) -> None:
    write(docs, "latest.txt", "培訓341期。")
    sync(docs, assistant)
    (docs / "latest.txt").rename(docs / "2011-04.txt")
    write(docs, "latest.txt", "培訓342期。")
    report = sync(docs, assistant)
    assert (counts(report), report["renamed"], report["chunks"]) == ((1, 0, 0, 0), 1, 1)
    assert texts(assistant) == {"2011-04.txt": "培訓341期。", "latest.txt": "培訓342期。"}


@pytest.mark.parametrize("name", ["another.jsonl", "zzz.jsonl", "archive/set.jsonl"])
def test_a_renamed_set_keeps_its_ids_in_one_sync(assistant: Assistant, docs: Path, name: str) -> None:
    write(docs, "set.jsonl", record("one", "培訓341期。") + record("two", "培訓342期。"))
    sync(docs, assistant)
    (docs / name).parent.mkdir(exist_ok=True)
    (docs / "set.jsonl").rename(docs / name)
    report = sync(docs, assistant)
    assert report["failed"] == []
    assert (counts(report), report["renamed"]) == ((0, 0, 0, 0), 2)
    assert {info.id: info.path for info in assistant.documents()} == {
        "one": str(docs / name),
        "two": str(docs / name),
    }


# --- copies


def test_identical_files_are_stored_once_and_listed_under_both(
    assistant: Assistant, encoder: WordEncoder, docs: Path
) -> None:
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        write(docs, name, "培訓341期。")
    report = sync(docs, assistant)
    assert (counts(report), report["copies"], encoder.embedded) == ((1, 0, 0, 0), 2, 1)
    [info] = assistant.documents()
    assert (info.path, info.copies) == (str(docs / "a.txt"), (str(docs / "b.txt"), str(docs / "sub/c.txt")))
    assert len(assistant.retrieve("培訓多少期", k=5)) == 1
    assert counts(sync(docs, assistant)) == (0, 0, 1, 0)


def test_a_copy_that_is_deleted_takes_nothing_with_it(assistant: Assistant, docs: Path) -> None:
    for name in ("a.txt", "b.txt"):
        write(docs, name, "培訓341期。")
    sync(docs, assistant)
    (docs / "b.txt").unlink()
    assert counts(sync(docs, assistant)) == (0, 0, 1, 0)
    assert [(info.path, info.copies) for info in assistant.documents()] == [(str(docs / "a.txt"), ())]


@pytest.mark.parametrize("change", ["deleted", "edited"])
def test_a_copy_takes_over_when_the_first_of_them_is_gone(
    assistant: Assistant, encoder: WordEncoder, docs: Path, change: str
) -> None:
    for name in ("a.txt", "b.txt"):
        write(docs, name, "培訓341期。")
    sync(docs, assistant)
    if change == "deleted":
        (docs / "a.txt").unlink()
    else:
        write(docs, "a.txt", "培訓342期。")
    report = sync(docs, assistant)
    assert (report["renamed"], report["removed"]) == (1, 0)
    assert encoder.embedded == (1 if change == "deleted" else 2)
    assert texts(assistant) == {"b.txt": "培訓341期。"} | ({} if change == "deleted" else {"a.txt": "培訓342期。"})


def test_a_document_that_was_taken_out_comes_back_though_there_are_copies(assistant: Assistant, docs: Path) -> None:
    for name in ("a.txt", "b.txt"):
        write(docs, name, "培訓341期。")
    sync(docs, assistant)
    assistant.library.remove(["a.txt"])
    report = sync(docs, assistant)
    assert (counts(report), report["copies"]) == ((1, 0, 0, 0), 1)


def test_a_copy_in_a_folder_that_is_synced_by_itself_is_no_second_document(
    assistant: Assistant, docs: Path, tmp_path: Path
) -> None:
    write(docs, "a.txt", "培訓341期。")
    write(tmp_path / "other", "b.txt", "培訓341期。")
    sync(docs, assistant)
    assert sync(tmp_path / "other", assistant)["copies"] == 1
    (docs / "a.txt").unlink()
    assert sync(docs, assistant)["renamed"] == 1  # the other folder still has it
    assert texts(assistant) == {"b.txt": "培訓341期。"}


def test_a_copy_of_a_file_that_cannot_be_read_is_reported_too(assistant: Assistant, docs: Path) -> None:
    for name in ("a.txt", "b.txt"):
        write(docs, name, b"\xff" * 99)
    report = sync(docs, assistant)
    assert [Path(failure["path"]).name for failure in report["failed"]] == ["a.txt", "b.txt"]
    assert counts(sync(docs, assistant)) == (0, 0, 0, 0)


# --- ids


def test_the_ids_of_a_set_are_the_documents_ids(assistant: Assistant, docs: Path) -> None:
    write(docs, "set.jsonl", record("新聞/17", "培訓341期。", title="簡報") + record("two words", "培訓342期。"))
    sync(docs, assistant)
    assert texts(assistant) == {"新聞/17": "培訓341期。", "two words": "培訓342期。"}
    assert [passage.document.id for passage in assistant.retrieve("341期", k=1)] == ["新聞/17"]


def test_an_id_that_another_file_has_is_reported_and_neither_file_is_harmed(assistant: Assistant, docs: Path) -> None:
    write(docs, "a.jsonl", record("one", "培訓341期。"))
    file = write(docs, "b.jsonl", record("one", "修建公路17公里。") + record("two", "投資。"))
    report = sync(docs, assistant)
    sentence = complaint(report, file)
    assert "'one'" in sentence
    assert str(docs / "a.jsonl") in sentence
    assert counts(report) == (1, 0, 0, 0)
    assert texts(assistant) == {"one": "培訓341期。"}
    write(docs, "b.jsonl", record("three", "修建公路17公里。") + record("two", "投資。"))
    assert counts(sync(docs, assistant)) == (2, 0, 1, 0)


def test_a_text_file_makes_way_for_a_record_with_its_name(assistant: Assistant, docs: Path) -> None:
    write(docs, "a.jsonl", record("b.txt", "培訓341期。"))
    write(docs, "b.txt", "修建公路17公里。")
    assert counts(sync(docs, assistant)) == (2, 0, 0, 0)
    assert texts(assistant) == {"b.txt": "培訓341期。", "docs/b.txt": "修建公路17公里。"}


NAMES = [
    "资料.txt",
    "資料 簡報（一）.md",
    "отчёт.txt",
    "تقرير.txt",
    "रिपोर्ट.txt",
    "日本語のメモ.txt",
    "한국어.txt",
    "📄 🙂.txt",
    unicodedata.normalize("NFD", "café.txt"),
    "two  spaces.txt",
    "-rf.txt",
    "%s {0} $HOME `id`.txt",
    'it\'s "quoted"; DROP TABLE documents.txt',
    "new\nline.txt",
    "UPPER.TXT",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_script_is_stored_and_found_again(assistant: Assistant, docs: Path, name: str) -> None:
    write(docs, name, "培訓341期。")
    assert counts(sync(docs, assistant)) == (1, 0, 0, 0)
    [info] = assistant.documents()
    assert (info.id, info.path) == (name, str(docs / name))
    assert counts(sync(docs, assistant)) == (0, 0, 1, 0)
    (docs / name).unlink()
    assert counts(sync(docs, assistant)) == (0, 0, 0, 1)


def test_a_name_that_is_not_utf8_is_reported_and_the_rest_is_read(assistant: Assistant, docs: Path) -> None:
    gbk = os.fsencode(docs) + b"/" + "簡報".encode("gbk")
    os.mkdir(gbk)
    for name in (gbk + b".txt", gbk + b".xyz", gbk + b"/inside.txt"):
        Path(os.fsdecode(name)).write_text("培訓341期。")
    write(docs, "a.txt", "培訓342期。")
    report = sync(docs, assistant)
    assert counts(report) == (1, 0, 0, 0)
    assert len(report["failed"]) == 2
    for failure in report["failed"]:
        assert "not UTF-8; rename the file or its folder" in failure["error"]
    assert len(report["skipped"]) == 1
    json.dumps(report, ensure_ascii=False).encode()
    assert counts(sync([docs, Path(os.fsdecode(gbk))], assistant)) == (0, 0, 1, 0)


# --- removing


def test_a_removed_file_takes_its_document_but_none_of_other_folders(
    assistant: Assistant, docs: Path, tmp_path: Path
) -> None:
    write(docs, "a.txt", "培訓341期。")
    write(docs, "b.txt", "培訓342期。")
    for elsewhere in ("docs-2", "other"):
        write(tmp_path / elsewhere, f"{elsewhere}.txt", f"修建{elsewhere}公路17公里。")
    sync([docs, tmp_path / "docs-2", tmp_path / "other"], assistant)
    (docs / "a.txt").unlink()
    (tmp_path / "other" / "other.txt").unlink()
    assert counts(sync(docs, assistant)) == (0, 0, 1, 1)
    assert set(texts(assistant)) == {"b.txt", "docs-2.txt", "other.txt"}


def test_a_single_file_can_be_synced_without_touching_its_neighbours(assistant: Assistant, docs: Path) -> None:
    files = [write(docs, name, f"培訓{name}。") for name in ("a.txt", "b.txt")]
    sync(docs, assistant)
    files[1].unlink()
    write(docs, "c.txt", "培訓。")
    assert counts(sync(files[0], assistant)) == (0, 0, 1, 0)
    assert set(texts(assistant)) == {"a.txt", "b.txt"}


def test_a_record_that_left_its_set_is_removed(assistant: Assistant, docs: Path) -> None:
    write(docs, "set.jsonl", record("one", "培訓341期。") + record("two", "培訓342期。"))
    sync(docs, assistant)
    write(docs, "set.jsonl", record("two", "培訓342期。"))
    assert counts(sync(docs, assistant)) == (0, 0, 1, 1)
    assert texts(assistant) == {"two": "培訓342期。"}
    assert assistant.library.problems() == []


def test_a_document_that_was_taken_out_comes_back_with_the_next_sync(assistant: Assistant, docs: Path) -> None:
    write(docs, "set.jsonl", record("one", "培訓341期。") + record("two", "培訓342期。"))
    sync(docs, assistant)
    assistant.library.remove(["one"])
    assert counts(sync(docs, assistant)) == (1, 0, 1, 0)


# --- what cannot be read

BAD = [
    ("bad.txt", b"", "holds no text"),
    ("bad.txt", b" \n\t", "holds no text"),
    ("bad.md", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "binary file"),
    ("bad.txt", "培訓".encode() + b"\xff\xfe" + "工作，".encode() * 20, "damaged at byte 7"),
    ("bad.txt", b"\xff" * 99, "not in an encoding that is known"),
    ("bad.jsonl", b'{"id": "x", "text": "y"}\n{"id": "z"', "line 2 is not valid JSON"),
    ("bad.jsonl", b'{"id": "x"}', 'has no "text"'),
    ("bad.jsonl", b'["x", "y"]', "not a JSON object"),
    ("bad.jsonl", b'{"id": "x", "text": "y"}\n' * 2, "already that of line 1"),
]


@pytest.mark.parametrize(("name", "content", "reason"), BAD, ids=range(len(BAD)))
def test_a_bad_file_is_one_sentence_in_the_report_and_the_rest_is_read(
    assistant: Assistant, docs: Path, name: str, content: bytes, reason: str
) -> None:
    write(docs, "a.txt", "培訓341期。")
    write(docs, "z.txt", "培訓342期。")
    file = write(docs, name, content)
    report = sync(docs, assistant)
    assert reason in complaint(report, file)
    assert name in complaint(report, file)
    assert counts(report) == (2, 0, 0, 0)
    report = sync(docs, assistant)
    assert reason in complaint(report, file)  # it is not forgotten that this one is missing
    assert counts(report) == (0, 0, 2, 0)


@pytest.mark.parametrize(("name", "content", "reason"), BAD, ids=range(len(BAD)))
def test_the_old_version_of_a_file_that_went_bad_stays(
    assistant: Assistant, docs: Path, name: str, content: bytes, reason: str
) -> None:
    write(docs, name, record("x", "培訓341期。") if name.endswith(".jsonl") else "培訓341期。")
    sync(docs, assistant)
    before = texts(assistant)
    assert list(before.values()) == ["培訓341期。"]
    file = write(docs, name, content)
    report = sync(docs, assistant)
    assert reason in complaint(report, file)
    assert counts(report) == (0, 0, 1, 0)
    assert texts(assistant) == before
    assert assistant.library.problems() == []


def forbid(monkeypatch: pytest.MonkeyPatch, forbidden: Callable[[str], bool], *names: str) -> None:
    """Lets these functions of `os` refuse some paths. Permissions would not do: root has them all."""

    def refusing(call: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(path: Any, *arguments: Any, **options: Any) -> Any:
            if forbidden(str(path)):
                raise PermissionError(13, "Permission denied", str(path))
            return call(path, *arguments, **options)

        return refuse

    for name in names:
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))


@pytest.mark.parametrize("place", ["", "/sub"])
def test_a_folder_that_cannot_be_read_is_reported_and_loses_nothing(
    assistant: Assistant, docs: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    write(docs, "sub/a.txt", "培訓341期。")
    write(docs, "sub/deep/b.txt", "培訓342期。")
    write(docs, "c.txt", "修建公路17公里。")
    sync(docs, assistant)
    before = texts(assistant)
    folder = f"{docs}{place}"
    forbid(monkeypatch, lambda path: path == folder, "scandir")
    report = sync(docs, assistant)
    assert complaint(report, Path(folder)) == (
        f"The folder {folder} cannot be read (Permission denied). Check its permissions."
    )
    assert report["removed"] == report["added"] == 0
    assert texts(assistant) == before


def test_a_folder_whose_files_may_be_listed_but_not_opened_loses_nothing(
    assistant: Assistant, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sub/a.txt", "sub/deep/b.txt"):
        write(docs, name, f"培訓{name}期。")
    sync(docs, assistant)
    forbid(monkeypatch, lambda path: path.startswith(f"{docs}/sub/"), "stat", "lstat", "scandir")
    report = sync(docs, assistant)
    assert report["removed"] == 0
    assert {failure["path"] for failure in report["failed"]} == {f"{docs}/sub/a.txt", f"{docs}/sub/deep"}
    assert len(texts(assistant)) == 2


def test_a_file_that_cannot_be_read_is_reported_and_loses_nothing(
    assistant: Assistant, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    file = write(docs, "a.txt", "培訓341期。")
    sync(docs, assistant)
    write(docs, "a.txt", "培訓342期。")
    monkeypatch.setattr("ingest.folder._sha256", refuse)
    report = sync(docs, assistant)
    assert complaint(report, file) == "a.txt cannot be read (Permission denied). Check its permissions."
    assert counts(report) == (0, 0, 1, 0)
    assert texts(assistant) == {"a.txt": "培訓341期。"}


def test_a_missing_path_is_an_error_and_nothing_changes(assistant: Assistant, encoder: WordEncoder, docs: Path) -> None:
    write(docs, "a.txt", "培訓341期。")
    write(docs, "b.txt", "培訓342期。")
    sync(docs, assistant)
    embedded = encoder.embedded
    (docs / "b.txt").unlink()
    write(docs, "c.txt", "培訓343期。")
    names = ("nowhere", "b.txt", "a.txt/x", "n" * 300)
    for missing in (*(f"{docs}/{name}" for name in names), "~nobody-of-this-name/x"):
        with pytest.raises(InputError, match="There is no file or folder") as caught:
            sync([docs, missing], assistant)
        assert Path(missing).name in str(caught.value)
        assert "\n" not in str(caught.value)
    assert set(texts(assistant)) == {"a.txt", "b.txt"}
    assert encoder.embedded == embedded


# --- what is left out


def test_other_kinds_of_files_and_hidden_ones_in_a_folder_are_skipped(assistant: Assistant, docs: Path) -> None:
    for name in ("a.exe", "b.doc", "README", ".hidden.txt", ".git/c.txt", "~$b.docx"):
        write(docs, name, "培訓341期。")
    report = sync(docs, assistant)
    assert counts(report) == (0, 0, 0, 0)
    assert report["failed"] == []
    assert {Path(skipped["path"]).name for skipped in report["skipped"]} == {
        "a.exe",
        "b.doc",
        "README",
        ".hidden.txt",
        "~$b.docx",
    }
    assert "save it as .docx" in next(s["reason"] for s in report["skipped"] if s["path"].endswith(".doc"))


def test_another_kind_of_file_that_is_given_directly_fails(assistant: Assistant, docs: Path) -> None:
    file = write(docs, "a.exe", "培訓341期。")
    report = sync(file, assistant)
    assert "a.exe is not a kind of file that can be read" in complaint(report, file)
    assert report["skipped"] == []


def test_a_question_set_is_skipped_in_a_folder_and_fails_when_given_directly(assistant: Assistant, docs: Path) -> None:
    file = write(docs, "questions.jsonl", json.dumps({"question": "多少期？", "answers": [["341"]]}))
    report = sync(docs, assistant)
    assert counts(report) == (0, 0, 0, 0)
    assert report["failed"] == []
    assert report["skipped"] == [{"path": str(file), "reason": "a question set, not a document set"}]
    report = sync(file, assistant)
    assert "jianbao eval" in complaint(report, file)


def test_a_link_is_followed_inside_the_folder_and_not_out_of_it(
    assistant: Assistant, docs: Path, tmp_path: Path
) -> None:
    secret = write(tmp_path / "private", "secret.txt", "修建公路17公里。")
    target = write(docs, "a.txt", "培訓341期。")
    (docs / "in.txt").symlink_to(target)
    (docs / "out.txt").symlink_to(secret)
    (docs / "folder").symlink_to(secret.parent)
    report = sync(docs, assistant)
    assert [(info.path, info.copies) for info in assistant.documents()] == [(str(target), (str(docs / "in.txt"),))]
    assert report["skipped"] == [
        {"path": str(docs / "folder"), "reason": "a link to a folder; name the folder itself to read it"},
        {"path": str(docs / "out.txt"), "reason": "a link to a place outside the folder"},
    ]
    assert report["failed"] == []


@pytest.mark.timeout(30)
def test_a_pipe_is_never_read(assistant: Assistant, docs: Path) -> None:
    write(docs, "a.txt", "培訓341期。")
    for name in ("pipe.txt", "pipe.jsonl"):
        os.mkfifo(docs / name)
    report = sync(docs, assistant)
    assert counts(report) == (1, 0, 0, 0)
    assert report["failed"] == []
    assert {Path(skipped["path"]).name for skipped in report["skipped"]} == {"pipe.txt", "pipe.jsonl"}
    report = sync(docs / "pipe.txt", assistant)
    assert "neither a file nor a folder" in complaint(report, docs / "pipe.txt")


def test_a_link_to_the_folder_itself_can_be_given(assistant: Assistant, docs: Path, tmp_path: Path) -> None:
    target = write(docs, "a.txt", "培訓341期。")
    (docs / "in.txt").symlink_to(target)
    (tmp_path / "link").symlink_to(docs)
    report = sync(tmp_path / "link", assistant)
    assert (counts(report), report["copies"]) == ((1, 0, 0, 0), 1)


@pytest.mark.parametrize("target", ["loop.txt", "gone.txt"])
def test_a_link_that_leads_nowhere_is_reported(assistant: Assistant, docs: Path, target: str) -> None:
    write(docs, "a.txt", "培訓341期。")
    (docs / "loop.txt").symlink_to(docs / target)
    report = sync(docs, assistant)
    assert "loop.txt cannot be read" in complaint(report, docs / "loop.txt")
    assert counts(report) == (1, 0, 0, 0)


# --- how it is called


def test_overlapping_paths_are_read_once(assistant: Assistant, encoder: WordEncoder, docs: Path) -> None:
    write(docs, "sub/a.txt", "培訓341期。")
    report = sync([docs, docs / "sub", docs / "sub" / "a.txt", docs / "sub" / ".." / "sub"], assistant)
    assert counts(report) == (1, 0, 0, 0)
    assert encoder.embedded == 1


def test_a_relative_path_and_a_tilde_mean_what_they_mean_in_a_shell(
    assistant: Assistant, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(docs, "a.txt", "培訓341期。")
    monkeypatch.chdir(docs)
    monkeypatch.setenv("HOME", str(docs))
    assert counts(sync("a.txt", assistant)) == (1, 0, 0, 0)
    assert [info.path for info in assistant.documents()] == [str(file)]
    assert counts(sync(["~/a.txt", Path("~"), "."], assistant)) == (0, 0, 1, 0)


def test_an_empty_folder_and_no_paths_at_all_are_fine(assistant: Assistant, docs: Path) -> None:
    assert counts(sync(docs, assistant)) == counts(sync([], assistant)) == (0, 0, 0, 0)


def test_a_library_is_given_as_a_folder_an_assistant_or_not_at_all(
    assistant: Assistant, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(docs, "a.txt", "培訓341期。")
    assert counts(sync([str(docs)], assistant)) == (1, 0, 0, 0)
    monkeypatch.setattr("rag.assistant.Encoder", WordEncoder)
    for _ in range(2):  # it is closed again each time
        sync(docs, tmp_path / "a folder")
    assert counts(sync(docs, str(tmp_path / "a folder"))) == (0, 0, 1, 0)
    with Library.open(tmp_path / "a folder", encoder="words") as library:
        assert [info.id for info in library.documents()] == ["a.txt"]
    monkeypatch.setattr(sync_module, "default_assistant", lambda: assistant)
    assert counts(sync(docs)) == (0, 0, 1, 0)


def test_two_syncs_of_one_assistant_wait_for_each_other(assistant: Assistant, docs: Path) -> None:
    for number in range(20):
        write(docs, f"{number}.txt", f"第{number}期培訓{number}人。")
    reports: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: reports.append(sync(docs, assistant))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(counts(report)[:3] for report in reports) == [(0, 0, 20), (0, 0, 20), (20, 0, 0)]
    assert assistant.library.problems() == []


def test_halves_of_characters_are_replaced_and_stop_nothing(
    assistant: Assistant, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest import loaders
    from ingest.extracted import Extracted

    monkeypatch.setattr(loaders, "_extracted", lambda *_: Extracted("培訓\ud8008710人次。", "題\udcff"))
    write(docs, "a.txt", "…")
    report = sync(docs, assistant)
    assert (report["added"], report["failed"]) == (1, [])
    assert texts(assistant) == {"a.txt": "培訓\ufffd8710人次。"}
    assert assistant.documents()[0].title == "題\ufffd"


def test_whatever_goes_wrong_with_one_file_the_others_are_read(
    assistant: Assistant, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = sync_module.split

    def fail(document: Any, *more: Any) -> Any:
        if "bad" in document.id:
            raise ZeroDivisionError
        return split(document, *more)

    monkeypatch.setattr(sync_module, "split", fail)
    bad = write(docs, "bad.txt", "培訓8710人次。")
    write(docs, "good.txt", "培訓341期。")
    report = sync(docs, assistant)
    assert texts(assistant) == {"good.txt": "培訓341期。"}
    assert "ZeroDivisionError" in complaint(report, bad)


def test_a_member_that_left_its_archive_goes_though_another_cannot_be_read(assistant: Assistant, docs: Path) -> None:
    def pack(**members: str) -> None:
        with zipfile.ZipFile(docs / "z.zip", "w") as archive:
            for name, text in members.items():
                archive.writestr(f"{name}.txt", text)
        now = next(_clock)
        os.utime(docs / "z.zip", ns=(now, now))

    pack(old="丙市培訓888人次。", stays="甲市培訓100人次。", breaks="乙市培訓200人次。")
    assert sync(docs, assistant)["added"] == 3
    pack(stays="甲市培訓101人次。", breaks="")
    report = sync(docs, assistant)
    assert counts(report)[:2] == (0, 1)
    assert report["removed"] == 1
    assert texts(assistant) == {"z.zip/stays.txt": "甲市培訓101人次。", "z.zip/breaks.txt": "乙市培訓200人次。"}
