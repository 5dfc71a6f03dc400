"""What a document says of itself beyond title, source and date: its issue, its author, and the period that it covers.

Pure. Only what is said plainly is taken: a wrong period sends a reader to the wrong report, a missing one does no harm.
It knows the document's own words, not the library; periods are read in `periods`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ingest.chrome import HEAD_LINES, is_chrome, line_spans
from ingest.header import header
from ingest.periods import period
from rag.text import CJK, Folded, fold, fold_with_offsets


class Metadata(NamedTuple):
    """Each is empty where the document does not say.

    `issue` and `author` are as written, several names joined by 、. `period` is two ISO days, first/last; the first is
    empty where only the last is known: 2011-01-01/2011-04-30, /2011-04-30.
    """

    issue: str
    author: str
    period: str


def metadata(text: str, title: str, date: str) -> Metadata:
    r"""Issue, author and period of a document with this title and this ISO date (either may be empty).

    >>> page = "簡報第138期\n2011-04-19 來源:東北網\n一季度,培訓8710人次。\n責任編輯:王凌霞"
    >>> metadata(page, "簡報第138期", "2011-04-19")
    Metadata(issue='第138期', author='王凌霞', period='2011-01-01/2011-03-31')
    """
    end = min(header(text).end, _LONGEST_HEADER)
    top = _top(text)
    title = title[:_OPENING]
    return Metadata(issue([title, *top]), _author(text, end, top), period(title, _opening(text, end), date))


# --- the parts of a text that are read

#: How much of a text's beginning and end is read, in characters, so that a long text takes no longer than a short one.
_LONGEST_HEADER, _OPENING, _CREDITS, _SHORT = 4000, 300, 200, 60


def _top(text: str) -> list[str]:
    """The short lines before the first paragraph, where a page says what it is."""
    lines: list[str] = []
    for count, (start, stop) in enumerate(line_spans(text)):
        line = text[start : min(stop, start + _SHORT + 1)].strip()
        if len(line) > _SHORT or re.search("[。；;！？!?]$", line) or count > HEAD_LINES:
            break
        if line:
            lines.append(line)
    return lines


def _opening(text: str, end: int) -> str:
    """The first characters below the header that are not chrome."""
    kept: list[str] = []
    room = _OPENING
    for start, stop in line_spans(text[end : end + 4 * _OPENING]):
        line = text[end + start : end + stop].strip()
        if line and not is_chrome(line, at_top=True):
            kept.append(line[:room])
            room -= len(kept[-1])
        if room <= 0:
            break
    return "\n".join(kept)


# --- the issue

_COUNT = r"\s?[\d一二三四五六七八九十百〇零]{1,8}\s?"
_NUMBER = rf"(?:(?:[12]\d{{3}}|[〇零一二三四五六七八九]{{4}})\s?年\s?,?(?:度|总|卷)?\s?)?(?:总\s?)?第{_COUNT}期"
_ISSUE = (
    rf"{_NUMBER}(?:\s?[(\[〔,,]?\s?总\s?(?:第\s?)?{_COUNT}期\s?[)\]〕]?)?"
    rf"|(?:[12]\d{{3}}年\s?)?增刊(?:\s?(?:第{_COUNT}[期号]|[\d一二三四五六七八九十]{{1,3}}))?"
    r"|(?a:vol(?:\.|ume)\s?\d{1,4}(?:,?\s?(?:no\.|number|issue)\s?\d{1,4})?|(?:no\.|issue(?:\sno\.)?)\s?\d{1,5})"
)
_SERIAL = (
    "简报|通报|快报|专报|[周月季年日晚]报|简讯|通讯|快讯|动态|信息|参考|内参|专刊|特刊|[旬周月季]刊|期刊|学刊|学报|杂志|"
    "要情|要闻|摘报|汇编|文摘|导报|公报|简刊|》|(?a:newsletter|bulletin|briefing|journal|review|magazine|digest)"
)
# Third courses, second phases and drawn lots have numbers too: 培训班第3期, 工程第二期, 第2023079期开奖.
_OTHER_COUNT = re.compile("班|工程|项目|基金|彩|开奖|大乐透|双色球|理财|债券|融资券|票据|学员|讲座|研修|抽检|公告")
# In this order: alone or in brackets; after the name of something that appears in issues; or at the end, after a space.
_ALONE = re.compile(rf"[(\[〔【<]?\s?(?P<issue>{_ISSUE})\s?[)\]〕】>]?")
_NAMED = re.compile(rf"(?:{_SERIAL})[^,。;!?]{{0,6}}?[\s(\[〔【·.—-]*(?P<issue>{_ISSUE})(?![\w])")
_LAST = re.compile(rf"[\s(\[〔【]\s?(?P<issue>{_ISSUE})\s?[)\]〕】]?$")
_MAYBE_ISSUE = re.compile("期|增刊|(?i:vol|no|issue)")


def issue(lines: list[str]) -> str:
    """The issue that the first of a document's top lines names, as written.

    >>> [issue([line]) for line in ("《活動簡報》第138期", "（總第138期）", "工作通讯 2011年第4期", "Vol. 12, No. 3")]
    ['第138期', '總第138期', '2011年第4期', 'Vol. 12, No. 3']
    >>> [issue([line]) for line in ("干部培训班第3期开班", "双色球第2023079期开奖", "No. 1 seed wins the title")]
    ['', '', '']
    """
    for line in lines:
        if not _MAYBE_ISSUE.search(line):
            continue
        folded = fold_with_offsets(line)
        if _OTHER_COUNT.search(folded.text):
            continue
        text = folded.text.strip()
        match = _ALONE.fullmatch(text) or _NAMED.search(text) or _LAST.search(text)
        if match:
            left = len(folded.text) - len(folded.text.lstrip())
            return _written(line, folded, left + match.start("issue"), left + match.end("issue")).strip(" ,，\u3000")
    return ""


def _written(text: str, folded: Folded, start: int, end: int) -> str:
    """The original of a span of the folded text."""
    return text[folded.offsets[start] : folded.offsets[end]]


# --- the author

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文樊鲁温殷岳"
    "柴霍齐耿欧裴尚房柯季詹施俞管卜童华焦柳祝凌游翁路聂邢邬骆卓闵辛翟包牛葛毕喻岑巩荣庞裘倪纪舒屈项娄连申成靳冷蓝兰颜"
    "甘练宁盛缪梅牟晏单滕沙冉苗靖桂车关安谷鞠景费宗池占左佟楚竺应桑涂仇阮庄解瞿晁窦章蒙宫卫边席丛伊洪符艾褚饶尤郎全敖湛"
    "穆简居狄明鲍匡晋储郁宿仲苑古曲谌臧时阳麦党戚米历幸牙司封商展伏隋巫隗由官鄢慕习师敬"
)
_DOUBLE_SURNAMES = frozenset("欧阳 司马 上官 诸葛 皇甫 尉迟 公孙 慕容 司徒 东方 夏侯 令狐 端木 南宫 宇文 呼延".split())
_WRITER = (
    "(?:本报|本刊|本网|本台|特约|见习|实习|全媒体|融媒体|首席|资深|驻站|特派)*记者|通讯员|实习生"
    rf"|作者|撰稿人?|撰文|采写|执笔人?|供稿|(?<![{CJK}])文(?=\s?[/:丨|])|(?a:\b(?:author|reporter)s?\b)"
)
_EDITOR = r"(?:责任|值班|实习|本期|网络|本文|执行|流程|资深)*编辑|责编|(?:执行|本期)?主编|(?a:\beditors?\b)"
_OTHER = (
    "责任校对|校对|审核|审校|编审|[初复终]审|监制|签发|策划|摄影(?:记者)?(?!报道)|美编|排版|视频|来源|编译|制作|制片人?|设计"
    "|统筹|运营"
)
# The first letters are looked for first, as nearly every letter of a text is none of them.
_ROLE = re.compile(
    r"(?=[本特见实全融首资驻记通作撰采执供文责值网流编主校审初复终监签策摄美排视来制设统运are])"
    rf"(?:(?P<writer>{_WRITER})|(?P<editor>{_EDITOR})|(?P<other>{_OTHER}))"
)
_LETTERS = re.compile(rf"[{CJK}·]+")
_NAME = re.compile(rf"[{CJK}]{{2,4}}|[{CJK}]{{2,8}}(?:·[{CJK}]{{1,8}})+")
_LATIN = re.compile(r"(?a:[a-z][a-z.'-]+(?: [a-z][a-z.'-]*){1,3})(?![a-z])")
_LABEL = re.compile(r"\s?[:/丨|]\s?")
_SPACE = re.compile(r"\s{1,3}")
_BETWEEN = re.compile(r"\s?[、,/&和]\s?|\s{1,3}")
_NO_NAME = re.compile(
    "佚名|未知|匿名|不详|网络|本站|原创|综合|整理|转载|投稿|用户|小编|先生|女士|[报网社台局部委会院站]$|^[从在据]"
)
# What may stand right behind a name: 李巧摄影报道. After 摄 alone a name is a photographer's.
_REPORTS = re.compile("(?:摄影|综合)?报道$")
_PHOTO = re.compile(r"\s?(?:摄(?!影报道)|供?图|绘|制图)")
_WORDS = r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){1,3}"
_BYLINE = re.compile(rf"(?:By|BY)\s+({_WORDS}(?:(?:, and| and|,| &) {_WORDS})*)\s*(?:$|[|,;—–(])")
# 新华社北京7月31日电(记者刘诗平), 本报讯(王宁 记者 张三); and at the end of the text, (张三、李四).
_WIRE = re.compile(r"(?:[电讯]|报道|消息)\s?[(【](?P<names>[^()【】:]{2,40})[)】]")
_SIGNED = re.compile(r"[(【](?P<names>[^()【】:]{2,24})[)】]\s*$")


def _author(text: str, end: int, top: list[str]) -> str:
    """The writers that header, opening and credits name; the editors where no writer is named."""
    writers: list[str] = []
    editors: list[str] = []
    for line in top:
        if match := _BYLINE.match(line):
            writers += re.split(r", and | and |, | & ", match[1])
    first = min(len(text), end + _OPENING)
    for start, stop in ((0, first), (max(first, len(text) - _CREDITS), len(text))):
        part = text[start:stop]
        spans = _credits(fold(part), last=stop == len(text))
        if spans:
            folded = fold_with_offsets(part)
            for role, left, right in spans:
                (writers if role == "writer" else editors).append(_written(part, folded, left, right).strip())
    return "、".join(dict.fromkeys(writers or editors))


def _credits(text: str, *, last: bool) -> list[tuple[str, int, int]]:
    """Role and span of each name that a folded text gives as a writer's or an editor's, in order."""
    found: list[tuple[str, int, int]] = []
    for match in _ROLE.finditer(text):
        role = match.lastgroup or ""
        separator = _LABEL.match(text, match.end()) or _SPACE.match(text, match.end())
        near = text[max(0, match.start() - 20) : match.start()]
        if role == "other" or (separator is None and near.rfind("(") <= near.rfind(")")):
            continue
        alone = not _LETTERS.match(text, match.start() - 1) if match.start() else True  # 工作者 is none
        pen_name = match.group() in ("作者", "author") and alone and bool(separator and separator.re is _LABEL)
        spans = list(_names(text, separator.end() if separator else match.end(), len(text), pen_name=pen_name))
        if spans and not _PHOTO.match(text, spans[-1][1]):
            found += [(role, *span) for span in spans]
    for signed in filter(None, (_WIRE.search(text), _SIGNED.search(text) if last else None)):
        left, right = signed.span("names")
        row = text[:left] + _ROLE.sub(lambda role: " " * len(role.group()), text[left:right]) + text[right:]
        start = left + len(row[left:right]) - len(row[left:right].lstrip())
        spans = list(_names(row, start, right, pen_name=False))
        if spans and not _LETTERS.search(row, spans[-1][1], right):
            found += [("writer", *span) for span in spans if not any(span == known[1:] for known in found)]
    return sorted(found, key=lambda credit: credit[1])


def _names(text: str, start: int, stop: int, *, pen_name: bool) -> Iterator[tuple[int, int]]:
    """The spans of names in a row. A `pen_name` may be the first; all others begin with a surname."""
    at = start
    while end := _name_end(text, at, stop, pen_name=pen_name):
        yield at, end
        pen_name = False
        gap = _BETWEEN.match(text, end, stop)
        if gap is None:
            return
        at = gap.end()
        while more := _SPACE.match(text, at, stop):
            at = more.end()


def _name_end(text: str, at: int, stop: int, *, pen_name: bool) -> int:
    """Where the name that starts here ends, 0 where none does: a name ends before what is no letter, or a role."""
    if latin := _LATIN.match(text, at, stop):
        return latin.end() if pen_name else 0
    letters = _LETTERS.match(text, at, stop)
    if letters is None:
        return 0
    end = letters.end()
    if role := _ROLE.search(text, at, end):
        if role.group() == "记者":  # 南都记者 is a paper's
            return 0
        end = role.start()
    elif reports := _REPORTS.search(text, at, end):
        end = reports.start()
    elif text[end - 1] == "摄":
        end -= 1
    name = text[at:end]
    if not _NAME.fullmatch(name) or _NO_NAME.search(name):
        return 0
    surname = name[:2] in _DOUBLE_SURNAMES or (name[0] in _SURNAMES and len(name) < 4)
    return end if pen_name or surname else 0
