"""What a sync has to do, worked out from what each file held and what it holds now. Pure.

The content of a file is known by a key. Each key that is somewhere is owned by one file, whose documents the library
holds; other files with that key are copies of it. It knows nothing of documents, of formats and of disks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

#: The digest of a file's content and the end of its name, which says how the content is to be read.
Key = tuple[str, str]


class Plan(NamedTuple):
    """What to do, in this order; each part in the order of paths.

    `forget`: paths whose documents have no place any more. `moves`: (old path, new path), at once, as two may swap.
    `read`: files whose content the library does not hold. `copies`: (copy, owner).
    """

    forget: list[str]
    moves: list[tuple[str, str]]
    read: list[str]
    copies: list[tuple[str, str]]


def plan(now: Mapping[str, Key], then: Mapping[str, Key], owners: Collection[str]) -> Plan:
    """How to make a library that was in step with `then` be in step with `now`.

    `now`: the key of every file that is there. `then`: the key of every file when it was last read completely.
    `owners`: the paths that documents are stored under; one that was not read completely is not in `then`.

    >>> a, b = ("1", ".txt"), ("2", ".txt")
    >>> plan({"new.txt": a}, {"old.txt": a}, ["old.txt"]).moves
    [('old.txt', 'new.txt')]
    >>> plan({"a.txt": b, "c.txt": b}, {"a.txt": a}, ["a.txt"])
    Plan(forget=[], moves=[], read=['a.txt'], copies=[('c.txt', 'a.txt')])
    """
    keep = {path for path in owners if path in now and now[path] == then.get(path)}
    homes = {now[path]: path for path in sorted(keep, reverse=True)}
    free: dict[Key, str] = {}  # the first file with each key
    for path in sorted(now, reverse=True):
        free[now[path]] = path
    moves = []
    for path in sorted(set(owners) - keep):
        key = then.get(path)
        if key is not None and key not in homes and key in free:
            homes[key] = free[key]
            moves.append((path, free[key]))
    left, arrived = {path for path, _ in moves}, {path for _, path in moves}
    read, copies = [], []
    for path in sorted(now):
        if path in keep or path in arrived:
            continue
        owner = homes.setdefault(now[path], path)
        if owner == path:
            read.append(path)
        else:
            copies.append((path, owner))
    placeless = {path for path in [*owners, *then] if path not in now} | arrived | {path for path, _ in copies}
    forget = sorted(
        (placeless & ({*owners} - keep - left)) | {path for path in then if path not in now and path not in left}
    )
    return Plan(forget, moves, read, copies)
