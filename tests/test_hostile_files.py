"""A folder of hostile files is read like any other: each is stored or refused in a sentence, and that is all."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ingest import sync
from ingest.folder import printable
from ingest.loaders import one_line
from ingest.reader import Reader
from rag import Assistant
from tests import hostile

pytestmark = [
    pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="memory is read from /proc, which only Linux has"),
    pytest.mark.timeout(400),
]
#: Seconds that the folder may take, and bytes that the parent may grow by and its child to. Measured on two cores:
#: 29 s, 180 MB, 540 MB. The child is stopped at 4 GB in any case.
SECONDS = 180
PARENT, CHILD = 1 << 30, 2 << 30


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address that answers. Fails the test if anybody called; this process may call nobody at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        called: list[object] = []

        def refuse(self: socket.socket, address: object) -> None:
            called.append(address)
            raise PermissionError(f"a connection to {address}")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(BlockingIOError):
            server.accept()
        assert called == []


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file outside the folder, whose words are to stay there."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "canary.txt").write_text(f"{hostile.SECRET}。", encoding="utf-8")
    return tmp_path / "outside" / "canary.txt"


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    """All that is in a folder, with its size and the time when it was written."""
    found = {}
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            status = os.lstat(os.path.join(place, name))
            found[os.path.join(place, name)] = (status.st_size, status.st_mtime_ns)
    return found


def peak(process: int | str = "self") -> int:
    """Bytes of memory that a process has taken since `forget_peak`, or since it began where that is not possible.

    What getrusage tells of a child is no less than what its parent had when it was started.
    """
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10
    return 0  # it has ended


def forget_peak() -> None:
    """Lets the highest memory so far be forgotten: https://docs.kernel.org/filesystems/proc.html, clear_refs."""
    if os.access("/proc/self/clear_refs", os.W_OK):
        Path("/proc/self/clear_refs").write_text("5")


def problems(report: Mapping[str, Any]) -> dict[str, str]:
    """What the report says of each path that was not read; each has one sentence."""
    found: dict[str, str] = {}
    for path, sentence in (
        *((failure["path"], failure["error"]) for failure in report["failed"]),
        *((skipped["path"], skipped["reason"]) for skipped in report["skipped"]),
    ):
        assert path not in found, f"{path} is there twice"
        found[path] = sentence
    return found


def test_hostile_files_are_stored_or_refused_in_a_sentence(
    assistant: Assistant, tmp_path: Path, canary: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    hostile.write(docs, canary, address)
    children: list[int] = []
    ask = Reader._ask

    def asked(self: Reader, child: subprocess.Popen[bytes], *more: Any) -> dict[str, Any]:
        try:
            return ask(self, child, *more)
        finally:
            children.append(peak(child.pid) if child.returncode is None else 0)

    monkeypatch.setattr(Reader, "_ask", asked)
    before = {path: facts for path, facts in everything(tmp_path).items() if not path.startswith(str(tmp_path / "lib"))}
    temporary = set(os.listdir("/tmp"))
    forget_peak()
    at_first = peak()

    began = time.monotonic()
    report = sync(docs, assistant)
    seconds = time.monotonic() - began
    grown = peak() - at_first
    child = max(children)
    print(f"{seconds:.0f} s, the parent grew by {grown >> 20} MB to {peak() >> 20}, the child to {child >> 20} MB")
    assert seconds < SECONDS
    assert grown < PARENT
    assert 0 < child < CHILD

    # Each file is stored or complained of, in one sentence that names it.
    stored = set(assistant.library.files()) | {document.path for document in assistant.documents()}
    said = problems(report)
    files = [Path(place, name) for place, _, names in os.walk(docs) for name in names]
    links = [Path(place, name) for place, names, _ in os.walk(docs) for name in names if Path(place, name).is_symlink()]
    assert len(files) > 300
    for file in files + links:
        path = printable(file)
        if path in stored:
            assert path not in said
            continue
        if file.suffix == ".zip" and path not in said:
            assert any(other.startswith(f"{path}/") for other in said)  # each of its members is complained of
            continue
        sentence = said[path]
        assert sentence.strip()
        assert sentence == one_line(sentence), path
        assert "Traceback" not in sentence
        assert len(sentence) < 400 + len(path)
    failed = {failure["path"]: failure["error"] for failure in report["failed"]}
    for path, sentence in failed.items():
        assert sentence.endswith("."), sentence
        name = one_line(os.path.basename(path))
        assert name in sentence, sentence
        assert sentence == one_line(sentence)
    parts = {path for path in said if not os.path.lexists(path)} - {printable(file) for file in files}
    assert parts
    assert all(".zip/" in path for path in parts), "only members of archives are no files"

    # Nothing from outside came in; nothing went out; nothing was written.
    for info in assistant.documents():
        document = assistant.library.document(info.id)
        assert document is not None
        assert hostile.SECRET not in document.text + document.title + document.source
        assert "root:x:0" not in document.text
    after = {path: facts for path, facts in everything(tmp_path).items() if not path.startswith(str(tmp_path / "lib"))}
    assert after == before
    assert [name for name in set(os.listdir("/tmp")) - temporary if name.startswith("jianbao-")] == []
    assert not Path("/tmp/evil.txt").exists()

    # Those that are sound, or that have a sound part, are there; those that reach out are not.
    assert {name for name in hostile.NAMES if str(docs / name) not in stored} == set()
    sound = "outside.docx outside.pptx outside.xlsx actions.pdf remote.html calls.xlsx names.zip injection.txt"
    for name in sound.split():
        assert str(docs / name) in stored, said.get(str(docs / name))
    reaching = "entity.docx entity.xlsx entity.pptx entity.epub climbing.epub out.txt zero.txt outside pipe.txt"
    for name in reaching.split():
        assert str(docs / name) in said

    # A second time changes nothing that is stored.
    again = sync(docs, assistant)
    assert (again["added"], again["updated"], again["removed"], again["chunks"]) == (0, 0, 0, 0)
    assert problems(again) == said
    assert set(assistant.library.files()) | {document.path for document in assistant.documents()} == stored
    assert assistant.library.problems() == []


def test_a_large_file_that_takes_no_space_is_refused_unread(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("a.txt", "a.jsonl", "a.zip"):
        (tmp_path / "docs" / name).touch()
        os.truncate(tmp_path / "docs" / name, 40 << 30)
    monkeypatch.setattr("ingest.folder._sha256", lambda file: pytest.fail(f"{file} was read"))
    report = sync(tmp_path / "docs", assistant)
    assert [failure["error"] for failure in report["failed"]] == [
        f"{name} has 40,960 MB; up to 512 MB are read at once. Split it." for name in ("a.jsonl", "a.txt", "a.zip")
    ]


def test_files_that_may_not_be_opened_are_named_and_lose_nothing(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for somebody else's files. Their permissions would not do: root has them all."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for suffix, make in hostile.SOUND.items():
        if suffix != ".jsonl":  # which is opened earlier, to see what it is
            (docs / f"two\nlines{suffix}").write_bytes(make())
    sync(docs, assistant)
    before = assistant.documents()
    real = Path.open

    def refuse(self: Path, *arguments: Any, **options: Any) -> Any:
        if self.parent == docs:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    for file in docs.iterdir():
        os.utime(file, (1, 1))
    report = sync(docs, assistant)
    assert {failure["error"] for failure in report["failed"]} == {
        f"two�lines{suffix} cannot be read (Permission denied). Check its permissions."
        for suffix in hostile.SOUND
        if suffix != ".jsonl"
    }
    assert assistant.documents() == before
