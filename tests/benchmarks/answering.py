"""Questions answered by jianbao and by the usual pipeline, with the same encoder, the same model and the same server.

The usual pipeline is what the tutorials write: a recursive splitter of 1,000 characters with 200 of overlap, Chroma,
the four nearest passages, all of them in one prompt.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import httpx
from langchain_chroma import Chroma
from langchain_core.documents import Document as Page
from langchain_core.embeddings import Embeddings
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_text_splitters import RecursiveCharacterTextSplitter

from ingest import sync
from ingest.loaders import load
from rag import AnswerReady, Assistant, QuoteFound, TextAdded
from rag.embeddings import Encoder
from rag.evaluate import Question, load_questions, met
from rag.llm import chat_model
from tests.conftest import SEEDS, SHARED

#: How a model says that it found nothing, where nobody told it how to.
_NOTHING = re.compile(
    "don't know|do not know|not mentioned|no information|cannot|can't|unable|not provided"
    "|不知道|没有提到|沒有提到|未提及|没有提供|沒有提供|无法|無法|不清楚|没有相关|沒有相關|没有明确|文档中没有|没有关于"
)
_TASK = (
    "You answer questions. Use the context below to answer the question. If you do not know the answer, say that you "
    "do not know. Use three sentences at most and keep the answer short."
)


@dataclass(slots=True)
class Told:
    """What came of one question. Seconds are counted from when it was asked."""

    text: str = ""
    refused: bool = False
    quote: float | None = None
    first: float | None = None
    total: float = 0.0
    prompt: int = 0


class Contender(Protocol):
    """Answers questions about documents."""

    def ask(self, question: Question) -> Told:
        """The answer, with the times at which its parts came."""
        ...


class Tokens:
    """Counts the tokens of prompts with the model server's own tokenizer."""

    def __init__(self, assistant: Assistant) -> None:
        model: Any = assistant.model
        self._address = str(model.openai_api_base).removesuffix("/v1")
        self._key = model.openai_api_key.get_secret_value()
        self._client = httpx.Client(trust_env=False)

    def count(self, prompt: Iterable[BaseMessage]) -> int:
        """Tokens of the messages' text, without the few of the chat template."""
        text = "\n".join(str(message.content) for message in prompt)
        headers = {"Authorization": f"Bearer {self._key}"}
        reply = self._client.post(f"{self._address}/tokenize", json={"content": text}, headers=headers)
        reply.raise_for_status()
        return len(reply.json()["tokens"])


class Jianbao(Assistant):
    """An assistant that notes what it sends to the model."""

    sent: list[BaseMessage]

    def _reply(self, model: Any, prompt: Any) -> Any:
        self.sent = list(prompt)
        return super()._reply(model, prompt)


@dataclass(slots=True)
class Ours:
    """Jianbao over a library."""

    assistant: Jianbao
    tokens: Tokens

    def ask(self, question: Question) -> Told:
        """See Contender."""
        told, started = Told(), time.perf_counter()
        self.assistant.sent = []
        for event in self.assistant.stream(question.question, scope=question.scope):
            match event:
                case QuoteFound():
                    told.quote = time.perf_counter() - started
                case TextAdded():
                    told.first = told.first or time.perf_counter() - started
                case AnswerReady(answer):
                    told.total = time.perf_counter() - started
                    told.text, told.refused = answer.text, answer.refused
        told.prompt = self.tokens.count(self.assistant.sent)
        return told


class _Same(Embeddings):
    """Our encoder as LangChain wants it."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [list(map(float, vector)) for vector in self.encoder.encode_documents(texts)]

    def embed_query(self, text: str) -> list[float]:
        return list(map(float, self.encoder.encode_query(text)))


@dataclass(slots=True)
class Usual:
    """The pipeline of the tutorials."""

    assistant: Assistant
    tokens: Tokens
    texts: Sequence[tuple[str, str]]
    store: Any = field(init=False)

    def __post_init__(self) -> None:
        pages = [Page(text, metadata={"id": id}) for id, text in self.texts]
        parts = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(pages)
        self.store = Chroma("usual", _Same(self.assistant.encoder))
        self.store.add_documents(parts)

    def ask(self, question: Question) -> Told:
        """See Contender."""
        told, started = Told(), time.perf_counter()
        scope = None if question.scope is None else {"id": {"$in": list(question.scope)}}
        parts = self.store.similarity_search(question.question, k=4, filter=scope)
        context = "\n\n".join(part.page_content for part in parts)
        prompt = [
            SystemMessage(_TASK),
            HumanMessage(f"Question: {question.question}\n\nContext:\n{context}\n\nAnswer:"),
        ]
        model: Any = chat_model(self.assistant.settings)
        for piece in model.stream(prompt):
            if piece.text:
                told.first = told.first or time.perf_counter() - started
                told.text += str(piece.text)
        told.total = time.perf_counter() - started
        told.refused = bool(_NOTHING.search(told.text))
        told.prompt = self.tokens.count(prompt)
        return told


def measure(questions: int | None = None, tell: Any = print) -> dict[str, Any]:
    """The seed's questions, and RGB zh with three of five passages beside the point, `questions` of each at most."""
    sets = {
        "seed briefing": ([SEEDS / "briefing-138.txt"], load_questions(SEEDS / "questions.jsonl")[:questions]),
        "RGB zh": (
            [SHARED / "bench" / "rgb-zh" / "documents.jsonl"],
            load_questions(SHARED / "bench" / "rgb-zh" / "noise-0.6.questions.jsonl")[: min(questions or 30, 30)],
        ),
    }
    return {name: _set(paths, asked, tell) for name, (paths, asked) in sets.items()}


def _set(paths: Sequence[Path], asked: Sequence[Question], tell: Any) -> dict[str, Any]:
    told: dict[str, list[Told]] = {"jianbao": [], "usual pipeline": []}
    with tempfile.TemporaryDirectory() as made, Jianbao.open(Path(made)) as assistant:
        assert isinstance(assistant, Jianbao)
        sync(paths, assistant)
        assistant.warm()
        tokens = Tokens(assistant)
        texts = {document.id: document.text for path in paths for document in load(path).documents}
        everything: dict[str, Contender] = {
            "jianbao": Ours(assistant, tokens),
            "usual pipeline": Usual(assistant, tokens, list(texts.items())),
        }
        for number, question in enumerate(asked, start=1):
            for name, contender in everything.items():
                told[name].append(contender.ask(question))
            tell(json.dumps([number, *(round(of[-1].total, 1) for of in told.values())]))
    return {name: _summary(of, asked) for name, of in told.items()}


def _summary(told: Sequence[Told], asked: Sequence[Question]) -> dict[str, Any]:
    pairs = list(zip(told, asked, strict=True))
    known = [one for one, question in pairs if question.answers]
    right = sum(met(one.text, question.answers) for one, question in pairs if question.answers and not one.refused)
    unknown = [one for one, question in pairs if question.answers == ()]
    quotes = [one.quote for one in told if one.quote is not None]
    firsts = [one.first for one in told if one.first is not None]
    return {
        "first quote p50 s": round(median(quotes), 3) if quotes else None,
        "first token p50 s": round(median(firsts), 2),
        "whole answer p50 s": round(median(one.total for one in told), 2),
        "prompt tokens p50": round(median(one.prompt for one in told)),
        "right": f"{right} of {len(known)}",
        "rightly refused": f"{sum(one.refused for one in unknown)} of {len(unknown)}",
    }
