"""Scores are shares of what they say they are, and a bad question set is told by its line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import sync
from rag import Answer, Assistant, Citation, Document, Figure, InputError, LanguageModelError, Passage, Seconds, Trace
from rag.evaluate import Question, evaluate, load_questions, met, report_lines, shortened, table, wilson
from rag.text import to_script

SUMMARY = [
    *(
        "questions",
        "counts",
        "accuracy",
        "accuracy_by_itself",
        "accuracy_interval",
        "refusal_rate",
        "refusal_rate_interval",
    ),
    *("false_refusal_rate", "unsupported_figures"),
    *("hit@1", "hit@5", "mrr@10", "seconds"),
]
SECONDS = ["first_quote_p50", "first_token_p50", "total_p50", "total_p95"]
patiently = settings(deadline=None)  # the first call of each reads OpenCC's dictionaries


class StubAssistant:
    """Finds documents and answers by tables. Keeps what it was asked."""

    def __init__(
        self, answers: dict[str, Answer] | None = None, documents: dict[str, Sequence[str]] | None = None
    ) -> None:
        self.answers = answers or {}
        self.documents = documents or {}
        self.asked: list[tuple[str, Sequence[str] | None]] = []
        self.searched: list[tuple[str, Sequence[str] | None]] = []

    def ask(self, question: str, *, scope: Sequence[str] | None = None) -> Answer:
        self.asked.append((question, scope))
        return self.answers[question]

    def retrieve(self, question: str, *, k: int, scope: Sequence[str] | None = None) -> list[Passage]:
        self.searched.append((question, scope))
        return [passage(rank, id) for rank, id in enumerate(self.documents[question], start=1)][:k]


def passage(rank: int, id: str) -> Passage:
    return Passage(rank, 1 / rank, id, 0, len(id), None, Document(id, id))


def answer(
    text: str, *, refused: bool = False, unsupported: int = 0, total: float = 1.0, trace: Trace | None = None
) -> Answer:
    figures = (*(Figure(f"{n}9", f"{n}9", "", False, None) for n in range(unsupported)), Figure("8", "8", "", True, 1))
    citation = Citation(1, text, 0, len(text), None, Document("a", text))
    seconds = Seconds(0.1, 0.2, None, total)
    passages = (passage(1, "a"), passage(2, "a"))
    return Answer("", text, refused, not unsupported, (citation,), figures, passages, seconds, trace or Trace())


def score(assistant: StubAssistant, questions: Sequence[Question], **options: Any) -> dict[str, Any]:
    return evaluate(assistant, questions, **options)  # type: ignore[arg-type]


# --- whether an answer is right

ANSWERS = st.text("甲乙0123456789,人次 ８。", min_size=1, max_size=12)


@patiently
@given(st.lists(st.lists(ANSWERS, min_size=1, max_size=3), max_size=3), st.text(max_size=20))
def test_an_answer_that_says_one_of_each_group_is_right(groups: list[list[str]], around: str) -> None:
    said = "、".join(group[-1] for group in groups)
    assert met(f"{said}、{around}", groups)
    assert met("", groups) == all(any(not option.strip() for option in group) for group in groups)


@pytest.mark.parametrize(
    ("text", "groups", "right"),
    [
        ("培訓8,710人次。[1]", [["8710"]], True),
        ("培訓８７１０人次", [["8,710"]], True),
        ("87[1]10", [["8710"]], True),  # marks are not part of the text
        ("培訓341期[1]、8710人次[2]", [["341"], ["8710"]], True),
        ("培訓341期", [["341"], ["8710"]], False),
        ("黑河市", [["Heihe", "黑河"]], True),
        ("HEIHE", [["Heihe"]], True),
        ("鸡西", [["雞西"]], True),
        ("871人次", [["8710"]], False),
        ("", [["8710"]], False),
        ("不論說什麼", [], True),
        ("8710", [[]], False),
    ],
)
def test_every_group_must_be_met_by_one_of_its_strings(text: str, groups: list[list[str]], right: bool) -> None:
    assert met(text, groups) is right
    assert met(to_script(text, "zh-Hant"), groups) is right


# --- rates


def test_each_rate_is_a_share_of_its_own_questions() -> None:
    assistant = StubAssistant(
        {
            "right": answer("8710人次"),
            "wrong": answer("341期", unsupported=2),
            "refused": answer("沒有", refused=True),
            "rightly refused": answer("沒有", refused=True),
            "invented": answer("9", unsupported=1),
            "refused with the words": answer("8710", refused=True),
        }
    )
    known = ((("8710",),), (("8710",),), (("8710",),), (), (), (("8710",),))
    questions = [Question(name, answers) for name, answers in zip(assistant.answers, known, strict=True)]
    report = score(assistant, questions)
    assert report["questions"] == 6
    assert report["accuracy"] == 0.25  # right; wrong, refused and refused-with-the-words are not
    assert report["refusal_rate"] == 0.5
    assert report["false_refusal_rate"] == 0.5
    assert report["unsupported_figures"] == 3
    assert report["counts"] == {"answerable": 4, "unanswerable": 2, "right": 1, "wrong": 2, "refused": 3}
    assert report["accuracy_interval"] == wilson(1, 4)
    assert report["refusal_rate_interval"] == wilson(1, 2)
    assert [row["right"] for row in report["rows"]] == [True, False, False, True, False, False]
    assert (report["hit@1"], report["hit@5"], report["mrr@10"]) == (None, None, None)


def test_a_refusal_shows_no_figures() -> None:
    report = score(StubAssistant({"q": answer("沒有", refused=True, unsupported=2)}), [Question("q", ())])
    assert report["unsupported_figures"] == report["rows"][0]["unsupported_figures"] == 0


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=20))
def test_each_question_is_answered_right_or_wrong_or_refused(outcomes: list[tuple[bool, bool, bool]]) -> None:
    assistant = StubAssistant(
        {str(n): answer("甲" if right else "乙", refused=refused) for n, (_, right, refused) in enumerate(outcomes)}
    )
    questions = [Question(str(n), (("甲",),) if known else ()) for n, (known, _, _) in enumerate(outcomes)]
    counts = score(assistant, questions)["counts"]
    assert counts["answerable"] + counts["unanswerable"] == len(outcomes)
    assert counts["right"] + counts["wrong"] + counts["refused"] == len(outcomes)


@given(st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_an_interval_holds_its_share_and_mirrors_that_of_the_rest(sample: tuple[int, int]) -> None:
    successes, total = sample
    low, high = wilson(successes, total) or (2.0, -1.0)
    assert 0 <= low <= round(successes / total, 4) <= high <= 1
    assert wilson(total - successes, total) == pytest.approx([1 - high, 1 - low], abs=1e-4)
    assert high - low < 1


def test_ranks_are_ranks_of_documents_not_of_passages() -> None:
    others = [f"other {number}" for number in range(20)]
    assistant = StubAssistant(
        documents={
            "first": ["a", "b"],
            "second": ["b", "b", "b", "a"],
            "sixth": [*others[:5], "a"],
            "eleventh": [*others[:10], "a"],
            "nowhere": others,
        }
    )
    report = score(assistant, [Question(name, None, relevant=("a", "z")) for name in assistant.documents])
    assert [row["rank"] for row in report["rows"]] == [1, 2, 6, 11, None]
    assert report["hit@1"] == 0.2
    assert report["hit@5"] == 0.4
    assert report["mrr@10"] == pytest.approx((1 + 1 / 2 + 1 / 6) / 5, abs=1e-4)
    assert report["accuracy"] is None
    assert assistant.asked == []


def test_of_twenty_the_nineteenth_is_the_95th_percentile() -> None:
    assistant = StubAssistant({str(n): answer("甲", total=n) for n in range(1, 21)})
    seconds = score(assistant, [Question(name, (("甲",),)) for name in assistant.answers])["seconds"]
    assert (seconds["total_p50"], seconds["total_p95"]) == (10.5, 19)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40))
def test_percentiles_are_among_the_seconds_and_in_order(totals: list[float]) -> None:
    totals = [round(total, 3) for total in totals]
    assistant = StubAssistant({str(index): answer("甲", total=total) for index, total in enumerate(totals)})
    seconds = score(assistant, [Question(name, (("甲",),)) for name in assistant.answers])["seconds"]
    assert min(totals) <= seconds["total_p50"] <= seconds["total_p95"] <= max(totals)
    assert seconds["total_p95"] in totals
    assert seconds["first_quote_p50"] == 0.2
    assert seconds["first_token_p50"] is None  # no model was asked


# --- the report


def test_the_report_has_the_keys_of_the_contract() -> None:
    questions = [
        Question("right", (("甲",),), relevant=("a",), kind="figure", lang="en"),
        Question("wrong", (("乙",),), kind="entity", lang="en"),
        Question("plain", ()),
    ]
    assistant = StubAssistant(
        {"right": answer("甲"), "wrong": answer("甲"), "plain": answer("", refused=True)}, {"right": ["a"]}
    )
    report = score(assistant, questions)
    assert list(report) == [*SUMMARY, "by_kind", "by_lang", "rows"]
    assert list(report["seconds"]) == SECONDS
    assert json.loads(json.dumps(report)) == report
    assert set(report["by_kind"]) == {"figure", "entity"}
    assert set(report["by_lang"]) == {"en"}
    for group in (*report["by_kind"].values(), *report["by_lang"].values()):
        assert list(group) == SUMMARY
    assert (report["by_kind"]["figure"]["accuracy"], report["by_kind"]["entity"]["accuracy"]) == (1.0, 0.0)
    assert (report["by_lang"]["en"]["questions"], report["by_lang"]["en"]["accuracy"]) == (2, 0.5)


def test_each_row_tells_how_its_answer_came_about() -> None:
    trace = Trace("多少期？", ("培訓341期。",), "340期", -0.61, "the model was unsure (-0.61)")
    assistant = StubAssistant({"q": answer("沒有", refused=True, trace=trace)}, {"q": ["b", "a", "b"]})
    (row,) = score(assistant, [Question("q", (("341",),), relevant=("a",), scope=("a", "b"))])["rows"]
    assert row["trace"] == trace.as_dict()
    assert (row["retrieved"], row["scores"]) == (["b", "a"], [1.0, 0.5])
    assert (row["passages"], row["passage_scores"]) == (["a", "a"], [1.0, 0.5])
    assert row["scope"] == ["a", "b"]
    assert [figure["text"] for figure in row["figures"]] == ["8"]


def test_an_error_names_the_question_it_happened_at() -> None:
    class Broken(StubAssistant):
        def ask(self, question: str, *, scope: Sequence[str] | None = None) -> Answer:
            if question == "second":
                raise LanguageModelError("The server is gone.")
            return super().ask(question, scope=scope)

    with pytest.raises(LanguageModelError) as caught:
        score(Broken({"first": answer("甲")}), [Question("first", ()), Question("second", ()), Question("third", ())])
    assert str(caught.value) == "Question 2 of 3 ('second'): The server is gone."


def test_no_questions_give_a_report_without_rates() -> None:
    report = score(StubAssistant(), [])
    assert report["questions"] == 0
    assert report["unsupported_figures"] == 0
    assert {report[name] for name in SUMMARY if name.endswith(("rate", "accuracy", "1", "5", "10"))} == {None}
    assert set(report["seconds"].values()) == {None}


def test_retrieval_alone_asks_nothing() -> None:
    assistant = StubAssistant(documents={"q": ["a"]})
    report = score(
        assistant, [Question("q", (("甲",),), relevant=("a",)), Question("r", (("甲",),))], retrieval_only=True
    )
    assert assistant.asked == []
    assert report["hit@1"] == 1.0
    assert report["accuracy"] is None
    assert report["questions"] == 2


def test_a_questions_own_scope_goes_before_the_general_one() -> None:
    assistant = StubAssistant({"own": answer(""), "none": answer("")}, {"own": ["a"], "none": ["a"]})
    questions = [Question("own", (), relevant=("a",), scope=("a",)), Question("none", (), relevant=("a",))]
    score(assistant, questions, scope=["b"])
    assert [scope and list(scope) for _, scope in assistant.asked] == [["a"], ["b"]]
    assert assistant.searched == assistant.asked


def test_a_question_that_cannot_be_asked_is_wrong_and_the_rest_is_scored(assistant: Assistant) -> None:
    questions = [
        Question("", (("甲",),), relevant=("a",)),
        Question("培訓？", ()),
        Question("培訓" * 50_000, (), scope=("a",)),
    ]
    report = evaluate(assistant, questions)
    assert [row["right"] for row in report["rows"]] == [False, True, False]
    assert "empty" in report["rows"][0]["problem"]
    assert "problem" not in report["rows"][1]
    assert report["accuracy"] == 0
    assert report["refusal_rate"] == 0.5
    assert report["hit@1"] == 0
    assert json.dumps(report)


def test_progress_sees_every_question() -> None:
    seen: list[str] = []

    def progress(questions: Any) -> Any:
        for question in questions:
            seen.append(question.question)
            yield question

    score(StubAssistant({"a": answer(""), "b": answer("")}), [Question("a", ()), Question("b", ())], progress=progress)
    assert seen == ["a", "b"]


def test_the_seed_questions_can_be_scored_without_a_model(assistant: Assistant, briefing: Document) -> None:
    sync([briefing.path], assistant)
    questions = load_questions(Path(briefing.path).with_name("questions.jsonl"))
    report = evaluate(assistant, questions)
    assert report["questions"] == len(report["rows"]) == len(questions) > 20
    assert report["unsupported_figures"] == 0  # a quoted sentence supports all its figures
    assert sum(group["questions"] for group in report["by_lang"].values()) == len(questions)


# --- the report, for readers


def test_a_failure_is_shown_with_all_that_led_to_it() -> None:
    trace = Trace("多少期？", ("培訓\n341期。", "人次8710。"), "340期", -0.612, "the model was unsure (-0.61)")
    assistant = StubAssistant(
        {
            "right": answer("341期"),
            "多少\n期？": answer("沒有", refused=True, trace=trace),
            "made up": answer("9", unsupported=2),
        },
        {"多少\n期？": ["b", "a"]},
    )
    report = score(
        assistant,
        [
            Question("right", (("341",),)),
            Question("多少\n期？", (("341", "三四一"), ("期",)), relevant=("a",), kind="figure", lang="zh-Hant"),
            Question("made up", (("9",),)),
        ],
    )
    lines = report_lines(report)
    assert "To look at: 2 of 3" in lines
    start = lines.index("✗ 2. 多少 期？  [figure, zh-Hant]")
    assert lines[start + 1 : start + 11] == [
        "    expected     341 or 三四一, and 期",
        "    refused      沒有",
        "    withheld     the model was unsure (-0.61)",
        "    model wrote  340期",
        "    how sure     -0.61 (mean log-probability, up to 0)",
        "    model read   培訓 341期。",
        "    model read   人次8710。",
        "    relevant     a: at rank 2",
        "    retrieved    b (1.000), a (0.500)",
        "",
    ]
    assert "    no quote has 09, 19" in lines[start + 11 :]
    assert not any("right" in line and "✗" in line for line in lines)


def test_a_miss_of_retrieval_is_shown_with_what_was_found_instead() -> None:
    assistant = StubAssistant(documents={"far": ["b", "c", "d", "e", "f", "a"], "near": ["b", "a"], "no": ["b"]})
    report = score(assistant, [Question(name, None, relevant=("a",)) for name in assistant.documents])
    text = "\n".join(report_lines(report))
    assert "a: at rank 6" in text
    assert "a: not found" in text
    assert "near" not in text
    assert "accuracy" not in text
    assert "hit@5" in text


def test_a_table_shows_every_group() -> None:
    questions = [Question("a", (("甲",),), kind="figure", lang="en"), Question("b", (("甲",),), kind="人名")]
    lines = report_lines(score(StubAssistant({"a": answer("甲"), "b": answer("乙")}), questions))
    assert lines[0].split() == ["all", "figure", "人名", "en"]
    (accuracy,) = [line.split() for line in lines if line.startswith("accuracy")]
    assert accuracy == ["accuracy", "0.500", "1.000", "0.000", "1.000"]


def test_a_report_of_nothing_can_be_read() -> None:
    assert report_lines(score(StubAssistant(), []))[1].split() == ["questions", "0"]


@given(st.text(), st.integers(1, 20))
def test_a_shortened_text_is_one_line_of_its_letters(text: str, most: int) -> None:
    line = shortened(text, most)
    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    assert line.removesuffix("…") in " ".join(text.split()) or line == "…"


@given(st.lists(st.tuples(st.text("a中", max_size=5), st.text("1中", max_size=5)), min_size=1, max_size=5))
def test_a_table_loses_no_cell(rows: list[tuple[str, str]]) -> None:
    lines = table(rows)
    assert [line.split() for line in lines] == [[cell for cell in row if cell] for row in rows]


# --- question sets


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write_(text: str) -> Path:
        file = tmp_path / "questions.jsonl"
        file.write_text(text, encoding="utf-8")
        return file

    return write_


def test_a_question_set_is_read_as_it_is_written(write: Callable[[str], Path]) -> None:
    file = write(
        '\ufeff{"question": "多少？", "answers": [["8710", "8,710"], ["341"]], "relevant": ["a"], "scope": ["a", "b"],'
        ' "kind": "figure", "lang": "zh-Hant"}\n\n{"question": "何？", "answers": []}\n'
        '{"question": "谁？", "answers": null, "relevant": [5]}\n'
    )
    assert load_questions(file) == [
        Question("多少？", (("8710", "8,710"), ("341",)), ("a",), ("a", "b"), "figure", "zh-Hant"),
        Question("何？", ()),
        Question("谁？", None, ("5",)),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[]",
        '"question"',
        "null",
        "{}",
        '{"question": "多少？"}',
        '{"answers": []}',
        '{"question": "多少？", "answers": 8710}',
        '{"question": "多少？", "answers": "8710"}',
        '{"question": "多少？", "answers": ["8710"]}',
        '{"question": "多少？", "answers": [[8710, null]]}',
        '{"question": null, "answers": []}',
        '{"question": ["多少？"], "answers": []}',
        '{"question": "多少？", "answers": [], "relevant": "a"}',
        '{"question": "多少？", "answers": [], "scope": "a"}',
        '{"question": "多少？", "answers": [], "relevant": [["a"]]}',
        '{"question": "多少？", "answers": [], "relevant": 5}',
        "[" * 100_000,
    ],
    ids=lambda line: line[:50],
)
def test_a_bad_question_is_told_by_its_line(write: Callable[[str], Path], line: str) -> None:
    file = write(f'{{"question": "好？", "answers": []}}\n\n{line}\n')
    with pytest.raises(InputError, match=r"questions\.jsonl, line 3") as caught:
        load_questions(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_question_set_is_an_error(write: Callable[[str], Path], text: str) -> None:
    with pytest.raises(InputError, match="empty"):
        load_questions(write(text))


def test_a_question_set_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "gbk.jsonl").write_bytes('{"question": "培训", "answers": []}'.encode("gb18030"))
    for name in ("no-such.jsonl", "gbk.jsonl", "."):
        with pytest.raises(InputError, match="question set") as caught:
            load_questions(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
