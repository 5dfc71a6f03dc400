"""Files become documents: encodings, a page's title, source and date, and which of its lines are worth reading.

Reads one file at a time and returns its text unchanged but for the line breaks. It knows nothing of the library, of
chunks or of models.
"""

from __future__ import annotations

import codecs
import datetime
import json
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from rag.errors import DocumentError
from rag.text import CJK, fold, fold_with_offsets, simplify
from rag.types import Document

#: What `load` can read, by the end of the file's name in lower case.
SUFFIXES = (".txt", ".md", ".markdown", ".jsonl")


def load(path: Path) -> list[Document]:
    """The documents of one file: one of a text or Markdown file, one a line of a document set (.jsonl).

    A text's id is its file name, which the caller may replace by something longer; a record's id is its own. Raises
    DocumentError, whose message names the file and what to do, if any part of the file cannot be used.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DocumentError(f"{path.name} is not a kind of file that can be read; use one of {', '.join(SUFFIXES)}.")
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(f"{path.name} cannot be read ({reason}); check that it exists and is yours.") from error
    text = decode(data, path.name)
    if not text.strip():
        raise DocumentError(f"{path.name} holds no text; add some to it or leave the file out.")
    if suffix == ".jsonl":
        return _records(text, path)
    title, source, date, _ = header(text)
    return [Document(path.name, text, title, source, date, str(path))]


def is_question_set(path: Path) -> bool:
    """Whether a file is a question set (.jsonl, with `question` and no `text` in its first record), so no document."""
    if path.suffix.lower() != ".jsonl":
        return False
    try:
        with path.open("rb") as file:
            data = next((line for line in file if line.strip()), b"")
            if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                data += file.read()
        first = json.loads(decode(data, path.name).strip().split("\n")[0])
    except (OSError, ValueError, RecursionError, DocumentError):
        return False  # `load` will say what is wrong with it
    return isinstance(first, dict) and "question" in first and "text" not in first


# --- records of a document set


def _records(text: str, path: Path) -> list[Document]:
    documents: list[Document] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number}"
        document = _record(line, where, path)
        if document.id in lines:
            raise DocumentError(
                f"{where}: the id {document.id!r} is already that of line {lines[document.id]}; "
                "give each record its own."
            )
        lines[document.id] = number
        documents.append(document)
    return documents


def _record(line: str, where: str, path: Path) -> Document:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep or too large"
        raise DocumentError(f"{where} is not valid JSON ({reason}); write one JSON object on each line.") from error
    if not isinstance(record, dict):
        raise DocumentError(f'{where} is not a JSON object; write it as {{"id": "...", "text": "..."}}.')
    if "question" in record and "text" not in record:
        raise DocumentError(f"{where} is a question, not a document; score a question set with `jianbao eval`.")
    for key in ("id", "text"):
        if key not in record:
            raise DocumentError(f'{where} has no "{key}"; every record of a document set needs "id" and "text".')
    identity = record["id"]
    if isinstance(identity, int) and not isinstance(identity, bool):
        record["id"] = str(identity)
    values = {key: _string(record, key, where) for key in ("id", "text", "title", "source", "date")}
    for key in ("id", "text"):
        if not values[key].strip():
            raise DocumentError(f'{where} has an empty "{key}"; fill it in or delete the line.')
    text = values["text"]
    date = _first_date(fold(values["date"])) if values["date"] else _leading_date(text)
    return Document(values["id"], text, values["title"], values["source"], date, str(path))


def _string(record: dict[str, Any], key: str, where: str) -> str:
    value = record.get(key)
    if value is None and key not in ("id", "text"):
        return ""
    if not isinstance(value, str):
        raise DocumentError(f'{where}: "{key}" is not a string; put its value in double quotes.')
    if re.search("[\0\ud800-\udfff]", value):
        raise DocumentError(f'{where}: "{key}" has a character that is no text (\\u0000 or half of a pair); remove it.')
    return value


# --- encodings


def decode(data: bytes, name: str) -> str:
    r"""The text of a file's bytes, with \n for every line break.

    A byte-order mark decides; then UTF-8 if every byte fits; then GB18030 or Big5, whichever gives the more ordinary
    Chinese. Raises DocumentError for binary content and for any other encoding. `name` is used in its message.

    >>> decode("培训工作".encode("gb18030"), "a.txt"), decode("培訓工作".encode("big5"), "b.txt")
    ('培训工作', '培訓工作')
    """
    text = _decoded(data, name).replace("\r\n", "\n").replace("\r", "\n")
    controls = [character for character in set(text) - set("\t\n\v\f\x1a") if unicodedata.category(character) == "Cc"]
    if "\0" in text or sum(map(text.count, controls)) > 2 + len(text) // 100:
        raise DocumentError(f"{name} is a binary file, not a text; export it as text and save it as UTF-8.")
    return text


def _decoded(data: bytes, name: str) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise _damaged(name, encoding, len(mark) + error.start) from error
    if b"\0" in data:
        raise DocumentError(f"{name} is a binary file, not a text; export it as text and save it as UTF-8.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # Much of UTF-8 is valid GB18030 too, so one bad byte would turn the whole text into nonsense.
        attempt = data.decode("utf-8", errors="replace")
        broken = attempt.count("\ufffd")
        if sum(character >= "\u0800" for character in attempt) - broken > broken:
            raise _damaged(name, "utf-8", error.start) from error
    candidates: list[str] = []
    for encoding in ("gb18030", "cp950", "big5hkscs"):  # the first of equals is taken
        try:
            candidates.append(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    best = max(candidates, key=_ordinariness, default="")
    if not candidates or _ordinariness(best) < -0.5:
        raise DocumentError(
            f"{name} is not in an encoding that is known here (UTF-8, UTF-16, GB18030, Big5); "
            "open it in the program that wrote it and save it as UTF-8."
        )
    return best


def _damaged(name: str, encoding: str, byte: int) -> DocumentError:
    return DocumentError(
        f"{name} is {encoding.upper()} but damaged at byte {byte + 1}; "
        "open it in the program that wrote it and save it as UTF-8."
    )


def _ordinariness(text: str) -> float:
    """How much a decoded text looks like Chinese, -8 to 3, higher for better; 0 when nothing can be said.

    The mean weight of its *different* characters beyond ASCII, so that a ruled table's hundred dashes count once, drawn
    towards 0 for very short texts. Read in the wrong one of GB18030 and Big5, common characters become rare ones, kana
    and private ones. Of 1,500 sentences in each script cut to three characters 7 were misjudged, to six 1, to twelve 0.
    """
    weights = [_weight(character) for character in set(text) if character > "\x7f"]
    return sum(weights) / (len(weights) + 8)


@lru_cache(maxsize=1 << 15)
def _weight(character: str) -> int:
    simplified = simplify(character)
    if simplified in _FREQUENT:
        return 3
    if simplified in _COMMON or character in _PUNCTUATION:
        return 2
    if "\u4e00" <= simplified <= "\u9fff":
        # GB 2312 puts its 3,755 commonest characters first (lead bytes B0 to D7), then 3,008 rarer ones.
        code = simplified.encode("gb2312", errors="ignore")
        return -4 if not code else 0 if code[0] <= 0xD7 else -2
    if "\uff01" <= character <= "\uff5e":
        return 0
    category = unicodedata.category(character)
    if category in ("Co", "Cn"):
        return -8
    return -3 if category.startswith("L") else -1


_PUNCTUATION = frozenset("，。、；：？！「」『』《》（）“”‘’—…·％〈〉【】\u3000")
# The 700 characters that make up 84% of Chinese news and reference texts, the first 150 of them 44%. In simplified
# script: traditional characters are looked up by their simplified form, so the same list serves both.
_FREQUENT = frozenset(
    "的年国在中人一为日有是大行和上了月会发不公时以生新出于全业动市成对长来家个元作文到法地分后经多下部方"
    "开现区用同高进能这等民员前机本将要电场理与工正报安美主产增万者任合车关比体其务可过加表自度通事实第次"
    "及学内海之力资北司保据期名数网定金量品提他运重化间示利展面赛政道总最外入也查交得目子更我至计被并联亿"
)
_COMMON = frozenset(
    "心所京平天影特建管当东相位奥情持三题明小院们布信看队此系点共式就广制原设性收水标局某已台物还案记应而"
    "规股起警该代口近从回接球超达由基选处科都议首斯南委好社二手强路省责向续如称西立团意服消息权军组两华因"
    "冬说件程结活城举果告费尔今里调源受流导预集级单州着但线投季项亚商门客节视无证统参票四济医营推监编供约"
    "航传未研号指险率解办防山常克然十片战种包价支创获升风世或别问速决显米站转造型取各技张空步打完治演领际"
    "限护游降使专众图列份户构港值界江知备周认非没女形辑求食少质格直类术整去较准书王均色官育府款维反观施英"
    "销感复注宣马深易房身态容协益企冠带德老检境放域先党剧助考财况条环额快变头需违版银售确些积火拉每击教返"
    "话气飞职引效群模林很牌排低士再历响究李搜根改病核声执功测破兰冰春半闻具样河让给存严副罗占旅微热男届县"
    "始清依请段精括辆装即致光师随势校纪百极滑香识币友验己只何例志席除狐则融档罪划越论范青双太载律铁健控做"
    "净配康连断优药犯五仅购欧智突采想神雪福见俄史录花阿播终审离苏足红属频稳失居命巴减澳救状汽罚字置言含器"
    "照初普诈负望算骗评涉龙余担按雨幕阳许媒讯货班星往爱底料镇满落券宁乐村象洲停卫戏尼继博又她争义故介截索"
    "登策织章害曾难园急充武令驾疗边承诉印兴么艺馆干且真走央儿派韩夏链批付景试陆晚察几农买石白室驶损疫卡船"
)


# --- the header of a page: title, source, date


class Header(NamedTuple):
    """What the top of a page says of it; empty where it says nothing.

    `date` is ISO. `end` is the offset where the header's last line ends, 0 for a text without a dateline.
    """

    title: str
    source: str
    date: str
    end: int


#: How many lines with text a header, and what surrounds it, may take.
_HEAD_LINES = 30
_LONGEST_TITLE = 80
_LONGEST_DATELINE = 120


def header(text: str) -> Header:
    r"""Title, source and date from the lines above the first paragraph.

    The title is the line above the dateline; else the first Markdown heading; else the first line, if it is short and
    no sentence. A date inside a paragraph is not the document's, unless the text opens with a timestamp.

    >>> header("東北網  >  要聞  >  正文\n簡報第138期\n2011-04-19 23:28:14 來源:東北網  作者:\n全省……。")
    Header(title='簡報第138期', source='東北網', date='2011-04-19', end=57)
    """
    above: list[str] = []  # title lines before the line that dates the page, or before the first field if none does
    other: list[str] = []
    labelled = source = date = ""
    end = 0
    for start, stop in _head(text):
        line = text[start:stop].strip()
        fields = _dateline(line)
        if fields is None:
            if _is_prose(line) or date:
                break
            if _LETTER.search(line):
                other.append(line)
            continue
        if not end or (fields.date and not date):
            above = list(other)
        labelled, source, date = labelled or fields.title, source or fields.source, date or fields.date
        end = stop
    title = labelled or _title_above(above)
    if not title:
        body = [line for start, stop in _head(text) if not _dateline(line := text[start:stop].strip())]
        heading = next((line for line in body if re.match(r"#{1,6}\s+\S", line)), "")
        first = next((line for line in body if _LETTER.search(line)), "")
        title = _bare(heading or ("" if _is_prose(first) else first))
    return Header(title, source, date or _leading_date(text), end)


def _head(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the first lines that are neither blank nor chrome."""
    seen = 0
    for start, stop in _lines(text):
        if text[start:stop].isspace() or start == stop:
            continue
        if (seen := seen + 1) > _HEAD_LINES:
            return
        if not _is_chrome(text[start:stop], at_top=True):
            yield start, stop


def _is_prose(line: str) -> bool:
    return len(line) > _LONGEST_TITLE or bool(re.search(r"[。；;｡]|[.．…，,、：:]$", line))


def _title_above(lines: list[str]) -> str:
    """The last line; with the one above it where it is a subtitle (——…) or nothing but an issue number."""
    title = _bare(lines[-1]) if lines else ""
    if len(lines) > 1 and (title.startswith(("—", "--")) or re.fullmatch(_ISSUE, fold(title))):
        return f"{_bare(lines[-2])} {title}"
    return title


def _bare(line: str) -> str:
    return re.sub(r"^#{1,6}\s+|\s+#+$", "", line).strip("* \t\u3000")


class _Fields(NamedTuple):
    title: str
    source: str
    date: str


_LETTER = re.compile(r"[^\W\d_]")
# All patterns from here on are met by folded text.
_ISSUE = r"[(\[〔]?(?:总|增刊)?第?\s?[\d一二三四五六七八九十百〇零]+\s?[期号][)\]〕]?"
_LABEL = re.compile(
    r"(?<![a-z])(?:"
    r"(?P<source>(?:新闻|文章|信息|稿件|内容|本文)?来源|稿源|出处|发布(?:单位|机构|部门)|发文(?:机关|单位)|source)"
    r"|(?P<title>标题|题目|title)"
    r"|作者|记者|通讯员|摄影|author|by|(?:责任|值班|实习|本期|网络|本文)?编辑|责编|审核|校对|发布[人者]"
    r"|(?:发布|发表|更新|发文|发稿|成文|印发|上传|编辑|创建)?(?:时间|日期)|发布于|date|published|updated"
    r"|(?:浏览|阅读|点击|访问|查看)(?:次数|量|数|人数|率)?|关键词|关键字|主题词|索引号|文号"
    r")\s?(?::|(?<=源)\s?[/|])"
)
# A value ends at two spaces or a rule; a Chinese one, which has no spaces of its own, at the first.
_VALUE = re.compile(rf"\s?([^\s|]*[{CJK}][^\s|]*|[^\s|]+(?: [^\s|{CJK}]+)*)")
_TIME = re.compile(
    r"(?:t|上午|下午|凌晨|晚上?)?\s?\d{1,2}(?::\d{2}){1,2}(?:\.\d+)?(?:z|[+-]\d{2}:?\d{2})?(?:\s?[ap]m)?"
    r"|\d{1,2}[时点]\d{1,2}分(?:\d{1,2}秒)?|(?:星期|周|礼拜)[一二三四五六日天]"
)
_ORGANISATION = re.compile(
    rf"[{CJK}·]{{1,20}}(?:网|报|社|电视台|电台|部|委|局|厅|办|办公室|政府|院|室|中心|频道|领导小组|委员会|协会|学会)"
)
_SIZE = r"(?:[超特]大|默认|标准|a?[+-]|[大中小])"
_LETTER_SIZE = re.compile(rf"(?:字号|字体大小|字体|文字大小)\s?:?[\s\[(]*{_SIZE}(?:[\s|/\]\[()]*{_SIZE})*")


def _dateline(line: str) -> _Fields | None:
    """The fields of a line that says nothing but when, where and by whom a page was published; None for other lines."""
    if len(line) > _LONGEST_DATELINE:
        return None
    text, offsets = fold_with_offsets(line)
    if re.search("[。;?!]", text):
        return None
    date = _first_date(text)
    for pattern in (_DATE, _TIME, _LETTER_SIZE):
        text = pattern.sub(_blank, text)
    labels = list(_LABEL.finditer(text))
    if labels and re.match(f"[{CJK}]", text[labels[0].start() - 1 : labels[0].start()]):
        labels = labels[1:]  # 资金来源:… is no 来源; 来源:东北网作者:… are two labels
    found: dict[str, str] = {}
    stops = [*(label.start() for label in labels[1:]), len(text)]
    for label, stop in zip(labels, stops, strict=False):
        value = _VALUE.match(text, label.end(), stop)
        last = stop if label["title"] else value.end() if value else label.end()
        if label.lastgroup:
            found.setdefault(label.lastgroup, line[offsets[label.end()] : offsets[last]].strip(" \"'\u3000\xa0"))
        text = text[: label.start()] + " " * (last - label.start()) + text[last:]
    for word in re.finditer(r"[^\s|()\[\]<>〔〕【】《》,/·—-]+", text):
        if _ORGANISATION.fullmatch(word.group()) and not found.get("source"):
            found["source"] = line[offsets[word.start()] : offsets[word.end()]]
        elif not re.fullmatch(_ISSUE, word.group()) and not _BUTTONS.fullmatch(word.group()):
            return None
    if not date and not labels:
        return None
    return _Fields(found.get("title", ""), found.get("source", ""), date)


def _blank(match: re.Match[str]) -> str:
    """Spaces in the place of a match, so that the offsets of what follows stay true."""
    return " " * len(match.group())


_DATE = re.compile(
    r"(?:(?<!\d)(?P<year>[12]\d{3})|(?:中华)?民国\s?(?P<republic>\d{1,3}))\s?(?P<mark>[年/.-])\s?"
    r"(?P<month>\d{1,2})\s?[月/.-]\s?(?P<day>\d{1,2})(?:\s?日|(?!\d))"
    r"|(?P<written_year>[〇○零一二三四五六七八九]{4})年(?P<written_month>[元一二三四五六七八九十]{1,2})月"
    r"(?P<written_day>[一二三四五六七八九十廿卅]{1,3})日"
)


def _first_date(text: str) -> str:
    """The first date of a folded text that is in the calendar, as yyyy-mm-dd, or an empty string.

    >>> _first_date("2011-13-45 2011年4月19日"), _first_date("民国100年4月19日"), _first_date("二〇一一年四月十九日")
    ('2011-04-19', '2011-04-19', '2011-04-19')
    """
    return next(filter(None, map(_iso, _DATE.finditer(text))), "")


def _iso(match: re.Match[str]) -> str:
    if match["written_year"]:
        year = int("".join(str(_written(digit)) for digit in match["written_year"]))
        month, day = _written(match["written_month"]), _written(match["written_day"])
    else:
        # The Republic of China counts its years from 1912, the first.
        year = int(match["year"] or 0) or int(match["republic"]) + 1911
        month, day = int(match["month"]), int(match["day"])
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return ""


def _written(number: str) -> int:
    """A number up to 99 in Chinese numerals, 0 if it is none: 十九 is 19, 廿 is 20."""
    number = (
        number.replace("廿", "二十").replace("卅", "三十").replace("元", "一").replace("○", "〇").replace("零", "〇")
    )
    tens, ten, ones = number.rpartition("十")
    if len(tens) > 1 or len(ones) > 1:
        return 0
    digits = "〇一二三四五六七八九"
    return (digits.find(tens or "一") * 10 if ten else 0) + (digits.find(ones) if ones else 0)


def _leading_date(text: str) -> str:
    """The date of a text that opens with a timestamp; 1945年8月15日,… in running text is when something happened."""
    opening = fold(text[:40]).lstrip(" \n([【〔")
    match = _DATE.match(opening)
    if not match or (match["mark"] not in ("-", "/", ".") and not _TIME.match(opening[match.end() :].lstrip())):
        return ""
    return _iso(match)


# --- the body of a page: what is left without its chrome


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
    for start, stop in _lines(text):
        if not text[start:stop].strip():
            continue
        seen += 1
        if _is_chrome(text[start:stop], at_top=seen <= _HEAD_LINES):
            after_chrome = True
        elif after_chrome:
            spans.append((start, stop))
            after_chrome = False
        else:
            spans[-1] = (spans[-1][0], stop)
    return spans or ([(0, len(text))] if text.strip() else [])


def _lines(text: str) -> Iterator[tuple[int, int]]:
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
_BUTTONS = re.compile(rf"(?>(?>{_BUTTON}|{_LETTER_SIZE.pattern}|大中小)|[:|/·•,、>()\[\]【】])++")
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


def _is_chrome(line: str, *, at_top: bool) -> bool:
    if len(line) > _LONGEST_DATELINE:
        return False
    spaced = " ".join(fold(line).split())
    bare = spaced.replace(" ", "")
    if _CHROME.fullmatch(bare) or (len(bare) <= 40 and _BUTTONS.fullmatch(bare) and _LETTER.search(bare)):
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
