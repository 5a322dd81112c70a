"""The processes of the hosts: which run, and which should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..config.environment import Host
from ..errors import DISAGREE, OK, UNREACHABLE
from ..hosts.failures import failure_of
from ..hosts.site import fleet_of
from ..operation import Operation
from ..recipe.check import open_root
from ..recipe.plan import Plan
from ..recipe.processes import Processes
from ..report import HostOutcome, Report

YOUNG = 10.0
"""Seconds: a process that was started again and has not run for so long is one that keeps dying."""


def ps(plan: Plan) -> Report:
    """Ask every host for its processes. Exit code 6 when one is missing, failed, or of another release than current."""
    asked = [open_root(plan), Operation("ps", read=Processes.of)]
    with fleet_of(plan) as fleet:
        answers = fleet.each(dict.fromkeys(plan.hosts, asked), together=False)
    failures = {host: failure_of(host, asked, results) for host, results in answers.items()}
    found = {host: results[1].value for host, results in answers.items() if not failures[host]}
    lost = [str(failure) for failure in failures.values() if failure]
    wrong = [line for host, said in found.items() for line in problems(host, said)]
    code = DISAGREE if wrong or (lost and found) else UNREACHABLE if lost else OK
    outcomes = (
        HostOutcome(
            host.name, found[host].release if host in found else None, "ok" if host in found else "unknown"
        )
        for host in plan.hosts
    )
    return Report(
        "ps",
        plan.environment.name,
        exit_code=code,
        error="\n".join((*wrong, *lost)) or None,
        hosts=tuple(outcomes),
        extra={"processes": [one for host, said in found.items() for one in documents(host, said)]},
    )


def problems(host: Host, found: Processes) -> Iterator[str]:
    """What is not as it should be on a host, in words."""
    seen = {one.unit for one in found.seen}
    for unit in found.wanted:
        if unit not in seen:
            yield f"{host.name}: {unit} does not run; `systemctl --user start {unit}` there, or deploy again"
    for one in found.seen:
        if one.unit not in found.wanted:
            yield f"{host.name}: {one.unit} runs besides what current leads to; deploy again"
        elif one.state != "active" or (one.restarts and one.seconds < YOUNG):
            yield f"{host.name}: {one.unit} keeps ending ({one.state}); `journalctl --user-unit={one.unit}` there"


def documents(host: Host, found: Processes) -> Iterator[Mapping[str, Any]]:
    """A row for each process that runs, or should."""
    for one in found.seen:
        yield {"host": host.name, **vars(one), "current": one.unit in found.wanted}
    for unit in sorted(found.wanted.keys() - {one.unit for one in found.seen}):
        missing = {"unit": unit, "process": found.wanted[unit], "release": found.release, "state": "missing"}
        nothing = dict.fromkeys(("substate", "seconds", "pid", "memory"))
        yield {"host": host.name, **missing, **nothing, "restarts": 0, "current": True}
