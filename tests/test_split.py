from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.chrome import body_spans
from ingest.loaders import load
from ingest.split import split
from rag.types import Chunk, Document

SEED = Path(__file__).parent.parent / "seeds" / "briefing-138.txt"


def characters(texts: Sequence[str]) -> list[int]:
    """A tokenizer whose tokens are characters."""
    return [len(text) for text in texts]


def chunks(text: str, *, limit: int = 160, minimum: int = 60) -> list[str]:
    return [chunk.text for chunk in split(Document("a", text), characters, limit=limit, minimum=minimum)]


def containing(found: Sequence[Chunk], words: str) -> str:
    [text] = [chunk.text for chunk in found if words in chunk.text]
    return text


# --- invariants

LINES = st.sampled_from(
    [
        "微博",
        "首頁 > 要聞 > 正文",
        "2011-04-19 來源:東北網",
        "# 标题",
        "",
        " \u3000",
        "一、总体情况",
        "责任编辑：王凌霞",
        "全省開展培訓341期，培訓8,710人次。",
        "他說：「好！」growth was 3.5%. Then it fell",
        "一、" + "突出重點，开展活动。" * 12,
        *("培" * 50, "8" * 30, "a b " * 20, "，" * 20, "𠀀🙂e\u0301" * 10, "甲。 \t 乙；\u3000丙！"),
    ]
)
PAGES = st.lists(LINES | st.text(max_size=60), max_size=25).map("\n".join)


@given(PAGES, st.integers(1, 200), st.integers(0, 100))
@example("微博\n\x1c甲\x1c\n\u2028乙", 1, 0)
def test_chunks_are_exact_ordered_within_the_limit_and_cover_the_body(text: str, limit: int, minimum: int) -> None:
    found = split(Document("a", text), characters, limit=limit, minimum=minimum)
    spans = body_spans(text)
    covered: list[int] = []
    end = 0
    for chunk in found:
        assert end <= chunk.start < chunk.end
        assert text[chunk.start : chunk.end] == chunk.text == chunk.text.strip()
        assert len(chunk.text) <= limit
        assert sum(start <= chunk.start and chunk.end <= stop for start, stop in spans) == 1
        covered += [spot for spot in range(chunk.start, chunk.end) if not text[spot].isspace()]
        end = chunk.end
    assert covered == [spot for start, stop in spans for spot in range(start, stop) if not text[spot].isspace()]


@given(PAGES, st.integers(3, 49))
def test_special_tokens_and_a_truncating_tokenizer_change_no_invariant(text: str, limit: int) -> None:
    found = split(Document("a", text), lambda texts: [min(50, len(t) + 2) for t in texts], limit=limit)
    kept = "".join("".join(text[start:stop].split()) for start, stop in body_spans(text))
    assert "".join("".join(chunk.text.split()) for chunk in found) == kept
    assert all(len(chunk.text) + 2 <= limit for chunk in found)


@given(PAGES)
def test_a_document_is_always_split_alike_and_never_to_nothing(text: str) -> None:
    assert chunks(text) == chunks(text)
    assert bool(chunks(text)) == bool(text.strip())


@pytest.mark.parametrize(
    "text", ["培" * 200_000, "8" * 200_000, "培训" * 99_999 + "。", "培训，" * 60_000, "a" + " " * 200_000]
)
def test_a_huge_text_without_sentences_is_cut_to_fit(text: str) -> None:
    counted = 0

    def count(texts: Sequence[str]) -> list[int]:
        nonlocal counted
        counted += sum(map(len, texts))
        return characters(texts)

    found = split(Document("a", text), count)
    assert "".join(chunk.text for chunk in found) == text.strip()
    assert all(len(chunk.text) <= 160 for chunk in found)
    assert counted < 6 * len(text)


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="limit is 0"):
        split(Document("a", "甲"), characters, limit=0)


def test_the_counter_is_asked_in_few_bounded_batches() -> None:
    batches: list[int] = []

    def count(texts: Sequence[str]) -> list[int]:
        batches.append(len(texts))
        return characters(texts)

    split(Document("a", "全省开展培训。" * 2_000), count)
    assert len(batches) < 10
    assert max(batches) <= 512


# --- the seed


@pytest.fixture(scope="module")
def seed() -> list[Chunk]:
    return split(load(SEED).documents[0], characters)


def test_no_chunk_of_the_seed_holds_chrome(seed: list[Chunk]) -> None:
    text = "\n".join(chunk.text for chunk in seed)
    for chrome in ("您當前的位置", "搜 索", "關注東北網", "微博", "Qzone"):
        assert chrome not in text


def test_the_header_of_the_seed_is_a_chunk_of_its_own(seed: list[Chunk]) -> None:
    assert seed[0].text == "《深入開展創先爭優活動簡報》第138期\n2011-04-19 23:28:14 來源:東北網  作者:"


def test_the_sentence_with_8710_is_whole(seed: list[Chunk]) -> None:
    assert "年初以來,全省各級組織部門開展組工乾部培訓341期,培訓組工乾部8710人次。" in containing(seed, "8710")


def test_the_credit_of_the_seed_is_a_chunk_of_its_own(seed: list[Chunk]) -> None:
    assert seed[-1].text == "責任編輯:王凌霞"


def test_the_sections_of_the_seed_begin_chunks_and_none_is_an_orphan(seed: list[Chunk]) -> None:
    for opening in ("一、突出重點", "二、夯實根基", "三、創新載體", "四、注重實效"):
        assert containing(seed, opening).startswith(opening)
    assert all(60 <= len(chunk.text) <= 160 for chunk in seed[1:-1])


# --- where a chunk begins and ends


def test_short_paragraphs_share_a_chunk_and_long_ones_do_not() -> None:
    short, long = "开展培训。", "全省各级组织部门开展组工干部培训。" * 4
    assert chunks(f"{short}\n\n{short}\n{long}") == [f"{short}\n\n{short}\n{long}"]
    assert chunks(f"{long}\n{long}\n{long}") == [long, long, long]


def test_lines_wrapped_at_a_column_stay_together() -> None:
    text = "\n".join(["全省各级组织部门开展组工干部培训"] * 8)
    assert chunks(text) == [text]


def test_a_small_rest_takes_over_a_sentence() -> None:
    sentence = "全省各级组织部门开展组工干部培训工作。"
    assert chunks(sentence * 9) == [sentence * 5, sentence * 4]


@pytest.mark.parametrize(
    "heading", ["## 培训情况", "一、培训情况", "（二）培訓情況", "第三章 培训情况", "3. 培训情况", "3.1 培训"]
)
def test_a_heading_begins_a_chunk_and_stays_with_what_follows(heading: str) -> None:
    assert chunks(f"全省开展活动。\n{heading}\n\n培训341期。\n培训8710人次。") == [
        "全省开展活动。",
        f"{heading}\n\n培训341期。\n培训8710人次。",
    ]


def test_headings_in_a_row_stay_together() -> None:
    assert chunks("# 报告\n\n## 培训\n培训341期。") == ["# 报告\n\n## 培训\n培训341期。"]


@pytest.mark.parametrize(
    "line", ["3.5%的干部参加", "2011 年培训", "一年来，全省开展培训", "1. 培训341期；", "一、培训341期。", "8710人次"]
)
def test_a_figure_or_a_sentence_is_no_heading(line: str) -> None:
    assert chunks(f"全省开展活动。\n{line}") == [f"全省开展活动。\n{line}"]


@pytest.mark.parametrize(
    "credit",
    [
        "責任編輯:王凌霞",
        "编辑：张三 校对：李四",
        "（记者 张三、李四）",
        "记者 张三 通讯员 李四",
        "【責任編輯：王凌霞】",
        "来源：新华社",
    ],
)
def test_a_closing_credit_is_a_chunk_of_its_own(credit: str) -> None:
    assert chunks(f"全省开展培训341期。\n\n{credit}") == ["全省开展培训341期。", credit]


def test_credits_in_a_row_share_a_chunk() -> None:
    assert chunks("全省开展培训。\n编辑：张三\n校对：李四") == ["全省开展培训。", "编辑：张三\n校对：李四"]


@pytest.mark.parametrize(
    "line", ["记者：今年培训多少期？", "编辑出版图书12种。", "记者 采访了参加培训的干部", "来源：财政拨款，自筹"]
)
def test_a_line_that_says_more_than_names_is_no_credit(line: str) -> None:
    assert len(chunks(f"全省开展培训。\n{line}")) == 1


def test_a_chunk_never_spans_chrome() -> None:
    assert chunks("全省开展培训。\n分享到：微信\n培训8710人次。") == ["全省开展培训。", "培训8710人次。"]


# --- sentences that are too long


def test_a_long_sentence_is_cut_at_its_clauses() -> None:
    found = chunks("全省各级组织部门，" * 20 + "开展培训。", limit=100)
    assert all(text.endswith(("，", "。")) for text in found)


@pytest.mark.parametrize(
    "figure", ["8710", "8,710", "23:28:14", "3.5%", "八千七百一十", "８７１０", "2011.04.19", "Xinhua"]
)
@pytest.mark.parametrize("before", range(5, 25))
def test_a_cut_spares_numbers_and_words(figure: str, before: int) -> None:
    text = "培" * before + figure + "训" * 90 + "，" + figure + "，" + figure
    found = chunks(text, limit=20, minimum=0)
    assert sum(part.count(figure) for part in found) == 3
