"""From what the model wrote to an answer that stands on quoted sentences, or to a refusal. Pure.

Citations are worked out from the answer's text; the model is never asked for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rag import constraints, figures
from rag.evidence import Sentence
from rag.prompts import NOT_FOUND
from rag.text import CJK, Script, compact, script_of, sentences, simplify, to_script, tokens
from rag.types import Citation, Figure

_REFUSING = re.compile(
    f"{NOT_FOUND}|(?:资料|文档|文件|文中|材料)(?:里|中)?(?:并?(?:没有|未|无))(?:提|说|给|包|涉|记|找|相关|明确|直接)?|无法(?:确定|得知|回答)|"
    "(?:not|n't) (?:mention|contain|provide|specif|state|given|found|available)|no (?:information|mention|answer)"
)
#: The least mean log-probability of an answer's tokens (up to 0, higher is surer) at which it is shown.
LEAST_LOG_PROBABILITY = -0.7
#: What the log-odds that there is an answer and the answer's own mean log-probability must come to together.
LEAST_CONFIDENCE = -0.3
LOG_PROBABILITY_WEIGHT = 2.0
# Words that a sentence is put together with, wherever its content comes from.
_JOINING = re.compile("[的了是在有和与及或被把将于对为从到等其这那之而并也都就共约达该由以至个]|包括|分别|其中|没有")


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

    `log_probability`: the mean of the answer's tokens. `log_odds`: of 有 against 没有 when it is asked whether the
    evidence holds an answer at all. Each alone lets through what the other stops: a model that copies another year's
    figure is sure of its copy, and one that sees no answer still writes one.
    """
    return log_odds + LOG_PROBABILITY_WEIGHT * log_probability


def invented(written: str, question: str, evidence: Sequence[Sentence]) -> list[str]:
    """The figures of an answer whose value stands neither in what was read nor in the question: they are made up."""
    known = [question, *(s.text for s in evidence), *(f"{s.document.title} {s.document.date}" for s in evidence)]
    source = [figure for text in known for figure in figures.find(text)]
    values = {figure.value for figure in source}
    return [
        figure.text
        for figure in figures.find(written)
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
    """

    reason: str
    missing: str = ""
    found: str = ""


def objection(written: str, question: str, evidence: Sequence[Sentence]) -> Objection | None:
    """What speaks against showing what the model wrote, from its words alone; None when nothing does."""
    if refuses(written):
        return Objection("the model found no answer")
    checks = [
        ("no sentence read has the figure {}", invented(written, question, evidence)),
        ("no sentence read has the words {}", unread(written, question, evidence)),
        ("the question asks for another unit than {}", constraints.other_units(question, written)),
        ("the words before {} lead to another figure in the text", constraints.misattributed(written, evidence)),
    ]
    return next((Objection(reason.format(", ".join(found))) for reason, found in checks if found), None)


def unmet(answer: Grounded, question: str, evidence: Sequence[Sentence]) -> Objection | None:
    """What speaks against an answer now that it is known what it stands on; None when nothing does."""
    cited = cited_sentences(answer, evidence)
    if place := constraints.elsewhere(question, cited):
        # Of a place only the end of its name is known; what is whole can be told.
        return Objection(f"it stands on another place: {place}", found=place if place.startswith("全") else "")
    if lacking := [figure.text for figure in answer.figures if not figure.supported]:
        return Objection(f"the quoted sentence does not say {', '.join(lacking)}")
    return None


def cited_sentences(answer: Grounded, evidence: Sequence[Sentence]) -> list[Sentence]:
    """The sentences of the evidence that an answer cites, in the order of their numbers."""
    places = {(s.document.id, s.start): s for s in evidence}
    return [places[c.document.id, c.start] for c in answer.citations]


def ground(written: str, evidence: Sequence[Sentence], likeness: Sequence[float], script: Script) -> Grounded:
    """The answer with its citations and checked figures.

    `evidence`: the sentences that the model read; `likeness`: for each, the cosine with question and answer together,
    which decides where words cannot (a name given in English). A figure is supported when a cited sentence has it.
    """
    written = with_units(re.sub(r"\s*\[\d+\]", "", written).strip(), evidence)
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
    """The figures of a text, each looked up in the cited sentences and their documents' title and date."""
    checked = []
    written = {citation.number: figures.find(citation.quote) for citation in citations}
    for figure in figures.find(re.sub(r"\[\d+\]", lambda mark: " " * len(mark[0]), text)):
        number = next((n for n, found in written.items() if any(figures.agree(figure, other) for other in found)), None)
        checked.append(Figure(figure.text, figure.normal, figure.unit, number is not None, number))
    return tuple(checked)


def _supporting(piece: str, evidence: Sequence[Sentence], likeness: Sequence[float]) -> list[int]:
    """Indexes of the fewest sentences that hold a piece of an answer: the best one, then those for figures it lacks."""
    claimed = figures.find(piece)
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
