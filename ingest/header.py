"""The header of a page: its title, source and date, from the lines above the first paragraph, or the signature below.

Pure, but for today's date. It knows what the lines say, not what kind of file they came from; issue, author and period
are in `metadata`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from ingest.chrome import BUTTONS, HEAD_LINES, LETTER, LETTER_SIZE, LONGEST_LINE, is_chrome, line_spans
from rag.dates import MONTH_WORDS
from rag.text import CJK, fold, fold_with_offsets, script_of


class Header(NamedTuple):
    """What the top of a page says of it; empty where it says nothing.

    `date` is ISO. `end` is the offset where the header's last line ends, 0 for a text without a dateline.
    """

    title: str
    source: str
    date: str
    end: int


_LONGEST_TITLE = 80
#: Where no header's line begins any more, in characters; millions of empty lines are not walked through.
_FURTHEST = 20_000
#: How much of a text's end is its foot: in characters, and in lines with text.
_FOOT, _FOOT_LINES = 2_000, 8


def header(text: str) -> Header:
    r"""Title, source and date from the lines above the first paragraph.

    The title is the line above the dateline; else the first Markdown heading; else the first line, if it is short and
    no sentence. A date inside a paragraph is not the document's, unless the text opens with a timestamp. Where the top
    of a text with a title has no date, the one that it is signed with at its foot is the document's.

    >>> header("東北網  >  要聞  >  正文\n簡報第138期\n2011-04-19 23:28:14 來源:東北網  作者:\n全省……。")
    Header(title='簡報第138期', source='東北網', date='2011-04-19', end=57)
    """
    above: list[str] = []  # title lines before the line that dates the page, or before the first field if none does
    other: list[str] = []
    labelled = source = date = ""
    end = 0
    for start, stop in _head(text):
        line = text[start:stop].strip()
        if _EVENT.match(fold(text[start : start + 2 * LONGEST_LINE])):
            break
        fields = _dateline(line)
        if fields is None:
            if _is_byline(line):
                continue
            if _is_prose(line) or date:
                break
            if LETTER.search(line):
                other.append(line)
            continue
        if not end or (fields.date and not date):
            above = list(other) if fields.below_title else []
        labelled, source, date = labelled or fields.title, source or fields.source, date or fields.date
        end = stop
    above, issuer = _issued(above)
    title, source = labelled or _title_above(above), source or issuer
    if not title:
        lines = (text[start:stop].strip() for start, stop in _head(text))
        body = [line for line in lines if not _is_byline(line) and not _dateline(line)]
        heading = next((line for line in body if re.match(r"#{1,6}\s+\S", line)), "")
        first = next((line for line in body if LETTER.search(line)), "")
        title = _bare(heading or ("" if _is_prose(first) else first))
    date = date or leading_date(text)
    if title and not date:
        signer, date = _signature(text)
        source = source or signer
    return Header(title, source, date, end)


def _head(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the first lines that are neither blank nor chrome."""
    seen = 0
    for start, stop in line_spans(text):
        if start > _FURTHEST:
            return
        if text[start:stop].isspace() or start == stop:
            continue
        if (seen := seen + 1) > HEAD_LINES:
            return
        if not is_chrome(text[start:stop], at_top=True):
            yield start, stop


def _is_prose(line: str) -> bool:
    return len(line) > _LONGEST_TITLE or bool(
        re.search(r"[。；;｡]|[.．…，,、：:]$", line) or _LEAD.match(fold(line[:40]))
    )


# 新华社北京4月19日电(记者…, 本报讯(…, 央视网消息:… open a report, whatever it ends with; 组工简讯(第138期) is a title.
# Met by folded text.
_LEAD = re.compile(
    r"[(\[〔【]?[^,。:(]{2,24}\d日[电讯]\s?[]()〕】:,]"
    r"|(?:[^,。:(]{0,8}[报网社台][^,。:(]{0,4}(?<![简快通资短喜])讯|[^,。:(]{0,8}(?:[网社报台视]|\d日)消息)\s?[(:,]"
)
# 中央社记者张三台北6日电, 记者张三/台北报导, (记者张三) and the number of a letter, 国办发〔2023〕12号, are no titles.
_BYLINE = re.compile(
    r"[(\[〔【]?(?:[^,。:()]{2,24}\d日[电讯](?:\([^()]{2,24}\))?|[^,。:()]{0,6}记者[^,。:()]{2,16}/[^,。:()]{2,8}报[导道])[)\]〕】]?"
    r"|[(〔【][^()]{0,6}(?:记者|通讯员)[^()]{1,24}[)〕】]"
    rf"|[{CJK}]{{1,12}}\s?(?:[(\[〔【][12]\d{{3}}[)\]〕】]\s?(?:第\s?)?\d{{1,5}}|字第?\s?\d{{1,12}})\s?号"
)
# 原标题:… says that another page had this title; a dateline goes on with 题:… alone, and a block of fields has 名称:….
_RETITLED = re.compile(r"(?:(?:原[标標]|^)[题題]|^名\s*[称稱])\s*[：:]\s*")


def _is_byline(line: str) -> bool:
    return len(line) <= _LONGEST_TITLE and bool(_BYLINE.fullmatch(fold(line)))


def _issued(lines: list[str]) -> tuple[list[str], str]:
    """The lines without the issuers' and writers' names that stand last, and the first of the issuers'.

    A headline may end in a name (市領導調研養老院): so what is left above is longer, or names a kind of document.
    """
    rest, issuer = list(lines), ""
    while len(rest) > 1 and ((name := _organisation(rest[-1])) or re.match(r"(?:By|BY)\s[A-Z]", rest[-1])):
        rest.pop()
        issuer = name or issuer
    if issuer and len(rest[-1]) <= len(issuer) and not _KIND.search(fold(rest[-1])):
        return lines, ""
    return rest, issuer


def _organisation(line: str) -> str:
    """The first name in a line that is nothing but names of organisations, an empty string for other lines."""
    words = line.split()
    names = [_ORGANISATION.fullmatch(fold(word)) for word in words]
    if not words or not all(names) or _NO_NAME.search(fold(line)):
        return ""
    return words[0][: names[0].end("name")] if names[0] else ""


def _title_above(lines: list[str]) -> str:
    """The last line; with those above it where it is a subtitle (——…) or nothing but an issue number."""
    title: list[str] = []
    for line in map(_bare, reversed(lines)):
        title.insert(0, line)
        if not line.startswith(("—", "--")) and not re.fullmatch(_ISSUE, fold(line)):
            break
    return " ".join(title)


def _bare(line: str) -> str:
    return _RETITLED.sub("", re.sub(r"^#{1,6}\s+|\s+#+$", "", line).strip("* \t\u3000"), count=1)


class _Fields(NamedTuple):
    title: str
    source: str
    date: str
    #: Not so for a bare date in English, which often has a byline or a summary above.
    below_title: bool = True


# All patterns from here on are met by folded text.
_ISSUE = (
    r"[(\[〔]?(?:[12]\d{3}年\s?)?(?:总|增刊)?第?\s?[\d一二三四五六七八九十百〇零]+\s?[期号][)\]〕]?"
    r"(?:\s?[,(\[〔]?\s?总\s?第?\s?[\d一二三四五六七八九十百〇零]+\s?[期号][)\]〕]?)?"
)
_KIND = re.compile(
    rf"(?:公报|公告|通告|通知|通报|简报|快报|专报|决定|决议|令|意见|办法|规定|条例|批复|报告|函|纪要|方案|规划|细则|声明|{_ISSUE})$"
)
_LABEL = re.compile(
    r"(?<![a-z])(?:"
    r"(?P<source>(?:新闻|文章|信息|稿件|内容|本文)?来源|稿源|出处|发布(?:单位|机构|部门)|发文(?:机关|单位)|source)"
    r"|(?P<title>标题|题目|title)"
    r"|(?P<date>(?:发布|发表|更新|发文|发稿|成文|印发|上传|编辑|创建|生成|公开)?(?:时间|日期)|发布于|date"
    r"|(?:published|updated|posted|issued|released)(?: on)?)"
    r"|作者|记者|通讯员|摄影|author|by|(?:责任|值班|实习|本期|网络|本文)?编辑|责编|审核|校对|发布[人者]"
    r"|(?:浏览|阅读|点击|访问|查看)(?:次数|量|数|人数|率)?|关键词|关键字|主题词|索引号|(?:发文)?文号|发文字号"
    r"|(?:主题|信息|组配)分类|公文种类|(?:有|时)效性|公开(?:形式|方式|属性)|受文者|速别|密等(?:及解密条件或保密期限)?"
    r")\s?(?::|(?<=源)\s?[/|])"
)
# 时间:… with 地点:… below says when a meeting is.
_EVENT = re.compile(r"\s*时\s{0,4}间\s?:[^\n]*\n\s*(?:会议|活动)?地\s{0,4}[点址]\s?:")
# 标　　题:… and 索 引 号:… are set to the width of the other labels.
_SPACED_LABEL = re.compile(rf"(?<![{CJK}])[{CJK}](?:\s{{1,4}}[{CJK}]){{1,3}}(?=\s?:)")
# A value ends at two spaces or a rule; a Chinese one, which has no spaces of its own, at the first.
_VALUE = re.compile(rf"\s?([^\s|]*[{CJK}][^\s|]*|[^\s|]+(?: [^\s|{CJK}]+)*)")
_TIME = re.compile(
    r"(?:(?<![a-z])t|上午|下午|凌晨|晚上?)?\s?\d{1,2}(?::\d{2}){1,2}(?:\.\d+)?(?:z|[+-]\d{2}:?\d{2})?(?:\s?[ap]m)?(?:\s(?:gmt|utc|[ecmp][sd]t)\b)?"
    r"|\d{1,2}[时点]\d{1,2}分(?:\d{1,2}秒)?|(?:星期|周|礼拜)[一二三四五六日天]"
)
_MADE = "编[印辑写制发]?|主[编办]|印[发制]?"
_ORGANISATION = re.compile(
    rf"(?P<name>[{CJK}·]{{1,20}}?"
    r"(?:网|报|社|电视台|电台|部|委|局|厅|办|办公室|政府|院|室|中心|频道|领导小组|委员会|协会|学会))"
    rf"(?:{_MADE})?"
)
# What ends like a name and is none where it stands alone: 组工简报, 培训干部, 开创新局.
_NO_NAME = re.compile(
    r"[的了在将被]|关于"
    r"|(?:[简通快专公周月季年情预喜捷汇]报|[全干内外]部|[大格布全新开结]局|[联物电上]网)(?:\s|$)"
)
_DATED = re.compile("first|last|originally|published|publication|updated|posted|issued|released|dated|on|at")


def _dateline(line: str) -> _Fields | None:
    """The fields of a line that says nothing but when, where and by whom a page was published; None for other lines."""
    if len(line) > LONGEST_LINE:
        return None
    text, offsets = _without_gaps(*fold_with_offsets(line))
    if re.search("[。;?!]", text):
        return None
    whole, dated = text, bool(_DATE.search(text))
    for pattern in (_DATE, _TIME, LETTER_SIZE):
        text = pattern.sub(_blank, text)
    labels = list(_LABEL.finditer(text))
    if labels and re.match(f"[{CJK}]", text[labels[0].start() - 1 : labels[0].start()]):
        labels = labels[1:]  # 资金来源:… is no 来源; 来源:东北网作者:… are two labels
    found: dict[str, str] = {}
    stops = [*(label.start() for label in labels[1:]), len(text)]
    for label, stop in zip(labels, stops, strict=False):
        value = _VALUE.match(text, label.end(), stop)
        last = stop if label["title"] else value.end() if value else label.end()
        if label.lastgroup:
            found.setdefault(label.lastgroup, line[offsets[label.end()] : offsets[last]].strip(" \"'\u3000\xa0"))
        text = text[: label.start()] + " " * (last - label.start()) + text[last:]
        if label["title"]:
            whole = whole[: label.end()] + " " * (last - label.end()) + whole[last:]
    for word in re.finditer(r"[^\s|()\[\]<>〔〕【】《》,/·—-]+", text):
        name = _ORGANISATION.fullmatch(word.group())
        if name and not found.get("source"):
            found["source"] = line[offsets[word.start()] : offsets[word.start() + name.end("name")]]
        elif not (
            (found.get("source") and re.fullmatch(_MADE, word.group()))
            or (dated and _DATED.fullmatch(word.group()))
            or re.fullmatch(_ISSUE, word.group())
            or BUTTONS.fullmatch(word.group())
        ):
            return None
    if not dated and not labels:
        return None
    date = next(filter(_is_plausible, map(_iso, _DATE.finditer(whole))), "")
    date = date or _of_republic(found.get("date", ""), line)
    in_english = any(match["name"] or match["then_name"] for match in _DATE.finditer(whole))
    return _Fields(found.get("title", ""), found.get("source", ""), date, bool(labels) or not in_english)


def _without_gaps(text: str, offsets: list[int]) -> tuple[str, list[int]]:
    """A folded line without the spaces inside its labels, and the offsets of what is left."""
    gaps = {at for label in _SPACED_LABEL.finditer(text) for at in range(*label.span()) if text[at].isspace()}
    if not gaps:
        return text, offsets
    kept = [at for at in range(len(text)) if at not in gaps]
    return "".join(text[at] for at in kept), [*(offsets[at] for at in kept), offsets[-1]]


# 112-05-06; up to 31 it may be a day, or a year of this century.
_REPUBLIC = re.compile(r"(1\d{2}|[4-9]\d|3[2-9])\s?[年/.-]\s?(\d{1,2})\s?[月/.-]\s?(\d{1,2})(?:\s?日|(?!\d))")


def _of_republic(value: str, line: str) -> str:
    """The date that a label gives in years of the Republic alone; with two digits only in traditional script."""
    match = _REPUBLIC.match(fold(value))
    if not match or (len(match[1]) < 3 and script_of(line) != "zh-Hant"):
        return ""
    date = _calendar(_republic(int(match[1])), int(match[2]), int(match[3]))
    return date if _is_plausible(date) else ""


def _blank(match: re.Match[str]) -> str:
    """Spaces in the place of a match, so that the offsets of what follows stay true."""
    return " " * len(match.group())


_YEAR = r"(?:[12]\d{3})(?!\d)"
_TH = "(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:\b(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\b\.?,?\s)?"
_DATE = re.compile(
    r"(?:(?<!\d)(?P<year>[12]\d{3})|(?:中华)?民国\s?(?P<republic>\d{1,3}))\s?(?P<mark>[年/.-])\s?"
    r"(?P<month>\d{1,2})\s?[月/.-]\s?(?P<day>\d{1,2})(?:\s?日|(?!\d))"
    r"|(?:(?P<written_year>[〇○零一二三四五六七八九]{4})"
    r"|(?:中华)?民国\s?(?P<written_republic>[元〇○零一二三四五六七八九十百]{1,6}))\s?年"
    r"\s?(?P<written_month>[元一二三四五六七八九十]{1,2})\s?月\s?(?P<written_day>[一二三四五六七八九十廿卅]{1,3})\s?日"
    rf"|(?a:{_WEEKDAY}\b(?P<name>{MONTH_WORDS})\.?\s(?P<name_day>\d{{1,2}}){_TH},?\s(?P<name_year>{_YEAR}))"
    rf"|(?a:{_WEEKDAY}(?<![\d.,])(?P<day_name>\d{{1,2}}){_TH}[\s-](?:of\s)?(?P<then_name>{MONTH_WORDS})\b\.?,?[\s-]"
    rf"(?P<then_year>{_YEAR}))"
)


def first_date(text: str) -> str:
    """The first date of a folded text that is in the calendar, as yyyy-mm-dd, or an empty string.

    >>> first_date("2011-13-45 2011年4月19日"), first_date("民国100年4月19日"), first_date("二〇一一年四月十九日")
    ('2011-04-19', '2011-04-19', '2011-04-19')
    """
    return next(filter(None, map(_iso, _DATE.finditer(text))), "")


def _iso(match: re.Match[str]) -> str:
    if match["written_month"]:
        written = match["written_year"]
        year = _written(written) if written else _republic(_written(match["written_republic"]))
        return _calendar(year, _written(match["written_month"]), _written(match["written_day"]))
    if name := match["name"] or match["then_name"]:
        year = int(match["name_year"] or match["then_year"])
        return _calendar(year, _MONTHS.index(name[:3]) + 1, int(match["name_day"] or match["day_name"]))
    year = int(match["year"]) if match["year"] else _republic(int(match["republic"]))
    return _calendar(year, int(match["month"]), int(match["day"]))


def _republic(year: int) -> int:
    """A year of the Republic of China, which counts from 1912, the first; 0, which is in no calendar, if it is none."""
    return year + 1911 if 0 < year < 200 else 0


_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def _calendar(year: int, month: int, day: int) -> str:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return ""


def _is_plausible(date: str) -> bool:
    """Whether an ISO date may be when something was published; a year ahead is left for clocks and early print."""
    latest = datetime.date.today() + datetime.timedelta(days=366)
    return "1900" <= date <= latest.isoformat()


def _written(number: str) -> int:
    """A number below 200 in Chinese numerals, or a row of digits, 0 if it is neither: 十九 is 19, 廿 20, 一一二 112."""
    number = (
        number.replace("廿", "二十").replace("卅", "三十").replace("元", "一").replace("○", "〇").replace("零", "〇")
    )
    digits = "〇一二三四五六七八九"
    if len(number) > 2 and not re.search("[十百]", number):
        return int("".join(str(digits.index(digit)) for digit in number))
    hundreds, hundred, below = number.rpartition("百")
    if hundred and hundreds not in ("", "一"):
        return 0
    below = below.removeprefix("〇") if hundred else below
    tens, ten, ones = below.rpartition("十")
    if len(tens) > 1 or len(ones) > 1:
        return 0
    rest = (digits.find(tens or "一") * 10 if ten else 0) + (digits.find(ones) if ones else 0)
    return rest + (100 if hundred else 0)


def leading_date(text: str) -> str:
    """The date of a text that opens with a timestamp; 1945年8月15日,… in running text is when something happened."""
    opening = fold(text[:40]).lstrip(" \n([【〔")
    match = _DATE.match(opening)
    if not match or (match["mark"] not in ("-", "/", ".") and not _TIME.match(opening[match.end() :].lstrip())):
        return ""
    date = _iso(match)
    return date if _is_plausible(date) else ""


# What may stand below a signature: (此件公开发布), 抄送:…
_BELOW = re.compile(r"[(\[〔【].*[)\]〕】]|(?:附件|抄[送报]|分送|印送|主送|联系人)\s?\d?\s?:.*|.*印发")
# A date line of its own, in the form of official letters; found before it is folded.
_SIGNED = re.compile(r"^[^\S\n]*(\S[^\n]{5,30}日)[^\S\n]*$", re.MULTILINE)


def _signature(text: str) -> tuple[str, str]:
    """Source and date from a signature in the last lines; empty where another date stands alone in the text.

    It stands below an organisation's name or a whole sentence; what a date below other words says is not known.
    """
    start = max(0, len(text) - _FOOT)
    foot = text[start:]
    lines = [foot[left:right].strip() for left, right in line_spans(foot) if left or not start]
    lines = [line for line in lines if line and not is_chrome(line, at_top=False)][-_FOOT_LINES:]
    while lines and not _signed(lines[-1]).date:
        folded = fold(lines[-1])
        fields = _dateline(lines[-1])
        if len(folded) > LONGEST_LINE or not (_BELOW.fullmatch(folded) or (fields and not fields.date)):
            return "", ""
        lines.pop()
    if not lines:
        return "", ""
    fields = _signed(lines.pop())
    source = fields.source
    if not source:
        while len(lines) > 1 and (name := _organisation(lines[-1])):
            lines.pop()
            source = name
    if not source and not (lines and re.search("[。｡][」』”’\"')）]?$|^特此", lines[-1])):
        return "", ""
    if any(date not in ("", fields.date) for date in (_signed(match[1]).date for match in _SIGNED.finditer(text))):
        return "", ""
    return source, fields.date


def _signed(line: str) -> _Fields:
    """Source and date of a line with a date in full, 年月日, and nothing besides but a name."""
    folded = fold(line)
    if len(line) > _LONGEST_TITLE or not folded.endswith("日") or ":" in folded:
        return _Fields("", "", "")
    return _dateline(line) or _Fields("", "", "")
