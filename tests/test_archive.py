from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

import pytest

from ingest.archive import MEMBERS, members
from ingest.loaders import SUFFIXES, load
from rag.errors import DocumentError
from tests.hostile import MEGABYTE, zipped


def write(folder: Path, data: bytes, name: str = "a.zip") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def found(path: Path) -> list[tuple[str, str]]:
    """Name of each member, and its text or what is wrong with it."""
    return [
        (member.name, member.file.read_text() if member.file else member.error) for member in members(path, SUFFIXES)
    ]


def changed(data: bytes, at: int, central: int, value: bytes) -> bytes:
    """An archive of one member with these bytes in the member's head and in the directory."""
    made = bytearray(data)
    directory = made.index(b"PK\x01\x02")
    for place in (at, directory + central):
        made[place : place + len(value)] = value
    return bytes(made)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where members are unpacked."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_members_come_in_the_order_of_the_archive_and_only_those_that_are_documents(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        zipped(
            {
                "b/": "",
                "b/2.txt": "乙",
                "1.MD": "甲",
                "c.exe": "MZ",
                "b/.hidden.txt": "x",
                "~$d.docx": "x",
                "__MACOSX/b/2.txt": "x",
                "e.svg": "x",
            }
        ),
    )
    assert found(path) == [("b/2.txt", "乙"), ("1.MD", "甲")]


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/evil.txt", "..\\..\\evil.txt", "C:\\evil.txt", "a\nb.txt", "x/" * 2000 + "a.txt"]
)
def test_no_member_chooses_where_it_is_written(tmp_path: Path, temporary: Path, name: str) -> None:
    path = write(tmp_path, zipped({name: "甲"}))
    before = sorted(tmp_path.rglob("*"))
    for member in members(path, SUFFIXES):
        assert member.name == name
        assert member.file is not None
        assert member.file.parent.parent == temporary
        assert member.file.name == "member.txt"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_member_that_is_a_link_is_a_text_of_its_target_and_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("祕密")

    def linked(info: zipfile.ZipInfo) -> None:
        info.create_system = 3
        info.external_attr = 0o120777 << 16

    path = write(tmp_path, zipped({"a.txt": str(tmp_path / "secret.txt")}, change=linked))
    for member in members(path, SUFFIXES):
        assert member.file is not None
        assert not member.file.is_symlink()
        assert member.file.read_text() == str(tmp_path / "secret.txt")


def test_a_member_is_gone_when_the_next_is_asked_for_and_all_at_the_end(tmp_path: Path, temporary: Path) -> None:
    path = write(tmp_path, zipped({"a.txt": "甲", "b.md": "乙", "c.txt": "丙"}))
    before = None
    for member in members(path, SUFFIXES):
        assert member.file is not None
        assert member.file.is_file()
        assert before is None or not before.exists()
        assert len(list(temporary.glob("*/*"))) == 1
        before = member.file
    assert list(temporary.iterdir()) == []
    unfinished = members(path, SUFFIXES)
    next(unfinished)
    unfinished.close()  # type: ignore[attr-defined]
    assert list(temporary.iterdir()) == []


def test_one_bad_member_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    def stored(info: zipfile.ZipInfo) -> None:
        info.compress_type = zipfile.ZIP_STORED

    data = zipped({"a.txt": "first", "b.txt": "second"}, change=stored).replace(b"first", b"worst")
    assert found(write(tmp_path, data)) == [
        ("a.txt", "a.txt is damaged within the archive; make the archive again."),
        ("b.txt", "second"),
    ]
    sound = zipped({"a.txt": "first"})
    locked = changed(sound, 6, 8, b"\x01")
    assert found(write(tmp_path, locked)) == [
        ("a.txt", "a.txt needs a password; unpack the archive, and name the folder instead.")
    ]
    assert found(write(tmp_path, changed(sound, 8, 10, b"\x61\0"))) == [
        ("a.txt", "a.txt is packed in a rare way; make an ordinary zip archive.")
    ]
    nested = zipped({"inner.zip": sound, "a.txt": "first"})
    assert found(write(tmp_path, nested)) == [
        ("inner.zip", "inner.zip is an archive within an archive; unpack it first."),
        ("a.txt", "first"),
    ]


def test_a_member_larger_than_it_says_is_not_inflated(tmp_path: Path, temporary: Path) -> None:
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):

        def packed(info: zipfile.ZipInfo, method: int = method) -> None:
            info.compress_type = method

        lying = changed(zipped({"a.txt": bytes(20 * MEGABYTE)}, change=packed), 22, 24, b"\x0a\0\0\0")
        [(name, sentence)] = found(write(tmp_path, lying))
        assert name == "a.txt"
        assert "archive" in sentence
        assert sum(file.stat().st_size for file in temporary.rglob("*")) == 0


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (zipped({f"{number}.txt": bytes(50 * MEGABYTE) for number in range(2)}), "would unpack to far more"),
        (zipped({f"{number}.txt": "" for number in range(MEMBERS + 1)}), f"has {MEMBERS + 1:,} members; unpack it"),
        (zipped({"a.txt": "甲" * 1000})[:-30], "damaged or cut off"),
        (b"PK\x03\x04" + bytes(100), "damaged or cut off"),
        (b"", "damaged or cut off"),
        ("培訓".encode(), "damaged or cut off"),
    ],
)
def test_an_archive_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, data: bytes, reason: str) -> None:
    path = write(tmp_path, data)
    with pytest.raises(DocumentError) as caught:
        list(members(path, SUFFIXES))
    assert reason in str(caught.value)
    assert str(caught.value).startswith("a.zip ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_names_that_chinese_programs_write_are_read(tmp_path: Path, encoding: str) -> None:
    raw = "培訓简报.txt".encode(encoding)
    data = zipped({"x" * len(raw): "甲", "b.txt": ""}).replace(b"x" * len(raw), raw)
    assert found(write(tmp_path, data))[0] == ("培訓简报.txt", "甲")


# --- what the loaders make of members


def test_members_are_documents_of_their_own_with_ids_that_begin_with_the_archive(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        zipped(
            {
                "dir/a.txt": "培訓8710人次。",
                "dir/table.csv": "年,人次\n2011,8710\n",
                "set.jsonl": '{"id": "x", "text": "甲"}\n{"id": "y", "text": "乙"}\n',
                "bad.pdf": "no",
            }
        ),
    )
    loaded = load(path)
    assert [(d.id, d.path) for d in loaded.documents] == [
        (f"a.zip/{name}", str(path)) for name in ("dir/a.txt", "dir/table.csv", "set.jsonl/x", "set.jsonl/y")
    ]
    assert loaded.documents[1].title == "table"
    [problem] = loaded.problems
    assert problem.part == "bad.pdf"
    assert problem.error.startswith("bad.pdf is not a PDF")


def test_of_two_members_with_one_name_the_first_is_read(tmp_path: Path) -> None:
    data = zipped({"a.txt": "甲", "b.txt": "乙", "set.jsonl": '{"id": "c.txt", "text": "丙"}', "set.jsonl/c.txt": "丁"})
    loaded = load(write(tmp_path, data.replace(b"b.txt", b"a.txt")))
    assert [(d.id, d.text) for d in loaded.documents] == [("a.zip/a.txt", "甲"), ("a.zip/set.jsonl/c.txt", "丙")]
    assert [problem.error for problem in loaded.problems] == [
        "a.txt is in the archive twice; give each its own name, and make it again.",
        "set.jsonl/c.txt is in the archive twice; give each its own name, and make it again.",
    ]


def test_what_is_said_of_a_member_has_one_line_whatever_its_name(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, zipped({"a\nb\u202e.pdf": "no", "c\nd.zip": "no", "e.txt": "甲"})))
    assert [problem.error.split(" ")[0] for problem in loaded.problems] == ["a�b�.pdf", "c�d.zip"]


def test_an_archive_without_documents_is_refused(tmp_path: Path) -> None:
    for data in (zipped({}), zipped({"a.exe": "MZ", "b/": ""})):
        with pytest.raises(DocumentError, match=r"^a.zip holds no file of a kind that can be read"):
            load(write(tmp_path, data))


def test_an_archive_that_is_a_folder_or_gone_is_refused(tmp_path: Path) -> None:
    os.mkdir(tmp_path / "b.zip")
    for name in ("b.zip", "gone.zip"):
        with pytest.raises(DocumentError, match=f"^{name} cannot be read"):
            load(tmp_path / name)
