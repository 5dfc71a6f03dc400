"""What is done while an answer is written stays done, and an answer stays until there is another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Visit
from tests.browser.fake import BRIEFING, FakeAssistant
from ui.i18n import WORDS

# Gradio counts its events with pandas in a way that pandas has come to dislike.
pytestmark = pytest.mark.filterwarnings("ignore:.*no_silent_downcasting", "ignore:The copy keyword is deprecated")

HANT = WORDS["zh-Hant"]
SLOW = "慢慢告訴我培訓多少人次"
Open = Callable[..., Visit]


def press(visit: Visit, do: str) -> None:
    visit.page.locator(f"[data-do={do}]:visible").first.click()


def answered(visit: Visit) -> str:
    """The reply to a question that is answered at once."""
    visit.ask("培訓多少人次？")
    return visit.reply("answered").inner_text()


def change_to(visit: Visit, question: str) -> None:
    press(visit, "edit")
    visit.page.get_by_text(HANT.editing).wait_for()
    assert visit.page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    visit.ask(question)


def test_an_answer_stays_when_its_changed_question_is_stopped(open_page: Open) -> None:
    visit = open_page()
    before = answered(visit)
    change_to(visit, SLOW)
    visit.reply("writing")
    visit.page.get_by_role("button", name=HANT.stop).click()
    assert visit.reply("answered").inner_text() == before
    assert visit.page.locator(".jb-question").all_inner_texts() == ["培訓多少人次？"]
    assert visit.page.locator("#jb-question textarea").input_value() == SLOW  # to go on with
    press(visit, "unedit")
    visit.page.get_by_text(HANT.ready).wait_for()
    assert visit.page.locator("#jb-question textarea").input_value() == ""
    visit.quiet()
    visit.page.reload()
    assert visit.reply("answered").inner_text() == before


def test_an_answer_stays_when_its_changed_question_fails(open_page: Open) -> None:
    visit = open_page()
    before = answered(visit)
    change_to(visit, "故障了嗎？")
    visit.page.locator("#jb-status").get_by_text(HANT.problem).wait_for()
    assert visit.reply("answered").inner_text() == before
    visit.ask("省長是誰？")  # it is still being changed
    visit.reply("refused")
    assert visit.page.locator(".jb-question").all_inner_texts() == ["省長是誰？"]


def test_an_answer_stays_when_the_page_is_left_while_it_is_asked_for_again(open_page: Open) -> None:
    visit = open_page()
    before = answered(visit)
    change_to(visit, SLOW)
    visit.reply("writing")
    visit.page.context.close()
    again = open_page()
    again.page.locator(".jb-talk").click()
    assert again.reply("answered").inner_text() == before
    assert again.page.locator(".jb-question").count() == 1


def test_a_question_that_is_being_changed_can_be_left_as_it_was(open_page: Open) -> None:
    visit = open_page()
    answered(visit)
    press(visit, "edit")
    press(visit, "unedit")
    visit.page.locator("[data-do=unedit]").wait_for(state="detached")
    visit.ask("省長是誰？")
    visit.reply("refused")
    assert visit.page.locator(".jb-question").all_inner_texts() == ["培訓多少人次？", "省長是誰？"]


def test_what_is_judged_opened_and_chosen_while_an_answer_is_written_stays(
    open_page: Open, assistant: FakeAssistant
) -> None:
    visit = open_page()
    answered(visit)
    visit.ask(SLOW)
    visit.reply("writing")
    press(visit, "good")
    visit.page.locator("[data-do=good][aria-pressed=true]").wait_for()
    visit.page.locator("#jb-sources details summary").first.click()
    press(visit, "open")
    visit.page.locator("#jb-sources .jb-whole").get_by_text(BRIEFING.text[:8]).wait_for()
    visit.page.get_by_role("tab", name=HANT.library_tab).click()
    visit.page.locator(f"input[data-id='{BRIEFING.id}']").check()
    press(visit, "ask_these")
    chosen = visit.page.locator("#jb-scope").get_by_text(HANT.scope_some.format(count=1))
    chosen.wait_for()
    visit.page.get_by_role("button", name=HANT.stop).click()
    visit.reply("stopped")
    visit.page.locator("#jb-stop[disabled]").wait_for()
    assert visit.page.locator("[data-do=good][aria-pressed=true]").count() == 1
    assert visit.page.locator("#jb-sources .jb-whole").count() == 1
    visit.ask("再問一次培訓多少人次？")
    visit.page.locator(".jb-answered").nth(1).wait_for()
    assert chosen.count() == 1
    assert [scope and list(scope) for scope in assistant.scopes] == [None, None, [BRIEFING.id]]


def test_the_other_buttons_work_while_a_pressed_question_is_answered(open_page: Open) -> None:
    visit = open_page()
    visit.ask(SLOW)
    visit.reply("writing")
    visit.page.get_by_role("button", name=HANT.stop).click()
    visit.reply("stopped")
    press(visit, "retry")
    visit.reply("writing")
    press(visit, "open")
    visit.page.locator("#jb-sources .jb-whole").wait_for()
    visit.page.get_by_role("button", name=HANT.stop).click()
    visit.reply("stopped")


def test_each_tab_of_a_browser_goes_on_with_its_own_conversation(two_tabs: tuple[Visit, Visit]) -> None:
    first, second = two_tabs
    answered(first)
    first.page.locator(".jb-talk").wait_for()
    first.quiet()
    second.page.evaluate("sessionStorage.clear()")
    second.page.reload()  # as a new tab, which begins with the latest
    second.reply("answered")
    second.page.locator("#jb-new").click()
    second.page.locator(".jb-question").wait_for(state="detached")
    second.ask("省長是誰？")
    second.reply("refused").locator(".jb-tools").wait_for()
    second.quiet()
    first.page.reload()
    first.reply("answered")
    assert first.page.locator(".jb-question").all_inner_texts() == ["培訓多少人次？"]
    second.page.reload()
    second.reply("refused")


def test_a_tab_in_which_something_is_typed_changes_its_language_later(two_tabs: tuple[Visit, Visit]) -> None:
    first, second = two_tabs
    question = first.page.locator("#jb-question textarea")
    question.fill("還沒寫完的問題")
    second.page.get_by_role("button", name="English").click()
    second.page.get_by_role("tab", name=WORDS["en"].library_tab).wait_for()
    first.page.wait_for_timeout(1200)
    assert question.input_value() == "還沒寫完的問題"
    question.fill("")
    first.page.get_by_role("tab", name=WORDS["en"].library_tab).wait_for()
