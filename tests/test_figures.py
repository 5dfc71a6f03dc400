"""A figure is found where it stands, with its value and what it counts, and agrees only with what says the same."""

from __future__ import annotations

import datetime
import itertools
import re
import time
from decimal import Decimal

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rag.figures import Found, PartialDate, Relation, agree, compare, find
from rag.text import to_script
from tests.test_numerals import FULL_WIDTH, NUMBERS, said

UNITS = "人次 人 期 个百分点 % ‰ 元 美元 公里 份 条 个 倍 吨 岁 天 小时 个月".split()
SHARDS = st.sampled_from(
    [
        *"341期|8710人次|８，７１０|1.2万元|13亿7053万6875人|八千七百一十|壹佰|五六十|3.5%|½|①|2011-04-19".split("|"),
        *"萬|十|百|零|两|2|5|半|人|五|培訓|組工乾部|，|,|.|。| |\n|第|個|億|%|分|million|e\u0301|²|\u200b".split("|"),
        *"-|—|至|到|年|月|日|點|:|成|/|分之|同比增长|下午|3|二〇一一|民国|第一季度|上半年|April|May".split("|"),
        *"one hundred|$|to |between |and |−|多|约|1980s|third|rose |近".split("|"),
    ]
)
TEXTS = st.lists(SHARDS, max_size=20).map("".join) | st.text(max_size=60)
AMOUNTS = st.builds(
    lambda number, scale, unit: f"{number}{scale}{unit}",
    st.integers(1, 10**6) | st.decimals(1, 10**4, places=2),
    st.sampled_from(["", "", "万", "亿"]),
    st.sampled_from(["", *UNITS]),
)
DATES = st.dates(datetime.date(1000, 1, 1), datetime.date(2999, 12, 31)).flatmap(
    lambda day: st.sampled_from(
        [
            f"{day.year:04}年{day.month}月{day.day}日",
            f"{day.year:04}年{day.month}月",
            f"{day.year:04}年",
            f"{day.month}月{day.day}日",
            f"{day:%Y-%m-%d}",
            f"{day:%B} {day.day}, {day.year:04}",
            f"{day.day} {day:%B} {day.year:04}",
        ]
    )
)
TIMES = st.times().map(lambda moment: f"{moment:%H:%M:%S}")
RANGES = st.tuples(st.integers(1, 500), st.integers(1, 500), st.sampled_from(["人", "%", "万元", "次"])).map(
    lambda ends: f"{ends[0]}-{ends[0] + ends[1]}{ends[2]}"
)
OTHERS = st.sampled_from(
    "第138期|2011年第一季度|三成|1/3|百分之三十|-3.5%|下降3.5%|第七届|1980年代|约50人|¥300|$1.5 million".split("|")
)
FIGURES = AMOUNTS | DATES | TIMES | RANGES | OTHERS
patiently = settings(deadline=None)  # the first call of each reads OpenCC's dictionaries


def read(text: str) -> list[tuple[str, str]]:
    """Value and unit of each figure."""
    return [(str(figure.value), figure.unit) for figure in find(text)]


def one(text: str) -> Found:
    """The only figure of a text."""
    (figure,) = find(text)
    return figure


def said_of(claimed: str, written: str, published: str = "") -> str:
    return compare(one(claimed), one(written), published).name


# --- invariants


@patiently
@given(TEXTS)
def test_every_figure_stands_where_it_says_and_apart_from_the_next(text: str) -> None:
    found = find(text)
    assert all(text[figure.start : figure.end] == figure.text != "" for figure in found)
    assert all(figure.text == figure.text.strip() for figure in found)
    assert all(left.end <= right.start or left.text == right.text for left, right in itertools.pairwise(found))


@patiently
@given(TEXTS | FIGURES)
def test_a_figure_agrees_with_itself_and_has_a_normal_form(text: str) -> None:
    for figure in find(text):
        assert compare(figure, figure) is Relation.EQUAL
        assert figure.normal
        assert "E" not in figure.normal


@patiently
@given(NUMBERS, st.sampled_from(UNITS))
def test_any_whole_number_is_found_however_its_digits_are_written(number: int, unit: str) -> None:
    for digits in (f"{number}", f"{number:,}", f"{number:,}".translate(FULL_WIDTH), said(number)):
        assume(not (unit in "%‰" and digits == said(number)))
        figure = one(f"全省共計{digits}{unit}。")
        assert (figure.value, figure.unit, figure.text) == (Decimal(number), unit, f"{digits}{unit}")


@patiently
@given(st.integers(0, 10**12))
def test_a_figure_is_the_same_in_both_scripts(number: int) -> None:
    text = f"培训{number}个单位、{number}万美元、{said(number)}条，下午3点半，2011年第三季度"
    assert read(to_script(text, "zh-Hant")) == read(text)


@patiently
@given(FIGURES, st.data())
@example("2011年4月19日", None)
def test_a_changed_digit_does_not_agree(text: str, data: st.DataObject | None) -> None:
    figure = one(text)
    places = [match.start() for match in re.finditer("[0-9]", text)]
    assume(places)
    chosen = [data.draw(st.sampled_from(places))] if data else places
    for place, digit in itertools.product(chosen, "0123456789"):
        if digit == text[place] or (digit == "0" and not text[:place][-1:].isdigit()):
            continue  # 1-01人 says no range
        changed = find(text[:place] + digit + text[place + 1 :])
        assert not changed or not all(agree(claimed, figure) for claimed in changed), (digit, changed)


@patiently
@given(st.integers(1, 10**9), st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_another_unit_does_not_agree(number: int, unit: str, other: str) -> None:
    written, claimed = one(f"{number}{unit}"), one(f"{number}{other}")
    assert agree(claimed, written) == (unit == other)


@patiently
@given(st.integers(1000, 2999), st.integers(1000, 2999), st.sampled_from(["", "4月", "4月19日", "第一季度", "上半年"]))
def test_another_year_does_not_agree(year: int, other: int, rest: str) -> None:
    written = one(f"{year}年{rest}")
    for claimed in (f"{other}年{rest}", f"{other}年", f"{other}"):
        assert agree(one(claimed), written) == (year == other)


@patiently
@given(st.integers(1, 10**6), st.sampled_from(["%", "个百分点", "人"]))
def test_growth_does_not_agree_with_decline(number: int, unit: str) -> None:
    up, down = one(f"增长{number}{unit}"), one(f"下降{number}{unit}")
    assert not agree(up, down)
    assert not agree(down, up)
    assert agree(one(f"{number}{unit}"), down)
    assert agree(down, one(f"-{number}{unit}"))


# --- finding


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("培訓341期,培訓組工乾部8710人次。", [("341", "期"), ("8710", "人次")]),
        ("約1.2萬元", [("12000", "元")]),
        ("1萬億元", [("1000000000000", "元")]),
        ("13亿7053万6875人", [("1370536875", "人")]),
        ("3万5千余人", [("35000", "人")]),
        ("10億8千萬", [("1080000000", "")]),
        ("8,710 cadres, 1.2 million people", [("8710", ""), ("1200000", "")]),
        ("12,3456", [("12", ""), ("3456", "")]),
        ("8710,341", [("8710", ""), ("341", "")]),
        ("14452多人次", [("14452", "人次")]),
        ("３．５％、5‰", [("3.5", "%"), ("5", "‰")]),
        ("提高20個百分點", [("20", "个百分点")]),
        ("三百二", [("320", "")]),
        ("捌仟柒佰壹拾元整", [("8710", "元")]),
        ("十年，3年，3個月", [("10", "年"), ("3", "年"), ("3", "个月")]),
        ("两个半小时、一年半、1個半月", [("2.5", "小时"), ("1.5", "年"), ("1.5", "个月")]),
        ("百分之三十、千分之五、百分之百", [("30", "%"), ("5", "‰"), ("100", "%")]),
        ("三成，两倍，一个", [("3", "成"), ("2", "倍"), ("1", "个")]),
        ("¥100，$3.5 million，US$5bn", [("100", "元"), ("3500000", "美元"), ("5000000000", "美元")]),
        ("人民币200元，500 yuan, 300 US dollars", [("200", "元"), ("500", "元"), ("300", "美元")]),
        ("5 km², 3 kilometres, 20℃", [("5", "平方公里"), ("3", "公里"), ("20", "摄氏度")]),
        ("3.5 percent, 2 percentage points, 3 weeks", [("3.5", "%"), ("2", "个百分点"), ("3", "周")]),
        ("-3.5%，−2%，零下5度", [("-3.5", "%"), ("-2", "%"), ("-5", "度")]),
        ("2½ hours", [("2.5", "小时")]),
        ("①8710人，10²", [("8710", "人")]),
        ("1.2.0", [("1", ""), ("2", ""), ("0", "")]),
        ("138-0000-1234", [("138", ""), ("0", ""), ("1234", "")]),
        ("COVID-19, PM2.5, 5G", [("19", ""), ("2.5", ""), ("5", "")]),
        ("3比1，3:1", [("3", ""), ("1", ""), ("3", ""), ("1", "")]),
        ("twenty-one people, one percent", [("21", ""), ("1", "%")]),
    ],
)
def test_numbers_are_read_as_a_reader_reads_them(text: str, figures: list[tuple[str, str]]) -> None:
    assert read(text) == figures


@pytest.mark.parametrize(
    ("text", "kind", "normal"),
    [
        ("2011年4月19日", "date", "2011-04-19"),
        ("2011-04-19", "date", "2011-04-19"),
        ("2011/4/19", "date", "2011-04-19"),
        ("2011.4.19", "date", "2011-04-19"),
        ("二〇一一年四月十九日", "date", "2011-04-19"),
        ("April 19, 2011", "date", "2011-04-19"),
        ("19 April 2011", "date", "2011-04-19"),
        ("Apr 2011", "date", "2011-04"),
        ("4月19日", "date", "--04-19"),
        ("2011 年 4 月", "date", "2011-04"),
        ("19日", "date", "---19"),
        ("2011年", "date", "2011"),
        ("民國一百年", "date", "2011"),
        ("民国100年", "date", "2011"),
        ("公元前221年", "date", "-0221"),
        ("2010年至2015年", "date", "2010..2015"),
        ("2010-2015年", "date", "2010..2015"),
        ("1-3月", "date", "--01..--03"),
        ("4月19日至23日", "date", "--04-19..--04-23"),
        ("April 19–23, 2011", "date", "2011-04-19..2011-04-23"),
        ("23:28:14", "time", "23:28:14"),
        ("9:30", "time", "09:30"),
        ("下午3点半", "time", "15:30"),
        ("上午10时20分", "time", "10:20"),
        ("3 p.m.", "time", "15:00"),
        ("9:30-11:30", "time", "09:30..11:30"),
        ("下午3点至5点", "time", "15:00..17:00"),
        ("上半年", "period", "H1"),
        ("2011年前三季度", "period", "2011-Q1..Q3"),
        ("Q1 2011", "period", "2011-Q1"),
        ("first quarter of 2011", "period", "2011-Q1"),
        ("上世纪80年代", "period", "1980s"),
        ("1980s", "period", "1980s"),
        ("第138期", "ordinal", "138"),
        ("第 138 期", "ordinal", "138"),
        ("第七屆", "ordinal", "7"),
        ("第一", "ordinal", "1"),
        ("2nd", "ordinal", "2"),
        ("21st century", "ordinal", "21"),
        ("第3-5条", "ordinal", "3..5"),
        ("10—15人", "number", "10..15"),
        ("3-5万元", "number", "30000..50000"),
        ("10%至20%", "number", "10..20"),
        ("三四十人", "number", "30..40"),
        ("5到6次", "number", "5..6"),
        ("$3-5 million", "number", "3000000..5000000"),
        ("三分之一", "number", "0.3333"),
        ("1/4", "number", "0.25"),
    ],
)
def test_every_kind_is_told_and_has_one_normal_form(text: str, kind: str, normal: str) -> None:
    figure = one(text)
    assert (figure.text, figure.kind, figure.normal) == (text, kind, normal)


def test_dates_keep_the_parts_that_are_written() -> None:
    figure = one("2011年4月19日至5月3日")
    assert (figure.date, figure.until) == (PartialDate(2011, 4, 19), PartialDate(2011, 5, 3))
    assert (figure.value, figure.unit, one("4月").unit, one("4月19日").date) == (
        Decimal(2011),
        "日期",
        "月",
        PartialDate(month=4, day=19),
    )


def test_between_and_from_make_a_range() -> None:
    assert [find(text)[0].normal for text in ("between 3 and 5", "from 10 to 20", "3 to 1")] == ["3..5", "10..20", "3"]


@pytest.mark.parametrize(
    "text",
    [
        *"一般情況|萬一|百花齊放|隊伍建設|大陸|收拾|十几个|千方百計||统一|三心二意|千万别|一起|三三两两|第一线|第一時間".split(
            "|"
        ),
        *"几十万人|數百人|周三|星期二|同一个|一点|十分|双十一|三年级|①|I may go|no one".split("|"),
    ],
)
def test_numerals_that_count_nothing_are_no_figures(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    "text",
    "约5人|近10年|逾5人|10余人|三百多人|5人以上|10个左右|至少7名|about 5|more than 20|at least 7|3000多万元".split("|"),
)
def test_an_approximate_number_is_marked(text: str) -> None:
    figure = one(text)
    assert figure.approximate
    assert not figure.text.startswith(("约", "近", "至少", "about"))
    assert not figure.text.endswith(("以上", "左右"))


@pytest.mark.parametrize(
    ("text", "said_of_it"),
    [
        ("同比增长3.5%", [(1, "同比")]),
        ("环比下降0.2%", [(-1, "环比")]),
        ("比上年减少5.1个百分点", [(-1, "同比")]),
        ("出口和进口分别增长3.5%和4.2%", [(1, ""), (1, "")]),
        ("增速回落1.2个百分点", [(-1, "")]),
        ("升至5%，负增长2%", [(1, ""), (-1, "")]),
        ("出口增长，其中机电占30%", [(0, "")]),
        ("rose 3.5% year-on-year, fell 2% month-on-month", [(1, "同比"), (-1, "环比")]),
        ("a 3% decline", [(-1, "")]),
        ("up to 5%", [(0, "")]),
    ],
)
def test_the_clause_tells_direction_and_basis(text: str, said_of_it: list[tuple[int, str]]) -> None:
    assert [(figure.direction, figure.basis) for figure in find(text)] == said_of_it


# --- agreement


@pytest.mark.parametrize(
    ("claimed", "written", "relation"),
    [
        ("8710人次", "８，７１０人次", "EQUAL"),
        ("八千七百一十人次", "8710人次", "EQUAL"),
        ("1.2万元", "12000元", "EQUAL"),
        ("1.2億", "1亿2000万", "EQUAL"),
        ("3.50%", "3.5％", "EQUAL"),
        ("8710人", "8710名", "EQUAL"),
        ("三成", "30%", "EQUAL"),
        ("百分之三十", "30 percent", "EQUAL"),
        ("5‰", "0.5%", "EQUAL"),
        ("1/3", "三分之一", "EQUAL"),
        ("100 yuan", "¥100", "EQUAL"),
        ("3公里", "3000米", "EQUAL"),
        ("下降3.5%", "-3.5%", "EQUAL"),
        ("April 19, 2011", "2011年4月19日", "EQUAL"),
        ("一季度", "first quarter", "EQUAL"),
        ("下午3點半", "15:30", "EQUAL"),
        ("21世纪", "21st century", "EQUAL"),
        ("8710", "8710人次", "CONTAINED"),
        ("8,710 cadres", "8710人次", "CONTAINED"),
        ("8710名", "8,710 cadres", "CONTAINED"),
        ("约8710人次", "8710人次", "CONTAINED"),
        ("8710人次", "8710余人次", "CONTAINED"),
        ("2011年", "2011年4月19日", "CONTAINED"),
        ("4月19日", "2011年4月19日", "CONTAINED"),
        ("2011", "2011年4月19日", "CONTAINED"),
        ("2011年", "2011", "CONTAINED"),
        ("5万元", "3-5万元", "CONTAINED"),
        ("2015年", "2010年至2015年", "CONTAINED"),
        ("第一季度", "2011年第一季度", "CONTAINED"),
        ("2011年", "2011年第一季度", "CONTAINED"),
        ("23:28", "23:28:14", "CONTAINED"),
        ("3点半", "下午3点半", "CONTAINED"),
        ("80年代", "1980年代", "CONTAINED"),
        ("二分之一", "50%", "CONTAINED"),
        ("3rd", "第3期", "CONTAINED"),
        ("third place", "第三名", "CONTAINED"),
        ("8710人", "8710人次", "OTHER_UNIT"),
        ("6.4%", "6.4个百分点", "OTHER_UNIT"),
        ("12万元", "12万美元", "OTHER_UNIT"),
        ("3期", "第3期", "OTHER_UNIT"),
        ("第3期", "3期", "OTHER_UNIT"),
        ("2011人", "2011年", "OTHER_UNIT"),
        ("19天", "19日", "OTHER_UNIT"),
        ("4个月", "4月", "OTHER_UNIT"),
        ("8711人次", "8710人次", "DIFFERENT"),
        ("871人次", "8710人次", "DIFFERENT"),
        ("12万元", "12元", "DIFFERENT"),
        ("2000万人", "1亿2000万人", "DIFFERENT"),
        ("增长3.5%", "下降3.5%", "DIFFERENT"),
        ("3.5%", "-3.5%", "DIFFERENT"),
        ("同比增长3.5%", "环比增长3.5%", "DIFFERENT"),
        ("2011年4月19日", "4月19日", "DIFFERENT"),
        ("2012年", "2010年至2015年", "DIFFERENT"),
        ("3-5万元", "5万元", "DIFFERENT"),
        ("3-4万元", "3-5万元", "DIFFERENT"),
        ("2-2人", "1-2人", "DIFFERENT"),
        ("2011年第一季度", "第一季度", "DIFFERENT"),
        ("第一季度", "前三季度", "DIFFERENT"),
        ("上半年", "下半年", "DIFFERENT"),
        ("3:30", "15:30", "DIFFERENT"),
        ("23:28:14", "23:28", "DIFFERENT"),
        ("1980", "1980s", "DIFFERENT"),
    ],
)
def test_a_claim_stands_to_what_is_written_as_a_reader_would_say(claimed: str, written: str, relation: str) -> None:
    assert said_of(claimed, written) == relation


def test_a_date_without_its_year_is_of_the_year_in_which_the_document_was_published() -> None:
    assert said_of("2011年4月19日", "4月19日", "2011-04-20") == "EQUAL"
    assert said_of("2012年4月19日", "4月19日", "2011-04-20") == "DIFFERENT"
    assert said_of("4月19日", "4月19日", "2011-04-20") == "EQUAL"
    assert said_of("2011年4月19日", "19日", "2011-04-20") == "EQUAL"
    assert said_of("2011年5月19日", "19日", "2011-04-20") == "DIFFERENT"
    assert said_of("2011年第一季度", "第一季度", "2011") == "EQUAL"
    assert said_of("2011年4月19日", "4月19日", "undated") == "DIFFERENT"


@pytest.mark.parametrize(("claimed", "written"), [("5千人", "3万5千人"), ("12345", "12,3456"), ("341", "8710,3410")])
def test_a_part_of_a_number_does_not_agree(claimed: str, written: str) -> None:
    assert not any(agree(one(claimed), figure) for figure in find(written))


def test_numbers_longer_than_any_amount_are_compared_digit_by_digit() -> None:
    number = "1" * 5000
    assert agree(one(number), one(number))
    assert not agree(one(number), one(number[:-1] + "2"))
    assert one(f"{number}年半").value == Decimal(number)


# --- hostile texts

ROWS = "1|1,111|一|万|百万|壹|一二三|零|①|²|第|半|百分之|十|一点|约|同比|一万亿|12345678901234567890".split("|")
WORDS = [
    "one hundred ",
    "twenty-",
    "a million ",
    "April ",
    "下午",
    "增长",
    "up ",
    "民国",
    "-",
    " ",
    "$",
    "between 1 and ",
]
DENSE = "1,|1.|1 |1-|1万|1亿2|1:|1/|4月|2011年|2011-04-|1至|一到|三四|1万零|1.1|三分之|8,710人次 |第一|0.|one ".split(
    "|"
)


@pytest.mark.parametrize(
    ("unit", "length"),
    [*((unit, 200_000) for unit in [*ROWS, *WORDS]), *((unit, 20_000) for unit in DENSE), ("1-", 40_000)],
)
def test_a_hostile_text_takes_no_time(unit: str, length: int) -> None:
    text = (unit * length)[:length]
    started = time.process_time()
    found = find(text)
    # A figure takes less than 0.1 ms; ten times that would still be no wait.
    assert time.process_time() - started < 1 + length * 1e-5 + len(found) * 1e-3
    assert all(text[figure.start : figure.end] == figure.text for figure in found[:1000])
    assert all(agree(figure, figure) for figure in found[:1000])
