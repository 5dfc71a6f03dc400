"""No figure is shown as supported unless the quoted sentence says it, whatever the model wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag import figures
from rag.constraints import missing_years
from rag.evidence import Sentence
from rag.grounding import (
    STATEMENT,
    Grounded,
    ground,
    in_context,
    invented,
    lead,
    objection,
    refuses,
    statement,
    unread,
    unsure,
)
from rag.prompts import NOT_FOUND, REFUSALS
from rag.text import Script, to_script
from rag.types import Document

QUOTES = [
    "年初以來,全省各級組織部門開展組工乾部培訓341期,培訓組工乾部8710人次。",
    "全省組工乾部下基層14452人次,結成各種幫扶對子3265對。",
    "活動開展以來,帶頭講黨課754期,開展座談討論891次。",
    "投入資金1.2萬元，增長３．５％。",
    "黑河市開展了『五個一』服務活動。",
    "The library added 9,200 books.",
]
WRITTEN = st.lists(
    st.sampled_from(
        [
            *"8710人次|８７１０人次|8,710|8710人|341期|754期和891次|八千七百一十人次|12000元|3.5%|9,200 books".split(
                "|"
            ),
            *"99999人|2030年|1|培訓組工乾部|下基层|黑河市|The answer is |Yes".split("|"),
            *"，|。|. |；|\n| [7]|[1]|[12]|【3】|[|]|(2)| ".split("|"),
        ]
    ),
    max_size=14,
).map("".join)
LIKENESS = st.lists(st.floats(-1, 1), min_size=len(QUOTES), max_size=len(QUOTES))
SCRIPTS: st.SearchStrategy[Script] = st.sampled_from(["zh-Hant", "zh-Hans", "en"])
patiently = settings(deadline=None)  # the first call of each reads OpenCC's dictionaries


def evidence(*quotes: str, title: str = "", date: str = "") -> list[Sentence]:
    """Each quote as a sentence in the middle of a document of its own."""
    found = []
    for number, quote in enumerate(quotes, start=1):
        document = Document(f"document {number}", f"開頭。{quote}結尾。", title, "", date)
        found.append(Sentence(document, 3, 3 + len(quote)))
    return found


def grounded(written: str, *quotes: str, script: Script = "zh-Hant") -> Grounded:
    read = evidence(*quotes)
    return ground(written, read, [0.5] * len(read), script)


def marks(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\[(\d+)\]", text)]


def holds(quotes: Sequence[str], figure: figures.Found) -> bool:
    return any(figures.agree(figure, other) for quote in quotes for other in figures.find(quote))


# --- invariants


@patiently
@given(WRITTEN, st.lists(st.sampled_from(QUOTES), max_size=4, unique=True), LIKENESS, SCRIPTS)
@example("8710[7]人次", QUOTES[:1], [0.5], "zh-Hant")
@example("培訓8[1]710人次", QUOTES[:1], [0.5], "zh-Hant")
def test_no_figure_is_supported_unless_a_cited_sentence_says_it(
    written: str, quotes: list[str], likeness: list[float], script: Script
) -> None:
    result = ground(written, evidence(*quotes), likeness[: len(quotes)], script)

    numbers = [citation.number for citation in result.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    for citation in result.citations:
        assert citation.document.text[citation.start : citation.end] == citation.quote
        assert citation.quote in quotes
    assert len({citation.quote for citation in result.citations}) == len(numbers)

    shown = marks(result.text)
    assert list(dict.fromkeys(shown)) == numbers  # every citation is referred to, in order, and nothing else is

    plain = re.sub(r"\[\d+\]", lambda mark: " " * len(mark[0]), result.text)
    assert [figure.text for figure in result.figures] == [found.text for found in figures.find(plain)]
    for figure, found in zip(result.figures, figures.find(plain), strict=True):
        assert figure.supported == holds([citation.quote for citation in result.citations], found)
        assert (figure.citation is not None) == figure.supported
        if figure.citation is not None:
            assert holds([result.citations[figure.citation - 1].quote], found)
    assert result.supported == (bool(numbers) and all(figure.supported for figure in result.figures))


@patiently
@given(WRITTEN.filter(lambda text: bool(text.strip())), SCRIPTS)
def test_nothing_is_supported_without_evidence(written: str, script: Script) -> None:
    result = ground(written, [], [], script)
    assert (result.citations, result.supported) == ((), False)
    assert not any(figure.supported for figure in result.figures)


@patiently
@given(st.sampled_from(QUOTES), SCRIPTS)
def test_a_sentence_quoted_whole_is_supported_by_itself(quote: str, script: Script) -> None:
    read = evidence(*QUOTES)
    result = ground(quote, read, [0.5] * len(read), script)
    assert [citation.quote for citation in result.citations] == [quote]
    assert result.supported


# --- figures


@pytest.mark.parametrize(
    "written", ["8710人次", "培训8,710人次", "８７１０人次。", "八千七百一十人次", "8,710 cadres were trained.", "8710"]
)
def test_a_figure_of_the_sentence_is_supported_in_any_writing(written: str) -> None:
    result = grounded(written, *QUOTES)
    assert [citation.quote for citation in result.citations] == [QUOTES[0]]
    (figure,) = result.figures
    assert (figure.value, figure.supported, figure.citation) == ("8710", True, 1)


@pytest.mark.parametrize("written", ["8710人。", "8711人次。", "871人次", "8710期", "87.1万人次", "8710%"])
def test_another_value_or_unit_is_not_supported(written: str) -> None:
    result = grounded(written, *QUOTES)
    assert not result.supported
    assert [(figure.supported, figure.citation) for figure in result.figures] == [(False, None)]


def test_one_invented_figure_makes_the_answer_unsupported_and_leaves_the_other_one_standing() -> None:
    result = grounded("培訓341期，9999人次。", *QUOTES)
    assert [(figure.text, figure.supported) for figure in result.figures] == [("341期", True), ("9999人次", False)]
    assert not result.supported


def test_an_answer_with_figures_of_two_sentences_cites_both() -> None:
    result = grounded("培訓8710人次，講黨課754期。", *QUOTES)
    assert {citation.quote for citation in result.citations} == {QUOTES[0], QUOTES[2]}
    assert result.supported
    assert {figure.value: result.citations[(figure.citation or 0) - 1].quote for figure in result.figures} == {
        "8710": QUOTES[0],
        "754": QUOTES[2],
    }


def test_each_sentence_of_an_answer_refers_to_its_own_source() -> None:
    result = grounded("講黨課754期。\n下基層14452人次。", *QUOTES)
    first, second = result.text.split("\n")
    assert [result.citations[number - 1].quote for number in marks(first)] == [QUOTES[2]]
    assert [result.citations[number - 1].quote for number in marks(second)] == [QUOTES[1]]


def test_an_answer_without_figures_cites_the_sentence_it_is_taken_from() -> None:
    result = grounded("黑河市", *QUOTES)
    assert [citation.quote for citation in result.citations] == [QUOTES[4]]
    assert result.supported


def test_likeness_decides_where_words_cannot() -> None:
    read = evidence(*QUOTES)
    likeness = [0.1, 0.1, 0.1, 0.1, 0.9, 0.1]
    result = ground("Heihe", read, likeness, "en")
    assert [citation.quote for citation in result.citations] == [QUOTES[4]]


@pytest.mark.parametrize("written", ["8710人次[7]", "[7] 8710人次。", "8710人次 [1][2][9]。", "8710人次[999]"])
def test_marks_that_the_model_wrote_are_dropped(written: str) -> None:
    result = grounded(written, *QUOTES)
    assert marks(result.text) == [1]
    assert result.citations[0].quote == QUOTES[0]
    assert [figure.value for figure in result.figures] == ["8710"]


@patiently
@given(SCRIPTS)
def test_the_answer_comes_in_the_readers_script_and_the_quote_in_its_own(script: Script) -> None:
    result = grounded("培训组工干部8710人次。", *QUOTES, script=script)
    assert re.sub(r"\[\d+\]", "", result.text).replace(" ", "") == to_script("培训组工干部8710人次。", script)
    assert result.citations[0].quote == QUOTES[0]


# --- refusing


@pytest.mark.parametrize(
    "written",
    [
        NOT_FOUND,
        f"{NOT_FOUND}。",
        to_script(NOT_FOUND, "zh-Hant"),
        *REFUSALS.values(),
        "资料中没有提到培训人次。",
        "文件中沒有提及這個問題。",
        "根据资料，无法确定。",
        "The text does not mention it.",
        "It is not stated in the documents.",
        "The documents don't contain this figure.",
        "There is no information about this.",
        "",
        " \n",
    ],
)
def test_a_refusal_is_recognised_in_every_language(written: str) -> None:
    assert refuses(written)


@pytest.mark.parametrize("written", ["8710人次", "黑河市", "9,200 books were added.", *QUOTES])
def test_an_answer_is_no_refusal(written: str) -> None:
    assert not refuses(written)


def test_hesitant_words_are_not_believed() -> None:
    assert not unsure(0.0)
    assert unsure(-20.0)


def test_a_figure_that_nobody_said_is_invented() -> None:
    read = evidence(*QUOTES, title="簡報第138期", date="2011-04-19")
    assert invented("培訓8710人次", "培訓多少人次？", read) == []
    assert invented("2011年第138期", "哪一期？", read) == []
    assert invented("40人", "40人中有幾人？", read) == []
    assert invented("培訓8710人次，其中77人", "培訓多少人次？", read) == ["77人"]


# --- years


@pytest.mark.parametrize("question", ["2011年培訓多少人次？", "２０１１年培训多少人次？", "How many in 2011?"])
def test_a_year_that_the_document_names_is_not_missing(question: str) -> None:
    assert missing_years(question, evidence("2011年培訓8710人次。")) == []
    assert missing_years(question, evidence("培訓8710人次。", date="2011-04-19")) == []
    assert missing_years(question, evidence("培訓8710人次。", title="2011年簡報")) == []


def test_a_year_that_no_document_knows_is_missing() -> None:
    read = evidence("2011年培訓8710人次。", "二月講黨課754期。", date="2011-04-19")
    assert missing_years("1998年和2035年培訓多少人次？", read) == ["1998", "2035"]
    assert missing_years("培訓多少人次？", read) == []


def test_numbers_that_are_no_years_are_not_missed() -> None:
    assert missing_years("8710人次、12035期、138期？", evidence("無")) == []


def test_a_name_out_of_the_models_memory_was_not_read() -> None:
    read = evidence("全省各級組織部門培訓組工乾部8710人次。")
    assert unread("省委书记是李克强", "省委書記是誰？", read) == ["李克强"]
    assert unread("全省各级组织部门培训组工干部8710人次", "培訓了多少？", read) == []


def test_an_answer_in_chinese_from_an_english_text_is_not_looked_for_in_it() -> None:
    read = evidence("The foundation trained 8710 officials.")
    assert unread("基金会培训了8710名官员", "培训了多少官员？", read) == []


# --- the statement that an answer is a fragment of


def test_a_bare_figure_is_followed_by_the_words_that_it_was_taken_from() -> None:
    answer = grounded("8710人次", *QUOTES)
    text = in_context(answer, "zh-Hans")
    assert text == "8710人次[1]\n「年初以来,全省各级组织部门开展组工干部培训341期,培训组工干部8710人次。」"
    assert lead(text) == answer.text


def test_an_answer_that_says_as_much_as_its_sentence_stands_alone() -> None:
    answer = grounded("全省組工幹部下基層14452人次，結成幫扶對子3265對", *QUOTES)
    assert in_context(answer, "zh-Hant") == answer.text


def test_an_answer_from_two_sentences_has_no_statement() -> None:
    answer = grounded("341期。754期。", *QUOTES)
    assert len(answer.citations) == 2
    assert in_context(answer, "zh-Hant") == answer.text


LONG = (
    "，".join(["全省各地各部門都很重視這項工作"] * 8)
    + "，培訓幹部8710人次，提出建議94條，"
    + "，".join(["繼續努力"] * 30)
)


def test_of_a_long_sentence_the_clauses_around_the_answer_are_shown() -> None:
    said = statement("8710人次，94條", LONG)
    assert said.startswith("…")
    assert said.endswith("…")
    assert "，培訓幹部8710人次，提出建議94條" in said
    assert said.strip("…") in LONG
    assert len(said) <= STATEMENT + 2


@given(written=WRITTEN, quote=st.sampled_from([*QUOTES, LONG]), script=SCRIPTS)
@patiently
def test_a_statement_is_a_part_of_its_sentence(written: str, quote: str, script: Script) -> None:
    assert statement(written, quote).strip("…") in quote
    answer = grounded(written, quote, script=script)
    assert in_context(answer, script).startswith(answer.text)


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("能不能退票？", "不能"),
        ("甲隊和乙隊誰贏了？", "甲隊"),
        ("培訓是否完成？", "完成"),
        ("Is it open?", "it is open"),
    ],
)
def test_a_choice_and_a_yes_are_answered_in_the_questions_own_words(question: str, written: str) -> None:
    assert objection(written, question, evidence("購票後不能退票，甲隊贏了，培訓完成。It is open.")) is None


def test_an_answer_that_says_nothing_new_is_none() -> None:
    found = objection("2022年春運開始時間", "2022年春運開始時間？", evidence("2022年春運開始時間見公告。"))
    assert found is not None
    assert "repeats" in found.reason


def test_a_number_in_groups_stays_one_number() -> None:
    found = objection(
        ground("1 200件", evidence("甲庫200件，乙庫1件。"), [0.5], "zh-Hant").text,
        "庫存多少件？",
        evidence("甲庫200件，乙庫1件。"),
    )
    assert found is not None


def test_the_models_own_quotation_is_not_taken_for_the_statement() -> None:
    answer = grounded("活動有：\n「五個一」", *QUOTES)
    assert "\n" not in answer.text
    assert lead(answer.text) == answer.text
