from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ingest.folder import Scan, inside, key, printable, scan
from ingest.loaders import SUFFIXES
from rag.store import FileStamp


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, content: str = "培訓8710人次。") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return file


def look(*roots: Path, known: Mapping[str, FileStamp] | None = None) -> Scan:
    return scan(roots, known or {})


def names(found: Scan, docs: Path) -> list[str]:
    return [os.path.relpath(path, docs) for path in found.files]


def reasons(pairs: list[tuple[Path, str]]) -> dict[str, str]:
    assert len({path for path, _ in pairs}) == len(pairs)
    return {path.name: reason for path, reason in pairs}


# --- what is found


def test_files_of_known_kinds_are_found_in_all_folders_in_order(docs: Path) -> None:
    for name in ("b.txt", "a/z.PDF", "a/b/c.docx", "a.txt", "培訓/簡報.md"):
        write(docs, name)
    found = look(docs)
    assert names(found, docs) == ["a/b/c.docx", "a/z.PDF", "a.txt", "b.txt", "培訓/簡報.md"]
    assert [*found.failed, *found.skipped, *found.unseen, *found.touched] == []
    stamp = found.files[str(docs / "a.txt")]
    assert stamp.sha256 == sha256("培訓8710人次。".encode()).hexdigest()
    assert (stamp.size, stamp.modified) == ((docs / "a.txt").stat().st_size, (docs / "a.txt").stat().st_mtime_ns)
    assert key(stamp) == (stamp.sha256, ".txt")


def test_every_kind_that_can_be_loaded_is_found(docs: Path) -> None:
    for suffix in SUFFIXES:
        write(docs, f"a{suffix}")
    assert {Path(path).suffix for path in look(docs).files} == SUFFIXES


def test_files_of_other_kinds_and_hidden_ones_are_skipped_with_the_next_step(docs: Path) -> None:
    for name in ("a.exe", "b.doc", "README", ".hidden.txt", "~$c.docx", ".git/d.txt"):
        write(docs, name)
    found = look(docs)
    assert found.files == {}
    said = reasons(found.skipped)
    assert set(said) == {"a.exe", "b.doc", "README", ".hidden.txt", "~$c.docx"}  # nobody asks for what is in .git
    assert said["b.doc"] == "not a kind of file that is read; save it as .docx"


def test_a_file_that_is_named_is_found_whatever_it_is_called(docs: Path) -> None:
    file = write(docs, ".hidden.xyz")
    assert list(look(file, docs).files) == [str(file)]


def test_a_question_set_is_no_document(docs: Path) -> None:
    write(docs, "q.jsonl", '\n \n{"question": "多少？", "answers": []}\n')
    write(docs, "d.jsonl", '{"id": "a", "text": "甲"}\n')
    write(docs, "long.jsonl", '{"question": "' + "多" * 2_000_000 + '"}\n')  # is looked at no further than a megabyte
    (docs / "w.jsonl").write_bytes('{"question": "多少？"}\n'.encode("utf-16"))
    found = look(docs)
    assert names(found, docs) == ["d.jsonl", "long.jsonl"]
    assert set(reasons(found.skipped)) == {"q.jsonl", "w.jsonl"}


# --- links, pipes, names


def test_no_link_leads_out_of_the_folder(docs: Path, tmp_path: Path) -> None:
    secret = write(tmp_path, "outside/secret.txt")
    write(docs, "sub/a.txt")
    (docs / "out.txt").symlink_to(secret)
    (docs / "relative.txt").symlink_to("../outside/secret.txt")
    (docs / "twice.txt").symlink_to("out.txt")
    (docs / "device.txt").symlink_to("/dev/zero")
    (docs / "folder").symlink_to(secret.parent)
    (docs / "round").symlink_to(".")
    (tmp_path / "docs-beside").mkdir()
    write(tmp_path, "docs-beside/b.txt")
    (docs / "beside.txt").symlink_to("../docs-beside/b.txt")  # whose path begins with that of the folder
    (docs / "inside.txt").symlink_to("sub/a.txt")
    found = look(docs)
    assert names(found, docs) == ["inside.txt", "sub/a.txt"]
    said = reasons(found.skipped)
    for name in ("out.txt", "relative.txt", "twice.txt", "device.txt", "beside.txt"):
        assert said[name] == "a link to a place outside the folder"
    assert said["folder"] == said["round"] == "a link to a folder; name the folder itself to read it"
    assert set(said) == {"out.txt", "relative.txt", "twice.txt", "device.txt", "beside.txt", "folder", "round"}


def test_a_folder_that_is_reached_by_a_link_is_read(docs: Path, tmp_path: Path) -> None:
    write(docs, "a.txt")
    (docs / "b.txt").symlink_to("a.txt")
    (tmp_path / "link").symlink_to(docs)
    assert [Path(path).name for path in look(tmp_path / "link").files] == ["a.txt", "b.txt"]


def test_links_to_nothing_and_in_a_ring_are_named(docs: Path) -> None:
    (docs / "self.txt").symlink_to("self.txt")
    (docs / "a.txt").symlink_to("b.txt")
    (docs / "b.txt").symlink_to("a.txt")
    (docs / "nowhere.jsonl").symlink_to("nothing")
    found = look(docs)
    assert found.files == {}
    said = reasons(found.failed)
    assert set(said) == {"self.txt", "a.txt", "b.txt", "nowhere.jsonl"}
    assert said["nowhere.jsonl"] == "nowhere.jsonl cannot be read (No such file or directory). Check its permissions."
    assert all(reason.startswith(f"{name} cannot be read (") for name, reason in said.items())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
@pytest.mark.timeout(20)
def test_pipes_and_sockets_are_not_opened(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pipe.txt", "pipe.jsonl"):
        os.mkfifo(docs / name)
    (docs / "link.jsonl").symlink_to("pipe.jsonl")
    monkeypatch.chdir(docs)  # the name of a socket may have about a hundred bytes, with its folders
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.txt")
    found = look(docs)
    assert found.files == {}
    assert reasons(found.skipped) == dict.fromkeys(
        ("pipe.txt", "pipe.jsonl", "link.jsonl", "socket.txt"), "not a regular file"
    )
    [(file, reason)] = look(docs / "pipe.txt").failed
    assert file == docs / "pipe.txt"
    assert reason == f"{file} is neither a file nor a folder. Name one that holds documents."


def test_a_name_that_is_not_utf_8_is_named_as_well_as_it_can_be(docs: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(docs) + b"/\xe5\x9f.txt"))
    file.write_text("甲")
    found = look(docs)
    assert found.files == {}
    assert found.failed == [(file, f"{docs}/�.txt has a name that is not UTF-8; rename the file or its folder.")]
    assert printable(file) == f"{docs}/�.txt"


def test_a_reason_has_one_line_and_one_direction_whatever_the_names(
    docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docs / "two\nlines\u202e.txt").symlink_to("nothing")
    os.mkfifo(docs / "pipe\n.txt")
    (docs / "folder\r\n").mkdir()
    real = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("\n"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = look(docs, docs / "pipe\n.txt")
    said = [reason for _, reason in found.failed]
    assert len(said) == 3
    assert any(reason.startswith("two�lines�.txt cannot be read") for reason in said)
    assert any(reason.startswith(f"The folder {docs}/folder�� cannot be read") for reason in said)
    assert any(reason.startswith(f"{docs}/pipe�.txt is neither") for reason in said)


# --- what has changed


def test_a_file_whose_size_and_time_are_known_is_not_opened(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(docs, "a.txt")
    first = look(docs)
    monkeypatch.setattr("ingest.folder._sha256", lambda file: pytest.fail(f"{file} was opened"))
    again = look(docs, known=first.files)
    assert again.files == first.files
    assert again.touched == []


def test_a_file_with_another_time_and_the_same_content_is_touched(docs: Path) -> None:
    file = write(docs, "a.txt")
    first = look(docs)
    os.utime(file, (1, 1))
    again = look(docs, known=first.files)
    assert [stamp.path for stamp in again.touched] == [str(file)]
    assert again.files[str(file)].modified == 10**9
    write(docs, "a.txt", "培訓8711人次。")
    changed = look(docs, known=again.files)
    assert changed.touched == []
    assert changed.files[str(file)].sha256 != first.files[str(file)].sha256


def test_what_cannot_be_looked_at_is_unseen(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(docs, "a.txt")

    def refuse(file: Path) -> str:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr("ingest.folder._sha256", refuse)
    found = look(docs)
    assert found.unseen == [file]
    assert found.failed == [(file, "a.txt cannot be read (Permission denied). Check its permissions.")]


def test_a_file_that_is_too_large_for_any_kind_is_unseen_and_not_opened(
    docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(docs, "a.txt")
    os.truncate(file, (512 << 20) + 1)
    monkeypatch.setattr("ingest.folder._sha256", lambda file: pytest.fail(f"{file} was opened"))
    found = look(docs)
    assert found.unseen == [file]
    assert found.failed == [(file, "a.txt has 512 MB; up to 512 MB are read at once. Split it.")]


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        ("/a/b", "/a", True),
        ("/a", "/a", True),
        ("/ab", "/a", False),
        ("/a/b", "/", True),
        ("/a", "/a/b", False),
        ("/a/../b", "/a", True),
    ],
)
def test_inside_is_told_by_whole_names(path: str, folder: str, expected: bool) -> None:
    assert inside(path, Path(folder)) is expected
