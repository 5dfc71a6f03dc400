"""Waits for changes in files and folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

#: Milliseconds that changes are collected for, so that a file that is being written is not read at every block of it.
QUIET = 1500
#: Milliseconds after which it looks whether it shall stop.
TURN = 500


def changes(paths: Sequence[str | Path], *, stop: Event | None = None) -> Iterator[None]:
    """Comes back once it is watching, and then each time that something in these paths has changed.

    It ends with Ctrl-C or `stop`. What changes while the caller is busy is told when it comes for the next one. A path
    that is a file is watched by its folder, as many programs save by putting a new file in the old one's place.
    """
    from watchfiles import watch

    named = [Path(path).expanduser().absolute() for path in paths]
    folders = {path if path.is_dir() else path.parent for path in named}

    def concerned(_: object, changed: str) -> bool:
        return any(Path(changed) == path or path in Path(changed).parents for path in named)

    watching = False
    for changed in watch(
        *folders,
        watch_filter=concerned,
        debounce=QUIET,
        rust_timeout=TURN,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=True,
    ):
        if changed or not watching:
            watching = True
            yield
