"""What is in files and folders that were named: which files can be read, and which of them have changed.

It reads names, sizes, times and digests, and no content. It follows no link that leads out of its folder, and takes no
digest of a file that is too large to be read.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.loaders import INSTEAD, LARGEST_SET, SUFFIXES, one_line
from ingest.plan import Key
from ingest.records import is_question_set
from rag.store import FileStamp


@dataclass
class Scan:
    """The files that are there.

    `files`: by path, each as it is now. `touched`: those with another size or time than is known, but the same content.
    `unseen`: files and folders that could not be looked at, of which nothing is known now. `failed` and `skipped`:
    (path, reason) of what should be read and cannot be, and of what is no document.
    """

    files: dict[str, FileStamp] = field(default_factory=dict)
    touched: list[FileStamp] = field(default_factory=list)
    unseen: list[Path] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)


def scan(roots: Sequence[Path], known: Mapping[str, FileStamp]) -> Scan:
    """What is in these files and folders. A file whose size and time are as `known` is not opened."""
    found = Scan()
    for file in sorted(set(_files(roots, found))):
        path = str(file)
        if path != printable(file):
            reason = f"{one_line(printable(file))} has a name that is not UTF-8; rename the file or its folder."
            found.failed.append((file, reason))
            continue
        try:
            status = file.stat()
            old = known.get(path)
            if old and (old.size, old.modified) == (status.st_size, status.st_mtime_ns):
                found.files[path] = old
                continue
            if status.st_size > LARGEST_SET:  # which takes minutes to look through, and nothing could read it
                name, size, most = one_line(file.name), status.st_size >> 20, LARGEST_SET >> 20
                reason = f"{name} has {size:,} MB; up to {most} MB are read at once."
                found.failed.append((file, f"{reason} Split it."))
                found.unseen.append(file)
                continue
            new = FileStamp(path, status.st_size, status.st_mtime_ns, _sha256(file))
        except OSError as error:
            name, why = one_line(file.name), error.strerror or type(error).__name__
            reason = f"{name} cannot be read ({why}). Check its permissions."
            found.failed.append((file, reason))
            found.unseen.append(file)
            continue
        found.files[path] = new
        if old and old.sha256 == new.sha256:
            found.touched.append(new)
    return found


def key(stamp: FileStamp) -> Key:
    """The key of a file's content, see `ingest.plan`."""
    return stamp.sha256, Path(stamp.path).suffix.lower()


def inside(path: str, folder: Path) -> bool:
    """Whether a path is a folder, or a file, or something in it."""
    return path == str(folder) or path.startswith(str(folder).rstrip("/") + "/")


def printable(path: Path) -> str:
    """The path as text; what of a file's name is not UTF-8 is replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def _files(roots: Sequence[Path], found: Scan) -> Iterator[Path]:
    """The files to read: those named, and in folders those of a known kind, but no links out of the folder."""

    def unreadable(error: OSError) -> None:
        folder = Path(error.filename)
        found.unseen.append(folder)
        reason = f"The folder {one_line(printable(folder))} cannot be read ({error.strerror}). Check its permissions."
        found.failed.append((folder, reason))

    for root in roots:
        if os.path.isfile(root):
            yield root
            continue
        if not os.path.isdir(root):  # a pipe or a device, which would be read without an end
            reason = f"{one_line(printable(root))} is neither a file nor a folder. Name one that holds documents."
            found.failed.append((root, reason))
            continue
        for folder, folders, names in os.walk(root, onerror=unreadable):
            for name in [name for name in folders if os.path.islink(Path(folder, name))]:
                found.skipped.append((Path(folder, name), "a link to a folder; name the folder itself to read it"))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                file = Path(folder, name)
                if reason := _not_wanted(file, root):
                    found.skipped.append((file, reason))
                else:
                    yield file


def _not_wanted(file: Path, root: Path) -> str:
    """Why a file in a folder is no document, empty when it may be one."""
    # ~$ is what Office puts beside a file that it has open.
    if file.name.startswith((".", "~$")) or file.suffix.lower() not in SUFFIXES:
        step = INSTEAD.get(file.suffix.lower())
        return "not a kind of file that is read" + (f"; {step}" if step else "")
    if os.path.islink(file) and not inside(os.path.realpath(file), root.resolve()):
        return "a link to a place outside the folder"
    if _is_special(file):
        return "not a regular file"
    return "a question set, not a document set" if is_question_set(file) else ""


def _is_special(file: Path) -> bool:
    """Whether a file is a pipe, a socket or a device, whose reading may never end."""
    try:
        return not stat.S_ISREG(os.stat(file).st_mode)
    except OSError:
        return False  # reading it will say what is wrong


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
