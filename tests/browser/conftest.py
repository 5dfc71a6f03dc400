"""A real browser, and the page served in this process; a test module brings the `assistant` that is behind it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rag import Assistant
from tests.browser.fake import FakeAssistant
from ui.desk import Desk
from ui.server import start

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Request

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the whole session: as long as Playwright runs, no test of this process can use asyncio.run.
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: install Debian's chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    quiet = "--no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-quic"
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", *quiet.split()]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[FakeAssistant]:
    with FakeAssistant(tmp_path) as fake:
        yield fake


@pytest.fixture
def page_url(assistant: Assistant) -> Iterator[str]:
    with Desk(assistant) as desk:
        served = start(desk, port=0)
        yield served.address
        served.stop()


@dataclass
class Visit:
    """An open page, and every address it has asked for."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    pending: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.pending.add(request))
        self.page.on("requestfinished", lambda request: self.pending.discard(request))
        self.page.on("requestfailed", lambda request: self.pending.discard(request))

    def quiet(self) -> None:
        """Waits until the page asks the server for nothing: it may be left then."""
        for _ in range(200):
            if all("/heartbeat/" in request.url for request in self.pending):
                self.page.wait_for_timeout(200)
                if all("/heartbeat/" in request.url for request in self.pending):
                    return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"still asked for: {[request.url for request in self.pending]}")

    def ask(self, question: str) -> None:
        self.page.locator("#jb-question textarea").fill(question)
        self.page.locator("#jb-question textarea").press("Enter")

    def reply(self, outcome: str) -> Locator:
        """The last reply of the conversation, once it has come out so."""
        reply = self.page.locator(f"#jb-chat .jb-{outcome}").last
        reply.wait_for()
        return reply

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()


@pytest.fixture
def open_page(browser: Browser, page_url: str) -> Iterator[Callable[..., Visit]]:
    """Opens the page as a browser of some size, language and theme; in the end no visit may have left this computer."""
    visits: list[Visit] = []

    def open_page(*, width: int = 1280, height: int = 800, locale: str = "zh-TW", theme: str = "light") -> Visit:
        page = browser.new_page(viewport={"width": width, "height": height}, locale=locale)
        page.set_default_timeout(10_000)
        visit = Visit(page)
        visits.append(visit)
        page.on("request", lambda request: visit.requests.append(request.url))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
        page.goto(f"{page_url}?__theme={theme}")
        page.locator(".jb-head").wait_for()
        page.locator(".jb-status").wait_for()
        return visit

    yield open_page
    for visit in visits:
        visit.page.close()
        elsewhere = [url for url in visit.requests if not url.startswith((page_url, "data:", "blob:"))]
        assert elsewhere == []
        assert visit.complaints == []  # a request that the policy stopped would be one


@pytest.fixture
def two_tabs(browser: Browser, page_url: str) -> Iterator[tuple[Visit, Visit]]:
    """The page in two tabs of one browser, which share its cookies and storage."""
    context = browser.new_context(locale="zh-TW")
    first, second = Visit(context.new_page()), Visit(context.new_page())
    for visit in (first, second):
        visit.page.set_default_timeout(10_000)
        visit.page.goto(page_url)
        visit.page.locator(".jb-status").wait_for()
    yield first, second
    context.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    folder = Path(os.environ.get("JIANBAO_SCREENSHOTS", str(Path(__file__).parent / "screenshots")))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
