"""What two pages, a reload and a page that is left do to a conversation that is being written."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.browser.conftest import Visit
from tests.browser.fake import FakeAssistant
from ui.i18n import WORDS

# Gradio counts its events with pandas in a way that pandas has come to dislike.
pytestmark = pytest.mark.filterwarnings("ignore:.*no_silent_downcasting", "ignore:The copy keyword is deprecated")

HANT = WORDS["zh-Hant"]
Open = Callable[..., Visit]


def test_a_question_that_waits_is_told_how_many_come_first(open_page: Open) -> None:
    first, second = open_page(), open_page()
    first.ask("慢慢告訴我培訓多少人次")
    first.reply("writing")
    second.ask("培訓多少人次？")
    second.page.get_by_text(HANT.queued.format(ahead=1)).wait_for()
    second.page.locator("#jb-sources mark").get_by_text("8710").wait_for()  # the best sentence waits for nobody
    first.page.get_by_role("button", name=HANT.stop).click()
    first.reply("stopped")
    second.reply("answered")


def test_a_question_that_waits_can_be_stopped_and_is_never_asked(open_page: Open, assistant: FakeAssistant) -> None:
    first, second = open_page(), open_page()
    first.ask("慢慢告訴我培訓多少人次")
    first.reply("writing")
    second.ask("培訓多少人次？")
    second.page.get_by_text(HANT.queued.format(ahead=1)).wait_for()
    second.page.get_by_role("button", name=HANT.stop).click()
    second.reply("stopped")
    first.page.get_by_role("button", name=HANT.stop).click()
    first.reply("stopped")
    time.sleep(0.5)
    assert [question for question, _ in assistant.asked] == ["慢慢告訴我培訓多少人次"]


def test_a_reload_in_the_middle_of_an_answer_shows_it_as_stopped(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page()
    visit.ask("慢慢告訴我培訓多少人次")
    visit.reply("writing")
    visit.page.evaluate("jianbao.keep()")
    visit.page.reload()
    deadline = time.monotonic() + 10
    while not assistant.closed:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)
    visit.page.reload()
    visit.reply("stopped")
    visit.ask("培訓多少人次？")
    visit.reply("answered")
    assert all("AbortError" in said or "errored out" in said for said in visit.complaints)
    visit.complaints.clear()  # that the answer's stream was cut off is Gradio's to complain of


def test_a_conversation_that_is_deleted_on_another_page_goes_on_as_a_new_one(open_page: Open) -> None:
    visit = open_page()
    visit.ask("培訓多少人次？")
    visit.reply("answered")
    visit.page.locator(".jb-talk").wait_for()
    other = open_page()
    other.page.locator(".jb-talk").click()
    other.reply("answered")
    other.page.get_by_text(HANT.delete, exact=True).click()
    other.page.locator("[data-do=delete]").click()
    other.page.locator(".jb-talk").wait_for(state="detached")
    visit.ask("是哪一年？")
    visit.page.locator(".jb-answered").nth(1).wait_for()
    visit.page.locator(".jb-talk").get_by_text("是哪一年？").wait_for()
    assert visit.complaints == []


def test_two_pages_in_one_conversation_lose_nothing_of_it(open_page: Open) -> None:
    first = open_page()
    first.ask("培訓多少人次？")
    first.reply("answered")
    first.page.locator(".jb-talk").wait_for()
    second = open_page()
    second.page.locator(".jb-talk").click()
    second.reply("answered")
    first.ask("慢慢告訴我培訓多少人次")
    first.reply("writing")
    second.ask("哪一年培訓的？")
    second.page.get_by_text(HANT.queued.format(ahead=1)).wait_for()
    first.page.get_by_role("button", name=HANT.stop).click()
    first.reply("stopped")
    second.page.locator(".jb-answered").nth(1).wait_for()
    asked = ["培訓多少人次？", "慢慢告訴我培訓多少人次", "哪一年培訓的？"]
    assert second.page.locator(".jb-question").all_inner_texts() == asked
    first.ask("再問一次培訓多少人次？")
    first.page.locator(".jb-answered").nth(2).wait_for()
    assert first.page.locator(".jb-question").all_inner_texts() == [*asked, "再問一次培訓多少人次？"]
    assert first.complaints == second.complaints == []


def test_another_tab_of_the_browser_changes_its_language_too(two_tabs: tuple[Visit, Visit]) -> None:
    first, second = two_tabs
    second.page.get_by_role("button", name="English").click()
    first.page.get_by_role("tab", name=WORDS["en"].library_tab).wait_for()
