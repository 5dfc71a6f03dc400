"""What a web page says of itself: its title, where and when it was published, and by whom.

Pure. It reads <meta> elements, JSON-LD and the page's own first lines; it knows nothing of the body.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ingest.extracted import Extracted
from ingest.header import header
from ingest.pagetext import tidy

# In order of trust. The first of each are those of the Chinese standard for government sites.
_TITLES = ("articletitle", "og:title", "dc.title", "twitter:title")
_DATES = (
    "pubdate", "publishdate", "publish_date", "article:published_time", "datepublished", "og:published_time",
    "weibo: article:create_at", "og:release_date", "dc.date", "dc.date.issued", "date",
)  # fmt: skip
_SOURCES = ("contentsource", "source", "sitename", "og:site_name", "application-name")
_AUTHORS = ("author", "article:author", "dc.creator", "og:author")
_LONGEST = 300
_LARGEST_JSON = 1_000_000


class Facts:
    """Collects what a page's head says; the first of equal names counts."""

    def __init__(self) -> None:
        self.title = ""
        self._metas: dict[str, str] = {}
        self._linked: dict[str, str] = {}

    def add_meta(self, attributes: Mapping[str, str]) -> None:
        """Takes a <meta> element's attributes."""
        content = tidy(attributes.get("content", "")[:_LONGEST])
        for key in ("name", "property", "itemprop"):
            if content and (name := attributes.get(key, "").strip().lower()):
                self._metas.setdefault(name, content)

    def add_text(self, tag: str, text: str) -> None:
        """Takes what stands in a <title>, or in a <script> of JSON-LD."""
        if tag == "title":
            self.title = self.title or tidy(text[: 4 * _LONGEST])[:_LONGEST]
            return
        if len(text) > _LARGEST_JSON:
            return
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return  # many pages have a broken one; what it would say is only a help
        for item in _objects(value):
            for key in ("headline", "datePublished", "publisher", "author"):
                if key in item and (found := _named(item[key])):
                    self._linked.setdefault(key, found)

    def first(self, names: Iterable[str], linked: str) -> str:
        """The value of the first of these <meta> names that is given, else that of a JSON-LD key."""
        return next(filter(None, (self._metas.get(name, "") for name in names)), self._linked.get(linked, ""))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The JSON-LD items that describe a page: those at the top, in a list, and in a graph."""
    waiting = [value]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, list):
            waiting.extend(value[:100])
        elif isinstance(value, dict):
            yield value
            waiting.append(value.get("@graph"))


def _named(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(
            dict.fromkeys(filter(None, (_named(item) for item in value[:10] if not isinstance(item, list))))
        )
    if isinstance(value, dict):
        value = value.get("name")
    return tidy(value)[:_LONGEST] if isinstance(value, str) else ""


def facts_of(facts: Facts, text: str) -> Extracted:
    """A page's text with its title, source, date and author.

    The source is the one that the reader can see (來源:東北網) before the one in the head. The date is the head's, for
    the first date on a page may be another one (成文日期); but where the head gives Greenwich time, in which an evening
    in Beijing is still the day before, one on the page goes first.
    """
    seen = header(text)
    source = seen.source or facts.first(_SOURCES, "publisher")
    moment = facts.first(_DATES, "datePublished")
    date = (seen.date if _GREENWICH.search(moment) else "") or _day(moment) or seen.date
    author = facts.first(_AUTHORS, "author")
    return Extracted(
        text=text,
        title=_title(facts, text, seen.title if seen.end else "") or seen.title,
        source="" if "://" in source else source,
        date=date,
        author="" if "://" in author else author,
    )


def _title(facts: Facts, text: str, above: str) -> str:
    """The title as it stands in the text, where it does; without the site's name, which pages put behind it."""
    given = facts.first(_TITLES, "headline")
    tops = re.findall(r"^# (.+)$", text, re.MULTILINE)
    if given:
        return _bare(given, [*tops, above])
    if len(tops) == 1:
        return str(tops[0])
    return above or (_bare(facts.title, tops) if facts.title else "")


def _bare(title: str, headings: Iterable[str]) -> str:
    for heading in filter(None, headings):
        if title.startswith(heading) or heading.startswith(title):
            return heading
    first = re.split(r"\s*[_|｜]\s*|\s+[-–—]\s+|[-–—]{1,2}(?=[^-–—]{2,12}(?:网|網|报|報|政府|厅|廳|局)$)", title)[0]
    return first.strip() or title


_GREENWICH = re.compile(r"(?:Z|[+-]00:?00)\s*$", re.IGNORECASE)
_DAY = re.compile(r"(?<!\d)(\d{4})\s?[-/.年]?\s?(\d{1,2})\s?[-/.月]?\s?(\d{1,2})(?!\d)")


def _day(moment: str) -> str:
    """The ISO day of a moment in a page's head, an empty string if it is none.

    >>> _day("2021-03-05T10:20:00+08:00"), _day("2021年3月5日"), _day("20210305"), _day("yesterday")
    ('2021-03-05', '2021-03-05', '2021-03-05', '')
    """
    match = _DAY.search(moment)
    try:
        return datetime.date(*map(int, match.groups())).isoformat() if match else ""
    except ValueError:
        return ""
