"""Dates, clock times and periods of the year, read where they stand in a folded text.

Pure. A date may lack parts (4月19日 has no year); nothing is guessed from the day on which the text is read.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Literal, NamedTuple

from rag import numerals

Kind = Literal["number", "date", "time", "period", "ordinal"]

_YEAR = r"(?:[12][0-9]{3}|[一二][0-9零〇○一二三四五六七八九]{3})"
_YEAR_DIGITS = str.maketrans("零〇○一二三四五六七八九", "000123456789")
_SMALL = r"(?:[0-9]{1,2}|[一二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|卅一?|[零〇]?[一二三四五六七八九])"
_SMALL += "(?![0-9])"
#: What stands between the two ends of a range.
TO = r"\s?(?:-{1,2}|[–—‒−]{1,2}|~|〜|至|到|\sto\s|\sthrough\s|\suntil\s|\still\s)\s?"
_TO = re.compile(TO)
# 2000年历史 is a duration, 50日元 are yen, 3日均 is an average, 1号线 is a line.
_OF_YEARS, _OF_MONTH, _OF_DAY = "年(?!之久|的?历史|级|代)", "月份?(?![亮饼球薪])", "日(?![元圆本币均语军方])"
_CHINESE = re.compile(
    rf"(?:(?P<era>民国|公元前|公元)\s?(?P<count>[0-9]{{1,4}}|元|[{numerals.NUMERALS}]{{1,6}})\s?年"
    rf"|(?P<year>{_YEAR}|[1-9][0-9]{{2}}(?=\s?年\s?{_SMALL}\s?月))\s?{_OF_YEARS})?"
    rf"(?:\s?(?P<month>{_SMALL})\s?{_OF_MONTH})?(?:\s?(?P<day>{_SMALL})\s?(?:{_OF_DAY}|(?P<number>号(?![线楼院机店馆球]))))?"
)
# The unit stands once, after the second end: 2010-2015年, 1-3月, 4月19至23日.
_SHARED = re.compile(
    rf"(?P<year>{_YEAR}){TO}(?P<year2>{_YEAR})\s?{_OF_YEARS}"
    rf"|(?:(?P<year3>{_YEAR})\s?年\s?)?(?:(?P<month>{_SMALL}){TO}(?P<month2>{_SMALL})\s?{_OF_MONTH}"
    rf"|(?:(?P<month3>{_SMALL})\s?月\s?)?(?P<day>{_SMALL}){TO}(?P<day2>{_SMALL})\s?{_OF_DAY})"
)
_MONTH_NUMBER, _DAY_NUMBER, _AD = r"0?[1-9]|1[0-2]", r"3[01]|[12][0-9]|0?[1-9]", "[12][0-9]{3}"
_ISO = re.compile(
    rf"(?P<year>{_AD})(?:(?P<sep>[-/.])(?P<month>{_MONTH_NUMBER})(?P=sep)(?P<day>{_DAY_NUMBER})(?!(?P=sep)[0-9])"
    rf"|(?:-(?P<month2>0[1-9]|1[0-2])|/(?P<month3>{_MONTH_NUMBER}))(?![-/][0-9]))(?![0-9])"
    rf"|(?P<month4>{_MONTH_NUMBER})/(?P<day4>{_DAY_NUMBER})/(?P<year4>{_AD})(?![0-9/])"
)
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH_OF = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
MONTH_WORDS = "|".join([*_MONTHS, "sept", *(name[:3] for name in _MONTHS)])
_DAY = rf"(?P<day>{_DAY_NUMBER})(?:st|nd|rd|th)?(?![0-9a-z])"
_IN_YEAR = rf"(?:,?\s(?:of\s)?(?P<year>{_AD})(?![0-9]|[.,][0-9]))"
_LATER = rf"(?:\s?[-–—]\s?(?P<day2>{_DAY_NUMBER})(?![0-9a-z]))?"
_MONTH_FIRST = re.compile(
    rf"(?a:\b(?P<name>{MONTH_WORDS})\b\.?\s(?:the\s)?{_DAY}(?![.,][0-9]|\s?%|:[0-9]){_LATER}{_IN_YEAR}?"
    rf"|\b(?P<name2>{MONTH_WORDS})\b\.?{_IN_YEAR.replace('year', 'year2')}|(?P<full>{'|'.join(_MONTHS)})\b)"
)
_DAY_FIRST = re.compile(rf"(?a:{_DAY}{_LATER}\s(?:of\s)?\b(?P<name>{MONTH_WORDS})\b\.?{_IN_YEAR}?)")
# May and March alone are months after these words only.
_MONTH_BEFORE = re.compile(r"(?a:\b(?:in|of|by|since|until|till|from|early|late|mid|next|last|this)[\s-]\Z)")
_CHRISTIAN = re.compile(
    r"(?a:(?P<count>[0-9]{1,4})\s?(?P<era>bce?|b\.c\.(?:e\.)?|ce|ad|a\.d\.)(?![a-z])|ad\s(?P<after>[0-9]{1,4})\b)"
)

_DECADE = re.compile(
    r"(?:(?P<century>上个?|本|[0-9]{1,2}|[一二]?十[一二三四五六七八九]?)世纪)?(?P<decade>[0-9]0|[二三四五六七八九]十)年代"
    r"|(?P<full>[12][0-9]{2}0)(?:\s?年代|['’]?s\b)|(?P<short>[2-9]0)['’]?s\b"
)
_OF_YEAR = rf"(?:[\s,/-]{{0,2}}(?:of\s)?(?P<year>{_AD})(?![0-9]))?"
_PERIOD = re.compile(
    rf"(?:(?P<year>{_YEAR})\s?年?度?的?\s?)?(?:第?(?P<quarter>[一二三四1-4])\s?季[度报]|前(?P<first>[二两三23])个?季[度报]?"
    r"|一[至到](?P<first2>[二三四])季度|(?P<half>[上下])半年)"
    rf"|(?a:(?:(?P<year2>{_AD})\s?年?)?q(?P<quarter2>[1-4])(?![0-9a-z]){_OF_YEAR.replace('year', 'year3')}"
    rf"|(?P<year4>{_AD})\s?年?h(?P<half2>[12])(?![0-9a-z])|h(?P<half3>[12])[\s,/-]{{1,2}}(?P<year5>{_AD})(?![0-9])"
    rf"|first\s(?P<first3>two|three)\squarters{_OF_YEAR.replace('year', 'year6')}"
    r"|(?P<nth>first|second|third|fourth|1st|2nd|3rd|4th)[\s-](?P<word>quarter|half)\b"
    rf"{_OF_YEAR.replace('year', 'year7')})"
)

DAY_PARTS = (
    "凌晨|清晨|早晨|早上|早间|上午|中午|正午|午后|下午|傍晚|晚间|晚上|夜间|深夜|午夜|夜里|半夜|"
    r"[早晚](?=\s?[0-9一二三四五六七八九十])"
)
_PART = re.compile(DAY_PARTS)
_CLOCK = re.compile(
    rf"(?a:(?:(?P<part>{DAY_PARTS})\s?)?(?P<hour>2[0-4]|[01]?[0-9]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
    r"(?![0-9]|[:.][0-9])(?:\s?(?P<half>[ap])\.?m\b\.?)?)"
)
_CHINESE_CLOCK = re.compile(
    rf"(?:(?P<part>{DAY_PARTS})\s?)?(?P<hour>{_SMALL})\s?(?:(?P<sign>时)(?![代期间候刻尚光速装常髦区差机长不而])|点)"
    rf"(?:(?P<word>半|钟|整|许|[一三]刻)|(?P<exact>\s?(?P<minute>{_SMALL})\s?分(?!之))(?:\s?(?P<second>{_SMALL})\s?秒)?"
    r"|(?P<short>[0-5][0-9](?![0-9.%])|[二三四五]?十[一二三四五六七八九]?))?"
)
_ENGLISH_CLOCK = re.compile(r"(?a:(?P<hour>1[0-2]|0?[1-9])\s?(?:(?P<half>[ap])\.?m\b\.?|o['’]clock\b))")
# The hours that are after noon when they are said with a part of the day.
_AFTER_NOON = dict.fromkeys(("下午", "傍晚", "午后"), (1, 11)) | dict.fromkeys(("中午", "正午"), (1, 3))
_AFTER_NOON |= dict.fromkeys(("晚", "晚上", "晚间"), (4, 11)) | dict.fromkeys(("夜间", "深夜", "午夜", "夜里"), (6, 11))
# Most numbers are no dates; this tells at once.
_MAYBE = re.compile(
    rf"[^0-9{numerals.DIGITS}十廿卅]|[0-9{numerals.DIGITS}十廿卅]{{1,5}}(?:[stnrdh]{{2}})?['’]?\s?[年月日号时点:季世代至到~〜–—‒−/.a-z-]"
)
_SECONDS = {"时": 3600, "时分": 60, "时分秒": 1}


class Relation(Enum):
    """How a claimed figure stands to a written one, the best first."""

    EQUAL = "the same"
    CONTAINED = "less exact than what is written, or the same without its unit"
    OTHER_UNIT = "the same number of something else"
    DIFFERENT = "another figure"


@dataclass(frozen=True, slots=True)
class PartialDate:
    """The parts of a date that a text gives; years before our era are negative.

    >>> [str(PartialDate(*parts)) for parts in ((2011, 4, 19), (None, 4, 19), (2011, 4), (None, None, 19))]
    ['2011-04-19', '--04-19', '2011-04', '---19']
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None

    def __str__(self) -> str:
        """The ISO 8601 form; hyphens stand for what is missing in front."""
        year = "-" if self.year is None else f"{'-' if self.year < 0 else ''}{abs(self.year):04}"
        if self.month is None:
            return year if self.day is None else f"---{self.day:02}"
        return f"{year}-{self.month:02}" + ("" if self.day is None else f"-{self.day:02}")

    @property
    def possible(self) -> bool:
        """Whether the parts name a day that a calendar may have, with no gap between them."""
        whole = self.day is None or self.year is None or self.month is not None
        return (
            whole and any(astuple(self)) and self.month in (None, *range(1, 13)) and self.day in (None, *range(1, 32))
        )

    def within(self, other: PartialDate) -> bool:
        """Whether everything this date says, the other one says too.

        >>> PartialDate(month=4, day=19).within(PartialDate(2011, 4, 19)), PartialDate(2011).within(PartialDate(2012))
        (True, False)
        """
        return all(mine is None or mine == its for mine, its in zip(astuple(self), astuple(other), strict=True))

    def completed(self, by: PartialDate) -> PartialDate:
        """The date with the parts in front that it lacks taken from another one: 23日 after 4月19日 is 4月23日."""
        month = by.month if self.month is None and self.day is not None else self.month
        return PartialDate(by.year if self.year is None else self.year, month, self.day)


class Moment(NamedTuple):
    """What `read` found, up to `end`. `value`, `upper` and `unit` are as `rag.figures.Found` explains them."""

    kind: Kind
    value: Decimal
    unit: str
    end: int
    date: PartialDate | None = None
    until: PartialDate | None = None
    upper: Decimal | None = None


def parse(iso: str) -> PartialDate | None:
    """The date of a document, such as 2011-04-19 or 2011; None when it has none."""
    match = re.match(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?(?![0-9])", iso)
    return PartialDate(*(int(part) if part else None for part in match.groups())) if match else None


def read(text: str, at: int) -> Moment | None:
    """The date, time or period that starts at an offset of a folded text.

    >>> [str(read(text, 0).date) for text in ("2011年4月19日", "二〇一一年四月", "april 19, 2011", "民国一百年")]
    ['2011-04-19', '2011-04', '2011-04-19', '2011']
    >>> [(read(text, 0).kind, str(read(text, 0).value)) for text in ("下午3点半", "2011年第一季度", "1980s")]
    [('time', '55800'), ('period', '1'), ('period', '1980')]
    """
    return (_read_period(text, at) or _read_time(text, at) or _read_date(text, at)) if _MAYBE.match(text, at) else None


def _small(written: str | None) -> int | None:
    number = numerals.read(written.lstrip("零〇") if written else "", 0)
    return int(number.value) if number else None


def _year(written: str | None) -> int | None:
    return int(written.translate(_YEAR_DIGITS)) if written else None


def _first(match: re.Match[str], name: str) -> str | None:
    """The group of that name, or of that name with a number after it, that took part."""
    return next((value for key, value in match.groupdict().items() if value and key.rstrip("0123456789") == name), None)


def _read_date(text: str, at: int) -> Moment | None:
    if match := _SHARED.match(text, at):
        year, month = _year(_first(match, "year")), _small(match["month"] or match["month3"])
        date = PartialDate(_year(match["year"] or match["year3"]), month, _small(match["day"]))
        later = PartialDate(_year(match["year2"]) or year, _small(match["month2"]) or month, _small(match["day2"]))
        if date.possible and later.possible and _before(date, later):
            return _dated(date, match.end(), later)
    found = _read_one_date(text, at)
    if found is None:
        return None
    date, end, until = found
    to = _TO.match(text, end) if until is None else None
    following = _read_one_date(text, to.end()) if to else None
    if following is None or following[2] is not None:
        return _dated(date, end, until)
    last = following[0]
    completed = last.completed(date)
    if [part is None for part in astuple(completed)] == [part is None for part in astuple(date)]:
        return _dated(date, following[1], completed) if _before(date, completed) else _dated(date, end, None)
    # The year stands once, at the end: April 19 to May 3, 2011.
    begun = date.completed(last)
    if date.year is None and last.year is not None and begun.possible and _before(begun, last):
        return _dated(begun, following[1], last)
    return _dated(date, end, None)


def _before(date: PartialDate, until: PartialDate) -> bool:
    return [part or 0 for part in astuple(date)] < [part or 0 for part in astuple(until)]


def _dated(date: PartialDate, end: int, until: PartialDate | None) -> Moment:
    given = [(part, unit) for part, unit in zip(astuple(date), "年月日", strict=True) if part is not None]
    part, unit = given[0] if len(given) == 1 else (given[0][0], "日期")
    upper = None if until is None else next(Decimal(part) for part in astuple(until) if part is not None)
    return Moment("date", Decimal(part), unit, end, date, until, upper)


def _read_one_date(text: str, at: int) -> tuple[PartialDate, int, PartialDate | None] | None:
    if text[at : at + 1].isascii():
        for pattern in (_ISO, _CHRISTIAN, _DAY_FIRST, _MONTH_FIRST):
            if (match := pattern.match(text, at)) and (found := _western(text, match)):
                return found
    match = _CHINESE.match(text, at)
    if match is None or match.end() == at:
        return None
    year = _year(match["year"])
    if match["era"]:
        number = numerals.read(match["count"].replace("元", "一"), 0)
        if number is None or not 0 < number.value < 3000:
            return None
        count = int(number.value)
        year = {"民国": count + 1911, "公元前": -count}.get(match["era"], count)
    date = PartialDate(year, _small(match["month"]), _small(match["day"]))
    if not date.possible or (match["number"] and date.month is None) or (date.year and date.day and not date.month):
        return None
    return date, match.end(), None


def _western(text: str, match: re.Match[str]) -> tuple[PartialDate, int, PartialDate | None] | None:
    if match.re is _CHRISTIAN:
        if match["after"] is None and match["era"].startswith("b"):
            return PartialDate(-int(match["count"])), match.end(), None
        return PartialDate(int(match["after"] or match["count"])), match.end(), None
    groups = match.groupdict()
    at = match.start()
    if groups.get("full") in ("may", "march") and not _MONTH_BEFORE.search(text, max(0, at - 8), at):
        return None
    year = _year(_first(match, "year"))
    name = _first(match, "name") or groups.get("full")
    month = _MONTH_OF[name[:3]] if name else _small(_first(match, "month"))
    date = PartialDate(year, month, _small(groups.get("day") or groups.get("day4")))
    until = replace(date, day=int(groups["day2"])) if groups.get("day2") else None
    return (date, match.end(), until) if until is None or _before(date, until) else None


def _read_period(text: str, at: int) -> Moment | None:
    if match := _DECADE.match(text, at):
        if match["full"]:
            return Moment("period", Decimal(match["full"]), "年代", match.end())
        decade, century = _small(match["decade"] or match["short"]) or 0, match["century"] or ""
        hundreds = {"": 0, "上": 19, "上个": 19, "本": 20}.get(century, (_small(century) or 1) - 1)
        return Moment("period", Decimal(100 * hundreds + decade), "年代", match.end())
    match = _PERIOD.match(text, at)
    if match is None:
        return None
    date = PartialDate(_year(_first(match, "year"))) if _first(match, "year") else None
    if until := _first(match, "first"):
        upper = {"two": 2, "three": 3, "两": 2}.get(until) or _small(until) or 0
        return Moment("period", Decimal(1), "季度", match.end(), date, None, Decimal(upper))
    nth = {"上": 1, "下": 2, "first": 1, "second": 2, "third": 3, "fourth": 4}
    which = _first(match, "quarter") or _first(match, "half") or (match["nth"] or "").rstrip("stndrh") or match["nth"]
    number = nth.get(match["nth"] or which or "") or _small(which) or 0
    half = bool(_first(match, "half") or match["word"] == "half")
    unit = "半年" if half else "季度"
    return None if half and number > 2 else Moment("period", Decimal(number), unit, match.end(), date)


def _read_time(text: str, at: int) -> Moment | None:
    found = _read_one_time(text, at)
    if found is None:
        return None
    if (to := _TO.match(text, found.end)) and (later := _read_one_time(text, to.end(), surely=True)):
        seconds = later.value
        # 下午3点至5点: the part of the day stands once.
        if _PART.match(text, at) and not _PART.match(text, to.end()) and seconds < found.value:
            seconds += 12 * 3600
        if later.unit == found.unit and found.value < seconds <= 24 * 3600:
            return found._replace(upper=seconds, end=later.end)
    return found


def _read_one_time(text: str, at: int, *, surely: bool = False) -> Moment | None:
    """One time of the day; 3点 alone may be three points, and is a time only when it `surely` is one."""
    match = _CLOCK.match(text, at) or _ENGLISH_CLOCK.match(text, at) or _CHINESE_CLOCK.match(text, at)
    if match is None:
        return None
    groups = match.groupdict()
    hour, minute, second = _small(groups["hour"]), _small(groups.get("minute")), _small(groups.get("second"))
    part, half, word = groups.get("part"), groups.get("half"), groups.get("word")
    if match.re is _CHINESE_CLOCK:
        if not (surely or part or match["sign"] or word or match["exact"] or match["short"]):
            return None
        if match["short"] and not (part or match["short"].isdigit() or match["sign"]):
            return None
        minute = _small(match["short"]) if match["short"] else minute
        minute = {"半": 30, "一刻": 15, "三刻": 45}.get(word or "", minute)
    if hour is None or hour > 24 or (minute or 0) > 59 or (second or 0) > 59:
        return None
    hour = _on_24_hours(hour, {"a": "上午", "p": "下午"}.get(half or "", part or ""))
    unit = "时分秒" if second is not None else "时分" if minute is not None else "时"
    return Moment("time", Decimal(hour * 3600 + (minute or 0) * 60 + (second or 0)), unit, match.end())


def _on_24_hours(hour: int, part: str) -> int:
    """The hour on the 24-hour clock.

    >>> [_on_24_hours(*spoken) for spoken in ((3, "下午"), (12, "上午"), (1, "中午"), (12, "下午"), (2, "深夜"))]
    [15, 0, 13, 12, 2]
    """
    first, last = _AFTER_NOON.get(part, (12, 0))
    return (
        hour + 12 if first <= hour <= last else 0 if hour == 12 and part in ("上午", "凌晨", "午夜", "半夜") else hour
    )


def compare(claimed: Moment, written: Moment, published: str = "") -> Relation:
    """How a claim stands to what is written, where at least one of them is a date, a time or a period.

    `published`: the ISO date that completes a written date or period without its year, and a lone day.
    """
    if claimed.kind == "time" or written.kind == "time":
        return _compare_times(claimed, written)
    by = parse(published)
    if claimed.kind == "period" or written.kind == "period":
        return _compare_periods(claimed, written, by)
    relation = _compare_dates(claimed, written)
    if by and written.date and written.date.year is None and relation is not Relation.EQUAL:
        until = written.until and written.until.completed(by)
        completed = _compare_dates(claimed, written._replace(date=written.date.completed(by), until=until))
        return min(relation, completed, key=list(Relation).index)
    return relation


def _compare_dates(claimed: Moment, written: Moment) -> Relation:
    same = claimed.value == written.value and claimed.unit != written.unit
    otherwise = Relation.OTHER_UNIT if same else Relation.DIFFERENT
    if claimed.date and written.date:
        if (claimed.date, claimed.until) == (written.date, written.until):
            return Relation.EQUAL
        if claimed.until:
            within = claimed.date.within(written.date) and written.until and claimed.until.within(written.until)
        else:
            within = any(claimed.date.within(date) for date in (written.date, written.until) if date)
        lone = "日期" not in (claimed.unit, written.unit)
        return Relation.CONTAINED if within else otherwise if lone else Relation.DIFFERENT
    ends = [(claimed.value, claimed.upper), (written.value, written.upper)]
    if written.date:  # a bare number is a year, or the number of a lone month or day
        years = [Decimal(date.year) for date in (written.date, written.until) if date and date.year]
        if claimed.kind == "ordinal":
            known = claimed.unit == "" and claimed.value == written.date.day
        elif claimed.upper is not None:
            known = claimed.unit in ("", "年") and bool(years) and ends[0] == ends[1]
        else:
            among = [*years, *ends[1]] if claimed.unit == "" and written.unit != "日期" else years
            known = claimed.unit in ("", "年") and claimed.value in among
        return Relation.CONTAINED if known else otherwise
    if claimed.unit == "年" and written.kind == "number" and written.unit in ("", "年"):
        known = ends[0] == ends[1] or (claimed.upper is None and claimed.value in ends[1])
        return Relation.CONTAINED if known else Relation.DIFFERENT
    return otherwise


def _compare_periods(claimed: Moment, written: Moment, by: PartialDate | None) -> Relation:
    if claimed.kind != "period" or written.kind != "period":
        whole_year = claimed.unit in ("", "年") and claimed.kind in ("number", "date") and claimed.upper is None
        known = written.date and whole_year and claimed.value == written.date.year
        return Relation.CONTAINED if known else Relation.DIFFERENT
    if claimed.unit == written.unit == "年代" and claimed.value < 100 < written.value:
        return Relation.CONTAINED if claimed.value == written.value % 100 else Relation.DIFFERENT
    if (claimed.value, claimed.upper, claimed.unit) != (written.value, written.upper, written.unit):
        return Relation.DIFFERENT
    if claimed.date is None:
        return Relation.CONTAINED if written.date else Relation.EQUAL
    year = written.date or (by and PartialDate(by.year))
    return Relation.EQUAL if claimed.date == year else Relation.DIFFERENT


def _compare_times(claimed: Moment, written: Moment) -> Relation:
    """Times of the day, 3点 among them, to the exactness of the claim."""
    claimed, written = (
        m._replace(kind="time", unit="时", value=m.value * 3600) if m.unit == "点" and m.value in range(25) else m
        for m in (claimed, written)
    )
    if claimed.kind != written.kind or not written.unit.startswith(claimed.unit):
        return Relation.DIFFERENT
    step = _SECONDS[claimed.unit]
    said, there = ([e and e // step for e in (moment.value, moment.upper)] for moment in (claimed, written))
    if said == there:
        return Relation.EQUAL if claimed.unit == written.unit else Relation.CONTAINED
    return Relation.CONTAINED if said[1] is None and said[0] in there else Relation.DIFFERENT


def _as_time(moment: Moment) -> Moment:
    if moment.kind == "number" and moment.unit == "点" and moment.value in range(25):
        return moment._replace(kind="time", unit="时", value=moment.value * 3600, upper=None)
    return moment
