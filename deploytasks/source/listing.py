"""Which paths ship: of a commit, or of the work tree; what never ships is left out here."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from .. import git
from ..cache import tree_of_commit
from ..vendored import Dependency
from .manifest import EXECUTABLE, LINK, PLAIN

FORMAT = 2
"""To be raised when the same commits are staged otherwise."""
JOBS = 8
NO_FILE = ("000000", "160000")
"""Modes of what is not there, and of a submodule's pin."""
ESCAPED = re.compile(rb"\\#([0-7]{3})")


class Wanted(NamedTuple):
    """One path to ship: its git mode, its blob id (empty:
    still to be computed), and the repository or work tree it is in.
    """

    mode: int
    id: str
    origin: Path
    name: str
    """The path inside `origin`."""


Changes = dict[str, Wanted | None]
"""None for a path that ships no more."""


def ships(path: str) -> bool:
    """Whether a path may reach a host at all."""
    parts = path.split("/")
    return (
        parts[0] != "environments" and not path.endswith(".pyc") and not {".git", "__pycache__"} & set(parts)
    )


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


@dataclass(frozen=True)
class WorkTree:
    """Everything on disk less what git ignores, in the project and in every initialised submodule."""

    root: Path
    dependencies: Sequence[Dependency]
    name = ""

    def listed(self) -> dict[str, Wanted]:
        """Every path that ships. Raises GitFailed."""
        beneath = (
            (f"{one.path}/", one.work_tree) for one in self.dependencies if (one.work_tree / ".git").exists()
        )
        with ThreadPoolExecutor(JOBS) as pool:
            parts = pool.map(lambda tree: list(on_disk(*tree)), [("", self.root), *beneath])
            return {path: wanted for part in parts for path, wanted in part if ships(path)}

    def since(self, name: str) -> None:
        """Not known: nobody keeps what was on disk before."""


def on_disk(prefix: str, tree: Path) -> Iterator[tuple[str, Wanted]]:
    """The files and links of one work tree."""
    names = git.run(
        tree, "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z"
    ).split("\0")
    for name in filter(None, names):
        try:
            mode = os.lstat(tree / name).st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue  # deleted, and not yet committed so
        if stat.S_ISLNK(mode) or stat.S_ISREG(mode):
            git_mode = LINK if stat.S_ISLNK(mode) else EXECUTABLE if mode & 0o100 else PLAIN
            yield prefix + name, Wanted(git_mode, "", tree, name)


def kept_by_rsync(tree: Path, patterns: Sequence[str]) -> frozenset[str]:
    """The paths of a staged tree that rsync itself, given the exclude patterns, would transfer."""
    with tempfile.TemporaryDirectory(prefix="deploytasks-") as directory:
        rules, empty = Path(directory, "exclude"), Path(directory, "empty")
        rules.write_text("\n".join(patterns) + "\n", "utf-8")
        empty.mkdir()
        words = ["rsync", "-rln8", "--out-format=%n", f"--exclude-from={rules}", f"{tree}/", f"{empty}/"]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    names = (ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), line) for line in done.stdout.splitlines())
    return frozenset(name.decode("utf-8", "surrogateescape") for name in names if not name.endswith(b"/"))
