"""What a host says of itself at the beginning of a run, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .answers import Inventory, LockHolder
from .shape import shaped


@dataclass(frozen=True)
class SudoRule:
    """Whether sudo lets one command through without a password, None where that cannot be told."""

    installed: bool
    allowed: bool | None = None
    line: str = ""
    """The line that sudoers would need."""


@dataclass(frozen=True)
class Manager:
    """The service manager that is to run the processes of the deploying user."""

    systemd: bool
    """Whether systemd is the host's first process at all."""
    lingers: bool
    answers: bool
    is_root: bool


@dataclass(frozen=True)
class HostFacts:
    """Everything that a check decides on; see remote/check/facts.py."""

    user: str
    home: str
    root: str
    obstacle: str
    nearest: str
    current: str
    """What stands in the place of the link: `missing`, `symlink`, `directory` or `other`."""
    rsync: str
    python: str
    free_bytes: int
    free_inodes: int
    has_inodes: bool
    clock: float
    inventory: Inventory
    group: str
    unwritable: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    noexec: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    missing_shared: tuple[str, ...] = ()
    sudo: tuple[SudoRule, ...] = ()
    owner: dict[str, Any] | None = None
    lock: LockHolder | None = None
    manager: Manager | None = None
    """None for a host that is to run no processes."""
    environment_keys: Mapping[str, str] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, value: Any) -> HostFacts:
        lock = LockHolder.of(value.get("lock"))
        return replace(shaped(cls, {**value, "lock": None}), lock=lock)


@dataclass(frozen=True)
class ToolFacts:
    """The interpreter and the installers of a host. `said` is all of it, for the room of the packages."""

    python: str
    installer: str
    platform: str
    implementation: str
    executable: str
    tag: str
    uv: str
    trouble: str
    venv: bool
    free_bytes: int
    free_inodes: int
    has_inodes: bool
    libc: tuple[str, ...]
    platforms: tuple[str, ...]
    venvs: tuple[str, ...]
    """The keys of the environments that are complete there."""
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, value: Any) -> ToolFacts:
        return replace(shaped(cls, value), said=value)
