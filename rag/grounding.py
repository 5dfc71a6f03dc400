"""From what the model wrote to an answer that stands on quoted sentences, or to a refusal. Pure.

Citations are worked out from the answer's text; the model is never asked for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rag import figures
from rag.evidence import Sentence
from rag.prompts import NOT_FOUND
from rag.text import CJK, Script, compact, fold, script_of, sentences, simplify, to_script, tokens
from rag.types import Citation, Figure

_REFUSING = re.compile(
    f"{NOT_FOUND}|(?:资料|文档|文件|文中|材料)(?:里|中)?(?:并?(?:没有|未|无))(?:提|说|给|包|涉|记|找|相关|明确|直接)?|无法(?:确定|得知|回答)|"
    "(?:not|n't) (?:mention|contain|provide|specif|state|given|found|available)|no (?:information|mention|answer)"
)
#: The least mean log-probability of an answer's tokens (up to 0, higher is surer) at which it is shown.
LEAST_LOG_PROBABILITY = -0.45
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
_BESIDE = {
    -1: re.compile("去年|上年|上一年|前一年|last year|previous year"),
    1: re.compile("明年|来年|下一年|next year"),
}
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


def unsure(log_probability: float | None) -> bool:
    """Whether the model wrote with too little confidence to be believed; `log_probability` is the mean per token.

    On the development questions whose passages hold no answer, a third of the inventions fall below the line, and 4% of
    the right answers do.
    """
    return log_probability is not None and log_probability < LEAST_LOG_PROBABILITY


def invented(written: str, question: str, evidence: Sequence[Sentence]) -> list[str]:
    """The figures of an answer whose value stands neither in what was read nor in the question: they are made up."""
    known = [question, *(s.text for s in evidence), *(f"{s.document.title} {s.document.date}" for s in evidence)]
    values = {figure.value for text in known for figure in figures.find(text)}
    return [figure.text for figure in figures.find(written) if figure.value not in values]


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


def missing_years(question: str, evidence: Sequence[Sentence]) -> list[str]:
    """The years that a question names and that no document of the evidence knows.

    A document knows the years in its text, title and date, and the one before or after its date if it speaks of last or
    next year.
    """
    known: set[str] = set()
    for document in {sentence.document.id: sentence.document for sentence in evidence}.values():
        said = fold(f"{document.title} {document.date} {document.text}")
        known.update(_YEAR.findall(said))
        if year := _YEAR.match(document.date):
            known.update(str(int(year[0]) + step) for step, words in _BESIDE.items() if words.search(said))
    return [year for year in dict.fromkeys(_YEAR.findall(fold(question))) if year not in known]


def ground(written: str, evidence: Sequence[Sentence], likeness: Sequence[float], script: Script) -> Grounded:
    """The answer with its citations and checked figures.

    `evidence`: the sentences that the model read; `likeness`: for each, the cosine with question and answer together,
    which decides where words cannot (a name given in English). A figure is supported when a cited sentence has it.
    """
    written = re.sub(r"\s*\[\d+\]", "", written).strip()
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


def check_figures(text: str, citations: Sequence[Citation]) -> tuple[Figure, ...]:
    """The figures of a text, each looked up in the cited sentences and their documents' title and date."""
    checked = []
    written = {citation.number: figures.find(citation.quote) for citation in citations}
    for figure in figures.find(re.sub(r"\[\d+\]", lambda mark: " " * len(mark[0]), text)):
        number = next((n for n, found in written.items() if any(figures.agree(figure, other) for other in found)), None)
        checked.append(Figure(figure.text, f"{figure.value:f}", figure.unit, number is not None, number))
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
    return f"{piece[:at]}{' ' if piece[:at].isascii() else ''}{marks}{piece[at:]}" if marks else piece
