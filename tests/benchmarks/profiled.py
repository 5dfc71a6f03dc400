"""Where the time of one question goes, once everything is loaded: a profile by pyinstrument."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pyinstrument import Profiler
from pyinstrument.frame import Frame

from ingest import sync
from rag import Assistant
from rag.evaluate import load_questions
from tests.conftest import SEEDS

#: Functions in which the language model writes, or tells how sure it is.
MODEL = {"_reply", "_odds"}


def measure(questions: int = 5) -> dict[str, Any]:
    """Seconds and shares of the language model and of all else, over some of the seed's questions; the whole profile.

    The questions before them have loaded what there is to load; none has been asked before.
    """
    asked = [one.question for one in load_questions(SEEDS / "questions.jsonl") if one.answers]
    profiler = Profiler(interval=0.001, async_mode="disabled")
    with tempfile.TemporaryDirectory() as made, Assistant.open(Path(made)) as assistant, _one_thread():
        sync(SEEDS, assistant)
        assistant.warm()
        for question in asked[:3]:
            assistant.ask(question)
        with profiler:
            for question in asked[3 : 3 + questions]:
                assistant.ask(question)
    session = profiler.last_session
    root = session.root_frame() if session else None
    assert root is not None
    model = sum(frame.time for frame in _outermost(root, MODEL))
    return {
        "the language model": _row(model, root.time, questions),
        "all else": _row(root.time - model, root.time, questions),
        "profile": _tree(profiler.output_text(show_all=False)),
    }


def _tree(output: str) -> str:
    """The tree of calls, without the head, which names a file of this machine."""
    return output[re.search(r"^\d", output, re.MULTILINE).start() :].strip()  # type: ignore[union-attr]


def _row(seconds: float, whole: float, questions: int) -> dict[str, Any]:
    return {"seconds a question": round(seconds / questions, 3), "share": f"{100 * seconds / whole:.1f}%"}


def _outermost(frame: Frame, functions: set[str]) -> Iterator[Frame]:
    for child in frame.children:
        if child.function in functions:
            yield child
        else:
            yield from _outermost(child, functions)


class _Here:
    """An executor that does everything at once, in the thread that asks for it."""

    def submit(self, work: Callable[..., Any], *given: Any, **named: Any) -> Future[Any]:
        """The result, which is there already."""
        done: Future[Any] = Future()
        try:
            done.set_result(work(*given, **named))
        except BaseException as error:  # noqa: BLE001 (raised again where the result is asked for)
            done.set_exception(error)
        return done


@contextmanager
def _one_thread() -> Iterator[None]:
    """Has LangChain run all steps in this thread: a profiler looks at one."""

    @contextmanager
    def here(_: object) -> Iterator[_Here]:
        yield _Here()

    with ExitStack() as patched:
        for module in ("base", "passthrough"):
            patched.enter_context(patch(f"langchain_core.runnables.{module}.get_executor_for_config", here))
        yield
