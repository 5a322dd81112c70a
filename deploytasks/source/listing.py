"""Which paths ship: of a commit, or of the work tree; what never ships is left out here."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from .. import git
from ..cache import tree_of_commit
from ..vendor import Dependency
from .manifest import EXECUTABLE, LINK, PLAIN

JOBS = 8
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


def ships(path: str) -> bool:
    """Whether a path may reach a host at all."""
    parts = path.split("/")
    return (
        parts[0] != "environments" and not path.endswith(".pyc") and not {".git", "__pycache__"} & set(parts)
    )


def of_commit(root: Path, commit: str, dependencies: Sequence[Dependency]) -> dict[str, Wanted]:
    """Everything committed at the revision, submodules at their pins included."""
    git_dir = Path(git.run(root, "rev-parse", "--absolute-git-dir").strip())
    repositories = [
        ("", git_dir, commit),
        *((f"{one.path}/", one.git_dir, one.commit) for one in dependencies),
    ]
    with ThreadPoolExecutor(JOBS) as pool:
        texts = list(pool.map(lambda one: tree_of_commit(*one[1:]), repositories))
    pairs = zip(repositories, texts, strict=True)
    return {
        path: want
        for (prefix, place, _), text in pairs
        for path, want in listed(prefix, place, text)
        if ships(path)
    }


def listed(prefix: str, git_dir: Path, text: str) -> Iterator[tuple[str, Wanted]]:
    """The files and links that `git ls-tree -r -z` lists."""
    for item in text.split("\0"):
        head, _, name = item.partition("\t")
        if name and not head.startswith("160000"):
            mode, _, blob = head.split()
            yield prefix + name, Wanted(int(mode, 8), blob, git_dir, name)


def of_work_tree(root: Path, dependencies: Sequence[Dependency]) -> dict[str, Wanted]:
    """Everything on disk less what git ignores, in the project and in every initialised submodule."""
    trees = [
        ("", root),
        *((f"{one.path}/", one.work_tree) for one in dependencies if (one.work_tree / ".git").exists()),
    ]
    with ThreadPoolExecutor(JOBS) as pool:
        parts = pool.map(lambda tree: list(on_disk(*tree)), trees)
        return {path: wanted for part in parts for path, wanted in part if ships(path)}


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
