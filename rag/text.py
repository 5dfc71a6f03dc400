"""Text rules that every other module shares: folding, scripts, sentences, tokens.

Pure: strings in, strings and character offsets out. It knows nothing of documents, models or storage.

Folding is done character by character, so that a folded text can always be mapped back to the original by
offset (whole-string conversions such as NFKC or OpenCC's phrase tables change lengths).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

import opencc

Script = Literal["zh-Hant", "zh-Hans", "en"]

#: The letters of Chinese, Japanese kana included; these are written without spaces between words.
CJK = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"

# Pairs that OpenCC leaves apart, as their meaning depends on the context. For finding a passage they are one letter.
_VARIANTS = str.maketrans("著瞭餘馀乾薑甦藉锺谘钜", "着了余余干姜苏借钟咨巨")


@lru_cache(maxsize=8)
def _converter(config: str) -> opencc.OpenCC:
    return opencc.OpenCC(config)


class _Table(dict[int, str]):
    """A `str.translate` table that works out each character the first time it is met."""

    def __init__(self, work_out: Callable[[str], str]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, code: int) -> str:
        self[code] = folded = self._work_out(chr(code))
        return folded


def _simplified(character: str) -> str:
    if not re.match(f"[{CJK}]", character):
        return character
    return str(_converter("t2s").convert(character)).translate(_VARIANTS)


def _folded(character: str) -> str:
    folded, previous = character, ""
    while folded != previous:
        previous = folded
        bare = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", folded))
        folded = unicodedata.normalize("NFKC", bare).translate(_SIMPLIFIED).casefold()
    return folded


_SIMPLIFIED = _Table(_simplified)
_FOLDED = _Table(_folded)


def fold(text: str) -> str:
    """The form in which texts are compared: simplified script, half width, no case, no Latin accents.

    >>> fold("培訓組工乾部８７１０人次，ＧＤＰ Café")
    '培训组工干部8710人次,gdp cafe'
    """
    return text.translate(_FOLDED)


class Folded(NamedTuple):
    """A folded text with the way back: `offsets[i]` is where folded character i starts in the original.

    `offsets` has one entry more than `text`, the length of the original.
    """

    text: str
    offsets: list[int]


def fold_with_offsets(text: str) -> Folded:
    """`fold`, with the original offset of every folded character.

    >>> fold_with_offsets("㎏ 乾")
    Folded(text='kg 干', offsets=[0, 0, 1, 2, 3])
    """
    pieces: list[str] = []
    offsets: list[int] = []
    for index, character in enumerate(text):
        folded = _FOLDED[ord(character)]
        pieces.append(folded)
        offsets.extend([index] * len(folded))
    offsets.append(len(text))
    return Folded("".join(pieces), offsets)


def compact(text: str) -> str:
    """`fold`, without spaces and thousands separators: how answers are compared.

    >>> compact("8,710 人次") == compact("８７１０人次")
    True
    """
    folded = fold(text)
    folded = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", folded)
    return re.sub(r"\s+", "", folded)


def simplify(text: str) -> str:
    """Chinese characters in simplified script, one for one; the rest, case and width included, untouched.

    This is what the encoder and the language model read: it takes a fifth fewer tokens than traditional script, gives
    both scripts the same vector, and mends machine-converted text.

    >>> simplify("培訓組工乾部8710人次")
    '培训组工干部8710人次'
    """
    return text.translate(_SIMPLIFIED)


def to_script(text: str, script: Script) -> str:
    """Chinese text in the reader's script, by phrase (干部 is 幹部, 干燥 is 乾燥); English readers get it as it is.

    >>> to_script("培训组工干部8710人次", "zh-Hant")
    '培訓組工幹部8710人次'
    """
    if script == "en":
        return text
    return str(_converter("s2t" if script == "zh-Hant" else "t2s").convert(text))


def script_of(text: str) -> Script:
    """The language and script that a text is written in; a text with no letters that tell is simplified Chinese.

    >>> [script_of(t) for t in ("培訓多少人？", "培训多少人？", "How many cadres?", "GDP是多少")]
    ['zh-Hant', 'zh-Hans', 'en', 'zh-Hans']
    """
    chinese = re.findall(f"[{CJK}]", text)
    words = re.findall(r"[A-Za-z]{2,}", text)
    if len(words) > len(chinese) or (words and not chinese):
        return "en"
    simplified = sum(_converter("s2t").convert(c) != c for c in chinese)
    traditional = sum(_converter("t2s").convert(c) != c for c in chinese)
    return "zh-Hant" if traditional > simplified else "zh-Hans"


_CLOSERS = "」』”’\"'）)》】〕〉"
# A full stop ends a sentence before a space and a capital or a CJK letter, not in 3.5, e.g. or J. Smith.
_SENTENCE_END = re.compile(
    rf"(?:[。！？；…｡]++|(?<![!?;])[!?;]++(?=[\s{_CLOSERS}{CJK}]|$)|(?<![A-Z.])(?<!\b[A-Za-z])(?<!\b(?:Mr|Dr|St|vs|No))(?<!Mrs)"
    rf"\.++(?=[{_CLOSERS}]*(?:\s+[\"“'(\[]?[A-Z0-9{CJK}]|\s*$)))[{_CLOSERS}]*|\n+"
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences of a text, in order, without the white space around them.

    A line break ends a sentence. Every character that is not white space is in exactly one span.

    >>> text = '講黨課;深入開展。他說：「好！」Growth was 3.5%. Then it fell.'
    >>> [text[start:end] for start, end in sentences(text)]
    ['講黨課;', '深入開展。', '他說：「好！」', 'Growth was 3.5%.', 'Then it fell.']
    """
    return list(_trimmed(text, _SENTENCE_END))


def clauses(text: str) -> list[tuple[int, int]]:
    """Spans of the clauses of one sentence, cut after commas and their kin; for sentences too long to read whole."""
    return list(_trimmed(text, re.compile(r"[，、：]+|(?<!\d)[,:]+|[,:]+(?!\d)")))


def _trimmed(text: str, separator: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for end in [match.end() for match in separator.finditer(text)] + [len(text)]:
        piece = text[start:end]
        if stripped := piece.strip():
            left = start + piece.index(stripped[0])
            yield left, left + len(stripped)
        start = end


_TOKEN = re.compile(
    rf"\d{{1,3}}(?:,\d{{3}}(?!\d))+(?:\.\d+)?|\d+(?:\.\d+)*|[{CJK}]+|[^\W\d_{CJK}]+(?:'[^\W\d_{CJK}]+)?"
)


def tokens(text: str) -> list[str]:
    """The words of the lexical index: bigrams of CJK letters, whole numbers, whole Latin words, all folded.

    >>> tokens("培訓乾部8,710人次 in 3.5 hours")
    ['培训', '训干', '干部', '8710', '人次', 'in', '3.5', 'hours']
    """
    found: list[str] = []
    for match in _TOKEN.finditer(fold(text)):
        word = match.group()
        if word[0].isdecimal():
            found.append(word.replace(",", ""))
        elif re.match(f"[{CJK}]", word):
            found.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            found.append(word)
    return found


_PAIR = re.compile(f"[{CJK}]{{2}}")


def words_in(words: Iterable[str], text: str) -> set[str]:
    """Those of some `tokens` that are among the tokens of a text; far sooner known than all that the text has.

    >>> sorted(words_in(["干部", "871", "8710", "art"], "培訓乾部8,710人次 in part"))
    ['8710', '干部']
    """
    folded = fold(text)
    bare = folded.replace(",", "")  # a number's token has none
    held = {word for word in words if word in bare}
    # Two letters of Chinese that stand side by side are a token; anything else may be a part of a longer one.
    sure = {word for word in held if _PAIR.fullmatch(word) and word in folded}
    if len(sure) == len(held):
        return sure
    return sure | held.intersection(match.replace(",", "") for match in _TOKEN.findall(folded))


# Words that ask or join and are in every passage or in none; they say nothing about where an answer stands.
_ASKING = re.compile(
    "什么时候|什么|多少|哪些|哪个|哪里|哪位|哪年|哪一|哪|谁|如何|怎么|怎样|为何|何时|何地|何|是否|吗|呢|请问|具体|分别|叫做|"
    "多久|多大|多长|多高|几|[的了是在有和与及或被把将于对为从到等其这那之而并也都就]"
)
_ENGLISH_ASKING = frozenset(
    "what which who whom whose when where why how many much is are was were do does did the a an of in on at to for "
    "from by with and or that this these it its as be been has have had".split()
)


def question_words(question: str) -> list[str]:
    """The `tokens` of a question that can point to a passage, each once, in order.

    >>> question_words("今年以來培訓了多少組工幹部？"), question_words("How many cadres were trained?")
    (['今年', '年以', '以来', '来培', '培训', '组工', '工干', '干部'], ['cadres', 'trained'])
    """
    words = tokens(_ASKING.sub(" ", fold(question)))
    return [word for word in dict.fromkeys(words) if word not in _ENGLISH_ASKING]
