"""The readiness wait alone."""

from __future__ import annotations

from ..errors import OK
from ..hosts.failures import HostsFailed, failure_of
from ..hosts.observer import Observer, Silent
from ..hosts.site import fleet_of
from ..recipe import services
from ..recipe.check import open_root
from ..recipe.plan import Plan
from ..report import HostOutcome, Report


def wait(
    plan: Plan, *, fresh: bool = False, timeout: float | None = None, observer: Observer | None = None
) -> Report:
    """The readiness wait alone, on every host; exit code 75, 77 or 78 when a service cannot be used."""
    base = str(plan.layout.current)
    asked = [open_root(plan), *services.asked(plan.environment, base=base, fresh=fresh, timeout=timeout)]
    with fleet_of(plan, observer) as fleet:
        answers = fleet.each(dict.fromkeys(plan.hosts, asked), together=False)
    failures = [failure for host, results in answers.items() if (failure := failure_of(host, asked, results))]
    failing = {failure.host for failure in failures}
    hosts = tuple(
        HostOutcome(host.name, None, "failed" if host in failing else "ready") for host in plan.hosts
    )
    said = tuple(line for host, results in answers.items() for line in services.doubts(host, results))
    for line in said:
        (observer or Silent()).note(line)
    error = "\n".join(map(str, failures)) or None
    return Report(
        plan.command,
        plan.environment.name,
        exit_code=HostsFailed(failures).exit_code if failures else OK,
        error=error,
        hosts=hosts,
        steps=tuple(fleet.steps),
        notes=said,
    )
