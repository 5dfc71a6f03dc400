"""Blocks of a page: which of them are its text, and how their white space is written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.pagetext import Block, body, tidy


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["培训341期。", "首页", "其中，省级12期，占一成"]), st.floats(0, 1), st.integers(0, 9)
        )
    )
)
def test_no_block_with_a_sentence_outside_links_is_left_out(parts: list[tuple[str, float, int]]) -> None:
    blocks = [Block(text, linked, anchors, chrome=anchors - 1) for text, linked, anchors in parts]
    kept = body(blocks)
    assert [block for block in blocks if "。" in block.text or "，" in block.text] == [
        block for block in kept if "。" in block.text or "，" in block.text
    ]
    assert bool(kept) == bool(blocks)


def test_a_paragraph_wrapped_in_the_source_is_one_line() -> None:
    assert (
        tidy("年初以来，全省各级组织部门开展组工干部培训\n    三百四十一期。")
        == "年初以来，全省各级组织部门开展组工干部培训三百四十一期。"
    )
    assert tidy("张三\n李四") == "张三 李四"


@given(st.text())
def test_a_tidy_line_is_one_line_without_margins(text: str) -> None:
    line = tidy(text)
    assert line == line.strip()
    assert "   " not in line
    assert not set(line) & set("\n\r\t\xa0\u200b")
    assert "".join(line.split()) == "".join(tidy(line).split())
