from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ingest.books import read_epub
from ingest.extracted import Extracted
from rag.errors import DocumentError

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
METADATA = (
    '<dc:title>组工简报汇编</dc:title><dc:creator id="c1">张三</dc:creator><dc:creator opf:role="trl">王五</dc:creator>'
    '<dc:publisher>党建读物出版社</dc:publisher><dc:date opf:event="modification">2020-01-01</dc:date>'
    "<dc:date>2011-04-19T00:00:00Z</dc:date>"
)
ONE = "<h1>第一章</h1><p>全省开展培训341期。</p>"
TWO = "<h1>第二章</h1><p>培训组工干部8710人次。</p>"


def page(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
        f"<body>{body}</body></html>"
    )


def package(manifest: str, spine: str, *, metadata: str = METADATA, guide: str = "") -> str:
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
        f"{metadata}</metadata><manifest>{manifest}</manifest><spine>{spine}</spine>{guide}</package>"
    )


def item(number: int, href: str, extra: str = "") -> str:
    return f'<item id="i{number}" href="{href}" media-type="application/xhtml+xml" {extra}/>'


def spine(*numbers: int) -> str:
    return "".join(f'<itemref idref="i{number}"/>' for number in numbers)


def book(folder: Path, parts: dict[str, str | bytes]) -> Path:
    path = folder / "a.epub"
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": package(item(1, "one.xhtml") + item(2, "text/two%20b.xhtml"), spine(1, 2)),
        "OEBPS/one.xhtml": page(ONE),
        "OEBPS/text/two b.xhtml": page(TWO),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (files | parts).items():
            if content:
                archive.writestr(name, content)
    return path


def read(folder: Path, parts: dict[str, str | bytes] | None = None) -> Extracted:
    return read_epub(book(folder, parts or {}))


def complaint(path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        read_epub(path)
    message = str(caught.value)
    assert path.name in message
    assert str(path.parent) not in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_chapters_come_in_the_order_of_the_spine(tmp_path: Path) -> None:
    assert read(tmp_path).text == "# 第一章\n全省开展培训341期。\n\n# 第二章\n培训组工干部8710人次。"
    reverse = package(item(1, "one.xhtml") + item(2, "text/two%20b.xhtml"), spine(2, 1))
    assert read(tmp_path, {"OEBPS/book.opf": reverse}).text.startswith("# 第二章")


def test_the_package_tells_title_author_publisher_and_day(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.title, found.author, found.source, found.date) == (
        "组工简报汇编",
        "张三",
        "党建读物出版社",
        "2011-04-19",
    )
    assert found.pages == ()


@pytest.mark.parametrize("date", ["2011", "0101-01-01", "2011-13-45", "soon", ""])
def test_what_is_no_day_of_publication_is_left_empty(tmp_path: Path, date: str) -> None:
    opf = package(item(1, "one.xhtml"), spine(1), metadata=f"<dc:date>{date}</dc:date>")
    assert read(tmp_path, {"OEBPS/book.opf": opf}).date == ""


def test_the_table_of_contents_and_pictures_are_left_out(tmp_path: Path) -> None:
    opf = package(
        item(1, "one.xhtml") + item(3, "nav.xhtml", 'properties="nav"') + item(4, "toc.xhtml") + item(5, "cover.xhtml"),
        spine(5, 3, 4, 1),
        guide='<guide><reference type="toc" href="toc.xhtml"/></guide>',
    )
    contents = page("<nav><ol><li><a href='one.xhtml'>目录第一章</a></li></ol></nav>")
    parts = {"nav.xhtml": contents, "toc.xhtml": contents, "cover.xhtml": page("<img src='a.jpg'/>")}
    text = read(tmp_path, {"OEBPS/book.opf": opf, **{f"OEBPS/{name}": body for name, body in parts.items()}}).text
    assert text == "# 第一章\n全省开展培训341期。"


def test_a_chapter_without_its_title_gets_the_one_of_the_contents(tmp_path: Path) -> None:
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>前言</text></navLabel>'
        '<content src="one.xhtml"/></navPoint><navPoint><navLabel><text>第二章</text></navLabel>'
        '<content src="text/two%20b.xhtml"/></navPoint></navMap></ncx>'
    )
    manifest = item(1, "one.xhtml") + item(2, "text/two%20b.xhtml")
    opf = package(f'{manifest}<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>', spine(1, 2))
    parts: dict[str, str | bytes] = {"OEBPS/book.opf": opf, "OEBPS/one.xhtml": page("<p>培训341期。</p>")}
    for contents in (ncx, ncx.replace("</ncx>", "")):
        text = read(tmp_path, {**parts, "OEBPS/toc.ncx": contents}).text
        assert text.startswith("# 前言\n培训341期。" if contents == ncx else "培训341期。")
        assert text.count("第二章") == 1


def test_links_inside_a_book_are_text(tmp_path: Path) -> None:
    body = "<ul>" + "".join(f"<li><a href='#n{n}'>注释{n}</a></li>" for n in range(4)) + "</ul><p>正文。</p>"
    assert read(tmp_path, {"OEBPS/one.xhtml": page(body)}).text.startswith("注释0\n注释1\n注释2\n注释3")


def test_a_locked_book_is_refused_but_one_with_masked_fonts_is_read(tmp_path: Path) -> None:
    def encryption(method: str, part: str) -> str:
        return (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
            'xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
            f'<e:EncryptedData><e:EncryptionMethod Algorithm="{method}"/>'
            f'<e:CipherData><e:CipherReference URI="{part}"/>'
            "</e:CipherData></e:EncryptedData></encryption>"
        )

    locked = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/one.xhtml")
    assert "DRM" in complaint(book(tmp_path, {"META-INF/encryption.xml": locked}))
    masked = encryption("http://www.idpf.org/2008/embedding", "OEBPS/font.otf")
    assert "8710" in read(tmp_path, {"META-INF/encryption.xml": masked}).text


@pytest.mark.parametrize(
    "href", ["../../secret.xhtml", "/etc/passwd", "file:///etc/passwd", "http://example.org/a", "%2e%2e/../../x"]
)
def test_a_path_that_leads_out_of_the_book_finds_nothing(tmp_path: Path, href: str) -> None:
    (tmp_path / "secret.xhtml").write_text(page("<p>机密</p>"), encoding="utf-8")
    message = complaint(book(tmp_path, {"OEBPS/book.opf": package(item(1, href), spine(1))}))
    assert "missing" in message


@pytest.mark.parametrize("part", ["OEBPS/book.opf", "META-INF/container.xml", "META-INF/encryption.xml"])
def test_entities_in_the_books_own_files_are_refused(tmp_path: Path, part: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "哈"><!ENTITY b SYSTEM "file:///etc/passwd">]><x>&a;&b;</x>'
    assert "entities" in complaint(book(tmp_path, {part: bomb}))


def test_entities_in_a_chapter_are_not_resolved(tmp_path: Path) -> None:
    chapter = (
        '<!DOCTYPE html [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "哈哈">]>'
        "<html><body><p>培训。&a;&b;</p></body></html>"
    )
    text = read(tmp_path, {"OEBPS/one.xhtml": chapter}).text
    assert "root:" not in text
    assert "哈" not in text


def test_what_is_no_whole_book_is_named(tmp_path: Path) -> None:
    assert "container.xml" in complaint(book(tmp_path, {"META-INF/container.xml": ""}))
    assert "package" in complaint(book(tmp_path, {"OEBPS/book.opf": ""}))
    assert "two b" in complaint(book(tmp_path, {"OEBPS/text/two b.xhtml": ""}))
    assert "not valid XML" in complaint(book(tmp_path, {"OEBPS/book.opf": "<package>"}))
    pictures = page("<img src='a.jpg'/>")
    assert "no text" in complaint(book(tmp_path, {"OEBPS/one.xhtml": pictures, "OEBPS/text/two b.xhtml": pictures}))
    path = tmp_path / "a.epub"
    path.write_bytes(b"PK\x03\x04 nothing")
    complaint(path)
    complaint(tmp_path / "missing.epub")


def test_a_book_with_too_much_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.books.LARGEST_BOOK", 300)
    assert "smaller books" in complaint(book(tmp_path, {}))
