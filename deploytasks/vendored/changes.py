"""What moving pins brings, in words: rewinds first, then the subjects of the commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import git
from .dependency import Dependency

MOST = 20
"""Subjects shown of each kind."""


@dataclass(frozen=True)
class Change:
    """One dependency between two states; `old` or `new` is None when it comes or goes."""

    path: str
    old: str | None
    new: str | None
    added: tuple[str, ...] = ()
    """`<7 of commit> <subject>` of commits that come, newest first."""
    removed: tuple[str, ...] = ()
    """The same of commits that go: a rewind."""
    unknown: bool = False
    """The old commit is not in this clone, so that nothing can be said of what lies between."""

    def lines(self) -> list[str]:
        """For people."""
        if self.old is None or self.new is None:
            return [
                f"{self.path}: {'new' if self.old is None else 'removed'}, {(self.new or self.old or '')[:7]}"
            ]
        head = f"{self.path}: {self.old[:7]} → {self.new[:7]}"
        if self.unknown:
            return [f"{head} (the old commit is not in this clone)"]
        rewind = [f"{head} REWINDS {len(self.removed)} commit(s):", *shown("  - ", self.removed)]
        forward = [f"{head} brings {len(self.added)} commit(s):", *shown("  + ", self.added)]
        return [*(rewind if self.removed else []), *(forward if self.added else [])] or [head]

    def document(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "old": self.old,
            "new": self.new,
            "added": list(self.added),
            "removed": list(self.removed),
            "unknown": self.unknown,
        }


def changes(old: Mapping[str, str], new: Sequence[Dependency]) -> tuple[Change, ...]:
    """What changes from the pins `old` ({path: commit}) to the dependencies `new`."""
    found = [
        between(one.git_dir, one.path, old[one.path], one.commit)
        if one.path in old
        else Change(one.path, None, one.commit)
        for one in new
        if old.get(one.path) != one.commit
    ]
    paths = {one.path for one in new}
    found += [Change(path, commit, None) for path, commit in old.items() if path not in paths]
    return tuple(sorted(found, key=lambda change: (not change.removed, change.path)))


def between(git_dir: Path, path: str, old: str, new: str) -> Change:
    """The commits that come and go between two pins of one dependency."""
    words = ("log", "--left-right", "--format=%m%h %s", "--abbrev=7", f"{old}...{new}", "--")
    listed = git.answer(git_dir, *git.inside(git_dir), *words) if git_dir.is_dir() else None
    if listed is None:
        return Change(path, old, new, unknown=True)
    sides = {
        side: tuple(line[1:] for line in listed.splitlines() if line.startswith(side)) for side in (">", "<")
    }
    return Change(path, old, new, sides[">"], sides["<"])


def shown(sign: str, subjects: Sequence[str]) -> list[str]:
    """The first of some subjects, a line each, and how many more there are."""
    more = [f"{sign}… and {len(subjects) - MOST} more"] if len(subjects) > MOST else []
    return [f"{sign}{subject}" for subject in subjects[:MOST]] + more
