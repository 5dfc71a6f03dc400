from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.header import header
from ingest.metadata import Metadata, issue, metadata
from rag.text import to_script
from tests.pages import PAGES

SEED = Path(__file__).parent.parent / "seeds" / "briefing-138.txt"
BODY = "全省各級組織部門開展組工幹部培訓341期，培訓組工幹部8710人次，能力素質進一步提高。" * 20


def author(text: str) -> str:
    return metadata(text, "", "").author


def test_the_seed_gives_its_issue_and_its_editor() -> None:
    text = SEED.read_text(encoding="utf-8")
    page = header(text)
    assert metadata(text, page.title, page.date) == Metadata("第138期", "王凌霞", "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("《深入開展創先爭優活動簡報》第138期", "第138期"),
        ("活动简报（第138期）", "第138期"),
        ("组工通讯 总第138期", "总第138期"),
        ("第138期", "第138期"),
        ("第一百三十八期", "第一百三十八期"),
        ("（总第 138 期）", "总第 138 期"),
        ("工作动态 2011年第4期", "2011年第4期"),
        ("工作動態2011年第4期（總第138期）", "2011年第4期（總第138期）"),
        ("党建研究 2011年增刊", "2011年增刊"),
        ("增刊第2期", "增刊第2期"),
        ("Vol. 12, No. 3", "Vol. 12, No. 3"),
        ("Training Bulletin No. 138", "No. 138"),
        ("Weekly Newsletter, Issue 138", "Issue 138"),
        ("全市干部学习情况 第3期", "第3期"),
        ("干部培训班第3期开班", ""),
        ("全省组工干部培训班（第3期）", ""),
        ("水利工程第二期", ""),
        ("双色球第2023079期开奖", ""),
        ("2011年第43期食品安全监督抽检公告", ""),
        ("No. 1 seed wins the title", ""),
        ("No Issue 3 today for the club", ""),
        ("第一期间的工作", ""),
        ("假期、学期与周期", ""),
        ("培训工作", ""),
        ("", ""),
    ],
)
def test_issues_are_taken_as_written(line: str, expected: str) -> None:
    assert issue([line]) == expected


def test_an_issue_may_stand_on_a_line_of_its_own_but_not_in_the_text() -> None:
    assert metadata(f"活动简报\n第138期\n省委组织部\n{BODY}", "活动简报", "").issue == "第138期"
    assert metadata(f"培训工作\n全省举办简报培训，见简报第7期。\n简报第138期\n{BODY}", "培训工作", "").issue == ""


@pytest.mark.parametrize(
    ("head", "credits", "expected"),
    [
        ("培训\n2011-04-19 來源:東北網  作者:", "責任編輯:王凌霞", "王凌霞"),
        ("培训\n2011-04-19 來源:東北網  作者:張三丰", "責任編輯:王凌霞", "張三丰"),
        ("培训\n2011-04-19 作者:張三丰 責任編輯:王凌霞", "", "張三丰"),
        ("培训\n作者：萨沙", "", "萨沙"),
        ("培训\n作者: John Smith", "", "John Smith"),
        ("培训\n本报记者 张伟 李娜", "", "张伟、李娜"),
        ("培训\n新华社北京4月19日电（记者张伟、李娜）", "", "张伟、李娜"),
        ("培训\n本报讯（王宁 记者 张伟）", "", "王宁、张伟"),
        ("培训\n中新网4月19日电 (张伟 李娜)", "", "张伟、李娜"),
        ("Training\nBy Jane Doe and John Roe", "", "Jane Doe、John Roe"),
        ("Training\nBY JANE DOE | Wire", "", "JANE DOE"),
        ("培训", "（记者 张伟 通讯员 李娜）", "张伟、李娜"),
        ("培训", "（张伟、李娜）", "张伟、李娜"),
        ("培训", "编辑：张伟  校对：李娜", "张伟"),
        ("培训", "来源/东北网 编辑/张伟 责编/李娜 审核/王宁", "张伟、李娜"),
        ("培训", "采写：南都记者 张伟", "张伟"),
        ("培训", "作者：張偉 李娜編輯：王寧", "張偉、李娜"),
        ("培训", "文/诸葛小明", "诸葛小明"),
        ("培训", "作者：张伟\n作者：张伟", "张伟"),
        # who is none
        ("培训", "", ""),
        ("培训\n作者：佚名", "", ""),
        ("培训\n记者从省委组织部获悉", "", ""),
        ("培训\n（新华社记者 张伟 摄）", "", ""),
        ("培训\n全市广大医务工作者：夏尽秋来", "", ""),
        ("培训\n论文第一作者张伟介绍", "", ""),
        ("培训", "责编：张伟制作：李娜", "张伟"),
        ("培训", "校对：李娜", ""),
        ("培训", "（新华社）", ""),
        ("Training\nBy Monday everything was done", "", ""),
        ("Training\nBy the end of June", "", ""),
    ],
)
def test_writers_are_named_in_the_header_or_the_credits_and_editors_only_without_them(
    head: str, credits: str, expected: str
) -> None:
    assert author(f"{head}\n{BODY}\n{credits}") == expected


def test_a_name_in_the_middle_of_a_long_text_is_no_author() -> None:
    assert author(f"培训\n{BODY}\n（记者 张伟）\n{BODY}") == ""


def test_both_scripts_have_the_same_metadata() -> None:
    page = "簡報第138期\n2011-04-19 來源:東北網\n一季度,培訓8710人次。\n責任編輯:王凌霞"
    simplified = metadata(to_script(page, "zh-Hans"), "简报第138期", "2011-04-19")
    assert simplified == metadata(page, "簡報第138期", "2011-04-19")._replace(author="王凌霞")


WORDS = "记者 编辑 作者 ： : / （ ） ( ) 张伟 李娜 王寧 摄 摄影报道 电 讯 By Jane Doe 、 \n 第138期 总 增刊 Vol. 3 ㎏ ①"
CREDITS = st.sampled_from(WORDS.split(" "))


@given(st.lists(CREDITS | st.text(max_size=5), max_size=20).map("".join) | PAGES, st.text(max_size=20))
def test_any_text_has_an_issue_and_names_that_stand_in_it(text: str, title: str) -> None:
    found = metadata(text, title, "2011-04-19")
    assert found.issue in text or found.issue in title
    assert all(name in text for name in found.author.split("、"))
