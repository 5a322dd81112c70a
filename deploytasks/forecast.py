"""Which hosts will be sent something, as far as that can be told before they are asked: those that were the last time.

A wrong forecast costs a connection for rsync that is not used, or one that is waited for.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .cache import cache_root, keep_newest
from .environment import Host
from .plan import Plan

KEPT = 1000
"""Hosts that are remembered."""


def hosts_to_send(plan: Plan) -> tuple[Host, ...]:
    """The hosts that had not all of the tree when they were deployed to from here, or never were."""
    return tuple(host for host in plan.hosts if not place(plan, host).exists())


def remember(plan: Plan, complete: Mapping[Host, bool]) -> None:
    """Keep for the next time whether each host had all of the tree before this deploy; nothing stands on it."""
    with suppress(OSError):
        for host, had_all in complete.items():
            mark(place(plan, host), had_all)


def mark(file: Path, there: bool) -> None:
    """Let an empty file be there, or not."""
    if there and not file.exists():
        file.parent.mkdir(0o700, parents=True, exist_ok=True)
        file.touch(0o600)
        keep_newest(file.parent, KEPT)
    elif not there:
        file.unlink(missing_ok=True)


def place(plan: Plan, host: Host) -> Path:
    """The file that is there when the host had all."""
    named = "\0".join((str(plan.environment.root), host.name, plan.environment.settings.path))
    name = hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()
    return cache_root(os.environ) / "complete" / name
