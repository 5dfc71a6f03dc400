"""Numbers as they are written, in digits, in Chinese and in English words, and the units that follow them.

Pure. Each function reads one thing at a given place of a folded text (`rag.text.fold_with_offsets`). It knows neither
what stands around a number nor whether it is a date; `rag.figures` and `rag.dates` do.

cn2an was weighed as the reader of Chinese and not taken: it refuses 10.6万亿, computes in floats, and finds no ends.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import NamedTuple

#: Sums and products of numbers of up to MOST_DIGITS digits are exact in it, and so are comparisons of quotients.
EXACT = Context(prec=80)
_QUOTIENTS = Context(prec=28)
#: A longer row of digits is an identifier: its value is kept as it is and nothing multiplies it.
MOST_DIGITS = 40
_LONGEST_CHINESE = 30

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2}
_SMALL = {"": 1, "十": 10, "百": 100, "千": 1000}
_BIG = {"": 1, "万": 10**4, "亿": 10**8, "万亿": 10**12}
DIGITS = "".join(_DIGITS)
NUMERALS = f"{DIGITS}十百千万亿廿卅"
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")

_ARABIC = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]++(?!\.[0-9]))?|\.[0-9]+")
_WHOLE = re.compile(r"[0-9]+")
# 3千米 are three kilometres and 3百分点 are points, not thousands of metres or hundreds of minutes.
_MULTIPLIER = r"(?P<small>千(?![米克瓦卡伏帕])|百(?!分))?(?P<big>万亿|亿|万)?"
_SCALE = re.compile(rf"\s?(?P<about>[余多几](?=[百千万亿]))?(?:个(?=亿))?(?=[百千万亿]){_MULTIPLIER}")
_NEXT = re.compile(rf"零?(?P<digits>[0-9]{{1,4}})(?![0-9.]){_MULTIPLIER}")
_CHINESE = re.compile(
    rf"(?P<whole>[{NUMERALS}]+)(?:点(?P<part>[{DIGITS}]+)(?![十分刻]))?(?P<about>[余多](?=[万亿]))?(?P<big>[万亿]*)"
)
_PAIR = re.compile(r"[一二两三四五六七八九]{2,}")
_REDUPLICATED = re.compile(r"(.)\1(.)\2")

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_SMALL_WORDS = {word: value for value, word in enumerate(f"{_ONES} eighteen nineteen".split())}
_TENS = {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_BIG_WORDS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT = {"hundred": 100, "mn": 10**6, "bn": 10**9, "tn": 10**12}
WORDS = "|".join([*_SMALL_WORDS, *_TENS])
_BIG_NAMES = "hundred|thousand|million|billion|trillion"
_WORD = re.compile(
    rf"(?a:(?P<join>[\s-]{{0,2}}(?:and\s)?)\b(?P<word>{WORDS}|a(?=\s(?:{_BIG_NAMES})\b)|{_BIG_NAMES})\b)"
)
_BIG_WORD = re.compile(rf"(?a:[\s-]?({_BIG_NAMES}|mn|bn|tn)\b)")
_AND_A_HALF = re.compile(r"(?a:\sand\sa\shalf\b)")
_FIRST = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
)
_NTH = {word: value for value, word in enumerate(f"{_FIRST} sixteenth seventeenth eighteenth nineteenth".split(), 1)}
_NTH |= {f"{word[:-1]}ieth": value for word, value in _TENS.items()}
NTH_WORDS = "|".join([*_NTH, *_TENS])
_NTH_WORD = re.compile(rf"(?a:(?:(?P<tens>{'|'.join(_TENS)})[\s-])?(?P<last>{'|'.join(_NTH)})\b)")

_PARTS = re.compile(
    rf"(?P<parts>[百千万]|[{NUMERALS}]{{1,8}}|[0-9]{{1,8}})分之(?P<all>百(?![{NUMERALS}]))?"
    r"|(?a:(?<![0-9a-z/.])(?P<over>[0-9]{1,4})[/⁄](?P<under>[1-9][0-9]{0,3})(?![0-9a-z/.]))"
    r"|(?a:(?P<over2>one|two|three|four|five|seven|a(?=[\s-](?:third|quarter|fifth)\sof))[\s-]"
    r"(?P<under2>third|quarter|fifth|sixth|eighth|tenth)s?\b(?!\s(?:place|year|century|time)))"
)
_PERCENT = {"百": "%", "一百": "%", "100": "%", "千": "‰", "一千": "‰", "1000": "‰"}

# Longer words first: 人次 is not 人. The letters after ! would make another word of it (人民, 名单, 对于).
_CHINESE_UNITS = """
    % ‰ 百分点 基点 美元 美金 欧元 港元 港币 日元 日圆 英镑 韩元 澳元 加元 新台币 台币 卢布 人民币
    元!素旦宵首件帅老勋月朝代年 圆!形满桌 块钱 公尺 公分 公里/小时 公里每小时 千米/小时 米/秒 平方公里 平方千米 平方米
    平方厘米 立方米 立方厘米 公里 千米 厘米 毫米 微米 纳米 海里 英里 英尺 英寸 吋 光年 米!饭兰其特粒德勒尔 公顷 英亩
    亩!产 公吨 吨!位 公斤 千克 毫克 克!服隆里拉罗斯林尔 斤!两 毫升 升!级至高学幅到值温起降入任空格 千瓦时 兆瓦时 千瓦
    兆瓦 毫安时 摄氏度 华氏度 像素 小时 钟头 分钟 秒!杀 周岁 岁!月 世纪 年!级代轻长度画头青报 月!亮饼球票薪嫂报
    日!本常益军报均内趋语耳 天!气然津下空才真 周!边围转期末刊 礼拜 星期!一二三四五六日天 人次 辆次 艘次 架次 班次 车次
    人!民员们口均才事类物家工大 名!单字称义牌胜誉词著为 位!于置居列 户!外籍口 家!庭长乡里具园居属人族 次!日年要序品
    期!间望待限货刊盼 届!时满 版!本权图税面 份!额子量 件 条!件例款约 项!目链 对!于此外象方手策抗 篇!幅 部!门分长队署落
    本!次地人市省报期科月年周届土身质来公书院场 册!封 辆 台!湾风北阶州账 架!构子 艘 枚 颗!粒 座!谈位落右 栋!梁
    套!餐现利装 批!评准发示次 类!似型别比 种!植族种 只!有是能要好需会 头!脑发条部 匹!配 代!表替码价理言 季!度节军
    集!团中体合资 章!程 节!日省目约奏 卷!入 场!地馆所景面合 站!在点长 级!别 层!面次楼出 号线 号!召称 线!上下路索
    村!民委里 县!委长城 市!委场民区值长政 省!委级内外长份 国!家际内外产务 镇!长守 乡!村亲 页!面 趟 票!房据价
    分!别析公享布为成之局行支类散管布辨配子 点!击赞评 倍!增 成!为立功都员果本绩长就熟人交型年套品千语材 度!假过
    组!织成长合 张!家贴 所!以有谓在示需 间!接隔 处!理于罚在分长 支!持出付撑 根!据本 幅!度 株 块 片!面 轮!流换 款!项
    笔!记者试 句 列!车入为出 股!份东票市 坪 个!体性
"""
_LONG = "小时|钟头|月|星期|礼拜|百分点|基点|工作日|交易日|季度"
_LONG_NAMES = {"月": "个月", "百分点": "个百分点", "季度": "个季度"}
# An English word is a unit only where one Chinese word translates it: not people, cadres, times, pounds.
_ENGLISH_UNITS = r"""
    %=percent|per_cent|pct 个百分点=percentage_points? 个基点=basis_points?|bps 港元=hong_kong_dollars|hkd
    元=yuan|renminbi|rmb|cny 美元=us_dollars?|u\.s\._dollars?|dollars?|usd 欧元=euros?|eur 日元=yen|jpy
    平方公里=square_kilomet(?:er|re)s?|sq\.?_km|km[2²] 平方米=square_met(?:er|re)s?|sq\.?_m|m[2²]
    立方米=cubic_met(?:er|re)s?|m[3³] 公里每小时=kilomet(?:er|re)s_(?:per|an)_hour|km/h|kmh 公里=kilomet(?:er|re)s?|km
    厘米=centimet(?:er|re)s?|cm 毫米=millimet(?:er|re)s?|mm 纳米=nanomet(?:er|re)s?|nm 米=met(?:er|re)s?|m 英里=miles?
    英尺=feet|ft 英寸=inch(?:es)? 公顷=hectares? 英亩=acres? 吨=tonnes?|metric_tons? 公斤=kilograms?|kilos?|kg
    毫克=milligrams?|mg 克=grams? 升=lit(?:er|re)s? 毫升=millilit(?:er|re)s?|ml 摄氏度=degrees?_celsius|°c
    华氏度=degrees?_fahrenheit|°f 度=degrees?|° 千瓦时=kilowatt_hours?|kwh 千瓦=kilowatts?|kw 兆瓦=megawatts? 毫安时=mah
    小时=hours?|hrs? 分钟=minutes?|mins? 秒=seconds?|secs? 岁=years?_old 年=years?|yrs? 个月=months? 周=weeks? 天=days?
    人次=person_times? TB=tb GB=gb MB=mb KB=kb GHz=ghz MHz=mhz Hz=hz
"""
_SIGNS = """
    人民币=元 rmb=元 cny=元 ¥=元 us$=美元 usd=美元 $=美元 hk$=港元 hkd=港元 nt$=新台币 a$=澳元 €=欧元 eur=欧元 £=英镑
"""
_SAME_UNIT = """
    名=人 位=人 百分点=个百分点 基点=个基点 圆=元 块钱=元 人民币=元 美金=美元 港币=港元 日圆=日元 台币=新台币 礼拜=周
    星期=周 钟头=小时 周岁=岁 公吨=吨 平方千米=平方公里 摄氏度=度 公里/小时=公里每小时 千米/小时=公里每小时 公尺=米
    公分=厘米 吋=英寸
"""
_BASE = (
    "%=1=% ‰=0.1=% 成=10=% 公里=1000=米 千米=1000=米 厘米=0.01=米 毫米=0.001=米 吨=1000=公斤 千克=1=公斤 克=0.001=公斤"
)
_SIGN_NAMES, _SYNONYMS = (dict(pair.split("=") for pair in table.split()) for table in (_SIGNS, _SAME_UNIT))
_IN_BASE = {unit: (Decimal(factor), base) for unit, factor, base in (row.split("=") for row in _BASE.split())}
_ENGLISH_NAMES, _ENGLISH_WORDS = zip(*(row.split("=", 1) for row in _ENGLISH_UNITS.split()), strict=True)
_UNIT = re.compile(
    rf"(?P<about>[余多来])?\s?(?:个(?P<between>[半多余])?(?P<long>{_LONG})|(?P<chinese>"
    + "|".join(
        f"{name}(?![{letters}])" if letters else name
        for name, _, letters in map(lambda word: word.partition("!"), _CHINESE_UNITS.split())
    )
    + r"))(?:(?P<half>半)(?![年径数导岛载夜场决价成身路]))?"
)
_ENGLISH_UNIT = re.compile(
    "(?a:[ -]?(?:" + "|".join(f"({words.replace('_', '[ -]')})" for words in _ENGLISH_WORDS) + ")(?![a-z0-9²³]))"
)
_SIGN = re.compile(rf"({'|'.join(map(re.escape, _SIGN_NAMES))})\s?(?=[.0-9])")


class Numeral(NamedTuple):
    """A number that ends before `end`. `upper` is set for a range in one word (三四十).

    `stem` times `factor` is the value (1.2 and 10000 of 1.2万), so that a range can share the multiplier. A `bare` one
    (一, 五六, one) is most often a part of a phrase, and a number only before a unit.
    """

    value: Decimal
    end: int
    stem: Decimal
    factor: int = 1
    upper: Decimal | None = None
    approximate: bool = False
    bare: bool = False


class Unit(NamedTuple):
    """A unit that ends before `end`. `half`: half a unit more (一年半); `approximate`: some more (10余人, 一个多月)."""

    name: str
    end: int
    half: bool = False
    approximate: bool = False


def plain(value: Decimal) -> Decimal:
    """The value without an exponent and without last zeros after the point: equal values are written alike."""
    if len(value.as_tuple().digits) > 2 * MOST_DIGITS:
        return value
    whole = value.to_integral_value()
    return whole if whole == value else value.normalize(EXACT)


def informal(folded: str) -> str:
    """Formal numerals as plain ones, letter for letter; one alone is most often a part of a word (队伍, 大陆).

    >>> informal("捌仟柒佰壹拾元整，队伍")
    '八千七百一十元整，队伍'
    """
    return re.sub("[壹贰叁肆伍陆柒捌玖拾佰仟零万亿]{2,}", lambda formal: formal[0].translate(_FORMAL), folded)


def read(text: str, at: int) -> Numeral | None:
    """The number that starts at an offset of a folded text, None when none does.

    >>> [str(read(text, 0).value) for text in ("8,710", "10.6万亿", "13亿7053万6875", "一亿二千万", "三点五万")]
    ['8710', '10600000000000', '1370536875', '120000000', '35000']
    >>> [str(read(text, 0).value) for text in ("1.2 million", "one hundred and five", "twenty-five thousand")]
    ['1200000', '105', '25000']
    >>> read("三四十人", 0).value, read("三四十人", 0).upper, read("一五一十", 0)
    (Decimal('30'), Decimal('40'), None)
    """
    first = text[at : at + 1]
    if not first:
        return None
    return (_read_digits if first in "0123456789." else _read_chinese if first in NUMERALS else _read_words)(text, at)


def read_nth(text: str, at: int) -> tuple[int, int] | None:
    """Value and end of an English ordinal in words.

    >>> read_nth("twenty-first century", 0), read_nth("ten", 0)
    ((21, 12), None)
    """
    match = _NTH_WORD.match(text, at)
    if match is None or (match["tens"] and _NTH[match["last"]] > 9):
        return None
    return _TENS.get(match["tens"] or "", 0) + _NTH[match["last"]], match.end()


def read_fraction(text: str, at: int) -> tuple[Numeral, str] | None:
    """A fraction and its unit: parts of a hundred or a thousand are in % or ‰, others a quotient without one.

    >>> [f"{number.value:.3}{unit}" for number, unit in map(read_fraction, ("百分之三十", "三分之一"), (0, 0))]
    ['30%', '0.333']
    """
    match = _PARTS.match(text, at)
    if match is None:
        return None
    if parts := match["parts"]:
        over = Numeral(Decimal(100), match.end(), Decimal(100)) if match["all"] else read(text, match.end())
        under = Decimal(10**4) if parts == "万" else (read(parts, 0) or Numeral(Decimal(0), 0, Decimal(0))).value
        if over is None or not (parts in _PERCENT or under):
            return None
        if parts in _PERCENT:
            return over._replace(bare=False), _PERCENT[parts]
        end, value = over.end, over.value
    else:
        value = Decimal(match["over"] or _SMALL_WORDS.get(match["over2"] or "", 1))
        under, end = (
            Decimal(match["under"] or {"quarter": 4}.get(match["under2"]) or _NTH[match["under2"]]),
            match.end(),
        )
        if value >= under:
            return None
    value = _QUOTIENTS.divide(value, under)
    return Numeral(plain(value), end, value), ""


def read_unit(text: str, at: int) -> Unit | None:
    """The unit that follows a number, from the offset where the number ends.

    >>> [read_unit(text, 1).name for text in ("5人次", "3个百分点", "3 kilometres", "3-year-old", "9余名", "2个半小时")]
    ['人次', '个百分点', '公里', '岁', '名', '小时']
    >>> read_unit("3人民", 1), read_unit("3 people", 1)
    (None, None)
    """
    if match := _UNIT.match(text, at):
        name = match["chinese"] or _LONG_NAMES.get(match["long"], match["long"])
        more = bool(match["about"]) or (match["between"] or "半") != "半"
        return Unit(name, match.end(), bool(match["half"] or match["between"] == "半"), more)
    if (match := _ENGLISH_UNIT.match(text, at)) and match.lastindex:
        return Unit(_ENGLISH_NAMES[match.lastindex - 1], match.end())
    return None


def read_currency(text: str, at: int) -> Unit | None:
    """The sign or name of a currency in front of a number.

    >>> read_currency("us$5", 0).name, read_currency("人民币 100万", 0).name, read_currency("100", 0)
    ('美元', '元', None)
    """
    match = _SIGN.match(text, at)
    return Unit(_SIGN_NAMES[match[1]], match.end()) if match else None


def base_unit(unit: str) -> tuple[Decimal, str]:
    """The unit that all units of its kind are compared in, and how many of those it is.

    >>> base_unit("成"), base_unit("名"), base_unit("人次")
    ((Decimal('10'), '%'), (Decimal('1'), '人'), (Decimal('1'), '人次'))
    """
    unit = _SYNONYMS.get(unit, unit)
    return _IN_BASE.get(unit, (Decimal(1), unit))


def _read_digits(text: str, at: int) -> Numeral | None:
    # The parts of a version (1.2.0) are whole numbers.
    in_version = at > 1 and text[at - 1] == "." and text[at - 2].isdigit()
    match = (_WHOLE if in_version else _ARABIC).match(text, at)
    if match is None:
        return None
    digits, end = match[0].replace(",", ""), match.end()
    if len(digits) > MOST_DIGITS:
        return Numeral(Decimal(digits), end, Decimal(digits))
    stem = number = plain(Decimal(digits))
    piece = _SCALE.match(text, end)
    if piece is None or not (piece["small"] or piece["big"]):
        return _with_words(text, Numeral(stem, end, stem))
    total = section = Decimal(0)
    about, factor, largest = bool(piece["about"]), _SMALL[piece["small"] or ""] * _BIG[piece["big"] or ""], 10**13
    while True:  # 1亿2千3百万 is added up piece by piece, in sections of thousands
        small, big = _SMALL[piece["small"] or ""], _BIG[piece["big"] or ""]
        section, smallest, end = EXACT.fma(number, Decimal(small), section), small, piece.end()
        if big > 1:
            total, section = EXACT.fma(section, Decimal(big), total), Decimal(0)
            largest, smallest = big, 10**4
        following = _NEXT.match(text, end)
        if following is None or not _continues(following, smallest, largest):
            break
        number, piece, stem = Decimal(following["digits"]), following, Decimal(0)
    return Numeral(plain(EXACT.add(total, section)), end, stem, factor, None, about)


def _continues(piece: re.Match[str], smallest: int, largest: int) -> bool:
    """Whether a piece such as 2000万 of 1亿2000万 belongs to the number before it: multipliers go down."""
    small, big = _SMALL[piece["small"] or ""], _BIG[piece["big"] or ""]
    if small == big == 1:  # 6875 of 7053万6875: as many digits as the multiplier leaves room for
        room = {10**4: 4 if largest == 10**4 else 0, 1000: 3, 100: 2}.get(smallest, 0)
        return len(piece["digits"]) == room
    return small < smallest and big < largest


def _with_words(text: str, numeral: Numeral) -> Numeral:
    """The number with the English multipliers that follow it: 1.2 million."""
    end, factor = numeral.end, 1
    for _ in range(3):
        if not (word := _BIG_WORD.match(text, end)):
            break
        factor, end = factor * (_BIG_WORDS | _SHORT)[word[1]], word.end()
    value = EXACT.multiply(numeral.value, Decimal(factor))
    if half := _AND_A_HALF.match(text, end):
        return Numeral(plain(EXACT.add(value, Decimal("0.5"))), half.end(), value)
    return Numeral(plain(value), end, numeral.value, factor)


def _read_words(text: str, at: int) -> Numeral | None:
    """An English number in words, as far as it makes one number: "two three" is two of them."""
    total = group = end = last = 0
    previous = ""
    for count in range(32):
        match = _WORD.match(text, end if count else at)
        if match is None or bool(match["join"]) != bool(count):
            break
        word, amount = match["word"], _SMALL_WORDS.get(match["word"], _TENS.get(match["word"], 1))
        if big := _BIG_WORDS.get(word):
            if not group or (total and big >= last):
                break
            total, group, last = total + group * big, 0, big
        elif word == "hundred":
            if not 0 < group < 100:
                break
            group *= 100
        else:
            after_tens = previous in _TENS and 0 < amount < 10 and "and" not in match["join"]
            if not after_tens and (previous not in ("", "hundred", *_BIG_WORDS) or (previous and not amount)):
                break
            group += amount
        previous, end = word, match.end()
    value = Decimal(total + group)
    if half := _AND_A_HALF.match(text, end):
        return Numeral(plain(value + Decimal("0.5")), half.end(), value)
    return Numeral(value, end, value, bare=previous in ("one", "a") and value == 1) if end else None


def _read_chinese(text: str, at: int) -> Numeral | None:
    match = _CHINESE.match(text, at)
    if match is None or match.end() - at > _LONGEST_CHINESE:
        return None
    whole, part, about, big = match["whole"], match["part"], bool(match["about"]), match["big"]
    if not part and not about:
        return _read_row(whole + big, match.end())
    value = _exact(whole)
    if value is None or big not in _BIG:
        return _read_row(whole, match.end("whole"))
    stem = Decimal(f"{value}." + "".join(str(_DIGITS[character]) for character in part or "零"))
    return Numeral(plain(EXACT.multiply(stem, Decimal(_BIG[big]))), match.end(), plain(stem), _BIG[big], None, about)


def _read_row(row: str, end: int) -> Numeral | None:
    if len(row) > 1 and all(character in _DIGITS for character in row):
        spelled = "两" not in row and not _REDUPLICATED.fullmatch(row)
        if spelled and (len(row) > 3 or (len(row) > 2 and not {"零", "〇", "○"}.isdisjoint(row))):
            value = Decimal("".join(str(_DIGITS[character]) for character in row))
            return Numeral(value, end, value)
    exact = _exact(row)
    if exact is None:
        return _read_pair(row, end)
    trailing = row[len(row.rstrip("万亿")) :]
    factor = _BIG[trailing] if trailing else _SMALL[row[1]] if len(row) == 2 and row[1] in "百千" else 1
    return Numeral(Decimal(exact), end, Decimal(exact // factor), factor, bare=len(row) == 1)


def _read_pair(row: str, end: int) -> Numeral | None:
    """Two digits side by side are an approximate range: 三四十, 十七八, 两三万."""
    pairs = _PAIR.findall(row)
    if len(pairs) != 1 or len(pairs[0]) != 2:
        return None
    (pair,) = pairs
    lower, upper = _exact(row.replace(pair, pair[0])), _exact(row.replace(pair, pair[1]))
    following = _DIGITS[pair[1]] == _DIGITS[pair[0]] + 1 or row == "三五"
    if lower is None or upper is None or not following:
        return None
    return Numeral(Decimal(lower), end, Decimal(0), 1, Decimal(upper), True, bare=row.endswith(pair))


def _exact(row: str) -> int | None:
    """The value of a Chinese numeral, None when it is not a well-formed one.

    >>> [_exact(row) for row in ("八千七百一十", "十九", "一百二", "一亿零五百", "廿三", "万", "五六十", "一百二百")]
    [8710, 19, 120, 100000500, 23, None, None, None]
    """
    total = ten_thousands = section = unit = 0
    digit: int | None = None
    smallest = 10**4
    for character in row.replace("廿", "二十").replace("卅", "三十"):
        if character in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[character]
            unit = unit if digit else 0
        elif character in _SMALL:
            small = _SMALL[character]
            if small >= smallest or (not digit and small > 10):
                return None
            section, digit, smallest, unit = section + (digit or 1) * small, None, small, small
        else:
            whole, unit = section + (digit or 0), _BIG[character]
            if (not whole or ten_thousands) if character == "万" else (total or not ten_thousands + whole):
                return None
            if character == "万":
                ten_thousands = whole * unit
            else:
                total, ten_thousands = (ten_thousands + whole) * unit, 0
            section, digit, smallest = 0, None, 10**4
    if digit and unit > 10:  # 一百二 is 120, 一百零二 is 102
        digit *= unit // 10
    return total + ten_thousands + section + (digit or 0)
