"""Nothing that comes from outside becomes markup, and what is marked is exactly what was quoted."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Answer, Citation, Document, Figure, Seconds
from ui import quotes, render
from ui.i18n import WORDS
from ui.render import Exchange, escape, visible

TAGS = re.compile(
    "article|b|bdi|blockquote|br|button|code|details|div|h[23]|i|input|li|mark|p|section|span|strong|summary|ul"
)
ATTRIBUTES = re.compile(
    "aria-(busy|hidden|label|live|pressed)|class|data-(copy|do|done|form|name|source|to)|id|lang|maxlength|placeholder"
    "|role|tabindex|title|type"
)

# Texts as they are, and texts made of what has broken pages before.
SHARDS = [
    *(
        "<script>",
        "</mark>",
        "<!--",
        "-->",
        "<img src=x onerror=a()>",
        '"',
        "'",
        "'>",
        '" onclick="a()',
        "&lt;",
        "&#60;",
        "&",
    ),
    *(
        "`",
        "${a}",
        "{{a}}",
        "![a](//b)",
        "[a](javascript:b)",
        "[1]",
        "[2]",
        "[999]",
        "__i18n__",
        '{"key":"\\u003cb"}',
        "\\",
    ),
    *("\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\r", "\n", "\ud800", "\U000e0041", "8710", "培訓", "。", " "),
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(SHARDS)).map("".join))
SECONDS = Seconds()


class Parsed(HTMLParser):
    """The tags, attributes and texts of a piece of HTML, and what stands inside each `mark` and `blockquote`."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: dict[str, list[str]] = {}
        self.text = ""
        self.inside: dict[str, list[str]] = {"mark": [], "blockquote": [], "bdi": [], "p": []}
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")
        if tag not in ("br", "input"):
            self._open.append(tag)
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        for tag in self.inside:
            if tag in self._open:
                self.inside[tag][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


@st.composite
def citations(draw: st.DrawFn) -> Citation:
    text = draw(TEXTS) + draw(TEXTS) + draw(TEXTS)
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    document = Document(draw(TEXTS), text, draw(TEXTS), draw(TEXTS), draw(TEXTS))
    page = draw(st.none() | st.integers(1, 999))
    return Citation(draw(st.integers(1, 3)), text[start:end], start, end, page, document)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    exchange = Exchange(draw(st.integers(1, 9)), draw(TEXTS), draw(TEXTS), draw(st.none() | citations()))
    match draw(st.sampled_from(["unfinished", "stopped", "problem", "answer"])):
        case "stopped":
            return Exchange(exchange.number, exchange.question, exchange.text, stopped=True)
        case "problem":
            return Exchange(exchange.number, exchange.question, problem=draw(TEXTS))
        case "answer":
            figure = st.builds(Figure, TEXTS, TEXTS, TEXTS, st.booleans(), st.none() | st.integers(1, 3))
            found, figures = draw(st.lists(citations(), max_size=2)), draw(st.lists(figure, max_size=2))
            refused, supported = draw(st.booleans()), draw(st.booleans())
            answer = Answer("", draw(TEXTS), refused, supported, tuple(found), tuple(figures), (), SECONDS)
            return Exchange(exchange.number, exchange.question, answer=answer)
    return exchange


@given(TEXTS)
def test_escaped_text_is_inert_and_reads_the_same(text: str) -> None:
    escaped = escape(text)
    assert not re.search("[<>\"']", escaped)
    assert "__i18n__" not in escaped
    assert html.unescape(escaped).replace("\xa0", " ") == html.unescape(html.escape(visible(text))).replace("\xa0", " ")
    escaped.encode()  # a lone surrogate could not be sent


@given(TEXTS)
def test_what_is_shown_has_nothing_unseen(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00\r]", shown)


@given(st.lists(exchanges(), min_size=1, max_size=3))
def test_no_text_from_outside_becomes_a_tag_or_an_attribute(history: list[Exchange]) -> None:
    english = WORDS["en"]
    pieces = [quotes.sources(history, english, "en"), render.progress(history[-1])]
    pieces += [render.question(exchange) + render.reply(exchange, latest=True) for exchange in history]
    pieces += [render.welcome(english, "en", exchange.problem, empty=False) for exchange in history]
    for markup in pieces:
        parsed = Parsed(markup)
        assert all(TAGS.fullmatch(tag) for tag in parsed.tags)
        assert all(ATTRIBUTES.fullmatch(name) for name in parsed.attributes)
        assert all(re.fullmatch(r"(jb-[a-z]+ ?)+", value) for value in parsed.attributes.get("class", []))
        assert set(parsed.attributes.get("data-do", [])) <= {"retry", "edit", "good", "bad", "open", "seed", "library"}
        assert set(parsed.attributes.get("data-to", [])) <= {"talk", "asking"}
        assert all(re.fullmatch(r"\d+(-\d+)?", value) for value in parsed.attributes.get("data-name", []))
        assert all(re.fullmatch(r"jb-source-\d+-\d+", value) for value in parsed.attributes.get("data-source", []))


@given(citations())
def test_the_mark_holds_exactly_the_quote(citation: Citation) -> None:
    parsed = Parsed(quotes.passage(citation.document, citation.start, citation.end))
    assert parsed.inside["mark"] == [visible(citation.quote)]
    around = parsed.text.strip("…")
    assert around in visible(citation.document.text)


@given(exchanges())
def test_a_question_and_a_problem_are_shown_as_they_are(exchange: Exchange) -> None:
    assert Parsed(render.question(exchange)).text == visible(exchange.question)
    if exchange.problem:
        assert visible(exchange.problem).replace("`", "") in Parsed(render.reply(exchange)).text.replace("`", "")


TEXT = "年初以來,開展培訓341期,培訓組工乾部8710人次。積極組織開展活動。"
DOCUMENT = Document("briefing", TEXT, "簡報", "東北網", "2011-04-19")
QUOTE = "培訓組工乾部8710人次"
CITATION = Citation(1, QUOTE, TEXT.index(QUOTE), TEXT.index(QUOTE) + len(QUOTE), 3, DOCUMENT)
SUPPORTED = Figure("8710", "8710", "人次", True, 1)
UNSUPPORTED = Figure("8000", "8000", "人", False, None)


def exchange_with(text: str, *figures: Figure, refused: bool = False, supported: bool = True) -> Exchange:
    answer = Answer("培訓多少人次？", text, refused, supported, (CITATION,), figures, (), SECONDS)
    return Exchange(1, "培訓多少人次？", answer=answer)


def test_the_outcomes_look_different_in_shape_and_in_words() -> None:
    answered = exchange_with("8710人次[1]", SUPPORTED)
    doubtful = exchange_with("8000人[1]", UNSUPPORTED, supported=False)
    refused = exchange_with("文件中沒有。", refused=True)
    problem = Exchange(1, "培訓多少人次？", problem="模型沒有回應。")
    stopped = Exchange(1, "培訓多少人次？", text="全省", stopped=True)
    waiting, writing = Exchange(1, "培訓多少人次？"), Exchange(1, "培訓多少人次？", text="全省")
    every = [answered, doubtful, refused, problem, stopped, waiting, writing]
    assert len({exchange.outcome for exchange in every}) == len(every)
    assert len({Parsed(render.reply(exchange)).attributes["class"][0] for exchange in every}) == len(every)
    assert len({render.progress(exchange) for exchange in every}) == len(every)
    for exchange in (doubtful, refused, problem):
        assert "jb-kind" in render.reply(exchange)


def test_a_figure_says_in_words_whether_a_sentence_holds_it() -> None:
    parsed = Parsed(render.reply(exchange_with("8710人次，8000人[1]", SUPPORTED, UNSUPPORTED, supported=False)))
    words = WORDS["zh-Hant"]
    assert f"✓ 8710 人次 {words.supported} [1]" in parsed.text
    assert f"⚠ 8000 人 {words.unsupported}" in parsed.text


def test_only_a_citation_that_exists_becomes_a_mark() -> None:
    parsed = Parsed(render.reply(exchange_with("8710人次[1]，見[2]和[一]")))
    assert parsed.attributes["data-source"] == ["jb-source-1-1"]
    assert parsed.inside["p"] == ["8710人次[1]，見[2]和[一]"]
    assert "data-source" not in Parsed(render.reply(Exchange(1, "問", text="8710[1]"))).attributes


def test_a_mark_leads_to_its_source() -> None:
    exchange = exchange_with("8710人次[1]")
    target = Parsed(render.reply(exchange)).attributes["data-source"][0]
    parsed = Parsed(quotes.sources([exchange], exchange.words, exchange.script))
    assert parsed.attributes["id"] == [target]
    assert parsed.inside["bdi"] == ["簡報", "2011-04-19", "東北網", "第 3 頁"]
    assert parsed.inside["blockquote"] == [TEXT]


@pytest.mark.parametrize(
    ("exchange", "label"),
    [
        (Exchange(1, "培訓多少人次？", quote=CITATION), WORDS["zh-Hant"].best_so_far),
        (exchange_with("文件中沒有。", refused=True), WORDS["zh-Hant"].nearest),
    ],
)
def test_a_sentence_that_no_answer_stands_on_is_labelled_so(exchange: Exchange, label: str) -> None:
    parsed = Parsed(quotes.sources([exchange], exchange.words, exchange.script))
    assert label in parsed.text
    assert WORDS["zh-Hant"].source.format(number=1) not in parsed.text
    assert "jb-card jb-aside" in parsed.attributes["class"]


def test_earlier_sources_are_folded_away() -> None:
    first, second = exchange_with("8710人次[1]"), Exchange(2, "故障？", problem="模型沒有回應。")
    parsed = Parsed(quotes.sources([first, second], second.words, second.script))
    assert "details" in parsed.tags
    assert parsed.inside["mark"] == [QUOTE]


def test_a_long_document_is_shown_around_the_quote_in_whole_sentences() -> None:
    text = "第一句話。" * 100 + QUOTE + "。" + "最後一句。" * 100
    start = text.index(QUOTE)
    parsed = Parsed(quotes.passage(Document("long", text), start, start + len(QUOTE)))
    assert parsed.text.startswith("…第一句話。")
    assert parsed.text.endswith("最後一句。…")
    assert len(parsed.text) <= len(QUOTE) + 2 * quotes.AROUND + 2


def test_the_words_about_an_answer_follow_its_question() -> None:
    for question, script in (("培訓多少人次？", "zh-Hant"), ("培训多少人次？", "zh-Hans"), ("How many?", "en")):
        exchange = Exchange(1, question)
        assert exchange.script == script
        assert f'lang="{script}"' in render.reply(exchange)


def test_an_empty_library_offers_the_sample_and_the_way_to_fill_it() -> None:
    for script, words in WORDS.items():
        parsed = Parsed(render.welcome(words, script, empty=True))
        assert parsed.attributes["data-do"] == ["seed", "library"]
        assert words.try_seed in parsed.text
        assert words.add_own in parsed.text


def test_the_promise_is_only_made_where_it_holds() -> None:
    words = WORDS["en"]
    assert words.local in render.header(words, "en", (1, 12), local=True)
    assert words.local not in render.header(words, "en", (1, 12), local=False)
    assert words.remote in render.header(words, "en", None, local=False)


def test_a_mark_in_a_documents_words_is_no_button() -> None:
    shown = render.reply(exchange_with("8710人次[1]\n「8710人次[1]，99999人次[1]」"))
    assert shown.count('class="jb-mark"') == 1
    assert "「8710人次[1]，99999人次[1]」</blockquote>" in shown


@pytest.mark.parametrize(
    ("question", "as_of", "reports"),
    [
        ("培訓多少人？", "資料截至 2011-04-19", "報告期間 2011-01-01–2011-04-19"),
        ("培训多少人？", "资料截至 2011-04-19", "报告期间 2011-01-01–2011-04-19"),
        ("How many?", "As of 2011-04-19", "reports on 2011-01-01–2011-04-19"),
    ],
)
def test_an_answer_says_as_of_when_and_its_source_what_it_reports_on(question: str, as_of: str, reports: str) -> None:
    document = Document(
        "a",
        "培訓8710人次。",
        date="2011-04-19",
        issue="第138期",
        author="甲",
        period="2011-01-01/2011-04-19",
    )
    citation = Citation(1, document.text, 0, 9, 3, document)
    answer = Answer(question, "8710人次[1]", False, True, (citation,), (), (), SECONDS, as_of=document.as_of)
    exchange = Exchange(1, question, answer=answer)
    assert as_of in render.reply(exchange)
    card = quotes.sources([exchange], WORDS["en"], "en")
    assert all(f"<bdi>{fact}</bdi>" in card for fact in ("2011-04-19", "第138期", "甲", reports))
