"""The elements of a page, as its parser tells them, become blocks of text as a reader sees them.

Pure. It knows what HTML's elements mean and hide, and nothing of files or of the parser that calls it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ingest.chrome import BUTTONS
from ingest.pagefacts import Facts
from ingest.pagetables import PageCell, PageTable
from ingest.pagetext import SURELY_CHROME, Block, tidy
from rag.errors import DocumentError
from rag.text import fold

# libxml2 looks through all open elements for each end tag that fits none: this many steps take about 5 s.
MOST_STEPS = 500_000_000
#: Elements of the largest page; each costs some 10 microseconds.
MOST_ELEMENTS = 1_500_000
#: Lines of the longest page that is read.
MOST_LINES = 500_000

_NEVER_SHOWN = frozenset(
    "script style template noscript noframes head iframe object embed applet svg canvas audio video map select option "
    "datalist button textarea rp rt title".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup p pre search section "
    "summary table tbody td tfoot th thead tr ul".split()
)
_TIGHT = frozenset("li dd dt tr caption".split())
_TABLE = frozenset("table tr td th".split())
# What stands between the links of a menu.
_RULES = re.compile(r"[\s|｜·•>»/、\-—]+")
_BUTTON = re.compile(rf"(?:{BUTTONS.pattern})|字号|字体|[大中小]|a[+-]?")
# 8710<sup>1</sup> must not become 87101; after a letter (m2) or at the beginning of a line there is no figure to run
# into. The marks are controls, which `tidy` takes out again.
_RAISE, _LOWER, _LEVEL = "\x01\x02\x03"
_RAISED = re.compile(rf"(?:(?<!\d)(10)|(?<=[^\sA-Za-z]))([{_RAISE}{_LOWER}])\s*(\d+)\s*{_LEVEL}")
_EXPONENT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_STRUCK = frozenset("del s strike".split())
_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*0(?:\.0*)?(?:[a-z%]*)\s*(?:;|!|$))",
    re.IGNORECASE,
)
_CHROME_ROLES = frozenset("navigation contentinfo banner search menu menubar toolbar".split())
_CHROME_NAME = re.compile(
    r"(?:^|[\s_-])(?:(?:top|main|sub|site|global|bottom|left|right)?(?:nav|menu)(?:bar|igation)?|bread-?crumbs?|crumbs?|"
    r"foot(?:er)?|copyright|share(?:bar|box)?|bdshare\w*|social|related|relate|recommend\w*|sidebar|side|login|toolbar|"
    r"pager|pagination|hot(?:list|news)?|rank(?:ing)?|links?|friendlinks?|search(?:box|bar)?|ad|ads|advert\w*)(?=$|[\s_-])",
    re.IGNORECASE,
)


def _is_hidden(tag: str, attributes: Mapping[str, str]) -> bool:
    if not attributes:
        return tag == "dialog"
    if "hidden" in attributes or attributes.get("aria-hidden", "").strip().lower() == "true":
        return True
    if tag == "dialog" and "open" not in attributes:
        return True
    if tag == "input" or attributes.get("type") == "hidden":
        return True
    # WeChat's articles are sent hidden, and shown by a script.
    return bool(_HIDING.search(attributes.get("style", ""))) and attributes.get("id") != "js_content"


def _raised(match: re.Match[str]) -> str:
    """A raised number is an exponent after 10, and a note's number after anything else."""
    base, mark, number = match.groups()
    if mark == _LOWER:
        return f"{base or ''}_{number}"
    return f"10{number.translate(_EXPONENT)}" if base else f"[{number}]"


class Page:
    """Takes the parser's events (lxml's target interface) and makes blocks of them."""

    def __init__(self, name: str, end_tags: int) -> None:
        self.blocks: list[Block] = []
        self.facts = Facts()
        self.frames = self.scripts = self.started = False
        self._name, self._end_tags = name, end_tags
        self._target = self.blocks
        self._tables: list[PageTable] = []
        #: Of each open element: whether it hides what is in it, and what it adds to `_chrome`.
        self._open: list[tuple[bool, int]] = []
        self._hidden = self._chrome = self._links = self._articles = self._verbatim = 0
        self._heading = self._places = self._count = self._elements = 0
        self._lines: list[list[str]] = [[]]
        self._linked = self._anchors = 0
        self._tight = False
        self._captured: list[str] | None = None
        self._button: int | None = None  # where in the line a link began that only acts on the page

    # lxml calls these four

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self.started = True
        tag = tag.rpartition(":")[2] if ":" in tag else tag
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise DocumentError(f"{self._name} has more than {MOST_ELEMENTS:,} elements; save it in several parts.")
        if len(self._open) * self._end_tags > MOST_STEPS:
            raise DocumentError(f"{self._name} nests its elements too deep to be read; save its text as a text file.")
        if tag == "meta":
            self.facts.add_meta(attributes)
        elif tag in ("frame", "iframe", "frameset"):
            self.frames = True
        elif tag == "script":
            self.scripts = True
        if tag == "title" or (tag == "script" and "ld+json" in attributes.get("type", "").lower()):
            self._captured = []
        hides = tag in _NEVER_SHOWN or _is_hidden(tag, attributes)
        if tag in _BLOCKS and not self._hidden:
            self._flush()
        place = 0 if self._chrome or self._articles else self._place(tag, attributes)
        self._open.append((hides, place))
        self._hidden += hides
        self._chrome += place
        if self._hidden:
            return
        if tag in _TABLE:
            self._table_start(tag, attributes)
        elif tag == "br":
            self._lines.append([])
            self._count_line()
        elif tag == "a":
            self._links += 1
            self._anchors += 1
            acts = re.match(r"(?i)\s*(?:javascript:|#\s*$)", attributes.get("href", ""))
            self._button = len(self._lines[-1]) if acts else None
        elif tag == "article":
            self._articles += 1
        elif tag == "pre":
            self._verbatim += 1
        elif tag in _STRUCK:
            self._lines[-1].append("~~")
        elif tag in ("sup", "sub"):
            self._lines[-1].append(_RAISE if tag == "sup" else _LOWER)
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._heading = int(tag[1])
        if tag in _TIGHT:
            self._tight = True

    def end(self, tag: str) -> None:
        """An element ends, or the parser ends it."""
        tag = tag.rpartition(":")[2] if ":" in tag else tag
        hides, place = self._open.pop()
        if self._captured is not None and tag in ("title", "script"):
            self.facts.add_text(tag, "".join(self._captured))
            self._captured = None
        if not self._hidden:
            if tag in _BLOCKS:
                self._flush()
            if tag in _TABLE:
                self._table_end(tag)
            elif tag == "a":
                self._links -= 1
                self._drop_button()
            elif tag == "article":
                self._articles -= 1
            elif tag == "pre":
                self._verbatim -= 1
            elif tag in _STRUCK:
                self._lines[-1].append("~~")
            elif tag in ("sup", "sub"):
                self._lines[-1].append(_LEVEL)
            elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
                self._heading = 0
        self._hidden -= hides
        self._chrome -= place

    def data(self, data: str) -> None:
        """Text, or a part of it."""
        if self._captured is not None:
            self._captured.append(data)
        if self._hidden:
            return
        if self._links:
            self._linked += len(_RULES.sub("", data))
        if self._verbatim:
            first, *more = data.split("\n", MOST_LINES)
            self._count_line(len(more))
            self._lines[-1].append(first)
            self._lines.extend([line] for line in more)
        else:
            self._lines[-1].append(data)

    def close(self) -> None:
        """The page ends; the parser wants to be told what was made of it."""

    # what they call

    def _place(self, tag: str, attributes: Mapping[str, str]) -> int:
        """What an element says of its place, as `Block.chrome` has it."""
        if tag in ("nav", "footer") or attributes.get("role", "").lower() in _CHROME_ROLES:
            return SURELY_CHROME
        named = any(_CHROME_NAME.search(attributes.get(key, "")[:200]) for key in ("class", "id"))
        if tag != "aside" and (not named or tag in ("body", "html", "main", "article")):
            return 0
        self._places += 1
        return self._places

    def finish(self) -> None:
        """Closes what the page left open."""
        self._hidden = 0
        self._flush()
        while self._tables:
            self._table_end("table")

    def _count_line(self, more: int = 1) -> None:
        self._count += more
        if self._count > MOST_LINES:
            raise DocumentError(f"{self._name} has more than {MOST_LINES:,} lines; save it in several parts.")

    def _drop_button(self) -> None:
        """Forgets the link just read if it prints, shares or makes letters larger; those break up datelines."""
        start, self._button = self._button, None
        if start is None:
            return
        text = "".join(self._lines[-1][start:])
        if len(text) <= 20 and _BUTTON.fullmatch(fold(tidy(text))):
            del self._lines[-1][start:]
            self._linked = max(0, self._linked - len(_RULES.sub("", text)))
            self._anchors = max(0, self._anchors - 1)

    def _flush(self) -> None:
        """The text since the last block becomes one, or several where empty lines part it."""
        lines, self._lines = self._lines, [[]]
        linked, self._linked = self._linked, 0
        anchors, self._anchors = self._anchors, 0
        tight, self._tight = self._tight, False
        texts = [tidy(_RAISED.sub(_raised, "".join(pieces))) for pieces in lines]
        total = sum(map(len, texts)) or 1
        share = min(1.0, linked / (sum(len(_RULES.sub("", text)) for text in texts) or 1))
        if self._heading and total <= 80:
            texts = [" ".join(filter(None, texts))]
        apart = not tight
        self._count_line(any(texts))
        for text in texts:
            if not text:
                apart = True
                continue
            heading = self._heading if total <= 80 else 0
            self._target.append(Block(text, share, anchors if len(texts) == 1 else 0, heading, apart, self._chrome))
            apart = False

    def _table_start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "table":
            table = PageTable(self._target, attributes.get("role", "").lower() in ("presentation", "none"))
            self._tables.append(table)
            self._target = table.between
        elif self._tables and tag == "tr":
            self._tables[-1].rows.append([])
            self._target = self._tables[-1].between
        elif self._tables:
            rows = self._tables[-1].rows
            if not rows:
                rows.append([])
            cell = PageCell(_number(attributes.get("colspan")), _number(attributes.get("rowspan")), tag == "th")
            rows[-1].append(cell)
            self._target = cell.blocks

    def _table_end(self, tag: str) -> None:
        if not self._tables:
            return
        table = self._tables[-1]
        if tag != "table":
            self._target = table.between
            return
        self._tables.pop()
        if self._tables:
            around = self._tables[-1]
            around.nested = True
            grid = len(table.rows) > 1 and max(map(len, table.rows)) > 1
            around.layout |= grid or table.nested or table.outer is around.between
        self._target = table.outer
        self._target.extend(table.written())


def _number(value: str | None) -> int:
    value = (value or "").strip()
    return min(int(value), 65_534) if value.isdecimal() and len(value) < 6 else 1
