"""Each command says what it did as text or as one JSON value; what went wrong is one line and an exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag import Assistant, Document
from rag.prompts import REFUSALS
from rag.text import compact
from ui.cli import main
from ui.desk import Desk
from ui.terminal import progress

COMMANDS = ["chat", "ingest", "ask", "retrieve", "documents", "eval", "doctor"]
QUESTION = "全省各級組織部門培訓組工乾部多少人次？"
OTHER = "本縣開展講座31場，聽眾9200人次。"


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def run(
    open_assistant: Callable[..., Assistant],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    """Runs `jianbao` with the word encoder and no language model, over the library in the test's folder."""
    words = type(open_assistant(tmp_path / "another library").encoder)
    for place in ("rag.embeddings.Encoder", "rag.assistant.Encoder", "ui.doctor.Encoder"):
        monkeypatch.setattr(place, words)
    for name in [name for name in os.environ if name.startswith("JIANBAO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("JIANBAO_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("JIANBAO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("JIANBAO_EMBEDDING", "words")
    monkeypatch.setenv("JIANBAO_LLM", "none")
    monkeypatch.chdir(tmp_path)

    def run_(*arguments: str | Path) -> Result:
        monkeypatch.setattr("sys.argv", ["jianbao", *map(str, arguments)])
        capfd.readouterr()
        code: Any = 0
        heeded = signal.getsignal(signal.SIGINT)  # a command that is interrupted heeds no other Ctrl-C
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code or 0
        finally:
            signal.signal(signal.SIGINT, heeded)
        captured = capfd.readouterr()
        return Result(int(code), captured.out, captured.err)

    return run_


@pytest.fixture
def filled(run: Run, briefing: Document, tmp_path: Path) -> Path:
    """A file in the library, beside the seed briefing."""
    file = tmp_path / "other.txt"
    file.write_text(OTHER, encoding="utf-8")
    assert run("ingest", briefing.path, file).code == 0
    return file


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def write_(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write_


def complaint(result: Result) -> str:
    """What a failed command said: one line on stderr, no traceback, and nothing on stdout."""
    assert result.code == 1, result
    assert result.out == ""
    (line,) = result.err.splitlines()
    assert line.startswith("jianbao: ")
    assert line.endswith((".", ")")) or "jianbao doctor --repair" in line
    return line


# --- help and usage


@pytest.mark.parametrize("command", [[], *([command] for command in COMMANDS)])
def test_every_command_explains_itself(run: Run, command: list[str]) -> None:
    result = run(*command, "--help")
    assert result.code == 0
    assert result.err == ""
    assert "Usage" in result.out
    assert all(name in result.out for name in (["--library"] if command else COMMANDS))


@pytest.mark.parametrize("command", ["ingest", "ask", "retrieve", "documents", "eval", "doctor"])
def test_every_command_with_a_result_can_print_json(run: Run, command: str) -> None:
    assert "--json" in run(command, "--help").out


@pytest.mark.parametrize("command", ["ask", "retrieve", "eval"])
def test_every_command_that_asks_can_be_restricted(run: Run, command: str) -> None:
    assert "--document" in run(command, "--help").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["ask"],
        ["ingest"],
        ["retrieve"],
        ["eval"],
        ["ask", "a", "b"],
        ["ask", "a", "--no-such-option"],
        ["retrieve", "a", "-k", "0"],
        ["retrieve", "a", "-k", "many"],
        ["eval", "questions.jsonl", "--limit", "0"],
        ["eval", "--compare", "a.json"],
        ["eval", "--compare", "a.json", "b.json", "c.json"],
        ["eval", "questions.jsonl", "--compare", "a.json", "b.json"],
        ["eval", "--compare", "a.json", "b.json", "--retrieval-only"],
        ["eval", "--compare", "a.json", "b.json", "--limit", "1"],
        ["eval", "--compare", "a.json", "b.json", "--documents", "a.txt"],
        ["eval", "--compare", "a.json", "b.json", "--document", "a"],
        ["eval", "--compare", "a.json", "b.json", "--library", "a"],
        ["chat", "--port", "0"],
        ["chat", "--port", "70000"],
        ["documents", "a"],
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: Sequence[str]) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err
    assert "Traceback" not in result.err


def test_no_command_shows_the_help(run: Run) -> None:
    result = run()
    assert result.code == 2
    assert all(name in result.out + result.err for name in COMMANDS)


# --- ingest


def test_ingesting_twice_changes_nothing(run: Run, briefing: Document) -> None:
    first, second = (run("ingest", briefing.path, "--json").json for _ in range(2))
    assert (first["added"], first["unchanged"]) == (1, 0)
    assert (second["added"], second["unchanged"], second["chunks"]) == (0, 1, 0)
    assert {"added", "updated", "unchanged", "removed", "failed", "chunks", "seconds"} <= set(first)
    assert first["failed"] == []
    assert first["chunks"] > 1


def test_ingesting_tells_what_it_did(run: Run, briefing: Document) -> None:
    result = run("ingest", briefing.path)
    assert result.code == 0
    assert "1 added" in result.out
    assert result.err == ""


BAD_FILES: dict[str, tuple[str, str | bytes, str]] = {
    "empty": ("empty.txt", "", "no text"),
    "white space": ("white.txt", " \n\u3000\n", "no text"),
    "binary": ("binary.txt", b"\x7fELF\x00\x01\x02" * 50, "binary"),
    "encoding": ("encoding.txt", bytes(range(0x80, 0x100)) * 4, "UTF-8"),
    "kind": ("picture.xyz", b"\x89PNG", ".txt"),
    "record": ("records.jsonl", '{"id": "a"}\n', "line 1"),
}


@pytest.mark.parametrize("bad", BAD_FILES)
def test_a_file_that_cannot_be_read_is_told_in_one_line(
    run: Run, write: Callable[[str, str | bytes], Path], bad: str
) -> None:
    name, content, words = BAD_FILES[bad]
    file = write(name, content)
    result = run("ingest", file)
    assert result.code == 1
    (line,) = result.err.splitlines()
    assert line.startswith("failed: ")
    assert name in line
    assert words in line
    assert run("ingest", file.parent / "no" / ".." / name).code == 1
    as_json = run("ingest", file, "--json")
    assert as_json.code == 1
    ((failure),) = as_json.json["failed"]
    assert failure["path"] == str(file)
    assert words in failure["error"]
    assert "\n" not in failure["error"]


def test_a_path_that_is_missing_changes_nothing(run: Run, filled: Path, tmp_path: Path) -> None:
    line = complaint(run("ingest", filled, tmp_path / "no-such-folder"))
    assert "no-such-folder" in line
    assert len(run("documents", "--json").json) == 2


def test_one_bad_file_in_a_folder_does_not_keep_the_others_out(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "good.txt").write_text(OTHER, encoding="utf-8")
    (folder / "bad.txt").write_bytes(b"\0\1\2" * 100)
    result = run("ingest", folder)
    assert result.code == 0
    assert "bad.txt" in result.err
    assert [document["id"] for document in run("documents", "--json").json] == ["good.txt"]


def test_a_file_whose_name_is_no_text_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "folder")
    os.mkdir(folder)
    with open(os.path.join(folder, "培訓.txt".encode("big5")), "wb") as file:
        file.write(OTHER.encode())
    result = run("ingest", tmp_path / "folder", "--json")
    assert "Traceback" not in result.err
    assert result.json["added"] + len(result.json["failed"]) == 1


# --- ask


def test_an_answer_comes_with_the_sentence_it_stands_on(run: Run, filled: Path) -> None:
    result = run("ask", QUESTION)
    assert result.code == 0
    assert result.err == ""
    assert "8710" in result.out
    assert "[1]" in result.out
    assert "第138期" in result.out


def test_an_answer_as_json_is_the_contracts(run: Run, filled: Path, briefing: Document) -> None:
    answer = run("ask", QUESTION, "--json").json
    assert list(answer) == "question text refused supported as_of citations figures passages seconds trace".split()
    assert (answer["question"], answer["refused"], answer["supported"]) == (QUESTION, False, True)
    (citation,) = answer["citations"]
    assert briefing.text[citation["start"] : citation["end"]] == citation["quote"]
    assert "8710" in compact(citation["quote"])


def test_a_question_can_be_restricted_to_documents(run: Run, filled: Path) -> None:
    answer = run("ask", QUESTION, "--document", "other.txt", "--json").json
    assert {passage["document"]["id"] for passage in answer["passages"]} == {"other.txt"}
    assert "no-such" in complaint(run("ask", QUESTION, "--document", "no-such"))


def test_an_empty_library_refuses(run: Run) -> None:
    result = run("ask", QUESTION)
    assert result.code == 0
    assert result.out.strip() == REFUSALS["zh-Hant"]


def test_the_nearest_sentence_of_a_refusal_is_not_taken_for_an_answer(run: Run, filled: Path) -> None:
    result = run("ask", "1998年培訓組工乾部多少人次？")
    assert result.code == 0
    assert result.out.startswith("文件中沒有1998年的資料。")
    assert "not an answer" in result.out


@pytest.mark.parametrize("command", ["ask", "retrieve"])
@pytest.mark.parametrize(
    ("question", "words"), [("", "empty"), (" \n", "empty"), ("培訓" * 50_000, "100,000"), ("\udcb0\udcf6", "text")]
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_unusable_question_is_told_in_one_line(
    run: Run, filled: Path, command: str, question: str, words: str, options: list[str]
) -> None:
    assert words in complaint(run(command, question, *options))


def test_a_document_id_that_is_no_text_is_an_unknown_document(run: Run, filled: Path) -> None:
    complaint(run("ask", QUESTION, "--document", "\udcb0"))
    complaint(run("documents", "--remove", "\udcb0"))


# --- retrieve


def test_passages_are_ranked(run: Run, filled: Path, briefing: Document) -> None:
    passages = run("retrieve", QUESTION, "-k", "3", "--json").json
    assert [passage["rank"] for passage in passages] == [1, 2, 3]
    assert list(passages[0]) == "rank score text start end page document".split()
    assert "8710" in passages[0]["text"]
    assert briefing.text[passages[0]["start"] : passages[0]["end"]] == passages[0]["text"]
    printed = run("retrieve", QUESTION, "-k", "3").out
    assert all(passage["text"] in printed for passage in passages)


def test_nothing_to_retrieve_is_an_empty_list(run: Run) -> None:
    assert run("retrieve", QUESTION, "--json").json == []


# --- documents


def test_documents_are_listed_and_removed(run: Run, filled: Path, briefing: Document) -> None:
    listed = run("documents", "--json").json
    assert [document["id"] for document in listed] == [briefing.id, "other.txt"]
    assert list(listed[0]) == "id title source date path issue author period chunks copies".split()
    printed = run("documents")
    assert all(document["id"] in printed.out for document in listed)
    assert [document["id"] for document in run("documents", "--remove", briefing.id, "--json").json] == ["other.txt"]
    assert run("documents", "--remove", "other.txt").code == 0
    assert run("documents", "--json").json == []


def test_several_documents_are_removed_at_once_or_not_at_all(run: Run, filled: Path, briefing: Document) -> None:
    assert "no-such" in complaint(run("documents", "--remove", "other.txt", "no-such"))
    assert len(run("documents", "--json").json) == 2
    assert run("documents", "--remove", "other.txt", briefing.id, "--json").json == []


# --- eval

ASKED = '{"question": "本縣開展講座多少場？", "answers": [["31"]], "relevant": ["other.txt"], "kind": "figure"}\n'


def test_a_question_set_is_scored_over_documents_of_its_own(
    run: Run, write: Callable[[str, str | bytes], Path], briefing: Document
) -> None:
    questions, document = write("questions.jsonl", ASKED * 2), write("other.txt", OTHER)
    result = run("eval", questions, "--documents", document, "--documents", briefing.path, "--json")
    assert result.code == 0
    report = result.json
    assert (report["questions"], report["accuracy"], report["hit@1"]) == (2, 1.0, 1.0)
    assert report["by_kind"]["figure"]["questions"] == 2
    assert run("documents", "--json").json == []  # the library itself is not touched
    limited = run("eval", questions, "--documents", document, "--limit", "1", "--retrieval-only", "--json").json
    assert (limited["questions"], limited["accuracy"], limited["hit@1"]) == (1, None, 1.0)


def test_a_score_is_printed_with_what_went_wrong(
    run: Run, filled: Path, write: Callable[[str, str | bytes], Path]
) -> None:
    wrong = '{"question": "聽眾多少人次？", "answers": [["77"]]}\n'
    result = run("eval", write("questions.jsonl", ASKED + wrong))
    assert result.code == 0
    assert ["accuracy", "0.500", "1.000"] in [line.split() for line in result.out.splitlines()]
    assert "✗ 2. 聽眾多少人次？" in result.out
    assert "expected     77" in result.out
    assert "9200人次" in result.out
    assert result.err == ""


def test_what_a_document_or_question_says_cannot_steer_the_terminal(
    run: Run, write: Callable[[str, str | bytes], Path]
) -> None:
    document = write("other.txt", "本縣開展講座31場\x1b[2J，聽眾\u202e0029人次。")
    question = {"question": "聽眾\x1b]0;\x07多少人次？", "answers": [["\x9b7"]], "kind": "\x1b[1m\n"}
    questions = write("questions.jsonl", json.dumps(question))
    printed = run("eval", questions, "--documents", document).out
    reports = [write(name, run("eval", questions, "--documents", document, "--json").out) for name in ("a", "b")]
    write("b", reports[1].read_text(encoding="utf-8").replace("人次", "人"))
    for text in (printed, run("eval", "--compare", *reports).out):
        assert "聽眾" in text
        assert all(letter.isprintable() for letter in text.replace("\n", ""))


def test_two_saved_runs_are_compared_question_by_question(
    run: Run, filled: Path, write: Callable[[str, str | bytes], Path], briefing: Document
) -> None:
    refused = '{"question": "1998年多少？", "answers": []}\n'
    first = write("first.json", run("eval", write("questions.jsonl", ASKED * 2 + refused), "--json").out)
    second = write(
        "second.json", run("eval", "questions.jsonl", "--limit", "2", "--document", briefing.id, "--json").out
    )
    comparison = run("eval", "--compare", first, second, "--json").json
    assert comparison["only_a"] == ["1998年多少？"]
    assert len(comparison["changed"]) + comparison["unchanged"] == 2
    assert comparison["changes"]["lost"] == 2
    assert comparison["tests"]["accuracy"]["only_a"] == 2
    printed = run("eval", "--compare", first, second)
    assert printed.code == 0
    assert "Right in A, wrong in B: 2" in printed.out
    assert "1998年多少？" in printed.out
    assert str(first) in printed.out
    same = run("eval", "--compare", first, first)
    assert "Unchanged: 3" in same.out


def test_a_file_that_is_no_eval_report_is_told_in_one_line(run: Run, write: Callable[[str, str | bytes], Path]) -> None:
    write("questions.jsonl", ASKED)
    assert "questions.jsonl is no eval report" in complaint(run("eval", "--compare", "questions.jsonl", "b.json"))
    write("a.json", '{"rows": []}')
    assert "b.json" in complaint(run("eval", "--compare", "a.json", "b.json"))


def test_a_question_that_breaks_a_run_is_named(
    run: Run, filled: Path, write: Callable[[str, str | bytes], Path]
) -> None:
    write("questions.jsonl", ASKED + '{"question": "聽眾？", "answers": [], "scope": ["no-such"]}\n')
    line = complaint(run("eval", "questions.jsonl", "--json"))
    assert "Question 2 of 2 ('聽眾？')" in line
    assert "no-such" in line


def test_an_interrupted_run_says_so_in_one_line(
    run: Run, filled: Path, write: Callable[[str, str | bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rag.assistant.Assistant.ask", interrupted)
    result = run("eval", write("questions.jsonl", ASKED), "--json")
    assert (result.code, result.out) == (130, "")
    assert "Interrupted" in result.err
    assert len(result.err.splitlines()) == 1


def progress_of(questions: int, seconds_each: float, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Does nothing for so many questions, which take so long by the clock."""
    now = 0.0
    monkeypatch.setattr("ui.terminal.time.monotonic", lambda: now)
    done = []
    for item in progress("Asking")(range(questions)):
        done.append(item)
        now += seconds_each
    return done


LEFT = {
    **{10: "4 min", 20: "4 min", 30: "4 min", 40: "3 min", 50: "2 min", 60: "2 min"},
    **{70: "90 s", 80: "60 s", 90: "30 s"},
}


def test_a_log_tells_now_and_then_how_far_a_run_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert progress_of(100, 3, monkeypatch) == list(range(100))
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines == [f"Asking: {n} of 100, about {left} left" for n, left in LEFT.items()]


@pytest.mark.parametrize(("questions", "seconds_each", "lines"), [(100, 0.01, 0), (3, 100, 2), (1, 100, 0), (0, 1, 0)])
def test_a_short_run_is_silent_and_a_slow_one_speaks_at_each_question(
    questions: int,
    seconds_each: float,
    lines: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress_of(questions, seconds_each, monkeypatch)
    assert len(capsys.readouterr().err.splitlines()) == lines


def test_a_terminal_shows_a_bar_with_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert list(progress("Asking")(range(3))) == [0, 1, 2]
    captured = capsys.readouterr()
    assert "3/3" in captured.err
    assert "<" in captured.err  # 00:01<00:02: past and left
    assert captured.out == ""


@pytest.mark.parametrize("content", [None, "", "not JSON\n", '{"question": "a"}\n', b"\xb0\xf6\xff"])
def test_a_bad_question_set_is_told_in_one_line(
    run: Run, write: Callable[[str, str | bytes], Path], content: str | bytes | None
) -> None:
    if content is not None:
        write("questions.jsonl", content)
    assert "questions.jsonl" in complaint(run("eval", "questions.jsonl"))


def test_documents_that_cannot_be_read_are_not_scored(run: Run, write: Callable[[str, str | bytes], Path]) -> None:
    questions = write("questions.jsonl", ASKED)
    assert "empty.txt" in complaint(run("eval", questions, "--documents", write("empty.txt", "")))
    assert "no-such" in complaint(run("eval", questions, "--documents", "no-such"))


# --- chat


def test_the_page_is_served_for_the_synced_library(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served: list[tuple[list[str], dict[str, Any]]] = []

    def serve(desk: Desk, **options: Any) -> None:
        served.append(([document.id for document in desk.assistant.documents()], options))

    monkeypatch.setattr("ui.server.serve", serve)
    result = run("chat", filled, "--library", tmp_path / "fresh", "--port", "7999")
    assert result.code == 0
    ((ids, options),) = served
    assert ids == ["other.txt"]
    assert (options["host"], options["port"]) == ("127.0.0.1", 7999)


# --- libraries and models that cannot be used

READING = [["ask", "多少？"], ["retrieve", "多少？"], ["documents"], ["ingest", "other.txt"], ["chat"]]


@pytest.mark.parametrize("arguments", READING)
def test_a_library_of_another_encoder_is_refused_with_the_command_that_rebuilds_it(
    run: Run, open_assistant: Callable[..., Assistant], write: Callable[[str, str | bytes], Path], arguments: list[str]
) -> None:
    write("other.txt", OTHER)
    open_assistant(encoder="other words").close()
    line = complaint(run(*arguments))
    assert "other words" in line
    assert "jianbao doctor --repair" in line


@pytest.mark.parametrize("arguments", READING)
def test_a_library_in_use_is_refused_with_its_owner(
    run: Run, open_assistant: Callable[..., Assistant], write: Callable[[str, str | bytes], Path], arguments: list[str]
) -> None:
    write("other.txt", OTHER)
    open_assistant()
    assert str(os.getpid()) in complaint(run(*arguments))


@pytest.mark.parametrize("arguments", READING)
def test_a_library_that_is_a_file_or_rubbish_is_told_in_one_line(
    run: Run, write: Callable[[str, str | bytes], Path], tmp_path: Path, arguments: list[str]
) -> None:
    write("other.txt", OTHER)
    assert "file" in complaint(run(*arguments, "--library", write("file", "")))
    (tmp_path / "rubbish").mkdir()
    write("rubbish/catalog.sqlite3", b"this is no catalog, " * 100)
    assert "rubbish" in complaint(run(*arguments, "--library", tmp_path / "rubbish"))


def test_a_model_server_that_is_down_is_told_in_one_line(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("JIANBAO_LLM", "openai:fake")
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert "openai:fake" in complaint(run("ask", QUESTION))
    assert run("retrieve", QUESTION, "--json").code == 0


@pytest.mark.parametrize("llm", ["nonsense", "no-such-file.gguf", "nobody:model"])
def test_a_model_setting_that_is_not_understood_is_told_in_one_line(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch, llm: str
) -> None:
    monkeypatch.setenv("JIANBAO_LLM", llm)
    line = complaint(run("ask", QUESTION, "--json"))
    assert llm in line
    assert "JIANBAO_LLM" in line


def test_an_empty_path_is_not_the_current_folder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("ingest", "").code == 2


def test_a_path_that_does_not_exist_leaves_no_library(run: Run, tmp_path: Path) -> None:
    result = run("ingest", tmp_path / "none", "--library", tmp_path / "new")
    assert result.code == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", [("retrieve", QUESTION), ("ask", QUESTION), ("documents",)])
def test_documents_are_chosen_by_date_and_source(run: Run, filled: Path, command: Sequence[str]) -> None:
    def ids(*options: str) -> set[str]:
        result = run(*command, *options, "--json")
        assert result.code == 0, result
        assert ("1 documents have no date" in result.err) == ("--source" not in options)
        if command[0] == "documents":
            return {document["id"] for document in result.json}
        passages = result.json["passages"] if command[0] == "ask" else result.json
        return {passage["document"]["id"] for passage in passages}

    assert ids("--since", "2011-04", "--until", "2011") == {"briefing-138.txt"}
    assert ids("--source", "东北网") == {"briefing-138.txt"}
    nothing = run(*command, "--since", "2012")
    assert nothing.code == 1
    assert "No document is from that time" in nothing.err
    wrong = run(*command, "--since", "April")
    assert wrong.code == 1
    assert "2011-04" in wrong.err
