"""The whole product in a real browser: the seed briefing, the real models, the three questions of the README."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest import sync
from rag import Assistant
from tests.conftest import SEEDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Gradio counts its events with pandas in a way that pandas has come to dislike.
pytestmark = pytest.mark.filterwarnings("ignore:.*no_silent_downcasting", "ignore:The copy keyword is deprecated")


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.open(tmp_path_factory.mktemp("library")) as opened:
        assert sync(SEEDS, opened)["added"] == 1
        yield opened


@pytest.mark.parametrize(
    ("locale", "question"),
    [
        ("zh-TW", "全省各級組織部門培訓組工幹部多少人次？"),
        ("zh-CN", "今年以来培训了多少组工干部？"),
        ("en-US", "How many cadres were trained?"),
    ],
)
def test_a_reader_sees_8710_and_the_sentence_marked(
    browser: Browser, page_url: str, screenshots: Path, locale: str, question: str
) -> None:
    page = browser.new_page(locale=locale, viewport={"width": 1280, "height": 860})
    page.goto(page_url)
    box = page.locator("#jb-question textarea")
    box.fill(question)
    box.press("Enter")
    answer = page.locator("#jb-chat .jb-answered .jb-text")
    answer.wait_for(timeout=120_000)
    assert "8710" in answer.inner_text().replace(",", "")
    assert "培訓組工乾部8710人次" in page.locator("#jb-sources mark").first.inner_text()
    page.screenshot(path=screenshots / f"real-{locale}.png")
    page.close()
