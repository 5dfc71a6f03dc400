"""A saved mail (.eml) becomes its text, with its subject as the title, its sender as the source, and its day.

It reads one file with the standard library's parser and opens nothing else. Attachments are not read, only named in the
last line: save them beside the mail, so that they become documents of their own. It does not know other mail formats
(.msg, .mbox). The day is the one on the sender's calendar; time zones are not converted.

The parser runs with its older policy, compat32: it hands headers over as they are, while the newer one takes them
apart and fails on some broken ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import collapse_rfc2231_value, parseaddr, parsedate_to_datetime
from pathlib import Path

from ingest.extracted import Extracted
from ingest.pagetext import decode_page, tidy, visible
from ingest.web import html_text
from rag.errors import DocumentError

#: Bytes of the largest mail that is read, its attachments included; ten seconds and ten times its size in memory.
LARGEST_MAIL = 60_000_000
#: How many parts that hold other parts a mail may have. Python's parser calls itself for each level of them.
_MOST_NESTED = 200
_NESTED = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
# A plain part that is this much shorter than the same in HTML only says that one should read the other.
_FAR_SHORTER = 0.3


def read_eml(path: Path) -> Extracted:
    """The text of a mail: its own, then that of mails attached to it, then a line that names other attachments.

    Of a text that is sent twice the plain one is taken, unless it is far shorter than the one in HTML. Quoted mails
    stay where they are. Raises DocumentError for a file that cannot be read, is too large, is no mail, is encrypted,
    or holds neither text nor attachments.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_MAIL + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(f"{path.name} cannot be read ({reason}); check that it exists and is yours.") from error
    if len(data) > LARGEST_MAIL:
        raise DocumentError(
            f"{path.name} is larger than {LARGEST_MAIL // 1_000_000} MB; save its attachments and the mail apart."
        )
    if sum(1 for _ in _NESTED.finditer(data)) > _MOST_NESTED:
        raise DocumentError(
            f"{path.name} holds more than {_MOST_NESTED} mails or parts within parts; save them one by one."
        )
    mail = BytesParser().parsebytes(data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"))
    if not any(mail.get(name) is not None for name in ("From", "Subject", "Date", "To", "Received", "Message-ID")):
        raise DocumentError(f"{path.name} is no mail, whatever its name says; save it from your mail program as .eml.")
    reading = _Reading(path.name)
    reading.add(mail)
    if not reading.texts and not reading.attachments:
        raise DocumentError(f"{path.name} holds no text; leave it out.")
    named = [f"附件: {'、'.join(reading.attachments)}"] if reading.attachments else []
    return Extracted(
        "\n\n".join([*reading.texts, *named]),
        title=_header(mail, "Subject"),
        source=_sender(mail),
        date=_day(mail),
    )


class _Reading:
    """What is found on the way through a mail's parts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.texts: list[str] = []
        self.attachments: list[str] = []

    def add(self, part: Message) -> None:
        """Takes in a part and those within it. Their depth is bounded by `_MOST_NESTED`."""
        kind = part.get_content_type()
        sealed = kind in ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
        if sealed and "signed" not in _parameter(part, "smime-type"):
            raise DocumentError(f"{self.name} is encrypted; open it in your mail program and save its text.")
        if kind == "message/rfc822":
            for mail in _inner(part):
                self.texts.append(_heading(mail))
                self.add(mail)
        elif part.is_multipart():
            inner = _inner(part)
            if kind == "multipart/alternative":
                self._add_best(inner)
            else:
                for child in inner:
                    self.add(child)
        elif (filename := _filename(part)) or part.get_content_disposition() == "attachment":
            # Pictures that the text shows are no attachments to a reader.
            if not (part.get("Content-ID") and kind.startswith("image/")):
                self.attachments.append(filename or kind)
        elif text := self._text(part):
            self.texts.append(text)

    def _add_best(self, versions: Sequence[Message]) -> None:
        """Of one text in several forms the plain one, or HTML where that says far more; and all their attachments."""
        found: list[_Reading] = []
        for version in versions:
            reading = _Reading(self.name)
            reading.add(version)
            found.append(reading)
            self.attachments.extend(name for name in reading.attachments if name not in self.attachments)
        full = max(map(_length, found), default=0)
        best = next((reading for reading in found if reading.texts and _length(reading) >= _FAR_SHORTER * full), None)
        if best is not None:
            self.texts.extend(best.texts)

    def _text(self, part: Message) -> str:
        kind = part.get_content_type()
        data = part.get_payload(decode=True)
        if part.get_content_maintype() == "multipart":  # but its parts could not be told apart, so it is one text
            data = str(part.get_payload()).encode("utf-8", "surrogateescape")
        elif kind not in ("text/plain", "text/html"):
            return ""
        if not isinstance(data, bytes) or not data.strip():
            return ""
        text = decode_page(data, self.name, _parameter(part, "charset"))
        if kind == "text/html":
            # The mark settles the encoding, whatever the page declares.
            marked = b"\xef\xbb\xbf" + text.removeprefix("\ufeff").encode()
            return html_text(marked, self.name, whole=True, may_be_empty=True).text
        lines = [line.rstrip(" \t") for line in _unflowed(part, visible(text).split("\n"))]
        return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()


def _length(reading: _Reading) -> int:
    return sum(len("".join(text.split())) for text in reading.texts)


def _inner(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _unflowed(part: Message, lines: Sequence[str]) -> Iterator[str]:
    """Lines of a text in format=flowed (RFC 3676) put together: a space at the end says that the next one goes on."""
    flowed = _parameter(part, "format").lower() == "flowed"
    space = "" if _parameter(part, "delsp").lower() == "yes" else " "
    held = ""
    for line in lines:
        quoted = len(line) - len(line.lstrip(">"))
        text = line.removeprefix(" ") if flowed and not quoted else line
        if held:
            # A paragraph does not go on at another depth of quotation.
            if quoted == len(held) - len(held.lstrip(">")) and text != "-- ":
                text = held + (text[quoted:].removeprefix(" ") if quoted else text)
            else:
                yield held
            held = ""
        if flowed and text.endswith(" ") and text.lstrip(">").strip(" ") != "--":
            held = text.rstrip(" ") + space
        else:
            yield text
    if held:
        yield held


# --- headers


def _parameter(part: Message, name: str) -> str:
    try:
        value = part.get_param(name, "")
        return collapse_rfc2231_value(value) if isinstance(value, str | tuple) else ""
    except (ValueError, LookupError):
        return ""  # a broken parameter is as good as none


def _filename(part: Message) -> str:
    """The name of an attachment, without any folder."""
    name = ""
    for key, header in (("filename", "content-disposition"), ("name", "content-type")):
        try:
            value = part.get_param(key, "", header=header)
            name = name or collapse_rfc2231_value(value)
        except (ValueError, LookupError):
            continue
    return re.split(r"[/\\]", _decoded(name))[-1][:200].strip()


def _header(mail: Message, name: str) -> str:
    """The first header of this name, decoded and on one line."""
    raw = next((str(value) for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    return _decoded(raw)[:500]


def _decoded(raw: str) -> str:
    """A header's value: encoded words (=?gb2312?B?…?=), or bytes that somebody sent as they are."""
    raw = raw[:20_000]
    pieces: list[tuple[bytes | str, str | None]]
    try:
        pieces = list(decode_header(raw)) if "=?" in raw else [(raw, None)]
    except ValueError:  # also binascii's errors and HeaderParseError
        pieces = [(raw, None)]  # the reader sees what was sent
    texts = []
    for piece, charset in pieces:
        data = piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
        try:
            texts.append(decode_page(data, "a header", charset or ""))
        except DocumentError:
            texts.append(data.decode("utf-8", "replace"))
    return " ".join((tidy(visible("".join(texts))) or raw).split())


def _sender(mail: Message) -> str:
    raw = next((str(value) for key, value in mail.raw_items() if key.lower() == "from"), "")
    # The address is cut out before the name is decoded: a decoded name may hold commas and brackets of its own.
    display, address = parseaddr(" ".join(raw[:2_000].split()))
    # A name without an address is taken for one.
    return _decoded(display).strip("\"' ") or _decoded(address) or _header(mail, "From")


def _day(mail: Message) -> str:
    try:
        return parsedate_to_datetime(_header(mail, "Date")).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""  # none, or not a date


def _heading(mail: Message) -> str:
    """What stands above a mail within a mail."""
    fields = (("發件人", _sender(mail)), ("日期", _day(mail)), ("收件人", _header(mail, "To")))
    lines = [f"{label}: {value}" for label, value in fields if value]
    return "\n".join([f"## {_header(mail, 'Subject')}".rstrip(" #") or "## 郵件", *lines])
