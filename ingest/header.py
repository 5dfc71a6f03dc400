"""The header of a page: its title, source and date, from the lines above the first paragraph.

Pure. It knows what the lines say, not what kind of file they came from; issue, author and period are in `metadata`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from ingest.chrome import BUTTONS, HEAD_LINES, LETTER, LETTER_SIZE, LONGEST_LINE, is_chrome, line_spans
from rag.text import CJK, fold, fold_with_offsets


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


def header(text: str) -> Header:
    r"""Title, source and date from the lines above the first paragraph.

    The title is the line above the dateline; else the first Markdown heading; else the first line, if it is short and
    no sentence. A date inside a paragraph is not the document's, unless the text opens with a timestamp.

    >>> header("東北網  >  要聞  >  正文\n簡報第138期\n2011-04-19 23:28:14 來源:東北網  作者:\n全省……。")
    Header(title='簡報第138期', source='東北網', date='2011-04-19', end=57)
    """
    above: list[str] = []  # title lines before the line that dates the page, or before the first field if none does
    other: list[str] = []
    labelled = source = date = ""
    end = 0
    for start, stop in _head(text):
        line = text[start:stop].strip()
        fields = _dateline(line)
        if fields is None:
            if _is_prose(line) or date:
                break
            if LETTER.search(line):
                other.append(line)
            continue
        if not end or (fields.date and not date):
            above = list(other)
        labelled, source, date = labelled or fields.title, source or fields.source, date or fields.date
        end = stop
    title = labelled or _title_above(above)
    if not title:
        body = [line for start, stop in _head(text) if not _dateline(line := text[start:stop].strip())]
        heading = next((line for line in body if re.match(r"#{1,6}\s+\S", line)), "")
        first = next((line for line in body if LETTER.search(line)), "")
        title = _bare(heading or ("" if _is_prose(first) else first))
    return Header(title, source, date or leading_date(text), end)


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
    r"(?:[^,。:(]{2,16}\d日[电讯]|[^,。:(]{0,8}[报网社台][^,。:(]{0,4}(?<![简快通资短喜])讯|[^,。:(]{0,8}(?:[网社报台视]|\d日)消息)\s?[(:,]"
)
# 原标题:… says that another page had this title; the words are the title all the same.
_RETITLED = re.compile(r"原[标標][题題]\s*[：:]\s*")


def _title_above(lines: list[str]) -> str:
    """The last line; with the one above it where it is a subtitle (——…) or nothing but an issue number."""
    title = _bare(lines[-1]) if lines else ""
    if len(lines) > 1 and (title.startswith(("—", "--")) or re.fullmatch(_ISSUE, fold(title))):
        return f"{_bare(lines[-2])} {title}"
    return title


def _bare(line: str) -> str:
    return _RETITLED.sub("", re.sub(r"^#{1,6}\s+|\s+#+$", "", line).strip("* \t\u3000"), count=1)


class _Fields(NamedTuple):
    title: str
    source: str
    date: str


# All patterns from here on are met by folded text.
_ISSUE = r"[(\[〔]?(?:总|增刊)?第?\s?[\d一二三四五六七八九十百〇零]+\s?[期号][)\]〕]?"
_LABEL = re.compile(
    r"(?<![a-z])(?:"
    r"(?P<source>(?:新闻|文章|信息|稿件|内容|本文)?来源|稿源|出处|发布(?:单位|机构|部门)|发文(?:机关|单位)|source)"
    r"|(?P<title>标题|题目|title)"
    r"|作者|记者|通讯员|摄影|author|by|(?:责任|值班|实习|本期|网络|本文)?编辑|责编|审核|校对|发布[人者]"
    r"|(?:发布|发表|更新|发文|发稿|成文|印发|上传|编辑|创建)?(?:时间|日期)|发布于|date|published|updated"
    r"|(?:浏览|阅读|点击|访问|查看)(?:次数|量|数|人数|率)?|关键词|关键字|主题词|索引号|文号"
    r")\s?(?::|(?<=源)\s?[/|])"
)
# A value ends at two spaces or a rule; a Chinese one, which has no spaces of its own, at the first.
_VALUE = re.compile(rf"\s?([^\s|]*[{CJK}][^\s|]*|[^\s|]+(?: [^\s|{CJK}]+)*)")
_TIME = re.compile(
    r"(?:t|上午|下午|凌晨|晚上?)?\s?\d{1,2}(?::\d{2}){1,2}(?:\.\d+)?(?:z|[+-]\d{2}:?\d{2})?(?:\s?[ap]m)?"
    r"|\d{1,2}[时点]\d{1,2}分(?:\d{1,2}秒)?|(?:星期|周|礼拜)[一二三四五六日天]"
)
_ORGANISATION = re.compile(
    rf"[{CJK}·]{{1,20}}(?:网|报|社|电视台|电台|部|委|局|厅|办|办公室|政府|院|室|中心|频道|领导小组|委员会|协会|学会)"
)


def _dateline(line: str) -> _Fields | None:
    """The fields of a line that says nothing but when, where and by whom a page was published; None for other lines."""
    if len(line) > LONGEST_LINE:
        return None
    text, offsets = fold_with_offsets(line)
    if re.search("[。;?!]", text):
        return None
    date = first_date(text)
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
    for word in re.finditer(r"[^\s|()\[\]<>〔〕【】《》,/·—-]+", text):
        if _ORGANISATION.fullmatch(word.group()) and not found.get("source"):
            found["source"] = line[offsets[word.start()] : offsets[word.end()]]
        elif not re.fullmatch(_ISSUE, word.group()) and not BUTTONS.fullmatch(word.group()):
            return None
    if not date and not labels:
        return None
    return _Fields(found.get("title", ""), found.get("source", ""), date)


def _blank(match: re.Match[str]) -> str:
    """Spaces in the place of a match, so that the offsets of what follows stay true."""
    return " " * len(match.group())


_DATE = re.compile(
    r"(?:(?<!\d)(?P<year>[12]\d{3})|(?:中华)?民国\s?(?P<republic>\d{1,3}))\s?(?P<mark>[年/.-])\s?"
    r"(?P<month>\d{1,2})\s?[月/.-]\s?(?P<day>\d{1,2})(?:\s?日|(?!\d))"
    r"|(?P<written_year>[〇○零一二三四五六七八九]{4})年(?P<written_month>[元一二三四五六七八九十]{1,2})月"
    r"(?P<written_day>[一二三四五六七八九十廿卅]{1,3})日"
)


def first_date(text: str) -> str:
    """The first date of a folded text that is in the calendar, as yyyy-mm-dd, or an empty string.

    >>> first_date("2011-13-45 2011年4月19日"), first_date("民国100年4月19日"), first_date("二〇一一年四月十九日")
    ('2011-04-19', '2011-04-19', '2011-04-19')
    """
    return next(filter(None, map(_iso, _DATE.finditer(text))), "")


def _iso(match: re.Match[str]) -> str:
    if match["written_year"]:
        year = int("".join(str(_written(digit)) for digit in match["written_year"]))
        month, day = _written(match["written_month"]), _written(match["written_day"])
    else:
        # The Republic of China counts its years from 1912, the first.
        year = int(match["year"] or 0) or int(match["republic"]) + 1911
        month, day = int(match["month"]), int(match["day"])
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return ""


def _written(number: str) -> int:
    """A number up to 99 in Chinese numerals, 0 if it is none: 十九 is 19, 廿 is 20."""
    number = (
        number.replace("廿", "二十").replace("卅", "三十").replace("元", "一").replace("○", "〇").replace("零", "〇")
    )
    tens, ten, ones = number.rpartition("十")
    if len(tens) > 1 or len(ones) > 1:
        return 0
    digits = "〇一二三四五六七八九"
    return (digits.find(tens or "一") * 10 if ten else 0) + (digits.find(ones) if ones else 0)


def leading_date(text: str) -> str:
    """The date of a text that opens with a timestamp; 1945年8月15日,… in running text is when something happened."""
    opening = fold(text[:40]).lstrip(" \n([【〔")
    match = _DATE.match(opening)
    if not match or (match["mark"] not in ("-", "/", ".") and not _TIME.match(opening[match.end() :].lstrip())):
        return ""
    return _iso(match)
