"""From a follow-up (「那黑河呢？」, "and how many?") to a question that stands alone, by rules where they are certain.

    stands_alone? -> as it is
    swap one element of the question before -> by rule
    the language model's rewriting, if it passes the check
    else both questions in one

A local model of 1.5 billion parameters often answers, repeats the question before, or changes what is asked; so it is
not called for a question that needs nothing, and not believed without a check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from langchain_core.messages import BaseMessage

from rag import figures, prompts
from rag.grounding import lead, refuses
from rag.questions import content, content_english, depends, plain_letters, points_back, stands_alone
from rag.swap import COUNT, fragment, guessed, swapped
from rag.text import CJK, compact, fold, script_of, simplify, to_script
from rag.types import Turn

#: The longest rewriting that is believed, in characters: a longer one tells a story.
LONGEST_CHINESE, LONGEST_ENGLISH = 120, 240
#: How many turns back a follow-up is traced, and how much of an earlier question is carried along, in characters.
TURNS_READ, PREVIOUS_READ, ANSWER_READ = 6, 160, 40

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
    what = fragment(question)
    if what is None or COUNT.fullmatch(simplify(what)):
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
        turns.append(Turn(question, lead(turn.answer)))
    return turns


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
    if fragment(question) is None and not _asks_the_same(written, question):
        return False
    return (_fits_english if english else _fits)(written, question, turns)


def _adds_nothing(written: str, question: str) -> bool:
    """Whether the model found nothing in the conversation to add: it copied the question or put it in other words."""
    if compact(written) == compact(question):
        return True
    if not written or (script_of(written) == "en") != (script_of(question) == "en"):
        return False
    if script_of(question) == "en":
        return {word[:5] for word in content_english(written)} == {word[:5] for word in content_english(question)}
    return set("".join(content(written))) == set("".join(content(question)))


def _asks_the_same(written: str, question: str) -> bool:
    """Whether a rewriting asks for a number, a person, a time, a place or a reason if the follow-up does."""
    asked, asks = plain_letters(question), plain_letters(written)
    return all(kind.search(asks) for kind in _KINDS if kind.search(asked))


def _fits(written: str, question: str, turns: Sequence[Turn]) -> bool:
    held, named = compact(written), "".join(content(fragment(question) or question))
    missing = sum(letter not in held for letter in named)
    if missing > (0 if fragment(question) else len(named) // 4):
        return False
    said = compact(" ".join(f"{turn.question} {turn.answer}" for turn in turns))
    if script_of(said) == "en":  # its words were translated
        return len(set("".join(content(written))) - set(named)) >= 2
    runs = [run for run in content(written) if re.match(f"[{CJK}]", run)]
    new = [letter for run in runs for letter in run if letter not in said and letter not in compact(question)]
    carried = [letter for run in runs for letter in run if letter in said and letter not in named]
    return len(new) <= 3 and len(carried) >= 2


def _fits_english(written: str, question: str, turns: Sequence[Turn]) -> bool:
    stems = {word[:5] for word in content_english(written)}
    named = {word[:5] for word in content_english(question)}
    if len(named - stems) > len(named) // 4:
        return False
    conversation = " ".join(f"{turn.question} {turn.answer}" for turn in turns)
    if any(script_of(turn.question) != "en" for turn in turns):  # its words were translated
        return bool(stems - named)
    said = {word[:5] for word in content_english(conversation)}
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
    read = turns[-2:] if _COMPARES.search(plain_letters(question)) else turns[-1:]
    topics = [turn.question.strip().rstrip("？?。.！!")[-PREVIOUS_READ:] for turn in read]
    answer = turns[-1].answer.strip().rstrip("。.")
    told = (
        points_back(question)
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
