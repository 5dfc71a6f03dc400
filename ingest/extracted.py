"""What a loader gets out of one file. It knows nothing of the library and of chunks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extracted:
    r"""The text of a file as it will be stored and quoted, with \n for every line break, and what the file says of it.

    `pages`: the offset at which each page begins, ascending and from 0; empty for a text without pages. `date`: ISO,
    the day of publication. All but the text may be empty, where the file does not say.
    """

    text: str
    title: str = ""
    source: str = ""
    date: str = ""
    author: str = ""
    pages: tuple[int, ...] = ()
