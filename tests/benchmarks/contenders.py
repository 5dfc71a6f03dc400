"""Those that answer the same questions with the same encoder, the same model and the same server.

The usual pipeline is what the tutorials write: a recursive splitter of 1,000 characters with 200 of overlap, Chroma,
the four nearest passages, all of them in one prompt. LlamaIndex is asked as its own tutorial does, with its defaults.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from langchain_chroma import Chroma
from langchain_core.documents import Document as Page
from langchain_core.embeddings import Embeddings
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_text_splitters import RecursiveCharacterTextSplitter
from llama_index.core import Document as LlamaDocument
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import (
    ChatMessage,
    ChatResponse,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseGen,
    CustomLLM,
    LLMMetadata,
)
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters
from pydantic import PrivateAttr

from rag import AnswerReady, Assistant, QuoteFound, TextAdded
from rag.embeddings import Encoder
from rag.evaluate import Question
from rag.llm import chat_model

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

    def listen(self, pieces: Iterable[str], started: float) -> None:
        """Takes the reply of a model that nobody told how to refuse, piece by piece."""
        for piece in pieces:
            if piece:
                self.first = self.first or time.perf_counter() - started
                self.text += piece
        self.total = time.perf_counter() - started
        self.refused = bool(_NOTHING.search(self.text))


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
        told.listen((str(piece.text) for piece in model.stream(prompt)), started)
        told.prompt = self.tokens.count(prompt)
        return told


class _Embedding(BaseEmbedding):
    """Our encoder as LlamaIndex wants it."""

    _encoder: Encoder = PrivateAttr()

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(model_name=encoder.name)
        self._encoder = encoder

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(value) for value in self._encoder.encode_query(query)]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [[float(value) for value in vector] for vector in self._encoder.encode_documents(texts)]


class _Model(CustomLLM):
    """The model server as LlamaIndex wants it; it notes what it is sent."""

    _model: Any = PrivateAttr()
    _sent: list[BaseMessage] = PrivateAttr(default_factory=list)

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._model = model

    @property
    def sent(self) -> list[BaseMessage]:
        """The last prompt."""
        return self._sent

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex fits its prompts to."""
        return LLMMetadata(context_window=8192, num_output=256, is_chat_model=True, model_name="local")

    def stream_chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponseGen:
        """The reply, piece by piece."""
        kinds = {"system": SystemMessage, "user": HumanMessage}
        self._sent = [kinds[message.role.value](message.content or "") for message in messages]

        def pieces() -> ChatResponseGen:
            text = ""
            for piece in self._model.stream(self._sent):
                text += str(piece.text)
                yield ChatResponse(message=ChatMessage(text, role="assistant"), delta=str(piece.text))

        return pieces()

    def chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
        """The whole reply."""
        return list(self.stream_chat(messages))[-1]

    def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponseGen:
        """The reply to a prompt alone, piece by piece."""
        asked = [ChatMessage(prompt, role="user")]
        return (CompletionResponse(text=str(one.message.content), delta=one.delta) for one in self.stream_chat(asked))

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        """The whole reply to a prompt alone."""
        return list(self.stream_complete(prompt))[-1]


@dataclass(slots=True)
class Llama:
    """LlamaIndex, with its own splitter, its own store in memory, its two nearest passages and its own prompt."""

    assistant: Assistant
    tokens: Tokens
    texts: Sequence[tuple[str, str]]
    index: Any = field(init=False)
    model: _Model = field(init=False)

    def __post_init__(self) -> None:
        self.model = _Model(chat_model(self.assistant.settings))
        # Its prompts would have the name of the file too.
        documents = [
            LlamaDocument(
                text=text, metadata={"id": id}, excluded_llm_metadata_keys=["id"], excluded_embed_metadata_keys=["id"]
            )
            for id, text in self.texts
        ]
        self.index = VectorStoreIndex.from_documents(documents, embed_model=_Embedding(self.assistant.encoder))

    def ask(self, question: Question) -> Told:
        """See Contender."""
        told, started = Told(), time.perf_counter()
        chosen = None
        if question.scope is not None:
            within = MetadataFilter(key="id", value=list(question.scope), operator=FilterOperator.IN)
            chosen = MetadataFilters(filters=[within])
        engine = self.index.as_query_engine(llm=self.model, streaming=True, filters=chosen)
        told.listen(engine.query(question.question).response_gen, started)
        told.prompt = self.tokens.count(self.model.sent)
        return told
