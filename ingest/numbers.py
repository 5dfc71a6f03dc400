"""A number or a date of a spreadsheet as its reader sees it. Pure; it knows nothing of cells and files.

What is left to Excel: conditions in formats, fractions and exponents, which are written as plain decimals, and the ways
to write a negative number, which always has its minus sign here.
"""

from __future__ import annotations

import datetime
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

Value = str | int | float | bool | datetime.datetime | datetime.date | datetime.time | datetime.timedelta | None


def display(value: Value, number_format: str = "General") -> str:
    """A cell's value in its number format.

    >>> display(0.1 + 0.2), display(0.125, "0.0%"), display(8710, "#,##0"), display(871, '0"人次"'), display(1e3)
    ('0.3', '12.5%', '8,710', '871人次', '1000')
    >>> display(datetime.datetime(2011, 4, 19)), display(datetime.datetime(2011, 4, 19, 9, 30)), display(True)
    ('2011-04-19', '2011-04-19 09:30', 'TRUE')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime | datetime.date):
        return _date(value, number_format)
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return _number(value, number_format)


_QUOTED = re.compile(r'"[^"]*"|\\.|!.|\[[^\]]*\]|_.|\*.')


def _date(value: datetime.date, number_format: str) -> str:
    letters = _QUOTED.sub("", number_format.split(";")[0]).lower()
    if "y" in letters and "d" not in letters and "h" not in letters:
        return f"{value.year}年{value.month}月" if "m" in letters else f"{value.year}年"
    if not isinstance(value, datetime.datetime) or (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.strftime("%Y-%m-%d") if value.year >= 1000 else value.isoformat()[:10]
    return value.strftime("%Y-%m-%d %H:%M:%S" if value.second else "%Y-%m-%d %H:%M")


class _Format(NamedTuple):
    """One section of a number format. `point`: digits behind a written-in point, as in 0!.0, for 万."""

    before: str
    after: str
    decimals: int
    optional: int
    thousands: bool
    factor: Decimal
    width: int
    point: int
    general: bool


def _number(value: int | float, number_format: str) -> str:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        return str(value)
    format_ = _parsed(_section(number, number_format))
    if format_ is None:
        return _general(number)
    sign = "-" if number < 0 else ""
    if format_.general:
        return f"{sign}{format_.before}{_general(abs(number))}{format_.after}"
    scaled = abs(number) * format_.factor
    if scaled.adjusted() > 300 or format_.decimals > 30:
        return _general(number)
    rounded = scaled.quantize(Decimal(1).scaleb(-format_.decimals), ROUND_HALF_UP) if scaled.adjusted() < 20 else scaled
    text = f"{rounded:,f}" if format_.thousands else f"{rounded:f}"
    whole, _, fraction = text.partition(".")
    while format_.optional and len(fraction) > format_.decimals - format_.optional and fraction.endswith("0"):
        fraction = fraction[:-1]
    whole = whole.zfill(format_.width)
    if format_.point:
        whole = whole.zfill(format_.point + 1)
        whole, fraction = whole[: -format_.point], whole[-format_.point :]
    text = f"{whole}.{fraction}" if fraction else whole
    sign = sign if text.strip("0.,") else ""
    return f"{sign}{format_.before}{text}{format_.after}"


def _general(number: Decimal) -> str:
    """A number without a format: as exact as Excel shows it in a wide column, with ten digits."""
    if number == number.to_integral_value() or number.adjusted() >= 10:
        return f"{number.to_integral_value():f}"
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -4:  # an amount of money, whose cents Excel would hide
        return f"{number.normalize():f}"
    text = f"{number.quantize(Decimal(1).scaleb(min(-1, number.adjusted() - 9) if number.adjusted() >= 0 else -9)):f}"
    if not text.strip("-0."):  # too small for nine decimals
        text = f"{number.normalize():f}" if number.adjusted() > -30 else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _section(number: Decimal, number_format: str) -> str:
    """The part of a format that is for numbers of this sign."""
    sections: list[str] = re.findall(r'(?:"[^"]*"|\\.|!.|\[[^\]]*\]|[^;])+|(?<=;)(?=;|$)|^(?=;)', number_format) or [""]
    if number < 0 and len(sections) > 1:
        return sections[1] or sections[0]
    if number == 0 and len(sections) > 2 and re.search("[0#?]", _QUOTED.sub("", sections[2])):
        return sections[2]
    return sections[0]


_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[[^\]]*\]|_.|\*.|(?P<one>.)'
)


@lru_cache(maxsize=512)
def _parsed(section: str) -> _Format | None:
    """What a section of a format says; None for conditions, fractions and exponents."""
    if re.search(r"\[[<>=]", section) or re.search(r"[eE][+-]|[?#0]\s*/\s*[?#0\d]", _QUOTED.sub("", section)):
        return None
    general = bool(re.search("general", _QUOTED.sub("", section), re.IGNORECASE))
    section = re.sub("general", "0", section, flags=re.IGNORECASE) if general else section
    before, after, digits, point, percent = "", "", "", 0, 0
    for match in _TOKEN.finditer(section):
        literal = next((part for name in ("quoted", "escaped", "currency") if (part := match[name]) is not None), None)
        one = match["one"] or ""
        if one and one in "0#?.,":
            digits += one
            point += bool(point) and one in "0#?"
        elif literal == "." and digits and re.match("[0#?]", section[match.end() :]):
            point = -1  # the digits behind are counted from here on
            digits += "|"
        elif literal is None and not one:
            continue
        else:
            text = one if literal is None else literal
            percent += one == "%"
            text = "" if one in "-+()" and one and literal is None else text
            before, after = (before + text, after) if not digits else (before, after + text)
    if not re.search("[0#?]", digits):
        return None
    behind = digits.partition("|")[2]
    scale = len(digits) - len(digits.rstrip(","))
    whole, _, fraction = digits.replace("|", "").rstrip(",").partition(".")
    fraction = fraction.replace(",", "")
    return _Format(
        before.strip(" ") if not before.strip() else before.lstrip(),
        after.rstrip(),
        len(fraction),
        len(fraction) - len(fraction.rstrip("#?")),
        "," in whole.strip(","),
        Decimal(100) ** percent / Decimal(1000) ** scale,
        whole.count("0"),
        len(re.findall("[0#?]", behind)) if behind else 0,
        general,
    )
