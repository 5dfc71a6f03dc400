"""What a zipped document may cost: its size and its XML are looked at before any package reads them.

It knows zip files, the outside of Office files and numbers of bytes; it reads no text. Everything is inflated once, a
piece at a time and without being kept, so the check itself needs next to no memory.
"""

from __future__ import annotations

import mmap
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rag.errors import DocumentError

#: Bytes that the parts of a zip file may have in all once they are inflated.
MOST_BYTES = 400_000_000
#: Bytes that the XML parts of an Office file may have in all; as a tree in memory they take up to ten times as many.
MOST_XML = 64_000_000
#: How many files a zip file may hold; each costs memory before a byte of it is read.
MOST_PARTS = 20_000
#: How many times smaller a part may be inside the zip. Sheets of equal cells reach 100, deflate ends at 1,032.
MOST_SHRUNK = 300
#: Parts below this size may be shrunk as much as they like.
_SMALL = 10_000_000

#: How parts may be shrunk. bzip2 and LZMA, which hardly any program uses, would inflate 20,000 times, and all at once.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: What zipfile raises for a file that it cannot read; RuntimeError for a compression, an encryption or a version of the
#: format that it does not know.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)

_PIECE = 1 << 18
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Parts in these encodings spell < and ! as ASCII does, so that a document type cannot hide from the search for it.
# What a Mac keeps of a file beside it, under the same ending, when it makes a zip file.
_APPLE = b"\0\5\x16\7"
_ENCODINGS = re.compile(
    rb"(?i)utf-?8|utf-16(?:le|be)?|(?:us-)?ascii|iso-8859-\d+|windows-125\d|gb(?:2312|k|18030)|big5"
)
_DECLARED = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([^\"']*)[\"']")
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))


def check_zip(path: Path) -> None:
    """Raises DocumentError for a zip file that is damaged, locked with a password or far larger than it looks.

    The sizes that its directory declares are added up first, then what really comes out is counted.
    """
    for _ in _pieces(path):
        pass


def check_sizes(path: Path, parts: Iterable[zipfile.ZipInfo]) -> None:
    """Raises DocumentError when parts are too large, or shrunk too much, by what the zip file's directory says.

    zipfile inflates no more of a part than that, but for methods that are not in `METHODS`.
    """
    parts = list(parts)
    if sum(part.file_size for part in parts) > MOST_BYTES or any(
        part.file_size > _SMALL and part.file_size > MOST_SHRUNK * part.compress_size for part in parts
    ):
        raise _too_large(path)


def check_office(path: Path, *, most_xml: int = MOST_XML) -> None:
    """`check_zip` for .docx, .pptx and .xlsx: also nothing but these, and no XML that could reach outside or explode.

    A document type is where XML declares entities, those that name other files and those that multiply; Office writes
    none, so a part with one is refused. Raises DocumentError.
    """
    with _reading(path), path.open("rb") as file:
        start = file.read(8)
        if start == _OLE:
            raise DocumentError(_binary(path, file))
    if not start.startswith(b"PK"):
        raise DocumentError(
            f"{path.name} is not an Office file, whatever its name says; "
            f"open it in the program that made it and save it as {path.suffix.lower()}."
        )
    size, part, tail, is_xml = 0, -1, b"", False
    for number, name, piece in _pieces(path):
        if number != part:
            part, tail, is_xml = number, b"", _is_xml(path, name, piece)
        if not is_xml:
            continue
        size += len(piece)
        if size > most_xml:
            raise DocumentError(
                f"{path.name} holds more than {most_xml // 1_000_000} MB of text and markup; split it into files."
            )
        if any(mark in tail + piece for mark in _DOCTYPES):
            raise DocumentError(
                f"{path.name} declares a document type in {_shown(name)}, which no Office program writes and which "
                "could reach other files; save it again from Word, Excel or PowerPoint."
            )
        tail = piece[-20:]


_FAILURES: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,  # of zipfile and openpyxl: a compression or a version of the format that they do not know
    OSError,
    RecursionError,
    SyntaxError,  # of XML
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def refusing(path: Path, *own: type[Exception]) -> Iterator[None]:
    """Turns what a package raises on a file that it cannot read into a DocumentError of one sentence.

    A hostile file makes packages fail in any of these ways, and in their `own`; MemoryError and the like are not theirs
    to answer for.
    """
    kinds = (*_FAILURES, *own)
    try:
        yield
    except kinds as error:
        raise DocumentError(
            f"{path.name} is damaged or not what its name says ({type(error).__name__}); "
            f"open it in the program that made it and save it as {path.suffix.lower()} again."
        ) from error


def _pieces(path: Path) -> Iterator[tuple[int, str, bytes]]:
    """Number, name and next piece of the parts of a zip file; two may share a name."""
    with _reading(path), zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS:
            raise DocumentError(f"{path.name} holds {len(parts):,} files; more than {MOST_PARTS:,} are not read.")
        check_sizes(path, parts)
        total = 0
        for number, part in enumerate(parts):
            if part.flag_bits & 1:
                raise DocumentError(_locked(path))
            if part.compress_type not in METHODS:
                raise DocumentError(f"{path.name} is packed in a rare way; save it again.")
            with archive.open(part) as stream:
                while piece := stream.read(_PIECE):
                    total += len(piece)
                    if total > MOST_BYTES:
                        raise _too_large(path)
                    yield number, part.filename, piece


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise DocumentError(f"{path.name} is damaged or cut off; fetch or save it again.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(f"{path.name} cannot be read ({reason}); check that it exists and is yours.") from error


def _too_large(path: Path) -> DocumentError:
    return DocumentError(
        f"{path.name} would unpack to far more than it looks (over {MOST_BYTES // 1_000_000} MB, or the same bytes "
        "again and again); leave it out, or save its text as a smaller file."
    )


def _locked(path: Path) -> str:
    return f"{path.name} is protected with a password; save a copy without one and add that."


def _binary(path: Path, file: IO[bytes]) -> str:
    """What to say of a file in Microsoft's older container, in which new files are wrapped when they are encrypted."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            return _locked(path)
    return (
        f"{path.name} is in the old format of Office (.doc, .xls or .ppt), whatever its name says; "
        f"open it and save it as {path.suffix.lower()}."
    )


def _is_xml(path: Path, name: str, start: bytes) -> bool:
    """Whether a part is XML; raises DocumentError for XML whose encoding would hide what it says."""
    utf16 = start.startswith((b"\xff\xfe", b"\xfe\xff")) or start[:2] in (b"<\0", b"\0<")
    text = start[2:] if start.startswith((b"\xff\xfe", b"\xfe\xff")) else start.removeprefix(b"\xef\xbb\xbf").lstrip()
    named = name.lower().endswith((".xml", ".rels"))
    if start.startswith(_APPLE) or not (named or text.startswith((b"<?xml", b"<\0?\0", b"\0<\0?"))):
        return False
    plain = text[:400].replace(b"\0", b"") if utf16 else text[:400]
    declared = _DECLARED.match(plain)
    known = plain.startswith(b"<") and (declared is None or _ENCODINGS.fullmatch(declared[1]))
    if not known or (not utf16 and b"\0" in text[:400]) or text[:4] in (b"<\0\0\0", b"\0\0\0<"):
        raise DocumentError(
            f"{path.name} has a part that is no ordinary XML ({_shown(name)}); open it in the program that made it and "
            f"save it as {path.suffix.lower()} again."
        )
    return True


def _shown(name: str) -> str:
    return "".join(character for character in name[-40:] if character.isprintable())
