"""From what the model wrote to an answer that stands on quoted sentences, or to a refusal. Pure.

Citations are worked out from the answer's text; the model is never asked for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rag import asking, attribution, constraints, figures
from rag.evidence import Sentence
from rag.prompts import NOT_FOUND
from rag.text import CJK, Script, compact, script_of, sentences, simplify, to_script, tokens
from rag.timing import other_time
from rag.types import Citation, Figure

_REFUSING = re.compile(
    f"{NOT_FOUND}|(?:资料|文档|文件|文中|材料)(?:里|中)?(?:并?(?:没有|未|无))(?:提|说|给|包|涉|记|找|相关|明确|直接)?|无法(?:确定|得知|回答)|"
    "(?:not|n't) (?:mention|contain|provide|specif|state|given|found|available)|no (?:information|mention|answer)"
)
#: The least mean log-probability of an answer's tokens (up to 0, higher is surer) at which it is shown, when the model
#: cannot be asked anything else.
LEAST_LOG_PROBABILITY = -0.7
#: What the log-odds that the question can be answered and the answer's own mean log-probability must come to together.
#: Logistic regression gives both the same weight. Higher, and right answers from encyclopedias are withheld first.
LEAST_CONFIDENCE = 0.4
#: The log-odds at which the very best sentences are taken to answer the question, so that nothing else is read. Half of
#: RGB's questions reach it. At 1.25, four in a hundred more were answered wrongly.
SURE = 1.75
#: The longest statement that is shown with an answer, in characters, unless a single clause is longer; and the share of
#: its letters with which an answer says as much itself.
STATEMENT = 90
SAYS_AS_MUCH = 2 / 3
_OPEN, _CLOSE = "「", "」"
# A question that names what to choose from, or asks for yes or no, is answered by its own words.
_OFFERS = re.compile(
    r"还是|或|哪|谁更|[和与跟及].+(?:谁|的是)|吗|是否|有没有|(.)不\1|\bor\b|which|between"
    r"|^(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\b"
)
# A number that is written in groups, and a line that could be taken for the statement.
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)")
_MARK = re.compile(r"\s*\[\d+\]")
_CLAUSE_END = re.compile(r"(?<=[，；：])|(?<=[,;:])(?!\d)")
# Words that a sentence is put together with, wherever its content comes from.
_JOINING = re.compile(
    "[的了是在有和与及或被把将于对为从到等其这那之而并也都就共约达该由以至个均时会可能已又很更让使叫称指说]|包括|分别|其中|没有"
)


@dataclass(frozen=True, slots=True)
class Grounded:
    """An answer's text with its marks `[1]`, what they stand for, and its figures."""

    text: str
    citations: tuple[Citation, ...]
    figures: tuple[Figure, ...]

    @property
    def supported(self) -> bool:
        """Whether the answer stands on a sentence, and each of its figures too."""
        return bool(self.citations) and all(figure.supported for figure in self.figures)


def refuses(written: str) -> bool:
    """Whether the model said that the answer is not in the documents.

    >>> refuses("文档中没有。"), refuses("8710人次"), refuses("The text does not mention it.")
    (True, False, True)
    """
    return not written.strip() or bool(_REFUSING.search(simplify(written).casefold()))


def unsure(log_probability: float) -> bool:
    """Whether the model wrote with too little confidence to be believed; `log_probability` is the mean per token."""
    return log_probability < LEAST_LOG_PROBABILITY


def confidence(log_probability: float, log_odds: float) -> float:
    """How far an answer may be believed, higher is surer, from two things that the same model is asked.

    `log_probability`: the mean of the answer's tokens. `log_odds`: of 能 against 不能 when it is asked whether the
    evidence answers the question at all. Each alone lets through what the other stops: a model that copies another
    year's figure is sure of its copy, and one that sees no answer still writes one.
    """
    return log_odds + log_probability


def invented(written: str, question: str, evidence: Sequence[Sentence]) -> list[str]:
    """The figures of an answer whose value stands neither in what was read nor in the question: they are made up."""
    known = [question, *(s.text for s in evidence), *(f"{s.document.title} {s.document.date}" for s in evidence)]
    source = [figure for text in known for figure in figures.find(text)]
    values = {figure.value for figure in source}
    return [
        figure.text
        for figure in figures.claims(written)
        if not (
            any(figures.agree(figure, other) for other in source)
            or (figure.kind == "number" and figure.value in values)  # its unit is judged with what is cited
        )
    ]


def unread(written: str, question: str, evidence: Sequence[Sentence]) -> list[str]:
    """Runs of two or more Chinese letters in an answer that stand neither in what was read nor in the question.

    Letters count as read when they stand beside the same neighbour there. A name out of the model's memory is such a
    run; on the development questions no right answer has one. An answer in Chinese from an English text has nothing
    else, so that none is looked for there.
    """
    if script_of(" ".join(sentence.text for sentence in evidence)) == "en":
        return []
    known = compact(" ".join([question, *(f"{s.document.title} {s.text}" for s in evidence)]))
    pairs = set(map("".join, pairwise(known)))
    found = []
    for run in re.findall(f"[{CJK}]{{2,}}", _JOINING.sub(" ", compact(written))):
        read = [
            run[max(0, index - 1) : index + 1] in pairs or run[index : index + 2] in pairs for index in range(len(run))
        ]
        found += ["".join(run[i] for i in group) for known_, group in _runs(read) if not known_ and len(group) > 1]
    return found


def _runs(flags: Sequence[bool]) -> list[tuple[bool, list[int]]]:
    return [(flag, list(group)) for flag, group in groupby(range(len(flags)), key=flags.__getitem__)]


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an answer is withheld: `reason`, for those who examine it.

    `missing` is what a reader is told is not there, `found` what is there instead; empty when that cannot be named.
    `about_figure`: the answer has a figure that may be another thing's, so that it is worth asking once more.
    `by_words`: only the words around that figure speak against it, and asking once more may confirm it.
    """

    reason: str
    missing: str = ""
    found: str = ""
    about_figure: bool = False
    by_words: bool = False


def objection(written: str, question: str, evidence: Sequence[Sentence]) -> Objection | None:
    """What speaks against showing what the model wrote, from its words alone; None when nothing does."""
    if refuses(written):
        return Objection("the model found no answer")
    if compact(written).strip("。.") in compact(question) and not _OFFERS.search(simplify(question).casefold()):
        return Objection("the answer only repeats the question")
    made_up = [
        ("no sentence read has the figure {}", invented(written, question, evidence)),
        ("no sentence read has the number {}", constraints.unread_numbers(written, question, evidence)),
        ("no sentence read has the words {}", unread(written, question, evidence)),
        ("no sentence read names {}", constraints.unknown_places(written, question, evidence)),
    ]
    of_another_kind = [
        ("the question asks for another unit than {}", constraints.other_units(question, written)),
        ("the question asks for another kind of figure than {}", asking.unasked(question, written)),
    ]
    misplaced = [
        ("the words around {} belong to another one in the text", attribution.displaced(written, question, evidence)),
        ("the question's words lead to another figure than {}", asking.outdone(question, written, evidence)),
    ]
    for checks in (made_up, of_another_kind, misplaced):
        for reason, found in checks:
            if found:
                about = checks is not made_up
                return Objection(reason.format(", ".join(found)), about_figure=about, by_words=checks is misplaced)
    return None


def unmet(answer: Grounded, question: str, evidence: Sequence[Sentence]) -> Objection | None:
    """What speaks against an answer now that it is known what it stands on; None when nothing does."""
    cited = cited_sentences(answer, evidence)
    if place := constraints.elsewhere(question, cited):
        # Of a place only the end of its name is known; what is whole can be told.
        return Objection(f"it stands on another place: {place}", found=place if place.startswith("全") else "")
    if time := other_time(question, cited):
        return Objection(f"it stands on another time: {time}", found=time)
    if lacking := [figure.text for figure in answer.figures if not figure.supported]:
        return Objection(f"the quoted sentence does not say {', '.join(lacking)}")
    return None


def checked(
    written: str, question: str, evidence: Sequence[Sentence], likeness: Sequence[float], script: Script
) -> Grounded | Objection:
    """What the model wrote as an answer that may be shown, or what speaks against it. Arguments as for `ground`."""
    written = tidied(written)
    if found := objection(written, question, evidence):
        return found
    answer = ground(written, evidence, likeness, script)
    return unmet(answer, question, evidence) or answer


def confirmed(first: str, second: str) -> bool:
    """Whether a second reply has all figures of the first one, and no other.

    >>> confirmed("687亿美元", "收购花了687亿美元。"), confirmed("687亿美元", "1.3亿美元")
    (True, False)
    """
    one, two = figures.claims(first), figures.claims(second)
    return bool(one) and all(
        any(figures.agree(a, b) or figures.agree(b, a) for b in others)
        for mine, others in ((one, two), (two, one))
        for a in mine
    )


def cited_sentences(answer: Grounded, evidence: Sequence[Sentence]) -> list[Sentence]:
    """The sentences of the evidence that an answer cites, in the order of their numbers."""
    places = {(s.document.id, s.start): s for s in evidence}
    return [places[c.document.id, c.start] for c in answer.citations]


def ground(written: str, evidence: Sequence[Sentence], likeness: Sequence[float], script: Script) -> Grounded:
    """The answer with its citations and checked figures.

    `evidence`: the sentences that the model read; `likeness`: for each, the cosine with question and answer together,
    which decides where words cannot (a name given in English). A figure is supported when a cited sentence has it.
    """
    written = with_units(tidied(_MARK.sub("", written)), evidence)
    pieces = [written[start:end] for start, end in sentences(written)]
    chosen: list[int] = []
    marked: list[str] = []
    for piece in pieces:
        numbers = []
        for index in _supporting(piece, evidence, likeness):
            if index not in chosen:
                chosen.append(index)
            numbers.append(chosen.index(index) + 1)
        marked.append(_with_marks(piece, numbers))
    separator = "\n" if "\n" in written else (" " if script == "en" else "")
    text = to_script(separator.join(marked), script)
    citations = tuple(evidence[index].cited(number) for number, index in enumerate(chosen, start=1))
    return Grounded(text, citations, check_figures(text, citations))


def tidied(written: str) -> str:
    r"""What the model wrote, with no line that looks like our statement, and with 1 200 as 1200.

    >>> tidied("1 200件"), tidied("活動有：\n「五個一」")
    ('1200件', '活動有： 「五個一」')
    """
    plain = re.sub(rf"\s*\n\s*(?={_OPEN})", " ", written.strip())
    return _GROUPED.sub(lambda number: re.sub(r"\s", "", number[0]), plain)


def in_context(answer: Grounded, script: Script) -> str:
    """The answer's text and, where it is a fragment of the one sentence that it cites, that sentence's statement."""
    if len(answer.citations) != 1 or not (said := statement(_MARK.sub("", answer.text), answer.citations[0].quote)):
        return answer.text
    return f"{answer.text}\n{_OPEN}{to_script(said, script)}{_CLOSE}"


def statement(written: str, quote: str) -> str:
    """The words of a cited sentence that an answer is a fragment of; empty when it says nearly as much itself.

    15人 is no statement. Of a long sentence, the clauses that hold the answer and, as far as there is room, those
    around them, what stands before first, as it says of whom and when.

    >>> statement("8710人次", "年初以來,全省培訓341期,培訓乾部8710人次。"), statement("甲奪冠。", "甲奪冠了。")
    ('年初以來,全省培訓341期,培訓乾部8710人次。', '')
    """
    if len(compact(written)) >= SAYS_AS_MUCH * len(compact(quote)):
        return ""
    parts = _CLAUSE_END.split(quote) if len(quote) > STATEMENT else [quote]
    words = set(tokens(written))
    held = [words & set(tokens(part)) for part in parts]
    best = max(range(len(parts)), key=lambda index: len(held[index]))
    first = min((index for index, part in enumerate(held) if part - held[best]), default=best)
    first, last = min(first, best), max([best, *(index for index, part in enumerate(held) if part - held[best])])

    def room(start: int, end: int) -> bool:
        return start >= 0 and end <= len(parts) and sum(map(len, parts[start:end])) <= STATEMENT

    while room(first - 1, last + 1) or room(first, last + 2):
        first, last = (first - 1, last) if room(first - 1, last + 1) else (first, last + 1)
    said = " ".join("".join(parts[first : last + 1]).split())
    before, after = "…" if first else "", "…" if last + 1 < len(parts) else ""
    return f"{before}{said.rstrip('，,；;：:') if after else said}{after}"


def lead(answer: str) -> str:
    r"""An answer's own words, without the statement and the differing figures that may follow on lines of their own.

    >>> lead("8710人次[1]\n「培訓組工乾部8710人次。」")
    '8710人次[1]'
    """
    return answer.partition(f"\n{_OPEN}")[0].partition("\n\n")[0]


def with_units(written: str, evidence: Sequence[Sentence]) -> str:
    """A Chinese answer whose bare numbers have got the unit that all of the evidence gives them.

    12 is half an answer where the text says 12人. A number that stands with two units, or with none, is left as it is.
    """
    source = [figure for sentence in evidence for figure in figures.find(sentence.text)]
    for figure in reversed(figures.find(written)):
        if figure.kind != "number" or figure.unit or re.match(r"\s*[A-Za-z]", written[figure.end :]):
            continue
        units = {
            other.unit
            for other in source
            if other.kind == "number" and other.upper is None and other.value == figure.value
        }
        if len(units) == 1 and re.fullmatch(f"[{CJK}%‰]+", unit := units.pop()):
            written = f"{written[: figure.end]}{unit}{written[figure.end :]}"
    return written


def check_figures(text: str, citations: Sequence[Citation]) -> tuple[Figure, ...]:
    """The figures of a text, each looked up in the cited sentences."""
    checked = []
    written = {citation.number: figures.find(citation.quote) for citation in citations}
    for figure in figures.claims(re.sub(r"\[\d+\]", lambda mark: " " * len(mark[0]), text)):
        number = next((n for n, found in written.items() if any(figures.agree(figure, other) for other in found)), None)
        checked.append(Figure(figure.text, figure.normal, figure.unit, number is not None, number))
    return tuple(checked)


def _supporting(piece: str, evidence: Sequence[Sentence], likeness: Sequence[float]) -> list[int]:
    """Indexes of the fewest sentences that hold a piece of an answer: the best one, then those for figures it lacks."""
    claimed = figures.claims(piece)
    written = [figures.find(sentence.text) for sentence in evidence]
    words = set(tokens(piece))

    def holds(index: int, figure: figures.Found) -> bool:
        return any(figures.agree(figure, other) for other in written[index])

    def merit(index: int, wanted: Sequence[figures.Found]) -> tuple[float, float, float]:
        quote = evidence[index].text
        literal = float(bool(compact(piece)) and compact(piece).strip(".。,，!！") in compact(quote))
        shared = len(words & set(tokens(quote))) / len(words) if words else 0.0
        return sum(holds(index, figure) for figure in wanted) + literal, round(shared, 1), likeness[index]

    chosen: list[int] = []
    lacking = list(claimed)
    while evidence and (lacking or not chosen):
        best = max(range(len(evidence)), key=lambda index: merit(index, lacking))
        held = [figure for figure in lacking if holds(best, figure)]
        if best in chosen or (chosen and not held):
            break
        chosen.append(best)
        lacking = [figure for figure in lacking if figure not in held]
    return chosen


def _with_marks(piece: str, numbers: Sequence[int]) -> str:
    marks = "".join(f"[{number}]" for number in numbers)
    end = re.search(r"[。！？.!?；;]*$", piece)
    at = end.start() if end else len(piece)
    spaced = bool(re.search("[A-Za-z]", piece)) and not re.search(f"[{CJK}]", piece)
    return f"{piece[:at]}{' ' if spaced else ''}{marks}{piece[at:]}" if marks else piece
