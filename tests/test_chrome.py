from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chrome import body_spans
from rag.text import to_script
from tests.pages import LINES, PAGES

SEED = Path(__file__).parent.parent / "seeds" / "briefing-138.txt"


def body(text: str) -> list[str]:
    return [text[start:end] for start, end in body_spans(text)]


def test_the_seed_keeps_everything_but_its_chrome() -> None:
    text = SEED.read_text(encoding="utf-8")
    kept = {line for part in body(text) for line in part.split("\n") if line.strip()}
    chrome = {line for line in text.split("\n") if line.strip()} - kept
    assert {re.sub(r"\s", "", line) for line in chrome} == {
        *("您當前的位置:東北網>東北網黑龍江>黑龍江綜合", "搜索", "關注東北網", "微博", "Qzone"),
    }


CHROME = """
您當前的位置 : 東北網 > 東北網黑龍江   首页 > 新闻 > 正文   東北網 >> 要聞 >> 正文   当前位置：首页 > 通知
搜 索   搜索   關注東北網   关注人民日报微博   +关注   微博   Qzone   QQ空间   微信   朋友圈
分享到：微信 微博 QQ空間   【打印】【关闭】   收藏   字号：大 中 小   字体大小：[大] [中] [小]   评论(12)
0条评论   我要評論   返回顶部   返回首頁   上一篇：关于培训的通知   下一篇   扫一扫，关注我们！   微信掃一掃分享
登录 | 注册   版权所有：东北网   版权所有 东北网 未经授权不得转载   更多>>   未經授權不得轉載。
本网未经书面授权，禁止转载、摘编，违者必究。   版權歸東北網所有
Copyright © 2001-2011 東北網 All Rights Reserved.   黑ICP备05001234号   ＱＱ空间
"""


@pytest.mark.parametrize("line", re.split(r"\n|   ", CHROME.strip()))
def test_chrome_is_left_out_in_either_script(line: str) -> None:
    assert body(f"簡報第138期\n{line}\n全省開展培訓341期。") == ["簡報第138期", "全省開展培訓341期。"]
    converted = to_script(line, "zh-Hans")
    assert body(f"簡報第138期\n{converted}\n全省開展培訓341期。") == ["簡報第138期", "全省開展培訓341期。"]


CONTENT = """
微博是一种社交媒体   全省通过微博、微信等发布信息120条。   微信。   关注民生   关注农村电网   关注物联网
扫一扫就能办   打印机   版权所有者应当登记   Copyright law has changed over the years   大   中   (1)
責任編輯:王凌霞   《簡報》第138期   2011-04-19 23:28:14 來源:東北網 作者:   一、总体情况   ----   搜索引擎
GDP：黑龙江 > 吉林 > 辽宁   5 > 3 > 1   版权所有：东北网。全省培训8710人次。   记者 张三   > 引文   a -> b -> c
未经许可不得转载的规定自2010年起施行，全省执行。   登录系统的干部8710人次   评论员文章   收藏馆   首页改版
"""


@pytest.mark.parametrize("line", re.split(r"\n|   ", CONTENT.strip()))
def test_lines_that_only_mention_chrome_stay(line: str) -> None:
    assert body(f"微博\n{line}\n微信\n全省開展培訓341期。")[0] == line


def test_a_ranking_below_the_top_of_a_page_is_no_breadcrumb() -> None:
    ranking = "哈尔滨 > 大庆 > 伊春"
    assert ranking in body("各市情况如下。\n" * 40 + ranking)[0].split("\n")


def test_a_text_of_nothing_but_chrome_is_kept() -> None:
    assert body("微博\n微信") == ["微博\n微信"]
    assert body(" \n\n") == []


@given(
    st.lists(LINES, min_size=1, max_size=60).map("\n".join), st.sampled_from(["微博", "微信", "打印", "评论", "搜索"])
)
def test_a_sentence_is_never_left_out(text: str, word: str) -> None:
    sentence = f"全省通过{word}开展培训341期。"
    assert any(sentence in part.split("\n") for part in body(f"{text}\n{sentence}\n{text}"))


@given(PAGES)
def test_body_spans_are_ordered_runs_of_whole_lines(text: str) -> None:
    end = 0
    for start, stop in body_spans(text):
        assert end <= start < stop
        assert start == 0 or text[start - 1] == "\n"
        assert stop == len(text) or text[stop] == "\n"
        end = stop
