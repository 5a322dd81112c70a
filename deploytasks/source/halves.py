"""A tree divided in two by its cost."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

FILE_COST = 8000
"""What a file costs besides its own bytes, in bytes: 11,471 files of 162 MB and one file of 254 MB take as long."""
WORTH = 60_000_000
"""The cost from which dividing pays: about 0.2 s of a processor."""
LEAST = 0.2
"""The part of the whole that is still worth an upload of its own."""
PLAIN = re.compile(r"[A-Za-z0-9_.+-]+/[A-Za-z0-9_.+-]+")


class Sized(Protocol):
    """What ships at a path, with its bytes."""

    @property
    def size(self) -> int: ...


def half(entries: Iterable[tuple[str, Sized]]) -> tuple[str, ...]:
    """Directories of the second level, such as vendor/x, that cost about half as much to upload as the whole tree.

    None where the tree is small, or is not made like that.
    """
    whole, costs = 0, defaultdict[str, int](int)
    for path, entry in entries:
        cost, names = FILE_COST + entry.size, path.split("/", 2)
        whole += cost
        if len(names) == 3:
            costs[f"{names[0]}/{names[1]}"] += cost
    if whole < WORTH:
        return ()
    chosen, together = [], 0
    for directory, cost in sorted(costs.items(), key=lambda item: (-item[1], item[0])):
        if together + cost <= whole / 2 and PLAIN.fullmatch(directory):
            chosen.append(directory)
            together += cost
    return tuple(sorted(chosen)) if together >= LEAST * whole else ()
