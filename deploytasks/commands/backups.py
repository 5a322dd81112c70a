"""The backups of an environment, on its primary host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from ..hosts.failures import HostsFailed, failure_of
from ..hosts.observer import Observer
from ..hosts.site import fleet_of
from ..recipe.answers import answer
from ..recipe.backup import BACKUPS, Backup, Backups, restore_line
from ..recipe.check import open_root
from ..recipe.plan import Plan
from ..report import HostOutcome, Report


def backups(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Every backup, the newest first. The report's `extra` holds `backups`. Raises HostsFailed."""
    host = plan.environment.primary
    asked = [open_root(plan), BACKUPS]
    with fleet_of(plan, observer) as fleet:
        results = fleet.each({host: asked}, together=False)[host]
    failure = failure_of(host, asked, results)
    if failure:
        raise HostsFailed([failure])
    found = [
        {**asdict(one), "file": place(plan, one), "restore": restore(plan, one)}
        for one in answer(Backups, results).backups
    ]
    outcome = HostOutcome(host.name, None, "ok")
    return Report("backups", plan.environment.name, hosts=(outcome,), extra={"backups": found})


def place(plan: Plan, backup: Backup) -> str:
    """The file of a backup on the primary host."""
    return str(plan.layout.shared / "backups" / backup.release)


def restore(plan: Plan, backup: Backup) -> str | None:
    return restore_line(plan.environment, place(plan, backup), backup.kind)


def taken_before(plan: Plan, left: str | None, found: Sequence[Backup]) -> Iterator[str]:
    """What a rollback says of the backup that was taken before the release that it leaves."""
    for one in found:
        if one.release == left:
            line = restore(plan, one)
            how = f"; it would be restored by: {line}" if line else ""
            yield f"{plan.environment.primary.name}: the backup before {left} is {place(plan, one)}{how}"
