from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.loaders import SUFFIXES, load
from rag.errors import DocumentError
from tests.pages import PAGES

SEED = Path(__file__).parent.parent / "seeds" / "briefing-138.txt"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        load(path)
    message = str(caught.value)
    assert path.name in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_text_becomes_one_document_with_what_its_header_says() -> None:
    [document] = load(SEED).documents
    assert document.text == SEED.read_text(encoding="utf-8")
    assert (document.id, document.path) == ("briefing-138.txt", str(SEED))
    assert (document.title, document.source, document.date) == (
        "《深入開展創先爭優活動簡報》第138期",
        "東北網",
        "2011-04-19",
    )


def test_a_document_set_becomes_its_records(tmp_path: Path) -> None:
    lines = '\ufeff{"id": "a", "text": "甲", "date": "2011年4月19日"}\n\n{"id": "b", "text": "乙"}\n'
    path = write(tmp_path, "set.JSONL", lines)
    assert [(d.id, d.text, d.date, d.path) for d in load(path).documents] == [
        ("a", "甲", "2011-04-19", str(path)),
        ("b", "乙", "", str(path)),
    ]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    assert "binary" in complaint(write(tmp_path, "scan.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"))
    assert "save it as UTF-8" in complaint(write(tmp_path, "old.jsonl", b"\xff\xff\xff"))


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\xef\xbb\xbf", "\u3000\n".encode()])
@pytest.mark.parametrize("name", ["empty.txt", "empty.md", "empty.jsonl"])
def test_a_file_without_text_is_refused(data: bytes, name: str, tmp_path: Path) -> None:
    assert "no text" in complaint(write(tmp_path, name, data))


def test_missing_files_folders_and_other_kinds_are_refused(tmp_path: Path) -> None:
    assert "No such file" in complaint(tmp_path / "gone.txt")
    (tmp_path / "folder.txt").mkdir()
    assert "cannot be read" in complaint(tmp_path / "folder.txt")
    assert ".jsonl" in complaint(write(tmp_path, "letter.xyz", "x"))
    assert "save it as .docx" in complaint(write(tmp_path, "letter.doc", "x"))


@settings(deadline=None)  # the first file of a kind loads a package
@given(st.binary(max_size=100) | PAGES.map(str.encode), st.sampled_from(sorted(SUFFIXES)))
def test_any_file_is_loaded_or_refused_as_a_document(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), f"any{suffix}", data)
    with contextlib.suppress(DocumentError):
        assert all(document.text.strip() for document in load(path).documents)
