"""Conversations on disk: what was seen comes back as it was seen, and text stays text wherever it is written."""

from __future__ import annotations

import io
import json
import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.errors import InputError, LibraryError, LibraryMismatch
from rag.evaluate import load_questions, met
from rag.types import Answer, Citation, Document, Figure, Seconds, Trace
from ui import quotes, render
from ui.conversations import AROUND, Conversations, Origin, Saved
from ui.i18n import WORDS
from ui.written import escape_markdown, to_docx, to_markdown

QUOTE = "培訓組工乾部8710人次。"
TEXT = "甲。" * 500 + QUOTE + "乙。" * 500
DOCUMENT = Document(
    "briefing", TEXT, "簡報", "東北網", "2011-04-19", "/a/b.txt", "第138期", "甲", "2011-01-01/2011-04-19", (0, 900)
)
CITATION = Citation(1, QUOTE, TEXT.index(QUOTE), TEXT.index(QUOTE) + len(QUOTE), 2, DOCUMENT)
SUPPORTED = Figure("8710", "8710", "人次", True, 1)
UNSUPPORTED = Figure("8000", "8000", "人", False, None)
NAME = "conversations.sqlite"

# What Markdown, HTML, XML and SQL could take for their own, and what is no text at all.
SHARDS = [
    *("[a](http://b.example)", "![a](b)", "<img src=x>", "<!--", "http://b.example", "www.b.example", "a@b.example"),
    *("# ", "## ", "- ", "+ ", "1. ", "1) ", "> ", "```", "~~~", "    ", "\t", "| a | b |\n|---|---|", "---", "==="),
    *("*", "_", "`", "~~", "\\", "&amp;", "&#60;", "[^1]", "[1]:", "$", ":a:", "'", "'; DROP TABLE exchanges; --", "%"),
    *("\x00", "\x0b", "\x1f", "\r", "\n", "\n\n", "\u2028", "\u202e", "\u200b", "\ud800", "\ufffe", "\uffff", "\x85"),
    *("培訓", "8710", "。", " ", "a"),
]
TEXTS = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(SHARDS), max_size=8).map("".join))


def saved(number: int = 1, question: str = "培訓組工幹部多少人次？", text: str = "8710人次[1]", **more: Any) -> Saved:
    made = Answer(question, text, False, True, (CITATION,), (SUPPORTED,), (), Seconds(total=1.5), as_of="2011-04-19")
    return Saved(number, question, replace(made, **more))


@st.composite
def citations(draw: st.DrawFn, number: int) -> Citation:
    before, quote, after = draw(TEXTS), draw(TEXTS), draw(TEXTS)
    text = before * draw(st.sampled_from([1, 200])) + quote + after * draw(st.sampled_from([1, 200]))
    start = len(text) - len(quote) - len(after) if text.endswith(quote + after) else 0
    document = Document(draw(TEXTS), text, draw(TEXTS), draw(TEXTS), draw(TEXTS), draw(TEXTS))
    page = draw(st.none() | st.integers(1, 999))
    return Citation(number, text[start : start + len(quote)], start, start + len(quote), page, document)


@st.composite
def exchanges(draw: st.DrawFn) -> Saved:
    answer = None
    if draw(st.booleans()):
        answer = Answer(
            question=draw(TEXTS),
            text=draw(TEXTS),
            refused=draw(st.booleans()),
            supported=draw(st.booleans()),
            citations=tuple(draw(citations(number)) for number in range(1, draw(st.integers(1, 3)))),
            figures=tuple(draw(st.lists(st.builds(Figure, TEXTS, TEXTS, TEXTS, st.booleans(), st.none()), max_size=2))),
            passages=(),
            seconds=Seconds(0.5, draw(st.none() | st.just(0.125)), None, 2.0),
            trace=Trace(draw(TEXTS), tuple(draw(st.lists(TEXTS, max_size=2))), draw(TEXTS), -0.25, draw(TEXTS)),
            as_of=draw(TEXTS),
        )
    return Saved(
        number=draw(st.integers(1, 99)),
        question=draw(TEXTS),
        answer=answer,
        quote=draw(st.none() | citations(1)),
        problem=draw(TEXTS),
        stopped=draw(st.booleans()),
        verdict=draw(st.sampled_from(["", "up", "down"])),
        reason=draw(TEXTS),
        text=draw(TEXTS),
    )


@pytest.fixture
def conversations(tmp_path: Path) -> Iterator[Conversations]:
    with Conversations.open(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversations]:
    """For many small examples, each in a conversation of its own that is `begun`."""
    with Conversations.open(tmp_path_factory.mktemp("shared")) as opened:
        yield opened


@contextmanager
def begun(conversations: Conversations, exchange: Saved) -> Iterator[str]:
    """The id of a conversation that holds an exchange, and is gone afterwards."""
    id = conversations.begin({})
    try:
        conversations.save(id, exchange)
        yield id
    finally:
        conversations.delete(id)


def cited_by(exchange: Saved) -> dict[int, Citation]:
    """The citations of an exchange by the keys of its origins."""
    found = {citation.number: citation for citation in (exchange.answer.citations if exchange.answer else ())}
    return found if exchange.quote is None else {**found, 0: exchange.quote}


def without_texts(exchange: Saved) -> Saved:
    """What is left of an exchange when nothing is said of where its quotes stand, and when it was saved."""

    def bare(citation: Citation) -> Citation:
        return replace(citation, start=0, end=0, document=replace(citation.document, text="", pages=()))

    answer, quote = exchange.answer, exchange.quote
    if answer is not None:
        answer = replace(answer, citations=tuple(map(bare, answer.citations)))
    return replace(exchange, answer=answer, quote=quote and bare(quote), changed="", origins={})


# -- keeping and restoring ---------------------------------------------------------------------------------------------


@given(exchanges())
def test_an_exchange_comes_back_as_it_was_saved(shared: Conversations, exchange: Saved) -> None:
    with begun(shared, exchange) as id:
        (restored,) = shared.load(id)
    assert without_texts(restored) == replace(without_texts(exchange), reason=render.visible(exchange.reason))
    originals = cited_by(exchange)
    assert restored.origins == {key: Origin(citation.start) for key, citation in originals.items()}
    for key, citation in cited_by(restored).items():
        assert citation.document.text[citation.start : citation.end] == citation.quote
        original = originals[key]
        assert citation.document.text in original.document.text
        assert len(citation.document.text) <= len(citation.quote) + 2 * AROUND
        assert quotes.passage(citation.document, citation.start, citation.end) == quotes.passage(
            original.document, original.start, original.end
        )


@given(exchanges())
def test_saving_what_was_restored_changes_nothing(shared: Conversations, exchange: Saved) -> None:
    with begun(shared, exchange) as id:
        (once,) = shared.load(id)
        shared.save(id, once)
        (twice,) = shared.load(id)
    assert replace(twice, changed="") == replace(once, changed="")


def test_a_restored_quote_tells_its_page_and_where_it_stood(conversations: Conversations) -> None:
    id = conversations.begin({})
    conversations.save(id, replace(saved(), quote=replace(CITATION, start=2, end=4, quote="甲。")))
    (restored,) = conversations.load(id)
    assert restored.answer is not None
    (citation,) = restored.answer.citations
    assert citation.page == 2
    assert citation.document.period == DOCUMENT.period
    assert len(citation.document.text) == len(QUOTE) + 2 * AROUND
    assert TEXT[restored.origins[1].offset :].startswith(QUOTE)
    assert restored.origins[0] == Origin(2)


def test_conversations_survive_a_restart(tmp_path: Path) -> None:
    with Conversations.open(tmp_path / "new" / "library") as first:
        id = first.begin({"documents": ["briefing"]})
        first.save(id, saved())
        before = first.load(id), first.list(), first.scope(id)
    with Conversations.open(tmp_path / "new" / "library") as second:
        assert (second.load(id), second.list(), second.scope(id)) == before
        assert second.scope(id) == {"documents": ["briefing"]}


def test_what_was_saved_is_there_after_a_crash(tmp_path: Path, conversations: Conversations) -> None:
    id = conversations.begin({})
    conversations.save(id, saved())
    copy = tmp_path / "copy"  # of the files as a process leaves them that is killed
    copy.mkdir()
    for suffix in ("", "-wal"):
        (copy / f"{NAME}{suffix}").write_bytes((tmp_path / f"{NAME}{suffix}").read_bytes())
    with Conversations.open(copy) as opened:
        assert opened.load(id) == conversations.load(id)


def test_an_exchange_replaces_the_one_with_its_number(conversations: Conversations) -> None:
    id = conversations.begin({})
    conversations.save(id, Saved(1, "甲？"))
    conversations.save(id, Saved(2, "乙？"))
    conversations.save(id, Saved(1, "甲？", stopped=True, text="全"))
    assert [(one.number, one.stopped, one.text) for one in conversations.load(id)] == [(1, True, "全"), (2, False, "")]


def test_a_scope_can_be_changed(conversations: Conversations) -> None:
    id = conversations.begin({})
    assert conversations.scope(id) == {}
    conversations.set_scope(id, {"folders": ["/甲"], "since": None})
    assert conversations.scope(id) == {"folders": ["/甲"], "since": None}


def test_a_deleted_conversation_is_gone_from_the_files_too(tmp_path: Path, conversations: Conversations) -> None:
    kept, id = conversations.begin({}), conversations.begin({})
    conversations.save(kept, Saved(1, "What stays?"))
    conversations.save(id, Saved(1, "What was the canary's word?"))

    def stored() -> bytes:
        return b"".join(file.read_bytes() for file in tmp_path.glob(f"{NAME}*"))

    assert b"canary" in stored()
    conversations.delete(id)
    conversations.delete(id)
    assert b"canary" not in stored()
    assert [summary.id for summary in conversations.list()] == [kept]
    with pytest.raises(InputError):
        conversations.load(id)


# -- the list ----------------------------------------------------------------------------------------------------------


def test_the_conversation_asked_in_last_comes_first(conversations: Conversations) -> None:
    first, second = conversations.begin({}), conversations.begin({})
    conversations.save(first, Saved(1, "甲？"))
    conversations.save(second, Saved(1, "乙？"))
    assert [summary.id for summary in conversations.list()] == [second, first]
    conversations.save(first, Saved(2, "丙？"))
    conversations.judge(second, 1, "up")
    conversations.rename(second, "丁")
    assert [(summary.id, summary.exchanges) for summary in conversations.list()] == [(first, 2), (second, 1)]
    assert [summary.id for summary in conversations.list(limit=1)] == [first]


def test_a_conversation_without_a_question_is_not_listed(conversations: Conversations) -> None:
    conversations.begin({})
    assert conversations.list() == []


def test_an_exchange_whose_number_is_taken_becomes_the_last_one(conversations: Conversations) -> None:
    id, other = conversations.begin({}), conversations.begin({})
    assert conversations.save(id, Saved(1, "甲？"), instead=False) == 1
    assert conversations.save(id, Saved(2, "乙？"), instead=False) == 2
    assert conversations.save(id, Saved(2, "丙？"), instead=False) == 3
    assert conversations.save(id, Saved(1, "丁？"), instead=False) == 4
    assert conversations.save(other, Saved(1, "戊？"), instead=False) == 1
    assert [(one.number, one.question) for one in conversations.load(id)] == [
        (1, "甲？"), (2, "乙？"), (3, "丙？"), (4, "丁？"),
    ]  # fmt: skip


def test_ids_cannot_be_guessed_from_each_other(conversations: Conversations) -> None:
    ids = {conversations.begin({}) for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"[\w-]{16}", id) for id in ids)


def test_the_first_question_is_the_title_until_there_is_another(conversations: Conversations) -> None:
    id = conversations.begin({})
    conversations.save(id, Saved(2, "後來的問題？"))
    conversations.save(id, Saved(1, "第一個\n 問題" + "長" * 100))

    def title() -> str:
        return conversations.list()[0].title

    assert title() == "第一個 問題" + "長" * 53 + "…"
    assert len(title()) == 60
    conversations.rename(id, " 培訓\n工作 ")
    assert title() == "培訓 工作"
    conversations.save(id, Saved(1, "改過的問題？"))
    assert title() == "培訓 工作"
    conversations.rename(id, "")
    assert title() == "改過的問題？"


@pytest.mark.parametrize(
    "search",
    [
        *("培訓", "培训", "组工干部", "８７１０", "GDP", "gdp", "Cafe", "培训 gdp", "訓練", "  ", "100%"),
        *("8710 训练", "\u200b培訓"),
    ],
)
def test_a_search_finds_titles_questions_and_answers_in_any_script_width_and_case(
    conversations: Conversations, search: str
) -> None:
    id = conversations.begin({})
    conversations.save(id, saved(1, "培訓組工幹部多少人次？", "8710人次[1]"))
    conversations.save(id, saved(2, "GDP at the Café?", "100%[1]"))
    conversations.rename(id, "訓練")
    assert [summary.id for summary in conversations.list(search)] == [id]


@pytest.mark.parametrize("search", ["培訓 水庫", "8711", "_", "1_0", "8%0", "' OR '1'='1", '"', "\ud800x", "\\"])
def test_a_search_finds_only_what_holds_all_its_words(conversations: Conversations, search: str) -> None:
    id = conversations.begin({})
    conversations.save(id, saved(1, "培訓組工幹部多少人次？", "8710人次[1]，100%"))
    assert conversations.list(search) == []


@given(TEXTS)
def test_what_was_asked_is_found_by_its_own_words(shared: Conversations, question: str) -> None:
    with begun(shared, Saved(1, question)) as id:
        assert [summary.id for summary in shared.list(question)] == [id]


def test_text_that_looks_like_sql_is_only_text(conversations: Conversations) -> None:
    id = conversations.begin({"'; DROP TABLE conversations; --": 1})
    hostile = "'); DELETE FROM exchanges; --"
    conversations.save(id, replace(saved(1, hostile, hostile), problem=hostile))
    conversations.rename(id, hostile)
    conversations.judge(id, 1, "down", hostile)
    (restored,) = conversations.load(id)
    assert (restored.question, restored.problem, restored.reason) == (hostile, hostile, hostile)
    assert [summary.title for summary in conversations.list(hostile)] == [hostile]
    conversations.delete("' OR 1=1 --")
    assert conversations.list() != []


# -- threads and what can go wrong -------------------------------------------------------------------------------------


def test_threads_can_ask_in_conversations_at_the_same_time(conversations: Conversations) -> None:
    ids = [conversations.begin({}) for _ in range(2)]
    problems: list[Exception] = []

    def work(thread: int) -> None:
        try:
            for number in range(10):
                conversations.save(ids[thread % 2], Saved(thread * 100 + number, f"{thread}-{number}？"))
                conversations.judge(ids[thread % 2], thread * 100 + number, "up")
                conversations.list("？")
                conversations.load(ids[thread % 2])
        except Exception as error:  # noqa: BLE001 (told below)
            problems.append(error)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    for place, id in enumerate(ids):
        loaded = conversations.load(id)
        assert [one.number for one in loaded] == [
            thread * 100 + number for thread in (place, place + 2) for number in range(10)
        ]
        assert {one.verdict for one in loaded} == {"up"}


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "not a database": lambda data: b"no database at all" * 500,
    "overwritten in the middle": lambda data: data[:5000] + b"\xff" * 4000 + data[9000:],
    "cut off": lambda data: data[:6000],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / NAME
    damaged = []
    for _ in range(2):
        with Conversations.open(tmp_path) as opened:
            for number in range(20):
                opened.save(opened.begin({}), saved(number))
        file.write_bytes(DAMAGES[damage](file.read_bytes()))
        damaged.append(file.read_bytes())
        caplog.clear()
        with caplog.at_level(logging.WARNING), Conversations.open(tmp_path) as opened:
            assert opened.list() == []
            id = opened.begin({})
            opened.save(id, saved())
            assert len(opened.load(id)) == 1
        assert "damaged" in caplog.text
    aside = sorted(tmp_path.glob(f"{NAME}.damaged-*"))
    assert [one.read_bytes() for one in aside] == damaged


def test_the_log_of_a_damaged_file_is_set_aside_with_it(tmp_path: Path) -> None:
    with Conversations.open(tmp_path) as opened:
        id = opened.begin({})
        for number in range(20):
            opened.save(id, saved(number))
    with Conversations.open(tmp_path) as opened:
        opened.judge(id, 7, "up")  # the log has one page of many
        log = (tmp_path / f"{NAME}-wal").read_bytes()
    (tmp_path / NAME).write_bytes(b"no database at all" * 500)
    (tmp_path / f"{NAME}-wal").write_bytes(log)
    with Conversations.open(tmp_path) as opened:
        assert opened.list() == []
        opened.save(opened.begin({}), saved())
    with Conversations.open(tmp_path) as opened:
        assert len(opened.list()) == 1
    assert [aside.read_bytes() for aside in tmp_path.glob(f"{NAME}.damaged-*-wal")] == [log]


def test_another_programs_database_is_set_aside_too(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / NAME)
    other.execute("CREATE TABLE songs (name TEXT)")
    other.close()
    with Conversations.open(tmp_path) as opened:
        assert opened.list() == []
    (aside,) = tmp_path.glob(f"{NAME}.damaged-*")
    kept = sqlite3.connect(aside)
    assert kept.execute("SELECT * FROM songs").fetchall() == []
    kept.close()


def test_a_file_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    with Conversations.open(tmp_path) as opened:
        opened.save(opened.begin({}), saved())
    newer = sqlite3.connect(tmp_path / NAME)
    newer.execute("PRAGMA user_version = 2")
    newer.close()
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(LibraryMismatch, match="newer version of jianbao; install"):
        Conversations.open(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {NAME: before}


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a", encoding="utf-8")
    with pytest.raises(LibraryError, match="file"):
        Conversations.open(tmp_path / "file" / "library")
    (tmp_path / NAME).mkdir()
    with pytest.raises(LibraryError, match=re.escape(NAME)):
        Conversations.open(tmp_path)
    assert (tmp_path / NAME).is_dir()


@pytest.mark.parametrize("id", ["", "nothing-like-it", "\ud800", "\x00", "a" * 5000])
def test_an_unknown_conversation_is_told_in_a_sentence(conversations: Conversations, id: str) -> None:
    uses: list[Callable[[], object]] = [
        lambda: conversations.load(id),
        lambda: conversations.scope(id),
        lambda: conversations.set_scope(id, {}),
        lambda: conversations.save(id, saved()),
        lambda: conversations.rename(id, "甲"),
        lambda: conversations.judge(id, 1, "up"),
    ]
    for use in uses:
        with pytest.raises(InputError, match="choose one from the list") as raised:
            use()
        assert len(str(raised.value)) < 200
    assert conversations.list() == []


def test_a_judgement_of_nothing_is_refused(conversations: Conversations) -> None:
    id = conversations.begin({})
    conversations.save(id, saved())
    with pytest.raises(InputError, match="Question 2"):
        conversations.judge(id, 2, "up")
    with pytest.raises(InputError, match="sideways"):
        conversations.judge(id, 1, "sideways")  # type: ignore[arg-type]
    assert conversations.load(id)[0].verdict == ""


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"answer": {}}', "1", "[" * 100_000])
def test_an_exchange_that_something_else_changed_is_told_in_a_sentence(tmp_path: Path, content: str) -> None:
    with Conversations.open(tmp_path) as opened:
        id = opened.begin({})
        opened.save(id, saved())
    other = sqlite3.connect(tmp_path / NAME)
    other.execute("UPDATE exchanges SET content = ?", (content,))
    other.commit()
    other.close()
    with Conversations.open(tmp_path) as opened, pytest.raises(LibraryError, match="delete it"):
        opened.load(id)


def test_a_closed_file_says_so(tmp_path: Path) -> None:
    opened = Conversations.open(tmp_path)
    opened.close()
    opened.close()
    with pytest.raises(LibraryError, match="closed"):
        opened.list()


# -- judged exchanges as a question set --------------------------------------------------------------------------------


def test_judged_exchanges_are_a_question_set_that_loads(tmp_path: Path, conversations: Conversations) -> None:
    refusal: dict[str, Any] = {"text": "文件中沒有。", "refused": True, "figures": ()}
    first, second = conversations.begin({}), conversations.begin({})
    conversations.save(first, saved(1, figures=(SUPPORTED, UNSUPPORTED)))
    conversations.save(first, saved(2, "Who was trained?", "Cadres[1]", figures=()))
    conversations.save(first, saved(3, "2009年培訓多少人？", **refusal))
    conversations.save(second, saved(1, "培训多少人？"))
    conversations.save(second, saved(2, "舉辦多少期？", **refusal))
    conversations.save(second, Saved(3, "發生什麼？", problem="模型沒有回應。"))
    conversations.save(second, saved(4, "沒有評過？"))
    for number in (1, 2, 3):
        conversations.judge(first, number, "up")
        conversations.judge(second, number, "down", "數字\u2028不對\n")
    conversations.judge(second, 4, "up")
    conversations.judge(second, 4, "")
    file = tmp_path / "judged.jsonl"
    file.write_text(conversations.as_question_set(), encoding="utf-8")
    questions = load_questions(file)
    assert [(one.answers, one.relevant, one.kind, one.lang) for one in questions] == [
        ((("8710",),), ("briefing",), "judged right", "zh-Hant"),
        (None, ("briefing",), "judged right", "en"),
        ((), (), "judged right", "zh-Hant"),
        (None, (), "judged wrong", "zh-Hans"),
        (None, (), "judged wrong", "zh-Hant"),
        (None, (), "judged wrong", "zh-Hant"),
    ]
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [row["note"] for row in rows] == ["", "", "", *["數字 不對\n"] * 3]
    assert [row.get("cited") for row in rows] == [None, None, None, ["briefing"], None, None]
    assert questions[0].answers is not None
    assert met("8710人次[1]", questions[0].answers)


def test_without_a_judgement_the_question_set_is_empty(conversations: Conversations) -> None:
    conversations.save(conversations.begin({}), saved())
    assert conversations.as_question_set() == ""


@given(exchanges())
def test_any_judged_exchange_makes_one_line(shared: Conversations, exchange: Saved) -> None:
    with begun(shared, exchange):
        written = shared.as_question_set()
    assert len(written.splitlines()) == (exchange.verdict != "")
    written.encode()
    for line in written.splitlines():
        assert set(json.loads(line)) - {"relevant", "cited"} == {"question", "answers", "kind", "lang", "note"}


# -- exports -----------------------------------------------------------------------------------------------------------

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def shown(markdown: str) -> str:
    """What a reader sees of Markdown, without white space."""
    seen = (token.content for token in flat(PARSER.parse(markdown)) if token.type in ("text", "text_special"))
    return "".join("".join(seen).split())


def test_an_export_has_the_question_the_answer_its_figures_and_its_quote() -> None:
    markdown = to_markdown([saved(figures=(SUPPORTED, UNSUPPORTED))], "培訓")
    words = WORDS["zh-Hant"]
    assert markdown == (
        "# 培訓\n\n"
        "## 培訓組工幹部多少人次？\n\n"
        "8710人次\\[1\\]\n\n"
        f"- ✓ 8710 人次 {words.supported} \\[1\\]\n\n"
        f"- ⚠ 8000 人 {words.unsupported}\n\n"
        f"{words.as_of.format(date='2011-04-19')}\n\n"
        f"{words.sources}\n\n"
        f"> {QUOTE}  \n"
        "> — \\[1\\] 簡報 · 東北網 · 2011-04-19 · 第 2 頁\n"
    )


@pytest.mark.parametrize(
    ("exchange", "said"),
    [
        (saved(1, "培訓？", "文件中沒有。", refused=True, figures=()), [WORDS["zh-Hant"].refused, "最接近的句子"]),
        (saved(1, "How many?", "8000[1]", supported=False), [WORDS["en"].doubtful, WORDS["en"].sources, "page 2"]),
        (Saved(1, "培训？", stopped=True, text="全省"), ["全省", WORDS["zh-Hans"].stopped]),
        (Saved(1, "培訓？", problem="模型沒有回應。"), ["模型沒有回應。"]),
    ],
)
def test_an_export_says_how_each_question_came_out_in_its_language(exchange: Saved, said: list[str]) -> None:
    markdown, document = to_markdown([exchange], "題"), docx.Document(io.BytesIO(to_docx([exchange], "題")))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for words in said:
        assert words in text
        assert escape_markdown(words) in markdown


@given(st.lists(exchanges(), max_size=2), TEXTS)
def test_no_text_becomes_markdown_of_its_own(history: list[Saved], title: str) -> None:
    tokens = list(flat(PARSER.parse(to_markdown(history, title))))
    allowed = {"heading", "paragraph", "bullet_list", "list_item", "blockquote"}
    assert {re.sub("_(open|close)$", "", token.type) for token in tokens} <= allowed | {
        *("inline", "text", "text_special", "hardbreak", "softbreak")
    }
    headings = [token.tag for token in tokens if token.type == "heading_open"]
    assert headings.count("h1") <= 1
    assert headings.count("h2") <= len(history)
    assert set(headings) <= {"h1", "h2"}


@given(TEXTS)
def test_escaped_markdown_shows_the_line_and_nothing_else(text: str) -> None:
    line = " ".join(render.visible(text).split())
    assert shown(escape_markdown(line)) == "".join(line.split())
    assert not re.search(r"(?<!\\)(?:www|b)\.\w|(?<!\\)://|(?<!\\)@", escape_markdown(line))


def test_a_hostile_document_makes_no_link_image_or_html_in_an_export() -> None:
    quote = '<img src=x onerror=a()> ![a](http://b.example/?q) [c](javascript:d) <http://e.example> www.f.example "# g"'
    document = Document("bad", quote, "# [title](http://h.example)\n\n<script>", "`x`", "| a |")
    citation = Citation(1, quote, 0, len(quote), None, document)
    exchange = saved(1, "# 問 [題](http://i.example)\n---", "- 8710[1]\n===\n    code\n```\n<b>", citations=(citation,))
    markdown = to_markdown([exchange], "[t](u)")
    kinds = {token.type for token in flat(PARSER.parse(markdown))}
    assert not {kind for kind in kinds if re.match("link|image|html|code|fence|table|hr|em|strong", kind)}
    assert "".join(quote.split()) in shown(markdown)
    assert "#[title](http://h.example)<script>·`x`·|a|" in shown(markdown)


@settings(max_examples=30)
@given(st.lists(exchanges(), max_size=2), TEXTS)
def test_any_text_makes_a_word_document_that_opens(history: list[Saved], title: str) -> None:
    document = docx.Document(io.BytesIO(to_docx(history, title)))
    styles = [paragraph.style.name for paragraph in document.paragraphs if paragraph.style]
    assert styles.count("Title") == 1
    assert styles.count("Heading 1") == len(history)


def test_a_word_document_has_questions_as_headings_and_quotes_as_quotes() -> None:
    document = docx.Document(io.BytesIO(to_docx([saved(), saved(2, "How many?")], "培訓\x00")))
    texts = [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs if paragraph.style]
    assert [text for style, text in texts if style == "Heading 1"] == ["培訓組工幹部多少人次？", "How many?"]
    quotes = [text for style, text in texts if style == "Quote"]
    assert quotes == [f"{QUOTE}\n— [1] 簡報 · 東北網 · 2011-04-19 · {page}" for page in ("第 2 頁", "page 2")]
    assert (document.core_properties.title, document.core_properties.author) == ("培訓", "jianbao")
