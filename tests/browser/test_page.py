"""The tab to ask in, in a real browser: what a reader does, and what a document may not do.

How a question comes out is said in `tests.browser.fake`.
"""

from __future__ import annotations

import logging
import re
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.errors import InputError, LibraryDamaged
from rag.store import DocumentInfo
from rag.types import Turn
from tests.browser.conftest import Visit
from tests.browser.fake import BRIEFING, QUOTE, FakeAssistant
from ui.desk import Desk
from ui.i18n import EXAMPLES, WORDS
from ui.server import start

# Gradio counts its events with pandas in a way that pandas has come to dislike.
pytestmark = pytest.mark.filterwarnings("ignore:.*no_silent_downcasting", "ignore:The copy keyword is deprecated")

HANT = WORDS["zh-Hant"]
Open = Callable[..., Visit]

# The contrast of an element's text with what is painted behind it, by the WCAG's formula.
CONTRAST = """element => {
  const channels = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  let behind = element, back;
  do { back = channels(getComputedStyle(behind).backgroundColor); behind = behind.parentElement; }
  while (back[3] === 0 && behind);
  const [high, low] = [light(channels(getComputedStyle(element).color)), light(back)].sort((a, b) => b - a);
  return (high + .05) / (low + .05);
}"""


def test_an_answer_shows_its_figure_and_marks_its_sentence(open_page: Open, screenshots: Path) -> None:
    visit = open_page()
    visit.page.screenshot(path=screenshots / "start.png")
    visit.ask(EXAMPLES["zh-Hant"])
    reply = visit.reply("answered")
    assert "8710" in reply.inner_text()
    assert f"✓ 8710 人次 {HANT.supported} [1]" in reply.locator(".jb-figures").inner_text()
    assert visit.text("#jb-sources mark") == QUOTE
    assert visit.page.locator("#jb-sources blockquote").get_attribute("lang") == "zh-Hant"
    card = visit.text(".jb-card")
    assert all(fact in card for fact in (BRIEFING.title, BRIEFING.date, BRIEFING.source, HANT.source.format(number=1)))
    assert "開展組工乾部培訓341期" in card
    shown, heard = visit.text("#jb-status").splitlines()
    assert shown == HANT.answered
    assert heard.endswith("8710人次。")
    assert visit.page.locator("#jb-question textarea").input_value() == ""
    visit.page.screenshot(path=screenshots / "answered.png")


def test_the_best_sentence_is_there_before_the_answer(open_page: Open, screenshots: Path) -> None:
    visit = open_page()
    visit.ask("慢慢告訴我培訓多少人次")
    visit.reply("writing")
    assert HANT.best_so_far in visit.text(".jb-card")
    assert visit.text("#jb-sources mark") == QUOTE
    assert visit.text("#jb-status") == HANT.writing
    visit.page.screenshot(path=screenshots / "writing.png")
    visit.page.get_by_role("button", name=HANT.stop).click()


def test_stop_keeps_what_was_written_and_ends_the_model(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page()
    visit.ask("慢慢告訴我培訓多少人次")
    visit.reply("writing")
    assert visit.page.get_by_role("button", name=HANT.send).is_disabled()
    visit.page.get_by_role("button", name=HANT.stop).click()
    reply = visit.reply("stopped")
    assert "慢慢寫" in reply.inner_text()
    assert HANT.stopped in reply.inner_text()
    _eventually(lambda: assistant.closed)
    assert assistant.written < 500
    visit.ask("培訓多少人次？")
    visit.reply("answered")
    assert assistant.asked[-1][1] == ()  # what was stopped was never an answer


def test_a_page_that_is_left_ends_the_model(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page()
    visit.ask("慢慢告訴我培訓多少人次")
    visit.reply("writing")
    visit.page.close()
    _eventually(lambda: assistant.closed)
    assert assistant.written < 500


def test_a_refusal_is_neither_an_answer_nor_an_error(open_page: Open, screenshots: Path) -> None:
    visit = open_page()
    visit.ask("培訓多少人次？")
    answered = visit.reply("answered")
    visit.ask("省長是誰？")
    refused = visit.reply("refused")
    visit.page.screenshot(path=screenshots / "refused.png")
    assert HANT.refused in refused.inner_text()
    assert HANT.nearest in visit.text(".jb-card >> nth=0")
    assert HANT.source.format(number=1) not in visit.text(".jb-card >> nth=0")
    visit.ask("故障了嗎？")
    problem = visit.reply("problem")
    visit.page.screenshot(path=screenshots / "problem.png")
    looks = [
        reply.evaluate("e => [getComputedStyle(e).borderLeftStyle, getComputedStyle(e).borderLeftColor].join()")
        for reply in (answered, refused, problem)
    ]
    assert len(set(looks)) == 3


def test_an_unsupported_figure_is_pointed_out(open_page: Open, screenshots: Path) -> None:
    visit = open_page()
    visit.ask("培訓多少期？")
    reply = visit.reply("doubtful").inner_text()
    assert HANT.doubtful in reply
    assert f"⚠ 341 期 {HANT.unsupported}" in reply
    visit.page.screenshot(path=screenshots / "doubtful.png")


def test_an_error_is_one_sentence_and_the_page_goes_on(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page()
    visit.ask("故障")
    assert "The language model does not answer; run jianbao doctor --repair." in visit.reply("problem").inner_text()
    assert "Traceback" not in visit.text("body")
    visit.ask("培訓多少人次？")
    visit.reply("answered")
    assert assistant.asked[-1][1] == ()


def test_an_unforeseen_error_is_logged_and_not_shown(open_page: Open, caplog: pytest.LogCaptureFixture) -> None:
    visit = open_page()
    with caplog.at_level(logging.ERROR):
        visit.ask("意外嗎？為什麼")
        assert HANT.unexpected in visit.reply("problem").inner_text()
    assert "secret detail" not in visit.page.content()
    assert "secret detail" in caplog.text


def test_a_hostile_document_stays_text(open_page: Open, screenshots: Path) -> None:
    visit = open_page()
    visit.ask("惡意的文件說什麼？<img src=https://evil.example/asked.png>")
    visit.reply("answered")
    visit.page.wait_for_timeout(500)
    visit.page.screenshot(path=screenshots / "hostile.png")
    assert visit.page.evaluate("window.hacked") is None
    assert (
        visit.page.locator("#jb-chat :is(img, iframe, script, a), #jb-sources :is(img, iframe, script, a)").count() == 0
    )
    assert "收入0178元" in visit.text("#jb-sources mark")
    assert "<script>window.hacked = 4</script>" in visit.text("#jb-sources mark")
    assert '__i18n__{"key": "' in visit.text("#jb-chat .jb-answered")
    visit.page.locator(".jb-card").hover()
    assert visit.page.evaluate("window.hacked") is None


def test_a_follow_up_brings_its_history(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page()
    visit.ask("培訓多少人次？")
    first = visit.reply("answered").locator(".jb-text").inner_text()
    visit.ask("是哪一年？")
    visit.page.locator(".jb-answered >> nth=1").wait_for()
    assert assistant.asked == [("培訓多少人次？", ()), ("是哪一年？", (Turn("培訓多少人次？", first),))]
    assert visit.page.locator("#jb-sources details mark").text_content() == QUOTE
    visit.page.get_by_role("button", name=HANT.new).click()
    visit.page.locator(".jb-question").first.wait_for(state="detached")
    visit.ask("培訓多少人次？")
    visit.reply("answered")
    assert assistant.asked[-1][1] == ()


def test_starting_over_while_the_model_writes_leaves_a_clean_page(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page()
    visit.ask("慢慢告訴我培訓多少人次")
    visit.reply("writing")
    visit.page.get_by_role("button", name=HANT.new).click()
    visit.page.locator(".jb-question").wait_for(state="detached")
    _eventually(lambda: assistant.closed)
    visit.page.wait_for_timeout(500)
    assert visit.page.locator(".jb-question, .jb-card").count() == 0
    assert visit.text("#jb-status") == HANT.ready
    assert visit.page.get_by_role("button", name=HANT.send).is_enabled()


def test_an_empty_question_is_hinted_at_and_not_asked(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page(locale="en-GB")
    visit.ask("  ")
    visit.page.get_by_text(WORDS["en"].ask_first).wait_for()
    assert assistant.asked == []


def test_enter_sends_and_shift_enter_does_not(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page()
    box = visit.page.locator("#jb-question textarea")
    box.fill("培訓")
    box.press("Shift+Enter")
    box.press_sequentially("多少人次？")
    assert box.input_value() == "培訓\n多少人次？"
    assert assistant.asked == []
    box.press("Enter")
    visit.reply("answered")
    assert assistant.asked[0][0] == "培訓\n多少人次？"


def test_an_example_can_be_asked_with_one_click(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page(locale="en-US")
    visit.page.get_by_text(EXAMPLES["en"]).click()
    assert "8710" in visit.reply("answered").inner_text()
    assert [question for question, _ in assistant.asked] == [EXAMPLES["en"]]
    assert visit.text("#jb-status").startswith(WORDS["en"].answered)


def test_a_citation_mark_leads_to_its_source(open_page: Open) -> None:
    visit = open_page(width=390, height=844)
    visit.ask("培訓多少人次？")
    visit.reply("answered").locator(".jb-text .jb-mark").click()
    assert visit.page.evaluate("document.activeElement.id") == "jb-source-1-1"
    top = visit.page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 0 <= top < 844


@pytest.mark.parametrize(
    ("locale", "script"),
    [("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("zh-CN", "zh-Hans"), ("en-US", "en"), ("de-DE", "en")],
)
def test_the_page_speaks_its_readers_language(
    open_page: Open, assistant: FakeAssistant, locale: str, script: str
) -> None:
    words = next(words for name, words in WORDS.items() if name == script)
    visit = open_page(locale=locale)
    assert words.tagline in visit.text("#jb-header")
    assert words.local in visit.text("#jb-header")
    assert words.holdings.format(documents=1, passages=assistant.library.chunk_count()) in visit.text("#jb-header")
    assert visit.page.get_by_label(words.question).get_attribute("placeholder") == words.placeholder
    for name in (words.send, words.stop, words.new):
        assert visit.page.get_by_role("button", name=name, exact=True).count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_all_text_can_be_read_at_every_width_and_in_both_themes(
    open_page: Open, screenshots: Path, theme: str, width: int
) -> None:
    visit = open_page(width=width, height=844, theme=theme)
    for question, outcome in (("培訓多少人次？", "answered"), ("省長是誰？", "refused"), ("故障", "problem")):
        visit.ask(question)
        visit.reply(outcome)
    visit.ask("請問總共培訓多少期？" + "很長的問題" * 12 + "w" * 90)
    visit.reply("doubtful")
    visit.page.screenshot(path=screenshots / f"{theme}-{width}.png", full_page=True)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    back = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(channel) for channel in re.findall(r"\d+", back)[:3]) < 200) == (theme == "dark")
    seen = visit.page.locator(
        ".jb-head h1, .jb-head p, .jb-question, .jb-text, .jb-said, .jb-kind, .jb-mark, .jb-figures li, .jb-figures b, "
        ".jb-status, .jb-sources h2, .jb-name, .jb-card h3, .jb-facts, blockquote, mark, summary, "
        ".jb-earlier, #jb-send, #jb-new, #jb-question label span, #jb-question textarea"
    )
    assert seen.count() > 25
    for element in seen.all():
        assert element.evaluate(CONTRAST) >= 4.5, element.evaluate("e => e.outerHTML")


def test_the_page_does_not_jump_while_an_answer_is_written(open_page: Open) -> None:
    visit = open_page()
    places = (
        "['jb-chat', 'jb-status', 'jb-question', 'jb-send'].map(id => document.getElementById(id).offsetTop).join()"
    )
    before = visit.page.evaluate(places)
    visit.ask("慢慢告訴我培訓多少人次")
    visit.reply("writing")
    assert visit.page.evaluate(places) == before
    visit.page.get_by_role("button", name=HANT.stop).click()
    visit.reply("stopped")
    assert visit.page.evaluate(places) == before


class TestWithoutDocuments:
    @pytest.fixture
    def assistant(self, tmp_path: Path) -> Iterator[FakeAssistant]:
        with FakeAssistant(tmp_path, held=()) as fake:
            yield fake

    def test_an_empty_library_explains_itself(self, open_page: Open, screenshots: Path) -> None:
        visit = open_page()
        assert HANT.empty in visit.text("#jb-chat")
        assert visit.page.get_by_role("button", name=HANT.try_seed).count() == 1
        assert EXAMPLES["en"] not in visit.text("#jb-chat")
        visit.page.screenshot(path=screenshots / "empty.png")


class TestWithADamagedLibrary:
    @pytest.fixture
    def assistant(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAssistant]:
        def damaged() -> list[DocumentInfo]:
            raise LibraryDamaged("The library's parts disagree; run `jianbao doctor --repair`.")

        with FakeAssistant(tmp_path) as fake:
            monkeypatch.setattr(fake.library, "documents", damaged)
            yield fake

    def test_the_page_opens_and_says_what_to_do(self, open_page: Open) -> None:
        visit = open_page(locale="en-US")
        assert "run jianbao doctor --repair" in visit.text("#jb-chat")
        assert visit.text("#jb-status") == WORDS["en"].problem


def test_the_models_are_loaded_while_the_page_is_open(page_url: str, assistant: FakeAssistant) -> None:
    _eventually(lambda: assistant.warmed)


def test_only_this_computer_is_answered_and_only_it_is_asked(page_url: str) -> None:
    with urllib.request.urlopen(page_url) as response:
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(urllib.request.Request(page_url, headers={"Host": "elsewhere.example"}))


def test_a_page_is_served_where_a_proxy_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with FakeAssistant(tmp_path) as fake, Desk(fake) as desk:
        start(desk, port=0).stop()


def test_a_port_that_is_taken_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            FakeAssistant(tmp_path) as fake,
            Desk(fake) as desk,
            pytest.raises(InputError, match=f"Port {port} is already in use; .*--port"),
        ):
            start(desk, port=port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1"])
def test_an_address_of_another_computer_is_refused(host: str, tmp_path: Path) -> None:
    with (
        FakeAssistant(tmp_path) as fake,
        Desk(fake) as desk,
        pytest.raises(InputError, match=f"{host} .*--host"),
    ):
        start(desk, host=host, port=0)


def _eventually(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_reader_who_is_quicker_than_the_page_loses_nothing(browser: Any, page_url: str) -> None:
    page = browser.new_page(locale="zh-TW")
    page.goto(page_url)
    page.locator("#jb-question textarea").fill("培訓多少人次？")
    page.locator("#jb-question textarea").press("Enter")
    page.locator(".jb-answered .jb-text").wait_for(timeout=10_000)
    page.locator("#jb-question textarea").fill("是哪一年？")
    page.wait_for_timeout(500)
    assert page.locator("#jb-question textarea").input_value() == "是哪一年？"
    page.close()
