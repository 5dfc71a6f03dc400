"""The text rules hold for every text: what is folded maps back, what is cut is whole, both scripts are one."""

from __future__ import annotations

import itertools
import re
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.text import (
    clauses,
    compact,
    fold,
    fold_with_offsets,
    question_words,
    script_of,
    sentences,
    simplify,
    to_script,
    tokens,
)

# Texts as they come, and texts made of what briefings are made of.
SHARDS = st.sampled_from(
    [
        *"全省開展培訓341期|培训组工干部８，７１０人次|組工乾部|1.2万元|八千七百一十|3.5%|2011-04-19".split("|"),
        *"他說：「好！」|Growth was 3.5%. Then it fell|J. Smith vs. Dr. Wu|Café|ＧＤＰ|㎏|e\u0301|𠀀".split("|"),
        *'。|！|?!|；|…|.|...|，|,|、|：|:|」|"|）|(|[1]|\u200b'.split("|"),
        *(" ", "\n", "\n\n", "\r\n", "\t", "\u3000", "\u2028", "\x1c", "\x85"),
    ]
)
TEXTS = st.lists(SHARDS, max_size=25).map("".join) | st.text(max_size=80)
# Words as official texts use them; each is one word of both scripts.
WORDS = st.sampled_from(
    "组织部门 培训 干部 党课 座谈讨论 下基层 调研报告 干燥 干净 头发 发展 里面 后来 皇后 复杂 恢复 历史 日历 面条 "
    "着作 看着 了解 剩余 其余 生姜 苏醒 台湾 舞台 松树 放松 系统 联系 钟表 钱锺书 只有 一只 制造 制度 准备 云南 岳阳 "
    "万元 亿元 人次 计划 战略 经济 国内生产总值 增长 旧址 体系 广东 龙江 凭借 借鉴 谘询 业馀 钜资".split()
)
patiently = settings(deadline=None)  # the first call of each reads OpenCC's dictionaries


# --- folding


@patiently
@given(TEXTS)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_every_character_folds_to_a_fixed_point() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert fold(fold(everything)) == fold(everything)


@patiently
@given(TEXTS)
def test_folded_text_maps_back_character_by_character(text: str) -> None:
    folded, offsets = fold_with_offsets(text)
    assert folded == fold(text)
    assert len(offsets) == len(folded) + 1
    assert offsets[-1] == len(text)
    assert all(left <= right for left, right in itertools.pairwise(offsets))
    assert all(folded[index] in fold(text[offset]) for index, offset in enumerate(offsets[:-1]))


@patiently
@given(TEXTS, st.data())
def test_a_piece_found_in_the_folded_text_is_that_piece_of_the_original(text: str, data: st.DataObject) -> None:
    folded, offsets = fold_with_offsets(text)
    start = data.draw(st.integers(0, len(folded)))
    end = data.draw(st.integers(start, len(folded)))
    assert folded[start:end] in fold(text[offsets[start] : offsets[end - 1] + 1 if end > start else offsets[end]])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("組工乾部", "组工干部"),
        ("組工幹部", "组工干部"),
        ("８７１０", "8710"),
        ("ＧＤＰ", "gdp"),
        ("（一）", "(一)"),
        ("３．５％", "3.5%"),
        ("CAFÉ", "cafe"),
        ("é", "e"),
        ("Straße", "strasse"),
        ("著作", "着作"),
        ("業餘", "业余"),
    ],
)
def test_script_width_case_and_accents_are_no_difference(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("人次", "人"), ("8710", "871"), ("土", "士"), ("己", "已"), ("日", "曰")])
def test_what_differs_in_meaning_still_differs(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@patiently
@given(TEXTS)
def test_compact_ignores_white_space(text: str) -> None:
    assert not any(character.isspace() for character in compact(text))
    words = re.sub(r"\d", "", fold(text))  # 1, 234 is two numbers and 1,234 is one
    assert compact("".join(words.split())) == compact(words)


@given(st.integers(0, 10**15))
def test_compact_reads_thousands_separators_as_nothing(number: int) -> None:
    assert compact(f"{number:,}人次") == compact(f"{number} 人次") == f"{number}人次"


def test_compact_keeps_commas_that_separate_no_thousands() -> None:
    assert compact("341,8710") == "341,8710"
    assert compact("1,2,3") == "1,2,3"


@patiently
@given(TEXTS)
def test_simplified_text_is_as_long_as_the_original(text: str) -> None:
    assert len(simplify(text)) == len(text)
    assert [new for old, new in zip(text, simplify(text), strict=True) if old < "\u2e80"] == [
        old for old in text if old < "\u2e80"
    ]


# --- scripts


@patiently
@given(st.lists(WORDS | st.sampled_from(["8710", " ", "GDP"]), max_size=12).map("，".join))
def test_a_text_and_its_other_script_have_the_same_tokens(text: str) -> None:
    traditional = to_script(text, "zh-Hant")
    assert tokens(traditional) == tokens(text) == tokens(to_script(traditional, "zh-Hans"))
    assert question_words(traditional) == question_words(text)


def test_every_common_character_has_the_same_tokens_in_its_other_script() -> None:
    # GB 2312 puts its 3,755 commonest characters first.
    common = [bytes([high, low]) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF)]
    characters = [code.decode("gb2312", errors="ignore") for code in common]
    assert len("".join(characters)) == 3755
    assert [c for c in characters if tokens(c) != tokens(to_script(c, "zh-Hant"))] == []


@patiently
@given(TEXTS)
def test_english_readers_get_the_text_as_it_is(text: str) -> None:
    assert to_script(text, "en") == text


@pytest.mark.parametrize("text", ["培训组工干部8710人次", "简报", "全省", "这是什么？"])
def test_text_keeps_its_script_when_converted_to_it(text: str) -> None:
    assert to_script(text, "zh-Hans") == text


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("培訓多少期？", "zh-Hant"),
        ("培训多少期？", "zh-Hans"),
        ("How many?", "en"),
        ("2011年", "zh-Hans"),
        ("", "zh-Hans"),
        ("8710", "zh-Hans"),
        ("GDP增長多少？", "zh-Hant"),
        ("What is 简报 number 138 about?", "en"),
        ("《創先爭優》 is what?", "zh-Hant"),
    ],
)
def test_the_script_of_a_question_is_recognised(text: str, script: str) -> None:
    assert script_of(text) == script


# --- sentences and clauses


@pytest.mark.parametrize("cut", [sentences, clauses])
@patiently
@given(text=TEXTS)
@example(text="\x1c甲\x1c。\u2028乙")
@example(text="。」。\n」")
def test_every_character_that_is_no_space_is_in_one_span(
    cut: Callable[[str], list[tuple[int, int]]], text: str
) -> None:
    spans = cut(text)
    covered = [index for start, end in spans for index in range(start, end)]
    assert covered == sorted(set(covered))
    assert "".join(text[index] for index in covered if not text[index].isspace()) == "".join(text.split())
    for start, end in spans:
        assert text[start:end] == text[start:end].strip() != ""


@patiently
@given(TEXTS)
def test_no_sentence_runs_over_a_line_break(text: str) -> None:
    assert not any("\n" in text[start:end] for start, end in sentences(text))


@pytest.mark.parametrize(
    "whole",
    [
        "Growth was 3.5 percent",
        "J. Smith spoke",
        "Mr. Smith and Dr. Wu met",
        "the U.S. Senate",
        "see example.com for more",
        "he said e.g. this",
        "培訓8710人次（见附件）",
        "《深入開展創先爭優活動簡報》第138期",
    ],
)
def test_a_full_stop_inside_a_name_or_number_ends_nothing(whole: str) -> None:
    assert sentences(whole) == [(0, len(whole))]


@pytest.mark.parametrize(
    "text",
    [
        "一、总体。|二、成效。",
        "好！|真好！",
        "他說：「走吧。」|我走了。",
        "It rose. |It fell. |Why?",
        "He said “no.” |She left.",
        "講黨課754期;|座談891次。",
        "等等……|還有。",
        "It rose.| 之後下降。",
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str) -> None:
    plain = text.replace("|", "")
    assert [plain[start:end] for start, end in sentences(plain)] == [part.strip() for part in text.split("|")]


def test_clauses_are_never_cut_inside_a_number_or_a_time() -> None:
    text = "培訓8,710人次,於23:28:14結束：下降，3.5"
    assert [text[start:end] for start, end in clauses(text)] == [
        "培訓8,710人次,",
        "於23:28:14結束：",
        "下降，",
        "3.5",
    ]


# --- tokens


@patiently
@given(TEXTS)
def test_tokens_do_not_depend_on_script_width_or_case(text: str) -> None:
    assert tokens(text) == tokens(fold(text))


@patiently
@given(TEXTS)
def test_tokens_are_words_without_spaces(text: str) -> None:
    assert all(word and not any(character.isspace() for character in word) for word in tokens(text))


@given(st.integers(0, 10**12))
def test_a_number_is_one_token_however_it_is_written(number: int) -> None:
    full_width = str(number).translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    assert tokens(f"{number:,}") == tokens(full_width) == [str(number)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("2009，2010，2011年", ["2009", "2010", "2011"]),
        ("8710,341", ["8710", "341"]),
        ("12,3456", ["12", "3456"]),
        ("1,234,567.5", ["1234567.5"]),
        ("3.5.1", ["3.5.1"]),
    ],
)
def test_a_comma_makes_one_number_only_of_thousands(text: str, numbers: list[str]) -> None:
    assert [word for word in tokens(text) if word[0].isdigit()] == numbers


def test_question_words_drop_what_asks_and_keep_what_points() -> None:
    asked = "請問今年以來培訓了多少組工幹部？"
    words = question_words(asked)
    assert {"培训", "组工", "干部"} <= set(words)
    assert not any(letter in word for word in words for letter in "请问多少了？")
    assert question_words("What is how many?") == []
    assert question_words("什麼是多少？") == []


@patiently
@given(TEXTS)
def test_question_words_come_once_and_only_from_the_question(text: str) -> None:
    words = question_words(text)
    assert len(words) == len(set(words))
    assert all(word in compact(text) for word in words)


# --- time


@pytest.mark.parametrize("unit", [" ", "\n", *'。|!|!?|.|. |"|."|A.|1,|1|甲|a\'|,|。」|\u3000|[1]|e\u0301'.split("|")])
@pytest.mark.parametrize(
    "rule",
    [fold, fold_with_offsets, compact, simplify, script_of, sentences, clauses, tokens, question_words],
)
def test_a_hundred_thousand_odd_characters_take_no_time(rule: Callable[[str], object], unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    started = time.process_time()
    rule(text)
    rule("." + ")" * 50_000 + " " * 50_000)
    assert time.process_time() - started < 5
