"""A real browser, and the page served in this process; a test module brings the `assistant` that is behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ui.app import PageAssistant
from ui.server import start

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
def page_url(assistant: PageAssistant) -> Iterator[str]:
    served = start(assistant, port=0)
    yield served.address
    served.stop()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    folder = Path(os.environ.get("JIANBAO_SCREENSHOTS", str(Path(__file__).parent / "screenshots")))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
