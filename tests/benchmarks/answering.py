"""Questions answered by jianbao and by others, question by question in turn."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from ingest import sync
from ingest.loaders import load
from rag.evaluate import Question, load_questions, met
from tests.benchmarks.contenders import Contender, Jianbao, Llama, Ours, Tokens, Told, Usual
from tests.conftest import SEEDS, SHARED


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
    with tempfile.TemporaryDirectory() as made, Jianbao.open(Path(made)) as assistant:
        assert isinstance(assistant, Jianbao)
        sync(paths, assistant)
        assistant.warm()
        tokens = Tokens(assistant)
        texts = {document.id: document.text for path in paths for document in load(path).documents}
        everything: dict[str, Contender] = {
            "jianbao": Ours(assistant, tokens),
            "usual pipeline": Usual(assistant, tokens, list(texts.items())),
            "LlamaIndex": Llama(assistant, tokens, list(texts.items())),
        }
        told: dict[str, list[Told]] = {name: [] for name in everything}
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
