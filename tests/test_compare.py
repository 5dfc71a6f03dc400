"""Two runs are compared question by question, no question is lost, and a difference is told from noise."""

from __future__ import annotations

import json
from math import comb
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import InputError
from rag.compare import CHANGES, compare, comparison_lines, load_report, paired, sign_test

NO_SECONDS = {"retrieve": None, "first_quote": None, "first_token": None, "total": None}


def row(question: str, answer: Any = "甲", **given: Any) -> dict[str, Any]:
    """A row whose right answer is 甲, unless `answers` says otherwise; an empty answer is a refusal."""
    answers = given.pop("answers", [["甲"]])
    right = answer == "甲" if answers else not answer
    judged = {"answers": answers, "answer": answer or "沒有", "refused": not answer, "right": right}
    common = {"kind": "", "lang": "", "unsupported_figures": 0, "seconds": NO_SECONDS}
    return {"question": question, **common, **judged, **given}


def run(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"rows": list(rows)}


ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from("abc"),
        st.sampled_from(["甲", "乙", ""]),
        answers=st.sampled_from([[["甲"]], []]),
        scope=st.sampled_from([[], ["x"]]),
        kind=st.sampled_from(["", "figure"]),
        rank=st.sampled_from([None, 1, 2]),
    ),
    max_size=8,
)

# --- which question is which


@given(ROWS, ROWS)
def test_every_row_is_paired_once_or_left_over(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> None:
    pairs, left_a, left_b = paired(a, b)
    assert sorted([i for i, _ in pairs] + left_a) == list(range(len(a)))
    assert sorted([j for _, j in pairs] + left_b) == list(range(len(b)))
    assert all(a[i]["question"] == b[j]["question"] for i, j in pairs)
    assert {a[i]["question"] for i in left_a}.isdisjoint(b[j]["question"] for j in left_b)


def test_a_question_asked_of_other_documents_is_another_question() -> None:
    a = run(row("q", "甲", scope=["x"]), row("q", "乙", scope=["y"]))
    b = run(row("q", "乙", scope=["y"]), row("q", "甲", scope=["x"]))
    comparison = compare(a, b)
    assert comparison["unchanged"] == 2
    assert comparison["other_scope"] == 0


def test_what_was_not_the_same_for_both_is_told() -> None:
    comparison = compare(
        run(row("q", scope=["x"]), row("r")), run(row("q", scope=["y"]), row("r", answers=[["甲", "乙"]]))
    )
    assert (comparison["other_scope"], comparison["other_answers"]) == (1, 1)
    assert sum(line.strip().startswith("Careful: 1 ") for line in comparison_lines(comparison)) == 2


def test_questions_of_one_run_only_are_listed_and_the_common_ones_scored_apart() -> None:
    comparison = compare(run(row("a", "乙"), row("b"), row("b")), run(row("b"), row("c", "乙")))
    assert (comparison["only_a"], comparison["only_b"]) == (["a", "b"], ["c"])
    assert comparison["metrics"]["all"]["accuracy"] == {"a": 0.6667, "b": 0.5, "difference": -0.1667}
    assert comparison["metrics"]["common"]["accuracy"] == {"a": 1.0, "b": 1.0, "difference": 0.0}
    lines = comparison_lines(comparison)
    assert lines[lines.index("Only in A: 2") + 1 :][:2] == ["  a", "  b"]
    assert "the questions of both:" in lines


# --- what changed


def test_each_kind_of_change_is_found() -> None:
    a = run(
        *(row("lost"), row("gained", "乙"), row("lost by refusing"), row("answered", "", answers=[])),
        *(row("text", "乙"), row("rank", rank=1), row("same", rank=2)),
    )
    b = run(
        *(row("lost", "乙"), row("gained"), row("lost by refusing", ""), row("answered", "丙", answers=[])),
        *(row("text", "丙"), row("rank", rank=None), row("same", rank=2)),
    )
    comparison = compare(a, b)
    assert {entry["question"]: entry["changes"] for entry in comparison["changed"]} == {
        "lost": ["lost"],
        "gained": ["gained"],
        "lost by refusing": ["lost", "refused"],
        "answered": ["lost", "answered"],
        "text": ["text"],
        "rank": ["rank"],
    }
    assert comparison["changes"] == {"lost": 3, "gained": 1, "refused": 1, "answered": 1, "text": 1, "rank": 1}
    assert comparison["unchanged"] == 1


def test_a_refusal_that_was_wrong_before_and_after_is_a_change_of_its_own() -> None:
    (entry,) = compare(run(row("q", "乙")), run(row("q", "", trace={"withheld": "the model was unsure"})))["changed"]
    assert entry["changes"] == ["refused"]
    assert (entry["a"]["withheld"], entry["b"]["withheld"]) == ("", "the model was unsure")


@given(ROWS)
def test_a_run_differs_in_nothing_from_itself(rows: list[dict[str, Any]]) -> None:
    comparison = compare(run(*rows), run(*rows))
    assert comparison["changed"] == comparison["only_a"] == comparison["only_b"] == []
    assert comparison["unchanged"] == len(rows)
    assert {score["difference"] for score in comparison["metrics"]["all"].values()} <= {0, None}
    assert not any(test["more_than_noise"] for test in comparison["tests"].values())


@given(ROWS, ROWS)
def test_the_other_way_round_everything_is_mirrored(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> None:
    one, other = compare(run(*a), run(*b)), compare(run(*b), run(*a))
    assert json.loads(json.dumps(one)) == one
    assert (one["only_a"], one["only_b"]) == (other["only_b"], other["only_a"])
    assert one["changes"]["lost"] == other["changes"]["gained"]
    assert one["changes"]["refused"] == other["changes"]["answered"]
    for name, test in one["tests"].items():
        assert (test["only_a"], test["only_b"], test["p"]) == (
            other["tests"][name]["only_b"],
            other["tests"][name]["only_a"],
            other["tests"][name]["p"],
        )


@given(ROWS, ROWS)
def test_every_changed_question_is_printed_once(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> None:
    comparison = compare(run(*a), run(*b))
    lines = comparison_lines(comparison)
    titles = [line for line in lines if line.startswith(tuple(CHANGES.values()))]
    assert sum(int(title.rsplit(" ", 1)[1]) for title in titles) == len(comparison["changed"])
    assert not any("\n" in line for line in lines)


def test_a_changed_question_is_printed_with_both_answers() -> None:
    a = run(row("same"), row("多少\n期？", answers=[["甲", "乙"], ["丙"]], rank=1))
    b = run(row("多少\n期？", "", answers=[["甲", "乙"], ["丙"]], rank=None, trace={"withheld": "unsure"}), row("same"))
    lines = comparison_lines(compare(a, b))
    start = lines.index("Right in A, wrong in B: 1")
    assert lines[start + 1 : start + 6] == [
        "  2/1. 多少 期？",
        "      expected  甲 or 乙, and 丙",
        "      A right   甲",
        "      B refused 沒有 (withheld: unsure)",
        "      rank 1 -> not found",
    ]
    assert lines[-1] == "Unchanged: 1"


def test_where_two_long_answers_part_is_not_cut_off() -> None:
    lines = comparison_lines(compare(run(row("q", "丙" * 500 + "三百")), run(row("q", "丙" * 500 + "四百"))))
    assert sum(line.endswith(("丙三百", "丙四百")) for line in lines) == 2


def test_scores_stand_side_by_side_with_their_difference_in_every_group() -> None:
    a = run(row("q", kind="figure", lang="en"), row("r", kind="entity"))
    b = run(row("q", "", kind="figure", lang="en"), row("r", kind="entity"))
    comparison = compare(a, b)
    assert comparison["metrics"]["by_kind"]["figure"]["accuracy"] == {"a": 1.0, "b": 0.0, "difference": -1.0}
    assert comparison["metrics"]["by_kind"]["entity"]["accuracy"]["difference"] == 0
    assert comparison["metrics"]["by_lang"]["en"]["false_refusal_rate"]["difference"] == 1
    lines = [line.split() for line in comparison_lines(comparison)]
    assert ["accuracy", "1.000", "0.500", "-0.500"] in lines
    assert ["accuracy", "1.000", "0.000", "-1.000"] in lines
    assert ["accuracy", "1.000", "1.000", "="] in lines


# --- more than noise


@given(st.integers(0, 60), st.integers(0, 60))
def test_chance_is_a_share_that_falls_as_the_split_grows_uneven(a: int, b: int) -> None:
    assert 0 < sign_test(a, b) == sign_test(b, a) <= 1
    if a <= b:
        assert sign_test(a, b + 1) <= sign_test(a, b)
        assert sign_test(a, b) == pytest.approx(
            min(1, 2 * sum(comb(a + b, k) * 0.5 ** (a + b) for k in range(a + 1))), rel=1e-9
        )


def test_many_changes_are_counted_without_running_out_of_numbers() -> None:
    assert sign_test(5000, 5000) == 1
    assert 0 < sign_test(4800, 5200) < 0.001


@pytest.mark.parametrize(("gained", "more"), [(5, False), (6, True)])
def test_six_changes_to_one_side_are_more_than_noise(gained: int, more: bool) -> None:
    names = [str(number) for number in range(10)]
    a = run(*(row(name, "乙" if index < gained else "甲") for index, name in enumerate(names)))
    comparison = compare(a, run(*(row(name) for name in names)))
    test = comparison["tests"]["accuracy"]
    assert (test["pairs"], test["only_a"], test["only_b"], test["more_than_noise"]) == (10, 0, gained, more)
    assert any(("no more than noise" not in line) is more for line in comparison_lines(comparison) if "p = " in line)


def test_refusals_are_tested_where_they_are_right_and_where_they_are_wrong() -> None:
    a = run(row("known", ""), row("unknown", "", answers=[]))
    b = run(row("known"), row("unknown", "丙", answers=[]))
    tests = compare(a, b)["tests"]
    assert (tests["false_refusal_rate"]["only_a"], tests["false_refusal_rate"]["pairs"]) == (1, 1)
    assert (tests["refusal_rate"]["only_a"], tests["refusal_rate"]["pairs"]) == (1, 1)
    assert tests["hit@1"]["p"] is None


def test_a_run_of_retrieval_alone_can_be_compared_with_a_full_one() -> None:
    alone = {"question": "q", "kind": "", "lang": "", "rank": 2}
    comparison = compare(run(alone), run(row("q", rank=1)))
    assert comparison["changes"]["rank"] == 1
    assert comparison["tests"]["hit@1"]["only_b"] == 1
    assert comparison["metrics"]["all"]["accuracy"] == {"a": None, "b": 1.0, "difference": None}
    assert any(line.endswith("rank 2 -> 1") for line in comparison_lines(comparison))


# --- files


def test_a_saved_report_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("\ufeff" + json.dumps(run(row("多少？", rank=None, trace={"withheld": ""}))), encoding="utf-8")
    assert load_report(file)["rows"][0]["question"] == "多少？"


@pytest.mark.parametrize(
    "content",
    [
        *("", "not JSON", "[]", "null", "5", "{}", '{"rows": 5}', '{"rows": [5]}', '{"rows": [{}]}', "[" * 100_000),
        json.dumps(run({**row("q"), "kind": None})),
        *(json.dumps(run(row("q", **{key: 5.5}))) for key in ("rank", "scope", "trace", "answers", "seconds")),
        *(json.dumps(run(row("q", **{key: "yes"}))) for key in ("right", "refused", "unsupported_figures", "rank")),
        *(
            json.dumps(run(row("q", **{key: value})))
            for key, value in (("answers", ["8"]), ("rank", 0), ("seconds", {}))
        ),
        json.dumps(run(row("q", seconds={**NO_SECONDS, "total": "1"}))),
    ],
    ids=lambda content: content[:60],
)
def test_a_file_that_is_no_report_is_told_in_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="no eval report") as caught:
        load_report(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_report_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "utf16.json").write_text("{}", encoding="utf-16")
    for name in ("no-such.json", "utf16.json", "."):
        with pytest.raises(InputError, match="cannot be read") as caught:
            load_report(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
