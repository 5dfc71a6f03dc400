"""A document becomes chunks: runs of whole sentences, small enough for the encoder, with their exact offsets.

Pure but for the token counter it is given. It knows nothing of files, of storage or of models.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from ingest.chrome import body_spans
from ingest.header import header
from rag.text import CJK, clauses, fold, sentences
from rag.types import Chunk, Document

CountTokens = Callable[[Sequence[str]], list[int]]


def split(document: Document, count_tokens: CountTokens, *, limit: int = 160, minimum: int = 60) -> list[Chunk]:
    r"""The chunks of a document, in order: runs of sentences of at most `limit` tokens, without a page's chrome.

    Every character of the body that is not white space is in exactly one chunk, and
    `document.text[chunk.start:chunk.end] == chunk.text`. The header is a chunk of its own, so that questions about
    title, issue and date find it, and so are the editors' names at the end. A heading begins a chunk, stays with what
    follows, and is remembered for the chunks after it that stand under it. A chunk ends at a paragraph's end once it
    has `minimum` tokens; one that would have fewer takes sentences over from the one before. A sentence over the limit
    is cut at its clauses, a clause over it at a pause or else anywhere, though not inside a number that is shorter than
    the limit.

    `count_tokens` gives the lengths of several texts, each with the special tokens that an empty text has too. It is
    taken to be additive: the tokens of a chunk are those of its sentences and of the white space between them. Raises
    ValueError for a limit below 1.

    >>> text = "簡報第138期\n2011-04-19 來源:東北網\n開展培訓341期。培訓8710人次。\n責任編輯:王凌霞"
    >>> [chunk.text for chunk in split(Document("a", text), lambda texts: [len(text) for text in texts])]
    ['簡報第138期\n2011-04-19 來源:東北網', '開展培訓341期。培訓8710人次。', '責任編輯:王凌霞']
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; a chunk needs room for at least one token.")
    text = document.text
    measure = _Measure(text, count_tokens)
    room = max(1, limit - measure.extra)
    pieces = measure.gaps(_cut_to_fit(measure.tokens(list(_sentences(text))), measure, room))
    groups = _balanced(_packed(pieces, room, minimum), room, minimum)
    headings = _headings_above(text)
    return [
        Chunk(group[0].start, group[-1].end, text[group[0].start : group[-1].end], headings(group[0].start))
        for group in groups
    ]


#: How a piece may follow the one before: in the same chunk, rather in a new one, or in a new one only.
_Break = Literal["none", "soft", "hard"]
_Kind = Literal["header", "heading", "credit", "section", "text"]


class _Piece(NamedTuple):
    """A sentence or a part of one. `gap` is the tokens of the white space before it, `tokens` its own."""

    start: int
    end: int
    follows: _Break
    tokens: int = 0
    gap: int = 0


def _sentences(text: str) -> Iterator[_Piece]:
    header_end = header(text).end
    for block_start, block_end in body_spans(text):
        previous: _Kind | None = None
        end = block_start
        for line in re.finditer(r"[^\n]+", text[block_start:block_end]):
            start = block_start + line.start()
            kind: _Kind = "header" if start < header_end else _kind(line.group())
            follows = _break(previous, kind, text[end:start], text[end - 1 : end] if previous else "")
            for left, right in sentences(line.group()):
                yield _Piece(start + left, start + right, follows)
                previous, follows, end = kind, "none", start + right


def _break(previous: _Kind | None, kind: _Kind, space: str, last: str) -> _Break:
    """How a line begins, given the line before, the white space between them and the last character before it."""
    if previous is None:
        return "hard"
    if previous == "heading" and kind != "credit":
        return "none"
    if kind == "section" or (kind != previous and (previous, kind) != ("section", "text")):
        return "hard"
    # A line that ends no sentence, with no empty line after it, was wrapped at a column or is an item of a list.
    return "soft" if kind == "text" and (space.count("\n") > 1 or last in _ENDS) else "none"


_ENDS = frozenset("。！？!?…;；.”」』）)")
# Met by folded lines.
_ORDINAL = "[一二三四五六七八九十百]+"
_HEADING = re.compile(
    rf"#{{1,6}} .+|(?:第(?:{_ORDINAL}|\d+)(?:编|章|节|部分)|{_ORDINAL}、|\({_ORDINAL}\)|\d{{1,2}}(?:\.\d{{1,2}})+ "
    r"|\d{1,2}[.、]\s?(?=\D)).{0,40}(?<![。;!?,:.…])"
)
# 一、突出重點,… at the beginning of a long paragraph
_SECTION = re.compile(rf"\s*(?:第{_ORDINAL}[编編章节節部]|{_ORDINAL}、|[(（]{_ORDINAL}[)）])")
_NAMED = r"(?:本期|责任|值班|实习|执行|网络)?编辑|责编|主编|校对|特约记者|记者|通讯员|作者|撰稿|摄影"
_ROLE = (
    rf"{_NAMED}|副主编|编审|编校|责任校对|审核|审校|初审|复审|终审|监制|策划|签发|供稿|撰文|文字?|图片?|来源|稿源"
    r"|editor|reporter|source"
)
# 責任編輯:王凌霞, (记者 张三、李四)
_CREDIT = re.compile(
    rf"[(\[【]?(?:(?:{_ROLE})(?:[、/和](?:{_ROLE}))*\s?:[^,]{{0,40}}"
    rf"|(?:{_NAMED})(?:[ 、][{CJK}·]{{2,4}}(?=[ 、)\]】]|$))+)[)\]】]?"
)


def _kind(line: str) -> _Kind:
    if len(line) > 100:
        return "section" if _SECTION.match(line) else "text"
    folded = " ".join(fold(line).split())
    if _HEADING.fullmatch(folded):
        return "heading"
    if _CREDIT.fullmatch(folded) and not re.search("[。;!?]", folded):
        return "credit"
    return "text"


# --- what a passage stands under

# By what a heading begins with: how deep it is, and from which depth on the ones before it no longer hold.
_LEVELS = [
    re.compile(pattern)
    for pattern in (
        r"# |第\S+[编章部]|第\S+部分",
        r"## |第\S+节",
        rf"### |{_ORDINAL}、",
        rf"#### |\({_ORDINAL}\)",
        r"#####? |\d{1,2}[.、]\s?(?=\D)|\d{1,2}\.\d{1,2} ",
        r"",
    )
]
#: Characters of headings that are kept with a passage, the nearest ones first.
_LONGEST_HEADING = 60


def _headings_above(text: str) -> Callable[[int], str]:
    """For an offset, the headings that it stands under, the widest first, one a line; none that begins there."""
    starts: list[int] = []
    paths: list[tuple[tuple[int, str], ...]] = []
    above: tuple[tuple[int, str], ...] = ()
    for line in re.finditer(r"[^\n]+", text):
        if len(line.group()) > 100 or _kind(line.group()) != "heading":
            continue
        folded = fold(line.group().strip())
        depth = next(level for level, pattern in enumerate(_LEVELS) if pattern.match(folded))
        wider = tuple((level, words) for level, words in above if level < depth)
        above = (*wider, (depth, line.group().strip("# \t\u3000")))
        starts += [line.start(), line.end()]
        paths += [wider, above]

    def headings(offset: int) -> str:
        found = bisect.bisect_right(starts, offset) - 1
        kept: list[str] = []
        for _, words in reversed(paths[found] if found >= 0 else ()):
            if sum(map(len, kept)) + len(words) > _LONGEST_HEADING:
                break
            kept.insert(0, words)
        return "\n".join(kept)

    return headings


# --- from sentences to pieces that fit


class _Measure:
    """Counts tokens of spans of one text, a bounded batch at a time: encoders pad a batch to its longest text."""

    batch = 512

    def __init__(self, text: str, count_tokens: CountTokens) -> None:
        self.text = text
        self._count_tokens = count_tokens
        #: The special tokens that every text has, whatever its length.
        self.extra = count_tokens([""])[0]

    def _count(self, texts: Sequence[str]) -> Iterator[int]:
        for start in range(0, len(texts), self.batch):
            some = texts[start : start + self.batch]
            for _, count in zip(some, self._count_tokens(some), strict=True):
                yield max(0, count - self.extra)

    def tokens(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        counts = self._count([self.text[piece.start : piece.end] for piece in pieces])
        return [piece._replace(tokens=count) for piece, count in zip(pieces, counts, strict=True)]

    def gaps(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """The pieces with their `gap`. There are few different ones, so each is counted once."""
        starts = [0, *(piece.end for piece in pieces)]
        spaces = [self.text[start : piece.start] for start, piece in zip(starts, pieces, strict=False)]
        different = sorted(set(spaces[1:]) - {""})
        counts = {"": 0, **dict(zip(different, self._count(different), strict=True))}
        return [piece._replace(gap=counts.get(space, 0)) for piece, space in zip(pieces, spaces, strict=True)]


def _cut_to_fit(pieces: list[_Piece], measure: _Measure, limit: int) -> list[_Piece]:
    """Pieces of at most `limit` tokens, or of one character. All that are too long are cut and counted together."""
    text = measure.text
    for cut in itertools.chain([_clauses], itertools.repeat(_shares)):
        shorter = {
            piece: _parts(text, piece, cut(text, piece, limit))
            for piece in pieces
            if piece.tokens > limit and piece.end - piece.start > 1
        }
        if not shorter:
            break
        measured = iter(measure.tokens([part for parts in shorter.values() for part in parts]))
        pieces = [
            part
            for piece in pieces
            for part in (itertools.islice(measured, len(shorter[piece])) if piece in shorter else (piece,))
        ]
    return pieces


def _parts(text: str, piece: _Piece, cuts: Sequence[int]) -> list[_Piece]:
    """A piece cut at these offsets, without white space around the parts. It had rather begin a chunk than end one."""
    parts: list[_Piece] = []
    follows: _Break = "soft" if piece.follows == "none" else piece.follows
    for start, end in itertools.pairwise([piece.start, *cuts, piece.end]):
        part = text[start:end]
        if part.strip():
            left = start + len(part) - len(part.lstrip())
            parts.append(_Piece(left, left + len(part.strip()), follows))
            follows = "none"
    return parts


def _clauses(text: str, piece: _Piece, limit: int) -> list[int]:
    spans = clauses(text[piece.start : piece.end])
    cuts = [piece.start + end for _, end in spans[:-1]]
    return [cut for cut in cuts if not _WHOLE.match(text, cut)]


def _shares(text: str, piece: _Piece, limit: int) -> list[int]:
    """Cuts into as many equal shares as the token count asks for; at least two, so that the rounds come to an end."""
    size = -(-(piece.end - piece.start) // (piece.tokens // limit + 1))
    cuts: list[int] = []
    start = piece.start
    while piece.end - start > size:
        start = _cut_point(text, start, start + size)
        cuts.append(start)
    return cuts


def _cut_point(text: str, start: int, stop: int) -> int:
    """The last pause in the second half of a share, else the last place outside words and numbers, else its end."""
    allowed = [spot for spot in range(stop, (start + stop) // 2, -1) if not _WHOLE.match(text, spot)]
    return next((spot for spot in allowed if text[spot - 1] in _PAUSES), allowed[0] if allowed else stop)


_PAUSES = frozenset(" \t\xa0\u3000，、,;；:：。)）」』》】”’")
_NUMERALS = r"\d〇○零一二三四五六七八九十百千万萬亿億"
# Matches where a cut would make two numbers or words of one: 87|10, 8,|710, 23|:28, 3.5|%, 八千|七百, Xin|hua.
_WHOLE = re.compile(
    rf"(?<=[{_NUMERALS}])(?=[{_NUMERALS}])|(?<=\d[,.:，．：])(?=\d)|(?<=\d)(?=[,.:，．：]\d|[%％])|(?<=[A-Za-z])(?=[A-Za-z])"
)


# --- from pieces to chunks


def _packed(pieces: Sequence[_Piece], limit: int, minimum: int) -> list[list[_Piece]]:
    groups: list[list[_Piece]] = []
    size = 0
    for piece in pieces:
        grown = size + piece.gap + piece.tokens
        fits = groups and grown <= limit and piece.follows != "hard"
        if fits and not (piece.follows == "soft" and size >= minimum):
            groups[-1].append(piece)
            size = grown
        else:
            groups.append([piece])
            size = piece.tokens
    return groups


def _balanced(groups: list[list[_Piece]], limit: int, minimum: int) -> list[list[_Piece]]:
    """Groups smaller than `minimum` take pieces over from the one before, as long as that one keeps as much."""
    for before, group in itertools.pairwise(groups):
        while (
            group[0].follows != "hard"
            and _size(group) < minimum <= _size(before[:-1])
            and before[-1].tokens + group[0].gap + _size(group) <= limit
        ):
            group.insert(0, before.pop())
    return groups


def _size(group: Sequence[_Piece]) -> int:
    return sum(piece.tokens for piece in group) + sum(piece.gap for piece in group[1:])
