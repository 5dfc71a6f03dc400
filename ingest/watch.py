"""Waits for changes in files and folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

#: Milliseconds that changes are collected for, so that a file that is being written is not read at every block of it.
QUIET = 1500


def changes(paths: Sequence[str | Path], *, stop: Event | None = None) -> Iterator[None]:
    """Comes back each time that something in these paths has changed, until Ctrl-C or `stop`.

    A path that is a file is watched by its folder, as many programs save by putting a new file in the old one's place.
    """
    from watchfiles import watch

    named = [Path(path).expanduser().absolute() for path in paths]
    folders = {path if path.is_dir() else path.parent for path in named}

    def concerned(_: object, changed: str) -> bool:
        return any(Path(changed) == path or path in Path(changed).parents for path in named)

    for _ in watch(*folders, watch_filter=concerned, debounce=QUIET, stop_event=stop, raise_interrupt=True):
        yield
