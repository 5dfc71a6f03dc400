"""What a question is made of, and whether it can be understood without the conversation before it. Pure.

The rules know function words, suffixes of names and measures of both scripts and of English; they know no document, no
place and no organisation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.text import CJK, fold, script_of, simplify
from rag.types import Turn

_QUOTED = re.compile('《[^》]*》|「[^」]*」|『[^』]*』|“[^”]*”|"[^"]*"')
# The text itself: these point out of the conversation, at what lies on the table.
_THIS_TEXT = re.compile(
    f"[这该本此]一?[份篇个则期]?(?:简报|报道|文章|文件|报告|文档|材料|新闻|资料|通知|公告|论文)|[这本此]文(?![{CJK}])"
    r"|\b(?:this|the) (?:briefing|document|report|article|text|paper|file|notice)\b"
)
ASKS = re.compile(
    "什么|多少|哪|谁|如何|怎么|怎样|怎|为何|何时|何地|何|是否|是不是|有没有|能否|吗|几(?!乎)|多[大长高久远快重宽深]|介绍|列出|说明|总结|概括"
)
_OPENS = re.compile(
    "那(?!曲)|而|还|以及|另外|并且|不是|不对|错了|我(?:是|想)?[问说]|其中|然后|所以|也(?!门)|又|同样|此外|同比|环比|其余|剩下|"
    r"[比跟与](?:上|去|前|往|同|昨|今|预期|计划|第|\d)"
)
_POINTS = re.compile("(?<!应)该|(?<![因如])此(?!外)|这|那(?!曲)|其[他它]|上述|前者|后者|两者|二者|彼此|双方")
_OPENS_ENGLISH = re.compile(
    r"(?:and|or|but|so|also|then|what about|how about|no|not|sorry|i mean|i meant|i asked|instead|same)\b"
)
# Persons and things may have been named in the question itself: "How did Tesla finance his work?"
_STANDS_FOR = re.compile("它|(?<![吉耳其])他|(?<!其)她|(?<![土尤极及])其(?!实|次|余|他|它|中)")
_STANDS_FOR_ENGLISH = re.compile(r"\b(?:its?(?! take)|they|their|he|him|his|she|hers?)\b")
_POINTS_ENGLISH = re.compile(
    r"\b(?:them|theirs|this|these|those|the former|the latter|each of|others|ones?(?=\s*[?.]|$))\b"
    r"|\bthat\b(?=\s*(?:[?.]|$|(?:is|was|does|did|do|about|of|than|by|in|for|with|from|like|lower|higher|more|less)\b))"
    r"|\bthe (?:first|second|third|last|next|other)\b(?=\s*(?:[?.]|$|(?:one|is|was|did|does)\b))"
)
ASKS_ENGLISH = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how)\b|^(?:is|are|was|were|do|does|did|has|have|had|can|could|will|"
    r"would|should|name|list|explain|describe|give|tell)\b"
)
# Words that a question is put together with; what is left of it points at something.
_FUNCTION = re.compile(
    "什么时候|什么|多少|哪些|哪个|哪里|哪位|哪年|哪一|哪|谁|如何|怎么样?|怎样|为何|何时|何地|何|是否|是不是|有没有|能否|吗|呢|请问|具体|分别|"
    "叫做|多[大长高久远快重宽深]|几|为什么|我问|我说|不是|不对|开展|进行|实行|提出|获得|提到|采取|属于|位于|一共|总共|"
    "这[项个些种次款家位座部]?|那[项个些种次款家位座部]?|该|它们?|他们?|她们?|其中?|此|还|"
    "[的了是在有和与及或被把将于对为从到等之而并也都就项个条份件名位次过占着给让向由]"
)
_FUNCTION_ENGLISH = frozenset(
    "what which who whom whose when where why how many much long is are was were be been do does did has have had can "
    "could will would should a an the of in on at to for from by with and or but so that this these those it its they "
    "them their he him his she her as about i we you me mean meant asked no not also then there one ones any all than "
    "carry carried out happen happened name list explain describe give tell".split()
)
NUMBER = r"[\d一二三四五六七八九十〇零两]"
PERIOD = re.compile(
    rf"(?P<year>(?:{NUMBER}{{4}}|\d\d)年度?|去年|今年|明年|前年|上年|上一年|本年)?"
    rf"(?P<part>第{NUMBER}季度?|{NUMBER}季度|前{NUMBER}+个?季度|上半年|下半年|{NUMBER}{{1,3}}月(?:份|{NUMBER}{{1,3}}[日号])?|"
    "上个?月|本月|上季度|本季度|同期)?(?:(?<=[年月度])(?:以来|初|底|末))?"
)
PLACE = "(?:自治区|自治州|地区|新区|省|市|县|区|州|盟|旗|镇|乡|村)"
OFFICE = (
    "(?:委员会|研究院|公司|集团|大学|学院|学校|医院|银行|中心|协会|法院|部门|"
    "(?<![干全内外局中南北东西])部|厅|(?<!格)局|委|处|院|所)"
)


def stands_alone(question: str, history: Sequence[Turn] = ()) -> bool:
    """Whether a question certainly needs nothing of the conversation: it asks, names its own subject, points nowhere.

    >>> history = [Turn("伊春市開展了什麼活動？", "「兩比一爭」活動")]
    >>> [stands_alone(q, history) for q in ("那黑河呢？", "海倫市實行了什麼管理法？", "这份简报是第几期？")]
    [False, True, True]
    >>> [stands_alone(q, history) for q in ("and how many?", "What is its name?", "How many employees does JD have?")]
    [False, False, True]
    """
    if not history or not question.strip():
        return True
    if depends(question):
        return False
    if _THIS_TEXT.search(plain_letters(question)):
        return True
    if script_of(question) == "en":
        words, bare = len(content_english(question)), plain_letters(question).strip()
        if words >= 4 or (words >= 3 and re.match(r"(?:who|which)\b", bare)):
            return True
        named = re.search(r"[\w,] [A-Z]", question) or _QUOTED.search(question)
        return words >= 2 if named else bool(re.match(r"what (?:is|are) (?!the\b)", bare))
    letters, plain = sum(map(len, content(question))), simplify(question).strip()
    if re.match("什么是", plain) or re.match(
        f"[{CJK}]{{3,}}(?<!的)(?:出生|生于|位于|分布|成立于|起源|去世|逝世)", plain
    ):
        return True
    if letters >= 4 and re.match(f"是?(?:谁|哪一?[{CJK}]|什么人)", plain):  # it asks for its subject, and has the rest
        return True
    return letters >= 8 or (letters >= 5 and _has_owner(question)) or (letters >= 4 and _names_something(question))


def depends(question: str) -> bool:
    """Whether a question certainly needs the conversation: it opens as a reply does, points back, or says too little.

    >>> [depends(q) for q in ("为什么？", "它的全称是什么？", "2009年呢？", "英飞特成立于哪一年？", "Is that lower?")]
    [True, True, True, False, True]
    >>> depends("How did it finance its work?"), depends("How did Tesla finance his work?")
    (True, False)
    """
    plain = plain_letters(question)
    bare = _THIS_TEXT.sub("", plain).strip(" ，,。.？?！!：:")
    about_this_text = _THIS_TEXT.search(plain) is not None
    if script_of(question) == "en":
        words = len(content_english(question))
        if _OPENS_ENGLISH.match(bare) or not (words or about_this_text) or points_back(question):
            return True
        # "in how many sessions?", but not "In a steam turbine, what are rotors mounted on?"
        if words < 3 and re.match(r"(?:in|by|for|to|from|of|with|on|at|since)\b", bare):
            return True
        return words < 3 and not ASKS_ENGLISH.search(bare)
    letters = sum(map(len, content(question)))
    if _OPENS.match(bare) or (letters < 3 and not about_this_text) or points_back(question):
        return True
    return not ASKS.search(plain) and (letters < 6 or bare.endswith("呢"))


def points_back(question: str) -> bool:
    """Whether a question has a pronoun for something that it has not named itself."""
    english = script_of(question) == "en"
    whole, content_of = simplify(question), content_english if english else content

    def before(match: re.Match[str]) -> int:
        words = content_of(whole[: match.start()])
        return 2 * len(words) if english else sum(map(len, words))

    plain = _THIS_TEXT.sub(lambda match: "·" * len(match.group()), plain_letters(question))
    plain = _QUOTED.sub(lambda match: "·" * len(match.group()), plain)
    if any(before(match) < 8 for match in (_POINTS_ENGLISH if english else _POINTS).finditer(plain)):
        return True
    for match in (_STANDS_FOR_ENGLISH if english else _STANDS_FOR).finditer(plain):
        named = english and re.search(r"[a-z,] [A-Z]", whole[: match.start()])
        if not named and before(match) < (8 if english else 4):
            return True
    return False


def plain_letters(text: str) -> str:
    """Simplified and without case, letter for letter."""
    return simplify(text).lower()


def content(question: str) -> list[str]:
    """What a Chinese question is about: runs of letters that are not function words, without periods of time."""
    text = PERIOD.sub(lambda match: " " if match.group() else "", fold(simplify(question)))
    return re.findall(rf"[{CJK}]+|[a-z0-9][\w.+-]*", _FUNCTION.sub(" ", text))


def content_english(question: str) -> list[str]:
    """What an English question is about: its words, folded, that are no function words and no numbers."""
    words = re.findall(r"[^\W_]+(?:['-][^\W_]+)*", fold(question))
    return [word for word in words if word not in _FUNCTION_ENGLISH and not word.isdecimal()]


def _names_something(question: str) -> bool:
    """Whether a Chinese question has a quoted or Latin name, a name with its suffix, or somebody who does something."""
    text = PERIOD.sub(lambda match: " " if match.group() else "", simplify(question))
    if _QUOTED.search(text) or re.search(r"[A-Za-z]{2,}", text):
        return True
    runs = re.findall(f"[{CJK}]+", re.sub("什么|多少|哪些|哪个|哪一|哪|几|[的了在和与及于对为从到]", " ", text))
    if any(re.match(rf"[{CJK}]{{2,}}(?:{PLACE}|{OFFICE})", run) for run in runs):
        return True
    return bool(re.match(rf"[{CJK}]{{3,}}?(?:开展|进行|实行|提出|获得|采取)了?(?:什么|哪些|多少|几)[{CJK}]+", text))


def _has_owner(question: str) -> bool:
    """Whether a Chinese question says whose: a name of three letters stands before 的, one of two before a year."""
    plain = simplify(question).strip()
    period = PERIOD.search(plain, 2)
    if period and period.group() and re.fullmatch(f"[{CJK}A-Za-z]{{2,}}", plain[: period.start()]):
        return True
    text = PERIOD.sub(lambda match: "的" if match.group() else "", plain)
    return bool(re.match(rf"(?!最|更|较|总|主要|其他|平均|关于|对于)[{CJK}A-Za-z]{{3,}}?的+[{CJK}]{{2,}}", text))
