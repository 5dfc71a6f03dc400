"""What of a page is its chrome: breadcrumbs, buttons, notices. What is left is the body, which is read and quoted.

Pure: texts in, offsets out. It knows single lines, not what a header or a paragraph says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.text import fold

#: How many lines with text the top of a page may take: its header, and what surrounds that.
HEAD_LINES = 30
#: Lines that are longer, in characters, are text, whatever they say.
LONGEST_LINE = 120
#: A letter of any script: what a line has that says something.
LETTER = re.compile(r"[^\W\d_]")
# All patterns from here on are met by folded text.
_SIZE = r"(?:[超特]大|默认|标准|a?[+-]|[大中小])"
#: The buttons for the size of the letters.
LETTER_SIZE = re.compile(rf"(?:字号|字体大小|字体|文字大小)\s?:?[\s\[(]*{_SIZE}(?:[\s|/\]\[()]*{_SIZE})*")


def body_spans(text: str) -> list[tuple[int, int]]:
    r"""Spans (start, end) of the runs of lines that are content, in order, without line breaks at either end.

    What is left out is a news page's chrome: breadcrumbs, search boxes, buttons to share, print and log in, links to
    the next page, copyright notices. Only short lines that consist of nothing else are chrome, so a sentence is never
    lost. A text that would have no line left is kept whole. Title, dateline and the editors' names are content.

    >>> page = "首頁 > 要聞 > 正文\n簡報第138期\n微博  QQ空間\n\n全省開展培訓341期。"
    >>> [page[start:end] for start, end in body_spans(page)]
    ['簡報第138期', '全省開展培訓341期。']
    """
    spans: list[tuple[int, int]] = []
    after_chrome, seen = True, 0
    for start, stop in line_spans(text):
        if not text[start:stop].strip():
            continue
        seen += 1
        if is_chrome(text[start:stop], at_top=seen <= HEAD_LINES):
            after_chrome = True
        elif after_chrome:
            spans.append((start, stop))
            after_chrome = False
        else:
            spans[-1] = (spans[-1][0], stop)
    return spans or ([(0, len(text))] if text.strip() else [])


def line_spans(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the lines of a text, without their line breaks; empty ones too."""
    start = 0
    while start <= len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        yield start, stop
        start = stop + 1


_BUTTON = (
    r"(?:新浪|腾讯|网易|搜狐|人民)?微博|qzone|qq(?:空间|好友)?|微信(?:好友)?|朋友圈|人人网|开心网|豆瓣|贴吧"
    r"|facebook|twitter|wechat|weibo|share(?:to)?|backtotop|printthispage|login|signin|signup"
    r"|(?:一键)?分享(?:[到至]|本文|此文|按钮)?|转发[到至]?|推荐给?(?:朋友|好友)|加入收藏|设为首页|纠错|举报|点赞"
    r"|打印(?:本[页文]|此[页文]|页面|文章)?|收藏(?:本[页文]|此[页文]|本站)?|关闭(?:窗口|本页|页面|此页)?"
    r"|(?:\d+条|我要|发表|查看|网友|参与)?评论(?:\(?\d+\)?)?条?|我来说两句|我要留言"
    r"|(?:返回|回到|回)?(?:顶部|首页)|返回(?:列表|上[一级]?[页级]|目录|频道)?|[上下]一[篇页条]"
    r"|(?:站内|高级|全文|全站)?搜索(?:框|关键[字词])?|请输入(?:关键[字词]|搜索内容|要搜索的内容)|热门搜索"
    r"|(?:请|免费|立即|用户|会员)?(?:登录|登陆|注册)|退出登录|忘记密码\??|用户名|密码"
    r"|(?:查看)?更多|阅读全文|展开全文|网站地图|联系我们|关于我们|广告服务|友情链接|手机版|电脑版|客户端下载"
    r"|无障碍(?:浏览|阅读)|长者模式|关怀版|简体版|繁体版"
)
BUTTONS = re.compile(rf"(?>(?>{_BUTTON}|{LETTER_SIZE.pattern}|大中小)|[:|/·•,、>()\[\]【】])++")
_MEDIA = "[日晚早时晨周快]报|新华社|中新社|通讯社|电视台|电台|央视新闻|微博|官微|微信|公众号|客户端"
_NOTICE = "(?:转载|复制|使用|镜像|摘编|链接|转贴)"
_CHROME = re.compile(
    # 關注東北網 is a button, 关注农村电网 a heading
    r"\+关注|(?:\+|请|欢迎|点击)?关注(?:我们!?"
    rf"|[^,]{{0,6}}(?:{_MEDIA})|[^,]{{1,5}}(?<!互联)(?<!物联)(?<![电路管渔水气交全障系])网)"
    # 扫一扫,关注我们! is a button, 扫一扫就能办 a heading
    r"|(?:打开|用|使用)?(?:微信|手机)?(?:扫一扫|扫码|扫描?二维码)[,!:]?"
    r"(?:[^。;]{0,4}(?:关注|分享|手机|下载|打开|阅读|查看)[^。;]{0,12})?"
    r"|[上下]一[篇页条]:[^。;]{1,60}"
    # copyright notices; these may be sentences, but are none of the document's
    r"|(?:本网|本站|网站|本文|文章|稿件)?(?:版权所有(?![者人权归的问制])|版权声明(?=:|$))[^。;]{0,80}[。.]?"
    rf"|(?:本文|文章|稿件)?版权归[^。]{{1,16}}所有(?:[,。](?:未经|如需|请|违者|转载)[^。]{{0,30}})?。?"
    r"|(?:本网|本站|本文|以上)?(?:内容|信息|稿件|作品)?,?未经[^。]{0,14}(?:授权|许可|允许|同意),?"
    rf"(?:不得|禁止|严禁|请勿|谢绝)[^。]{{0,12}}{_NOTICE}[^。]{{0,16}}[。.!]?(?:违者必究[。.!]?)?|违者必究[。.!]?"
    r"|(?:copyright|版权)?\(?(?:©|copyright(?:©|\(c\)|\d{4}))[^。;]{0,90}|[^。;]{0,90}allrightsreserved[.。]?"
    r"|[^。;]{0,20}(?:icp[备证]|公网安备|公安备)\d{6,}[^。;]{0,12}"
)


def is_chrome(line: str, *, at_top: bool) -> bool:
    """Whether a line is nothing but chrome; `at_top`: whether it is one of a page's first `HEAD_LINES`."""
    if len(line) > LONGEST_LINE:
        return False
    spaced = " ".join(fold(line).split())
    bare = spaced.replace(" ", "")
    if _CHROME.fullmatch(bare) or (len(bare) <= 40 and BUTTONS.fullmatch(bare) and LETTER.search(bare)):
        return True
    return not re.search("[。;!?]", spaced) and _is_breadcrumb(spaced, at_top=at_top)


def _is_breadcrumb(line: str, *, at_top: bool) -> bool:
    """Whether a folded line says where on a site the page is.

    您當前的位置 : 東北網 > 要聞 does so anywhere, 东北网 > 要闻 > 正文 near the top: further down, A > B > C ranks.
    """
    place = re.match(r"(?:您|你)?(?:现在|当前|目前|所在)(?:所在)?的?位置\s?:?|(?:首页|home)(?=\s?[>»›])", line)
    parts = re.split(r"\s?(?:(?<![=-])>+|»|›)\s?", line)
    if any(len(part) > 20 or re.search(r"[<=]|^[\d.,%]+$", part) for part in parts) or not parts[0]:
        return False
    return (len(parts) > 1 and bool(place)) or (at_top and len(parts) > 2 and all(parts[:-1]) and ":" not in line)
