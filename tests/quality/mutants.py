"""Right answers made wrong in one place: a digit, a unit, a year, a place, or the figure of another thing.

Pure, and the same for the same seed. What is still true after the change is no mutant: `still_true` says when.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from rag import figures
from rag.figures import Found
from rag.text import fold, fold_with_offsets
from tests.quality.places import NAMED, PLACES
from tests.quality.right_answers import Right

#: A written unit and what is put in its stead; the longest that fits is taken.
UNITS = {
    "个百分点": ("%",),
    "人次": ("期", "人"),
    "美元": ("元", "欧元"),
    "欧元": ("美元",),
    "港元": ("元",),
    "平方公里": ("公里", "平方米"),
    "平方米": ("平方公里", "米"),
    "公里": ("米", "英里"),
    "万": ("亿",),
    "亿": ("万",),
    "小时": ("分钟", "天"),
    "分钟": ("小时",),
    "个月": ("年", "天"),
    "公斤": ("吨", "克"),
    "%": ("‰", "个百分点"),
    "元": ("美元", "人"),
    "人": ("元", "人次", "户"),
    "名": ("户", "人次"),
    "吨": ("公斤", "元"),
    "米": ("公里", "厘米"),
    "岁": ("个月", "人"),
    "天": ("小时", "年"),
    "户": ("人", "元"),
    "家": ("人", "户"),
    "份": ("期", "条"),
    "期": ("人次", "份"),
    "次": ("人次", "届"),
    "条": ("件", "份"),
    "件": ("条", "项"),
    "项": ("件", "人"),
    "所": ("家", "人"),
    "座": ("家", "人"),
    "辆": ("架", "人"),
    "个": ("人", "%"),
    "对": ("人", "份"),
}
_FOLDED_UNITS = sorted(UNITS, key=len, reverse=True)
DIGITS, CHINESE_DIGITS = "0123456789", "零一二三四五六七八九"
_RUN = re.compile(r"[0-9]+(?:[.,][0-9]+)*")


@dataclass(frozen=True)
class Mutant:
    """`question` and `written` as they are after the change; `right` is what they were made of."""

    kind: str
    right: Right
    question: str
    written: str
    change: str


def of(right: Right, random: Random) -> tuple[list[Mutant], Counter[str]]:
    """All mutants of one answer, at most one or two of each kind."""
    made: list[Mutant] = []
    dropped: Counter[str] = Counter()
    for kind, changes, most in KINDS:
        found = list(changes(right, random))
        random.shuffle(found)
        for question, written, change in found:
            mutant = Mutant(kind, right, question, written, change)
            if sum(other.kind == kind for other in made) >= most:
                break
            if still_true(mutant):
                dropped[kind] += 1
            else:
                made.append(mutant)
    return made, dropped


Change = tuple[str, str, str]


def still_true(mutant: Mutant) -> bool:
    """Whether a change may have made no error, by the rule of its kind.

    digit, unit, year: a sentence of the evidence holds the new figure; what then was changed is which figure is taken,
    and that is the kind `swapped`. swapped: the new figure agrees with the old one, with an accepted answer, or the
    question itself holds it. place: the document of the gold sentence, or the question as it was, names the new place.
    """
    right = mutant.right
    if mutant.kind.startswith("place"):
        document = right.gold.document
        named = mutant.change.split("→")[1][:-1]
        return fold(named) in fold(f"{document.title} {document.text} {right.question}")
    if mutant.kind == "year in question":
        year = mutant.change.split("→")[1]
        return any(_knows(f"{s.document.title} {s.document.date} {s.document.text}", year) for s in right.evidence)
    before, after = (Counter(map(_value, figures.find(text))) for text in (right.written, mutant.written))
    new = [f for f in figures.find(mutant.written) if _value(f) in (after - before)]
    if mutant.kind.startswith("swapped"):
        accepted = [f for name in right.golds for f in figures.find(name)]
        asked = figures.find(right.question)
        old = [f for f in figures.find(right.written) if _value(f) in (before - after)]
        return before == after or any(
            figures.agree(f, o) or figures.agree(o, f) for f in new for o in (*accepted, *asked, *old)
        )
    read = [f for s in right.evidence for f in figures.find(s.text)]
    return bool(new) and all(any(figures.agree(f, other) for other in read) for f in new)


def _knows(text: str, year: str) -> bool:
    return bool(re.search(rf"(?<![0-9]){year}(?![0-9])", fold(text)))


def _value(figure: Found) -> str:
    return f"{figure.kind} {figure.normal} {figure.unit}"


# --- the changes of each kind: question and answer after it, and what was changed


def digits(right: Right, random: Random) -> Iterator[Change]:
    """One digit of the answer is another one, in a figure or not; of Chinese numerals only those in a figure."""
    text = right.written
    inside = {at for figure in figures.find(text) for at in range(figure.start, figure.end)}
    for at, old in enumerate(text):
        if (digit := fold(old)) in DIGITS:
            new = random.choice([d for d in DIGITS if d not in (digit, "0")])
        elif at in inside and old in CHINESE_DIGITS:
            new = random.choice([d for d in CHINESE_DIGITS[2:] if d != old])
        else:
            continue
        yield right.question, f"{text[:at]}{new}{text[at + 1 :]}", f"{text[max(0, at - 3) : at + 4]}→{new}"


def units(right: Right, random: Random) -> Iterator[Change]:
    """A figure of the answer has another unit."""
    for figure in figures.find(right.written):
        if figure.kind != "number":
            continue
        tail, offsets = fold_with_offsets(figure.text)
        for unit in _FOLDED_UNITS:
            if (at := tail.rfind(unit)) > 0 and (tail.endswith(unit) or unit in "万亿"):
                start, end = (figure.start + offsets[index] for index in (at, at + len(unit)))
                for new in UNITS[unit]:
                    written = f"{right.written[:start]}{new}{right.written[end:]}"
                    yield right.question, written, f"{figure.text}→{unit}→{new}"
                break


def _year_changes(text: str, random: Random) -> Iterator[tuple[str, str, str]]:
    for figure in figures.find(text):
        dated = figure.kind == "date" and figure.date and (figure.date.year or 0) > 0
        if dated and (match := re.search(r"[0-9]{3,4}", figure.text)):
            old = int(match[0])
            new = str(old + random.choice([-11, -3, -2, -1, 1, 2, 3, 7]))
            at = figure.start + match.start()
            yield f"{text[:at]}{new}{text[at + len(match[0]) :]}", match[0], new


def years(right: Right, random: Random) -> Iterator[Change]:
    """The answer names another year."""
    for written, old, new in _year_changes(right.written, random):
        yield right.question, written, f"{old}→{new}"


def asked_years(right: Right, random: Random) -> Iterator[Change]:
    """The question asks about another year, which no document that was read knows."""
    for question, old, new in _year_changes(right.question, random):
        yield question, right.written, f"{old}→{new}"


def _place_changes(text: str, random: Random) -> Iterator[tuple[str, str]]:
    for match in NAMED.finditer(text):
        rank = match[0][-1]
        others = [name for name in PLACES[rank] if f"{name}{rank}" != match[0]]
        for other in random.sample(others, 3):
            yield f"{text[: match.start()]}{other}{rank}{text[match.end() :]}", f"{match[0]}→{other}{rank}"


def asked_places(right: Right, random: Random) -> Iterator[Change]:
    """The question asks about another real place of the same rank."""
    for question, change in _place_changes(right.question, random):
        yield question, right.written, change


def places(right: Right, random: Random) -> Iterator[Change]:
    """The answer names another real place of the same rank."""
    for written, change in _place_changes(right.written, random):
        yield right.question, written, change


def _swaps(right: Right, sources: Sequence[str], random: Random, *, same_unit: bool) -> Iterator[Change]:
    text = right.written
    for old in figures.find(text):
        for new in (f for source in sources for f in figures.find(source)):
            if new.kind == old.kind and (new.unit == old.unit) == same_unit and new.text != old.text:
                value = new.text if right.form == "clause" or old.unit else _bare(new, old)
                yield right.question, f"{text[: old.start]}{value}{text[old.end :]}", f"{old.text}→{new.text}"


def _bare(new: Found, old: Found) -> str:
    """The new figure without a unit where the old one had none, so that it isn't told by its looks."""
    match = _RUN.match(fold(new.text))
    return match[0] if match and not old.unit else new.text


def swapped_within(right: Right, random: Random) -> Iterator[Change]:
    """A figure of the answer is another one of the same kind and unit of the same sentence."""
    return _swaps(right, [right.gold.text], random, same_unit=True)


def swapped_from(right: Right, random: Random) -> Iterator[Change]:
    """A figure of the answer is one of the same kind and unit of another sentence that was read."""
    return _swaps(right, [s.text for s in right.evidence if s != right.gold], random, same_unit=True)


def swapped_unit(right: Right, random: Random) -> Iterator[Change]:
    """A figure of the answer is one of the same kind with another unit, of any sentence that was read."""
    return _swaps(right, [s.text for s in right.evidence], random, same_unit=False)


KINDS: list[tuple[str, Callable[[Right, Random], Iterator[Change]], int]] = [
    ("digit", digits, 2),
    ("unit", units, 2),
    ("year in answer", years, 1),
    ("year in question", asked_years, 1),
    ("place in question", asked_places, 2),
    ("place in answer", places, 2),
    ("swapped within the sentence", swapped_within, 1),
    ("swapped from another sentence", swapped_from, 1),
    ("swapped with its unit", swapped_unit, 1),
]
