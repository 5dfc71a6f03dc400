"""What changed between two eval reports: the scores, each question, and whether it is more than chance.

It compares saved rows only, and asks nothing again. Scores are computed anew from the rows, so that reports of
different versions are measured alike.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

from rag.errors import InputError
from rag.evaluate import LABELS, expected, flat, shortened, shown, summary, table

Row = dict[str, Any]

#: Kinds of change, in the order in which they are told, and how.
CHANGES = {
    "lost": "Right in A, wrong in B",
    "gained": "Wrong in A, right in B",
    "refused": "Answered in A, refused in B",
    "answered": "Refused in A, answered in B",
    "text": "Another text, no better and no worse",
    "rank": "Another rank of the relevant document",
}
#: A difference is called more than noise when chance alone makes one as large in fewer than so many cases.
_NOISE = 0.05
#: The scores that are told of each kind and language.
_OF_GROUPS = ("questions", "accuracy", "false_refusal_rate", "refusal_rate", "hit@1", "hit@5")


def load_report(path: Path) -> dict[str, Any]:
    """Reads what `jianbao eval --json` printed. Raises InputError when the file is not that."""
    try:
        report = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeError) as error:
        raise InputError(f"The eval report {path} cannot be read ({error}). Name a JSON file in UTF-8.") from error
    except (ValueError, RecursionError):
        report = None
    rows = report.get("rows") if isinstance(report, dict) else None
    if not isinstance(rows, list) or not all(_is_row(row) for row in rows):
        raise InputError(
            f"{path} is no eval report. Save one with `jianbao eval QUESTIONS.jsonl --json > {path.name or 'A.json'}`."
        )
    return dict(report)


def _is_row(row: Any) -> bool:
    """Whether a value has all that a row is read for here."""
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("question", "kind", "lang")):
        return False
    checks: list[tuple[str, Callable[[Any], bool]]] = [
        ("rank", lambda value: value is None or (type(value) is int and value > 0)),
        ("scope", lambda value: _are(value, str)),
        ("trace", lambda value: isinstance(value, dict) and isinstance(value.get("withheld", ""), str)),
        ("answers", lambda value: isinstance(value, list) and all(_are(group, str) for group in value)),
    ]
    if "answers" in row:
        kinds = {"answer": str, "refused": bool, "right": bool, "unsupported_figures": int, "seconds": dict}
        if not all(isinstance(row.get(key), kind) for key, kind in kinds.items()):
            return False
        names = ("first_quote", "first_token", "total")
        seconds = [row["seconds"].get(name, "") for name in names]
        if not all(value is None or isinstance(value, int | float) for value in seconds):
            return False
    return all(check(row[key]) for key, check in checks if key in row)


def _are(values: Any, kind: type) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)


def compare(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """What changed from one eval report to another, as JSON values; they are called A and B.

    metrics: each score of A and of B and the difference, for all questions of each, for those `common` to both, and by
    kind and language. tests: for the paired questions, how many succeed in one only, and `p`, see `sign_test`.
    changed: the questions that came out otherwise. only_a, only_b: those that the other report does not have.
    other_answers, other_scope: pairs whose right answer, or whose documents to be used, are not the same.
    """
    a, b = first["rows"], second["rows"]
    pairs, left_a, left_b = paired(a, b)
    both = [(a[i], b[j]) for i, j in pairs]
    entries = ((changes(a[i], b[j]), i, j) for i, j in pairs)
    changed = [
        {
            **{key: b[j][key] for key in ("question", "kind", "lang", "answers") if key in b[j]},
            "changes": found,
            "a": _side(a[i], i),
            "b": _side(b[j], j),
        }
        for found, i, j in entries
        if found
    ]
    return {
        "metrics": {
            "all": _metrics(a, b),
            "common": _metrics([x for x, _ in both], [y for _, y in both]),
            **_grouped_metrics(a, b),
        },
        "tests": _tests(both),
        "changes": {kind: sum(kind in entry["changes"] for entry in changed) for kind in CHANGES},
        "unchanged": len(pairs) - len(changed),
        "other_answers": sum("answers" in x and "answers" in y and x["answers"] != y["answers"] for x, y in both),
        "other_scope": sum(x.get("scope") != y.get("scope") for x, y in both),
        "changed": changed,
        "only_a": [a[i]["question"] for i in left_a],
        "only_b": [b[j]["question"] for j in left_b],
    }


def paired(first: Sequence[Row], second: Sequence[Row]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Indexes of rows that ask the same, each row at most once, and those left over on either side.

    Rows with the same question, scope and right answers are matched first, then those with the same question and scope,
    then those with the same question; among equals the first goes with the first.

    >>> rows = [{"question": name} for name in "aab"]
    >>> paired(rows, rows[1:]), paired(rows, rows[::-1])
    (([(0, 0), (2, 1)], [1], []), ([(0, 1), (1, 2), (2, 0)], [], []))
    """
    left_a, left_b = list(range(len(first))), list(range(len(second)))
    pairs: dict[int, int] = {}
    for parts in (("question", "scope", "answers"), ("question", "scope"), ("question",)):
        waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
        for j in reversed(left_b):
            waiting[_key(second[j], parts)].append(j)
        for i in left_a:
            if same := waiting[_key(first[i], parts)]:
                pairs[i] = same.pop()
        left_a = [i for i in left_a if i not in pairs]
        left_b = sorted(j for same in waiting.values() for j in same)
    return sorted(pairs.items()), left_a, left_b


def _key(row: Row, parts: Sequence[str]) -> str:
    return json.dumps([row.get(part) for part in parts])


def changes(first: Row, second: Row) -> list[str]:
    """Which of CHANGES hold for a question.

    >>> said = {"answers": [["1"]], "answer": "1", "refused": False, "right": True}
    >>> changes(said, {**said, "answer": "", "refused": True, "right": False}), changes(said, {**said, "answer": "1。"})
    (['lost', 'refused'], ['text'])
    """
    found = []
    if "answers" in first and "answers" in second:
        if first["right"] != second["right"]:
            found.append("lost" if first["right"] else "gained")
        if first["refused"] != second["refused"]:
            found.append("answered" if first["refused"] else "refused")
        if not found and first["answer"] != second["answer"]:
            found.append("text")
    if "rank" in first and "rank" in second and first["rank"] != second["rank"]:
        found.append("rank")
    return found


def _side(row: Row, index: int) -> dict[str, Any]:
    """What one report says of a question; `position` counts from 1."""
    kept = ("answer", "refused", "right", "unsupported_figures", "rank")
    side = {"position": index + 1, **{key: row[key] for key in kept if key in row}}
    return {**side, "withheld": row.get("trace", {}).get("withheld", "")} if "answers" in row else side


def _metrics(first: Sequence[Row], second: Sequence[Row]) -> dict[str, Any]:
    a, b = flat(summary(first)), flat(summary(second))
    return {name: {"a": a[name], "b": b[name], "difference": _difference(a[name], b[name])} for name in LABELS}


def _difference(a: Any, b: Any) -> float | None:
    return round(b - a, 4) if isinstance(a, int | float) and isinstance(b, int | float) else None


def _grouped_metrics(a: Sequence[Row], b: Sequence[Row]) -> dict[str, dict[str, Any]]:
    return {
        f"by_{key}": {
            name: _metrics([row for row in a if row[key] == name], [row for row in b if row[key] == name])
            for name in sorted({row[key] for row in (*a, *b) if row[key]})
        }
        for key in ("kind", "lang")
    }


def sign_test(only_a: int, only_b: int) -> float:
    """How often chance alone splits so many changes at least so unevenly: the exact, two-sided McNemar test.

    McNemar 1947: of questions that succeed in one run only, each would as likely be in the other. From 0 to 1, low for
    a difference that is hardly chance.

    >>> sign_test(0, 0), sign_test(1, 3), sign_test(0, 6)
    (1.0, 0.625, 0.03125)
    """
    changed, fewer = only_a + only_b, min(only_a, only_b)
    return min(1.0, sum(math.comb(changed, k) for k in range(fewer + 1)) / 2 ** (changed - 1) if changed else 1.0)


def _tests(both: Sequence[tuple[Row, Row]]) -> dict[str, dict[str, Any]]:
    judged = [(x, y) for x, y in both if "answers" in x and "answers" in y and bool(x["answers"]) == bool(y["answers"])]
    answerable = [(x, y) for x, y in judged if x["answers"]]
    unanswerable = [(x, y) for x, y in judged if not x["answers"]]
    ranked = [(x["rank"] == 1, y["rank"] == 1) for x, y in both if "rank" in x and "rank" in y]
    return {
        "accuracy": _test([(x["right"], y["right"]) for x, y in answerable]),
        "false_refusal_rate": _test([(x["refused"], y["refused"]) for x, y in answerable]),
        "refusal_rate": _test([(x["refused"], y["refused"]) for x, y in unanswerable]),
        "hit@1": _test(ranked),
    }


def _test(outcomes: Sequence[tuple[bool, bool]]) -> dict[str, Any]:
    only_a, only_b = sum(x and not y for x, y in outcomes), sum(y and not x for x, y in outcomes)
    p = sign_test(only_a, only_b) if outcomes else None
    return {
        "pairs": len(outcomes),
        "only_a": only_a,
        "only_b": only_b,
        "p": None if p is None else round(p, 4),
        "more_than_noise": p is not None and p < _NOISE,
    }


# -- for reading -------------------------------------------------------------------------------------------------------


def comparison_lines(comparison: dict[str, Any]) -> list[str]:
    """A comparison for readers: scores, whether they differ by more than noise, then question by question."""
    metrics = comparison["metrics"]
    cells = [["", "A", "B", "difference"], *_cells(metrics["all"])]
    if comparison["only_a"] or comparison["only_b"]:
        cells += [[""] * 4, ["the questions of both:", "", "", ""], *_cells(metrics["common"])]
    for name, scores in (*metrics["by_kind"].items(), *metrics["by_lang"].items()):
        rates = {key: scores[key] for key in _OF_GROUPS}
        cells += [[""] * 4, [f"{shortened(name, 30)}:", "", "", ""], *_cells(rates)]
    lines = [*table(cells), "", "Is it more than noise? (the same questions in both; exact sign test)"]
    lines += [_test_line(name, test) for name, test in comparison["tests"].items() if test["pairs"]]
    for key, what in (("other_answers", "another right answer"), ("other_scope", "other documents to be used")):
        if comparison[key]:
            lines.append(f"  Careful: {comparison[key]} of the questions have {what} in B than in A.")
    for kind, title in CHANGES.items():
        of_kind = [entry for entry in comparison["changed"] if entry["changes"][0] == kind]
        if of_kind:
            lines += ["", f"{title}: {len(of_kind)}"]
        for entry in of_kind:
            lines += _rank_lines(entry) if kind == "rank" else _entry_lines(entry)
    for name, questions in (("A", comparison["only_a"]), ("B", comparison["only_b"])):
        if questions:
            lines += ["", f"Only in {name}: {len(questions)}", *(f"  {shortened(question)}" for question in questions)]
    return [*lines, "", f"Unchanged: {comparison['unchanged']}"]


def _cells(scores: dict[str, Any]) -> list[list[str]]:
    return [
        [LABELS[key], shown(key, score["a"]), shown(key, score["b"]), _signed(key, score["difference"])]
        for key, score in scores.items()
        if score["a"] is not None or score["b"] is not None
    ]


def _signed(name: str, difference: float | None) -> str:
    if difference is None:
        return ""
    return "=" if not difference else f"{'+' if difference > 0 else '-'}{shown(name, abs(difference))}"


def _test_line(name: str, test: dict[str, Any]) -> str:
    verdict = "more than noise" if test["more_than_noise"] else "no more than noise"
    return (
        f"  {LABELS[name]}: {test['only_a']} in A only, {test['only_b']} in B only, of {test['pairs']}; "
        f"p = {test['p']:.3f}, {verdict}"
    )


def _entry_lines(entry: dict[str, Any]) -> list[str]:
    lines = [
        f"  {_place(entry)}. {shortened(entry['question'])}",
        f"      expected  {shortened(expected(entry['answers']))}",
    ]
    said = from_difference(entry["a"]["answer"], entry["b"]["answer"])
    for name, answer in zip(("a", "b"), said, strict=True):
        side = entry[name]
        mark = "refused" if side["refused"] else "right" if side["right"] else "wrong"
        why = f" (withheld: {shortened(side['withheld'])})" if side["withheld"] else ""
        lines.append(f"      {name.upper()} {mark:<7} {shortened(answer)}{why}")
    return lines + (_rank_lines(entry, indent="      ", question=False) if "rank" in entry["changes"] else [])


def from_difference(first: str, second: str, before: int = 40) -> tuple[str, str]:
    """Two texts without most of their common beginning, so that where they part is not cut off.

    >>> from_difference("培訓341期", "培訓341次", 2), from_difference("341期", "期")
    (('…41期', '…41次'), ('341期', '期'))
    """
    parts = (index for index, (x, y) in enumerate(zip(first, second, strict=False)) if x != y)
    common = next(parts, min(len(first), len(second)))
    if common <= before or first == second:
        return first, second
    return f"…{first[common - before :]}", f"…{second[common - before :]}"


def _rank_lines(entry: dict[str, Any], *, indent: str = "  ", question: bool = True) -> list[str]:
    before, after = (entry[name]["rank"] or "not found" for name in ("a", "b"))
    asked = f"{_place(entry)}. {shortened(entry['question'], 100)}  " if question else ""
    return [f"{indent}{asked}rank {before} -> {after}"]


def _place(entry: dict[str, Any]) -> str:
    """Where the question stands, in A and in B where that differs."""
    return "/".join(map(str, dict.fromkeys(entry[name]["position"] for name in ("a", "b"))))
