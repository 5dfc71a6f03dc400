"""The period that a report covers, read from its title or its first sentences.

Pure. A period is taken where the text says what was done or counted *in* it: 一季度培訓341期. The date of an event, a
plan for next month and the month that a figure is compared with are none. Nothing is guessed from a document's date but
the year, and that only where no year is written.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from rag import dates, numerals
from rag.text import CJK, fold


class Span(NamedTuple):
    """The days of a period; `first` is None where only the last is known."""

    first: datetime.date | None
    last: datetime.date

    def __str__(self) -> str:
        """As metadata has it: 2011-01-01/2011-04-30, or /2011-04-30."""
        return f"{self.first or ''}/{self.last}"


def period(title: str, opening: str, date: str) -> str:
    """The period that the title names, else the first two sentences, as first/last ISO day; empty if none does.

    `date` is the document's, ISO, or empty. A year that is not written is the title's, else the document's.

    >>> [period(title, "", "2011-05-09") for title in ("2011年1—4月工作情況", "截至4月底培訓情況", "上半年安排")]
    ['2011-01-01/2011-04-30', '/2011-04-30', '']
    >>> [period("", said, "2011-04-19") for said in ("年初以來,培訓8710人次。", "會議於4月19日召開,341人參加。")]
    ['2011-01-01/2011-04-19', '']
    >>> [period(title, "", "") for title in ("Report for Q1 2011", "first half of 2011", "民國100年度工作報告")]
    ['2011-01-01/2011-03-31', '2011-01-01/2011-06-30', '2011-01-01/2011-12-31']
    """
    published = _Published(date)
    head = fold(title)
    found = [(one, True) for one in _in_title(head, published)]
    if not found and opening:
        text = fold(opening)
        if _MAYBE.search(text) and not _OPINION.search(text):
            found = list(_in_sentences(text, published._replace(named=_named_year(head))))
    return str(best) if (best := _widest(found)) else ""


# --- what stands for a period

_MAYBE = re.compile(
    r"季[度报]|半年|月份|[月年季]度?[底末]|\d\s?[-—–~至到]{1,2}\s?\d{1,2}\s?[月日]|[至到]\s?[一二三四五六七八九十]{1,3}月"
    r"|前\s?\S{1,4}月|全年|年度|年报|以来|截[至止]|本周|日\s?[至—~-]"
    r"|(?a:quarter|half|\bq[1-4]|h[12]\b|fy|fiscal|months|year ended|annual)"
    rf"|(?a:\b(?:{dates.MONTH_WORDS})\b)"
)
_STARTS = re.compile(
    r"(?<![\d.])\d|(?<![一二三四五六七八九十零〇百])[一二三四五六七八九十〇零]|第[一二三四1-4]\s?季|民国|[上下]半年|前\s?[二两三四五六七八九十\d]"
    r"|全年(?![龄级])|(?:今年|本年|年初|今年年初|今年初)以来|截[至止]|本周"
    rf"|(?a:\b(?:q[1-4]|h[12]|fy|fiscal|first|second|third|fourth|{dates.MONTH_WORDS}|year|three|six|nine|twelve)\b|\bfy(?=\d))"
)
_FIRST_MONTHS = re.compile(
    rf"(?:(?P<year>[12]\d{{3}})\s?年\s?)?前\s?(?P<count>\d{{1,2}}|[{numerals.NUMERALS}]{{1,2}})\s?个?月(?!内|后|前)"
)
# A fiscal year that is named and no more is taken for the calendar's; 2022/23 and quarters of one are left alone.
_FISCAL = re.compile(r"(?a:(?:fy|fiscal(?: year)?)\s?(?P<year>[12]\d{3}))(?!\d|\s?[/-])")
_ENDED = re.compile(
    r"(?a:(?:(?:the )?(?:fiscal )?year|(?P<count>three|six|nine|twelve) months) end(?:ed|ing)(?: on)? )"
)
_SINCE = re.compile(r"(?:今年|本年|今年年初|今年初|年初)以来")
_AS_OF = re.compile(r"截[至止](?:到)?\s?")
_END_OF = re.compile(r"\s?份?(?:底|末)")
_WHOLE_YEAR = re.compile(r"\s?(?:年?度(?!以来)|全年|年报|年鉴|(?a:annual report))")
_HALF_YEAR = re.compile(r"\s?(?:半年[度报]|中期业绩|中报)")


class _Published(NamedTuple):
    """When a document came out, and the year that its title names (0 for none)."""

    date: str
    named: int = 0

    @property
    def day(self) -> datetime.date | None:
        """The day of publication, where all of it is known."""
        part = dates.parse(self.date)
        return _day(part.year, part.month, part.day) if part and part.year and part.month and part.day else None

    @property
    def year(self) -> int:
        """The year that an unwritten one stands for, 0 if there is none."""
        part = dates.parse(self.date)
        return self.named or (part.year or 0 if part else 0)


class _Found(NamedTuple):
    """A period where it stands in a folded text. `strong`: by its kind it is rather a report's than an event's."""

    span: Span
    start: int
    end: int
    strong: bool
    rough: bool = False  # since the beginning of the year, until nobody says when
    as_of: bool = False


def _candidates(text: str, published: _Published) -> Iterator[_Found]:
    """All periods of a folded text, whatever they are there for."""
    at = 0
    while start := _STARTS.search(text, at):
        found = _candidate(text, start.start(), published)
        if found is None:
            moment = dates.read(text, start.start())
            at = moment.end if moment else start.end()
            continue
        at = found.end
        if not published.year:  # 2011年一季度341期、二季度342期 are of one year
            published = published._replace(named=found.span.last.year)
        if _believable(found.span, published):
            yield found


def _candidate(text: str, at: int, published: _Published) -> _Found | None:
    if match := _SINCE.match(text, at):
        day = published.day
        return _Found(Span(day.replace(month=1, day=1), day), at, match.end(), strong=True, rough=True) if day else None
    if match := _AS_OF.match(text, at):
        return _as_of(text, at, match.end(), published)
    if match := _FIRST_MONTHS.match(text, at):
        count = int(number.value) if (number := numerals.read(match["count"], 0)) else 0
        return _months(int(match["year"] or 0), 1, count, at, match.end(), published, strong=True)
    if match := _FISCAL.match(text, at):
        return _months(int(match["year"]), 1, 12, at, match.end(), published, strong=True)
    if match := _ENDED.match(text, at):
        return _ended(text, at, match)
    if text.startswith("本周", at):
        return _this_week(text, at, published)
    if text.startswith("全年", at):
        return _months(0, 1, 12, at, at + 2, published, strong=True)
    moment = dates.read(text, at)
    return _of_moment(text, at, moment, published) if moment else None


def _of_moment(text: str, at: int, moment: dates.Moment, published: _Published) -> _Found | None:
    end, date, until = moment.end, moment.date, moment.until
    if moment.kind == "period" and moment.unit != "年代":
        months = 6 if moment.unit == "半年" else 3
        first, last = int(moment.value), int(moment.upper or moment.value)
        year = date.year or 0 if date else 0
        if _END_OF.match(text, end):
            return None
        return _months(year, months * (first - 1) + 1, months * last, at, end, published, strong=True)
    if moment.kind != "date" or date is None:
        return None
    if until is None and date.month is None and date.day is None and date.year:
        if half := _HALF_YEAR.match(text, end):
            return _months(date.year, 1, 6, at, half.end(), published, strong=True)
        if whole := _WHOLE_YEAR.match(text, end):
            return _months(
                date.year, 1, 12, at, whole.end(), published, strong=whole.group().strip() in ("全年", "年报")
            )
        return None
    if date.month is None:
        return None
    if until is None:
        months = date.month if date.day is None else 0
        return _months(date.year or 0, months, months, at, end, published, strong=False)
    if until.month is None or (date.day is None) != (until.day is None):
        return None
    year = date.year or published.year
    last_year = until.year or (year + (until.month < date.month))
    if date.day is None:
        if last_year == year:
            return _months(date.year or 0, date.month, until.month, at, end, published, strong=True)
        days = _day(year, date.month, 1), _end_of_month(last_year, until.month)
    else:
        days = _day(year, date.month, date.day or 0), _day(last_year, until.month, until.day or 0)
    return _Found(Span(days[0], days[1]), at, end, strong=False) if days[0] and days[1] else None


def _months(
    year: int, first: int, last: int, at: int, end: int, published: _Published, *, strong: bool
) -> _Found | None:
    """The months of a year, 0 for the document's; for the one before where they cannot have been this year's."""
    if not 1 <= first <= last <= 12:
        return None
    day = published.day
    if not year and (year := published.year) and day and not published.named and _day(year, last, 1):
        # 四季度 in a report of January is last year's; in one of August it is a plan, or somebody's fiscal year.
        over = _end_of_month(year - 1, last)
        if over and day.year == year and (year, last) > (day.year, day.month) and (day - over).days <= _RECENT:
            year -= 1
    start, stop = _day(year, first, 1), _end_of_month(year, last)
    return _Found(Span(start, stop), at, end, strong) if start and stop else None


#: How many days after the end of a period reports about it appear.
_RECENT = 120
#: How many days before its end, for those that are written on the last days of a month.
_EARLY = 5


def _as_of(text: str, at: int, start: int, published: _Published) -> _Found | None:
    """截至4月底: the last day; the first one too where it counts from the beginning of the year."""
    moment = dates.read(text, start)
    if moment is None or moment.kind not in ("date", "period") or moment.until:
        return None
    end = moment.end
    date = moment.date or dates.PartialDate()
    year = date.year or published.year
    at_end = _END_OF.match(text, end)
    if moment.kind == "period":
        last = _end_of_month(year, int(moment.value) * (6 if moment.unit == "半年" else 3)) if at_end else None
    elif date.month is None:
        last = _day(year, 12, 31) if at_end and date.year and not date.day else None
    elif date.day is None:
        last = _end_of_month(year, date.month) if at_end else None
    else:
        last = _day(year, date.month, date.day)
    if last is None:
        return None
    end = at_end.end() if at_end else end
    if months := _MONTHS_TO.match(text, end):
        return _until(last, months["count"] or "12", at, months.end())
    # 累计 alone may count from long ago: 截至6月底累计开通基站293.7万个.
    this_year = _THIS_YEAR.search(text, max(0, at - 8), at) or _THIS_YEAR.search(_CLAUSE.findall(text, end)[0])
    return _Found(Span(_day(last.year, 1, 1) if this_year else None, last), at, end, strong=True, as_of=True)


# 截至2023年6月30日止六个月
_MONTHS_TO = re.compile(r"\s?止\s?的?\s?(?:(?P<count>三|六|九|十二|3|6|9|12)\s?个月|(?:财政)?年度)")
_THIS_YEAR = re.compile("今年|本年|年初以来")
_CLAUSE = re.compile(r"[^。;!?\n]{0,30}")


def _ended(text: str, at: int, match: re.Match[str]) -> _Found | None:
    moment = dates.read(text, match.end())
    if moment is None or moment.date is None or not (moment.date.year and moment.date.month and moment.date.day):
        return None
    last = _day(moment.date.year, moment.date.month, moment.date.day)
    return _until(last, match["count"] or "twelve", at, moment.end) if last else None


def _until(last: datetime.date, count: str, at: int, end: int) -> _Found | None:
    """So many whole months before the end of a month."""
    number = numerals.read(count, 0)
    if number is None or last != _end_of_month(last.year, last.month):
        return None
    before = last.year * 12 + last.month - int(number.value)
    return _Found(Span(_day(before // 12, before % 12 + 1, 1), last), at, end, strong=True)


_NO_WEEK = re.compile("本周(?:[一二三四五六日天末内起将初边期])")


def _this_week(text: str, at: int, published: _Published) -> _Found | None:
    """Monday to Sunday of the week of publication; a Monday's 本周 may be the week before, so it is none."""
    day = published.day
    if day is None or day.weekday() == 0 or _NO_WEEK.match(text, at):
        return None
    monday = day - datetime.timedelta(days=day.weekday())
    return _Found(Span(monday, monday + datetime.timedelta(days=6)), at, at + 2, strong=False)


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _end_of_month(year: int, month: int) -> datetime.date | None:
    first = _day(year, month, 1)
    return first.replace(day=calendar.monthrange(year, month)[1]) if first else None


def _believable(span: Span, published: _Published) -> bool:
    """Whether a report can be about it: not empty, and over by the time the document came out."""
    if span.first and span.first > span.last:
        return False
    day = published.day
    slack = 6 if span.first and (span.last - span.first).days == 6 else _EARLY
    return day is None or span.last <= day + datetime.timedelta(days=slack)


def _named_year(title: str) -> int:
    years = {int(year) for year in re.findall(r"(?<!\d)((?:19|20)\d{2})(?=\s?年)", title)}
    return years.pop() if len(years) == 1 else 0


# --- what is said of it

#: What is to come, or an event that has its own time.
_FORWARD = re.compile(
    r"将(?!近)|预[计测期估算告警]|计划|规划|拟|有望|力争|目标|展望|指引|方案|要点|安排|招聘|招录|考试|录取|报名|开学|征集|申报|评选|遴选"
    r"|名单|表彰|获奖|届|论坛|峰会|启动|会议|大会|座谈|培训班"
    r"|(?a:\b(?:will|expect\w*|forecast\w*|outlook|plans?|guidance|preview|budget|agenda|conference)\b)"
)
_EVENT = re.compile(r"召开|举行|举办|开幕|闭幕|访问|出席|发生|停运|停办|放假|开展")
_REPORT = re.compile(
    r"报告|年报|月报|周报|季报|简报|专报|通报|公报|综述|总结|小结|情况|统计|汇总|数据|动态|要闻|业绩|财报|决算|监测|盘点|述职|白皮书|分析|运行"
    r"|增长|下降|同比|环比|达到?\d|完成|实现|(?a:\b(?:report|review|results|summary|statistics|bulletin|newsletter)\b)"
)
# Compared with, since, until and so on: none of the time that is reported on.
_BEFORE = re.compile(
    r"(?:比|较|与|跟|超|创|自|从|由|于|至|到|距|去年|上年|往年|历年|(?a:\b(?:than|since|from|until|with|by|versus|vs\.?|next|last)))\s?(?:今年|的|the)?\s?$"
)
_BEHIND = re.compile(
    r"\s?(?:份)?\s?(?:以来|以后|以前|之前|之后|起|开始|前(?!后)|后|末|初|上旬|中旬|下旬|同期|相比|开奖|生效|[上中下]旬|就|又|再|还|才|至今|财季|财年|,?(?:预|拟|将|计划))"
)
_COUNTED = re.compile(
    rf"(?<![第\d])\d(?:[\d.,]*\d)?\s?(?:[%万亿千百‰]|[{CJK}](?<![年月日时点分届号次])|次(?!会)|(?a:percent|million|billion|people))|百分之|[增降]长?\d"
)
_FISCAL_NEAR = re.compile(r"财年|财季|财政年度|(?a:fiscal)")
# Where a statement about a time begins: at a clause, or after whose figures they are.
_BEGINS = re.compile(
    r"(?:^|[,。:;、!?)」』】》\]]|显示|获悉|介绍|披露|公布|发布|公司|集团|该行|本行|我国|中国|全国|全省|全市|全区|全县|[我本该][省市区县州院行]|其中|今年|(?a:\b(?:in|during|over|for|the)))"
    r"\s*(?:在|今年|(?a:the))?\s*$"
)


def _in_title(title: str, published: _Published) -> Iterator[_Found]:
    if _FORWARD.search(title) or (_FISCAL_NEAR.search(title) and not _FISCAL.search(title)):
        return
    published = published._replace(named=_named_year(title))
    for found in _candidates(title, published):
        if _compared(title, found):
            continue
        if found.strong or (_REPORT.search(title) and not _EVENT.search(title)):
            yield found


#: How many sentences of the text say what all of it is about.
_SENTENCES = 2
_SENTENCE = re.compile(r"[^。!?;\n]+[。!?;]?")


def _in_sentences(text: str, published: _Published) -> Iterator[tuple[_Found, bool]]:
    """The periods that the first sentences name, each with whether they report on it. Headings do not count."""
    count = 0
    for match in _SENTENCE.finditer(text):
        sentence = match.group()
        if _MAYBE.search(sentence) and not _FISCAL_NEAR.search(sentence):
            for found in _candidates(sentence, published):
                if found.strong and not _compared(sentence, found):
                    yield found, _is_reported(sentence, found, first=count == 0)
        count += sentence[-1] in "。!?;" or len(sentence) > _HEADING
        if count >= _SENTENCES:
            return


# An opinion of somebody else's report.
_OPINION = re.compile("评级|目标价")
#: Lines up to this long are headings, where they end like one.
_HEADING = 40


def _compared(sentence: str, found: _Found) -> bool:
    """Whether something is measured against that time, or begins or ends in it."""
    before = sentence[max(0, found.start - 12) : found.start]
    return bool(_BEFORE.search(before) or _BEHIND.match(sentence, found.end))


def _is_reported(sentence: str, found: _Found, *, first: bool) -> bool:
    """Whether a sentence counts something in that period. `first`: it is the first of the text."""
    before, after = sentence[max(0, found.start - 12) : found.start], sentence[found.end :]
    if not _BEGINS.search(before) or (found.rough and not (first and found.start < _HEADING and after[:1] == ",")):
        return False
    if found.as_of:
        # Day by day, news tell how things stand; a report says so at a month's end, or first of all.
        at_end = found.span.last == _end_of_month(found.span.last.year, found.span.last.month)
        if not (first or at_end) or re.match(r"[^,]{0,12}(?:收盘|发稿|记者)|\s?\d{1,2}\s?[时点:]", after):
            return False
    return bool(_COUNTED.search(after[:100])) and not _FORWARD.search(
        sentence[max(0, found.start - 10) : found.end + 60]
    )


def _widest(found: list[tuple[_Found, bool]]) -> Span | None:
    """The widest of the periods that are reported on, if it holds all that are named; else they contradict each other.

    年初以来 and 截至… give way to a period with its own beginning and end.
    """
    open_ones = [one for one, _ in found if one.rough or one.as_of]
    exact = [one for one, _ in found if not one.rough and not one.as_of]
    reported = [one for one, reports in found if reports]
    candidates = [one for one in reported if one in exact] or [one for one in reported if one in open_ones]
    if not candidates:
        return None
    best = max((one.span for one in candidates), key=lambda span: (span.last - (span.first or span.last)).days)
    rivals = [one.span for one in exact]
    inside = all(best.first and span.first and best.first <= span.first and span.last <= best.last for span in rivals)
    return best if inside else None
