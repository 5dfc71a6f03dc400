"""Files and folders into a library.

`sync(paths, library)` returns what was added, updated, removed and what failed; `Step` is what its `progress` is told,
which may raise `Stopped` to end it.
"""

from __future__ import annotations

from ingest.sync import Step, Stopped, sync

__all__ = ["Step", "Stopped", "sync"]
