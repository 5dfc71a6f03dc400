from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.header import first_date, header
from rag.text import to_script
from tests.pages import PAGES

BODY = "全省各級組織部門開展組工幹部培訓341期，培訓組工幹部8710人次。"
BLOCK = (
    "索 引 号：000014349/2023-00012\n主题分类：财政\\预算\n发文机关：国务院办公厅\n标　　题：关于开展培训的通知\n"
    "成文日期：2023年05月06日\n发文字号：国办发〔2023〕12号\n发布日期：2023年05月09日\n"
)


@pytest.mark.parametrize(
    ("top", "title", "source", "date"),
    [
        # the issuer on a line of its own
        ("统计公报\n国家统计局\n2024年2月29日", "统计公报", "国家统计局", "2024-02-29"),
        ("统计公报 国家统计局\n2024年2月29日", "统计公报 国家统计局", "", "2024-02-29"),
        ("國家統計局\n2024年2月29日", "國家統計局", "", "2024-02-29"),
        ("统计公报\n国家统计局\n某领导小组办公室\n2024年2月29日", "统计公报", "国家统计局", "2024-02-29"),
        ("关于开展培训的通知\n财政部 税务总局\n2024年2月29日", "关于开展培训的通知", "财政部", "2024-02-29"),
        ("要闻\n市领导调研养老院\n2024年2月29日", "市领导调研养老院", "", "2024-02-29"),
        ("某市委组织部\n组工简报\n2024年2月29日", "组工简报", "", "2024-02-29"),
        ("某市人民政府办公室文件汇编\n全力培训组工干部\n2024年2月29日", "全力培训组工干部", "", "2024-02-29"),
        # the block of government information
        (BLOCK, "关于开展培训的通知", "国务院办公厅", "2023-05-06"),
        (BLOCK.replace("标　　题：关于开展培训的通知\n", ""), "", "国务院办公厅", "2023-05-06"),
        ("索引号：1\n名　　称：关于培训的通知\n发文日期：2023-05-06", "关于培训的通知", "", "2023-05-06"),
        ("培训\n时　间：2023-05-06", "培训", "", "2023-05-06"),
        ("培训\n来 源：人民网", "培训", "人民网", ""),
        ("培训\n2023-05-06　来 源：人民网　作 者：张三", "培训", "人民网", "2023-05-06"),
        ("标题：2023年5月6日会议的纪要\n日期：2023-05-09", "2023年5月6日会议的纪要", "", "2023-05-09"),
        ("会议通知\n时　间：2023年5月6日\n地　点：会议室", "会议通知", "", ""),
        # a briefing's masthead
        (
            "工作简报\n第12期（总第138期）\n某市委办公室　2011年4月19日",
            "工作简报 第12期（总第138期）",
            "某市委办公室",
            "2011-04-19",
        ),
        (
            "工作简报\n第 12 期\n（总第138期）\n某市委办公室\n2011年4月19日",
            "工作简报 第 12 期 （总第138期）",
            "某市委办公室",
            "2011-04-19",
        ),
        ("工作简报\n2011年第12期\n2011年4月19日", "工作简报 2011年第12期", "", "2011-04-19"),
        ("工作简报\n第12期\n某市委办公室编　2011年4月19日", "工作简报 第12期", "某市委办公室", "2011-04-19"),
        ("工作簡報\n第12期\n某市委辦公室編印　2011年4月19日", "工作簡報 第12期", "某市委辦公室", "2011-04-19"),
        ("工作简报\n第12期\n某市委主办　2011年4月19日", "工作简报 第12期", "某市委", "2011-04-19"),
        ("工作简报\n第12期\n某市委办公室 编　2011年4月19日", "工作简报 第12期", "某市委办公室", "2011-04-19"),
        ("工作简报\n第12期\n某市委办公室编\n2011年4月19日", "工作简报 第12期", "某市委办公室", "2011-04-19"),
        # bylines and numbers
        ("培訓\n中央社記者張三台北6日電\n2011-04-19", "培訓", "", "2011-04-19"),
        ("培訓\n（中央社記者張三、李四台北6日電）\n2011-04-19", "培訓", "", "2011-04-19"),
        ("培訓\n記者張三／台北報導\n2011-04-19", "培訓", "", "2011-04-19"),
        ("培训\n新华社北京4月19日电（记者 张三）\n2011-04-19", "培训", "", "2011-04-19"),
        ("中央社記者張三台北6日電", "", "", ""),
        ("（記者張三）\n2011-04-19", "", "", "2011-04-19"),
        ("新华社北京4月19日电\n题：培训组工干部", "培训组工干部", "", ""),
        ("新华社北京4月19日电\n专题：培训组工干部", "专题：培训组工干部", "", ""),
        ("內政部令\n中華民國112年5月6日\n發文字號：台內字第1120001號", "內政部令", "", "2023-05-06"),
        ("發文日期：中華民國112年5月6日\n發文字號：台內字第1120001號\n速別：普通件", "", "", "2023-05-06"),
        ("关于培训的通知\n国办发〔2023〕12号\n2023年5月6日", "关于培训的通知", "", "2023-05-06"),
        ("某市人民政府令第12号\n2023年5月6日", "某市人民政府令第12号", "", "2023-05-06"),
        # English dates
        ("Training\nMay 6, 2023", "Training", "", "2023-05-06"),
        ("Training\n6 May 2023", "Training", "", "2023-05-06"),
        ("Training\nPublished: May 6, 2023", "Training", "", "2023-05-06"),
        ("Training\nUpdated on 6 May 2023", "Training", "", "2023-05-06"),
        ("Training\nLast updated on: Saturday, 6th of May 2023 at 10:20 am GMT", "Training", "", "2023-05-06"),
        ("Training\nSat, Sept. 6th, 2023 | Source: The Sun", "Training", "The Sun", "2023-09-06"),
        ("Training\nMay 6, 2023 was a Saturday", "Training", "", ""),
        ("Training for May 6, 2023\nMay 2023", "Training for May 6, 2023", "", ""),
        ("Training\nBy Jane Doe\nMay 6, 2023", "Training", "", "2023-05-06"),
        ("Training\nBy Jane Doe\nPublished: May 6, 2023", "Training", "", "2023-05-06"),
        ("Training\nMinistry of Education\nMay 6, 2023", "Training", "", "2023-05-06"),
        # years of the Republic
        ("培訓\n發布日期：112-05-06", "培訓", "", "2023-05-06"),
        ("培訓\n發布日期：112/05/06　來源：內政部", "培訓", "內政部", "2023-05-06"),
        ("培训\n日期：112.5.6", "培训", "", "2023-05-06"),
        ("培訓\n發佈日期：９９年５月６日", "培訓", "", "2010-05-06"),
        ("培训\n发布日期：99-05-06", "培训", "", ""),
        ("培訓\n發布日期：12-05-06", "培訓", "", ""),
        ("培訓\n112-05-06", "培訓", "", ""),
        ("培訓\n中華民國一百年四月十九日", "培訓", "", "2011-04-19"),
        ("培訓\n中華民國一百一十二年十二月三十一日", "培訓", "", "2023-12-31"),
        ("培訓\n民國一一二年五月六日", "培訓", "", "2023-05-06"),
        ("培訓\n民國元年一月一日", "培訓", "", "1912-01-01"),
        ("培訓\n民國0年1月1日", "培訓", "", ""),
        # no dates of publication
        ("培训\n2923-02-03", "培训", "", ""),
        ("培训\n2923年2月3日 来源：人民网", "培训", "人民网", ""),
        ("培训\n1899年12月31日", "培训", "", ""),
        ("培训\n2923-02-03 2011-04-19", "培训", "", "2011-04-19"),
    ],
)
def test_what_stands_at_the_top_is_told_apart(top: str, title: str, source: str, date: str) -> None:
    assert header(f"{top}\n\n{BODY}")[:3] == (title, source, date)


def test_both_scripts_have_the_same_header() -> None:
    for page in (
        BLOCK,
        "统计公报\n国家统计局\n2024年2月29日\n",
        "简报\n第1期（总第8期）\n省委办公室编　2011年4月19日\n",
    ):
        found = header(f"{page}\n{BODY}")
        other = header(to_script(f"{page}\n{BODY}", "zh-Hant"))
        assert [to_script(field, "zh-Hans") for field in other[:3]] == list(found[:3])


def test_a_date_is_no_further_ahead_than_a_year() -> None:
    today = datetime.date.today()
    for days, accepted in ((0, True), (360, True), (370, False)):
        day = (today + datetime.timedelta(days=days)).isoformat()
        assert header(f"培训\n{day}\n\n{BODY}").date == (day if accepted else "")
        assert header(f"{day} 10:20:30，{BODY}").date == (day if accepted else "")


def test_a_date_that_a_record_gives_is_read_in_english_and_may_be_old() -> None:
    assert first_date("6 may 2023") == first_date("may 6th, 2023") == "2023-05-06"
    assert first_date("1885-04-19") == "1885-04-19"
    assert first_date("may 32, 2023 maybe 6 2023") == ""


@pytest.mark.parametrize(
    ("foot", "source", "date"),
    [
        ("国务院办公厅\n2023年5月6日", "国务院办公厅", "2023-05-06"),
        ("国务院办公厅\n2023年5月6日\n", "国务院办公厅", "2023-05-06"),
        ("　　　　國務院辦公廳　　\n\n　　　　２０２３年５月６日　", "國務院辦公廳", "2023-05-06"),
        ("国务院办公厅　2023年5月6日", "国务院办公厅", "2023-05-06"),
        ("国务院办公厅\n2023年5月6日\n（此件公开发布）\n责任编辑：张三", "国务院办公厅", "2023-05-06"),
        (
            "国务院办公厅\n2023年5月6日\n抄送：各省。\n国务院办公厅秘书局　2023年5月9日印发",
            "国务院办公厅",
            "2023-05-06",
        ),
        ("财政部　税务总局\n二〇二三年五月六日", "财政部", "2023-05-06"),
        ("內政部\n中華民國112年5月6日", "內政部", "2023-05-06"),
        ("2023年5月6日", "", "2023-05-06"),
        ("特此通知\n2023年5月6日", "", "2023-05-06"),
        # what is not known to be the document's
        ("考试时间\n2023年5月6日", "", ""),
        ("全力培训组工干部\n2023年5月6日", "", ""),
        ("国务院办公厅\n2023-05-06", "", ""),
        ("国务院办公厅\n2023年5月6日 10:20", "", ""),
        ("施行日期：2023年5月6日", "", ""),
        ("国务院办公厅\n2023年5月6日\n全省开展培训。", "", ""),
        ("国务院办公厅\n2923年5月6日", "", ""),
        ("2023年5月1日\n全省开展培训。\n2023年5月6日", "", ""),
        ("国务院办公厅于2023年5月6日", "", ""),
    ],
)
def test_a_signature_at_the_foot_dates_a_text_whose_top_does_not(foot: str, source: str, date: str) -> None:
    assert header(f"关于培训的通知\n各市：\n{BODY * 3}\n\n{foot}")[:3] == ("关于培训的通知", source, date)
    assert header(f"关于培训的通知\n2011-04-19 来源：人民网\n{BODY}\n{foot}")[:3] == (
        "关于培训的通知",
        "人民网",
        "2011-04-19",
    )
    assert header(f"{BODY}\n{foot}").date == ""


SHAPES = st.sampled_from(
    [*BLOCK.split("\n"), "国家统计局", "2024年2月29日", "May 6, 2023", "时　间：㎏", "第12期（总第8期）"]
)


@given(st.lists(SHAPES | PAGES, max_size=8).map("\n".join))
def test_any_page_of_these_shapes_has_a_header_that_stands_in_it(text: str) -> None:
    title, source, date, end = header(text)
    assert not date or datetime.date.fromisoformat(date).year >= 1900
    assert source in text
    assert "\n" not in title + source
    assert 0 <= end <= len(text)
