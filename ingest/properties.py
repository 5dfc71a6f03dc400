"""What an Office file says of itself that is worth believing. Pure.

Programs fill in titles and authors that nobody has chosen, and so do templates and those who set up a computer.
"""

from __future__ import annotations

import re

from rag.text import fold

_NO_TITLE = re.compile(
    r"|(?:microsoft )?(?:word|excel|powerpoint)?[ -]*(?:document|presentation|workbook|book|slide|title)[ 0-9]*"
    r"|(?:文档|文稿|演示文稿|工作簿|工作表|幻灯片|标题)[ 0-9]*|(?:新建|无标题|未命名|microsoft|untitled|new ).*"
    r"|(?:microsoft )?(?:word|powerpoint|excel)(?: .*)?|.{0,2}|[\W\d_]*"
)
_NO_AUTHOR = re.compile(
    r"|python-(?:docx|pptx)|openpyxl|xlsxwriter|steve canny|apache poi|(?:libreoffice|wps|microsoft|微软|windows).*"
    r"|(?:admin|administrator|user|users|owner|guest|root|unknown|author|test|pc|用户|管理员|作者|未知|匿名)[ 0-9]*"
    r"|(?:lenovo|thinkpad|hp|dell|asus|acer|huawei|xiaomi|apple|mac|samsung|sony|toshiba|联想|戴尔|惠普)[ 0-9]*"
    r"|.*-pc|(?:desktop|laptop|pc)-.*|(?:雨林木风|深度技术|番茄花园|系统之家|电脑).*|[\W\d_]*|.|.*[\\@].*"
)


def title_of(written: str) -> str:
    """A title property, or nothing where a program or a template has filled it in.

    >>> [title_of(title) for title in ("簡報第138期", "PowerPoint 演示文稿", "Microsoft Word - 文档1.doc", "文档1", "")]
    ['簡報第138期', '', '', '', '']
    """
    title = " ".join(written.split())
    return "" if len(title) > 200 or _NO_TITLE.fullmatch(fold(title)) else title


def author_of(written: str) -> str:
    """An author property, or nothing where it is the name of a program, a computer or a role.

    >>> [author_of(author) for author in ("王凌霞", "python-docx", "Administrator", "微软用户", "DESKTOP-7QK")]
    ['王凌霞', '', '', '', '']
    """
    author = " ".join(written.split())
    return "" if len(author) > 60 or _NO_AUTHOR.fullmatch(fold(author)) else author
