"""A library with one real document and an assistant that needs no models.

What a question holds decides how it comes out: 省長 is refused with the nearest sentence, 期 has a figure that no
sentence supports, 故障 is an error that says what to do, 意外 one that nobody foresaw, 慢 writes until it is stopped,
惡意 quotes a document that is hostile in every way we know, and all others are answered with one supported figure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from ingest.split import split
from rag import Assistant, Settings
from rag.errors import LanguageModelError
from rag.store import Entry, Library, indexed_text
from rag.text import script_of, to_script
from rag.types import (
    Answer,
    AnswerReady,
    Citation,
    Document,
    Event,
    Figure,
    QuoteFound,
    Seconds,
    TextAdded,
    Turn,
)
from tests.conftest import WordEncoder

QUOTE = "培訓組工乾部8710人次"

BRIEFING = Document(
    id="briefing-138",
    title="《深入開展創先爭優活動簡報》第138期",
    source="東北網",
    date="2011-04-19",
    text="大力推進學習型組織部和學習型組工乾部隊伍建設。各市地普遍開設各類講壇活動,收到了良好的教育效果。雞西、七臺河等市地"
    "開展了在線學習活動,對組工乾部的『學、考、評、管』實行網絡化管理,有效解決了學習形式單一、工學矛盾突出等問題。年初以來,"
    "全省各級組織部門開展組工乾部培訓341期,培訓組工乾部8710人次。積極組織開展『組織部長下基層』活動。各市地圍繞乾部工作、"
    "乾部教育培訓、黨員乾部遠程教育、基層組織建設等方面內容分別組成調研組,深入基層了解情況、總結經驗、查找問題、研究對策。"
    "截至目前,全省組工乾部下基層14452人次,結成各種幫扶對子3265對。",
)

HOSTILE = Document(
    id='"><script>window.hacked = "id"</script>',
    title='<img src="https://evil.example/title.png" onerror="window.hacked = 1">\u202e簡報',
    source="[link](javascript:window.hacked=2)",
    date='2011"onmouseover="window.hacked=3',
    text="前文。![remote](https://evil.example/markdown.png) <script>window.hacked = 4</script>\n\n"
    '<iframe src="https://evil.example/frame"></iframe> 收入\u202e0178\u202c元\u200b。'
    "${window.hacked = 5} {{constructor.constructor('window.hacked = 6')()}} <!-- </mark></article> \n"
    '__i18n__{"key": "\\u003cimg src=x onerror=window.hacked=7\\u003e"} $$\\href{javascript:alert(1)}{x}$$ 後文。',
)


def cite(document: Document, quote: str, number: int = 1) -> Citation:
    begin = document.text.index(quote)
    return Citation(number, quote, begin, begin + len(quote), None, document)


class FakeAssistant(Assistant):
    """Answers by the key words above over a real library, and keeps what it was asked."""

    def __init__(self, folder: Path, held: Sequence[Document] = (BRIEFING,)) -> None:
        settings = Settings(library=folder / "library", llm="none", cache=folder / "cache")
        words = WordEncoder(settings)
        super().__init__(Library.open(settings.library, encoder=words.name), words, settings)
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.scopes: list[tuple[str, ...] | None] = []
        self.written = 0
        self.closed = self.warmed = False
        for document in held:
            chunks = split(document, words.count_tokens)
            vectors = words.encode_documents([indexed_text(document, chunk) for chunk in chunks])
            self.library.put([Entry(document, chunks, vectors)])

    def warm(self, tell: Callable[[Any], object] = lambda _: None) -> None:
        self.warmed = True

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        scope: Sequence[str] | None = None,
        turn: AbstractContextManager[object] | None = None,
    ) -> Iterator[Event]:
        if not any(word in question for word in ("省長", "惡意", "故障", "意外")):
            yield QuoteFound(cite(BRIEFING, QUOTE))  # which waits for no turn
        with turn or nullcontext():
            yield from self._answered(question, history, scope)

    def _answered(self, question: str, history: Sequence[Turn], scope: Sequence[str] | None) -> Iterator[Event]:
        self.asked.append((question, tuple(history)))
        self.scopes.append(None if scope is None else tuple(scope))
        if "故障" in question:
            raise LanguageModelError("The language model does not answer; run `jianbao doctor --repair`.")
        if "意外" in question:
            raise RuntimeError("secret detail")
        if "惡意" in question:
            citation = cite(HOSTILE, HOSTILE.text[3:-3])
            yield QuoteFound(citation)
            yield from self._finish(question, HOSTILE.text + " [1]", citation, (Figure("<b>1", "1", "", True, 1),))
            return
        if "省長" in question:
            nearest = cite(BRIEFING, "積極組織開展『組織部長下基層』活動。")
            yield QuoteFound(nearest)
            time.sleep(0.02)
            yield from self._finish(question, "文件中沒有提到省長是誰。", nearest, (), refused=True)
            return
        citation = cite(BRIEFING, QUOTE)
        if "慢" in question:
            yield from self._write_slowly()
            return
        if "期" in question:
            figures = (Figure("341", "341", "期", False, None), Figure("8710人次", "8710", "人次", True, 1))
            yield from self._finish(question, "開展培訓341期，培訓8710人次。[1]", citation, figures)
            return
        text = "全省各級組織部門今年以來共培訓組工幹部8710人次。"
        if script_of(question) == "en":
            text = "Organisation departments across the province trained 8710 cadres (person-times)."
        text = to_script(text, script_of(question))
        for index in range(0, len(text), 4):
            time.sleep(0.02)
            yield TextAdded(text[index : index + 4])
        yield from self._finish(question, f"{text}[1]", citation, (Figure("8710", "8710", "人次", True, 1),))

    def _write_slowly(self) -> Iterator[Event]:
        try:
            for _ in range(500):
                self.written += 1
                yield TextAdded("慢慢寫，")
                time.sleep(0.02)
        finally:
            self.closed = True

    def _finish(
        self, question: str, text: str, citation: Citation, figures: tuple[Figure, ...], *, refused: bool = False
    ) -> Iterator[Event]:
        supported = not refused and all(figure.supported for figure in figures)
        yield AnswerReady(Answer(question, text, refused, supported, (citation,), figures, (), Seconds()))
