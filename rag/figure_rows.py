"""The figures of a document as rows of a table: each with what it counts, its sentence and where both stand. Pure.

What a figure counts is told by the words around it, as they are written there; nothing here understands them. Only
figures that count or measure are rows: no dates, times and ordinals, no numbers that are names, codes or telephones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rag import figures
from rag.figures import Found
from rag.text import CJK, clauses, fold, sentences, simplify
from rag.types import Document

#: How wide the words that tell what a figure counts may be: a Chinese letter is two columns wide, any other is one.
WIDEST = 48
#: A sentence of more characters is read by its clauses, joined up to half as many.
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of a document. `document.text[start:end] == sentence`, `document.text[figure_start:figure_end] == text`.

    `date` is the document's ISO day (`Document.as_of`), empty for none. `value`, `unit`, `upper` (the end of a range)
    and `approximate` are those of `figures.Found`. `what`: see `what_of`. `number` and `conflicting`, whether another
    document gives another value for the same thing, are known to a table only.
    """

    number: int
    document: str
    title: str
    source: str
    date: str
    text: str
    value: Decimal
    upper: Decimal | None
    approximate: bool
    unit: str
    what: str
    sentence: str
    start: int
    end: int
    figure_start: int
    figure_end: int
    page: int | None
    conflicting: bool = False


def rows_of(document: Document) -> Iterator[Row]:
    """The rows of a document, in its order.

    >>> text = "第138期。年初以來，全省開展組工乾部培訓341期，培訓組工乾部8710人次。電話：010-85202353"
    >>> [(row.text, str(row.value), row.unit, row.what) for row in rows_of(Document("a", text))]
    [('341期', '341', '期', '全省開展組工乾部培訓'), ('8710人次', '8710', '人次', '培訓組工乾部')]
    """
    for start, end in _spans(document.text):
        sentence = document.text[start:end]
        for found in figures.find(sentence):
            if not counts(sentence, found):
                continue
            at = start + found.start
            yield Row(
                0,
                document.id,
                document.title,
                document.source,
                document.as_of,
                found.text,
                found.value,
                found.upper,
                found.approximate,
                found.unit,
                what_of(sentence, found),
                sentence,
                start,
                end,
                at,
                start + found.end,
                document.page_at(at),
            )


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a text; those that are too long to be read whole, by clauses."""
    for start, end in sentences(text):
        if end - start <= LONGEST or _CELL_END in text[start:end]:
            yield start, end
            continue
        begun = start
        ended = start
        for left, right in clauses(text[start:end]):
            if ended > begun and start + right - begun > LONGEST // 2:
                yield begun, ended
                begun = start + left
            ended = start + right
        yield begun, ended


# --- which figures are rows

# In a table's row as `ingest` writes it: 地區：哈爾濱 | 人次：8710.
_CELL_END = " | "
_NAME_END = re.compile("[：:]")
_COUNTERS = frozenset(
    "人 名 位 户 家 版 份 件 条 项 对 篇 部 本 册 辆 台 架 艘 枚 颗 座 栋 套 批 类 种 只 头 匹 代 集 团 章 节 卷 场 "
    "站 级 层 村 县 市 省 国 镇 乡 页 趟 票 组 张 所 间 处 支 根 幅 株 块 片 轮 款 笔 句 列 股 个 次 期 届 人次 辆次 "
    "架次 班次".split()
)
_NO_COUNT = frozenset("号 号线 线 月 日".split())
_SCALED = re.compile("[万亿]|分之|(?a:hundred|thousand|million|billion|trillion)")
_LINK = re.compile(r"(?:[为是达至到约超近共有计逾过仅破余了:]|[数率量额值度]|[占之]比)\s?$")
_CODE = re.compile(
    r"(?:序号|编号|号码|证号|帐号|账号|股号|代码|电话|手机|热线|传真|邮编|邮箱|网址|年份|年度|日期|时间|qq|微信|id|no\.?|tel\.?|"
    r"phone|fax|code|year|date)\s?[:：]?\s?$"
)
_GLUED_BEFORE, _GLUED_AFTER = re.compile(r"[a-z0-9#_/@.:–-]$|[(]$"), re.compile(r"\s?[-–/:@_]\s?\d|[a-z_@%]|\.\w|[)】]")
_NAME_BEFORE = re.compile(r"(?a:\S\s(?-i:[A-Z])[\w-]*\s$)")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_YEAR_BEFORE = re.compile(
    r"(?ai:\b(?:in|since|from|until|till|by|between|during|after|before|and|to|of|circa|year)\s$)"
)


def counts(sentence: str, found: Found) -> bool:
    """Whether a figure counts or measures something.

    >>> text = "電話010-85202353，Mate 60售5999元，一個平臺，約400萬"
    >>> [figure.text for figure in figures.find(text) if counts(text, figure)]
    ['5999元', '400萬']
    >>> row = "序號：1 | 地區：大慶 | 人次：2010"
    >>> [figure.text for figure in figures.find(row) if counts(row, figure)]
    ['2010']
    """
    if found.kind != "number" or found.unit in _NO_COUNT:
        return False
    text = fold(found.text)
    before, after = fold(sentence[max(0, found.start - 24) : found.start]), fold(sentence[found.end : found.end + 16])
    if found.unit == "年" and found.value >= 100 and found.value % 100 and not found.approximate:
        return False
    if found.unit:
        return not (text.startswith("一") and len(text) == 1 + len(found.unit) and found.unit in _COUNTERS)
    if re.match("0[0-9]", text) or _CODE.search(before):
        return False
    cell = _cell(sentence, found)
    if cell is not None and not cell[1].replace(found.text, "", 1).strip("()（）+- "):
        return True
    if _GLUED_BEFORE.search(before.rstrip(":")) or _GLUED_AFTER.match(after):
        return False
    if _SCALED.search(text):
        return True
    if _YEAR.fullmatch(text):
        return False
    if "," in text or _LINK.search(before):
        return True
    if _NAME_BEFORE.search(sentence, 0, found.start) or not _WORDS.match(sentence, found.end):
        return False
    return not (len(text) == 4 and text.isdecimal() and _YEAR_BEFORE.search(before))


def is_cell(row: Row) -> bool:
    """Whether a row's figure stands in a table."""
    return _CELL_END in row.sentence


def _cell(sentence: str, found: Found) -> tuple[str, str] | None:
    """Name and value of the table's cell that a figure is the value of or stands in; None outside of a table."""
    if _CELL_END not in sentence:
        return None
    start = sentence.rfind(_CELL_END, 0, found.start)
    start = 0 if start < 0 else start + len(_CELL_END)
    end = sentence.find(_CELL_END, found.end)
    cell = sentence[start : len(sentence) if end < 0 else end]
    if (parting := _NAME_END.search(cell)) and start + parting.end() <= found.start:
        return cell[: parting.start()].strip(), cell[parting.end() :].strip()
    return "", cell.strip()


# --- what they count

_SEGMENT_END = re.compile(r"([,，。；;:：（）()「」『』《》〈〉【】\[\]“”\"!?！？|\n\t…\0]+|\.\s|——)")
_LISTED = re.compile("(?:[和及与與、]|以及|(?a:\\band))\\s*$")
_DATE_LEAD = re.compile("(?:截至|截止|[在于於自从從到至])$")
_LEAD = re.compile(
    r"(?:[\s、的之·*•-]|以上|以下|以内|左右|上下|人民币|其中|截至|截止|到目前|目前|当前|今年以来|年初以来|以来|今年|今日|日前|近日|"
    r"期间|后(?![续期备勤代])|此外|另外|同时|据悉|据介绍|据了解|记者|已经|一共|总共|并且|而且|且|而(?!立)|并(?![购列轨发])|但是?|则|也|又|还(?![款贷原])|"
    r"共(?![享同和产建有党识青])|分别|已|其(?![他余它])|和(?![平谐])|与(?!会)|及(?![时格])|以及|或者?|"
    r"(?ai:(?:a|an|the|and|of|in|to|with|by|for|from|that|which|or|but|as|at|on|while|there|so far|this year)\b\s?))+"
)
_TRAIL = re.compile(
    r"(?:[\s、了:：-]|不(?:超过|少于|低于|多于|高于|足|到)|拥有|达到|多达|高达|(?<![到抵发表送传])达|大约|(?<![节条合公制])约|(?<![行认作因以])为|(?<![拥享所占持具])有|"
    r"(?<![但可于要])是|共计|合计|总计|累计|一共|总共|(?<!公)共|接近|(?<![附邻最])近|超过|(?<!赶)超|突破|仅|只|已|逾|"
    r"(?<=[升降增减涨跌])[到至]|分别|从|由|(?<![存现正所实])在|将|(?<!标)的|"
    r"(?ai:\s(?:a|an|the|of|in|to|by|at|is|are|was|were|has|have|had|been|be|about|over|nearly|almost|around|some|"
    r"more than|less than|at least|up to|from|for|with|on|and|as many as))(?=\s*$))+$"
)
_WEAK = re.compile(
    "同比|环比|比重|占比|增长|下降|上升|下跌|上涨|减少|增加|提高|提升|回落|降低|增幅|跌幅|降幅|涨幅|增速|较|同期|去年|上年|前年|"
    "上月|上期|本期|当年|当月|今年|全年|达到|分别|其中|累计|合计|总计|超过|升至|降至|增至|约为|预计|以及|"
    "[占为和至到共达比约等或的了仅则是在从由与及并也还又个亿万元]|"
    "(?a:\\b(?:rose|fell|rises?|falls?|grew|increased?|decreased?|declined|dropped|up|down|by|to|from|of|and|or|an?|the|was|"
    "were|is|are|year-on-year|yoy|compared|with|than|last|year|it|they)\\b)"
)
_NOUN = re.compile(
    f"[{CJK}·]{{1,10}}?(?=[^{CJK}·]|$|[和及与與共對对為为是將将被在均都已也並并從从由向于於以给給参參到至占比]|進行|进行|開展|开展|的是)"
)
_WORDS = re.compile(
    r"(?a:[\s-](?!(?:in|of|by|and|from|to|were|was|is|are|have|has|had|at|on|for|with|as|or|that|who|which|per|year|"
    r"compared|than|but|this|last|since|during|between|after|before|the|an?|when|where|while|he|she|it|they|we|saw|did|can|will)\b)[a-z][\w'-]*){1,3}"
)


def what_of(sentence: str, found: Found) -> str:
    """What a figure counts, in the words of its sentence: those before it, and the noun behind it if it has a counter.

    The two are joined by …, as are words of earlier clauses, which come first where those before the figure only say
    how much it grew. In a table's row it is the first cell with the name of the figure's column. Never longer than
    WIDEST columns; empty if nothing tells.

    >>> def whats(text):
    ...     return [what_of(text, found) for found in figures.find(text) if counts(text, found)]
    >>> whats("截至目前，全省組工乾部下基層14452人次，為基層群眾解決實際問題6757個")
    ['全省組工乾部下基層', '為基層群眾解決實際問題']
    >>> whats("341期培訓班"), whats("共表彰20名干部和3个集体"), whats("营收410亿元（57亿美元），同比增长31.2%")
    (['培訓班'], ['表彰…干部', '表彰…集体'], ['营收', '营收', '营收…同比增长'])
    >>> whats("地區：哈爾濱 | 培訓班：341期 | 人次：8710")
    ['哈爾濱 培訓班', '哈爾濱 人次']
    >>> whats("8,710 cadres were trained"), whats("Harbin has trained 300 cadres, up 3.5% year-on-year")
    (['cadres'], ['Harbin has trained…cadres', 'Harbin has trained…cadres…up'])
    """
    if (cell := _cell(sentence, found)) is not None and cell[0]:
        first = sentence.split(_CELL_END)
        label = next((text for text in map(_value, first) if re.search(f"[{CJK}A-Za-z]", text)), "")
        own = "" if label == cell[1] or found.text in label else label
        return _shortened(f"{own} {cell[0]}".strip())
    *segments, (last, behind) = _segments(sentence, found)
    if behind and segments and _LISTED.search(last):  # 表彰20名干部和3个集体
        last, _ = segments.pop()
    last = _trimmed(last)
    told = _tells(last) or any(_tells(_trimmed(segment)) for segment, _ in segments)
    noun = _noun_after(sentence, found) if not told or not found.unit or found.unit in _COUNTERS else ""
    if noun and not _tells(last):
        return _shortened(f"{last}…{noun}" if re.match(f"[{CJK}]{{2}}", last) else noun)
    parts = [last, noun]
    while segments and not _tells("".join(parts)):
        earlier, behind = segments.pop()
        if _tells(_trimmed(earlier)):
            parts = [_trimmed(segments[-1][0]) if behind and segments else "", _trimmed(earlier), *parts]
    return _shortened("…".join(filter(None, parts)))


def _segments(sentence: str, found: Found) -> list[tuple[str, bool]]:
    """What stands before a figure, cut at marks and other numbers, and whether a number stands right before each."""
    pieces, at = [], 0
    for other in figures.find(sentence):
        if other.end > found.start:
            break
        pieces += [_DATE_LEAD.sub("", sentence[at : other.start]), "\0" if other.kind == "number" else " "]
        at = other.end
    parts = ["", *_SEGMENT_END.split("".join([*pieces, sentence[at : found.start]]))]
    return [(part, mark == "\0") for mark, part in zip(parts[::2], parts[1::2], strict=True)]


def _value(cell: str) -> str:
    parting = _NAME_END.search(cell)
    return cell[parting.end() :].strip() if parting else cell.strip()


def _trimmed(segment: str) -> str:
    """A segment without the words at its ends that tell nothing of what is counted."""
    simple = simplify(segment)  # one for one
    lead = _LEAD.match(simple)
    start = lead.end() if lead else 0
    trail = _TRAIL.search(simple, start)
    return " ".join(segment[start : trail.start() if trail else None].split())


def telling(text: str) -> str:
    """What is left of the words of a figure without those that say how it is, and not what: 同比增長 of what?

    >>> telling("營收同比增長")
    '营收'
    """
    return _WEAK.sub("", simplify(text).lower())


def _tells(text: str) -> bool:
    rest = telling(text)
    return len(re.findall(f"[{CJK}]", rest)) > 1 or bool(re.search("[a-z]{2,}", rest))


def _noun_after(sentence: str, found: Found) -> str:
    if words := _WORDS.match(sentence, found.end):
        return words[0].lstrip(" -")
    noun = _NOUN.match(sentence[found.end :].lstrip())
    return noun[0].strip("的") if noun else ""


def _shortened(text: str) -> str:
    """The end of a text, no wider than WIDEST, from the beginning of a word on."""
    width = 0
    for index in range(len(text) - 1, -1, -1):
        width += 1 + (text[index] > "\u2e80")
        if width > WIDEST:
            rest = text[index + 1 :]
            inside = re.match(r"(?a:[\w-]*)", rest) if re.match(r"(?a:[\w-])", text[index]) else None
            return rest[inside.end() if inside else 0 :].lstrip(" …")
    return text
