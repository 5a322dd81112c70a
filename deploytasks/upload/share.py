"""Dividing the upload of a tree into two that run at once: one rsync alone leaves most processors idle."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Share:
    """What one upload to an empty target brings: what is below `directories`, or all that is not."""

    directories: tuple[str, ...]
    inside: bool

    def rules(self) -> list[str]:
        """The same as rules of rsync's, to be put after patterns that are left out in any case."""
        if not self.inside:
            return [f"- /{directory}/" for directory in self.directories]
        above = sorted({directory.partition("/")[0] for directory in self.directories})
        kept = [*(f"/{name}/" for name in above), *(f"/{directory}/***" for directory in self.directories)]
        return [*(f"+ {pattern}" for pattern in kept), "- *"]


def shares(directories: Collection[str]) -> tuple[Share, ...]:
    """The two shares that `directories` divide a tree into; without any, a single one that is the whole."""
    named = tuple(directories)
    rest = Share(named, inside=False)
    return (Share(named, inside=True), rest) if named else (rest,)


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
