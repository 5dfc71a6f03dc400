"""Lines with their places: paragraphs, running titles, tables. None of them comes from a file."""

from __future__ import annotations

import pytest

from ingest import rules
from ingest.layout import Line, Page, assemble, joined, without_running
from ingest.rules import Rules, with_tables


def test_lines_are_joined_as_their_script_asks() -> None:
    assert joined(["共培訓87", "10人次"]) == "共培訓8710人次"
    assert joined(["in 2010", "2011 was"]) == "in 2010 2011 was"
    assert joined(["2010-", "2011年"]) == "2010-2011年"
    assert joined(["開展", "GDP growth"]) == "開展GDP growth"


def test_pages_without_text_keep_their_place() -> None:
    def page(*texts: str) -> Page:
        return Page(
            [Line(text, 70, 100 + 20 * n, 70 + 12 * len(text), 112 + 20 * n) for n, text in enumerate(texts)], 595, 842
        )

    text, offsets = assemble([page(), page("甲。"), page(), page("乙。")])
    assert text == "甲。\n\n乙。"
    assert len(offsets) == 4
    assert list(offsets) == sorted(offsets)
    assert (offsets[0], text[offsets[1] :], text[offsets[3] :]) == (0, text, "乙。")
    assert assemble([]) == ("", ())


def test_figures_in_the_margin_that_are_no_page_numbers_stay() -> None:
    pages = [
        Page([Line(f"培訓{figure}人次", 70, 810, 200, 822), Line("正文", 70, 400, 94, 412)], 595, 842)
        for figure in (8710, 341, 2270)
    ]
    assert without_running(pages) == pages


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (["three hun-", "dred courses"], "three hundred courses"),
        (["forty-", "one courses"], "forty-one courses"),
        (["Twenty\u2010", "first session"], "Twenty\u2010first session"),
        (["thirty-", "ninefold"], "thirtyninefold"),
        (["seven\xad", "teen"], "seventeen"),
        (["a plan of Hong-", "Kong"], "a plan of Hong-Kong"),
    ],
)
def test_only_the_hyphen_of_a_number_stays_where_an_english_word_was_cut(lines: list[str], whole: str) -> None:
    assert joined(lines) == whole


def word(text: str, x: float, y: float) -> Line:
    return Line(text, x, y, x + 12 * len(text), y + 12)


GRID = Rules([(y, 0, 300) for y in (0, 30, 60, 90)], [(x, 0, 90) for x in (0, 100, 200, 300)])
HEADER = [word("地區", 10, 10), word("期數", 110, 10), word("人次", 210, 10)]


def test_cell_reaches_as_far_as_no_line_is_drawn() -> None:
    lines = [
        *HEADER,
        word("大慶", 10, 55),
        word("12", 110, 40),
        word("305", 210, 40),
        word("9", 110, 70),
        word("8", 210, 70),
    ]
    open_grid = Rules([*GRID.across[:2], (60, 100, 300), GRID.across[3]], GRID.down)
    found = with_tables([word("前文", 10, -50), *lines], open_grid)
    assert [line.text for line in found] == [
        "前文",
        "地區：大慶 | 期數：12 | 人次：305",
        "地區：大慶 | 期數：9 | 人次：8",
    ]
    assert [line.whole for line in found] == [False, True, True]


def test_grid_around_paragraphs_and_a_drawing_of_many_lines_are_no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    prose = [*HEADER, word("培" * 301, 10, 40)._replace(right=90)]
    assert with_tables(prose, GRID) == prose
    lines = [*HEADER, word("大慶", 10, 40), word("12", 110, 40), word("305", 210, 40)]
    assert [line.text for line in with_tables(lines, GRID)] == ["地區：大慶 | 期數：12 | 人次：305"]
    monkeypatch.setattr(rules, "MOST_RULES", 7)
    assert with_tables(lines, GRID) == lines
