"""The seed briefing as it comes from a scanner, with the real models: from pictures of pages to checked answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import sync
from rag import Assistant
from tests.conftest import SEEDS
from tests.papers import FONT, drawn

pytestmark = pytest.mark.skipif(not FONT.exists(), reason="fonts-noto-cjk is not installed")

#: A4 at 150 dots an inch, in dots; letters of 28 dots.
WIDTH, HEIGHT, DENSITY = 1240, 1754, 150
LETTERS, LINES = 40, 34


def pages() -> list[list[str]]:
    """The briefing, broken into lines and pages."""
    text = (SEEDS / "briefing-138.txt").read_text(encoding="utf-8")
    lines = [line[at : at + LETTERS] for line in text.splitlines() for at in range(0, len(line), LETTERS)]
    return [lines[at : at + LINES] for at in range(0, len(lines), LINES)]


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("scanned")
    first, *others = [drawn(*lines, width=WIDTH, height=HEIGHT).convert("L") for lines in pages()]
    (folder / "docs").mkdir()
    first.save(folder / "docs" / "scan.pdf", save_all=True, append_images=others, resolution=DENSITY)
    with Assistant.open(folder / "library") as assistant:
        report = sync(folder / "docs", assistant)
        assert (report["added"], report["failed"]) == (1, [])
        yield assistant


def page_of(words: str) -> int:
    (found,) = [number for number, lines in enumerate(pages(), start=1) if words in "".join(lines)]
    return found


@pytest.mark.parametrize(
    ("question", "figure", "words"),
    [
        ("全省各級組織部門培訓組工幹部多少人次？", "8710", "培訓組工乾部8710人次"),
        ("今年以来培训了多少组工干部？", "8710", "培訓組工乾部8710人次"),
        ("How many cadres were trained?", "8710", "培訓組工乾部8710人次"),
    ],
)
def test_a_scan_answers_with_the_page_of_its_sentence(
    scanned: Assistant, question: str, figure: str, words: str
) -> None:
    answer = scanned.ask(question)
    print(answer.text)
    assert answer.supported
    assert figure in answer.text.replace(",", "")
    (citation,) = [citation for citation in answer.citations if figure in citation.quote]
    assert citation.page == page_of(words)
    assert citation.document.text[citation.start : citation.end] == citation.quote


def test_a_scan_is_found_by_what_it_says_of_itself(scanned: Assistant, tmp_path: Path) -> None:
    (document,) = scanned.documents()
    print(document)
    assert document.date == "2011-04-19"
    assert "138" in document.issue
    assert scanned.library.select(since="2011-04", until="2011") == [document.id]
