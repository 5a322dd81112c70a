"""Which hosts will be sent something, as far as that can be told before they are asked: those that were the last time.

A wrong forecast costs a connection for rsync that is not used, or one that is waited for.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..cache import cache_root, keep_newest
from ..config.environment import Host
from ..recipe.plan import Plan

KEPT = 1000
"""Hosts that are remembered."""
ALL, SOME = "all", "some"
"""What a host had of the tree that it was to get."""


@dataclass(frozen=True)
class Forecast:
    """The hosts that will be sent something, and those of them that have nothing yet, as it seems."""

    to_send: tuple[Host, ...]
    empty: tuple[Host, ...]


def forecast(plan: Plan) -> Forecast:
    """What happened the last time that this machine deployed to each host of a plan."""
    known = {host: remembered(place(plan, host)) for host in plan.hosts}
    to_send = tuple(host for host, said in known.items() if said != ALL)
    return Forecast(to_send, tuple(host for host in to_send if known[host] is None))


def remember(plan: Plan, complete: Mapping[Host, bool]) -> None:
    """Keep for the next time whether each host had all of the tree before this deploy; nothing stands on it."""
    with suppress(OSError):
        for host, had_all in complete.items():
            file, word = place(plan, host), ALL if had_all else SOME
            if remembered(file) != word:
                file.parent.mkdir(0o700, parents=True, exist_ok=True)
                file.write_text(word, "ascii")
                keep_newest(file.parent, KEPT)


def remembered(file: Path) -> str | None:
    """The word in a file; None when there is none."""
    try:
        return file.read_text("ascii")
    except (OSError, ValueError):
        return None


def place(plan: Plan, host: Host) -> Path:
    """The file that says how it was with a host."""
    named = "\0".join((str(plan.environment.root), host.name, plan.environment.settings.path))
    name = hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()
    return cache_root(os.environ) / "hosts" / name
