"""Scores of an assistant on a question set (design: "Question sets"), for retrieval and for answers.

It knows nothing of terminals: `report_lines` gives plain lines, in which texts of documents stand as they are.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from rag.assistant import Assistant
from rag.errors import InputError, JianbaoError
from rag.grounding import lead
from rag.retriever import checked_question
from rag.text import compact
from rag.types import Answer, Passage, Seconds

#: Passages asked for when ranks are scored; hit@k and MRR count documents among them.
DEPTH = 50
_NORMAL = 1.959964  # 95% of a normal distribution lie within so many standard deviations of its middle


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
    accuracy_by_itself: accuracy when only the answer's own words count, not the quoted statement that follows them.
    accuracy_interval, refusal_rate_interval: 95% of such samples have the true rate within. counts: how many questions
    had an answer and how many had none, and of both together how many were answered right, answered wrong, refused.

    An error while a question is asked is raised again, with the question in its message.
    """
    rows = []
    for number, question in enumerate(progress(questions), start=1):
        try:
            rows.append(_row(assistant, question, retrieval_only, scope))
        except JianbaoError as error:
            place = f"Question {number} of {len(questions)} ({question.question[:100]!r})"
            raise type(error)(f"{place}: {error}") from error
    return {**summary(rows), **grouped(rows), "rows": rows}


def _row(assistant: Assistant, question: Question, retrieval_only: bool, scope: Sequence[str] | None) -> dict[str, Any]:
    within = question.scope if question.scope is not None else scope
    row: dict[str, Any] = {"question": question.question, "kind": question.kind, "lang": question.lang}
    if within is not None:
        row["scope"] = list(within)
    scored, judged = bool(question.relevant), question.answers is not None and not retrieval_only
    try:
        checked_question(question.question)
    except InputError as error:  # an empty question, say: it cannot be answered, and counts
        row["problem"] = str(error)
        if scored:
            row["rank"] = None
        if judged:
            row |= {"answers": [list(group) for group in question.answers or ()], "answer": "", "refused": False}
            row |= {"right": False, "right_by_itself": False, "unsupported_figures": 0, "seconds": Seconds().as_dict()}
        return row
    if scored:
        found = assistant.retrieve(question.question, k=DEPTH, scope=within)
        documents = _documents(found)
        ranks = [rank for rank, id in enumerate(documents, start=1) if id in question.relevant]
        row |= {"relevant": list(question.relevant), "retrieved": documents[:10], "rank": ranks[0] if ranks else None}
        row["scores"] = _scores(found)[:10]
    if judged:
        row |= _judged(question.answers or (), assistant.ask(question.question, scope=within))
    return row


def _judged(groups: Sequence[Sequence[str]], answer: Answer) -> dict[str, Any]:
    return {
        "answers": [list(group) for group in groups],
        "answer": answer.text,
        "refused": answer.refused,
        "right": answer.refused if not groups else not answer.refused and met(answer.text, groups),
        "right_by_itself": bool(groups) and not answer.refused and met(lead(answer.text), groups),
        "supported": answer.supported,
        "unsupported_figures": 0 if answer.refused else sum(not figure.supported for figure in answer.figures),
        "figures": [figure.as_dict() for figure in answer.figures],
        "quotes": [citation.quote for citation in answer.citations],
        "passages": [passage.document.id for passage in answer.passages],
        "passage_scores": [round(passage.score, 4) for passage in answer.passages],
        "trace": answer.trace.as_dict(),
        "seconds": answer.seconds.as_dict(),
    }


def _documents(passages: Sequence[Passage]) -> list[str]:
    return list(dict.fromkeys(passage.document.id for passage in passages))


def _scores(passages: Sequence[Passage]) -> list[float]:
    """For each of the documents, the score of its first passage."""
    first = {passage.document.id: passage.score for passage in reversed(passages)}
    return [round(first[id], 4) for id in _documents(passages)]


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The report's scores, for some of its rows."""
    answered = [row for row in rows if "answers" in row]
    answerable = [row for row in answered if row["answers"]]
    unanswerable = [row for row in answered if not row["answers"]]
    ranked = [row for row in rows if "rank" in row]
    seconds = [row["seconds"] for row in answered]

    def percentile(name: str, hundredths: int) -> float | None:
        values = sorted(value[name] for value in seconds if value[name] is not None)
        if not values:
            return None
        return float(median(values)) if hundredths == 50 else float(values[-(-hundredths * len(values) // 100) - 1])

    return {
        "questions": len(rows),
        "counts": {
            "answerable": len(answerable),
            "unanswerable": len(unanswerable),
            "right": sum(row["right"] and not row["refused"] for row in answered),
            "wrong": sum(not row["right"] and not row["refused"] for row in answered),
            "refused": sum(row["refused"] for row in answered),
        },
        "accuracy": _mean(row["right"] for row in answerable),
        "accuracy_by_itself": _mean(row["right_by_itself"] for row in answerable if "right_by_itself" in row),
        "accuracy_interval": wilson(sum(row["right"] for row in answerable), len(answerable)),
        "refusal_rate": _mean(row["refused"] for row in unanswerable),
        "refusal_rate_interval": wilson(sum(row["refused"] for row in unanswerable), len(unanswerable)),
        "false_refusal_rate": _mean(row["refused"] for row in answerable),
        "unsupported_figures": sum(row["unsupported_figures"] for row in answered),
        "hit@1": _mean(row["rank"] == 1 for row in ranked),
        "hit@5": _mean(row["rank"] is not None and row["rank"] <= 5 for row in ranked),
        "mrr@10": _mean(1 / row["rank"] if row["rank"] is not None and row["rank"] <= 10 else 0 for row in ranked),
        "seconds": {
            "first_quote_p50": percentile("first_quote", 50),
            "first_token_p50": percentile("first_token", 50),
            "total_p50": percentile("total", 50),
            "total_p95": percentile("total", 95),
        },
    }


def _mean(values: Iterable[float]) -> float | None:
    known = [float(value) for value in values]
    return round(fmean(known), 4) if known else None


def wilson(successes: int, total: int) -> list[float] | None:
    """The 95% interval of a share, low and high (Wilson 1927), which stays honest for few questions; None for none.

    >>> wilson(29, 30), wilson(0, 7), wilson(0, 0)
    ([0.8333, 0.9941], [0.0, 0.3543], None)
    """
    if not total:
        return None
    share, square = successes / total, _NORMAL**2 / total
    middle = share + square / 2
    half = _NORMAL * math.sqrt(share * (1 - share) / total + square / (4 * total))
    return [round(min(1.0, max(0.0, bound / (1 + square))), 4) for bound in (middle - half, middle + half)]


def grouped(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The scores of each kind and of each language that rows name."""
    names = {key: sorted({row[key] for row in rows if row[key]}) for key in ("kind", "lang")}
    return {
        f"by_{key}": {name: summary([row for row in rows if row[key] == name]) for name in values}
        for key, values in names.items()
    }


# -- for reading -------------------------------------------------------------------------------------------------------

#: What stands at the head of each line of a table of scores.
LABELS = {
    "questions": "questions",
    "answerable": "answerable",
    "accuracy": "accuracy",
    "accuracy_interval": "  95% interval",
    "accuracy_by_itself": "  without the statement",
    "false_refusal_rate": "refused though answerable",
    "unanswerable": "unanswerable",
    "refusal_rate": "refused rightly",
    "refusal_rate_interval": "  95% interval",
    "wrong": "wrong answers given",
    "unsupported_figures": "unsupported figures shown",
    "hit@1": "hit@1",
    "hit@5": "hit@5",
    "mrr@10": "mrr@10",
    "first_quote_p50": "first quote, median",
    "first_token_p50": "first token, median",
    "total_p50": "whole answer, median",
    "total_p95": "whole answer, 95% within",
}
_OF_ANSWERS = ("answerable", "unanswerable", "wrong", "unsupported_figures")


def flat(scores: dict[str, Any]) -> dict[str, Any]:
    """Scores without nesting, in the order of LABELS; counts of answers are None where no question was answered."""
    counts = scores["counts"]
    values = {**scores, **counts, **scores["seconds"]}
    if not counts["answerable"] + counts["unanswerable"]:
        values |= dict.fromkeys(_OF_ANSWERS)
    return {name: values[name] for name in LABELS}


def shown(name: str, value: Any) -> str:
    """A score as it is printed.

    >>> shown("accuracy", 0.9), shown("total_p50", 2.31), shown("hit@1", None), shown("accuracy_interval", [0.2, 0.9])
    ('0.900', '2.31 s', '–', '0.20–0.90')
    """
    if value is None:
        return "–"
    if isinstance(value, list):
        return "–".join(f"{bound:.2f}" for bound in value)
    if name.endswith(("_p50", "_p95")):
        return f"{value:.2f} s"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def shortened(text: str, most: int = 160) -> str:
    r"""A text on one line, cut where it is long.

    >>> shortened("甲\n乙"), shortened("abcdef", 4)
    ('甲 乙', 'abc…')
    """
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the first column to the left and the others to the right; a Chinese letter is two columns wide.

    >>> table([["", "all"], ["中文", "1"]])
    ['      all', '中文    1']
    """

    def width(cell: str) -> int:
        return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in cell)

    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first + " " * (widths[0] - width(first))]
        cells += [" " * (wide - width(cell)) + cell for cell, wide in zip(others, widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines


def report_lines(report: dict[str, Any]) -> list[str]:
    """A report for readers: a table of its scores, then each failure with all that led to it."""
    groups = [("all", report), *report["by_kind"].items(), *report["by_lang"].items()]
    columns = [flat(scores) for _, scores in groups]
    cells = [["", *(shortened(name, 20) for name, _ in groups)]]
    cells += [
        [label, *(shown(name, column[name]) for column in columns)]
        for name, label in LABELS.items()
        if any(column[name] is not None for column in columns)
    ]
    failures = [(number, row) for number, row in enumerate(report["rows"], start=1) if _failed(row)]
    lines = table(cells)
    if failures:
        lines += ["", f"To look at: {len(failures)} of {len(report['rows'])}"]
    for number, row in failures:
        lines += ["", *failure_lines(number, row)]
    return lines


def _failed(row: dict[str, Any]) -> bool:
    if "answers" in row:
        return not row["right"] or row["unsupported_figures"] > 0
    return "rank" in row and (row["rank"] is None or row["rank"] > 5)


def failure_lines(number: int, row: dict[str, Any]) -> list[str]:
    """One row in full: expected, answered, why withheld, what the model wrote and read, what was retrieved."""
    trace = row.get("trace", {})
    details: list[tuple[str, str]] = []
    if "answers" in row:
        details.append(("expected", expected(row["answers"])))
        details.append(("refused" if row["refused"] else "answered", row["answer"]))
    details.append(("problem", row.get("problem", "")))
    details.append(("withheld", trace.get("withheld", "")))
    unsupported = [figure["text"] for figure in row.get("figures", []) if not figure["supported"]]
    details.append(("no quote has", ", ".join(unsupported)))
    if trace.get("written", "") != row.get("answer"):
        details.append(("model wrote", trace.get("written", "")))
    if trace.get("log_probability") is not None:
        details.append(("how sure", f"{trace['log_probability']:.2f} (mean log-probability, up to 0)"))
    details += [("model read", sentence) for sentence in trace.get("evidence", ())]
    if "rank" in row and row["rank"] != 1:
        place = f"at rank {row['rank']}" if row["rank"] else "not found"
        details.append(("relevant", f"{', '.join(row.get('relevant', []))}: {place}"))
    ids, scores = ("retrieved", "scores") if "retrieved" in row else ("passages", "passage_scores")
    found = zip(row.get(ids, [])[:5], row.get(scores, []), strict=False)
    details.append(("retrieved", ", ".join(f"{id} ({score:.3f})" for id, score in found)))
    about = shortened(", ".join(filter(None, (row["kind"], row["lang"]))), 60)
    head = f"✗ {number}. {shortened(row['question'])}{f'  [{about}]' if about else ''}"
    return [head, *(f"    {label:<13}{shortened(text)}" for label, text in details if text)]


def expected(groups: Sequence[Sequence[str]]) -> str:
    """The right answer in words.

    >>> expected([["8710", "8,710"], ["341"]]), expected([])
    ('8710 or 8,710, and 341', 'a refusal')
    """
    return ", and ".join(" or ".join(group) for group in groups) if groups else "a refusal"
