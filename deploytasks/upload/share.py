"""Dividing the upload of a tree into two that run at once: one rsync alone leaves most processors idle."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


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
