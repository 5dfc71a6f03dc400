"""A web page becomes its text as a reader sees it, and what the page says of itself.

Pure but for reading the one file. It fetches nothing and runs nothing: scripts, pictures, style sheets and what a page
links to are not even looked at. It does not know style sheets, so text that one hides (by a class, by white on white,
by a place off the screen) is read; what the page's own elements hide is not.

The parser is lxml's (libxml2), asked for events and not for a tree: a tree ends silently at 2,048 levels, and old pages
that never close a <font> get there.
"""

from __future__ import annotations

import re
from pathlib import Path

from ingest.extracted import Extracted
from ingest.markup import Page
from ingest.pagefacts import facts_of
from ingest.pagetext import body, decode_page, joined
from rag.errors import DocumentError

#: Bytes of the largest page that is read. 49 MB of paragraphs took 26 s on a busy core, and 0.4 GB.
LARGEST_PAGE = 50_000_000
_PIECE = 1 << 15


def read_html(path: Path) -> Extracted:
    """A saved web page (.html, .htm, .xhtml) without its navigation.

    Raises DocumentError, whose message names the file and what to do, for a file that cannot be read, is too large, is
    no text, or has no text that shows (frames, or a page that JavaScript fills).
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_PAGE + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(f"{path.name} cannot be read ({reason}); check that it exists and is yours.") from error
    return html_text(data, path.name)


def html_text(data: bytes, name: str, *, whole: bool = False, may_be_empty: bool = False) -> Extracted:
    """The text of a page's bytes. `whole` keeps navigation too: books and mails have none. `name` is for messages.

    Headings become Markdown headings, the items of a list and the rows of a table lines of their own. Raises
    DocumentError as `read_html` does; with `may_be_empty` not for a page without text.
    """
    if len(data) > LARGEST_PAGE:
        raise DocumentError(
            f"{name} is larger than {LARGEST_PAGE // 1_000_000} MB; save the part that you need as a page of its own."
        )
    markup = decode_page(data, name)
    page = _parsed(markup, name)
    blocks = page.blocks if whole else body(page.blocks)
    text = joined(blocks)
    if not text and not may_be_empty:
        raise DocumentError(_without_text(page, name))
    return facts_of(page.facts, text)


def _without_text(page: Page, name: str) -> str:
    if page.frames:
        return f"{name} is a page of frames without text of its own; save the page inside the frame instead."
    if page.scripts:
        return (
            f"{name} holds no text, a script loads it in the browser; open the page there and save what you see as PDF "
            "or text."
        )
    return f"{name} holds no text that a reader could see; add some to it or leave the file out."


# XHTML may close an element at once, <title/>; HTML takes that for its beginning, and all that follows for its text.
_CLOSED = re.compile(
    r"<(title|script|style|a|div|span|p|i|b|em|strong|h[1-6]|t[dh]|li|textarea|iframe|noscript)(\s[^<>]*)?/>",
    re.IGNORECASE,
)


# A document type that declares entities. They are not resolved, and HTML would show the end of it.
_DOCTYPE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<!DOCTYPE[^>\[]*\[[^\]]*\]\s*>", re.IGNORECASE)


def _parsed(markup: str, name: str) -> Page:
    from lxml import etree

    if declared := _DOCTYPE.match(markup):
        markup = markup[declared.end() :]
    if re.search(r"<\?xml|/1999/xhtml", markup[:2000]):
        markup = _CLOSED.sub(r"<\1\2></\1>", markup)

    page = Page(name, markup.count("</"))
    parser = etree.HTMLParser(target=page, encoding="utf-8", huge_tree=True, no_network=True)
    try:
        data = markup.encode()
        for start in range(0, len(data), _PIECE):  # an error comes out at the end of a piece only
            parser.feed(data[start : start + _PIECE])
        parser.close()
    except etree.LxmlError as error:
        # An empty page is the one thing that libxml2 will not make a page of.
        if page.started:
            raise DocumentError(f"{name} is no web page that can be read ({error}); save it again.") from error
    page.finish()
    return page
