from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.encodings import decode
from rag.errors import DocumentError
from rag.text import to_script

SEED = Path(__file__).parent.parent / "seeds" / "briefing-138.txt"

SHORT = ("培訓組工幹部8710人次", "各市地普遍開展了活動", "深入開展創先爭優活動簡報第138期", "責任編輯：王凌霞", "簡報")
LONG = (
    "全省各級組織部門把加強組工幹部隊伍能力建設作為關鍵，通過開展理論學習、加強實踐鍛煉等措施，進一步促進能力素質的提高。\n\n"
    "年初以來，全省各級組織部門開展組工幹部培訓341期，培訓組工幹部8710人次。\n"
) * 40
TABLE = "┌──┬──┐\n│單位│期數│\n├──┼──┤\n│大慶│341 │\n└──┴──┘\n"


def complaint(data: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        decode(data, "old.txt")
    message = str(caught.value)
    assert "old.txt" in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("text", [*SHORT, LONG, TABLE])
@pytest.mark.parametrize(
    ("script", "encoding"),
    [
        ("zh-Hant", "utf-8"),
        ("zh-Hans", "utf-8"),
        ("zh-Hant", "utf-8-sig"),
        ("zh-Hans", "utf-16"),
        ("zh-Hans", "gb18030"),
        ("zh-Hant", "gb18030"),
        ("zh-Hant", "cp950"),
        ("zh-Hant", "big5hkscs"),
    ],
)
def test_short_and_long_texts_of_both_scripts_are_decoded(text: str, script: str, encoding: str) -> None:
    written = to_script(text, "zh-Hant" if script == "zh-Hant" else "zh-Hans")
    assert decode(written.encode(encoding), "a.txt") == written


@pytest.mark.parametrize("encoding", ["gb18030", "cp950"])
def test_every_line_of_the_seed_is_decoded_by_itself(encoding: str) -> None:
    for line in SEED.read_text(encoding="utf-8").replace("\xa0", " ").split("\n"):
        if len(line) >= 6:
            assert decode(line.encode(encoding), "a.txt") == line


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))), st.sampled_from(["utf-8-sig", "utf-16"]))
def test_a_byte_order_mark_settles_the_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt") == text


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_document_error(data: bytes) -> None:
    with contextlib.suppress(DocumentError):
        assert "\r" not in decode(data, "a.txt")


def test_line_breaks_become_one_kind() -> None:
    assert decode("甲\r\n乙\r丙\n".encode(), "a.txt") == "甲\n乙\n丙\n"


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", bytes(range(1, 32)) * 5, "培训\0".encode(), "培训".encode("utf-32")]
)
def test_binary_content_is_refused(data: bytes) -> None:
    assert "binary" in complaint(data)


@pytest.mark.parametrize(
    "data",
    [
        "Grüße aus München, schöne Straße".encode("latin-1"),
        "カタカナのテストです。".encode("shift_jis"),
        b"\xff\xff\xff",
        "培训工作".encode("gb18030") + b"\xff",
    ],
)
def test_an_unknown_encoding_is_refused_with_the_way_out(data: bytes) -> None:
    assert "save it as UTF-8" in complaint(data)


def test_damaged_utf8_is_not_taken_for_gb18030() -> None:
    data = LONG.encode()
    message = complaint(data[:100] + data[101:])
    assert "damaged at byte" in message
    assert "UTF-8" in message
    assert "damaged" in complaint("培训".encode("utf-16") + b"\x01")
