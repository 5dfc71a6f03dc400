"""The members of a zip archive as files, one after the other, in a folder that is gone afterwards.

A member's name is only ever a label: it is written under a name of our own, so that no archive can write elsewhere. It
knows nothing of what the members are.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ingest.encodings import chinese
from ingest.limits import METHODS, UNREADABLE, check_sizes
from rag.errors import DocumentError

MEMBERS = 5000


class Member(NamedTuple):
    """A file of an archive: its name there, and where it lies until the next one is asked for, or what is wrong."""

    name: str
    file: Path | None
    error: str = ""


def members(path: Path, suffixes: Collection[str]) -> Iterator[Member]:
    """The members whose names end in one of the suffixes, in the archive's order; others are not documents.

    A member that cannot be unpacked comes with what is wrong. Raises DocumentError when the archive cannot be opened,
    has too many members or unpacks to too much.
    """
    with _opened(path) as archive, tempfile.TemporaryDirectory(prefix="jianbao-") as folder:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > MEMBERS:
            raise DocumentError(f"{path.name} has {len(infos):,} members; unpack it, and name the folder instead.")
        check_sizes(path, infos)
        for info, name in zip(infos, _names(infos), strict=True):
            label = PurePosixPath(name.replace("\\", "/"))
            suffix = label.suffix.lower()
            if suffix not in suffixes or label.name.startswith((".", "~$")) or "__MACOSX" in label.parts:
                continue
            if suffix == ".zip":
                yield Member(name, None, f"{name} is an archive within an archive; unpack it first.")
                continue
            if info.flag_bits & 1:
                yield Member(name, None, f"{name} needs a password; unpack the archive, and name the folder instead.")
                continue
            if info.compress_type not in METHODS:
                yield Member(name, None, f"{name} is packed in a rare way; make an ordinary zip archive.")
                continue
            file = Path(folder, f"member{suffix}")
            try:
                with archive.open(info) as source, file.open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
            except UNREADABLE:
                yield Member(name, None, f"{name} is damaged within the archive; make the archive again.")
            else:
                yield Member(name, file)
            file.unlink(missing_ok=True)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except UNREADABLE as error:
        raise DocumentError(f"{path.name} is no zip archive, or damaged or cut off; make it again.") from error


def _names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The members' names. Those not marked as UTF-8 are UTF-8 all the same, or in what Chinese Windows writes.

    That is GB18030 or Big5, which all such names of an archive show together: one may be too short.
    """
    names = [info.filename for info in infos]
    raw: dict[int, bytes] = {}
    for place, info in enumerate(infos):
        with contextlib.suppress(UnicodeEncodeError):
            encoded = b"" if info.flag_bits & 0x800 else info.filename.encode("cp437")
            if encoded.isascii():
                continue
            try:
                names[place] = encoded.decode("utf-8")
            except UnicodeDecodeError:
                raw[place] = encoded
    together = chinese(b"\0".join(raw.values())) if raw else None
    each = [chinese(name) for name in raw.values()] if together is None else together.split("\0")
    for place, name in zip(raw, each, strict=True):
        names[place] = name or names[place]
    return names
