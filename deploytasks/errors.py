"""Every failure that deploytasks can explain, each with its exit code.

A message reads `<host or file:line>: <what is wrong>; <next move>`.
"""

from __future__ import annotations

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


def worst(exit_codes: Iterable[int]) -> int:
    """The exit code that speaks for all of them: the first of `PRECEDENCE` present, else 0."""
    present = set(exit_codes) - {OK}
    return next((code for code in PRECEDENCE if code in present), min(present, default=OK))
