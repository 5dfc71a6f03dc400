"""A sync may be killed, interrupted or starved at any moment; the library holds whole documents, and the next goes on.

The processes are real, and so are SQLite, Chroma and the signals; only the encoder is the fake one.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from ingest import sync
from ingest.loaders import Loaded, load
from ingest.reader import Reader
from ingest.split import split
from rag import Assistant, InputError, Settings
from rag.embeddings import Vectors
from rag.store import Library, indexed_text
from rag.vectors import Mended
from tests.conftest import ROOT, WordEncoder
from tests.crash_child import take_small_steps

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL and no fork")

#: A document as a folder has it: its file, its id within the file (empty where there is only one), its text.
Held = tuple[str, str, str]


# --- folders that change


def paragraph(serial: int) -> str:
    """A chunk or two, which no other paragraph is like."""
    place = "甲乙丙丁戊己庚辛壬癸"[serial % 10]
    return (
        f"第{serial}期簡報：{place}市培訓組工乾部{serial * 7 + 3}人次。"
        f"全市修建公路{serial}公里，投資{serial * 11}萬元。"
        f"參加群眾{serial * 13 + 1}人，結成對子{serial + 5}對，舉辦講座{serial % 97 + 2}場。"
    )


@dataclass
class Folder:
    """A folder of documents that changes at random. No text in it is like another, but for copies of files."""

    path: Path
    random: random.Random
    serial: int = 0
    clock: int = 10**18
    moved: set[str] = field(default_factory=set)

    def text(self, paragraphs: int) -> str:
        self.serial += paragraphs
        return "\n\n".join(paragraph(self.serial - number) for number in range(paragraphs)) + "\n"

    def write(self, name: str, content: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        self.touch(file)

    def touch(self, file: Path) -> None:
        self.clock += 10**9
        os.utime(file, ns=(self.clock, self.clock))

    def fill(self) -> None:
        for number in range(4):
            self.write(f"note{number}.txt", self.text(3))
            self.write(f"sub/page{number}.md", "# 簡報\n\n" + self.text(4))
        self.write("long.md", self.text(40))
        self.write_set({f"r{number}": self.text(1) for number in range(30)})
        self.write_table()
        self.write("page.html", f"<html><body><h1>簡報</h1><p>{self.text(2)}</p></body></html>")

    def write_set(self, records: Mapping[str, str]) -> None:
        lines = [json.dumps({"id": id, "text": text}, ensure_ascii=False) for id, text in records.items()]
        self.write("set.jsonl", "\n".join(lines) + "\n")

    def write_table(self) -> None:
        self.serial += 8
        rows = [f"{self.serial - row}市,{self.serial * 3 + row},{self.serial * 5 + row}" for row in range(8)]
        self.write("table.csv", "\n".join(["市,人次,公里", *rows]) + "\n")

    def change(self, *, table: bool) -> list[str]:
        """Does several things to the folder; returns what. A table is read in another process, which takes longer."""
        kinds = ["add", "edit", "edit", "remove", "rename", "copy", "swap", "records", "long"]
        chosen = self.random.sample(kinds, 5) + ["table"] * table
        for kind in chosen:
            getattr(self, f"_{kind}")()
        return chosen

    def plain(self) -> list[Path]:
        return sorted(path for path in self.path.rglob("*") if path.suffix in (".txt", ".md") and path.stem != "long")

    def _add(self) -> None:
        self.serial += 1
        self.write(f"new/n{self.serial}.txt", self.text(self.random.randint(1, 6)))

    def _edit(self) -> None:
        file = self.random.choice(self.plain())
        self.write(str(file.relative_to(self.path)), self.text(self.random.randint(1, 6)))

    def _remove(self) -> None:
        if len(self.plain()) > 6:
            self.random.choice(self.plain()).unlink()

    def _rename(self) -> None:
        file = self.random.choice(self.plain())
        self.serial += 1
        new = self.path / "moved" / f"m{self.serial}{file.suffix}"
        new.parent.mkdir(exist_ok=True)
        file.rename(new)

    def _copy(self) -> None:
        file = self.random.choice(self.plain())
        self.serial += 1
        new = self.path / "copies" / f"c{self.serial}{file.suffix}"
        new.parent.mkdir(exist_ok=True)
        shutil.copy(file, new)
        self.touch(new)

    def _swap(self) -> None:
        for suffix in (".txt", ".md"):
            files = [file for file in self.plain() if file.suffix == suffix]
            if len(files) > 1:
                one, two = self.random.sample(files, 2)
                one.rename(self.path / "aside")
                two.rename(one)
                (self.path / "aside").rename(two)

    def _records(self) -> None:
        lines = (self.path / "set.jsonl").read_text(encoding="utf-8").splitlines()
        records = {record["id"]: record["text"] for record in map(json.loads, lines)}
        for id in self.random.sample(sorted(records), 8):
            records[id] = self.text(1)
        for id in self.random.sample(sorted(records), 2):
            del records[id]
        for _ in range(2):
            self.serial += 1
            records[f"r{self.serial}"] = self.text(1)
        self.write_set(records)

    def _long(self) -> None:
        self.write("long.md", self.text(40))

    def _table(self) -> None:
        self.write_table()

    def holds(self) -> set[Held]:
        """Every document that is in the folder now."""
        held = set()
        for file in sorted(path for path in self.path.rglob("*") if path.is_file()):
            for document in load(file).documents:
                held.add((str(file), document.id if file.suffix == ".jsonl" else "", document.text))
        return held


# --- what must be true of a library


def open_words(library: Path) -> Assistant:
    settings = Settings(library=library, llm="none")
    words = WordEncoder(settings)
    return Assistant(Library.open(library, encoder=words.name), words, settings)


def held(assistant: Assistant) -> set[Held]:
    """Every document of the library, for each file that has it."""
    found = set()
    for info in assistant.documents():
        document = assistant.library.document(info.id)
        assert document is not None
        for path in (info.path, *info.copies):
            found.add((path, info.id if path.endswith(".jsonl") else "", document.text))
    return found


def assert_every_document_is_whole(assistant: Assistant) -> None:
    """Its chunks are those that its text makes, each with the vector and the place that its own text gives it."""
    library, encoder = assistant.library, assistant.encoder
    stored = library.chunks(row[0] for row in library._catalog.rows("SELECT number FROM chunks"))
    chunks: dict[str, list[object]] = {info.id: [] for info in assistant.documents()}
    for found in stored:
        assert found.document == library.document(found.document.id)
        assert found.document.text[found.chunk.start : found.chunk.end] == found.chunk.text
        chunks[found.document.id].append(found.chunk)
        expected = encoder.encode_query(indexed_text(found.document, found.chunk))
        assert np.allclose(found.vector, expected, atol=2e-3)
    for info in assistant.documents():
        document = library.document(info.id)
        assert document is not None
        assert chunks[info.id] == split(document, encoder.count_tokens)
        assert info.chunks == len(chunks[info.id]) > 0


def assert_search_finds_no_orphan(assistant: Assistant, serials: list[int]) -> None:
    """What a search returns is in the text of a document that is listed."""
    library = assistant.library
    live = {row[0] for row in library._catalog.rows("SELECT number FROM chunks")}
    listed = {info.id: library.document(info.id) for info in assistant.documents()}
    for serial in serials:
        question = f"第{serial}期簡報培訓多少人次，修建公路{serial}公里"
        for passage in assistant.retrieve(question, k=20):
            assert passage.document == listed[passage.document.id]
            assert passage.document.text[passage.start : passage.end] == passage.text
        assert set(library.nearest(assistant.encoder.encode_query(question), 50)) <= live
        assert set(library.matching([str(serial), str(serial * 7 + 3), "簡報", "培訓"], 10_000)) <= live
    assert set(library.matching(["簡報"], 10_000)) == {
        found.number for found in library.chunks(live) if "簡報" in found.indexed_text
    }


# --- killed at any moment


class Done(NamedTuple):
    """How a fork ended: its exit code, negative for a signal; the processes it had started when it was killed."""

    code: int
    children: frozenset[int] = frozenset()
    out: str = ""
    err: str = ""


class Forks:
    """A warm process that forks one sync, or one command, after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "forks.log"
        with self.log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash_child", "serve"],
                cwd=ROOT,
                env=plain_environment(folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, self.log.read_text()
        return line

    def _start(self, asked: Mapping[str, object]) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def sync(self, library: Path, docs: Path, kill_when: Callable[[], object] | None = None) -> Done:
        """A sync, which is killed when `kill_when` has returned."""
        child = self._start({"library": str(library), "docs": str(docs)})
        children: set[int] = set()
        if kill_when:
            kill_when()
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGSTOP)  # at this very moment: to look for its children takes a while
                children = children_of(child)
                os.kill(child, signal.SIGKILL)
        code = int(self._line())
        assert code in (0, -signal.SIGKILL), self.log.read_text()
        return Done(code, frozenset(children))

    def jianbao(self, *arguments: str | Path) -> Done:
        """A command."""
        out, err = self.folder / "out", self.folder / "err"
        self._start({"arguments": [*map(str, arguments)], "output": str(out), "errors": str(err)})
        code = int(self._line())
        return Done(code, out=out.read_text(), err=err.read_text())

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


def plain_environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment without settings of jianbao, without a model, and with one thread."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JIANBAO_")}
    ours = {"JIANBAO_EMBEDDING": "words", "JIANBAO_LLM": "none", "JIANBAO_CACHE": str(folder / "cache")}
    return {**kept, **ours, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **more}


@pytest.fixture
def forks(tmp_path: Path) -> Iterator[Forks]:
    started = Forks(tmp_path)
    yield started
    started.close()


def children_of(process: int) -> set[int]:
    """Process ids of the children of a process; none where there is no /proc."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(OSError):
                found.update(map(int, (task / "children").read_text().split()))
    return found


def runs(process: int) -> bool:
    """Whether a process still does something; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def wait_until(true: Callable[[], bool], seconds: float, step: float = 0.02) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        if step:
            time.sleep(step)
    return True


KILLS = 50


def test_a_sync_that_is_killed_at_any_moment_leaves_whole_documents_and_the_next_one_finishes(
    tmp_path: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_small_steps(monkeypatch)
    chance = random.Random(20110419)
    library, docs = tmp_path / "library", Folder(tmp_path / "docs", chance)
    docs.path.mkdir()
    docs.fill()
    forks.sync(library, docs.path)
    usual: dict[bool, float] = {}  # seconds, with and without another process to start
    for table in (False, True):
        docs.change(table=table)
        started = time.monotonic()
        assert forks.sync(library, docs.path).code == 0
        usual[table] = time.monotonic() - started
    states, table, kills, mixed = [docs.holds()], False, 0, 0
    orphans: set[int] = set()
    for attempt in range(4 * KILLS):
        if kills == KILLS:
            break
        table = table or chance.random() < 0.12
        what = docs.change(table=table)
        states.append(docs.holds())
        moment = chance.uniform(0, 0.02 if chance.random() < 0.15 else usual[table])
        done = forks.sync(library, docs.path, partial(time.sleep, moment))
        orphans |= done.children
        kills += done.code != 0
        if not done.code or chance.random() < 0.3:
            continue  # the next sync follows on whatever this one has left
        where = f"attempt {attempt}: {', '.join(what)}; killed after {moment:.3f} s of {usual[table]:.3f}"
        shutil.copytree(library, tmp_path / "as it was left", dirs_exist_ok=True)
        with open_words(library) as assistant:
            found = held(assistant)
            assert found <= set().union(*states), where
            for path, id, text in set.intersection(*states):
                assert any(text == other for _, _, other in found), f"{path} {id} is lost; {where}"
            assert_every_document_is_whole(assistant)
            assert_search_finds_no_orphan(assistant, [chance.randint(1, docs.serial) for _ in range(3)])
            # Whether the graph leads to each vector is seen to at the end of a sync.
            assert [line for line in assistant.library.problems() if "reached" not in line] == [], where
            mixed += found not in (states[0], states[-1])
            assert sync(docs.path, assistant)["failed"] == [], where
            assert held(assistant) == states[-1], where
            assert assistant.library.ensure_reachable() == Mended(), where  # the sync has seen to it
            again = sync(docs.path, assistant)
            assert [again[name] for name in ("added", "updated", "removed", "renamed", "chunks")] == [0] * 5, where
            assert assistant.library.problems() == [], where
            assert_every_document_is_whole(assistant)
        shutil.rmtree(tmp_path / "as it was left")
        states, table = states[-1:], False
    assert kills == KILLS
    assert mixed >= KILLS // 10, "hardly any sync was killed in the middle"
    assert wait_until(lambda: not any(map(runs, orphans)), 5), "a reader outlives the sync that started it"


def written(files: Sequence[Path]) -> list[tuple[int, int]]:
    """When each was written, and how long it is."""
    return [(file.stat().st_mtime_ns, file.stat().st_size) for file in files]


def test_a_sync_that_is_killed_while_the_graph_is_written_leaves_a_library_that_opens(
    tmp_path: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_small_steps(monkeypatch)  # an index that is made anew here is to be written as often as there
    library, docs = tmp_path / "library", Folder(tmp_path / "docs", random.Random(1))
    docs.path.mkdir()
    docs.write_set({f"r{number}": paragraph(number) for number in range(1500)})
    forks.sync(library, docs.path)
    torn = False
    for attempt in range(10):
        docs.write_set({f"r{number}": paragraph(number or 5000 + attempt) for number in range(1500)})
        [last] = (library / "vectors").glob("*/index_metadata.pickle")
        others = [last.with_name(f"{name}.bin") for name in ("header", "data_level0", "length", "link_lists")]
        before = written([*others, last])

        def is_being_written(files: Sequence[Path] = others, then: Sequence[object] = before) -> bool:
            return written(files) != then[: len(files)]

        forks.sync(library, docs.path, partial(wait_until, is_being_written, 30, 0))
        torn = is_being_written() and written([last]) == before[-1:]
        with open_words(library) as assistant:
            assert_search_finds_no_orphan(assistant, [1, 5000 + attempt])
            assert sync(docs.path, assistant)["failed"] == []
            assert held(assistant) == docs.holds()
            assert assistant.library.problems() == []
        if torn:
            break
    assert torn, "no kill came while the graph was written"


def test_a_reader_that_is_in_the_middle_of_a_file_ends_soon_after_its_parent_was_killed(
    tmp_path: Path, forks: Forks
) -> None:
    if not Path("/proc/self/task").is_dir():
        pytest.skip("there is no /proc to see processes in")
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.write("table.csv", "\n".join(["市,人次,公里,萬元", *(f"{n}市,{n},{n + 1},{n + 2}" for n in range(120_000))]))
    done = forks.sync(tmp_path / "library", docs.path, partial(time.sleep, 2.5))
    assert len(done.children) == 1
    [reader] = done.children
    assert wait_until(lambda: not runs(reader), 2), "the reader goes on with a file that nobody waits for"


# --- interrupted


def heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Slow:
    """`jianbao ingest` in a process of its own, which takes its time to embed and says what it has embedded."""

    def __init__(self, folder: Path, docs: Path, *more: str, slow: float = 0.3) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash_child", "cli", "ingest", str(docs), "--library", folder / "library"],
            cwd=ROOT,
            env=plain_environment(folder, SLOW=str(slow)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that runs the tests in its background has them, and what they start, ignore Ctrl-C.
            preexec_fn=heed_ctrl_c,
        )

    def until_embedded(self, groups: int) -> int:
        """Waits for so many groups of passages; how many passages were in them."""
        assert self.process.stdout is not None
        return sum(int(self.process.stdout.readline().split()[1]) for _ in range(groups))

    def end(self) -> Done:
        out, err = self.process.communicate(timeout=60)
        return Done(self.process.returncode, out=out, err=err)


def embedded(out: str) -> int:
    return sum(int(line.split()[1]) for line in out.splitlines() if line.startswith("embedded "))


def assert_one_sentence(done: Done, code: int, *parts: str) -> None:
    assert done.code == code, done.err
    assert len(done.err.splitlines()) == 1, done.err
    assert done.err.startswith("jianbao: ")
    assert done.err.rstrip().endswith((".", "`", "library")) or "--library" in done.err
    for part in parts:
        assert part in done.err


def assert_usable(library: Path, docs: Folder, *, at_least: set[Held], at_most: set[Held]) -> None:
    """The library opens and holds whole documents, all of `at_least`; the next sync makes it like the folder."""
    with open_words(library) as assistant:
        found = held(assistant)
        assert at_least <= found <= at_most
        assert_every_document_is_whole(assistant)
        assert_search_finds_no_orphan(assistant, [1, docs.serial])
        assert [line for line in assistant.library.problems() if "reached" not in line] == []
        assert sync(docs.path, assistant)["failed"] == []
        assert held(assistant) == docs.holds()
        assert assistant.library.problems() == []


@pytest.mark.parametrize("wait", [0.1, 0.31], ids=["while it embeds", "while it stores"])
def test_ctrl_c_is_one_sentence_and_what_was_stored_is_not_embedded_again(tmp_path: Path, wait: float) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.path.mkdir()
    docs.fill()
    running = Slow(tmp_path, docs.path)
    first = running.until_embedded(3)
    time.sleep(wait)
    running.process.send_signal(signal.SIGINT)
    done = running.end()
    assert_one_sentence(done, 130, "Interrupted", "The same command goes on")
    with open_words(tmp_path / "library") as assistant:
        stored = assistant.library.chunk_count()
        assert first <= stored <= first + embedded(done.out)
        assert held(assistant) <= docs.holds()
        assert_every_document_is_whole(assistant)
    again = Slow(tmp_path, docs.path, slow=0).end()
    assert again.code == 0
    with open_words(tmp_path / "library") as assistant:
        assert held(assistant) == docs.holds()
        assert assistant.library.chunk_count() - stored == embedded(again.out) > 0
        assert assistant.library.problems() == []


@pytest.mark.parametrize("pause", [0.02, 0.2, 0.5])
def test_a_second_ctrl_c_does_no_harm_either(tmp_path: Path, pause: float) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.path.mkdir()
    docs.fill()
    running = Slow(tmp_path, docs.path)
    running.until_embedded(2)
    running.process.send_signal(signal.SIGINT)
    time.sleep(pause)
    running.process.send_signal(signal.SIGINT)
    done = running.end()
    assert done.code in (130, -signal.SIGINT)
    assert "Traceback" not in done.err
    assert_usable(tmp_path / "library", docs, at_least=set(), at_most=docs.holds())


def test_a_set_that_is_put_back_after_half_of_its_new_version_was_stored_is_the_old_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_small_steps(monkeypatch)
    docs = Folder(tmp_path / "docs", random.Random(1))
    old, new = ({f"r{number}": docs.text(1) for number in range(60)} for _ in range(2))
    docs.write_set(old)
    encode, calls = WordEncoder.encode_documents, itertools.count()

    def interrupted(self: WordEncoder, texts: Sequence[str]) -> Vectors:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return encode(self, texts)

    with open_words(tmp_path / "library") as assistant:
        sync(docs.path, assistant)
        docs.write_set(new)
        monkeypatch.setattr(WordEncoder, "encode_documents", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sync(docs.path, assistant)
        docs.write_set(old)
        assert held(assistant) - docs.holds(), "nothing of the new version was stored"
        sync(docs.path, assistant)
        assert held(assistant) == docs.holds()


def test_an_archive_that_is_put_back_after_a_version_with_a_bad_member_is_the_old_one_again(tmp_path: Path) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.write("a.zip", "")

    def pack(**members: str) -> None:
        with zipfile.ZipFile(docs.path / "a.zip", "w") as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(f"{name}.txt"), content)
        docs.touch(docs.path / "a.zip")

    with open_words(tmp_path / "library") as assistant:
        pack(one="培訓341期。", two="結成對子3265對。")
        sync(docs.path, assistant)
        old = held(assistant)
        pack(one="培訓999期。", two="")
        assert len(sync(docs.path, assistant)["failed"]) == 1
        assert held(assistant) != old
        pack(one="培訓341期。", two="結成對子3265對。")
        assert sync(docs.path, assistant)["failed"] == []
        assert held(assistant) == old


# --- disks that are full, cannot be written to, or are gone


@dataclass
class Disk:
    """A small file system of its own."""

    path: Path

    def mount(self, *options: str | Path) -> None:
        done = subprocess.run(["mount", *map(str, options), self.path], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")

    def free(self) -> int:
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_frsize

    def leave(self, free: int) -> Path:
        """Fills it up but for so many bytes; returns the file that does so."""
        filler = self.path / "filler"
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, self.free() - free)
        return filler


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A file system of 16 MB in memory; for root only."""
    if shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid():
        pytest.skip("only root can mount a small disk")
    made = Disk(tmp_path / "disk")
    made.path.mkdir()
    made.mount("-t", "tmpfs", "-o", "size=16m", "tmpfs")
    yield made
    while subprocess.run(["umount", "-l", made.path], capture_output=True).returncode == 0:
        pass


def test_a_full_disk_is_one_sentence_and_harms_nothing_in_any_phase(
    tmp_path: Path, disk: Disk, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_small_steps(monkeypatch)
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.path.mkdir()
    docs.fill()
    library = disk.path / "library"
    assert forks.jianbao("ingest", docs.path, "--library", library).code == 0
    before = docs.holds()
    shutil.copytree(library, tmp_path / "before")
    docs.change(table=False)
    docs.write("more.txt", docs.text(150))
    after = docs.holds()
    codes, sentences = [], set()
    for kilobytes in (0, 4, 40, 80, 120, 200, 280, 400, 600, 800, 1200, 2000, 4000):
        shutil.rmtree(library)
        shutil.copytree(tmp_path / "before", library)
        filler = disk.leave(kilobytes << 10)
        done = forks.jianbao("ingest", docs.path, "--library", library)
        filler.unlink()
        codes.append(done.code)
        if done.code:
            sentences.add(done.err)
            assert_one_sentence(done, 1, "full" if "catalog" in done.err else "")
        assert_usable(library, docs, at_least=before & after, at_most=before | after)
    assert codes[0] == 1
    assert codes[-1] == 0
    assert any("catalog" in sentence for sentence in sentences)
    assert any("vector" in sentence for sentence in sentences)


def test_a_library_that_cannot_be_written_to_is_one_sentence_and_stays_as_it_is(
    tmp_path: Path, disk: Disk, forks: Forks
) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.path.mkdir()
    docs.fill()
    library = disk.path / "library"
    assert forks.jianbao("ingest", docs.path, "--library", library).code == 0
    before = docs.holds()
    docs.change(table=False)
    disk.mount("-o", "remount,ro")
    for command in (["ingest", docs.path], ["documents"], ["retrieve", "培訓多少人次"]):
        assert_one_sentence(forks.jianbao(*command, "--library", library), 1, "cannot be used", "--library")
    disk.mount("-o", "remount,rw")
    assert_usable(library, docs, at_least=before, at_most=before)


@pytest.mark.parametrize("name", ["catalog.sqlite3", "vectors", "vectors/chroma.sqlite3"])
def test_a_part_that_cannot_be_written_to_is_one_sentence_and_all_stays_as_it_is(
    tmp_path: Path, disk: Disk, forks: Forks, name: str
) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.path.mkdir()
    docs.fill()
    library = disk.path / "library"
    assert forks.jianbao("ingest", docs.path, "--library", library).code == 0
    before = docs.holds()
    docs.change(table=False)
    docs.change(table=False)
    part = Disk(library / name)
    part.mount("--bind", part.path)
    part.mount("-o", "remount,ro,bind")
    done = forks.jianbao("ingest", docs.path, "--library", library)
    subprocess.run(["umount", part.path], check=True)
    assert_one_sentence(done, 1, "cannot be used")
    assert_usable(library, docs, at_least=before & docs.holds(), at_most=before | docs.holds())


def test_a_library_that_is_deleted_during_a_sync_is_one_sentence(tmp_path: Path) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.path.mkdir()
    docs.fill()
    running = Slow(tmp_path, docs.path)
    running.until_embedded(2)
    shutil.rmtree(tmp_path / "library")
    assert_one_sentence(running.end(), 1, "cannot be used")
    shutil.rmtree(tmp_path / "library", ignore_errors=True)
    assert_usable(tmp_path / "library", docs, at_least=set(), at_most=set())


def test_documents_that_are_deleted_during_a_sync_are_reported_and_what_was_read_is_whole(tmp_path: Path) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.path.mkdir()
    for number in range(400):
        docs.write(f"note{number}.txt", docs.text(3))
    before = docs.holds()
    running = Slow(tmp_path, docs.path)
    running.until_embedded(1)
    shutil.rmtree(docs.path)
    done = running.end()
    assert "Traceback" not in done.err
    assert "cannot be read" in done.err + done.out
    with open_words(tmp_path / "library") as assistant:
        found = held(assistant)
        assert found < before
        assert_every_document_is_whole(assistant)
        with pytest.raises(InputError, match="There is no file or folder"):
            sync(docs.path, assistant)
        assert held(assistant) == found != set()
        docs.path.mkdir()
        sync(docs.path, assistant)
        assert held(assistant) == set()


# --- files that change under the reader's hands


@pytest.fixture
def while_read(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], object]]:
    """What happens once to a file, by its name, after it was looked at and before it is read."""
    happens: dict[str, Callable[[], object]] = {}
    read = Reader.read

    def read_(self: Reader, path: Path) -> Loaded:
        happens.pop(path.name, lambda: None)()
        return read(self, path)

    monkeypatch.setattr(Reader, "read", read_)
    return happens


@pytest.mark.parametrize("name", ["a.txt", "table.csv"])
def test_a_file_that_changes_while_it_is_read_is_right_after_the_next_sync(
    tmp_path: Path, while_read: dict[str, Callable[[], object]], name: str
) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    old, new, newest = (f"市,人次\n甲市,{number}\n乙市,{number + 1}\n" for number in (341, 8710, 3265))
    docs.write(name, old)
    with open_words(tmp_path / "library") as assistant:
        while_read[name] = lambda: docs.write(name, new)
        sync(docs.path, assistant)
        assert_every_document_is_whole(assistant)
        sync(docs.path, assistant)
        assert held(assistant) == docs.holds()
        docs.write(name, newest)
        while_read[name] = lambda: docs.write(name, old)
        sync(docs.path, assistant)
        sync(docs.path, assistant)
        assert held(assistant) == docs.holds()


def test_a_file_that_was_another_for_the_moment_it_was_read_is_right_after_the_next_sync(
    tmp_path: Path, while_read: dict[str, Callable[[], object]]
) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.write("a.txt", "培訓341期。\n")
    with open_words(tmp_path / "library") as assistant:
        while_read["a.txt"] = lambda: docs.write("a.txt", "培訓999期。\n")
        sync(docs.path, assistant)
        docs.write("a.txt", "培訓341期。\n")
        sync(docs.path, assistant)
        assert held(assistant) == docs.holds()


def test_a_file_that_changed_while_it_was_read_lends_no_other_file_its_text(
    tmp_path: Path, while_read: dict[str, Callable[[], object]]
) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.write("a.txt", "培訓341期。\n")
    with open_words(tmp_path / "library") as assistant:
        while_read["a.txt"] = lambda: docs.write("a.txt", "培訓999期。\n")
        sync(docs.path, assistant)
        docs.write("b.txt", "培訓341期。\n")
        sync(docs.path, assistant)
        sync(docs.path, assistant)
        assert held(assistant) == docs.holds()


@pytest.mark.parametrize("name", ["a.txt", "table.csv"])
def test_a_file_that_vanishes_before_it_is_read_is_reported_and_gone_after_the_next_sync(
    tmp_path: Path, while_read: dict[str, Callable[[], object]], name: str
) -> None:
    docs = Folder(tmp_path / "docs", random.Random(1))
    docs.write("kept.txt", "結成對子3265對。\n")
    with open_words(tmp_path / "library") as assistant:
        for content in ("市,人次\n甲市,341\n乙市,342\n", "市,人次\n甲市,8710\n乙市,8711\n"):
            docs.write(name, content)
            while_read[name] = (docs.path / name).unlink
            [failure] = sync(docs.path, assistant)["failed"]
            assert failure["path"] == str(docs.path / name)
            assert failure["error"].startswith(f"{name} cannot be read (No such file or directory)")
            assert sync(docs.path, assistant)["failed"] == []
            assert held(assistant) == docs.holds()
            docs.write(name, "市,人次\n甲市,29\n乙市,30\n")  # next time there is an older version of it
            sync(docs.path, assistant)
            assert held(assistant) == docs.holds()
