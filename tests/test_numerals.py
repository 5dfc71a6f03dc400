"""A number has one value however it is spelled: in digits, in Chinese or in English words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag import numerals
from rag.text import fold, to_script

FULL_WIDTH = str.maketrans("0123456789,.%", "０１２３４５６７８９，．％")
FORMAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")
NUMBERS = st.integers(0, 10**13)
patiently = settings(deadline=None)  # the first call of each reads OpenCC's dictionaries


def said(number: int) -> str:
    """A whole number in Chinese."""
    for power, name in ((10**8, "亿"), (10**4, "万")):
        if number >= power:
            high, low = divmod(number, power)
            return f"{said(high)}{name}" + (("零" if low < power // 10 else "") + said(low) if low else "")
    spoken = ""
    for power, name in ((3, "千"), (2, "百"), (1, "十"), (0, "")):
        digit = number // 10**power % 10
        if digit:
            spoken += "零一二三四五六七八九"[digit] + name
        elif spoken and not spoken.endswith("零") and number % 10**power:
            spoken += "零"
    return spoken or "零"


def spelled(number: int) -> str:
    """A whole number in English words."""
    for power, name in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if number >= power:
            high, low = divmod(number, power)
            return f"{spelled(high)} {name}" + (f" {spelled(low)}" if low else "")
    if number >= 100:
        high, low = divmod(number, 100)
        return f"{spelled(high)} hundred" + (f" and {spelled(low)}" if low else "")
    words = numerals.WORDS.split("|")
    if number < 20:
        return words[number]
    return words[18 + number // 10] + (f"-{words[number % 10]}" if number % 10 else "")


def mixed(number: int) -> str:
    """A whole number as newspapers write it: 13亿7053万6875."""
    written = ""
    for power, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part, number = divmod(number, power)
        if part:
            written += f"{part:0{4 if written else 1}}{name}"
    return written


def value(text: str) -> Decimal | None:
    """The value of a text that is one number and nothing else."""
    folded = numerals.informal(fold(text))
    number = numerals.read(folded, 0)
    return number.value if number and number.end == len(folded) else None


@patiently
@given(NUMBERS)
@example(8710)
@example(10**13)
def test_a_whole_number_has_one_value_in_every_spelling(number: int) -> None:
    chinese = said(number)
    for text in (f"{number}", f"{number:,}", f"{number:,}".translate(FULL_WIDTH), chinese, spelled(number)):
        assert value(text) == number, text
    assert value(to_script(chinese, "zh-Hant")) == number
    if len(chinese) > 1:
        assert value(chinese.translate(FORMAL)) == number


@patiently
@given(st.integers(10**5, 10**12))
def test_a_number_in_pieces_is_one_number(number: int) -> None:
    assert value(mixed(number // 10**4 * 10**4)) == number // 10**4 * 10**4
    if number % 10**8 >= 10**4:
        assert value(mixed(number)) == number


@patiently
@given(st.decimals(0, 10**5, places=2), st.sampled_from([("万", 4), ("亿", 8), ("万亿", 12), ("百万", 6), ("千", 3)]))
def test_a_multiplier_multiplies(number: Decimal, multiplier: tuple[str, int]) -> None:
    name, power = multiplier
    assert value(f"{number}{name}") == number * 10**power
    assert value(f"{number} {name}") == number * 10**power


@patiently
@given(st.decimals(0, 10**4, places=3))
def test_equal_values_are_written_alike(number: Decimal) -> None:
    long, short = numerals.plain(number), numerals.plain(Decimal(f"{number.normalize():f}"))
    assert str(long) == str(short)
    assert "E" not in str(long)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("三万五", "35000"),
        ("一百二", "120"),
        ("一百零二", "102"),
        ("3万5千", "35000"),
        ("3千5百万", "35000000"),
        ("1亿2千3百万", "123000000"),
        ("10个亿", "1000000000"),
        ("两千零二十", "2020"),
        ("二〇一一", "2011"),
        ("三点五万", "35000"),
        ("廿三", "23"),
        ("叁仟", "3000"),
        ("two and a half", "2.5"),
        ("1.2 million", "1200000"),
        ("a hundred and five thousand", "105000"),
        ("5bn", "5000000000"),
        (".5", "0.5"),
        ("00123", "123"),
        ("一千多万", "10000000"),
        ("3000多万", "30000000"),
    ],
)
def test_numbers_are_read_as_a_reader_reads_them(text: str, number: str) -> None:
    assert value(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["万一", "百", "一五一十", "一百二百", "三三两两", "三七二十一", "五四", "two three", "1,2345"]
)
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    assert value(text) is None


@pytest.mark.parametrize(
    ("text", "lower", "upper"), [("三四十", 30, 40), ("十七八", 17, 18), ("两三万", 20000, 30000), ("五六百", 500, 600)]
)
def test_two_digits_side_by_side_are_an_approximate_range(text: str, lower: int, upper: int) -> None:
    number = numerals.read(text, 0)
    assert number is not None
    assert number.value == lower
    assert number.upper == upper
    assert number.approximate
