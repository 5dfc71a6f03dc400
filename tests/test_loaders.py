from __future__ import annotations

import contextlib
import datetime
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loaders import SUFFIXES, body_spans, decode, header, is_question_set, load
from rag.errors import DocumentError
from rag.text import to_script

SEED = Path(__file__).parent.parent / "seeds" / "briefing-138.txt"

SHORT = ("培訓組工幹部8710人次", "各市地普遍開展了活動", "深入開展創先爭優活動簡報第138期", "責任編輯：王凌霞", "簡報")
LONG = (
    "全省各級組織部門把加強組工幹部隊伍能力建設作為關鍵，通過開展理論學習、加強實踐鍛煉等措施，進一步促進能力素質的提高。\n\n"
    "年初以來，全省各級組織部門開展組工幹部培訓341期，培訓組工幹部8710人次。\n"
) * 40
TABLE = "┌──┬──┐\n│單位│期數│\n├──┼──┤\n│大慶│341 │\n└──┴──┘\n"


def body(text: str) -> list[str]:
    return [text[start:end] for start, end in body_spans(text)]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        load(path)
    message = str(caught.value)
    assert path.name in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


# --- encodings


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
def test_binary_content_is_refused(data: bytes, tmp_path: Path) -> None:
    assert "binary" in complaint(write(tmp_path, "scan.txt", data))


@pytest.mark.parametrize(
    "data",
    [
        "Grüße aus München, schöne Straße".encode("latin-1"),
        "カタカナのテストです。".encode("shift_jis"),
        b"\xff\xff\xff",
        "培训工作".encode("gb18030") + b"\xff",
    ],
)
def test_an_unknown_encoding_is_refused_with_the_way_out(data: bytes, tmp_path: Path) -> None:
    assert "save it as UTF-8" in complaint(write(tmp_path, "old.txt", data))


def test_damaged_utf8_is_not_taken_for_gb18030(tmp_path: Path) -> None:
    data = LONG.encode()
    message = complaint(write(tmp_path, "cut.txt", data[:100] + data[101:]))
    assert "damaged at byte" in message
    assert "UTF-8" in message
    assert "damaged" in complaint(write(tmp_path, "half.txt", "培训".encode("utf-16") + b"\x01"))


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\xef\xbb\xbf", "\u3000\n".encode()])
@pytest.mark.parametrize("name", ["empty.txt", "empty.md", "empty.jsonl"])
def test_a_file_without_text_is_refused(data: bytes, name: str, tmp_path: Path) -> None:
    assert "no text" in complaint(write(tmp_path, name, data))


def test_missing_files_folders_and_other_kinds_are_refused(tmp_path: Path) -> None:
    assert "No such file" in complaint(tmp_path / "gone.txt")
    (tmp_path / "folder.txt").mkdir()
    assert "cannot be read" in complaint(tmp_path / "folder.txt")
    assert ".jsonl" in complaint(write(tmp_path, "letter.docx", "x"))


# --- title, source and date


def test_the_seed_gives_its_title_source_and_date() -> None:
    [document] = load(SEED)
    assert document.text == SEED.read_text(encoding="utf-8")
    assert (document.id, document.path) == ("briefing-138.txt", str(SEED))
    assert (document.title, document.source, document.date) == (
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
    ],
)
def test_titles_and_fields_are_found_where_they_stand(text: str, title: str, source: str, date: str) -> None:
    assert header(text)[:3] == (title, source, date)


def test_a_date_in_running_text_is_not_the_documents() -> None:
    assert header("2011年4月19日，全省召开会议。").date == ""
    assert header("全省召开会议。\n\n省政府办公厅\n2011年4月19日").date == ""
    assert header("短行\n" * 40 + "2011年4月19日").date == ""
    assert header("2023-08-16 18:24:57，正文：全省召开会议。").date == "2023-08-16"


LINES = st.sampled_from(
    [
        "微博",
        "  QQ空間 ",
        "首頁 > 要聞 > 正文",
        "版权所有：东北网",
        "2011-04-19 來源:東北網",
        "# 标题",
        "",
        " \u3000",
        "全省開展培訓341期。",
        "责任编辑：王凌霞",
        "一、总体情况",
        "來源：新華社",
        "公元9999年99月99日",
        "——副题",
        "第1期",
    ]
)
PAGES = st.lists(LINES | st.text(max_size=30), max_size=40).map("\n".join)


@given(PAGES)
def test_any_page_has_a_header_of_calendar_dates_and_real_offsets(text: str) -> None:
    title, source, date, end = header(text)
    assert not date or datetime.date.fromisoformat(date)
    assert "\n" not in title + source
    assert source.strip() in text
    assert 0 <= end <= len(text)


# --- the body


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


# --- document sets


def test_records_keep_their_ids_and_what_they_say(tmp_path: Path) -> None:
    records = [
        {"id": "a-1", "text": "甲\u2028乙\r\n", "title": "題", "source": "東北網", "date": "2011年4月19日"},
        {"id": 7, "text": "2023-08-16 18:24:57，正文：全省召开会议。", "title": None},
        {"id": "b/2", "text": "标题\n2011-04-19 来源：新华社\n1945年8月15日，…", "date": "n.d."},
    ]
    lines = "\n\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    path = write(tmp_path, "set.jsonl", "\ufeff" + lines + "\n")
    documents = load(path)
    assert [(d.id, d.text, d.title, d.source, d.date) for d in documents] == [
        ("a-1", "甲\u2028乙\r\n", "題", "東北網", "2011-04-19"),
        ("7", "2023-08-16 18:24:57，正文：全省召开会议。", "", "", "2023-08-16"),
        ("b/2", "标题\n2011-04-19 来源：新华社\n1945年8月15日，…", "", "", ""),
    ]
    assert {document.path for document in documents} == {str(path)}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "a", "text": "again"}', "already that of line 1"),
        ('{"id": "b"}', 'no "text"'),
        ('{"text": "b"}', 'no "id"'),
        ('{"id": "b", "text": " "}', 'empty "text"'),
        ('{"id": "", "text": "b"}', 'empty "id"'),
        ('{"id": "b", "text": 5}', '"text" is not a string'),
        ('{"id": true, "text": "b"}', '"id" is not a string'),
        ('{"id": "b", "text": "b", "title": []}', '"title" is not a string'),
        ('{"id": "b", "text": "\\ud800"}', "half of a pair"),
        ('["b"]', "not a JSON object"),
        ('{"id": "b",', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("9" * 10_000, "not valid JSON"),
        ('{"question": "培训多少期？", "answers": []}', "jianbao eval"),
    ],
)
def test_a_bad_record_is_refused_with_its_line(line: str, reason: str, tmp_path: Path) -> None:
    message = complaint(write(tmp_path, "set.jsonl", f'{{"id": "a", "text": "first"}}\n\n{line}\n'))
    assert "set.jsonl, line 3" in message
    assert reason in message


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("q.jsonl", '\n{"question": "多少？", "answers": []}\n', True),
        ("q.JSONL", '\ufeff{"question": "多少？"}', True),
        ("q.jsonl", '{"question": "多少？"}\n{"a": 1}'.encode("utf-16"), True),
        ("q.jsonl", '{"question": "培训了多少期？"}'.encode("gb18030"), True),
        ("d.jsonl", '{"id": "a", "text": "甲"}\n{"question": "多少？"}', False),
        ("d.jsonl", '{"id": "a", "text": "甲", "question": "多少？"}', False),
        ("q.txt", '{"question": "多少？"}', False),
        ("bad.jsonl", "{", False),
        ("bad.jsonl", b"\0\1\2", False),
        ("bad.jsonl", b"", False),
    ],
)
def test_question_sets_are_told_from_document_sets(
    name: str, content: str | bytes, expected: bool, tmp_path: Path
) -> None:
    assert is_question_set(write(tmp_path, name, content)) is expected


def test_a_missing_file_is_no_question_set(tmp_path: Path) -> None:
    assert not is_question_set(tmp_path / "gone.jsonl")


@given(st.binary(max_size=100) | PAGES.map(str.encode), st.sampled_from(SUFFIXES))
def test_any_file_is_loaded_or_refused_as_a_document(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), f"any{suffix}", data)
    with contextlib.suppress(DocumentError):
        assert all(document.text.strip() for document in load(path))
