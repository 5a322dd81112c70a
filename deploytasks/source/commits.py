"""What ships of a commit, submodules at their pins included."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..commits import tree_of_commit
from ..vendored import Dependency
from .ships import ships
from .wanted import JOBS, Wanted

if TYPE_CHECKING:
    from .wanted import Changes


FORMAT = 2
"""To be raised when the same commits are staged otherwise."""


NO_FILE = ("000000", "160000")
"""Modes of what is not there, and of a submodule's pin."""


class Part(NamedTuple):
    """What ships of one repository, below `prefix`: everything committed at `commit`."""

    prefix: str
    git_dir: Path
    commit: str


@dataclass(frozen=True)
class Commits:
    """Everything committed at a revision, submodules at their pins included."""

    root: Path
    commit: str
    dependencies: Sequence[Dependency]

    @cached_property
    def name(self) -> str:
        """Says all that ships; `since` reads it."""
        return json.dumps(
            [FORMAT, {"": self.commit, **{f"{one.path}/": one.commit for one in self.dependencies}}]
        )

    @cached_property
    def parts(self) -> list[Part]:
        """The project and every submodule."""
        git_dir = Path(git.run(self.root, "rev-parse", "--absolute-git-dir").strip())
        beneath = (Part(f"{one.path}/", one.git_dir, one.commit) for one in self.dependencies)
        return [Part("", git_dir, self.commit), *beneath]

    def listed(self) -> dict[str, Wanted]:
        """Every path that ships. Raises GitFailed."""
        with ThreadPoolExecutor(JOBS) as pool:
            texts = list(pool.map(lambda part: tree_of_commit(part.git_dir, part.commit), self.parts))
        return {
            path: want
            for part, text in zip(self.parts, texts, strict=True)
            for path, want in listed(part.prefix, part.git_dir, text)
            if ships(path)
        }

    def since(self, name: str) -> Changes | None:
        """What ships otherwise than it did under a former name, None where that is not known: other submodules, or a
        commit that git has no more.
        """
        if name == self.name:
            return {}
        known = commits_of(name)
        if known.keys() != {part.prefix for part in self.parts}:
            return None
        changes: Changes = {}
        for prefix, git_dir, commit in self.parts:
            if known[prefix] != commit:
                words = ("diff-tree", "-r", "-z", "--raw", "--no-renames", known[prefix], commit)
                done = git.call(git_dir, *git.inside(git_dir), *words)
                if done.returncode or done.stderr:
                    return None
                changes |= differing(prefix, git_dir, done.stdout.decode("utf-8", "surrogateescape"))
        return {path: want for path, want in changes.items() if ships(path)}


def commits_of(name: str) -> dict[str, str]:
    """{prefix: commit} that a name says; {} for one that is none."""
    try:
        form, commits = json.loads(name)
    except ValueError:
        return {}
    return commits if form == FORMAT else {}


def differing(prefix: str, git_dir: Path, text: str) -> Changes:
    """What `git diff-tree -r -z --raw` tells: of each path `:mode mode id id status`, then the path."""
    found: Changes = {}
    heads, names = text.split("\0")[0::2], text.split("\0")[1::2]
    for head, name in zip(heads, names, strict=False):
        before, mode, _, blob, _ = head[1:].split()
        if mode not in NO_FILE:
            found[prefix + name] = Wanted(int(mode, 8), blob, git_dir, name)
        elif before not in NO_FILE:
            found[prefix + name] = None
    return found


def listed(prefix: str, git_dir: Path, text: str) -> Iterator[tuple[str, Wanted]]:
    """The files and links that `git ls-tree -r -z` lists."""
    for item in text.split("\0"):
        head, _, name = item.partition("\t")
        if name and not head.startswith("160000"):
            mode, _, blob = head.split()
            yield prefix + name, Wanted(int(mode, 8), blob, git_dir, name)
