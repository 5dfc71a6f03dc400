"""Whether the checks see a changed digit, unit, year, place, or another thing's figure, and leave right answers alone.

No model: an answer is taken from the gold of the sets, and checked as the product checks what its language model wrote.
The requirement's bars are on each kind; what an answer of nothing but a figure reaches is told apart, as it is harder.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from rag import constraints, grounding
from rag.evidence import Sentence
from rag.text import script_of
from tests.quality import mutants
from tests.quality.right_answers import BENCH, SETS, Right, likeness, of_news, of_seed, of_set

pytestmark = pytest.mark.skipif(
    not BENCH.is_dir(), reason="the development sets are not here; put them at ../shared/bench beside the checkout"
)
#: One of so many right answers is changed; all of them are checked as they are.
CHANGED = 3


def objection(question: str, written: str, evidence: Sequence[Sentence]) -> str:
    """What the product's checks say against an answer; empty when it would be shown."""
    if constraints.missing_years(question, evidence):
        return "no document knows the year"
    found = grounding.checked(written, question, evidence, likeness(question, written, evidence), script_of(question))
    return (
        re.sub(
            r" (?:than |has the figure |has the words |names |around |another time: |another place: ).*",
            "",
            found.reason,
        )
        if isinstance(found, grounding.Objection)
        else ""
    )


@pytest.fixture(scope="module")
def rights() -> list[Right]:
    return [*of_seed(), *(right for name in SETS for right in of_set(*name)), *of_news()]


@pytest.fixture(scope="module")
def tried(rights: list[Right]) -> Counter[tuple[str, str, bool]]:
    """How many mutants of each kind and form were made, by whether they were caught."""
    random, counts = Random(138), Counter[tuple[str, str, bool]]()
    dropped, first = Counter[str](), Counter[tuple[str, str]]()
    for right in random.sample(rights, len(rights) // CHANGED):
        made, true = mutants.of(right, random)
        dropped.update(true)
        for mutant in made:
            found = objection(mutant.question, mutant.written, right.evidence)
            counts[mutant.kind, right.form, bool(found)] += 1
            first[mutant.kind, found or "nothing"] += 1
    print()
    for kind, _, _ in mutants.KINDS:
        for form in ("clause", "bare"):
            caught, missed = counts[kind, form, True], counts[kind, form, False]
            share = caught / (caught + missed) if caught + missed else 1.0
            print(f"{kind:30} {form:7} made {caught + missed:5}  caught {caught:5}  share {share:.4f}")
        by = ", ".join(f"{name} {count}" for (k, name), count in first.most_common() if k == kind)
        print(f"{kind:30} still true and dropped {dropped[kind]}; seen first by {by}")
    return counts


def share(counts: Counter[tuple[str, str, bool]], kind: str, form: str = "") -> float:
    """The share caught of the kinds whose name begins so."""
    chosen = {key: n for key, n in counts.items() if key[0].startswith(kind) and key[1].startswith(form)}
    return sum(n for key, n in chosen.items() if key[2]) / sum(chosen.values())


def test_at_least_two_thousand_mutants_are_made(tried: Counter[tuple[str, str, bool]]) -> None:
    assert tried.total() >= 2000
    assert {kind for kind, _, _ in tried} == {kind for kind, _, _ in mutants.KINDS}


@pytest.mark.parametrize("kind", ["digit", "unit", "year in answer", "year in question"])
def test_every_changed_digit_unit_and_year_is_caught(tried: Counter[tuple[str, str, bool]], kind: str) -> None:
    assert share(tried, kind) == 1


@pytest.mark.parametrize("kind", ["place in question", "place in answer", "swapped"])
def test_nine_of_ten_changed_places_and_swapped_figures_are_caught(
    tried: Counter[tuple[str, str, bool]], kind: str
) -> None:
    assert share(tried, kind) >= 0.9


def test_three_of_four_swapped_figures_are_caught_where_the_answer_is_only_a_figure(
    tried: Counter[tuple[str, str, bool]],
) -> None:
    assert share(tried, "swapped", "bare") >= 0.75
    assert share(tried, "swapped", "clause") >= 0.97


def test_at_most_one_right_answer_of_fifty_is_flagged(rights: list[Right]) -> None:
    checks = [(right, objection(right.question, right.written, right.evidence)) for right in rights]
    flagged = [(right, found) for right, found in checks if found]
    print(f"\nright answers {len(rights)}, flagged {len(flagged)}, share {len(flagged) / len(rights):.4f}")
    print("by check", dict(Counter(found for _, found in flagged)))
    made = Counter((right.origin, right.form) for right in rights)
    for key, count in sorted(Counter((right.origin, right.form) for right, _ in flagged).items()):
        print(f"{key[0]:20} {key[1]:7} {count:3} of {made[key]}")
    assert len(flagged) <= 0.02 * len(rights)
