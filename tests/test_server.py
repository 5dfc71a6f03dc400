"""Who is answered by the page's server, and what it gives away as files."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from ingest import sync
from tests.browser.fake import FakeAssistant
from ui import exports
from ui.desk import Desk
from ui.server import _KnownNames


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "docs"
    folder.mkdir()
    for year, value in ((2009, 5120), (2010, 6980), (2011, 8710)):
        (folder / f"{year}.txt").write_text(f"{year}年12月20日\n\n全省培訓幹部{value}人次。\n", encoding="utf-8")
    with FakeAssistant(tmp_path, held=()) as fake, Desk(fake) as desk:
        sync(folder, fake)
        desk.figures.update(fake.library)
        yield desk


def status_of(host: str, *names: str, given: Sequence[str] = ()) -> list[int]:
    """What a server that listens at `host`, with `given` names, says to a browser that calls it by these names."""

    async def here(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("here")(scope, receive, send)

    client = TestClient(_KnownNames(here, host, given))
    return [client.get("/", headers={"Host": name}).status_code for name in names]


def test_on_loopback_the_page_is_known_as_that_only() -> None:
    names = (
        "127.0.0.1:7860",
        "localhost:7860",
        "LOCALHOST",
        "evil.example:7860",
        "192.0.2.7",
        "127.0.0.1.evil.example",
    )
    assert status_of("127.0.0.1", *names) == [200, 200, 200, 400, 400, 400]


def test_for_others_the_page_is_known_by_addresses_and_this_computers_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Archive")
    names = (
        "192.0.2.7:7860",
        "[2001:db8::7]:7860",
        "archive:7860",
        "archive.local",
        "evil.example",
        "evil.example:80",
        "[::1",
        "",
    )
    assert status_of("0.0.0.0", *names) == [200, 200, 200, 200, 400, 400, 400, 400]


def test_behind_a_proxy_the_page_is_known_by_the_name_that_was_given() -> None:
    names = ("Archive.example", "archive.example:443", "other.example", "archive.example.evil.example")
    assert status_of("127.0.0.1", *names, given=["archive.example:443"]) == [200, 200, 400, 400]


@pytest.fixture
def page(desk: Desk) -> TestClient:
    app = FastAPI()
    app.include_router(exports.exports(desk))
    return TestClient(app)


def values(table: str) -> list[str]:
    return [row["value"] for row in csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))]


def test_figures_are_taken_along_in_the_order_they_are_listed(page: TestClient) -> None:
    rising, falling = (
        values(page.get("export/figures.csv", params={"unit": "人次", "order": "value", "descending": down}).text)
        for down in (False, True)
    )
    assert rising == ["5120", "6980", "8710"] == falling[::-1]


def test_more_figures_than_a_file_holds_are_refused_in_the_readers_language(
    page: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST", 2)
    for header, cookie, said in (
        ("en", "", "filter them first."),
        ("zh-TW", "", "請先篩選。"),
        ("en", "jianbao-language=zh-Hans", "请先筛选。"),
    ):
        refused = page.get("export/figures.xlsx", headers={"Accept-Language": header, "Cookie": cookie})
        assert refused.status_code == 404
        assert refused.text.endswith(said)
    assert page.get("export/figures.csv", params={"since": "2010", "unit": "人次"}).status_code == 200


def test_figures_are_made_into_one_file_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()
    app.include_router(exports.exports(desk))
    page, begun, goes_on, search = TestClient(app), threading.Event(), threading.Event(), desk.figures.search

    def waiting(*given: Any, **named: Any) -> Any:
        begun.set()
        assert goes_on.wait(20)
        return search(*given, **named)

    monkeypatch.setattr(desk.figures, "search", waiting)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(page.get, "export/figures.csv")
        assert begun.wait(20)
        assert page.get("export/figures.csv").text.endswith("try again in a moment.")
        goes_on.set()
        assert first.result(20).status_code == 200
    assert page.get("export/figures.csv").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["figures.pdf", "figures.csv?order=size", "figures.csv?since=someday", "nothing.md", "nothing.exe", "judged.csv"],
)
def test_what_cannot_be_given_is_one_sentence(page: TestClient, address: str) -> None:
    refused = page.get(f"export/{address}")
    assert refused.status_code == 404
    assert refused.text.count(". ") <= 1
    assert refused.text.endswith((".", "this."))
