"""What kind of figure a question asks for, and which of the figures that were read its words lead to. Pure.

For answers that add nothing but figures to the question: they have no words of their own that could be compared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from rag import figures, numerals
from rag.evidence import Sentence
from rag.figures import Found
from rag.text import CJK, fold, question_words

#: An answer with no more letters than this beside its figures and the question's own has no words to be judged by.
BARE = 4
#: How much nearer the question's words must be to another figure, as a share of what a figure could get (0 to 1).
FARTHER = 0.075
# Letters over which a word's nearness to a figure fades, what another clause adds to them, and how far back is read.
_FADING, _ANOTHER_CLAUSE, _BEFORE = 12, 4, 120

_KINDS = {
    "length": "公里 米 厘米 毫米 微米 纳米 海里 英里 英尺 英寸 光年",
    "area": "平方公里 平方米 平方厘米 公顷 英亩 亩 坪",
    "volume": "立方米 立方厘米 升 毫升",
    "mass": "吨 公斤 千克 克 毫克 斤",
    "money": "元 美元 欧元 港元 英镑 日元 韩元 澳元 加元 新台币 卢布",
    "speed": "公里每小时 米/秒",
    "time": "年 个月 周 天 日 小时 分钟 秒 个季度 世纪",
    "share": "% ‰ 个百分点 成 倍",
    "degrees": "度 摄氏度 华氏度",
    "age": "岁",
}
_KIND_OF = {unit: kind for kind, units in _KINDS.items() for unit in units.split()}
_ASKING = (
    ("date", "哪一?[年天日月]|什么时[候间]|何[时年]|几[时点]|几年(?!级)|几[月号]|时候|日期|哪个月|年份"),
    ("ordinal", "第几"),
    ("share", "百分之(?:多少|几)|百分比|(?:比[例率重]|占比)(?:约|大约)?(?:是|为|达|有)(?:多少|几)|占多少|几成"),
    ("money", "多少钱"),
    ("speed", "[时車车风流]速"),
    ("time", "多久|多长时间|多少年(?![级代])"),
    ("length", "多[高深宽远]"),
    ("age", "几岁|多少岁|多大(?:年[纪龄]|岁数)"),
    ("date", r"^(?:since |until )?when\b|\b(?:what|which) (?:year|month|day|date)\b"),
    ("share", r"\b(?:what|which) (?:percentage|percent|share|proportion)\b"),
    (
        "money",
        r"\bhow much money\b|\bhow much (?:did|does|do|will)\b.*\bcosts?\b|\bwhat (?:is|was) the (?:price|cost)\b",
    ),
    ("age", r"\bhow old\b"),
)
_ASKING_KINDS = [(kind, re.compile(words)) for kind, words in _ASKING]
_SEVERAL = re.compile(
    r"哪[些几]|都?有谁|都是谁|几[种类项个]方面|分别|列[出举]|名单|都有|各[是有为]"
    r"|\b(?:list|name)\b|\b(?:which|what|who) (?:\w+ ){0,2}(?:are|were|have)\b|\b(?:all|each) (?:of )?the\b"
)
_HOW_MANY = re.compile(r"多少|几(?!乎)")
_CLAUSE = re.compile(r"[,，。;；:：、()（）]")


def kind_of(unit: str) -> str:
    """What a unit measures; things that are counted (人, 期, 个) are of the kind count, no unit is of none.

    >>> kind_of("公里"), kind_of("英里"), kind_of("人次"), kind_of("")
    ('length', 'length', 'count', '')
    """
    return _KIND_OF.get(unit) or _KIND_OF.get(numerals.base_unit(unit)[1]) or ("count" if unit else "")


def asked_kind(question: str) -> str:
    """The kind of figure that a question asks for, empty when it does not tell.

    >>> [asked_kind(q) for q in ("哪一年成立？", "跨度多少公里？", "多少人参加？", "占比是多少？", "增长了多少？")]
    ['date', 'length', 'count', 'share', '']
    >>> [asked_kind(q) for q in ("How much money was spent?", "When was it built?", "How many came when it opened?")]
    ['money', 'date', '']
    """
    folded = fold(question)
    if found := next((kind for kind, words in _ASKING_KINDS if words.search(folded)), ""):
        return found
    for match in _HOW_MANY.finditer(folded):
        for figure in figures.find(f"3{folded[match.end() : match.end() + 4]}")[:1]:
            if figure.start == 0 and figure.kind == "number" and figure.unit:
                return kind_of(figure.unit)
    return ""


def wants_several(question: str) -> bool:
    """Whether a question asks for a list, parts of which may stand anywhere.

    >>> wants_several("《心居》的主演有哪些"), wants_several("Who were the hosts?"), wants_several("主演是誰？")
    (True, True, False)
    """
    return bool(_SEVERAL.search(fold(question)))


def of_kind(figure: Found, kind: str) -> bool:
    """Whether a figure can be the answer to a question for a kind; one without a unit can always.

    >>> [of_kind(figures.find(t)[0], "length") for t in ("3公里", "5英里", "8710人", "8710", "2011年4月")]
    [True, True, False, True, False]
    """
    if kind == "date":
        return figure.kind in ("date", "time", "period") or figure.unit in ("", "年", "岁", "世纪")
    if kind == "ordinal":
        return figure.kind in ("ordinal", "number")
    if kind == "time" and figure.kind != "number":
        return True
    return not kind or (figure.kind == "number" and kind_of(figure.unit) in ("", kind))


def unasked(question: str, written: str) -> list[str]:
    """The figures of an answer that adds nothing else to its question, when none is of the kind that is asked for.

    >>> unasked("跨度多少公里？", "共8710人次"), unasked("跨度多少公里？", "5英里"), unasked("是谁？", "8710人次")
    (['8710人次'], [], [])
    """
    kind, found = asked_kind(question), figures.find(written)
    if not _wordless(question, written, found):
        return []
    return [] if any(of_kind(figure, kind) for figure in found) else [figure.text for figure in found]


def outdone(question: str, written: str, evidence: Sequence[Sentence]) -> list[str]:
    """The figures of an answer that adds nothing else to its question, when the question's words lead to another one.

    For every figure that was read and that the question can mean, each word of the question counts for being in the
    document, in the sentence or shortly before it, in the sentence, and near the figure; a word of few sentences counts
    for more. The best of the answer's figures may fall behind the best other one by `FARTHER`. Where the question's
    language is not that of the evidence, words say nothing.

    >>> from rag.types import Document
    >>> text = "全年接待游客5200人次,举办讲座36场,参加讲座的听众3100人次。"
    >>> read = [Sentence(Document(text, text), 0, len(text))]
    >>> outdone("参加讲座的听众有多少？", "5200人次", read), outdone("参加讲座的听众有多少？", "3100人次", read)
    (['5200人次'], [])
    """
    kind, asked = asked_kind(question), figures.find(question)
    stated = figures.claims(written)
    claims = [f for f in stated if not any(figures.agree(f, a) or figures.agree(a, f) for a in asked)]
    if (
        not claims
        or not _wordless(question, written, stated)
        or _chinese(question) != any(_chinese(s.text) for s in evidence)
    ):
        return []
    words = question_words(question)
    held = [fold(sentence.text) for sentence in evidence]
    weights = {word: 1 / math.sqrt(max(1, sum(word in text for text in held))) for word in words}
    kinds = {claim.kind for claim in claims}
    dated = any(claim.date and claim.date.year for claim in claims)
    own = other = 0.0
    for sentence, text in zip(evidence, held, strict=True):
        found = figures.find(sentence.text)
        about = _about(sentence, weights)
        rivals = [
            f
            for f in found
            if of_kind(f, kind)
            and (kind or f.kind in kinds)
            and not (kind == "date" and dated and not (f.date and f.date.year))
            and not (f.kind == "number" and f.value == 1 and not f.text[0].isdigit())  # 一个, 一项
            and not any(figures.agree(f, a) or figures.agree(a, f) for a in asked)
        ]
        for figure in found:
            if any(figures.agree(claim, figure) for claim in claims):
                own = max(own, nearness(figure, text, weights, about))
            elif figure in rivals:
                other = max(other, nearness(figure, text, weights, about))
    return [claim.text for claim in claims] if other > own + FARTHER else []


def nearness(figure: Found, text: str, weights: dict[str, float], about: dict[str, int]) -> float:
    """How near words are to a figure of a sentence whose folded text is `text`: 0 to 1, by the words' weights.

    `about`: for each word, how much its being before the sentence and in the document counts, see `_about`.
    """
    total = 0.0
    for word, weight in weights.items():
        places = [match.start() for match in _word(word).finditer(text)]
        total += weight * about[word]
        if places:
            total += 2 * weight * math.exp(-min(_distance(figure, at, at + len(word), text) for at in places) / _FADING)
    return total / (5 * sum(weights.values()) or 1.0)


def _about(sentence: Sentence, words: Iterable[str]) -> dict[str, int]:
    """For each word, in how many of these it is: the sentence, it or what stands shortly before it, its document."""
    document = fold(f"{sentence.document.title} {sentence.document.text}")
    text = fold(sentence.text)
    before = fold(sentence.document.text[max(0, sentence.start - _BEFORE) : sentence.start])
    counts = {}
    for word in words:
        here = bool(_word(word).search(text))
        counts[word] = here + (here or bool(_word(word).search(before))) + bool(_word(word).search(document))
    return counts


def _word(word: str) -> re.Pattern[str]:
    """Finds a word; a number only where it is not a part of another one."""
    return re.compile(rf"(?<![0-9.]){re.escape(word)}(?![0-9])" if word[0].isdigit() else re.escape(word))


def _distance(figure: Found, start: int, end: int, text: str) -> int:
    """Letters between a figure and a word; more when a comma is between them."""
    gap = text[end : figure.start] if start < figure.start else text[figure.end : start]
    return len(gap) + (_ANOTHER_CLAUSE if _CLAUSE.search(gap) else 0)


def _wordless(question: str, written: str, claims: Sequence[Found]) -> bool:
    """Whether an answer adds nothing but figures to its question."""
    for figure in reversed(claims):
        written = f"{written[: figure.start]} {written[figure.end :]}"
    return len(re.sub(r"[\W\d_]", "", fold(written)).translate(dict.fromkeys(map(ord, fold(question))))) <= BARE


def _chinese(text: str) -> bool:
    return bool(re.search(f"[{CJK}]", text))
