"""The library as the page works with it: nothing is lost by adding, syncing, removing and undoing."""

from __future__ import annotations

import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rag import Assistant
from rag.errors import InputError, LibraryError
from rag.store import Entry, Library, indexed_text
from rag.types import Chunk, Document
from tests.conftest import WordEncoder
from ui.collection import ALL, PAGE, Choice, Collection, _Removed


@pytest.fixture
def collection(open_assistant: Callable[..., Assistant]) -> Iterator[Collection]:
    made = Collection(open_assistant())
    yield made
    made.close()


def finished(collection: Collection) -> Any:
    deadline = time.monotonic() + 20
    while collection.work.running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return collection.work


def upload(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def ids(collection: Collection, choice: Choice = ALL) -> list[str]:
    return [info.id for info in collection.matching(choice)]


def test_uploads_are_kept_under_their_names_and_never_over_each_other(collection: Collection, tmp_path: Path) -> None:
    texts = ["培訓8710人次。", "培訓8710人次。", "培訓341期。"]
    for number, text in enumerate(texts):
        collection.take_in([upload(tmp_path / str(number), "報告.txt", text)])
    assert sorted(path.name for path in collection.uploads.iterdir()) == ["報告 (2).txt", "報告.txt"]
    collection.start([collection.uploads])
    assert finished(collection).report["added"] == 2
    assert ids(collection) == ["報告 (2).txt", "報告.txt"]


def test_an_upload_that_is_removed_takes_its_file_along_and_undo_brings_both_back(
    collection: Collection, tmp_path: Path
) -> None:
    collection.take_in([upload(tmp_path / "a", "a.txt", "培訓8710人次。"), upload(tmp_path / "a", "b.txt", "下基層。")])
    collection.start([collection.uploads])
    finished(collection)
    embedded = collection.assistant.encoder
    assert isinstance(embedded, WordEncoder)
    before, passages = embedded.embedded, collection.assistant.retrieve("培訓")
    assert collection.remove(["a.txt", "unknown"]) == ["a.txt"]
    assert ids(collection) == ["b.txt"]
    assert [path.name for path in collection.uploads.iterdir()] == ["b.txt"]
    assert (collection.can_undo, collection.undo(), collection.can_undo, collection.undo()) == (1, 1, 0, 0)
    assert ids(collection) == ["a.txt", "b.txt"]
    assert embedded.embedded == before
    assert collection.assistant.retrieve("培訓") == passages
    assert collection.library.problems() == []
    collection.again()
    assert finished(collection).report["unchanged"] == 2


def test_folders_are_remembered_with_what_failed_in_them_and_their_files_are_left_alone(
    collection: Collection, tmp_path: Path
) -> None:
    folder = tmp_path / "docs"
    upload(folder, "a.txt", "培訓8710人次。")
    upload(folder, "broken.pdf", "%PDF-")
    collection.start(collection.follow([folder]))
    finished(collection)
    assert [Path(one["path"]).name for one in collection.failures] == ["broken.pdf"]
    collection.remove(["a.txt"])
    assert (folder / "a.txt").exists()
    (folder / "broken.pdf").unlink()
    again = Collection(collection.assistant)  # the page after a restart
    assert again.folders == [str(folder)]
    again.again()
    assert finished(again).report["added"] == 1
    assert again.failures == []
    again.unfollow(str(folder))
    assert again.folders == []
    with pytest.raises(InputError, match="nothing to read again"):
        again.again()


@pytest.mark.parametrize("path", ["", "  ", "/no/such/folder"])
def test_a_path_that_is_none_is_refused_and_not_remembered(collection: Collection, path: str) -> None:
    with pytest.raises(InputError):
        collection.follow([path])
    assert collection.folders == []


def test_a_sync_is_stopped_and_goes_on_and_no_other_one_begins_meanwhile(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        upload(tmp_path / "docs", f"{number}.txt", f"第{number}處培訓{number}人。" * 30)
    encode, entered = collection.assistant.encoder.encode_documents, threading.Event()

    def slowly(texts: Any) -> Any:
        entered.set()
        time.sleep(0.1)
        return encode(texts)

    monkeypatch.setattr(collection.assistant.encoder, "encode_documents", slowly)
    paths = collection.follow([tmp_path / "docs"])
    collection.start(paths)
    assert entered.wait(20)
    for forbidden in (lambda: collection.start(paths), lambda: collection.remove(["0.txt"])):
        with pytest.raises(InputError, match="being read"):
            forbidden()
    collection.stop()
    work = finished(collection)
    assert work.stopped
    held = len(ids(collection))
    assert 0 < held < 300
    collection.again()
    assert finished(collection).report["added"] == 300 - held
    assert collection.library.problems() == []


@pytest.fixture
def goes_on(collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A sync of a.txt is at its passages, and goes on once this is set."""
    encode, entered, goes_on = collection.assistant.encoder.encode_documents, threading.Event(), threading.Event()

    def waiting(texts: Any) -> Any:
        entered.set()
        assert goes_on.wait(20)
        return encode(texts)

    monkeypatch.setattr(collection.assistant.encoder, "encode_documents", waiting)
    upload(tmp_path / "docs", "a.txt", "培訓8710人次。")
    collection.start(collection.follow([tmp_path / "docs"]))
    assert entered.wait(20)
    return goes_on


def test_what_is_added_while_a_sync_runs_is_read_after_it(
    collection: Collection, tmp_path: Path, goes_on: threading.Event
) -> None:
    collection.take_in([upload(tmp_path / "sent", "b.txt", "修建公路17公里。")])
    collection.start([collection.uploads], later=True)
    goes_on.set()
    deadline = time.monotonic() + 20
    while ids(collection) != ["a.txt", "b.txt"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert finished(collection).report["added"] == 1


def test_stopping_drops_what_was_to_come_later(
    collection: Collection, tmp_path: Path, goes_on: threading.Event
) -> None:
    collection.start(collection.follow([upload(tmp_path, "later.txt", "修建公路17公里。")]), later=True)
    collection.stop()
    goes_on.set()
    finished(collection)
    assert "later.txt" not in ids(collection)


def test_removing_what_is_gone_already_keeps_the_way_back(collection: Collection, tmp_path: Path) -> None:
    collection.take_in([upload(tmp_path, "a.txt", "培訓8710人次。")])
    collection.start([collection.uploads])
    finished(collection)
    assert collection.remove(["a.txt"]) == ["a.txt"]
    assert collection.remove(["a.txt"]) == []
    assert collection.undo() == 1
    assert ids(collection) == ["a.txt"]
    assert (collection.uploads / "a.txt").is_file()


def test_a_choice_of_documents_goes_through_json_and_finds_both_scripts(collection: Collection, tmp_path: Path) -> None:
    upload(tmp_path / "docs", "a.txt", "《創先爭優活動簡報》\n2011年4月19日\n\n培訓8710人次。")
    upload(tmp_path / "docs", "b.txt", "別的報告\n2010年4月19日\n\n培訓。")
    collection.start(collection.follow([tmp_path / "docs"]))
    finished(collection)
    assert ids(collection, Choice(text="创先 简报")) == ["a.txt"]
    assert ids(collection, Choice(until="2010")) == ["b.txt"]
    assert collection.scope(ALL) is None
    assert collection.scope(Choice(ids=("b.txt", "gone"))) == ["b.txt"]
    with pytest.raises(InputError, match="None of the chosen documents"):
        collection.scope(Choice(ids=("gone",)))
    with pytest.raises(InputError, match="Give a day, month or year"):
        collection.matching(Choice(since="yesterday"))
    assert Choice.from_json({"text": "a", "ids": ["b"], "more": 1}) == Choice(text="a", ids=("b",))


def test_a_large_library_is_listed_and_filtered_without_a_wait(collection: Collection) -> None:
    """25,000 documents are what 100,000 passages of news come from."""
    words = collection.assistant.encoder
    entries = []
    for number in range(25_000):
        document = Document(
            f"{number}.txt", f"第{number}號。", f"第{number}號簡報", "東北網", f"20{number % 20:02}-01-01"
        )
        chunk = Chunk(0, len(document.text), document.text)
        entries.append((document, chunk))
    vectors = words.encode_documents([indexed_text(*entries[0])] * len(entries))
    for start in range(0, len(entries), 5000):
        some = entries[start : start + 5000]
        put = [Entry(document, [chunk], vectors[start : start + 1]) for document, chunk in some]
        collection.library.put(put)
    collection.page(ALL)
    for choice in (ALL, Choice(text="简报 123"), Choice(since="2005", until="2010"), Choice(source="东北")):
        started = time.perf_counter()
        total, page = collection.page(choice, order="date", descending=True, page=3)
        taken = time.perf_counter() - started
        assert total > PAGE
        assert len(page) == PAGE
        assert taken < 0.5, choice
        print(f"{total:,} of 25,000 documents listed in {taken * 1000:.0f} ms")


def test_a_damaged_memory_of_folders_begins_anew(collection: Collection, caplog: pytest.LogCaptureFixture) -> None:
    (collection.library.folder / "page.json").write_text("{", encoding="utf-8")
    assert collection.folders == []
    assert "cannot be read" in caplog.text
    assert isinstance(collection.library, Library)


def test_a_record_that_is_removed_stays_out_until_its_set_is_uploaded_again(
    collection: Collection, tmp_path: Path
) -> None:
    def take_in(name: str, text: str) -> None:
        collection.take_in([upload(tmp_path / "in", name, text)])
        collection.start([collection.uploads])
        assert finished(collection).problem == ""

    records = "\n".join(f'{{"id": "r{number}", "text": "第{number}處培訓{number}人。"}}' for number in (1, 2, 3))
    take_in("set.jsonl", records)
    collection.remove(["r2"])
    take_in("a.txt", "下基層。")
    assert ids(collection) == ["a.txt", "r1", "r3"]
    collection.again()
    finished(collection)
    assert ids(collection) == ["a.txt", "r1", "r3"]
    collection.remove(["r3"])
    assert collection.undo() == 1
    collection.again()
    finished(collection)
    assert ids(collection) == ["a.txt", "r1", "r3"]
    take_in("set.jsonl", records)
    assert ids(collection) == ["a.txt", "r1", "r2", "r3"]


def test_an_upload_that_is_removed_takes_its_copies_along(collection: Collection, tmp_path: Path) -> None:
    collection.take_in([upload(tmp_path, name, "培訓8710人次。") for name in ("a.txt", "b.txt")])
    collection.start([collection.uploads])
    assert finished(collection).report["copies"] == 1
    [there] = ids(collection)
    collection.remove([there])
    assert list(collection.uploads.iterdir()) == []
    collection.again()
    finished(collection)
    assert ids(collection) == []
    assert collection.undo() == 1
    assert sorted(path.name for path in collection.uploads.iterdir()) == ["a.txt", "b.txt"]


def test_a_page_after_the_last_is_the_last(collection: Collection, tmp_path: Path) -> None:
    collection.take_in([upload(tmp_path, f"{number:02}.txt", f"培訓{number}人次。") for number in range(PAGE + 1)])
    collection.start([collection.uploads])
    finished(collection)
    total, listed = collection.page(ALL, page=9)
    assert (total, [info.id for info in listed]) == (PAGE + 1, [f"{PAGE}.txt"])


def test_undo_leaves_what_has_come_since_and_says_so(collection: Collection, tmp_path: Path) -> None:
    def take_in(name: str, text: str) -> None:
        collection.take_in([upload(tmp_path / "in", name, text)])
        collection.start([collection.uploads])
        assert finished(collection).problem == ""

    take_in("a.txt", "培訓8710人次。")
    take_in("b.txt", "下基層14452人次。")
    collection.remove(["a.txt", "b.txt"])
    take_in("a.txt", "修建公路17公里。")
    with pytest.raises(InputError, match="1 of 2 documents cannot be put back"):
        collection.undo()
    assert ids(collection) == ["a.txt", "b.txt"]
    new = collection.library.document("a.txt")
    assert new is not None
    assert new.text == (collection.uploads / "a.txt").read_text(encoding="utf-8") == "修建公路17公里。"
    assert collection.can_undo == 0


def test_nothing_is_put_back_while_documents_are_read(
    collection: Collection, tmp_path: Path, goes_on: threading.Event
) -> None:
    with pytest.raises(InputError, match="being read"):
        collection.remove(["a.txt"])
    collection._removed = _Removed([])
    with pytest.raises(InputError, match="being read; put some back"):
        collection.undo()
    goes_on.set()
    finished(collection)


def zipped(file: Path, **members: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.txt"), content)
    return file


def test_an_upload_that_was_not_read_to_its_end_stays_when_its_documents_are_removed(
    collection: Collection, tmp_path: Path
) -> None:
    collection.take_in([zipped(tmp_path / "in" / "a.zip", one="培訓8710人次。", two="")])
    collection.start([collection.uploads])
    assert len(finished(collection).report["failed"]) == 1
    collection.remove(["a.zip/one.txt"])
    assert [path.name for path in collection.uploads.iterdir()] == ["a.zip"]


def test_a_document_that_is_removed_does_not_come_back_by_a_copy_of_its_file(
    collection: Collection, tmp_path: Path
) -> None:
    for name in ("b.zip", "a.zip"):
        collection.take_in([zipped(tmp_path / name, one="培訓8710人次。", two="下基層。")])
        collection.start([collection.uploads])
        finished(collection)
    assert ids(collection) == ["b.zip/one.txt", "b.zip/two.txt"]
    collection.remove(["b.zip/one.txt"])
    collection.again()
    finished(collection)
    assert ids(collection) == ["b.zip/two.txt"]
    collection.remove(["b.zip/two.txt"])
    assert list(collection.uploads.iterdir()) == []


def test_a_removed_record_harms_neither_its_set_nor_another_that_has_it(collection: Collection, tmp_path: Path) -> None:
    def take_in(name: str, *numbers: int) -> None:
        records = "\n".join(f'{{"id": "r{number}", "text": "第{number}處培訓{number}人。"}}' for number in numbers)
        collection.take_in([upload(tmp_path / "in", name, records)])
        collection.start([collection.uploads])
        assert finished(collection).report["failed"] == []

    take_in("one.jsonl", 1, 2)
    collection.remove(["r2"])
    take_in("two.jsonl", 2, 3)
    assert ids(collection) == ["r1", "r2", "r3"]
    collection.again()
    assert finished(collection).report["failed"] == []


def test_what_could_not_be_put_aside_can_be_put_back(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.take_in([upload(tmp_path, "a.txt", "培訓8710人次。")])
    collection.start([collection.uploads])
    finished(collection)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.replace", full)
        with pytest.raises(InputError, match="their files stay"):
            collection.remove(["a.txt"])
    assert ids(collection) == []
    assert collection.undo() == 1
    assert ids(collection) == ["a.txt"]


def test_two_uploads_of_one_name_at_once_are_both_kept(collection: Collection, tmp_path: Path) -> None:
    files = [upload(tmp_path / str(number), "a.txt", f"第{number}處。") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda file: collection.take_in([file]), files))
    texts = {path.read_text(encoding="utf-8") for path in collection.uploads.iterdir()}
    assert texts == {f"第{number}處。" for number in range(8)}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"folders": null}',
        '{"folders": [1]}',
        '{"folders": "abc"}',
        '{"failures": [1]}',
        '{"failures": [{"path": 1, "error": 2}]}',
        "[" * 100_000,
    ],
)
def test_a_damaged_list_of_folders_is_set_aside_and_begun_anew(
    collection: Collection, tmp_path: Path, content: str
) -> None:
    kept = collection.library.folder / "page.json"
    kept.write_text(content, encoding="utf-8")
    collection.follow([upload(tmp_path / "docs", "a.txt", "培訓8710人次。").parent])
    assert collection.folders == [str(tmp_path / "docs")]
    assert kept.with_suffix(".damaged").read_text(encoding="utf-8") == content


def test_a_list_of_folders_that_cannot_be_read_just_now_is_not_overwritten(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.follow([upload(tmp_path / "docs", "a.txt", "培訓8710人次。").parent])
    before, read = collection.folders, Path.read_text

    def failing(self: Path, *given: Any, **named: Any) -> str:
        if self.name == "page.json":
            raise OSError(5, "Input/output error")
        return read(self, *given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_text", failing)
        with pytest.raises(LibraryError, match="cannot be read"):
            collection.follow([upload(tmp_path / "more", "b.txt", "下基層。").parent])
    assert collection.folders == before


# --- copies


def added(collection: Collection, folder: Path, **texts: str) -> None:
    """Uploads texts, named by their file's stem or whole name, and reads all uploads."""
    for name, text in texts.items():
        collection.take_in([upload(folder / "in", name.replace("_", "."), text)])
    collection.start([collection.uploads])
    work = finished(collection)
    assert (work.problem, work.report["failed"]) == ("", [])


def held(collection: Collection) -> list[str]:
    return sorted(path.name for path in collection.uploads.iterdir())


def test_a_document_of_the_same_text_and_another_kind_stays_when_one_is_removed(
    collection: Collection, tmp_path: Path
) -> None:
    added(collection, tmp_path, notes_txt="培訓8710人次。", notes_md="培訓8710人次。")
    collection.remove(["notes.txt"])
    assert (ids(collection), held(collection)) == (["notes.md"], ["notes.md"])
    assert collection.undo() == 1
    assert (ids(collection), held(collection)) == (["notes.md", "notes.txt"], ["notes.md", "notes.txt"])


@pytest.mark.parametrize("folder", ["A", "z"])  # before and after the uploads
def test_a_removed_upload_whose_copy_lies_in_a_folder_stops_no_sync(
    collection: Collection, tmp_path: Path, folder: str
) -> None:
    added(collection, tmp_path, x_txt="培訓8710人次。")
    copy = upload(tmp_path / folder, "x.txt", "培訓8710人次。")
    collection.follow([copy.parent])
    collection.again()
    finished(collection)
    collection.remove(["x.txt"])
    added(collection, tmp_path, new_txt="新的。")
    assert ids(collection) == ["new.txt"]
    collection.again()  # the folder's file is read again with its folder
    finished(collection)
    assert ids(collection) == ["new.txt", "x.txt"]
    collection.unfollow(str(copy.parent))
    collection.again()
    assert finished(collection).problem == ""


@pytest.mark.parametrize("folder", ["A", "z"])
def test_an_upload_whose_copy_lies_in_a_folder_can_be_uploaded_again(
    collection: Collection, tmp_path: Path, folder: str
) -> None:
    added(collection, tmp_path, x_txt="培訓8710人次。")
    collection.follow([upload(tmp_path / folder, "x.txt", "培訓8710人次。").parent])
    collection.again()
    finished(collection)
    added(collection, tmp_path, x_txt="培訓8710人次。", new_txt="新的。")
    assert ids(collection) == ["new.txt", "x.txt"]


def test_the_uploaded_copy_of_a_folders_document_goes_with_it(collection: Collection, tmp_path: Path) -> None:
    folder = upload(tmp_path / "F", "x.txt", "培訓8710人次。").parent
    collection.follow([folder])
    collection.again()
    finished(collection)
    added(collection, tmp_path, x_txt="培訓8710人次。")
    collection.remove(["x.txt"])
    added(collection, tmp_path, z_txt="別的。")
    assert ids(collection) == ["z.txt"]


# --- undo, again and again


def test_what_is_removed_once_more_after_undo_stays_out(collection: Collection, tmp_path: Path) -> None:
    added(collection, tmp_path, a_txt="培訓8710人次。")
    collection.remove(["a.txt"])
    assert collection.undo() == 1
    collection.remove(["a.txt"])
    assert held(collection) == []
    added(collection, tmp_path, z_txt="別的。")
    assert ids(collection) == ["z.txt"]


def test_undo_brings_back_no_more_than_was_removed_last(collection: Collection, tmp_path: Path) -> None:
    collection.take_in([zipped(tmp_path / "in" / "a.zip", one="培訓8710人次。", two="下基層。")])
    collection.start([collection.uploads])
    finished(collection)
    collection.remove(["a.zip/one.txt"])
    collection.remove(["a.zip/two.txt"])
    assert collection.undo() == 1
    collection.again()
    finished(collection)
    assert ids(collection) == ["a.zip/two.txt"]


def test_undo_that_fails_can_be_tried_again(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(collection, tmp_path, a_txt="培訓8710人次。", b_txt="下基層。")
    collection.remove(["a.txt", "b.txt"])

    def full(*_: object, **__: object) -> None:
        raise LibraryError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(collection.library, "put", full)
        with pytest.raises(LibraryError):
            collection.undo()
    assert held(collection) == []
    with monkeypatch.context() as patched:
        patched.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(13, "Permission denied")))
        with pytest.raises(InputError, match="Permission denied"):
            collection.undo()
    assert collection.undo() == 2
    assert held(collection) == ids(collection) == ["a.txt", "b.txt"]


def test_undo_goes_on_without_a_file_that_is_lost(collection: Collection, tmp_path: Path) -> None:
    added(collection, tmp_path, a_txt="培訓8710人次。", b_txt="下基層。")
    collection.remove(["a.txt", "b.txt"])
    (collection.library.folder / "removed" / "b.txt").unlink()
    with pytest.raises(InputError, match="1 of 2"):
        collection.undo()
    assert held(collection) == ids(collection) == ["a.txt"]


def test_a_document_named_twice_is_removed_once(collection: Collection, tmp_path: Path) -> None:
    added(collection, tmp_path, a_txt="培訓8710人次。")
    assert collection.remove(["a.txt", "a.txt"]) == ["a.txt"]
    assert collection.undo() == 1


def test_an_upload_that_breaks_off_leaves_nothing_behind(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:3])
        raise OSError(28, "No space left on device")

    file = upload(tmp_path / "in", "a.txt", "培訓8710人次。")
    with monkeypatch.context() as patched:
        patched.setattr("shutil.move", cut)
        with pytest.raises(InputError, match="No space left"):
            collection.take_in([file])
    assert held(collection) == []
    assert [path.name for path in collection.take_in([file])] == ["a.txt"]


def test_a_report_survives_a_list_of_folders_that_cannot_be_read(collection: Collection, tmp_path: Path) -> None:
    (collection.library.folder / "page.json").mkdir()
    collection.take_in([upload(tmp_path / "in", "a.txt", "培訓8710人次。")])
    collection.start([collection.uploads])
    work = finished(collection)
    assert "cannot be read" in work.problem
    assert work.report["added"] == 1
    assert ids(collection) == ["a.txt"]
