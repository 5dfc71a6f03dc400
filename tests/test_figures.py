"""A figure is found where it stands, with its value and what it counts, however it is written."""

from __future__ import annotations

import itertools
import re
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.figures import agree, find
from rag.text import to_script

FULL_WIDTH = str.maketrans("0123456789,.%", "０１２３４５６７８９，．％")
NUMBERS = st.integers(0, 10**12)
UNITS = st.sampled_from("人次 人 期 个百分点 % 元 公里 年 月 份".split())
SHARDS = st.sampled_from(
    [
        *"341期|8710人次|８，７１０|1.2万元|13亿7053万6875人|八千七百一十|壹佰|五六十|3.5%|½|①|2011-04-19|萬|十|百|零|两".split(
            "|"
        ),
        *"培訓|组工干部|，|,|.|。| |\n|第|個|億|%|分|million|e\u0301|²|\u200b".split("|"),
    ]
)
TEXTS = st.lists(SHARDS, max_size=20).map("".join) | st.text(max_size=60)
patiently = settings(deadline=None)  # the first call of each reads OpenCC's dictionaries


def read(text: str) -> list[tuple[str, str]]:
    """Value and unit of each figure."""
    return [(str(figure.value), figure.unit) for figure in find(text)]


def said(numeral: int) -> str:
    """A whole number below 10^8 in Chinese."""
    if numeral >= 10**4:
        high, low = divmod(numeral, 10**4)
        return f"{said(high)}万" + (("零" if low < 1000 else "") + said(low) if low else "")
    spoken = ""
    for power, name in ((3, "千"), (2, "百"), (1, "十"), (0, "")):
        digit = numeral // 10**power % 10
        if digit:
            spoken += "零一二三四五六七八九"[digit] + name
        elif spoken and not spoken.endswith("零") and numeral % 10**power:
            spoken += "零"
    return spoken or "零"


# --- invariants


@patiently
@given(TEXTS)
def test_every_figure_stands_where_it_says(text: str) -> None:
    found = find(text)
    assert all(text[figure.start : figure.end] == figure.text != "" for figure in found)
    assert all(figure.text == figure.text.strip() for figure in found)
    assert all(left.start <= right.start for left, right in itertools.pairwise(found))


@patiently
@given(NUMBERS, UNITS)
def test_any_whole_number_is_found_however_its_digits_are_written(number: int, unit: str) -> None:
    for digits in (f"{number}", f"{number:,}", f"{number:,}".translate(FULL_WIDTH)):
        text = f"全省共計{digits}{unit}。"
        (figure,) = find(text)
        assert (figure.value, figure.unit) == (Decimal(number), unit)
        assert figure.text == f"{digits}{unit}"


@patiently
@given(st.integers(10, 10**8 - 1), UNITS.filter(lambda unit: unit != "%"))
def test_any_whole_number_is_found_when_written_in_chinese(number: int, unit: str) -> None:
    assert read(f"共{said(number)}{unit}") == [(str(number), unit)]


@patiently
@given(st.decimals(0, 10**6, places=2), UNITS)
def test_decimals_have_one_value_with_and_without_last_zeros(number: Decimal, unit: str) -> None:
    (long,), (short,) = find(f"{number}{unit}"), find(f"{number.normalize():f}{unit}")
    assert long.value == short.value == number
    assert str(long.value) == str(short.value)


@patiently
@given(NUMBERS)
def test_a_figure_is_the_same_in_both_scripts(number: int) -> None:
    text = f"培训{number}个单位、{number}万美元、{said(number % 10**8)}条"
    assert read(to_script(text, "zh-Hant")) == read(text)


@patiently
@given(TEXTS)
def test_a_figure_agrees_with_itself(text: str) -> None:
    assert all(agree(figure, figure) for figure in find(text))


@patiently
@given(TEXTS, TEXTS)
def test_figures_that_agree_have_one_value(one: str, other: str) -> None:
    for claimed, written in itertools.product(find(one), find(other)):
        if agree(claimed, written):
            assert claimed.value == written.value
        assert agree(claimed, written) == agree(written, claimed)


# --- examples


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("培訓341期,培訓組工乾部8710人次。", [("341", "期"), ("8710", "人次")]),
        ("2011年4月19日", [("2011", "年"), ("4", "月"), ("19", "日")]),
        ("二〇一一年", [("2011", "年")]),
        ("約1.2萬元", [("12000", "元")]),
        ("1萬億元", [("1000000000000", "元")]),
        ("1亿2000万人", [("120000000", "人")]),
        ("13亿7053万6875人", [("1370536875", "人")]),
        ("3万5千余人", [("35000", "人")]),
        ("10億8千萬", [("1080000000", "")]),
        ("8,710 cadres, 1.2 million people", [("8710", ""), ("1200000", "")]),
        ("12,3456", [("12", ""), ("3456", "")]),
        ("8710,341", [("8710", ""), ("341", "")]),
        ("14452多人次", [("14452", "人次")]),
        ("３．５％、5‰", [("3.5", "%"), ("5", "‰")]),
        ("提高20個百分點", [("20", "个百分点")]),
        ("提高3百分点", [("3", "百分点")]),
        ("三百二", [("320", "")]),
        ("三百零二", [("302", "")]),
        ("捌仟柒佰壹拾元整", [("8710", "元")]),
        ("十年", [("10", "年")]),
    ],
)
def test_figures_are_read_as_a_reader_reads_them(text: str, figures: list[tuple[str, str]]) -> None:
    assert read(text) == figures


@pytest.mark.parametrize(
    "text", ["一般情況", "萬一", "百花齊放", "隊伍建設", "大陸", "收拾", "五六十人", "十几个", "千方百計", ""]
)
def test_numerals_that_count_nothing_exact_are_no_figures(text: str) -> None:
    assert find(text) == []


# --- agreement


@pytest.mark.parametrize(
    ("claimed", "written"),
    [
        ("8710人次", "８，７１０人次"),
        ("8710", "8710人次"),
        ("8,710 cadres", "8710人次"),
        ("八千七百一十人次", "8710人次"),
        ("1.2万元", "12000元"),
        ("1.2億", "1亿2000万"),
        ("3.50%", "3.5％"),
        ("20個百分點", "20个百分点"),
    ],
)
def test_the_same_figure_agrees_in_any_writing(claimed: str, written: str) -> None:
    assert agree(find(claimed)[0], find(written)[0])


@pytest.mark.parametrize(
    ("claimed", "written"),
    [
        ("8710人", "8710人次"),
        ("8710人次", "8710人"),
        ("8710人次", "8711人次"),
        ("8710人次", "871人次"),
        ("341人次", "341期"),
        ("3.5%", "3.5个百分点"),
        ("3.5%", "3.5‰"),
        ("12万元", "12元"),
        ("12万元", "12万美元"),
        ("2000万人", "1亿2000万人"),
        ("5千人", "3万5千人"),
        ("12345", "12,3456"),
    ],
)
def test_another_value_or_another_unit_does_not_agree(claimed: str, written: str) -> None:
    assert not any(agree(find(claimed)[0], figure) for figure in find(written))


@pytest.mark.parametrize("unit", ["1", "1,", "1.", "1 ", "一", "万", "百万", "1万", "壹", "1亿2", "8,710人次 "])
def test_a_hundred_thousand_digits_take_no_time(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    started = time.process_time()
    found = find(text)
    assert time.process_time() - started < 5
    assert all(text[figure.start : figure.end] == figure.text for figure in found)
    assert re.search(r"\d", text) is None or found
