"""The closing table: what every host serves in the end, re-read from the hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ...errors import DISAGREE, OK
from ...operation import Result
from ...recipe.answers import History, LockHolder, Provenance, Tidied, found
from ...recipe.check import open_root
from ...recipe.ending import READ_BACK, history
from ...recipe.lock import READ_LOCK
from ...report import HostOutcome

if TYPE_CHECKING:
    from ...config.environment import Host
    from ...hosts.fleet import Fleet
    from ...recipe.plan import Plan


CHANGED = {"deploy": "deployed", "rollback": "rolled back"}


def untidied(answers: Mapping[Host, Sequence[Result]]) -> Iterator[str]:
    """What could not be pruned at the end of a deploy, per host."""
    for host, results in answers.items():
        tidied = found(Tidied, results)
        if tidied and tidied.problem:
            yield f"{host.name}: could not prune: {tidied.problem}; see `fab prune`"


def read_back(fleet: Fleet, plan: Plan, hosts: Sequence[Host]) -> dict[Host, Provenance]:
    """What each of the hosts serves; those that cannot be asked are left out."""
    opened = open_root(plan)  # which an interrupted run may not have come to
    asked = {host: [opened, READ_BACK] for host in hosts if host in fleet.runners}
    answers = fleet.each(asked, resume=True, together=False)
    return {host: said for host, results in answers.items() if (said := found(Provenance, results))}


def outcomes(
    plan: Plan, release: str | None, code: int, served: Mapping[Host, Provenance], down: Collection[Host] = ()
) -> tuple[HostOutcome, ...]:
    """The closing table; `unknown` for a host that could not be asked, `failed` for those that are `down`, or serve a
    release which was not verified to its end.
    """
    table = []
    for host in plan.hosts:
        value = served.get(host)
        if value is None:
            table.append(HostOutcome(host.name, None, "unknown"))
            continue
        changed = value.release == release and plan.command in CHANGED
        outcome = CHANGED[plan.command] if changed and code == OK else "unchanged"
        outcome = "failed" if host in down or (changed and code == DISAGREE) else outcome
        table.append(HostOutcome(host.name, value.release, outcome, value.revision))
    return tuple(table)


def unasked(fleet: Fleet, plan: Plan, hosts: Sequence[HostOutcome]) -> tuple[str, ...]:
    """Hosts that were reached, and in the end do not say what they serve."""
    silent = {one.host for one in hosts if one.outcome == "unknown"}
    return tuple(
        f"{host.name}: does not say what it serves now; see `fab status --env={plan.environment.name}`"
        for host in plan.hosts
        if host.name in silent and host in fleet.runners
    )


def strays(
    fleet: Fleet, plan: Plan, expected: Mapping[str, str | None], hosts: Sequence[HostOutcome]
) -> tuple[str, ...]:
    """Hosts that serve something else than they should after this run, though no other run has been there since."""
    serves = {one.host: one.release for one in hosts if one.outcome != "unknown"}
    odd = [
        host for host in plan.hosts if serves.get(host.name) != expected.get(host.name, serves.get(host.name))
    ]
    asked = [READ_LOCK, history(1)]
    answers = fleet.each(dict.fromkeys(odd, asked), resume=True, together=False)
    run = plan.identity.run_id
    ours = [
        host.name
        for host, results in answers.items()
        if not found(LockHolder, results) and (past := found(History, results)) and past.last_run == run
    ]
    return tuple(
        f"{name}: serves {serves[name]} and not {expected.get(name)}; see what moved `current` there, then deploy again"
        for name in ours
    )
