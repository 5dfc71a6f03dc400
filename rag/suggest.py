"""What a reader could ask next: the figures that stand near an answer's sentence, each turned into a question. Pure.

組工乾部下基層14452人次 becomes 組工乾部下基層多少人次？ Only what the documents answer is offered: the best passage for
such a question has to hold the clause that it was made of. Chinese only, as no such rule makes good English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag import figures
from rag.text import CJK, fold, script_of, sentences, to_script
from rag.types import Answer, Passage

#: Characters on each side of the cited sentence that are looked at, and letters that a question has to say.
NEAR = 500
LETTERS = 6
_CLAUSE = re.compile(r"[,，;；:：、。！？!?\n|()（）「」『』《》“”]")
_BEFORE = re.compile(
    "(?:大?[约約]|近|超[过過]|[达達]到?|共|[总總]|高|接近|[将將]近|[为為]|是|有|了|其中|截至目前|目前)+$"
)
_LETTER = re.compile(f"[{CJK}]")


def next_questions(answer: Answer, retrieve: Callable[[str], Sequence[Passage]], *, limit: int = 3) -> list[str]:
    """Up to `limit` questions for figures near the first cited sentence, the nearest first.

    `retrieve` gives the best passages for a question. None for a refusal, nor for a reader of English.
    """
    script = script_of(answer.question)
    if answer.refused or not answer.citations or script == "en":
        return []
    cited, said = answer.citations[0], {figure.value for figure in answer.figures}
    text, first = cited.document.text, max(0, cited.start - NEAR)
    found: list[tuple[int, str]] = []
    for start, end in sentences(text[first : cited.end + NEAR]):
        sentence = text[first + start : first + end]
        for question, value in cloze(sentence):
            if value not in said:
                found.append((abs(first + start - cited.start), question))
    asked = fold(answer.question)
    questions: list[str] = []
    for _, question in sorted(found, key=lambda one: one[0]):
        worded = to_script(question, script)
        if len(questions) == limit:
            break
        if worded in questions or fold(worded) == asked:
            continue
        clause = question.partition("多少")[0].removesuffix("百分之")
        if any(clause in passage.text for passage in retrieve(worded)):
            questions.append(worded)
    return questions


def cloze(sentence: str) -> list[tuple[str, str]]:
    """Questions for the figures of a sentence, in its own words, with the value that answers each.

    >>> cloze("截至目前,全省組工乾部下基層14452人次,結成各種幫扶對子3265對。")
    [('全省組工乾部下基層多少人次？', '14452'), ('結成各種幫扶對子多少對？', '3265')]
    >>> cloze("全年財政收入增長約3.5%。")
    [('全年財政收入增長百分之多少？', '3.5')]
    """
    made = []
    found = [figure for figure in figures.find(sentence) if figure.kind == "number" and figure.unit]
    for figure in found:
        before = _CLAUSE.split(sentence[: figure.start])[-1].strip()
        clause = _BEFORE.sub("", before)
        if len(_LETTER.findall(clause)) < LETTERS or re.search(r"\d", clause) or figure.upper is not None:
            continue
        unit = re.sub(r"^[\d.,\s万萬亿億千百十]+", "", figure.text)
        asked = "百分之多少" if figure.unit == "%" else f"多少{unit or figure.unit}"
        made.append((f"{clause}{asked}？", figure.normal))
    return made
