"""The whole way from a question to an Answer, as one LangChain chain.

    condense -> retrieve -> choose evidence -> write -> ground

`Assistant.stream` runs it and reports as it goes; `ask` waits for the end; `chain` is the Runnable itself.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, reduce
from operator import add
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, BaseMessageChunk
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda, RunnablePassthrough

from rag import asking, conflicts, constraints, evidence, grounding, prompts
from rag.condense import condense
from rag.embeddings import Encoder
from rag.errors import JianbaoError, LanguageModelError
from rag.evidence import Sentence
from rag.grounding import Grounded, Objection
from rag.llm import chat_model, log_odds
from rag.retriever import HybridRetriever, checked_question
from rag.settings import Settings
from rag.store import DocumentInfo, Library
from rag.text import Script, script_of, to_script
from rag.types import Answer, AnswerReady, Event, Passage, QuoteFound, Seconds, TextAdded, Trace, Turn

State = dict[str, Any]


@dataclass
class _Clock:
    """Seconds since a question was asked, noted as things happen."""

    started: float = field(default_factory=time.perf_counter)
    seconds: Seconds = field(default_factory=Seconds)

    def note(self, name: str) -> None:
        if getattr(self.seconds, name) is None:
            self.seconds = replace(self.seconds, **{name: time.perf_counter() - self.started})


class Assistant:
    """Answers questions about the documents of one library. Safe to use from several threads.

    Takes ready parts; `Assistant.open` makes them from the settings. No model is loaded before it is needed.
    """

    def __init__(self, library: Library, encoder: Encoder, settings: Settings) -> None:
        self.library = library
        self.encoder = encoder
        self.settings = settings
        self._starting = threading.Lock()

    @classmethod
    def open(cls, library: str | Path | None = None, *, settings: Settings | None = None) -> Assistant:
        """Opens a library by its folder (default: the settings' one). Use the result in a `with` block, or close it.

        Raises LibraryLocked, LibraryMismatch, LibraryDamaged or LibraryError when the library cannot be opened.
        """
        settings = settings or Settings.from_environment()
        encoder = Encoder(settings)
        folder = Path(library) if library is not None else settings.library
        return cls(Library.open(folder, encoder=encoder.name), encoder, settings)

    def close(self) -> None:
        """Gives the library back to other processes."""
        self.library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def documents(self) -> list[DocumentInfo]:
        """The documents that can be asked about."""
        return self.library.documents()

    def warm(self, tell: Callable[[Literal["encoder", "model"]], object] = lambda _: None) -> None:
        """Loads both models now and reads the fixed part of the prompt, so that the first question is fast.

        `tell` is called with what is being loaded. Raises what `stream` raises for a model that cannot be loaded.
        """
        tell("encoder")
        self.encoder.load()
        if self.settings.llm != "none":
            tell("model")
        if self.model is not None:
            for _ in self._reply(self.model, prompts.messages("？", [])):
                break

    # -- asking ------------------------------------------------------------------------------------------------------

    def retrieve(self, question: str, *, k: int = 5, scope: Sequence[str] | None = None) -> list[Passage]:
        """The k passages most likely to answer, the best first. `scope`: ids of the only documents to use."""
        return self.retriever.search(question, k=k, scope=scope)

    def ask(self, question: str, *, history: Sequence[Turn] = (), scope: Sequence[str] | None = None) -> Answer:
        """The answer, when it is complete. Raises what `stream` raises."""
        for event in self.stream(question, history=history, scope=scope):
            if isinstance(event, AnswerReady):
                return event.answer
        raise AssertionError("a stream ends with AnswerReady")

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        scope: Sequence[str] | None = None,
        turn: AbstractContextManager[object] | None = None,
    ) -> Iterator[Event]:
        """The answer as it comes about: QuoteFound at most once, TextAdded for each piece, AnswerReady at the end.

        `turn` is entered before the model is needed and left after it: whoever shares one model makes others wait
        there. The quote of a first question does not wait for it. What entering it raises is raised here.

        Raises InputError for an unusable question, WeightsError or EncoderError when there is no encoder, and
        LanguageModelError when the model cannot be started or reached.
        """
        state: State = {}
        with ExitStack() as held:
            asked = self._begin({"question": question, "history": history, "scope": scope})
            if turn is not None:
                asked["turn"] = cache(lambda: held.enter_context(turn))
            with closing(cast("Generator[State]", self._steps.stream(asked))) as parts:
                for part in parts:
                    for name, value in part.items():
                        state[name] = state[name] + value if name == "message" and name in state else value
                        if name == "ranked" and value:
                            yield QuoteFound(value[0].cited(1))
                        elif name == "message" and value.text and not state["canned"]:
                            yield TextAdded(to_script(value.text, state["script"]))
            answer = self._ground(state)
        yield AnswerReady(answer)

    @cached_property
    def retriever(self) -> HybridRetriever:
        """The retriever, which is also a LangChain retriever."""
        return HybridRetriever(library=self.library, encoder=self.encoder, reranker=self.settings.reranker)

    @property
    def chain(self) -> Runnable[str | dict[str, Any], Answer]:
        """A LangChain Runnable: a question, or a dict of `question` and perhaps `history` and `scope`, to an Answer."""
        return RunnableLambda(self._begin) | self._steps | RunnableLambda(self._ground)

    @property
    def model(self) -> BaseChatModel | None:
        """The chat model, started on first use; None when the settings say `none`."""
        with self._starting:
            return chat_model(self.settings)

    # -- the steps ---------------------------------------------------------------------------------------------------

    @cached_property
    def _steps(self) -> Runnable[State, State]:
        return (
            RunnablePassthrough.assign(standalone=RunnableLambda(self._condense))
            | RunnablePassthrough.assign(found=RunnableLambda(self._retrieve))
            | RunnablePassthrough.assign(ranked=RunnableLambda(self._rank))
            | RunnablePassthrough.assign(missing_years=RunnableLambda(self._missing_years))
            | RunnablePassthrough.assign(canned=RunnableLambda(self._canned))
            | RunnablePassthrough.assign(evidence=RunnableLambda(self._choose))
            | RunnablePassthrough.assign(message=RunnableGenerator(self._write))
        )

    def _begin(self, asked: str | Mapping[str, Any]) -> State:
        given = {"question": asked} if isinstance(asked, str) else dict(asked)
        question = checked_question(given["question"])
        return {
            "question": question,
            "history": tuple(given.get("history") or ()),
            "scope": given.get("scope"),
            "script": script_of(question),
            "clock": _Clock(),
            "odds": {},
            "turn": lambda: None,
        }

    def _condense(self, state: State) -> str:
        """A follow-up as a question that stands alone."""
        if not state["history"]:
            return str(state["question"])

        def write(prompt: list[BaseMessage]) -> str:
            model = self.model
            assert model is not None
            state["turn"]()
            return "".join(str(piece.text) for piece in self._reply(model, prompt))

        return condense(state["question"], state["history"], None if self.settings.llm == "none" else write)

    def _retrieve(self, state: State) -> tuple[list[Passage], Any]:
        found = self.retriever.search_with_vector(state["standalone"], scope=state["scope"])
        state["clock"].note("retrieve")
        return found

    def _rank(self, state: State) -> list[Sentence]:
        passages, vector = state["found"]
        edges = self.library.edges(passages[0].document.id) if passages else []
        weights = self.retriever.weights(state["standalone"])
        units = constraints.asked_units(state["standalone"])
        found = evidence.candidates(passages, edges)
        ranked = evidence.rank(found, vector, weights, self.encoder, passages, units)
        if ranked:
            state["clock"].note("first_quote")
        return ranked

    def _missing_years(self, state: State) -> list[str]:
        return constraints.missing_years(state["standalone"], state["ranked"])

    def _canned(self, state: State) -> str | None:
        """The reply where no model is needed: nothing found, a year that no document knows, or no model wanted."""
        if not state["ranked"] or state["missing_years"]:
            return prompts.NOT_FOUND
        return str(state["ranked"][0].text) if self.settings.llm == "none" else None

    def _choose(self, state: State) -> list[Sentence]:
        """What the model reads: the very best sentences alone where it is sure that they answer the question.

        They are not tried where a list is asked for, parts of which may stand in others, nor for an English question
        over Chinese text, of which a small model is seldom sure.
        """
        whole = evidence.choose(state["ranked"], self.encoder)
        few = evidence.choose(state["ranked"], self.encoder, budget=evidence.FEW)
        across = state["script"] == "en" and any(script_of(sentence.text) != "en" for sentence in few)
        if state["canned"] is not None or len(few) == len(whole) or across or asking.wants_several(state["standalone"]):
            return whole
        state["turn"]()
        odds = self._odds(state, few)
        return whole if odds is None or odds < grounding.SURE else few

    def _write(self, states: Iterator[State]) -> Iterator[BaseMessageChunk]:
        state: State = {}
        for part in states:
            state.update(part)
        if state["canned"] is not None:
            yield AIMessageChunk(content=state["canned"])
            return
        model = self.model
        assert model is not None
        state["turn"]()
        for piece in self._reply(model, prompts.messages(state["standalone"], state["evidence"])):
            if piece.text:
                state["clock"].note("first_token")
            yield piece

    def _reply(self, model: BaseChatModel, prompt: Any) -> Iterator[AIMessageChunk]:
        """The model's reply, piece by piece; whatever its client raises becomes a LanguageModelError.

        A stream that ends before the model has finished is an error too: half an answer may end in half a figure.
        """
        finished = model._llm_type != "openai-chat"  # others do not all say why they stopped
        with self._failures_named():
            for piece in model.stream(prompt):
                finished = finished or bool(piece.response_metadata.get("finish_reason"))
                yield piece
            if not finished:
                raise ConnectionError("its answer broke off")

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        """Turns whatever a model's client raises into a LanguageModelError."""
        try:
            yield
        except JianbaoError:
            raise
        except Exception as error:  # each client library has its own tree
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise LanguageModelError(
                f"The language model {self.settings.llm!r} did not answer ({reason}). "
                "Check that its server is running and JIANBAO_LLM is right, "
                "or set JIANBAO_LLM=none to get the quotes alone."
            ) from error

    def _odds(self, state: State, read: Sequence[Sentence]) -> float | None:
        """The log-odds that these sentences answer the question, as the model sees it; it is asked once."""
        places = tuple((sentence.document.id, sentence.start) for sentence in read)
        if places not in state["odds"]:
            with self._failures_named():
                prompt = prompts.doubt_messages(state["standalone"], read)
                state["odds"][places] = log_odds(self.settings, prompt, prompts.YES)
        odds: float | None = state["odds"][places]
        return odds

    def _ground(self, state: State) -> Answer:
        """The checked answer: refused, or with citations worked out from its text."""
        script: Script = state["script"]
        answer, objection = self._checked(state)
        as_of = ""
        if answer is not None:
            as_of = max((citation.document.as_of for citation in answer.citations), default="")
            answer = conflicts.disclosed(answer, state["standalone"], state["evidence"], state["ranked"], script)
        state["clock"].note("total")
        nearest = tuple(s.cited(n) for n, s in enumerate(state["ranked"][:1], start=1))
        missing = (objection.missing, objection.found) if objection else ("", "")
        return Answer(
            question=state["question"],
            text=grounding.in_context(answer, script) if answer else prompts.refusal(script, *missing),
            refused=answer is None,
            supported=answer is not None and answer.supported,
            as_of=as_of,
            citations=answer.citations if answer else nearest,
            figures=answer.figures if answer else (),
            passages=tuple(state["found"][0]),
            seconds=state["clock"].seconds,
            trace=Trace(
                standalone=state["standalone"],
                evidence=tuple(sentence.text for sentence in state["evidence"]),
                written=str(state["message"].text) if state["canned"] is None else "",
                log_probability=mean_log_probability(state["message"]),
                withheld=objection.reason if objection else "",
            ),
        )

    def _checked(self, state: State) -> tuple[Grounded | None, Objection | None]:
        """The answer and no objection, or the other way round."""
        if state["canned"] == prompts.NOT_FOUND:
            suffix = "" if state["script"] == "en" else "年"
            years = "、".join(y + suffix for y in state["missing_years"])
            return None, Objection(f"no document knows {years}" if years else "nothing was found", years)
        if state["canned"] is not None:  # the sentence itself
            text, read = state["canned"], state["ranked"][:1]
            likeness = evidence.cosines(f"{state['standalone']} {text}", read, self.encoder)
            return grounding.ground(text, read, likeness, state["script"]), None
        found = self._judged(state, state["message"], state["evidence"])
        if isinstance(found, Objection):
            whole = evidence.choose(state["ranked"], self.encoder)
            if len(whole) > len(state["evidence"]):  # the few were too few
                state |= {"evidence": whole, "message": self._written(state, whole)}
                found = self._judged(state, state["message"], whole)
        if isinstance(found, Objection) and found.about_figure:
            found = self._asked_again(state, found)
        return (found, None) if isinstance(found, Grounded) else (None, found)

    def _judged(self, state: State, message: BaseMessageChunk, read: Sequence[Sentence]) -> Grounded | Objection:
        """What the model wrote, checked in every way."""
        written, question = str(message.text), state["standalone"]
        if message.response_metadata.get("finish_reason") == "length":  # perhaps within a figure
            return Objection("the model did not come to an end")
        likeness = evidence.cosines(f"{question} {written}", read, self.encoder)
        found = grounding.checked(written, question, read, likeness, state["script"])
        if isinstance(found, Objection):
            return found
        return self._doubt(state, message, read) or found

    def _written(self, state: State, read: Sequence[Sentence]) -> BaseMessageChunk:
        """What the model writes over these sentences, when it has come to its end."""
        model = self.model
        assert model is not None
        pieces: list[BaseMessageChunk] = list(self._reply(model, prompts.messages(state["standalone"], read)))
        return reduce(add, pieces, AIMessageChunk(content=""))

    def _asked_again(self, state: State, objection: Objection) -> Grounded | Objection:
        """The one repair: the question over nothing but the sentence that the doubted figure stands on."""
        question, read = state["standalone"], state["evidence"]
        written = str(state["message"].text)
        likeness = evidence.cosines(f"{question} {written}", read, self.encoder)
        alone = grounding.cited_sentences(grounding.ground(written, read, likeness, state["script"]), read)
        if not alone:
            return objection
        message = self._written(state, alone)
        found = self._judged(state, message, alone)
        if isinstance(found, Objection) and found.by_words and grounding.confirmed(written, str(message.text)):
            likeness = evidence.cosines(f"{question} {written}", alone, self.encoder)
            answer = grounding.ground(written, alone, likeness, state["script"])
            found = grounding.unmet(answer, question, alone) or self._doubt(state, message, alone) or answer
        return found if isinstance(found, Grounded) else objection

    def _doubt(self, state: State, message: BaseMessageChunk, read: Sequence[Sentence]) -> Objection | None:
        """How unsure the model is of what it wrote; None where it is sure, or does not say."""
        sureness = mean_log_probability(message)
        if sureness is None:
            return None
        odds = self._odds(state, read)
        if odds is None and grounding.unsure(sureness):
            return Objection(f"the model was unsure of its words ({sureness:.2f})")
        if odds is not None and grounding.confidence(sureness, odds) < grounding.LEAST_CONFIDENCE:
            return Objection(f"the model doubts that the answer is there ({odds:.2f}; its words {sureness:.2f})")
        return None


def mean_log_probability(message: Any) -> float | None:
    """Mean natural logarithm (up to 0, higher is surer) of the reply's token probabilities; None when not reported."""
    content = (message.response_metadata.get("logprobs") or {}).get("content") or []
    values = [token["logprob"] for token in content]
    return math.fsum(values) / len(values) if values else None
