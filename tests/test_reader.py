"""The child that reads files: what breaks it, what it may not do, and that the next file is read all the same."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import reader as reader_module
from ingest.loaders import Loaded, load
from ingest.reader import Reader
from rag.errors import DocumentError
from tests import hostile

#: A parser for .fake files: what it does is the file's name. `audited` tells what each forbidden call came to.
FAKE = """
import ctypes, os, pty, signal, socket, subprocess, sys, threading, time, tempfile
from pathlib import Path
from ingest.extracted import Extracted
from rag.errors import DocumentError

def read(path):
    return globals()[path.stem.split("-")[0]](path)

def good(path):
    return Extracted(path.read_text(encoding="utf-8"))

def crash(path):
    os.kill(os.getpid(), signal.SIGSEGV)

def null(path):
    ctypes.string_at(0)

def leave(path):
    sys.exit(0)

def hang(path):
    Path(tempfile.mkdtemp(), "part").write_text("half")
    while True:
        pass

def spin(path):
    # As C code that keeps the interpreter to itself.
    ctypes.PyDLL(None).pause()

def hoard(path):
    data = []
    while True:
        data.append(bytearray(1 << 24))

def chat(path):
    print("{}")
    sys.stdout.flush()
    os.write(1, b'{"documents": [], "problems": []}' + bytes([10]))
    sys.stderr.write("x" * 1_000_000)
    return good(path)

def ask(path):
    return Extracted("got " + repr(sys.stdin.read()) + repr(os.read(0, 9)))

class Odd(Exception):
    pass

def odd(path):
    raise Odd("line one" + chr(10) + "line two /secret/path")

def recurse(path):
    return recurse(path)

def refuse(path):
    raise DocumentError("no." + chr(10) + "more")

def audited(path):
    def tries():
        yield "connect", lambda: socket.socket().connect(("127.0.0.1", 9))
        yield "connect_ex", lambda: socket.socket().connect_ex(("127.0.0.1", 9))
        yield "sendto", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))
        yield "bind", lambda: socket.socket().bind(("127.0.0.1", 0))
        yield "resolve", lambda: socket.getaddrinfo("localhost", 80)
        yield "gethostbyname", lambda: socket.gethostbyname("localhost")
        yield "unix", lambda: socket.socket(socket.AF_UNIX).connect("/nowhere")
        yield "run", lambda: subprocess.run(["true"])
        yield "system", lambda: os.system("true")
        yield "exec", lambda: os.execv("/bin/true", ["true"])
        yield "fork", lambda: os.fork()
        yield "posix_spawn", lambda: os.posix_spawn("/bin/true", ["true"], {})
        yield "spawn", lambda: os.spawnv(os.P_WAIT, "/bin/true", ["true"])
        yield "forkpty", lambda: pty.fork()
    lines = []
    for name, call in tries():
        try:
            call()
        except PermissionError as error:
            lines.append(name + ": refused" if "asked for" in str(error) else name + ": " + str(error))
        except Exception as error:
            lines.append(name + ": " + repr(error))
        else:
            lines.append(name + ": done")
    return Extracted(chr(10).join(lines))
"""
SITE = """
import ingest.loaders
ingest.loaders._BY_SUFFIX[".fake"] = ("fakes", "read")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for documents. Children that are started now know .fake files, and unpack into `tmp_path`/tmp."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "fakes.py").write_text(FAKE, encoding="utf-8")
    (code / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(code))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "docs").mkdir()
    return tmp_path / "docs"


@pytest.fixture
def reader(folder: Path) -> Iterator[Reader]:
    with Reader(seconds=60, memory=1 << 30) as opened:
        yield opened
    assert_nothing_is_left(folder, opened)


def assert_nothing_is_left(folder: Path, reader: Reader) -> None:
    assert reader._child is None
    assert list((folder.parent / "tmp").iterdir()) == []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it has ended meanwhile
        assert (state, parent) != ("Z", str(os.getpid())), "a zombie"


def fake(folder: Path, name: str, text: str = "培訓8710人次。") -> Path:
    file = folder / f"{name}.fake"
    file.write_text(text, encoding="utf-8")
    return file


def text_of(loaded: Loaded) -> str:
    [document] = loaded.documents
    return document.text


def complaint(reader: Reader, file: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        reader.read(file)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    assert sentence.endswith(".")
    return sentence


def process(reader: Reader) -> int:
    assert reader._child is not None
    return reader._child.pid


# --- what breaks


def test_a_file_is_read_in_the_child_as_it_is_here(reader: Reader, folder: Path) -> None:
    for name, make in (
        ("a.docx", hostile.sound_docx),
        ("b.csv", hostile.SOUND[".csv"]),
        ("c.zip", hostile.SOUND[".zip"]),
    ):
        (folder / name).write_bytes(make())
        assert reader.read(folder / name) == load(folder / name)
    assert process(reader) != os.getpid()


@pytest.mark.parametrize("name", ["crash", "null", "leave"])
def test_a_parser_that_takes_the_child_with_it_fails_its_own_file_only(reader: Reader, folder: Path, name: str) -> None:
    assert text_of(reader.read(fake(folder, "good"))) == "培訓8710人次。"
    first = process(reader)
    assert complaint(reader, fake(folder, name)) == (
        f"{name}.fake cannot be read: it is damaged, or needs more than 1 GB of memory. "
        "Open it in the program that made it and save it again, or split it."
    )
    assert text_of(reader.read(fake(folder, "good-again"))) == "培訓8710人次。"
    assert process(reader) != first


@pytest.mark.parametrize("name", ["hang", "spin"])
def test_a_parser_that_never_ends_is_ended(folder: Path, name: str) -> None:
    with Reader(seconds=2) as reader:
        began = time.monotonic()
        assert complaint(reader, fake(folder, name)) == (
            f"{name}.fake took more than 2 seconds to read; split it into smaller files."
        )
        assert time.monotonic() - began < 10
        assert text_of(reader.read(fake(folder, "good"))) == "培訓8710人次。"
    assert_nothing_is_left(folder, reader)


def test_a_parser_that_asks_for_too_much_memory_is_refused_it(reader: Reader, folder: Path) -> None:
    assert complaint(reader, fake(folder, "hoard")) == (
        "hoard.fake needs too much memory to be read; split it into smaller files."
    )
    assert text_of(reader.read(fake(folder, "good"))) == "培訓8710人次。"


def test_a_pdf_that_draws_itself_fills_no_memory_but_its_own(reader: Reader, folder: Path) -> None:
    itself = "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>"
    (folder / "form.pdf").write_bytes(
        hostile.pdf({4: hostile.stream(b"/X Do"), 6: hostile.stream(b"/X Do /X Do", itself)})
    )
    assert "form.pdf" in complaint(reader, folder / "form.pdf")
    assert text_of(reader.read(fake(folder, "good"))) == "培訓8710人次。"


def test_what_a_parser_prints_is_no_answer(reader: Reader, folder: Path) -> None:
    assert text_of(reader.read(fake(folder, "chat"))) == "培訓8710人次。"
    assert text_of(reader.read(fake(folder, "good", "培訓341期。"))) == "培訓341期。"


def test_a_parser_that_asks_for_input_gets_none(reader: Reader, folder: Path) -> None:
    assert text_of(reader.read(fake(folder, "ask"))) == "got ''b''"
    assert text_of(reader.read(fake(folder, "good"))) == "培訓8710人次。"


@pytest.mark.parametrize(("name", "kind"), [("odd", "Odd"), ("recurse", "RecursionError")])
def test_an_exception_of_any_kind_becomes_a_sentence_and_the_child_goes_on(
    reader: Reader, folder: Path, name: str, kind: str
) -> None:
    reader.read(fake(folder, "good"))
    first = process(reader)
    assert complaint(reader, fake(folder, name)) == (
        f"{name}.fake cannot be read ({kind}): it is damaged, or not what its name says. "
        "Open it in the program that made it and save it again."
    )
    assert text_of(reader.read(fake(folder, "good"))) == "培訓8710人次。"
    assert process(reader) == first


def test_a_sentence_has_one_line_whatever_the_file_and_its_parser_say(reader: Reader, folder: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        reader.read(fake(folder, "refuse"))
    assert str(caught.value) == "no.�more"
    for name in ("crash-two\nlines\u202e", "odd-two\nlines\u202e", "hoard-two\nlines\u202e"):
        sentence = complaint(reader, fake(folder, name))
        assert sentence.startswith(name.replace("\n", "�").replace("\u202e", "�"))
    (folder / "two\nlines.docx").write_text("x", encoding="utf-8")
    assert complaint(reader, folder / "two\nlines.docx").startswith("two�lines.docx is not an Office file")


# --- what it may not do


def test_the_child_may_open_no_connection_and_start_no_program(reader: Reader, folder: Path) -> None:
    lines = text_of(reader.read(fake(folder, "audited"))).splitlines()
    assert len(lines) == 14
    assert [line for line in lines if not line.endswith(": refused")] == []


def test_no_module_is_taken_from_the_folder_that_it_is_started_in(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("docx", "json", "lxml", "fakes", "ingest"):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")
    (folder / "a.docx").write_bytes(hostile.sound_docx("培訓8710人次。"))
    monkeypatch.chdir(folder)
    with Reader() as reader:
        assert text_of(reader.read(folder / "a.docx")) == "培訓8710人次。"
    assert not (tmp_path / "ran").exists()


def test_plain_text_starts_no_child(reader: Reader, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a child was started"))
    for name in ("a.txt", "b.md", "c.MARKDOWN", "d.text"):
        (folder / name).write_text("培訓8710人次。", encoding="utf-8")
        assert text_of(reader.read(folder / name)) == "培訓8710人次。"
    (folder / "set.jsonl").write_text('{"id": "a", "text": "培訓"}\n', encoding="utf-8")
    assert text_of(reader.read(folder / "set.jsonl")) == "培訓"
    assert reader._child is None


def test_one_child_reads_many_files(reader: Reader, folder: Path) -> None:
    numbers = set()
    for number in range(5):
        assert text_of(reader.read(fake(folder, f"good-{number}", f"培訓{number}期。"))) == f"培訓{number}期。"
        numbers.add(process(reader))
    assert len(numbers) == 1


# --- its end


def test_closing_from_another_thread_ends_a_file_at_once(folder: Path) -> None:
    reader = Reader(seconds=60)
    raised: list[BaseException] = []

    def read() -> None:
        try:
            reader.read(fake(folder, "hang"))
        except BaseException as error:  # noqa: BLE001 - looked at below
            raised.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    while not list((folder.parent / "tmp").glob("*/*/part")):  # it is in the middle of the file
        time.sleep(0.05)
    child = process(reader)
    began = time.monotonic()
    reader.close()
    thread.join(10)
    assert time.monotonic() - began < 5
    assert not thread.is_alive()
    [error] = raised
    assert isinstance(error, RuntimeError)
    assert str(error) == "the reader has been closed"
    assert not Path(f"/proc/{child}").exists()
    assert_nothing_is_left(folder, reader)


def test_a_closed_reader_reads_no_more_and_may_be_closed_again(folder: Path) -> None:
    reader = Reader()
    reader.close()
    reader.close()
    with pytest.raises(RuntimeError, match="closed"):
        reader.read(fake(folder, "good"))
    assert_nothing_is_left(folder, reader)


def test_what_a_child_had_unpacked_goes_with_it(folder: Path) -> None:
    with Reader(seconds=2) as reader:
        complaint(reader, fake(folder, "hang"))
        assert list((folder.parent / "tmp").iterdir()) == []
    assert_nothing_is_left(folder, reader)


def test_a_child_whose_parent_has_gone_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the parent is killed in the middle of a file: the child is then alone with a parser that never ends."""
    code = "import sys; from pathlib import Path; from ingest.reader import Reader\nReader().read(Path(sys.argv[1]))"
    monkeypatch.setenv("TMPDIR", str(folder.parent / "tmp"))
    parent = subprocess.Popen([sys.executable, "-c", code, str(fake(folder, "hang"))], cwd=Path(__file__).parent.parent)
    found: list[Path] = []
    while not found:
        assert parent.poll() is None
        found = list((folder.parent / "tmp").glob("*/*/part"))
        time.sleep(0.02)
    [child] = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < deadline, "the child goes on alone"
        time.sleep(0.1)


def test_a_reader_says_how_long_and_how_much_by_itself() -> None:
    reader = Reader()
    assert (reader.seconds, reader.memory) == (reader_module.SECONDS, reader_module.MEMORY)
