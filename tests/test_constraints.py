"""A figure of another place, year or kind is told from the one that was asked for."""

from __future__ import annotations

import pytest

from rag.asking import asked_kind, outdone, unasked
from rag.attribution import displaced
from rag.constraints import elsewhere, missing_years, other_units, unknown_places, unread_numbers
from rag.evidence import Sentence
from rag.types import Document

TRAINING = "全省各級組織部門開展組工乾部培訓341期,培訓組工乾部8710人次。"


def sentence(text: str, title: str = "", date: str = "") -> Sentence:
    """A sentence that is all of its document."""
    return Sentence(Document(text, text, title, "", date), 0, len(text))


@pytest.mark.parametrize(
    "question", ["哈爾濱市培訓了多少組工幹部？", "哈尔滨市培训多少人次", "請問東寧縣培訓了多少人？"]
)
def test_a_figure_of_the_whole_province_is_not_one_of_a_city(question: str) -> None:
    assert elsewhere(question, [sentence(TRAINING)]) == "全省"


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("全省培訓多少人次？", TRAINING),
        ("黑龍江省培訓多少人次？", TRAINING),
        ("哈爾濱市培訓多少人次？", "哈爾濱市培訓52人次。"),
        ("哈爾濱市培訓多少人次？", "培訓52人次。"),
        ("這個城市的股市漲了多少？", "全國股市上漲3%。"),
        ("How many cadres were trained?", TRAINING),
    ],
)
def test_nothing_is_said_where_nothing_contradicts(question: str, quote: str) -> None:
    assert elsewhere(question, [sentence(quote)]) == ""


def test_a_sentence_in_a_document_about_the_place_is_believed() -> None:
    assert elsewhere("哈爾濱市培訓多少人次？", [sentence("全市培訓52人次。", title="哈爾濱市簡報")]) == ""


def test_a_counter_that_was_asked_for_by_name_must_be_in_the_answer() -> None:
    assert other_units("培訓了多少人次？", "培訓341期") == ["341期"]
    assert other_units("培訓了多少期、多少人次？", "培訓341期") == []
    assert other_units("培训了多少组工干部？", "8710人次") == []
    assert other_units("有多长？", "1.2公里") == []


def test_the_year_before_a_documents_date_is_known_when_it_speaks_of_last_year() -> None:
    assert missing_years("2010年培訓多少？", [sentence("去年培訓52人次。", date="2011-04-19")]) == []
    assert missing_years("2009年培訓多少？", [sentence("去年培訓52人次。", date="2011-04-19")]) == ["2009"]


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("1205年誰被殲滅？", "1204年攻陷。", ["1205"]),
        ("1204年誰被殲滅？", "一二〇四年攻陷。", []),
        ("197年誰攻陷丸都？", "公元197年大破高句麗軍。", []),
        ("公元198年誰攻陷丸都？", "公元197年大破高句麗軍。", ["198"]),
        ("1950年代鼓勵什麼？", "20世紀50年代鼓勵藝術。", []),
        ("1950年代鼓勵什麼？", "1953年鼓勵藝術。", []),
        ("1953年鼓勵什麼？", "1950年代鼓勵藝術。", ["1953"]),
        ("公元前221年发生什么？", "公元前206年亡。", ["公元前221"]),
        ("2000人参加的是什么？", "有2000人參加。", []),
        ("2015 赛季多少次？", "2014 赛季24次。", ["2015"]),
    ],
)
def test_years_are_known_in_every_writing_and_only_exactly(question: str, text: str, missing: list[str]) -> None:
    assert missing_years(question, [sentence(text)]) == missing


@pytest.mark.parametrize(
    ("question", "quote", "place"),
    [
        ("厦门市有多少家？", "成都市有12家。", "成都市"),
        ("襄阳市级经费多少元？", "北京市级经费2.99亿元。", "北京市"),
        ("江西省西安市获多少项？", "陕西省西安市获2项。", "陕西省"),
        ("海南省委公示多少人？", "河南省委公示14人。", "河南省"),
        ("广州市有多少家？", "据悉广州市有10家。", ""),
        ("福州市场上有多少种？", "北京市场上有3种。", ""),
        ("哪一縣市有醫院？", "新北市有醫院。", ""),
        ("土地面積全省第幾？", "全省第6，全國第8。", ""),
        ("麻省理工有多少名？", "麻省理工學院有224名，在北京市有1名。", ""),
    ],
)
def test_a_place_is_known_by_its_document_or_another_stands_in_its_stead(question: str, quote: str, place: str) -> None:
    assert elsewhere(question, [sentence(quote)]) == place


def test_a_place_of_an_answer_that_nobody_named_is_seen_by_a_single_letter() -> None:
    read = [sentence("湖南省企業4家。")]
    assert unknown_places("湖北省企业4家", "有多少家？", read) == ["湖北省"]
    assert unknown_places("湖南省企业4家", "有多少家？", read) == []
    assert unknown_places("湖北省企业4家", "湖北省有多少家？", read) == []


def test_digits_that_are_no_figure_must_have_been_read() -> None:
    read = [sentence("十家就有七八家之多，用的是MPEG-4。")]
    assert unread_numbers("有六八家之多", "", read) == ["六八"]
    assert unread_numbers("有七八家，用的是MPEG-4", "", read) == []


LECTURES = "全年接待游客5200人次,举办讲座36场,参加讲座的听众3100人次。"
FUNDS = "去年天河区投入资金480万元,今年越秀区投入资金650万元。"


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("全年接待游客3100人次", ["3100人次"]),
        ("参加讲座的听众5200人次", ["5200人次"]),
        ("今年越秀区投入资金480万元", ["480万元"]),
        ("全年接待游客5200人次", []),
        ("听众一共有3100人次", []),
        ("游客5200人次，听众3100人次", []),
        ("3100人次", []),
        ("越秀区共投入650万元", []),
    ],
)
def test_a_figure_in_the_surroundings_of_another_is_displaced(written: str, wrong: list[str]) -> None:
    assert displaced(written, "", [sentence(LECTURES), sentence(FUNDS)]) == wrong


def test_a_place_in_the_surroundings_of_another_is_displaced() -> None:
    read = [sentence("湖北省博物館是省級博物館。"), sentence("遊客來自湖南省。")]
    assert displaced("湖南省博物馆是省级博物馆", "", read) == ["湖南省"]
    assert displaced("湖北省博物馆是省级博物馆", "", read) == []


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("什麼時候建成？", "date"),
        ("几点开门？", "date"),
        ("时速多少公里？", "speed"),
        ("西元幾年建成？", "date"),
        ("第幾屆？", "ordinal"),
        ("跨度多少公里？", "length"),
        ("有多高？", "length"),
        ("花了多少錢？", "money"),
        ("持續多久？", "time"),
        ("投入多少万元？", "money"),
        ("誰是縣長？", ""),
        ("How many people?", ""),
    ],
)
def test_the_kind_of_figure_that_is_asked_for(question: str, kind: str) -> None:
    assert asked_kind(question) == kind


def test_a_lone_figure_of_another_kind_than_was_asked_for_is_no_answer() -> None:
    assert unasked("橋有多少公里？", "8710人次") == ["8710人次"]
    assert unasked("橋有多少公里？", "1200米") == []
    assert unasked("橋有多少公里？", "橋的長度沒有寫，只寫了8710人次") == []


def test_a_lone_figure_must_be_the_one_that_the_question_leads_to() -> None:
    read = [sentence(LECTURES), sentence(FUNDS)]
    assert outdone("参加讲座的听众有多少？", "5200人次", read) == ["5200人次"]
    assert outdone("参加讲座的听众有多少？", "3100人次", read) == []
    assert outdone("参加讲座的听众有多少？", "全年接待游客一共5200人次", read) == []  # it has words of its own
    assert outdone("How many people came to the lectures?", "5200人次", read) == []


def test_the_year_that_an_answer_takes_from_its_question_does_not_speak_for_its_figure() -> None:
    read = [sentence("2022年营收120亿元，2023年营收140亿元。")]
    assert outdone("2022年营收多少？", "2022年营收140亿元", read) == ["140亿元"]
    assert outdone("2022年营收多少？", "2022年营收120亿元", read) == []
