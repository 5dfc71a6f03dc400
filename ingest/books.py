"""An e-book (.epub) becomes its text: the chapters in reading order, under their headings.

It reads one file and unpacks nothing to disk; what the book's pages name is looked up inside the book only, so a path
that leads out of it finds nothing. It knows the package file (OPF) and leaves the pages to `ingest.web`. Pictures,
style sheets, the table of contents and the cover are not text and are left out. A book has no pages.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

from ingest.extracted import Extracted
from ingest.limits import check_zip, refusing
from ingest.pagetext import tidy
from ingest.web import LARGEST_PAGE, html_text
from rag.errors import DocumentError

#: Bytes of all chapters of the largest book that is read, twice that of one page; it takes a minute at most.
LARGEST_BOOK = 2 * LARGEST_PAGE
_LARGEST_XML = 10_000_000
_MOST_CHAPTERS = 5_000
_PAGE_TYPES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml")
# Encryption that only hides fonts, which most shops use, keeps nobody from reading the text.
_FONT_MASKS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


class _Page(NamedTuple):
    name: str  # within the archive
    type: str
    is_contents: bool


def read_epub(path: Path) -> Extracted:
    """The text of an e-book, with its title, author, publisher (as the source) and day of publication.

    Raises DocumentError for a file that cannot be read, is no e-book, is locked (DRM), is damaged, too large, or has
    no text.
    """
    check_zip(path)
    with refusing(path), zipfile.ZipFile(path) as archive:
        return _read(archive, path.name)


def _read(archive: zipfile.ZipFile, name: str) -> Extracted:
    parts = {part.filename: part for part in archive.infolist() if not part.is_dir()}
    container = _xml(archive, parts, "META-INF/container.xml", name)
    roots = [str(node.get("full-path", "")) for node in _all(container, "rootfile")]
    place = next((root for root in roots if root in parts), "")
    if not place:
        raise DocumentError(f"{name} is no e-book: it names no package file; fetch or export it again.")
    package = _xml(archive, parts, place, name)
    pages = _spine(package, place)
    locked = _locked(archive, parts, name)
    if locked & {page.name for page in pages}:
        raise DocumentError(
            f"{name} is locked by its shop (DRM), so its text cannot be read; use a copy without a lock."
        )
    titles = _contents(archive, parts, package, place, name)
    chapters: list[str] = []
    size = 0
    for page in pages:
        if page.name not in parts:
            raise DocumentError(
                f"{name} is damaged: its chapter {page.name[-60:]!r} is missing; fetch or export it again."
            )
        size += parts[page.name].file_size
        if size > LARGEST_BOOK:
            raise DocumentError(
                f"{name} has more than {LARGEST_BOOK // 1_000_000} MB of text; split it into smaller books."
            )
        if page.is_contents:
            continue
        label = f"{name} ({posixpath.basename(page.name)[-60:]})"
        text = html_text(archive.read(parts[page.name]), label, whole=True, may_be_empty=True).text
        title = titles.get(page.name, "")
        if text and title and not _begins_with(text, title):
            text = f"# {title}\n{text}"
        if text:
            chapters.append(text)
    if not chapters:
        raise DocumentError(f"{name} holds no text, perhaps only pictures; export it with its text, or leave it out.")
    return Extracted(
        "\n\n".join(chapters),
        title=_first(package, "title"),
        source=_first(package, "publisher"),
        date=_day(package),
        author="、".join(dict.fromkeys(filter(None, (_text(node) for node in _authors(package))))),
    )


# --- the package


def _xml(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo], part: str, name: str) -> Element:
    """One of the book's own XML files. defusedxml refuses entities and external files before they do anything."""
    from defusedxml import DefusedXmlException, ElementTree

    if part not in parts:
        raise DocumentError(f"{name} is no e-book that can be read: it has no {part}; fetch or export it again.")
    if parts[part].file_size > _LARGEST_XML:
        raise DocumentError(f"{name} has a {part[-60:]} of more than {_LARGEST_XML // 1_000_000} MB; export it again.")
    try:
        root: Element = ElementTree.fromstring(archive.read(parts[part]))
    except DefusedXmlException as error:
        raise DocumentError(
            f"{name} declares XML entities in {part[-60:]}, which no e-book needs; export it again."
        ) from error
    except ParseError as error:
        raise DocumentError(f"{name} is damaged: {part[-60:]} is not valid XML; fetch or export it again.") from error
    return root


def _all(root: Element, tag: str) -> Iterator[Element]:
    """The elements of this name in whatever namespace."""
    return (node for node in root.iter() if isinstance(node.tag, str) and node.tag.rpartition("}")[2] == tag)


def _inside(base: str, href: str) -> str:
    """The name within the archive that a link of one of its files means; nothing outside has a name that fits."""
    try:
        target = unquote(urlsplit(href).path)
    except ValueError:
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target)) if target else ""


def _spine(package: Element, place: str) -> list[_Page]:
    items = {
        node.get("id", ""): _Page(
            _inside(place, node.get("href", "")),
            node.get("media-type", ""),
            "nav" in node.get("properties", "").split(),
        )
        for node in _all(package, "item")
    }
    guides = {
        _inside(place, node.get("href", ""))
        for node in _all(package, "reference")
        if node.get("type", "").lower() == "toc"
    }
    pages: dict[str, _Page] = {}
    for node in _all(package, "itemref"):
        page = items.get(node.get("idref", ""))
        if page and page.type in _PAGE_TYPES:
            pages.setdefault(page.name, page._replace(is_contents=page.is_contents or page.name in guides))
    return list(pages.values())[:_MOST_CHAPTERS]


def _locked(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo], name: str) -> set[str]:
    """The parts that are encrypted so that they cannot be read."""
    if "META-INF/encryption.xml" not in parts:
        return set()
    found: set[str] = set()
    for data in _all(_xml(archive, parts, "META-INF/encryption.xml", name), "EncryptedData"):
        methods = [node.get("Algorithm", "") for node in _all(data, "EncryptionMethod")]
        if not any(method in _FONT_MASKS for method in methods):
            found |= {_inside("", node.get("URI", "")) for node in _all(data, "CipherReference")}
    return found


def _contents(
    archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo], package: Element, place: str, name: str
) -> dict[str, str]:
    """The chapters' titles by the table of contents (NCX), for chapters whose own page does not give one."""
    titles: dict[str, str] = {}
    for item in _all(package, "item"):
        part = _inside(place, item.get("href", ""))
        if item.get("media-type") != "application/x-dtbncx+xml" or part not in parts:
            continue
        try:
            root = _xml(archive, parts, part, name)
        except DocumentError:
            return {}  # many books have one that is not quite XML; the text can be read without it
        for point in _all(root, "navPoint"):
            label = next((_text(node) for node in _all(point, "text")), "")
            link = next((node.get("src", "") for node in _all(point, "content")), "")
            if label and link and "#" not in link:
                titles.setdefault(_inside(part, link), label)
    return titles


def _text(node: Element) -> str:
    return tidy("".join(node.itertext()))[:300]


def _first(package: Element, tag: str) -> str:
    return next(filter(None, (_text(node) for node in _metadata(package, tag))), "")


def _metadata(package: Element, tag: str) -> Iterator[Element]:
    return (node for metadata in _all(package, "metadata") for node in _all(metadata, tag))


def _authors(package: Element) -> list[Element]:
    """Those who are called authors; those whose part is not told where nobody is."""
    roles = {
        (node.get("refines") or "").lstrip("#"): _text(node)
        for node in _metadata(package, "meta")
        if node.get("property") == "role"
    }
    creators = list(_metadata(package, "creator"))
    older = "{http://www.idpf.org/2007/opf}role"
    known = [(node, roles.get(node.get("id", ""), node.get(older, ""))) for node in creators]
    return [node for node, role in known if role in ("aut", "")][:10] or creators[:10]


def _day(package: Element) -> str:
    """The day of publication; a year alone is none. A date of conversion or modification does not count."""
    for node in _metadata(package, "date"):
        event = node.get("{http://www.idpf.org/2007/opf}event", "publication")
        match = re.match(r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?!\d)", _text(node))
        if match and event == "publication" and match[1] > "0101":  # Calibre writes 0101-01-01 for unknown
            return match[0]
    return ""


# --- the chapters


def _begins_with(text: str, title: str) -> bool:
    """Whether a chapter shows its title by itself, in its first lines."""
    start = re.sub(r"\W", "", text[: len(title) * 3 + 200])
    return re.sub(r"\W", "", title) in start
