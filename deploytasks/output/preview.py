"""What a deploy would bring, in lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import vendored
from ..report import Report

MOST = 20
"""Names shown of each kind of file change in the text form."""


def lines(report: Report) -> list[str]:
    """The plan for people."""
    shown = []
    for host in report.extra["plan"]:
        shown += host_lines(host)
    shown += [f"note    {note}" for note in report.notes]
    if report.from_process:
        shown.append(f"from the process environment: {', '.join(report.from_process)}")
    if report.extra["recipe"]:
        shown += [
            "steps:",
            *(f"  {step['step']:<18}{', '.join(step['hosts']) or 'here'}" for step in report.extra["recipe"]),
        ]
    return shown


def host_lines(host: Mapping[str, Any]) -> list[str]:
    """What one host would get."""
    commits = host["commits"]
    holder = [f"  {host['lock']}"] if host["lock"] else []
    if not host["pending"]:
        return [f"{host['host']}: nothing to do, serves {host['release']}", *holder]
    shown = [f"{host['host']}: {(commits['from'] or 'nothing')[:7]} → {commits['to'][:7]}"]
    shown += [f"  REWINDS {len(commits['removed'])} commit(s):"] if commits["removed"] else []
    shown += [*vendored.shown("    - ", commits["removed"]), *vendored.shown("    + ", commits["added"])]
    shown += [f"  {line}" for line in host["vendored_lines"]]
    for kind, sign in (("added", "+"), ("changed", "~"), ("deleted", "-")):
        paths = host["files"][kind]
        shown += [f"  {len(paths)} file(s) {kind}:"] if paths else []
        shown += [f"    {sign} {path}" for path in paths[:MOST]] + (
            [f"    … and {len(paths) - MOST} more"] if len(paths) > MOST else []
        )
    shown.append(f"  dependencies: {host['dependencies']}")
    for kind, names in host["environment"].items():
        shown += [f"  environment keys {kind}: {', '.join(names)}"] if names else []
    shown += ["  migrations:"] if host["migrations"] else []
    shown += [f"    {line}" for line in host["migrations"]]
    return [*shown, *holder]
