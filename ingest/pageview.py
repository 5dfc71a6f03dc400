"""A page of a PDF or of a picture file as it looks, and where on it a quote stands.

This is for the process that shows it: the file itself is opened by `ingest.pageimage`, in the child of `ingest.reader`.
It knows nothing of the library; what the file was when it was read is said by its stamp.
"""

from __future__ import annotations

import base64
import hashlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ingest.loaders import one_line
from ingest.reader import Reader
from rag.errors import DocumentError
from rag.stored import FileStamp

#: The kinds of file that have pages to show.
SUFFIXES = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})


@dataclass(frozen=True, slots=True)
class PageView:
    """The image of a page, a PNG or a JPEG of `width` by `height` pixels, and the places of a quote on it.

    `boxes`: left, top, width and height in fractions of the page (0 to 1, from its top left corner), one for each line
    of the quote, in its order. Of a quote that goes on overleaf it is the lines on this page; a row of a table has one.
    """

    image: bytes = field(repr=False)
    media_type: str
    width: int
    height: int
    boxes: tuple[tuple[float, float, float, float], ...]

    @property
    def exact(self) -> bool:
        """Whether the quote was found on the page."""
        return bool(self.boxes)


def page_view(
    path: Path,
    page: int,
    quote: str,
    *,
    stamp: FileStamp | None = None,
    reader: Reader | None = None,
    width: int = 1100,
) -> PageView:
    """Page `page` (from 1) of a file, up to `width` pixels wide, with the places of a quote; none for an empty one.

    The quote is looked for on a scan by reading it again, which takes seconds; with an empty quote it is only shown.
    Whoever shows many pages keeps a `reader`, but not the one of a sync, which would be waited for. Raises
    DocumentError for a file that is gone, is no longer what its `stamp` says, has no such page or cannot be shown.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DocumentError(one_line(f"{path.name} has no pages that can be shown; open it in its own program."))
    _expect(path, stamp)
    with ExitStack() as stack:
        found = (reader or stack.enter_context(Reader())).draw(path, page, quote, width)
    boxes = tuple((left, top, wide, high) for left, top, wide, high in found["boxes"])
    return PageView(base64.b64decode(found["image"]), found["media_type"], found["width"], found["height"], boxes)


def _expect(path: Path, stamp: FileStamp | None) -> None:
    """Raises DocumentError unless the file is there, with the content of its stamp."""
    try:
        status = path.stat()
        if stamp is None or (status.st_size, status.st_mtime_ns) == (stamp.size, stamp.modified):
            return
        with path.open("rb") as data:  # it may only have been touched
            if status.st_size == stamp.size and hashlib.file_digest(data, "sha256").hexdigest() == stamp.sha256:
                return
    except OSError as error:
        reason = error.strerror or type(error).__name__
        name = one_line(path.name)
        raise DocumentError(f"{name} cannot be shown ({reason}); check that it exists and is yours.") from error
    raise DocumentError(one_line(f"{path.name} has changed since it was read; read it in again to see its pages."))
