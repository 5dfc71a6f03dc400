from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given

from ingest.header import header
from tests.pages import PAGES

SEED = Path(__file__).parent.parent / "seeds" / "briefing-138.txt"


def test_the_seed_gives_its_title_source_and_date() -> None:
    assert header(SEED.read_text(encoding="utf-8"))[:3] == (
        "《深入開展創先爭優活動簡報》第138期",
        "東北網",
        "2011-04-19",
    )


@pytest.mark.parametrize(
    "line",
    [
        "2011-04-19 23:28:14 來源:東北網  作者:",
        "2011年4月19日 来源：東北網",
        "2011年4月19日来源：東北網 作者：张三",
        "發布時間：2011/04/19　來源：東北網",
        "发布时间：2011.4.19 10:20 来源: 東北網 | 作者: 李四 | 责任编辑: 王五",
        "中華民國100年4月19日 東北網",
        "二〇一一年四月十九日　東北網",
        "２０１１年４月１９日　星期二　來源／東北網",
        "2011-04-19 10:20:30 来源：東北網 字号：大 中 小 打印",
        "Published: 2011-04-19T23:28:14Z  Source: 東北網",
        "2011-13-45 2011-04-19 來源:東北網",
    ],
)
def test_datelines_of_many_forms_are_read(line: str) -> None:
    assert header(f"首頁 > 要聞 > 正文\n簡報第138期\n{line}\n微博\n全省開展培訓341期。")[:3] == (
        "簡報第138期",
        "東北網",
        "2011-04-19",
    )


@pytest.mark.parametrize(
    ("text", "title", "source", "date"),
    [
        ("培训\n来源：新华社\n发布时间：2011-04-19\n作者：张三\n正文。", "培训", "新华社", "2011-04-19"),
        ("培训\nSource: Xinhua News Agency  Date: 2011-04-19\nText.", "培训", "Xinhua News Agency", "2011-04-19"),
        ("活动简报\n第138期\n省委组织部  2011年4月19日\n正文。", "活动简报 第138期", "省委组织部", "2011-04-19"),
        ("甲乙丙\n——丁戊己\n（2011年4月19日）\n正文。", "甲乙丙 ——丁戊己", "", "2011-04-19"),
        ("---\ntitle: 培训 工作\ndate: 2011-04-19\nsource: 新华社\n---\n正文。", "培训 工作", "新华社", "2011-04-19"),
        ("# 培训工作\n\n2011-04-19\n\n正文。", "培训工作", "", "2011-04-19"),
        ("前言。\n\n## 培训工作 ##\n\n正文。", "培训工作", "", ""),
        ("谁来养老？\n全省开展活动。", "谁来养老？", "", ""),
        ("2011-04-19\n培训工作\n正文。", "培训工作", "", "2011-04-19"),
        ("培训\n2011-13-45 来源：新华社\n正文。", "培训", "新华社", ""),
        ("全省开展培训341期。", "", "", ""),
        ("字" * 81, "", "", ""),
        ("培训\n资金来源：省财政\n正文。", "培训", "", ""),
        ("2011年4月19日会议纪要\n正文。", "2011年4月19日会议纪要", "", ""),
        ("原标题：培训工作\n2011-04-19 来源：新华社\n正文。", "培训工作", "新华社", "2011-04-19"),
        ("新华社北京4月19日电（记者 张三）全省开展培训341期", "", "", ""),
        ("央视网消息：全省开展培训341期", "", "", ""),
        ("本報訊（記者 張三）全省開展培訓341期", "", "", ""),
        ("组工简讯（第138期）\n正文。", "组工简讯（第138期）", "", ""),
        ("好消息：全省开展培训341期", "好消息：全省开展培训341期", "", ""),
    ],
)
def test_titles_and_fields_are_found_where_they_stand(text: str, title: str, source: str, date: str) -> None:
    assert header(text)[:3] == (title, source, date)


def test_a_date_in_running_text_is_not_the_documents() -> None:
    assert header("2011年4月19日，全省召开会议。").date == ""
    assert header("全省召开会议。\n\n省政府办公厅\n2011年4月19日").date == ""
    assert header("短行\n" * 40 + "2011年4月19日").date == ""
    assert header("\n" * 30_000 + "标题\n2011年4月19日").date == ""
    assert header("2023-08-16 18:24:57，正文：全省召开会议。").date == "2023-08-16"


@given(PAGES)
def test_any_page_has_a_header_of_calendar_dates_and_real_offsets(text: str) -> None:
    title, source, date, end = header(text)
    assert not date or datetime.date.fromisoformat(date)
    assert "\n" not in title + source
    assert source.strip() in text
    assert 0 <= end <= len(text)
