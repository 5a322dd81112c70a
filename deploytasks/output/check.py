"""What a check found, in lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..report import Report


def lines(report: Report) -> list[str]:
    """A line per host, for people."""
    found = {one["host"]: described(one) for one in report.extra["check"]}
    return [
        f"{host.host:<24} {host.release or 'no release':<24} {found.get(host.host, host.outcome)}"
        for host in report.hosts
    ]


def described(one: Mapping[str, Any]) -> str:
    """What a host has."""
    version = " ".join(one["rsync"].split("protocol")[0].replace("version", "").split()) or "no rsync"
    return (
        f"{version}, Python {one['python'] or 'missing'} with {one['installer']}, {one['free_bytes'] / 1e9:.1f} GB and "
        f"{one['free_inodes']} inodes free, clock {one['clock_skew']:+.0f} s, host key {one['host_key']}"
    )
