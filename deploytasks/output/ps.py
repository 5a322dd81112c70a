"""The processes of the hosts, in lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..report import Report


def lines(report: Report) -> list[str]:
    """A line per process, for people."""
    return [line(one) for one in report.extra["processes"]]


def line(one: Mapping[str, Any]) -> str:
    """One process: where, which, of which release, how it is."""
    parts = [f"{one['host']:<24}", f"{one['process']:<16}", one["release"], f"{one['state']:<10}"]
    parts += [f"{one['seconds']:.0f} s"] if one["seconds"] is not None and one["state"] == "active" else []
    parts += [f"pid {one['pid']}"] if one["pid"] else []
    parts += [f"{one['memory'] / 1e6:.0f} MB"] if one["memory"] else []
    parts += [f"started again {one['restarts']} times"] if one["restarts"] else []
    return "  ".join(parts)
