"""Follow-ups over the seed briefing and news articles, with the real models.

`followups.jsonl`: a line for each, with the conversation before (`history`), whether the question needs it
(`standalone`), what its rewriting must hold (one string of each group of `holds`) and lack (`lacks`), and for the seed
briefing often what it is answered with (`answers`, empty for a refusal), as in seeds/questions.jsonl. The lines are
`dev` and `held` by turns: the rules and the prompt of rag/condense.py were made on the first. On their first reading,
47 of 49 held follow-ups were right and 16 of 17 questions that stand alone; two of the three failures were then mended
by general rules (a question that asks for its subject; a rewriting across languages that adds nothing).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from rag import Assistant, Turn
from rag.condense import condense
from rag.evaluate import met
from rag.llm import chat_model
from rag.settings import Settings
from rag.text import compact
from tests.conftest import SHARED

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("followups.jsonl").read_text(encoding="utf-8").splitlines()
]
#: The least share of right answers, end to end: what was measured (26 of 29 and 17 of 19), less two rows, as the model
#: does not write quite the same in every run.
BARS = {"dev": 0.82, "held": 0.78}
NEWS = SHARED / "bench" / "news" / "documents.jsonl"


def turns(row: dict[str, Any]) -> list[Turn]:
    return [Turn(**turn) for turn in row["history"]]


@pytest.fixture(scope="module")
def rewritten() -> dict[int, str]:
    """Every question of the set as the model and the rules rewrite it, by its line."""
    model = chat_model(Settings.from_environment())
    assert model is not None

    def write(prompt: list[BaseMessage]) -> str:
        return str(model.invoke(prompt).text)

    return {number: condense(row["question"], turns(row), write) for number, row in enumerate(ROWS)}


def wrong(rewritten: dict[int, str], half: str, *, standalone: bool) -> tuple[list[str], int]:
    """The rows of a half that are rewritten wrongly, to read, and how many there are in all."""
    found, count = [], 0
    for number, row in enumerate(ROWS):
        if row["half"] != half or row["standalone"] is not standalone:
            continue
        count += 1
        written = rewritten[number]
        right = (
            written == row["question"]
            if standalone
            else met(written, row["holds"]) and not any(compact(text) in compact(written) for text in row["lacks"])
        )
        if not right:
            found.append(f"{row['history'][-1]['question']} | {row['question']} -> {written}")
    print(
        f"{half}, {'standing alone' if standalone else 'follow-ups'}: {count - len(found)} of {count}", *found, sep="\n"
    )
    return found, count


@pytest.mark.parametrize("half", ["dev", "held"])
def test_nine_of_ten_follow_ups_hold_what_they_are_about(rewritten: dict[int, str], half: str) -> None:
    found, count = wrong(rewritten, half, standalone=False)
    assert len(found) <= 0.1 * count, found


@pytest.mark.parametrize("half", ["dev", "held"])
def test_every_question_that_stands_alone_is_left_as_it_is(rewritten: dict[int, str], half: str) -> None:
    found, _ = wrong(rewritten, half, standalone=True)
    assert not found


def test_the_set_is_as_large_and_as_mixed_as_it_says() -> None:
    assert sum(not row["standalone"] for row in ROWS) >= 60
    assert sum(row["standalone"] for row in ROWS) >= 20
    assert {row["lang"] for row in ROWS} == {"zh-Hant", "zh-Hans", "en"}
    assert 0.4 <= sum(row["document"] == "seed" for row in ROWS) / len(ROWS) <= 0.6
    for row in ROWS:
        assert 1 <= len(row["history"]) <= 3
        assert row["standalone"] or row["holds"], row["question"]


@pytest.mark.skipif(not NEWS.is_file(), reason="the news articles are not here; put them at ../shared/bench/news")
def test_the_news_that_are_asked_about_exist() -> None:
    ids = {json.loads(line)["id"] for line in NEWS.read_text(encoding="utf-8").splitlines()}
    assert {row["document"] for row in ROWS} - {"seed"} <= ids


@pytest.mark.parametrize("half", ["dev", "held"])
def test_follow_ups_over_the_briefing_are_answered(assistant: Assistant, half: str) -> None:
    asked = [row for row in ROWS if row["half"] == half and "answers" in row]
    right, failed = 0, []
    for row in asked:
        answer = assistant.ask(row["question"], history=turns(row))
        groups = row["answers"]
        good = answer.refused if not groups else not answer.refused and met(answer.text, groups)
        right += good
        if not good:
            failed.append(f"{row['question']} -> {answer.trace.standalone} -> {answer.text}")
    print(f"{half}: {right} of {len(asked)} answered right", *failed, sep="\n")
    assert right >= BARS[half] * len(asked), failed
