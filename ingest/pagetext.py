"""The pieces of a web page's text: its encoding, its white space, and which of its blocks are its body.

Pure. It knows text and how much of it is links, nothing of markup.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from ingest.encodings import decode
from rag.errors import DocumentError
from rag.text import CJK

# --- encodings

_DECLARED = re.compile(
    rb"""<(?:meta\b[^>]{0,300}?charset|\?xml\b[^>]{0,100}?encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""",
    re.IGNORECASE,
)
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What a declaration can add to UTF-8, GB18030 and Big5. UTF-7 and the like would only hide text from the reader.
_FOREIGN = re.compile(r"cp\d+|iso8859-\d+|koi8-.|mac-\w+|shift_jis\w*|euc_\w+|iso2022_(?:jp|kr)\w*|hz|johab|tis-620")
_SEVEN_BIT = re.compile(r"iso2022_\w+|hz")
# A page may have one character in so many that fits no encoding (a title cut within a letter); it is shown as �.
_BROKEN = 500


def decode_page(data: bytes, name: str, declared: str = "") -> str:
    r"""The text of a page's bytes. A byte-order mark decides, then what the bytes can be, then what the page declares.

    `declared` is a charset from elsewhere (a mail's header); without it the page's own <meta> or XML declaration is
    read. UTF-8, GB18030 and Big5 are told apart by the bytes alone, as pages say GB2312 and are UTF-8; a declaration
    of another encoding counts where the bytes are not plainly Chinese. A few broken bytes become \ufffd, as in a
    browser. Raises DocumentError for binary content and for what is in no encoding known here.

    >>> decode_page('<meta charset="gb2312">培训工作'.encode(), "a.html")[-4:]
    '培训工作'
    """
    match = None if declared else _DECLARED.search(data, 0, 4096)
    codec = "" if data.startswith(_MARKS) else _codec(declared or (match[1].decode("ascii") if match else ""))
    if codec and _FOREIGN.fullmatch(codec) and codec != "cp950":
        text = _foreign(data, name, codec)
        if text is not None:
            return text
    try:
        return decode(data, name)
    except DocumentError:
        text = None if b"\0" in data else _mended(data, name)
        if text is None:
            raise
        return text


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name if name.isascii() else ""
    except (LookupError, ValueError):
        return ""


def _foreign(data: bytes, name: str, codec: str) -> str | None:
    """The text by a declared encoding that is not one of the Chinese; None if the bytes speak against it."""
    if data.isascii() and not _SEVEN_BIT.fullmatch(codec):
        return None
    with contextlib.suppress(UnicodeDecodeError):
        data.decode("utf-8")
        if not data.isascii():
            return None
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return None
    if codec.startswith(("cp12", "iso8859", "mac", "koi8", "tis", "cp437", "cp85")):
        # Any bytes are text in these. Read as Chinese, é and its kin give lone characters between Latin letters,
        # while Chinese stands in runs.
        with contextlib.suppress(DocumentError):
            chinese = decode(data, name)
            if len("".join(re.findall(f"[{CJK}]{{2,}}", chinese))) * 2 > len(re.findall(r"[^\x00-\x7f]", chinese)):
                return None
    return decode(text.encode("utf-8-sig"), name)  # which looks for binary content too


def _mended(data: bytes, name: str) -> str | None:
    for encoding in ("utf-8", "gb18030", "cp950", "big5hkscs"):
        text = data.decode(encoding, errors="replace")
        if text.count("\ufffd") > 1 + len(text) // _BROKEN:
            continue
        rest = text.replace("\ufffd", "").replace("\r\n", "\n").replace("\r", "\n")
        with contextlib.suppress(DocumentError):
            if decode(rest.encode(encoding), name) == rest:  # it is what the rest of the bytes look like
                return text.replace("\r\n", "\n").replace("\r", "\n")
    return None


# --- white space

_WIDE = rf"{CJK}\u3000-\u303f\uff01-\uffee“”‘’—…"
# Characters that show nothing and that text can be hidden in or figures broken with: controls, zero widths, directions,
# tags, variation selectors.
_UNSEEN = re.compile(
    "[\0-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-"
    "\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# A line of 20 wide characters was wrapped in the source; shorter ones may be names under each other.
_WRAPPED = re.compile(rf"(?<=[{_WIDE}0-9]{{20}})[ \t\r\f]*\n[ \t\r\n\f]*(?=[{_WIDE}])")
_SPACES = re.compile("[ \t\r\n\f\x85\u2028\u2029]+")
_FIXED = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f]")
_RUN = re.compile("   +")


def visible(text: str) -> str:
    r"""A text without the characters that show nothing; spaces that do not break become ordinary ones.

    >>> visible("87\u200b10\xa0人次")
    '8710 人次'
    """
    return _FIXED.sub(" ", _UNSEEN.sub("", text))


def tidy(text: str) -> str:
    r"""One line of a page as a browser shows it. White space becomes one space, that which keeps its width (&nbsp;) at
    most two; a source line that was wrapped within Chinese is put together.

    >>> tidy("  培訓组工\n 干部\xa0\xa0\xa0\xa08710\u200b人次 ")
    '培訓组工 干部  8710人次'
    """
    if "\n" in text:
        text = _WRAPPED.sub("", text)
    return _RUN.sub("  ", _FIXED.sub(" ", _SPACES.sub(" ", _UNSEEN.sub("", text)))).strip()


def joined(blocks: Sequence[Block]) -> str:
    """The blocks as one text: an empty line before a paragraph or a heading, a line break before items and rows."""
    pieces: list[str] = []
    after_heading = False
    for block in blocks:
        if pieces:
            pieces.append("\n\n" if block.heading or (block.apart and not after_heading) else "\n")
        pieces.append(f"{'#' * block.heading} {block.text}" if block.heading else block.text)
        after_heading = bool(block.heading)
    return "".join(pieces)


# --- the body of a page


#: The place of a block inside <nav>, <footer> or their roles.
SURELY_CHROME = -1


class Block(NamedTuple):
    """A line or a paragraph of a page.

    `linked` is the share of its characters in links, `anchors` how many those are, `heading` 1 to 6 or 0, `apart`
    whether an empty line belongs before it. `chrome` is the number of the place it stands in, if the markup gives that
    a name like sidebar or related, `SURELY_CHROME` inside <nav> or <footer>, else 0.
    """

    text: str
    linked: float = 0.0
    anchors: int = 0
    heading: int = 0
    apart: bool = True
    chrome: int = 0


_SENTENCE = re.compile(r"[。！？；]|[.!?;](?:\s|$)|，.*，")
_CREDIT = re.compile(
    r"(?:责任编辑|責任編輯|编辑|編輯|来源|來源|作者|记者|記者|附件|审核|審核)\s*[:：]|\d{4}[-年/.]\d{1,2}[-月/.]\d{1,2}"
)
_FILE = re.compile(r"附件|\.(?:docx?|xlsx?|pptx?|pdf|wps|et|ofd|zip|rar|txt|jpe?g|png)\b", re.IGNORECASE)
#: Links that follow each other, with nothing else between them, are a menu if they are so many.
_MENU = 3
#: Where less of the text outside links is left, the page is of a shape that these rules do not know, and is kept whole.
_LEAST_LEFT = 0.7
#: The longest line without links and figures that goes from a place called navigation, in characters.
_LONGEST_LABEL = 30


def body(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without a page's navigation. Only what has no sentence in it goes, so no sentence can be lost.

    Left out are lines in places that the markup calls navigation, and runs of three or more links, with the heading
    above them; not credits, datelines and attachments. A page that would lose three tenths of its text outside links is
    kept whole, and so is one that would lose as much of all its text and keep no sentence: it is a list by itself.
    """
    # A place that holds a sentence is no menu, whatever it is named.
    wordy = {block.chrome for block in blocks if block.linked < 0.5 and _has_sentence(block.text)} - {SURELY_CHROME}
    gone = [_is_menu(block, wordy) for block in blocks]
    start = 0
    while start < len(blocks):
        stop = start
        while stop < len(blocks) and _is_link(blocks[stop]):
            stop += 1
        if stop - start >= _MENU:
            gone[start:stop] = [True] * (stop - start)
        start = max(stop, start + 1)
    # A heading goes with what stands under it, if all that goes.
    empty = True
    for place in range(len(blocks) - 1, -1, -1):
        if blocks[place].heading > 1 and empty and not gone[place] and not _has_sentence(blocks[place].text):
            gone[place] = place + 1 < len(blocks) and gone[place + 1]
        empty = bool(blocks[place].heading) or (empty and gone[place])
    kept = [block for block, out in zip(blocks, gone, strict=True) if not out]
    listing = not any(_has_sentence(block.text) for block in kept) and _length(kept) < _LEAST_LEFT * _length(blocks)
    if listing or _unlinked(kept) < _LEAST_LEFT * _unlinked(blocks):
        return list(blocks)
    return kept


def _length(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _unlinked(blocks: Sequence[Block]) -> float:
    return sum(len(block.text) * (1 - block.linked) for block in blocks)


def _has_sentence(text: str) -> bool:
    return bool(_SENTENCE.search(text))


def _is_menu(block: Block, wordy: Collection[int]) -> bool:
    if _has_sentence(block.text) or _CREDIT.search(block.text) or _FILE.search(block.text):
        return False
    if block.chrome and block.chrome not in wordy and block.heading != 1:
        return block.linked >= 0.5 or (len(block.text) <= _LONGEST_LABEL and not re.search(r"\d", block.text))
    return block.anchors >= _MENU and block.linked >= 0.6


def _is_link(block: Block) -> bool:
    return block.linked >= 0.75 and not block.heading and not _has_sentence(block.text) and not _FILE.search(block.text)
