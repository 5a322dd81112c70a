"""What ships of a work tree: what is on disk, less what git ignores."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .. import git
from ..vendored import Dependency
from .manifest import EXECUTABLE, LINK, PLAIN
from .ships import ships
from .wanted import JOBS, Wanted


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
