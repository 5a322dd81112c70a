"""Words become one quoted shell line here and nowhere else."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from os import PathLike


@dataclass(frozen=True)
class Command:
    """Words to execute. `shell` is for a runner; `str()` is for people."""

    words: tuple[str, ...]

    @property
    def shell(self) -> str:
        """The line as a POSIX shell reads it back into exactly these words."""
        return shlex.join(self.words)

    def __str__(self) -> str:
        return self.shell


def command(*words: str | PathLike[str]) -> Command:
    """A command of literal words; nothing in them is ever interpreted by a shell."""
    return Command(tuple(str(word) for word in words))


def shell_line(line: str) -> Command:
    """A line that the user wrote for a shell (DEPLOY_RESTART, DEPLOY_MIGRATE, …), run by `sh -c` as it stands."""
    return Command(("sh", "-c", line))
