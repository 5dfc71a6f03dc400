from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.pagetext import decode_page
from ingest.web import html_text, read_html
from rag.errors import DocumentError
from rag.figures import find
from rag.text import to_script

MENU = '<div class="top"><a href="/">首页</a> | <a href="/n">新闻</a> | <a href="/l">龙江</a></div>'
NEWS = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>我省培训组工干部8710人次_要闻_东北网</title>
<script>var a="<p>不是正文</p>";</script><style>.x{{color:red}}</style></head><body>{MENU}
<div class="crumb"><a href="/">东北网</a> &gt; <a href="/n">要闻</a> &gt; 正文</div>
<div class="left"><h1>我省培训组工干部8710人次</h1>
<div class="info">2011-04-19 23:28:14&nbsp;&nbsp;来源:东北网&nbsp;&nbsp;作者:张三 <a href="#">字号</a></div>
<div class="share"><a href="#">微博</a><a href="#">QQ空间</a><a href="#">微信</a></div>
<div id="content"><p>　　年初以来，全省各级组织部门开展组工干部培训341期。</p>
<p>　　其中，省级12期，<strong>培训8710人次</strong>，比上年增长3.5%。</p>
<p>“干部素质明显提高。”省委组织部负责人说。</p><p>图为培训现场</p>
<h3>一、加强管理</h3><ul><li>建立学分制</li><li>建立考核制</li></ul>
<table><tr><td>地区</td><td>期数</td><td>人次</td></tr><tr><td>哈尔滨</td><td>120</td><td>3100</td></tr>
<tr><td>大庆</td><td>80</td><td>2000</td></tr></table>
<p>注：数据截至4月15日</p><p>责任编辑：王凌霞</p></div>
<div class="related"><h3>相关阅读</h3><ul><li><a href="1">哈尔滨市启动干部轮训</a></li>
<li><a href="2">大庆市开展创先争优活动</a></li><li><a href="3">齐齐哈尔召开座谈会</a></li></ul></div></div>
<div class="right"><h4>热点排行</h4><ol><li><a href="4">省委召开常委会议</a></li><li><a href="5">春耕全面展开</a></li>
<li><a href="6">经济会议召开</a></li></ol></div>
<div class="footer"><a href="a">关于我们</a> | <a href="b">网站地图</a></div></body></html>"""
NEWS_BODY = (
    "# 我省培训组工干部8710人次|年初以来，全省各级组织部门开展组工干部培训341期。|"
    "其中，省级12期，培训8710人次，比上年增长3.5%。|“干部素质明显提高。”省委组织部负责人说。|图为培训现场|"
    "### 一、加强管理|建立学分制|建立考核制|注：数据截至4月15日|责任编辑：王凌霞"
)
NOTICE = """<html><head><meta name="SiteName" content="黑龙江省教育厅">
<meta name="ArticleTitle" content="关于培训的通知">
<meta name="PubDate" content="2021-03-05 10:20"></head><body><table width="100%"><tr><td>
<table><tr><td>索引号</td><td>000014349/2021-00021</td><td>主题分类</td><td>教育</td></tr>
<tr><td>发布机构</td><td>黑龙江省教育厅</td><td>成文日期</td><td>2021年3月1日</td></tr></table>
<div align="center"><font size=5>关于培训的通知</font></div><p>黑教函〔2021〕21号</p><p>各市（地）教育局：</p>
<p>现将有关事项通知如下。</p><p>一、报名时间</p><p>3月10日前报送名单（见附件）。</p>
<p>附件：<a href="1.xls">名额分配表.xls</a></p>
<p>黑龙江省教育厅</p><p>2021年3月1日</p>
<table border=1><tr><th colspan=4>附件 名额分配表</th></tr>
<tr><th rowspan=2>地区</th><th colspan=2>名额</th><th rowspan=2>备注</th></tr><tr><th>教师</th><th>校长</th></tr>
<tr><td rowspan=2>哈尔滨</td><td>120</td><td>30</td><td>含呼兰；不含五常。</td></tr>
<tr><td>20</td><td>5</td><td>农垦</td></tr>
<tr><td>大庆</td><td>60</td><td></td><td></td></tr></table></td></tr></table>
<div id="footer">主办单位：黑龙江省教育厅 <a href=x>网站地图</a></div></body></html>"""
NOTICE_BODY = (
    "索引号：000014349/2021-00021 | 主题分类：教育|发布机构：黑龙江省教育厅 | 成文日期：2021年3月1日|关于培训的通知|"
    "黑教函〔2021〕21号|"
    "各市（地）教育局：|现将有关事项通知如下。|一、报名时间|3月10日前报送名单（见附件）。|附件：名额分配表.xls|"
    "黑龙江省教育厅|"
    "2021年3月1日|附件 名额分配表|地区：哈尔滨 | 名额/教师：120 | 名额/校长：30|"
    "地区：哈尔滨 | 备注：含呼兰；不含五常。|"
    "地区：哈尔滨 | 名额/教师：20 | 名额/校长：5 | 备注：农垦|地区：大庆 | 名额/教师：60"
)
ONLY_TABLE = """<table border=1><caption>2020年培训统计</caption><thead>
<tr><th>地区</th><th>期数</th><th>人次</th></tr></thead>
<tr><td>哈尔滨</td><td>7</td><td>131</td></tr><tr><td>大庆</td><td>14</td><td>262</td></tr></table>"""
OLD = """<HTML><HEAD><META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=gb2312">
<TITLE>简报第138期</TITLE></HEAD>
<BODY BGCOLOR=#FFFFFF>
<CENTER><FONT SIZE=5><B>组工干部培训简报</B></FONT><BR><FONT SIZE=2>第138期</FONT>
</CENTER><BR><BR>
<FONT SIZE=3>&nbsp;&nbsp;&nbsp;&nbsp;年初以来，全省开展培训341期。
<BR>&nbsp;&nbsp;&nbsp;&nbsp;培训组工干部8710人次。<BR><BR>
&nbsp;&nbsp;各地反映良好<BR>&nbsp;&nbsp;下一步将继续加强。</FONT><HR></BODY></HTML>"""
SHORT = "<title>通知</title><p>停电通知</p><p>4月20日停电2小时。</p><p>物业</p>"


def lines(markup: str | bytes, **options: bool) -> list[str]:
    data = markup.encode() if isinstance(markup, str) else markup
    return [line for line in html_text(data, "a.html", **options).text.split("\n") if line]


def complaint(data: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        html_text(data, "a.html")
    message = str(caught.value)
    assert message.startswith("a.html")
    assert message.endswith(".")
    assert "\n" not in message
    return message


# --- what of a page is its text


def body_lines(text: str) -> list[str]:
    return text.replace(" | ", "\t").replace("|", "\n").replace("\t", " | ").split("\n")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (NEWS, NEWS_BODY),
        (NOTICE, NOTICE_BODY),
        (ONLY_TABLE, "2020年培训统计|地区：哈尔滨 | 期数：7 | 人次：131|地区：大庆 | 期数：14 | 人次：262"),
        (
            OLD,
            "组工干部培训简报|第138期|年初以来，全省开展培训341期。|培训组工干部8710人次。|各地反映良好|下一步将继续加强。",
        ),
        (SHORT, "停电通知|4月20日停电2小时。|物业"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_no_line_of_the_body_is_lost(page: str, expected: str, encoding: str) -> None:
    found = lines(page.encode(encoding))
    assert [line for line in body_lines(expected) if line not in found] == []


def test_menus_shares_and_related_links_are_left_out() -> None:
    found = "\n".join(lines(NEWS))
    for chrome in ("首页", "微博", "相关阅读", "创先争优", "热点排行", "春耕", "网站地图", "不是正文", "字号", "color"):
        assert chrome not in found


def test_books_and_mails_keep_their_links() -> None:
    assert "热点排行" in "\n".join(lines(NEWS, whole=True))


def test_a_page_of_links_is_kept_whole() -> None:
    page = "<h1>目录</h1><ul>" + "".join(f"<li><a href={n}>第{n}期简报</a></li>" for n in range(5)) + "</ul>"
    assert lines(page) == ["# 目录", *(f"第{n}期简报" for n in range(5))]


def test_a_place_called_sidebar_that_holds_sentences_is_text() -> None:
    page = "<div class=sidebar><p>背景</p><p>去年全省开展培训300期，培训干部8000人次。</p></div><p>今年341期。</p>"
    assert lines(page) == ["背景", "去年全省开展培训300期，培训干部8000人次。", "今年341期。"]


def test_attachments_that_are_links_are_kept() -> None:
    files = ("1.名额表.xls", "2.报名表.docx", "3.说明.pdf")
    page = "<p>通知如下。</p>" + "".join(f"<p><a href=x>{name}</a></p>" for name in files)
    assert lines(page) == ["通知如下。", *files]


# --- what is hidden


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>密</p>",
        '<p style="color:red; DISPLAY : none">密</p>',
        '<div aria-hidden="true"><p>密</p></div>',
        '<p style="visibility:hidden">密</p>',
        '<p style="font-size:0px">密</p>',
        '<p style="opacity:0">密</p>',
        "<script>密</script>",
        "<style>密</style>",
        "<template><p>密</p></template>",
        "<noscript><p>密</p></noscript>",
        "<!-- 密 -->",
        "<dialog>密</dialog>",
        "<svg><text>密</text></svg>",
        "<select><option>密</option></select>",
        "<iframe>密</iframe>",
        '<div style="display:none"><table><tr><td>密</td><td>密</td></tr></table></div>',
    ],
)
def test_text_that_a_reader_cannot_see_is_left_out(hidden: str) -> None:
    assert lines(f"<p>培训341期。</p>{hidden}<p>培训8710人次。</p>") == ["培训341期。", "培训8710人次。"]


def test_an_article_that_a_script_will_show_is_read() -> None:
    assert lines('<div id="js_content" style="visibility: hidden; opacity: 0;"><p>培训341期。</p></div>') == [
        "培训341期。"
    ]


def test_characters_without_a_shape_are_left_out() -> None:
    text = html_text("<p>87\u200b10\u2060人\u00ad次\U000e0041，\u202e341期&#8203;。".encode(), "a.html").text
    assert text == "8710人次，341期。"


# --- white space, entities, figures


def test_entities_become_characters_and_fixed_spaces_ordinary_ones() -> None:
    assert lines("<p>&nbsp;&nbsp;A&amp;B&nbsp;8710&nbsp;人次 &lt;100 &copy; &#150; &mdash;</p>") == [
        "A&B 8710 人次 <100 © – —"
    ]


def test_raised_numbers_do_not_run_into_figures() -> None:
    text = html_text(
        "<p>培训8710<sup>1</sup>人次，面积3m<sup>2</sup>，10<sup>4</sup>元，<del>8700</del>8710次".encode(), "a"
    ).text
    assert text == "培训8710[1]人次，面积3m2，10⁴元，~~8700~~8710次"
    assert {figure.text for figure in find(text)} >= {"8710", "8710次"}
    assert not any("87101" in figure.text or "104" in figure.text for figure in find(text))


def test_preformatted_lines_stay_lines() -> None:
    assert lines("<pre>一季度 120\n二季度 221</pre>") == ["一季度 120", "二季度 221"]


# --- tables


@pytest.mark.parametrize("span", ["colspan=1000 rowspan=60000", "colspan=x rowspan=-1", "colspan=99999999999"])
def test_spans_far_beyond_the_table_cost_nothing(span: str) -> None:
    page = "<table>" + f"<tr><td {span}>培训</td><td>341期</td></tr>" * 300 + "</table>"
    text = "".join(lines(page))
    assert "培训" in text
    assert text.count("341期") >= 300


# --- encodings


@pytest.mark.parametrize(
    "declared", ["utf-8", "gb2312", "big5", "iso-8859-1", "windows-1252", "nonsense", "utf-16", "utf-7"]
)
@pytest.mark.parametrize(("script", "encoding"), [("zh-Hans", "utf-8"), ("zh-Hans", "gbk"), ("zh-Hant", "big5")])
def test_a_wrong_declaration_gives_no_mojibake(declared: str, script: str, encoding: str) -> None:
    text = to_script(
        "年初以来，全省各级组织部门开展培训341期，培训组工8710人次。", "zh-Hant" if script == "zh-Hant" else "zh-Hans"
    )
    assert lines(f"<meta charset={declared}><p>{text}".encode(encoding)) == [text]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Café à la crème, 8710 élèves.", "cp1252"), ("研修は8710回です。", "shift_jis"), ("교육 8710회", "euc-kr")],
)
def test_a_declared_encoding_that_is_not_chinese_is_used(text: str, encoding: str) -> None:
    assert lines(f"<meta charset={encoding}><p>{text}".encode(encoding)) == [text]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_title_cut_within_a_character_does_not_spoil_the_page(encoding: str) -> None:
    page = SHORT.encode(encoding) * 20
    cut = page.replace("停电通知".encode(encoding), "停电通知".encode(encoding)[:-1], 1)
    assert "4月20日停电2小时。" in decode_page(cut, "a.html")


def test_binary_content_is_refused() -> None:
    assert "binary" in complaint(b"<p>\0\1\2\3</p>" * 9)


# --- what a page says of itself


def test_title_source_and_date_come_from_the_dateline() -> None:
    page = html_text(NEWS.encode(), "a.html")
    assert (page.title, page.source, page.date) == ("我省培训组工干部8710人次", "东北网", "2011-04-19")


def test_title_source_and_date_come_from_the_head_of_a_government_page() -> None:
    page = html_text(NOTICE.encode(), "a.html")
    assert (page.title, page.source, page.date) == ("关于培训的通知", "黑龙江省教育厅", "2021-03-05")


def test_json_ld_is_read() -> None:
    head = (
        '<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"培训简报","datePublished":'
        '"2020-05-06T08:00:00+08:00","author":[{"name":"张三"},{"name":"李四"}],"publisher":{"name":"东北网"}}]}</script>'
    )
    page = html_text(f"{head}<p>培训341期。".encode(), "a.html")
    assert (page.title, page.source, page.date, page.author) == ("培训简报", "东北网", "2020-05-06", "张三、李四")


@pytest.mark.parametrize("broken", ["{", "[" * 100_000, "7", "null", '{"author":[[[]]],"headline":3}'])
def test_broken_json_ld_costs_nothing_but_itself(broken: str) -> None:
    assert html_text(f'<script type="application/ld+json">{broken}</script><p>培训。'.encode(), "a").author == ""


def test_the_day_on_the_page_goes_before_greenwich_time() -> None:
    head = '<meta property="article:published_time" content="2011-04-18T23:28:14Z">'
    assert html_text((head + NEWS).encode(), "a").date == "2011-04-19"
    assert html_text((head + SHORT).encode(), "a").date == "2011-04-18"


def test_the_name_of_the_site_is_no_part_of_the_title() -> None:
    for title in ("停电通知_物业_小区网", "停电通知 - 小区网", "停电通知-小区网", "停电通知"):
        assert html_text(f"<title>{title}</title><p>4月20日停电2小时。".encode(), "a").title == "停电通知"


# --- pages without text, and hostile ones


def test_pages_without_text_say_why() -> None:
    assert "frames" in complaint(b"<frameset><frame src=a.htm><noframes>x</noframes></frameset>")
    assert "script" in complaint(b"<div id=app></div><script src=a.js></script><noscript>Enable it</noscript>")
    for empty in (b"", b"   ", b"<p></p>", b"<!-- x -->", b"<p hidden>x</p>"):
        assert "no text" in complaint(empty)


def test_nothing_that_a_page_names_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a page was fetched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    secret = tmp_path / "secret.txt"
    secret.write_text("机密")
    path = tmp_path / "a.html"
    path.write_text(
        f'<!DOCTYPE html SYSTEM "http://example.org/a.dtd" [<!ENTITY x SYSTEM "{secret.as_uri()}">]><base href="http://example.org">'
        '<meta http-equiv=refresh content="0;url=http://example.org"><link rel=stylesheet href="http://example.org/a.css">'
        f'<img src="http://example.org/a.png"><iframe src="{secret.as_uri()}"></iframe><script src="http://example.org/a.js">'
        "</script><p>培训341期。&x;</p>"
    )
    assert read_html(path).text == "培训341期。&x;"


def test_entities_are_not_multiplied() -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "哈哈"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><p>培训。&c;</p>'
    assert "哈" not in "".join(lines(bomb))


def test_deep_nesting_is_read_or_refused_but_never_cut() -> None:
    deep = "<div>" * 10_000 + "深处341期。" + "</div>" * 10_000 + "<p>后面8710人次。</p>"
    assert lines(deep) == ["深处341期。", "后面8710人次。"]
    assert lines("<font>" * 20_000 + "深处341期。") == ["深处341期。"]
    assert "too deep" in complaint(b"<body>" + b"<div>" * 100_000 + b"x" + b"</div>" * 100_000)
    assert "too deep" in complaint(b"<body>" + b"<font>" * 50_000 + b"x" + b"</b>" * 50_000)


def test_nested_and_unclosed_tables_are_read() -> None:
    assert lines("<table><tr><td>" * 2_000 + "深处341期。") == ["深处341期。"]
    assert lines("<table><tr><td>甲<td>乙<tr><td>丙") == ["甲：乙", "丙"]


def test_large_pages_are_refused_by_size_lines_and_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.web.LARGEST_PAGE", 1_000_000)
    assert "larger than 1 MB" in complaint(b"x" * 1_000_001)
    monkeypatch.setattr("ingest.markup.MOST_LINES", 100)
    assert "lines" in complaint(b"x<br>" * 200)
    assert "lines" in complaint(b"<pre>" + b"x\n" * 200)
    monkeypatch.setattr("ingest.markup.MOST_ELEMENTS", 100)
    assert "elements" in complaint(b"<b>x</b>" * 200)


def test_pictures_inside_the_page_are_no_text() -> None:
    assert lines("<p>培训341期。<img src='data:image/png;base64," + "A" * 2_000_000 + "'></p>") == ["培训341期。"]


def test_many_scripts_hide_no_text() -> None:
    assert lines("<script>if(a<b)document.write('<p>假</p>')</script>" * 20_000 + "<p>培训341期。") == ["培训341期。"]


def test_xhtml_with_elements_closed_at_once_is_read() -> None:
    page = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
    assert lines(f'{page}<head><title/><script src="a"/></head><body><p><a id="x"/>培训341期。</p></body></html>') == [
        "培训341期。"
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"^a\.html cannot be read"):
        read_html(tmp_path / "a.html")


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            "<table> <tr> <td> <th colspan=2> </td> </table> <h1> </h1> <p> <br> <a href=#> </a> <pre> "
            "<sup> </sup> <nav> </nav> <div hidden> </div> <title> </title> 培训341期。 1 < & &nbsp; <!-- --> "
            "<script> </script> <del>".split()
        ),
        max_size=40,
    )
)
def test_any_markup_is_text_or_a_document_error(parts: list[str]) -> None:
    try:
        text = html_text(" ".join(parts).encode(), "a.html").text
    except DocumentError:
        return
    assert text
    assert text == text.strip()
    assert not set(text) & set("\0\x01\x02\x03\r\xa0")
