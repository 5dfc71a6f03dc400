"""The rest of the page in a real browser: first visit, library, figures, conversations, languages, keyboard, axe."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import sync
from tests.browser.conftest import Visit
from tests.browser.fake import BRIEFING, HOSTILE, QUOTE, FakeAssistant
from tests.conftest import SEEDS
from ui.desk import Desk
from ui.i18n import WORDS
from ui.server import start

# Gradio counts its events with pandas in a way that pandas has come to dislike.
pytestmark = pytest.mark.filterwarnings("ignore:.*no_silent_downcasting", "ignore:The copy keyword is deprecated")

HANT = WORDS["zh-Hant"]
Open = Callable[..., Visit]


def tab(visit: Visit, number: int) -> None:
    visit.page.get_by_role("tab").nth(number).click()


def button(visit: Visit, do: str) -> Any:
    return visit.page.locator(f"[data-do={do}]:visible")


def eventually(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "briefings"
    made.mkdir()
    for year, value in ((2009, 5120), (2010, 6980), (2011, 8710)):
        text = f"某省簡報\n{year}年12月20日\n\n年初以來，全省各級組織部門培訓組工幹部{value}人次。\n"
        (made / f"{year}.txt").write_text(text, encoding="utf-8")
    return made


class TestAnEmptyLibrary:
    @pytest.fixture
    def assistant(self, tmp_path: Path) -> Iterator[FakeAssistant]:
        with FakeAssistant(tmp_path, held=()) as fake:
            yield fake

    def test_the_sample_is_added_with_one_click(self, open_page: Open, assistant: FakeAssistant) -> None:
        visit = open_page()
        button(visit, "seed").click()
        button(visit, "seed").wait_for(state="detached")
        assert [document.path for document in assistant.documents()] == [str(SEEDS / "briefing-138.txt")]
        visit.page.get_by_text(HANT.welcome).wait_for()
        assert "1 份文件" in visit.text("#jb-header")

    def test_the_way_to_the_library_is_shown(self, open_page: Open) -> None:
        visit = open_page()
        button(visit, "library").click()
        visit.page.locator("#jb-files").wait_for()
        assert visit.page.get_by_role("tab", selected=True).inner_text() == HANT.library_tab

    def test_files_are_dropped_read_and_listed_with_what_failed(
        self, open_page: Open, assistant: FakeAssistant, folder: Path, screenshots: Path
    ) -> None:
        broken = folder / "broken.pdf"
        broken.write_bytes(b"%PDF-1.7 no more")
        visit = open_page()
        tab(visit, 1)
        visit.page.locator("#jb-files input[type=file]").set_input_files([*map(str, folder.iterdir())])
        visit.page.get_by_text(HANT.failures.format(count=1)).wait_for()
        assert visit.page.locator("#jb-documents tbody tr").count() == 3
        assert "broken.pdf 不完整（缺少結尾）；請重新複製或下載。" in visit.text("#jb-work")
        assert HANT.reading_done.format(added=3, updated=0, unchanged=0, removed=0) in visit.text("#jb-work")
        assert sorted(path.name for path in (assistant.library.folder / "files").iterdir()) == [
            "2009.txt", "2010.txt", "2011.txt", "broken.pdf",
        ]  # fmt: skip
        visit.page.screenshot(path=screenshots / "library.png")
        again = open_page()  # what failed stays visible
        tab(again, 1)
        again.page.get_by_text(HANT.failures.format(count=1)).wait_for()

    def test_progress_is_shown_and_reading_can_be_stopped(
        self, open_page: Open, assistant: FakeAssistant, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(200):
            (folder / f"more{number}.txt").write_text(f"第{number}處培訓{number}人。" * 40, encoding="utf-8")
        encode = assistant.encoder.encode_documents

        def slowly(texts: Any) -> Any:
            time.sleep(0.2)
            return encode(texts)

        monkeypatch.setattr(assistant.encoder, "encode_documents", slowly)
        visit = open_page()
        tab(visit, 1)
        visit.page.locator("#jb-path input, #jb-path textarea").fill(str(folder))
        visit.page.locator("#jb-add").click()
        progress = visit.page.locator("#jb-work progress")
        eventually(lambda: progress.count() == 1 and float(progress.get_attribute("value") or 0) > 0)
        assert re.search(r"\d+ / 203 個檔案 · 約剩", visit.text("#jb-work"))
        button(visit, "stop").click()
        visit.page.get_by_text(HANT.reading_stopped).wait_for()
        held = len(assistant.documents())
        assert 0 < held < 203
        visit.page.locator("#jb-again").click()
        visit.page.get_by_text(re.compile("完成：新增")).wait_for()
        assert len(assistant.documents()) == 203

    def test_a_path_that_is_not_there_is_answered_with_a_sentence(self, open_page: Open) -> None:
        visit = open_page()
        tab(visit, 1)
        visit.page.locator("#jb-path input, #jb-path textarea").fill("/no/such/folder")
        visit.page.locator("#jb-add").click()
        notice = visit.page.locator("#jb-notice [role=alert]")
        notice.wait_for()
        assert "沒有 /no/such/folder 這個檔案或資料夾。" in notice.inner_text()


class TestALibraryOfThree:
    @pytest.fixture
    def assistant(self, tmp_path: Path, folder: Path) -> Iterator[FakeAssistant]:
        with FakeAssistant(tmp_path) as fake:
            assert sync(folder, fake)["added"] == 3
            yield fake

    def test_documents_are_searched_filtered_and_sorted(self, open_page: Open) -> None:
        visit = open_page()
        tab(visit, 1)
        rows = visit.page.locator("#jb-documents tbody tr")
        eventually(lambda: rows.count() == 4)
        visit.page.locator("#jb-since input, #jb-since textarea").fill("2010")
        visit.page.locator("#jb-until input, #jb-until textarea").fill("2010-12")
        eventually(lambda: rows.count() == 1)
        assert "2010-12-20" in rows.inner_text()
        visit.page.locator("#jb-until input, #jb-until textarea").fill("nonsense")
        visit.page.get_by_text("請輸入日、月或年").wait_for()
        visit.page.locator("#jb-since input, #jb-since textarea").fill("")
        visit.page.locator("#jb-until input, #jb-until textarea").fill("")
        visit.page.locator("#jb-find input, #jb-find textarea").fill("创先争优")  # the title is in traditional script
        eventually(lambda: rows.count() == 1)
        visit.page.locator("#jb-find input, #jb-find textarea").fill("")
        eventually(lambda: rows.count() == 4)
        visit.page.locator("#jb-documents thead [data-name=date]").click()
        eventually(lambda: "2011-12-20" in rows.first.inner_text())
        assert visit.page.locator("#jb-documents th[aria-sort=descending]").inner_text().startswith(HANT.date)

    def test_a_removed_document_comes_back_with_undo(self, open_page: Open, assistant: FakeAssistant) -> None:
        before = {document.id: document for document in assistant.documents()}
        visit = open_page()
        tab(visit, 1)
        visit.page.locator("#jb-documents [data-do=remove][data-name='2010.txt']").click()
        button(visit, "undo").wait_for()
        assert "2010.txt" not in {document.id for document in assistant.documents()}
        button(visit, "undo").click()
        button(visit, "undo").wait_for(state="detached")
        assert {document.id: document for document in assistant.documents()} == before
        assert assistant.library.problems() == []

    def test_a_tick_does_not_move_to_the_document_that_comes_in_its_place(
        self, open_page: Open, assistant: FakeAssistant
    ) -> None:
        visit = open_page()
        tab(visit, 1)
        boxes = visit.page.locator("#jb-documents input[data-id]")
        eventually(lambda: boxes.count() == 4)
        before = {document.id for document in assistant.documents()}
        gone = str(boxes.first.get_attribute("data-id"))
        boxes.first.check()
        button(visit, "remove_these").click()
        eventually(lambda: boxes.count() == 3)
        assert visit.page.locator("#jb-documents input:checked").count() == 0
        button(visit, "remove_these").click()
        visit.page.get_by_text(HANT.none_selected).wait_for()
        assert {document.id for document in assistant.documents()} == before - {gone}
        boxes.last.check()
        button(visit, "undo").click()
        visit.page.get_by_text(HANT.restored.format(count=1)).wait_for()
        eventually(lambda: boxes.count() == 4)
        assert visit.page.locator("#jb-documents input:checked").count() == 0

    def test_a_conversation_is_restricted_to_chosen_documents(
        self, open_page: Open, assistant: FakeAssistant, screenshots: Path
    ) -> None:
        visit = open_page()
        tab(visit, 1)
        button(visit, "ask_these").click()
        visit.page.get_by_text(HANT.none_selected).wait_for()
        visit.page.locator("input[data-id='2009.txt']").check()
        visit.page.locator("input[data-id='2011.txt']").check()
        button(visit, "ask_these").click()
        visit.page.locator("#jb-scope").get_by_text(HANT.scope_some.format(count=2)).wait_for()
        assert visit.page.get_by_role("tab", selected=True).inner_text() == HANT.ask_tab
        visit.ask("培訓多少人次？")
        visit.reply("answered")
        visit.page.screenshot(path=screenshots / "scope.png")
        visit.page.reload()
        visit.page.locator("#jb-scope").get_by_text(HANT.scope_some.format(count=2)).wait_for()
        button(visit, "scope_all").click()
        button(visit, "scope_all").wait_for(state="detached")
        visit.ask("再問一次培訓多少人次？")
        eventually(lambda: len(assistant.scopes) == 2)
        assert [scope and set(scope) for scope in assistant.scopes] == [{"2009.txt", "2011.txt"}, None]

    def test_figures_are_searched_followed_over_time_and_taken_along(
        self, open_page: Open, page_url: str, screenshots: Path
    ) -> None:
        visit = open_page()
        tab(visit, 2)
        rows = visit.page.locator("#jb-figures tbody tr")
        visit.page.locator("#jb-find-figures input, #jb-find-figures textarea").fill("各级组织部门培训组工干部")
        eventually(lambda: rows.count() == 3)
        assert [row.locator("th").inner_text() for row in rows.all()] == ["8710人次", "6980人次", "5120人次"]
        visit.page.locator("#jb-figures thead [data-name=value]").click()
        visit.page.locator("#jb-figures thead [data-name=value]").click()
        eventually(lambda: rows.first.locator("th").inner_text() == "5120人次")
        button(visit, "series").first.click()
        visit.page.locator("#jb-series svg").wait_for()
        assert visit.page.locator("#jb-series tbody th").all_inner_texts() == ["2009-12-20", "2010-12-20", "2011-12-20"]
        visit.page.screenshot(path=screenshots / "figures.png")
        address = visit.page.locator("#jb-exports a").first.get_attribute("href")
        with urllib.request.urlopen(page_url + str(address)) as response:
            table = response.read().decode("utf-8-sig")
        assert [value for value in ("5120", "6980", "8710", "341") if value in table] == ["5120", "6980", "8710"]
        rows.first.locator("[data-do=open]").click()
        mark = visit.page.locator("#jb-figure-opened mark")
        mark.wait_for()
        assert "5120人次" in mark.inner_text()


def test_a_citation_opens_the_document_at_its_sentence(open_page: Open, screenshots: Path) -> None:
    visit = open_page()
    visit.ask("培訓多少人次？")
    visit.reply("answered")
    button(visit, "open").click()
    mark = visit.page.locator("#jb-sources .jb-viewer mark")
    mark.wait_for()
    assert mark.inner_text() == QUOTE
    assert BRIEFING.text in visit.text(".jb-whole")
    assert all(fact in visit.text(".jb-viewer") for fact in (BRIEFING.title, BRIEFING.date, BRIEFING.source))
    eventually(lambda: visit.page.evaluate("document.activeElement.tagName") == "H2")
    visit.page.screenshot(path=screenshots / "document.png")
    button(visit, "close").click()
    visit.page.locator(".jb-card").wait_for()


def test_a_figure_in_the_answer_lights_up_its_sentence(open_page: Open) -> None:
    visit = open_page()
    visit.ask("培訓多少人次？")
    figure = visit.reply("answered").locator(".jb-text .jb-figure")
    assert figure.inner_text() == "8710"
    assert figure.get_attribute("aria-label") == f"8710: {HANT.supported}"
    figure.hover()
    visit.page.locator(".jb-card.jb-lit").wait_for()
    assert visit.page.locator(".jb-card mark b").inner_text() == "8710"
    visit.page.locator("#jb-header").hover()
    visit.page.locator(".jb-card.jb-lit").wait_for(state="detached")


def test_an_answer_is_copied_with_its_quote_its_document_and_date(open_page: Open) -> None:
    visit = open_page()
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.ask("培訓多少人次？")
    visit.reply("answered").locator("[data-copy]").click()
    visit.page.get_by_text(HANT.copied).wait_for()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert "8710人次。" in copied
    assert "[1]" not in copied
    assert f"「{QUOTE}」\n— {BRIEFING.title}, {BRIEFING.source}, {BRIEFING.date}" in copied.replace("\r", "")


def test_an_answer_is_asked_again_and_a_question_changed(open_page: Open, assistant: FakeAssistant) -> None:
    visit = open_page()
    visit.ask("培訓多少人次？")
    visit.reply("answered")
    button(visit, "retry").click()
    eventually(lambda: len(assistant.asked) == 2)
    visit.reply("answered")
    button(visit, "edit").click()
    box = visit.page.locator("#jb-question textarea")
    eventually(lambda: box.input_value() == "培訓多少人次？")
    box.fill("省長是誰？")
    box.press("Enter")
    visit.reply("refused")
    assert [question for question, _ in assistant.asked] == ["培訓多少人次？", "培訓多少人次？", "省長是誰？"]
    assert all(history == () for _, history in assistant.asked)  # each stands in the stead of the one before
    assert visit.page.locator(".jb-question").count() == 1


def test_a_judgement_is_kept_and_given_as_a_question_set(open_page: Open, page_url: str) -> None:
    visit = open_page()
    visit.ask("培訓多少人次？")
    visit.reply("answered").locator("[data-do=good]").click()
    visit.page.locator("[data-do=good][aria-pressed=true]").wait_for()
    visit.ask("培訓多少期？")
    reply = visit.reply("doubtful")
    reply.locator(".jb-bad summary").click()
    reply.locator(".jb-bad input").fill("應是<341>期")
    reply.locator(".jb-bad input").press("Enter")
    visit.page.locator("#jb-status").get_by_text(HANT.judged).wait_for()
    with urllib.request.urlopen(page_url + "export/judged.jsonl") as response:
        rows = [json.loads(line) for line in response.read().decode().splitlines()]
    assert [row["answers"] for row in rows] == [[["8710"]], None]
    assert rows[1]["note"] == "應是<341>期"


def test_conversations_survive_a_restart_of_the_server(
    assistant: FakeAssistant, browser: Any, screenshots: Path
) -> None:
    context = browser.new_context(locale="zh-TW", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(10_000)
    with Desk(assistant) as desk:
        served = start(desk, port=0)
        port = int(served.address.rsplit(":", 1)[1].strip("/"))
        page.goto(served.address)
        page.locator(".jb-status").wait_for()
        for question in ("培訓多少人次？", "是哪一年？"):
            page.locator("#jb-question textarea").fill(question)
            page.locator("#jb-question textarea").press("Enter")
            page.locator(".jb-answered .jb-tools").nth(0 if question.startswith("培") else 1).wait_for()
        served.stop()
    with Desk(assistant) as desk:
        served = start(desk, port=port)
        page.goto(served.address)
        page.locator(".jb-answered").nth(1).wait_for()
        assert page.locator(".jb-question").all_inner_texts() == [
            "培訓多少人次？",
            "是哪一年？",
        ]
        assert page.locator("#jb-sources mark").first.text_content() == QUOTE
        page.locator("[data-do=open]:visible").first.click()
        assert BRIEFING.text in page.locator(".jb-whole").inner_text()
        page.locator("#jb-new").click()
        page.locator(".jb-question").first.wait_for(state="detached")
        page.locator("#jb-search input, #jb-search textarea").fill("培训")
        page.locator(".jb-talk").click()
        page.locator(".jb-answered").nth(1).wait_for()
        page.screenshot(path=screenshots / "conversations.png")
        with urllib.request.urlopen(served.address + str(page.locator("a[href$='.md']").get_attribute("href"))) as file:
            assert "8710" in file.read().decode()
        page.get_by_text(HANT.delete, exact=True).click()
        page.locator("[data-do=delete]").click()
        page.locator(".jb-talk").wait_for(state="detached")
        page.reload()
        page.get_by_text(HANT.no_talks).wait_for()
        served.stop()
    context.close()


def test_a_conversation_is_renamed(open_page: Open) -> None:
    visit = open_page()
    visit.ask("培訓多少人次？")
    visit.reply("answered")
    visit.page.get_by_text(HANT.rename, exact=True).click()
    visit.page.locator("#jb-talk-tools input").fill("<b>幹部培訓</b>")
    visit.page.locator("#jb-talk-tools [data-do=rename]").click()
    visit.page.locator(".jb-talk").get_by_text("<b>幹部培訓</b>").wait_for()


def test_the_language_is_switched_and_stays(open_page: Open) -> None:
    visit = open_page(locale="en-US")
    visit.ask("培訓多少人次？")
    visit.reply("answered")
    visit.quiet()
    visit.page.locator("[data-lang=zh-Hans]").click()
    visit.page.get_by_text(WORDS["zh-Hans"].tagline).wait_for()
    assert visit.page.get_by_role("tab").all_inner_texts() == ["提问", "文档库", "数字"]
    assert visit.page.locator(".jb-question").inner_text() == "培訓多少人次？"  # the conversation stays
    eventually(lambda: visit.page.evaluate("document.documentElement.lang") == "zh-Hans")
    visit.quiet()
    visit.page.reload()
    visit.page.get_by_text(WORDS["zh-Hans"].tagline).wait_for()


def test_everything_is_reached_with_the_keyboard_alone(open_page: Open) -> None:
    visit = open_page()
    keys, page = visit.page.keyboard, visit.page

    def go_to(what: str) -> None:
        for _ in range(60):
            if page.evaluate("what => !!document.activeElement?.matches(what)", what):
                return
            keys.press("Tab")
        raise AssertionError(f"{what} is not reached")

    page.locator("#jb-question textarea").focus()
    keys.type("培訓多少人次？")
    keys.press("Enter")
    visit.reply("answered").locator(".jb-tools").wait_for()
    page.evaluate("document.activeElement.blur()")
    for what in (".jb-talk", ".jb-figure", ".jb-mark", "[data-copy]", "[data-do=open]"):
        go_to(what)
    keys.press("Enter")
    page.locator(".jb-viewer mark").wait_for()
    go_to("[data-do=close]")
    keys.press("Enter")
    page.locator(".jb-card").wait_for()
    page.wait_for_function("document.activeElement?.matches('[data-do=open]')")  # back where it was opened
    page.evaluate("document.activeElement.blur()")
    go_to("[data-lang=en]")
    go_to("[role=tab][data-tab-id=library]")
    keys.press("Enter")
    for what in ("#jb-add", "#jb-again", "#jb-documents [data-do=sort]", "#jb-documents [data-do=preview]"):
        go_to(what)
    keys.press("Enter")
    page.locator("#jb-opened .jb-viewer").wait_for()


def test_a_hostile_document_does_nothing_on_any_tab(open_page: Open, assistant: FakeAssistant, tmp_path: Path) -> None:
    records = tmp_path / "hostile.jsonl"
    about = {"id": HOSTILE.id, "title": HOSTILE.title, "source": HOSTILE.source}
    text = HOSTILE.text + " 培訓<img src=x onerror='window.hacked=9'>8710人次。"
    records.write_text(json.dumps({**about, "text": text}), encoding="utf-8")
    assert sync(records, assistant)["failed"] == []
    visit = open_page()
    visit.ask("惡意的文件說什麼？")
    visit.reply("answered")
    button(visit, "open").click()
    visit.page.locator("#jb-sources .jb-viewer").wait_for()
    tab(visit, 1)
    visit.page.locator("#jb-documents [data-do=preview]").last.click()
    visit.page.locator("#jb-opened .jb-viewer").wait_for()
    tab(visit, 2)
    eventually(lambda: visit.page.locator("#jb-figures tbody tr").count() > 1)
    visit.page.wait_for_timeout(500)
    assert visit.page.evaluate("window.hacked") is None
    assert visit.page.locator("#jb-tabs :is(img, iframe, script, a[href^=javascript])").count() == 0


AXE = Path(str(pytest.importorskip("axe_playwright_python").__file__)).parent / "axe.min.js"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_serious_violation_on_any_tab(open_page: Open, theme: str, width: int) -> None:
    visit = open_page(width=width, height=844, theme=theme)
    visit.ask("培訓多少人次？")
    visit.reply("answered").locator(".jb-tools").wait_for()
    for number in range(3):
        tab(visit, number)
        visit.page.wait_for_timeout(600)
        visit.page.evaluate(AXE.read_text(encoding="utf-8"))
        report = visit.page.evaluate("axe.run()")
        serious = [one for one in report["violations"] if one["impact"] in ("serious", "critical")]
        assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in serious] == []


def test_the_page_is_interactive_within_two_seconds(open_page: Open, page_url: str, browser: Any) -> None:
    open_page()  # the server has warmed up
    taken = []
    for _ in range(3):
        page = browser.new_page(locale="zh-TW")
        started = time.monotonic()
        page.goto(page_url)
        page.locator("#jb-question textarea").fill("培訓多少人次？")
        page.locator(".jb-status").wait_for()
        taken.append(time.monotonic() - started)
        page.close()
    print(f"interactive after {sorted(taken)[1]:.2f} s")
    assert sorted(taken)[1] < 2


def test_a_file_that_is_not_there_is_answered_with_a_sentence(page_url: str) -> None:
    for address in ("export/nothing.md", "export/figures.pdf", "export/figures.csv?since=x"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(page_url + address)
        assert refused.value.code == 404
        assert len(refused.value.read().decode().splitlines()) == 1
