"""Whether the figures of two documents tell the same thing, and whether they contradict each other. Pure.

Both are judged strictly: a figure that is left out of a series does less harm than one of another place, and a conflict
that is none costs a reporter's trust. `rag.conflicts` judges two sentences for a question; a table has no question that
tells what is meant, so that here the documents have to show that they are about the same place or body.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import combinations

from rag import figures
from rag.conflicts import conflicts
from rag.constraints import pairs, places
from rag.evidence import Sentence
from rag.figure_rows import Row, is_cell, telling
from rag.numerals import base_unit
from rag.text import CJK, fold
from rag.types import Document

#: The share of the shorter sentence's pairs of letters that both sentences must have.
SAME_PAIRS = 0.6
#: Letters that the titles of one series of documents have at least, when one of them goes on longer than the other.
SAME_TITLE = 6
#: More values than these for one thing at one time, and the words name no one thing: every company has a net profit.
MOST_VALUES = 3
_EMPTY = re.compile(
    "[共已了的]|先后|累计|"
    "(?a:\\b(?:a|an|the|of|in|at|by|to|on|for|has|have|had|been|was|were|is|are|there|total|so|far)\\b)"
)
_LETTER = re.compile(f"[{CJK}]|[^\\W\\d_{CJK}]+")


def key_of(what: str) -> str:
    """What is counted, folded to what two documents have in common that say it alike.

    >>> key_of("共表彰…幹部"), key_of("表彰干部"), key_of("哈爾濱 人次")
    ('表彰干部', '表彰干部', '哈尔滨人次')
    """
    return re.sub(r"[\W\d_]+", "", _EMPTY.sub(" ", fold(what)))


def tells_enough(key: str) -> bool:
    """Whether another document with the same key is likely to mean the same: four letters that are no empty words.

    >>> tells_enough("培训组工干部"), tells_enough("同比增长"), tells_enough("harbintrainedcadres")
    (True, False, True)
    """
    return sum(1 if re.match(f"[{CJK}]", letter) else 0.4 for letter in telling(key)) >= 4


def measure_of(unit: str) -> str:
    """The unit under which figures are compared: 名 and 位 are 人.

    >>> measure_of("名"), measure_of("人次"), measure_of("吨")
    ('人', '人次', '吨')
    """
    scale, base = base_unit(unit)
    return base if scale == 1 else unit


def tell_the_same(one: Row, other: Row) -> bool:
    """Whether the rows of two documents may tell the same thing, of whatever times.

    What shows that they are about one place or body are the documents, or else sentences that could stand alone.
    """
    shorter, longer = sorted((key_of(one.what), key_of(other.what)), key=len)
    rest = longer.removesuffix(shorter)
    return (
        one.document != other.document
        and measure_of(one.unit) == measure_of(other.unit)
        and tells_enough(shorter)
        and longer.endswith(shorter)
        and (not rest or all(rest in key_of(row.sentence) for row in (one, other)))
        and _same_places(one, other)
        and _alike(one, other)
        and not _replaced(_lead(one), _lead(other))
        and (of_one_subject(one, other) or (_stands_alone(one) and _stands_alone(other)))
    )


def series_of(row: Row, others: Sequence[Row]) -> list[Row]:
    """Those of other rows that tell the same thing as a row in other dated documents, and the row, by date.

    Where documents of one time give other values, the words alone do not name one thing, and only those are left that
    are known to be about the row's own place or body. A document that gives several values is left out.
    """
    values: dict[str, set[Decimal]] = {}
    alike = [other for other in others if other.date and tell_the_same(row, other)]
    for other in alike:
        values.setdefault(other.document, set()).add(other.value)
    alike = [other for other in alike if len(values[other.document]) == 1]
    if any(_differ(one, other) and at_one_time(one, other) for one, other in combinations([row, *alike], 2)):
        alike = [other for other in alike if of_one_subject(row, other)]
    return sorted([*alike, *([row] if row.date else [])], key=lambda r: (r.date, r.document, r.figure_start))


def contradictions(rows: Sequence[Row]) -> dict[int, set[int]]:
    """The numbers of the rows of one key that contradict others, and those of the others.

    A document that gives several values itself is left out, and so is a row that far too many others contradict.
    """
    values: dict[str, set[Decimal]] = {}
    for row in rows:
        values.setdefault(row.document, set()).add(row.value)
    in_order = sorted(rows, key=lambda row: (row.document, row.figure_start))
    single = [row for row in in_order if len(values[row.document]) == 1]
    found: dict[int, set[int]] = {}
    for one, other in combinations(single, 2):
        if contradict(one, other):
            found.setdefault(one.number, set()).add(other.number)
            found.setdefault(other.number, set()).add(one.number)
    value = {row.number: row.value for row in single}
    return {
        number: against
        for number, against in found.items()
        if len({value[number], *(value[rival] for rival in against)}) <= MOST_VALUES
    }


def contradict(one: Row, other: Row) -> bool:
    """Whether the rows of two documents give other values for the same thing at the same time.

    A value that may be the other one rounded or cut off (1.2億 and 1.23億), or is said to be approximate, is no other.
    """
    return (
        one.document != other.document
        and one.unit == other.unit
        and not one.approximate
        and not other.approximate
        and _differ(one, other)
        and key_of(one.what) == key_of(other.what)
        and tells_enough(key_of(one.what))
        and at_one_time(one, other)
        and of_one_subject(one, other)
        and _same_places(one, other)
        and _alike(one, other)
        and _conflict(one, other)
    )


def _conflict(one: Row, other: Row) -> bool:
    """What `rag.conflicts` says of the two figures where they stand."""
    here, there = (
        Sentence(Document(row.document, row.sentence, row.title, row.source, row.date), 0, len(row.sentence))
        for row in (one, other)
    )
    at, opposite = one.figure_start - one.start, other.figure_start - other.start
    found = [figure for figure in figures.find(one.sentence) if figure.start == at]
    return any(
        (conflict.figure.start, conflict.value.start) == (at, opposite)
        for conflict in conflicts("", found, [here], [there])
    )


# --- values

_SCALED = re.compile("[.万亿萬億千]|(?ai:hundred|thousand|[mbtr]+illion)")


def _differ(one: Row, other: Row) -> bool:
    """Whether two values differ, by more than the last digit of the shorter one where one of them has been scaled."""
    if (one.value, one.upper) == (other.value, other.upper):
        return False
    if not any(_SCALED.search(row.text) for row in (one, other)):
        return True
    return abs(one.value - other.value) >= max(_last_digit(row.value) for row in (one, other))


def _last_digit(value: Decimal) -> Decimal:
    """The unit of the last digit that is not zero.

    >>> str(_last_digit(Decimal("120000000"))), str(_last_digit(Decimal("3.5")))
    ('1E+7', '0.1')
    """
    exponent = value.normalize().as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(0)


# --- times

_BESIDE = re.compile(
    "(?:[去上前明]年)?同期|[去上前明]年|[上本当下]个?[月周]|[昨今][日天]"
    r"|(?a:\b(?:last|previous|next)\s\w+|a year (?:ago|earlier))"
)
_DATED = re.compile("[12][0-9]{3}")
# What is so on one day and may be otherwise on the next.
_MOVING = re.compile(
    "截[至止]|目前|当前|[昨今][日天]|本周|现[有在]|累计|已|收盘|收[报于]|报收"
    r"|(?a:\b(?:so far|currently|today|yesterday|as of|until|this week)\b)"
)


def moment_of(sentence: str, at: int) -> str:
    """The time that a sentence speaks of at an offset: the last date or period before it, or else the first after it.

    >>> text = "2011年一季度培训12期，去年同期3期。"
    >>> moment_of(text, text.index("12")), moment_of(text, text.index("3期"))
    ('2011-Q1', '2011-Q1 去年同期')
    """
    dated = [figure for figure in figures.find(sentence) if figure.kind in ("date", "period")]
    before = [figure for figure in dated if figure.start < at]
    since = before[-1].end if before else 0
    beside = (match[0] for match in _BESIDE.finditer(fold(sentence[since:at])))
    return " ".join([*(figure.normal for figure in before[-1:] or dated[:1]), *beside])


def at_one_time(one: Row, other: Row) -> bool:
    """Whether two rows speak of the same time: of the same date or period, or by documents of one day or one month."""
    said = {moment_of(row.sentence, row.figure_start - row.start) for row in (one, other)}
    if len(said) > 1:
        return False
    if _DATED.match(said.pop()):
        return True
    if not one.date or one.date[:7] != other.date[:7]:
        return False
    return one.date == other.date or not any(_MOVING.search(fold(row.sentence)) for row in (one, other))


# --- subjects

_ELSEWHERE = re.compile(
    "(?:[该本其此这当][次股日月年公期]?|公司|企业|上市公司|归属)|(?a:(?:it|this|that|these|they|he|she))"
)

_EXTENT = re.compile("全[国省市县州]")


def of_one_subject(one: Row, other: Row) -> bool:
    """Whether anything shows that two rows are about one place or body: it is named in both, or the titles are alike.

    Without that, the net profit of one company is not that of another, though all words are the same.
    """
    if _titles_alike(one, other):
        return True
    here, there = (set(places(row.sentence)) for row in (one, other))
    extent, other_extent = (set(_EXTENT.findall(fold(row.sentence))) for row in (one, other))
    if here != there or extent != other_extent:
        return False
    if here or extent == {"全国"}:
        return True
    same_source = bool(one.source) and fold(one.source) == fold(other.source)
    return bool(extent) and (same_source or bool(set(places(one.title)) & set(places(other.title))))


def _stands_alone(row: Row) -> bool:
    """Whether a sentence says of what time it speaks, and does not leave to others of whom."""
    said = moment_of(row.sentence, row.figure_start - row.start)
    return bool(said) and not _ELSEWHERE.match(key_of(row.what))


def _same_places(one: Row, other: Row) -> bool:
    first, second = (set(places(row.sentence)) or set(places(row.title)) for row in (one, other))
    return not first or not second or first == second


def _titles_alike(one: Row, other: Row) -> bool:
    """Whether two titles differ in numbers and dates only (第138期, 第139期), or in what follows one of them."""
    shorter, longer = sorted(("".join(_LETTER.findall(fold(_bare(row.title)))) for row in (one, other)), key=len)
    return bool(shorter) and (shorter == longer or (len(shorter) >= SAME_TITLE and longer.startswith(shorter)))


# --- words


def _alike(one: Row, other: Row) -> bool:
    """Whether the sentences share most of their words; a table's rows look alike, so that their titles have to be."""
    if (is_cell(one) or is_cell(other)) and not (is_cell(one) and is_cell(other) and _titles_alike(one, other)):
        return False
    here, there = pairs(one.sentence), pairs(other.sentence)
    return len(here & there) >= SAME_PAIRS * min(len(here), len(there)) > 0


def _lead(row: Row) -> list[str]:
    """The letters and Latin words before a figure in its sentence, without other figures and empty words."""
    return _LETTER.findall(_EMPTY.sub(" ", fold(_bare(row.sentence[: row.figure_start - row.start]))))


def _bare(text: str) -> str:
    for figure in reversed(figures.find(text)):
        text = f"{text[: figure.start]} {text[figure.end :]}"
    return text


def _replaced(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a word of one text stands in the stead of a word of the other: 大慶市 for 哈爾濱市."""
    return any(kind == "replace" for kind, *_ in SequenceMatcher(None, one, other, autojunk=False).get_opcodes())
