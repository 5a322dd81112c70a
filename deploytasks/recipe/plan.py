"""Plan: everything decided here before a host is contacted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ..config.environment import Environment, Host
from ..config.ranges import written_out
from ..errors import UsageError
from .layout import Layout
from .recipe import Recipe

if TYPE_CHECKING:
    from ..source import Revision
    from ..ssh.route import SshOptions

OfHost = TypeVar("OfHost")
"""A host, or what belongs to it."""


@dataclass(frozen=True)
class Options:
    """What the command line adds to the configuration."""

    fresh: bool = False
    """The services are new: a missing database is waited for until the deadline."""
    wait_lock: float = 0.0
    """Seconds to wait for another run's lock; a manual freeze is never waited for."""
    allow_dirty: bool = False


@dataclass(frozen=True)
class Identity:
    """Who deploys, from where, and which project this is; read once at the edge."""

    who: str
    machine: str
    run_id: str
    owner: Mapping[str, Any]
    holder: Mapping[str, Any]
    """The lock's holder, as hosts/lock.py writes it."""


@dataclass(frozen=True)
class Plan:
    """A deploy decided: environment, revision, recipe, hosts."""

    environment: Environment
    recipe: Recipe
    revision: Revision | None
    """None for commands that ship nothing."""
    hosts: tuple[Host, ...]
    identity: Identity
    options: Options = Options()
    command: str = "deploy"
    ssh: SshOptions | None = None
    """Fabric's core options, as they were given on the command line."""
    started: str = ""
    """UTC, ISO 8601."""

    @property
    def layout(self) -> Layout:
        return Layout.of(self.environment)


def limited(hosts: Sequence[Host], names: Sequence[str]) -> tuple[Host, ...]:
    """The hosts that `--limit` names (by full name or address); all of them when it names none.

    Raises UsageError for a name that is none of the environment's hosts.
    """
    names = tuple(name for word in names for name in every(word))
    unknown = [name for name in names if not any(name in (host.name, host.address) for host in hosts)]
    if unknown:
        known = ", ".join(host.name for host in hosts)
        raise UsageError(f"--limit: {unknown[0]!r} is no host of this environment; its hosts are {known}")
    return tuple(host for host in hosts if not names or host.name in names or host.address in names)


def every(word: str) -> list[str]:
    """The names that a word of `--limit` stands for, a range written out. Raises UsageError."""
    try:
        return written_out(word)
    except ValueError as wrong:
        raise UsageError(f"--limit: {word} {wrong}; write it as in DEPLOY_HOSTS") from wrong


def batches(hosts: Sequence[OfHost], size: str) -> tuple[tuple[OfHost, ...], ...]:
    """Hosts in the order written, cut as DEPLOY_BATCH says: a number, a percentage (rounded up), or `all`."""
    if size == "all":
        count = len(hosts)
    elif size.endswith("%"):
        count = -(-len(hosts) * int(size[:-1]) // 100)
    else:
        count = int(size)
    count = max(1, count)
    return tuple(tuple(hosts[at : at + count]) for at in range(0, len(hosts), count))
