"""From a follow-up (「那黑河呢？」, "and how many?") to a question that stands alone, by rules where they are certain.

    stands_alone? -> as it is
    swap one element of the question before -> by rule
    the language model's rewriting, if it passes the check
    else both questions in one

A local model of 1.5 billion parameters often answers, repeats the question before, or changes what is asked; so it is
not called for a question that needs nothing, and not believed without a check. The rules know function words,
suffixes of names and measures of both scripts and of English; they know no document, no place and no organisation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from langchain_core.messages import BaseMessage

from rag import figures, prompts
from rag.grounding import refuses
from rag.text import CJK, compact, fold, script_of, simplify, to_script
from rag.types import Turn

#: The longest rewriting that is believed, in characters: a longer one tells a story.
LONGEST_CHINESE, LONGEST_ENGLISH = 120, 240
#: How many turns back a follow-up is traced, and how much of an earlier question is carried along, in characters.
TURNS_READ, PREVIOUS_READ, ANSWER_READ = 6, 160, 40

# -- what a question is made of --------------------------------------------------------------------------------------

_QUOTED = re.compile('《[^》]*》|「[^」]*」|『[^』]*』|“[^”]*”|"[^"]*"')
# The text itself: these point out of the conversation, at what lies on the table.
_THIS_TEXT = re.compile(
    f"[这该本此]一?[份篇个则期]?(?:简报|报道|文章|文件|报告|文档|材料|新闻|资料|通知|公告|论文)|[这本此]文(?![{CJK}])"
    r"|\b(?:this|the) (?:briefing|document|report|article|text|paper|file|notice)\b"
)
_ASKS = re.compile(
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
_ASKS_ENGLISH = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how)\b|^(?:is|are|was|were|do|does|did|has|have|had|can|could|will|"
    r"would|should|name|list|explain|describe|give|tell)\b"
)
#: What is asked for: a number, a person, a time, a place, a reason, one of several.
_KINDS = (
    re.compile("多少|几(?!乎)|多[大长高久远快重宽深]|how (?:many|much|long|high|far)"),
    re.compile(r"谁|哪位|\bwho"),
    re.compile("什么时候|何时|哪[年天月]|哪一[年天]|when"),
    re.compile("哪里|哪儿|何地|where"),
    re.compile("为什么|为何|怎么会|什么原因|why"),
    re.compile("哪个更|which"),
)
_COMPARES = re.compile("哪一?[个項项种次][^，。]{0,3}[更比较]|谁更|两者|二者|相比|which (?:is|was|one|of)|\\bboth\\b")
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

# -- elements that can be swapped ------------------------------------------------------------------------------------

_NUMBER = r"[\d一二三四五六七八九十〇零两]"
_PERIOD = re.compile(
    rf"(?P<year>(?:{_NUMBER}{{4}}|\d\d)年度?|去年|今年|明年|前年|上年|上一年|本年)?"
    rf"(?P<part>第{_NUMBER}季度?|{_NUMBER}季度|前{_NUMBER}+个?季度|上半年|下半年|{_NUMBER}{{1,3}}月(?:份|{_NUMBER}{{1,3}}[日号])?|"
    "上个?月|本月|上季度|本季度|同期)?(?:(?<=[年月度])(?:以来|初|底|末))?"
)
_YEAR_ENGLISH = re.compile(r"\b(?:(?:18|19|20)\d\d|(?:last|this|next) year)\b")
_PLACE = "(?:自治区|自治州|地区|新区|省|市|县|区|州|盟|旗|镇|乡|村)"
_OFFICE = (
    "(?:委员会|研究院|公司|集团|大学|学院|学校|医院|银行|中心|协会|法院|部门|"
    "(?<![干全内外局中南北东西])部|厅|(?<!格)局|委|处|院|所)"
)
_NAMED = re.compile(rf"[{CJK}]{{2,6}}?{_PLACE}(?:[{CJK}]{{0,5}}?{_OFFICE})*|[{CJK}]{{1,8}}?{_OFFICE}+")
_WHOLE = re.compile("全[省市县区国州镇乡村球]|全世界")
_MEASURE = re.compile(
    "[数量率额费价值比距]|收入|利润|支出|成本|费用|资产|负债|时间|日期|人次|面积|高度|长度|宽度|速度|时速|寿命|人口|温度|比例|净额|总额"
)
_COUNT = re.compile(rf"(?P<asks>多少|几)(?P<unit>[{CJK}]{{1,3}})")
_FRAGMENT = re.compile(
    r"(?:不是|不对|错了)?[，,。]?\s*(?:那么?|而|还有|以及|另外)?[，,]?\s*(?:我(?:是|想)?[问说]的?是?)?"
    r"(?P<what>[^，。；？?！!]{1,24}?)\s*(?P<end>呢|如何|怎么样|怎样)?\s*[？?。！!]*"
)
_FRAGMENT_ENGLISH = re.compile(
    r"(?:no|sorry)?[,.]?\s*(?:and|or|but|so)?,?\s*(?:what about|how about|i mean|i meant)?,?\s*"
    r"(?P<what>[^?.!,;]{1,60}?)\s*[?.!]*",
    re.IGNORECASE,
)


def condense(question: str, history: Sequence[Turn], write: Callable[[list[BaseMessage]], str] | None = None) -> str:
    """The question as one that is understood without the conversation; one that stands alone is returned as it is.

    `write` sends a prompt to the language model; without it, and where what it wrote cannot be believed, the question
    before and the follow-up are joined. Raises only what `write` raises. The result is the question with at most some
    400 characters more.

    >>> history = [Turn("黑河市开展了什么活动？", "“五个一”服务活动")]
    >>> condense("那伊春市呢？", history), condense("全省培训了组工干部多少人次？", history)
    ('伊春市开展了什么活动？', '全省培训了组工干部多少人次？')
    >>> condense("为什么？", history)
    '关于“黑河市开展了什么活动”：为什么？'
    """
    if stands_alone(question, history):
        return question
    turns = resolved(history, write)
    previous = turns[-1].question
    if (by_rule := swapped(question, previous)) is not None:
        return by_rule
    for wording in _wordings(question) if write is not None else ():
        assert write is not None
        written = cleaned(write(prompts.condense_messages(wording, turns)), question)
        if not (depends(question) or depends(written)) and _adds_nothing(written, question):
            return question
        if believable(written, question, turns):
            return written
    return guessed(question, previous) or joined(question, turns)


def _wordings(question: str) -> list[str]:
    """What the model is asked to rewrite: the follow-up, and in plain words where that fails and it only names."""
    what = _fragment(question)
    if what is None or _COUNT.fullmatch(simplify(what)):
        return [question]
    if script_of(question) == "en":
        return [question, f"The same question, but about {what}."]
    return [question, f"同样的问题，问的是{what}。"]


def resolved(history: Sequence[Turn], write: Callable[[list[BaseMessage]], str] | None = None) -> list[Turn]:
    """The last turns of a conversation, each question as one that stands alone; by rules, but for the last one, which
    the follow-up is about: there the model may write.

    >>> chain = [Turn("伊春市開展了什麼活動？", "甲"), Turn("那黑河呢？", "乙"), Turn("為什麼？", "丙")]
    >>> [turn.question for turn in resolved(chain)]
    ['伊春市開展了什麼活動？', '黑河市開展了什麼活動？', '關於「黑河市開展了什麼活動」：為什麼？']
    """
    turns: list[Turn] = []
    read = history[-TURNS_READ:]
    for number, turn in enumerate(read, start=1):
        question = turn.question
        if turns and depends(question):
            question = condense(question, turns, write if number == len(read) else None)
        turns.append(Turn(question, turn.answer))
    return turns


# -- does it need the conversation? ----------------------------------------------------------------------------------


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
    if _THIS_TEXT.search(_plain(question)):
        return True
    if script_of(question) == "en":
        words, bare = len(_content_english(question)), _plain(question).strip()
        if words >= 4 or (words >= 3 and re.match(r"(?:who|which)\b", bare)):
            return True
        named = re.search(r"[\w,] [A-Z]", question) or _QUOTED.search(question)
        return words >= 2 if named else bool(re.match(r"what (?:is|are) (?!the\b)", bare))
    letters, plain = sum(map(len, _content(question))), simplify(question).strip()
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
    plain = _plain(question)
    bare = _THIS_TEXT.sub("", plain).strip(" ，,。.？?！!：:")
    about_this_text = _THIS_TEXT.search(plain) is not None
    if script_of(question) == "en":
        words = len(_content_english(question))
        if _OPENS_ENGLISH.match(bare) or not (words or about_this_text) or _points_back(question):
            return True
        # "in how many sessions?", but not "In a steam turbine, what are rotors mounted on?"
        if words < 3 and re.match(r"(?:in|by|for|to|from|of|with|on|at|since)\b", bare):
            return True
        return words < 3 and not _ASKS_ENGLISH.search(bare)
    letters = sum(map(len, _content(question)))
    if _OPENS.match(bare) or (letters < 3 and not about_this_text) or _points_back(question):
        return True
    return not _ASKS.search(plain) and (letters < 6 or bare.endswith("呢"))


def _points_back(question: str) -> bool:
    """Whether a question has a pronoun for something that it has not named itself."""
    english = script_of(question) == "en"
    whole, content = simplify(question), _content_english if english else _content

    def before(match: re.Match[str]) -> int:
        words = content(whole[: match.start()])
        return 2 * len(words) if english else sum(map(len, words))

    plain = _THIS_TEXT.sub(lambda match: "·" * len(match.group()), _plain(question))
    plain = _QUOTED.sub(lambda match: "·" * len(match.group()), plain)
    if any(before(match) < 8 for match in (_POINTS_ENGLISH if english else _POINTS).finditer(plain)):
        return True
    for match in (_STANDS_FOR_ENGLISH if english else _STANDS_FOR).finditer(plain):
        named = english and re.search(r"[a-z,] [A-Z]", whole[: match.start()])
        if not named and before(match) < (8 if english else 4):
            return True
    return False


def _plain(text: str) -> str:
    """Simplified and without case, letter for letter."""
    return simplify(text).lower()


def _content(question: str) -> list[str]:
    """What a Chinese question is about: runs of letters that are not function words, without periods of time."""
    text = _PERIOD.sub(lambda match: " " if match.group() else "", fold(simplify(question)))
    return re.findall(rf"[{CJK}]+|[a-z0-9][\w.+-]*", _FUNCTION.sub(" ", text))


def _content_english(question: str) -> list[str]:
    words = re.findall(r"[^\W_]+(?:['-][^\W_]+)*", fold(question))
    return [word for word in words if word not in _FUNCTION_ENGLISH and not word.isdecimal()]


def _names_something(question: str) -> bool:
    """Whether a Chinese question has a quoted or Latin name, a name with its suffix, or somebody who does something."""
    text = _PERIOD.sub(lambda match: " " if match.group() else "", simplify(question))
    if _QUOTED.search(text) or re.search(r"[A-Za-z]{2,}", text):
        return True
    runs = re.findall(f"[{CJK}]+", re.sub("什么|多少|哪些|哪个|哪一|哪|几|[的了在和与及于对为从到]", " ", text))
    if any(re.match(rf"[{CJK}]{{2,}}(?:{_PLACE}|{_OFFICE})", run) for run in runs):
        return True
    return bool(re.match(rf"[{CJK}]{{3,}}?(?:开展|进行|实行|提出|获得|采取)了?(?:什么|哪些|多少|几)[{CJK}]+", text))


def _has_owner(question: str) -> bool:
    """Whether a Chinese question says whose: a name of three letters stands before 的, one of two before a year."""
    plain = simplify(question).strip()
    period = _PERIOD.search(plain, 2)
    if period and period.group() and re.fullmatch(f"[{CJK}A-Za-z]{{2,}}", plain[: period.start()]):
        return True
    text = _PERIOD.sub(lambda match: "的" if match.group() else "", plain)
    return bool(re.match(rf"(?!最|更|较|总|主要|其他|平均|关于|对于)[{CJK}A-Za-z]{{3,}}?的+[{CJK}]{{2,}}", text))


# -- by rule ---------------------------------------------------------------------------------------------------------


def swapped(question: str, previous: str) -> str | None:
    """The question before with one element swapped for the follow-up's, where both are certainly of one kind.

    Kinds: a period of time, a name with its suffix or with the same ending, what is counted, a measure after 的, a
    capitalised name in English. None where that is uncertain, or where the languages differ.

    >>> swapped("2022年呢？", "京东2023年第二季度的营收是多少？"), swapped("淨利潤呢？", "京東的營收是多少？")
    ('京东2022年第二季度的营收是多少？', None)
    >>> swapped("多少人次呢？", "全省開展培訓多少期？"), swapped("单电机版呢？", "宋的双电机版功率是多少？")
    ('全省開展培訓多少人次？', '宋的单电机版功率是多少？')
    >>> swapped("What about Heihe?", "What activity did Yichun carry out?")
    'What activity did Heihe carry out?'
    """
    english = script_of(question) == "en"
    what = _fragment(question)
    if what is None or english != (script_of(previous) == "en"):
        return None
    if english:
        return _swapped_english(what, previous)
    for swap in (_swap_period, _swap_count, _swap_name, _swap_ending, _swap_measure):
        if (result := swap(what, previous)) is not None:
            return result
    return None


def _fragment(question: str) -> str | None:
    """What a follow-up without a verb of its own names: 黑河 in 「那黑河呢？」, None for others."""
    question = question.strip()
    if script_of(question) == "en":
        found = _FRAGMENT_ENGLISH.fullmatch(question)
        what = found["what"].strip() if found else ""
        bare = what.lower()
        if not what or _ASKS_ENGLISH.search(bare) or _points_back(what) or len(what.split()) > 6:
            return None
        return what
    plain = simplify(question)
    found = _FRAGMENT.fullmatch(plain)
    if found is None:
        return None
    start, end = found.span("what")
    what, bare = question[start:end].strip(), plain[start:end].strip()
    if _COUNT.fullmatch(bare):
        return what
    if not what or _ASKS.search(bare) or _points_back(bare) or re.fullmatch(f"第{_NUMBER}+[个项]?", bare):
        return None
    return what


def _only(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The one match of a pattern that is not empty, None when there are several."""
    found = [match for match in pattern.finditer(text) if match.group()]
    return found[0] if len(found) == 1 else None


def _swap_period(what: str, previous: str) -> str | None:
    given = _PERIOD.fullmatch(simplify(what).removesuffix("的"))
    if given is None or not given.group():
        return None
    what = what[: given.end()]
    plain = simplify(previous)
    there = [match for match in _PERIOD.finditer(plain) if match.group()]
    if not there:
        return what + previous
    if len(there) > 1:
        return None
    old = there[0]
    start, end = old.span()
    if given["year"] is None and old["year"] is not None:
        start = old.end("year")
    elif given["part"] is None and old["part"] is not None:
        end = old.end("year") if old["year"] is not None else start
    return previous[:start] + what + previous[end:]


def _swap_count(what: str, previous: str) -> str | None:
    plain = simplify(what)
    old = re.search(rf"(?:多少|几)个?[{CJK}]{{1,3}}(?=[？?]?$)", simplify(previous))
    if old is None:
        return None
    if _COUNT.fullmatch(plain):
        return previous[: old.start()] + what + previous[old.end() :]
    if re.fullmatch("[期次份件个条项人对]数", plain):
        return previous[: old.start()] + "多少" + what[0] + previous[old.end() :]
    return None


def _swap_name(what: str, previous: str) -> str | None:
    plain, before = simplify(what), simplify(previous)
    given = _WHOLE.fullmatch(plain) or _NAMED.fullmatch(plain)
    old = _name_at_the_start(before)
    if given is None or old is None:
        return None
    start, end = old
    place = re.fullmatch(rf"[{CJK}]{{2,6}}?{_PLACE}", plain) or _WHOLE.fullmatch(plain)
    if place:  # the place of an office, not the office
        inner = re.match(rf"[{CJK}]{{2,6}}?{_PLACE}|全[省市县区国]", before[start:end])
        if inner is None:
            return None
        end = start + inner.end()
    return previous[:start] + what + previous[end:]


def _name_at_the_start(plain: str) -> tuple[int, int] | None:
    """Where the name stands that a Chinese question begins with, after a period of time or a polite word."""
    lead = re.match("(?:请问|为什么|在)*", plain)
    start = lead.end() if lead else 0
    if (period := _PERIOD.match(plain, start)) and period.group():
        start = period.end()
    found = _WHOLE.match(plain, start) or _NAMED.match(plain, start)
    if found is None or re.search("[的了是在和与多几哪谁什]", found.group()):
        return None
    return found.span()


def _swap_ending(what: str, previous: str) -> str | None:
    """Two words with the same last letters are of one kind: 台湾旅客 and 香港旅客, 单电机版 and 双电机版."""
    plain, before = simplify(what), simplify(previous)
    for length in range(min(len(plain) - 1, 6), 1, -1):
        ending = plain[-length:]
        if not re.fullmatch(f"[{CJK}]+", ending) or before.count(ending) != 1:
            continue
        end = before.index(ending) + length
        head = before[: end - length]
        cuts = [match.end() for match in _PERIOD.finditer(head) if match.group()]
        cuts += [match.end() for match in re.finditer("[的在和与及或向对从]|[^\\w]", head)]
        start = max(cuts, default=0)
        if end - start <= length + 4 and plain != before[start:end]:
            return previous[:start] + what + previous[end:]
        return None
    return None


def _swap_measure(what: str, previous: str) -> str | None:
    """One measure for another where 的 shows where it begins: 京东的营收额是多少."""
    old = re.search(rf"的(?P<what>[{CJK}]{{1,8}}?)(?=[是为有]?(?:多少|几|多[大长高久远]))", simplify(previous))
    measures = rf"[{CJK}]*(?:{_MEASURE.pattern})"
    if old is None or not re.fullmatch(measures, simplify(what)) or not re.fullmatch(measures, old["what"]):
        return None
    return previous[: old.start("what")] + what + previous[old.end("what") :]


def _swapped_english(what: str, previous: str) -> str | None:
    bare = re.sub(r"^(?:in|for|during)\s+", "", what, flags=re.IGNORECASE)
    if _YEAR_ENGLISH.fullmatch(bare.lower()):
        old = _only(_YEAR_ENGLISH, previous.lower())
        if old is not None:
            return previous[: old.start()] + bare + previous[old.end() :]
        if _YEAR_ENGLISH.search(previous.lower()):
            return None
        return f"{previous.rstrip(' ?.')} {bare if bare.endswith('year') else 'in ' + bare}?"
    name = r"[A-Z][\w.-]*(?: [A-Z][\w.-]*)*"
    if not re.fullmatch(name, what):
        return None
    old = _only(re.compile(rf"(?<=[a-z,] ){name}"), previous)
    return None if old is None else previous[: old.start()] + what + previous[old.end() :]


def guessed(question: str, previous: str) -> str | None:
    """The bare name in 「那黑河呢？」 for the place that the question before begins with: likely, but not certain.

    >>> guessed("那黑河呢？", "伊春市開展了什麼活動？"), guessed("那期数呢？", "伊春市開展了什麼活動？")
    ('黑河市開展了什麼活動？', None)
    """
    what = None if script_of(question) == "en" or script_of(previous) == "en" else _fragment(question)
    if what is None or not re.fullmatch(f"[{CJK}]{{2,5}}", what):
        return None
    if not re.search("^那|呢[？?]?$|[问说]", simplify(question).strip()):  # 「谢谢」 is no place
        return None
    if re.fullmatch(rf"[{CJK}]*(?:{_MEASURE.pattern})", simplify(what)):
        return None
    before = simplify(previous)
    lead = _PERIOD.match(before)
    start = lead.end() if lead else 0
    place = re.match(rf"(?P<name>[{CJK}]{{2,6}}?)(?P<suffix>{_PLACE})", before[start:])
    if place is None:
        return None
    return previous[:start] + what + previous[start + place.end("name") :]


# -- by the model ----------------------------------------------------------------------------------------------------


def cleaned(written: str, question: str) -> str:
    """The first line of what the model wrote, without marks around it, as a question in the reader's script."""
    line = next((line.strip() for line in written.splitlines() if line.strip()), "")
    line = re.sub(r"^(?:改写|问题?|完整问题|question|rewritten)[^：:]{0,6}[：:]\s*", "", line, flags=re.IGNORECASE)
    if len(line) > 1 and line[0] + line[-1] in ('""', "“”", "「」", "''"):
        line = line[1:-1]
    script = script_of(question)
    if line and line[-1] not in "？?":
        line = line.rstrip("。.！!") + ("?" if script == "en" else "？")
    return line if script == "en" else to_script(line, script)


def believable(written: str, question: str, turns: Sequence[Turn]) -> bool:
    """Whether the model's rewriting is one: a question of fair length in the reader's language that needs no
    conversation, is not the question before, holds what the follow-up names, and adds no figure and no name.

    >>> turns = [Turn("全省培训多少期？", "341期")]
    >>> [believable(text, "多少人次？", turns) for text in ("全省培训多少人次？", "全省培训多少期？", "培训8710人次？")]
    [True, False, False]
    """
    english = script_of(question) == "en"
    if not written or len(written) > (LONGEST_ENGLISH if english else LONGEST_CHINESE) or refuses(written):
        return False
    if (script_of(written) == "en") != english or len(re.findall("[？?]", written)) > 1:
        return False
    if depends(written) or compact(written) in {compact(turn.question) for turn in turns}:
        return False
    said = " ".join([question, *(f"{turn.question} {turn.answer}" for turn in turns)])
    known = {figure.value for figure in figures.find(said)}
    if any(figure.value not in known for figure in figures.find(written)):
        return False
    if _fragment(question) is None and not _asks_the_same(written, question):
        return False
    return (_fits_english if english else _fits)(written, question, turns)


def _adds_nothing(written: str, question: str) -> bool:
    """Whether the model found nothing in the conversation to add: it copied the question or put it in other words."""
    if compact(written) == compact(question):
        return True
    if not written or (script_of(written) == "en") != (script_of(question) == "en"):
        return False
    if script_of(question) == "en":
        return {word[:5] for word in _content_english(written)} == {word[:5] for word in _content_english(question)}
    return set("".join(_content(written))) == set("".join(_content(question)))


def _asks_the_same(written: str, question: str) -> bool:
    """Whether a rewriting asks for a number, a person, a time, a place or a reason if the follow-up does."""
    asked, asks = _plain(question), _plain(written)
    return all(kind.search(asks) for kind in _KINDS if kind.search(asked))


def _fits(written: str, question: str, turns: Sequence[Turn]) -> bool:
    held, named = compact(written), "".join(_content(_fragment(question) or question))
    missing = sum(letter not in held for letter in named)
    if missing > (0 if _fragment(question) else len(named) // 4):
        return False
    said = compact(" ".join(f"{turn.question} {turn.answer}" for turn in turns))
    if script_of(said) == "en":  # its words were translated
        return len(set("".join(_content(written))) - set(named)) >= 2
    runs = [run for run in _content(written) if re.match(f"[{CJK}]", run)]
    new = [letter for run in runs for letter in run if letter not in said and letter not in compact(question)]
    carried = [letter for run in runs for letter in run if letter in said and letter not in named]
    return len(new) <= 3 and len(carried) >= 2


def _fits_english(written: str, question: str, turns: Sequence[Turn]) -> bool:
    stems = {word[:5] for word in _content_english(written)}
    named = {word[:5] for word in _content_english(question)}
    if len(named - stems) > len(named) // 4:
        return False
    conversation = " ".join(f"{turn.question} {turn.answer}" for turn in turns)
    if any(script_of(turn.question) != "en" for turn in turns):  # its words were translated
        return bool(stems - named)
    said = {word[:5] for word in _content_english(conversation)}
    names = {fold(name)[:5] for name in re.findall(r"(?<=[\w,] )[A-Z][\w'-]*", written)}
    return bool((stems & said) - named) and names <= said | named


# -- together --------------------------------------------------------------------------------------------------------


def joined(question: str, turns: Sequence[Turn]) -> str:
    """The follow-up with the question before it as its topic (the two before it, if it compares), and a short answer
    without figures, as that may be what it points at: a figure in a question would count as known to the answer.

    >>> joined("它7月交付多少辆？", [Turn("大众向哪家公司增资？", "小鹏汽车")])
    '关于“大众向哪家公司增资”（小鹏汽车）：它7月交付多少辆？'
    >>> joined("哪个更多？", [Turn("培训多少期？", "341期"), Turn("座谈多少次？", "891次")])
    '关于“培训多少期”和“座谈多少次”：哪个更多？'
    >>> joined("Why?", [Turn("How many were sold?", "12")])
    'About "How many were sold": Why?'
    """
    script = script_of(question)
    read = turns[-2:] if _COMPARES.search(_plain(question)) else turns[-1:]
    topics = [turn.question.strip().rstrip("？?。.！!")[-PREVIOUS_READ:] for turn in read]
    answer = turns[-1].answer.strip().rstrip("。.")
    told = (
        _points_back(question)
        and 0 < len(answer) <= ANSWER_READ
        and not re.search(r"\d|\[", answer)
        and not refuses(answer)
    )
    if script == "en":
        named = " and ".join(f'"{topic}"' for topic in topics)
        return f"About {named}{f' ({answer})' if told else ''}: {question}"
    if script_of(topics[-1]) == "zh-Hant":
        script = "zh-Hant"  # most short follow-ups have no letter that tells
    about, start, end = ("關於", "「", "」") if script == "zh-Hant" else ("关于", "“", "”")
    named = "和".join(f"{start}{topic}{end}" for topic in topics)
    return f"{about}{named}{f'（{answer}）' if told else ''}：{question}"
