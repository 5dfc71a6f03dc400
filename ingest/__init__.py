"""Files and folders into a library: `sync(paths, library)` returns what was added, updated, removed and what failed."""

from __future__ import annotations

from ingest.sync import sync

__all__ = ["sync"]
