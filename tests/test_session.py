"""A page's conversation when several things happen to it at once, or its connection is cut."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from rag.errors import LibraryError
from tests.browser.fake import FakeAssistant
from ui.collection import Choice
from ui.conversations import Saved
from ui.desk import Desk
from ui.exchanges import Talk, caught_up, restored
from ui.render import Exchange
from ui.session import Session
from ui.talk import TalkTab

# Gradio leaves event loops open.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
SLOW = "慢慢告訴我培訓多少人次"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with FakeAssistant(tmp_path) as fake, Desk(fake) as desk:
        yield desk


@pytest.fixture
def tab(desk: Desk) -> Iterator[TalkTab]:
    with gr.Blocks(analytics_enabled=False), gr.Tabs() as tabs, gr.Tab("ask"):
        made = TalkTab(desk, "zh-Hant", gr.HTML(), tabs)
    yield made
    gc.collect()  # what Gradio leaves open is complained of here, where that is forgiven


def until(writing: Iterator[Any], holds: Callable[[], bool]) -> None:
    while not holds():
        next(writing)


def outcome(session: Session) -> str:
    return session.talk.exchanges[-1].outcome


def test_what_a_cut_connection_leaves_is_the_same_on_the_page_and_on_disk(desk: Desk, tab: TalkTab) -> None:
    session = Session()
    writing = tab._ask(SLOW, session)
    until(writing, lambda: bool(session.talk.exchanges) and outcome(session) == "writing")
    writing.close()  # type: ignore[attr-defined]
    assert outcome(session) == "stopped"
    assert not session.busy
    [kept] = restored(desk.conversations, session.talk.id).exchanges
    assert (kept.outcome, kept.text) == ("stopped", session.talk.exchanges[0].text)


def test_an_answer_comes_back_when_the_connection_is_cut_while_it_is_asked_for_again(tab: TalkTab) -> None:
    session = Session()
    list(tab._ask("培訓多少人次？", session))
    before = session.talk.exchanges
    writing = tab._ask(SLOW, session, instead_of=1)
    until(writing, lambda: outcome(session) == "writing")
    session.judge(1, "up")
    writing.close()  # type: ignore[attr-defined]
    assert session.talk.exchanges == before
    assert not session.busy


def test_an_answer_is_shown_though_the_conversations_cannot_be_written_or_listed(
    desk: Desk, tab: TalkTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> Any:
        raise LibraryError("The conversations x cannot be used (database is locked); check that the disk is not full.")

    session = Session()
    monkeypatch.setattr(desk.conversations, "save", locked)
    monkeypatch.setattr(desk.conversations, "list", locked)
    *_, shown, last = tab._ask("培訓多少人次？", session)
    values = dict(zip(tab.outputs, shown, strict=True))
    assert "8710" in str(values[tab.chat][-1]["content"].value)
    assert "database is locked" in values[tab.status]
    assert values[tab.send].interactive
    assert not session.busy
    assert all(value == gr.skip() for value in last)  # Gradio sends the last values twice


def test_a_failure_before_the_first_word_leaves_nobody_waiting(
    desk: Desk, tab: TalkTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session()
    monkeypatch.setattr("ui.exchanges.caught_up", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(tab._ask("培訓多少人次？", session))
    assert not session.busy
    assert desk.turns.ticket().ahead == 0


def test_of_two_conversations_that_are_chosen_while_an_answer_is_written_the_last_is_shown() -> None:
    for _ in range(50):
        session = Session()
        run = session.begin()
        assert run is not None
        chosen: list[str] = []

        def choose(id: str, session: Session = session, chosen: list[str] = chosen) -> None:
            if session.go_on(Talk(id)):
                chosen.append(id)

        threads = [threading.Thread(target=choose, args=(id,)) for id in "xy"]
        for number, thread in enumerate(threads, start=1):
            thread.start()
            while session._left < number:
                pass
        assert run.halt.wait(5)
        assert session.begin() is None  # a question would go into the one or the other
        session.end(run)
        for thread in threads:
            thread.join()
        assert (session.talk.id, chosen) == ("y", ["y"])
        assert session.begin() is not None


def test_a_run_that_the_page_has_left_changes_nothing() -> None:
    session = Session()
    run = session.begin()
    assert run is not None
    run.done.set()
    assert session.go_on(Talk("y"))
    session.put(run, Exchange(1, "培訓？"))
    session.change(run, id="x")
    session.end(run)
    assert session.talk == Talk("y")


def test_a_choice_holds_though_the_conversation_was_deleted_elsewhere(desk: Desk, tab: TalkTab) -> None:
    session, choice = Session(), Choice(text="2011")
    list(tab._ask("培訓多少人次？", session))
    desk.conversations.delete(session.talk.id)
    assert tab.restrict(session, choice).choice == session.talk.choice == choice


def test_a_choice_that_cannot_be_kept_changes_nothing(
    desk: Desk, tab: TalkTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session()
    list(tab._ask("培訓多少人次？", session))

    def full(*_: object) -> None:
        raise LibraryError("The disk is full.")

    monkeypatch.setattr(desk.conversations, "set_scope", full)
    with pytest.raises(LibraryError):
        tab.restrict(session, Choice(text="2011"))
    assert not session.talk.choice


def test_the_conversation_gone_on_with_is_shown_though_the_others_cannot_be_listed(
    desk: Desk, tab: TalkTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session()
    list(tab._ask("培訓多少人次？", session))
    talk = session.talk

    def locked(*_: object) -> None:
        raise LibraryError("The conversations are locked.")

    monkeypatch.setattr(desk.conversations, "list", locked)
    session = Session()
    values = tab._gone_on(session, talk)
    assert session.talk == talk
    shown = dict(zip(tab.outputs, values, strict=True))
    assert "培訓多少人次？" in str(shown[tab.chat][0]["content"].value)
    assert "locked" in shown[tab.status]
    assert len(tab._start_anew(session)) == len(tab.greet("", session)) - 1


def test_what_another_page_has_added_is_merged_by_its_number(desk: Desk) -> None:
    id = desk.conversations.begin(asdict(Choice()))
    for question in ("四", "五"):
        number = desk.conversations.save(id, Saved(4, question), instead=False)
    assert number == 5
    here = Talk(id, tuple(Exchange(number, str(number)) for number in (1, 2, 3, 4)))
    merged = caught_up(desk.conversations, here)
    assert [(one.number, one.question) for one in merged.exchanges] == [
        (1, "1"),
        (2, "2"),
        (3, "3"),
        (4, "四"),
        (5, "五"),
    ]
    assert caught_up(desk.conversations, merged) is merged
