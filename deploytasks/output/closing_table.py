"""The closing table: what each host serves; of many hosts those that are alike in one row."""

from __future__ import annotations

from ..config.ranges import folded
from ..report import Report

FEW = 4
"""Hosts up to which each has a line of its own."""


def closing_rows(report: Report) -> list[tuple[str, str, str]]:
    """(host, release, outcome) of each host; of more than a few those that are alike in one row, what differs last."""
    if len(report.hosts) <= FEW:
        return [(host.host, host.release or "-", host.outcome) for host in report.hosts]
    alike: dict[tuple[str, str], list[str]] = {}
    for host in report.hosts:
        alike.setdefault((host.release or "-", host.outcome), []).append(host.host)
    ordered = sorted(alike.items(), key=lambda pair: -len(pair[1]))
    return [(name, *what) for what, hosts in ordered for name in folded(hosts)]
