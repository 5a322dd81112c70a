"""Every failure that deploytasks can explain, each with its exit code.

A message reads `<host or file:line>: <what is wrong>; <next move>`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

OK = 0
FAILED = 1
USAGE = 2
BUG = 3
UNREACHABLE = 4
LOCKED = 5
DISAGREE = 6
PENDING = 10
UNWRITTEN = 74
NOT_READY = 75
REFUSED = 77
MISCONFIGURED = 78
INTERRUPTED = 130

PRECEDENCE = (
    DISAGREE,
    BUG,
    INTERRUPTED,
    LOCKED,
    UNREACHABLE,
    REFUSED,
    MISCONFIGURED,
    NOT_READY,
    FAILED,
    UNWRITTEN,
)


class DeployError(Exception):
    """Root of all failures that have an explanation."""

    exit_code = FAILED


class StepFailed(DeployError):
    """A step failed; every host serves what it served before."""


class UsageError(DeployError):
    """The command line, the configuration or the tree to ship is wrong; nothing was contacted."""

    exit_code = USAGE


class ConfigurationError(UsageError):
    """All problems of the configuration at once, one per line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Unreachable(DeployError):
    """A host cannot be reached, refuses the login, or its key is refused."""

    exit_code = UNREACHABLE


class Locked(DeployError):
    """Somebody else holds the lock, or this run's lock is gone."""

    exit_code = LOCKED


CURES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EROFS: "see that it can be written, or set XDG_CACHE_HOME and TMPDIR to directories that can",
    errno.EACCES: "see that it can be read and written by whom deploytasks runs as",
    errno.EPERM: "see that it can be read and written by whom deploytasks runs as",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "a file stands where a directory should; move it away",
    errno.EMFILE: "allow more open files: `ulimit -n`",
}
"""{what this machine refuses: the next move}"""


def of_this_machine(error: BaseException | None) -> DeployError | None:
    """The failure that a disk, a limit or permissions of this machine are, and nothing that is ours to mend."""
    if not isinstance(error, OSError) or error.errno not in CURES:
        return None
    place = error.filename if isinstance(error.filename, str) else "this machine"
    return DeployError(f"{place[:200]}: {error.strerror}; {CURES[error.errno]}")


def worst(exit_codes: Iterable[int]) -> int:
    """The exit code that speaks for all of them: the first of `PRECEDENCE` present, else 0."""
    present = set(exit_codes) - {OK}
    return next((code for code in PRECEDENCE if code in present), min(present, default=OK))
