"""Scores of an assistant on a question set (design: "Question sets"), for retrieval and for answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from rag.assistant import Assistant
from rag.errors import InputError
from rag.retriever import checked_question
from rag.text import compact
from rag.types import Answer, Passage, Seconds

#: Passages asked for when ranks are scored; hit@k and MRR count documents among them.
DEPTH = 50


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is known of its answer.

    answers: groups of strings, each of which must be met; empty when a refusal is right, None for retrieval only.
    relevant: ids of the documents that hold the answer. scope: ids of the only documents to be used, None for all.
    """

    question: str
    answers: tuple[tuple[str, ...], ...] | None = None
    relevant: tuple[str, ...] = ()
    scope: tuple[str, ...] | None = None
    kind: str = ""
    lang: str = ""


def load_questions(path: Path) -> list[Question]:
    """Reads a question set. Raises InputError, naming the line, when it is not one."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"The question set {path} cannot be read ({error}). Name a JSON-lines file in UTF-8."
        ) from error
    found = [_question(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1) if line.strip()]
    if not found:
        raise InputError(f"The question set {path} is empty. It needs one JSON object with a `question` per line.")
    return found


def _question(line: str, place: str) -> Question:
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()  # half of a surrogate pair is no text
        (question,) = _strings([row["question"]])
        answers, scope = row["answers"], row.get("scope")
        return Question(
            question=question,
            answers=None if answers is None else tuple(_strings(group) for group in answers),
            relevant=_strings(row.get("relevant") or []),
            scope=None if scope is None else _strings(scope),
            kind=str(row.get("kind") or ""),
            lang=str(row.get("lang") or ""),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{place} is not a question: each line is a JSON object with `question` and `answers` "
            "(a list of lists of strings, [] for a refusal, null for retrieval only)."
        ) from error


def _strings(values: Any) -> tuple[str, ...]:
    """The items of a JSON list; a string is no list of its letters."""
    if not isinstance(values, list) or not all(isinstance(value, str | int | float) for value in values):
        raise TypeError(f"{values!r} is not a list of strings")
    return tuple(map(str, values))


def met(text: str, groups: Iterable[Sequence[str]]) -> bool:
    """Whether a text holds at least one string of every group, compared after folding.

    >>> met("培訓341期[1]、8,710人次[1]", [["341"], ["8710"]]), met("341期", [["341"], ["8710"]])
    (True, False)
    """
    held = compact(re.sub(r"\[\d+\]", "", text))
    return all(any(compact(option) in held for option in group) for group in groups)


def evaluate(
    assistant: Assistant,
    questions: Sequence[Question],
    *,
    retrieval_only: bool = False,
    scope: Sequence[str] | None = None,
    progress: Callable[[Iterable[Question]], Iterable[Question]] = iter,
) -> dict[str, Any]:
    """The contract's eval report. `scope` holds for all questions that have none of their own.

    accuracy: share of the answerable questions answered right (a refusal is wrong). refusal_rate: share of the
    unanswerable ones refused. false_refusal_rate: share of the answerable ones refused. unsupported_figures: how many
    figures were shown that no cited sentence holds. hit@k: share of questions with a relevant document among the first
    k documents; mrr@10: mean of 1 / rank of the first one, 0 beyond 10. A rate is None where no question counts for it.
    """
    rows = [_row(assistant, question, retrieval_only, scope) for question in progress(questions)]
    report = _summary(rows)
    report["by_kind"] = _grouped(rows, "kind")
    report["by_lang"] = _grouped(rows, "lang")
    report["rows"] = rows
    return report


def _row(assistant: Assistant, question: Question, retrieval_only: bool, scope: Sequence[str] | None) -> dict[str, Any]:
    within = question.scope if question.scope is not None else scope
    row: dict[str, Any] = {"question": question.question, "kind": question.kind, "lang": question.lang}
    scored, judged = bool(question.relevant), question.answers is not None and not retrieval_only
    try:
        checked_question(question.question)
    except InputError as error:  # an empty question, say: it cannot be answered, and counts
        row["problem"] = str(error)
        if scored:
            row["rank"] = None
        if judged:
            row |= {"answers": [list(group) for group in question.answers or ()], "answer": "", "refused": False}
            row |= {"right": False, "unsupported_figures": 0, "seconds": Seconds().as_dict()}
        return row
    if scored:
        documents = _documents(assistant.retrieve(question.question, k=DEPTH, scope=within))
        ranks = [rank for rank, id in enumerate(documents, start=1) if id in question.relevant]
        row |= {"relevant": list(question.relevant), "retrieved": documents[:10], "rank": ranks[0] if ranks else None}
    if judged:
        row |= _judged(question.answers or (), assistant.ask(question.question, scope=within))
    return row


def _judged(groups: Sequence[Sequence[str]], answer: Answer) -> dict[str, Any]:
    return {
        "answers": [list(group) for group in groups],
        "answer": answer.text,
        "refused": answer.refused,
        "right": answer.refused if not groups else not answer.refused and met(answer.text, groups),
        "supported": answer.supported,
        "unsupported_figures": sum(not figure.supported for figure in answer.figures),
        "quotes": [citation.quote for citation in answer.citations],
        "passages": [passage.document.id for passage in answer.passages],
        "seconds": answer.seconds.as_dict(),
    }


def _documents(passages: Sequence[Passage]) -> list[str]:
    return list(dict.fromkeys(passage.document.id for passage in passages))


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    answered = [row for row in rows if "answers" in row]
    answerable = [row for row in answered if row["answers"]]
    unanswerable = [row for row in answered if not row["answers"]]
    ranked = [row for row in rows if "rank" in row]
    seconds = [row["seconds"] for row in answered]

    def percentile(name: str, share: float) -> float | None:
        values = sorted(value[name] for value in seconds if value[name] is not None)
        if not values:
            return None
        return float(median(values)) if share == 0.5 else float(values[min(len(values) - 1, int(share * len(values)))])

    return {
        "questions": len(rows),
        "accuracy": _mean(row["right"] for row in answerable),
        "refusal_rate": _mean(row["refused"] for row in unanswerable),
        "false_refusal_rate": _mean(row["refused"] for row in answerable),
        "unsupported_figures": sum(row["unsupported_figures"] for row in answered),
        "hit@1": _mean(row["rank"] == 1 for row in ranked),
        "hit@5": _mean(row["rank"] is not None and row["rank"] <= 5 for row in ranked),
        "mrr@10": _mean(1 / row["rank"] if row["rank"] is not None and row["rank"] <= 10 else 0 for row in ranked),
        "seconds": {
            "first_quote_p50": percentile("first_quote", 0.5),
            "first_token_p50": percentile("first_token", 0.5),
            "total_p50": percentile("total", 0.5),
            "total_p95": percentile("total", 0.95),
        },
    }


def _mean(values: Iterable[float]) -> float | None:
    known = [float(value) for value in values]
    return round(fmean(known), 4) if known else None


def _grouped(rows: Sequence[dict[str, Any]], key: str) -> dict[str, Any]:
    names = sorted({row[key] for row in rows if row[key]})
    return {name: _summary([row for row in rows if row[key] == name]) for name in names}
