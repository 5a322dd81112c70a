"""Everything that can be known to fail before anything changes: what a deploy would do here, what the hosts say."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from ...config.environment import Host
from ...errors import FAILED, MISCONFIGURED, NOT_READY, OK, DeployError
from ...hosts.failures import HostsFailed
from ...hosts.lock import describe
from ...hosts.observer import Observer
from ...hosts.site import fleet_of
from ...operation import Operation, Result
from ...packages import Facts
from ...recipe import restart, services, sudo
from ...recipe.answers import answer, found
from ...recipe.check import read_host
from ...recipe.context import Built
from ...recipe.facts import HostFacts, ToolFacts
from ...recipe.plan import Plan
from ...recipe.served import Health, Services
from ...report import HostOutcome, Report
from .. import build, readings
from ..changing.transaction import utc_now
from . import findings
from .findings import Findings
from .ssh import Way, ways

PATIENCE = 10.0
"""Seconds in which a service answers the one question."""
UNREAD = "gives sudo what only a shell can read; see `sudo -n -l` there"


@dataclass(frozen=True)
class Questions:
    """What one host is asked in one round trip: what a deploy asks, then its application and the services, once."""

    deploy: tuple[Operation, ...]
    health: tuple[Operation, ...]
    services: tuple[Operation, ...]
    unread: tuple[str, ...] = ()
    """What cannot be asked, in words."""

    @property
    def operations(self) -> list[Operation]:
        return [*self.deploy, *self.health, *self.services]


@dataclass(frozen=True)
class Examined:
    """One host as it was found."""

    host: Host
    way: Way
    findings: Findings
    facts: HostFacts
    tools: ToolFacts

    def document(self, now: float) -> dict[str, Any]:
        facts = self.facts
        return {
            "host": self.host.name,
            "rsync": facts.rsync,
            "free_bytes": facts.free_bytes,
            "free_inodes": facts.free_inodes,
            "user": facts.user,
            "python": self.tools.python,
            "installer": self.tools.installer,
            "clock_skew": round(facts.clock - now, 1),
            "host_key": self.way.keys,
        }


def check(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Gate and build as a deploy would, and ask every host. Exit code 1 with every finding and its cure."""
    asked = {host: questions(plan, host) for host in plan.hosts}
    known = ways(plan)
    notes: list[str] = []
    with ExitStack() as stack, fleet_of(plan, observer) as fleet:
        futures = {host: fleet.start(host, asked[host].operations) for host in plan.hosts}
        facts = readings.tool_facts(futures[plan.hosts[0]])
        built, here = built_here(plan, stack, facts, notes)
        answers = {host: future.result() for host, future in futures.items()}
        now = utc_now().timestamp()
        unread = readings.unread(plan, answers)
        lost = {failure.host for failure in unread}
        read = {host: results for host, results in answers.items() if host not in lost}
        general = findings.of_hosts(plan, read, built, now, fleet.noise())
        examined = [examine(plan, host, known[host], asked[host], results) for host, results in read.items()]
    problems = [
        *here,
        *map(str, unread),
        *general.problems,
        *(one for each in examined for one in each.findings.problems),
    ]
    code = HostsFailed(unread).exit_code if unread else FAILED if problems else OK
    return Report(
        plan.command,
        plan.environment.name,
        plan.revision.commit if plan.revision else None,
        exit_code=code,
        error="\n".join(problems) or None,
        hosts=tuple(outcome(host, read.get(host)) for host in plan.hosts),
        steps=tuple(fleet.steps),
        notes=(*notes, *general.warnings, *(one for each in examined for one in each.findings.warnings)),
        extra={"check": [one.document(now) for one in examined]},
    )


def questions(plan: Plan, host: Host) -> Questions:
    """What is asked of a host; building the question contacts nobody."""
    asked = sudo.wanted(plan.environment.settings, host)
    base = str(plan.layout.current)
    return Questions(
        tuple(read_host(plan, host)),
        tuple(restart.ask_health(plan.environment.settings, host)),
        tuple(
            replace(one, step="")
            for one in services.asked(plan.environment, base=base, once=True, timeout=PATIENCE)
        ),
        tuple(dict.fromkeys(f"{key} {UNREAD}" for key, one in asked if not one.readable)),
    )


def built_here(
    plan: Plan, stack: ExitStack, facts: Facts, notes: list[str]
) -> tuple[Built | None, tuple[str, ...]]:
    """What a deploy would ship, and what keeps it from being made; what is only said goes to `notes`."""
    try:
        passed = build.gate(plan, stack)
        notes += passed.notes
        stack.enter_context(build.looking_behind(passed, notes.append))
        return build.build(plan, passed, facts, notes.append), ()
    except DeployError as error:
        return None, (str(error),)


def examine(plan: Plan, host: Host, way: Way, asked: Questions, results: Sequence[Result]) -> Examined:
    """What one host's own answers show."""
    facts, health = answer(HostFacts, results), found(Health, results)
    problems, warnings = list(way.problems()), list(way.warnings())
    if facts.lock:
        warnings.append(f"{describe(facts.lock.said)}; see `fab unlock --env={plan.environment.name}`")
    warnings += asked.unread
    if health:
        warnings += [f"{what}; the application does not serve now" for what in health.problems]
    for result in results:
        if isinstance(result.value, Services):
            refused, doubtful = of_services(result, result.value, fresh=facts.inventory.served is None)
            problems += refused
            warnings += doubtful
    named = Findings(
        tuple(f"{host.name}: {what}" for what in problems), tuple(f"{host.name}: {what}" for what in warnings)
    )
    return Examined(host, way, named, facts, answer(ToolFacts, results))


def of_services(result: Result, services: Services, *, fresh: bool) -> tuple[list[str], list[str]]:
    """(problems, warnings) of the services. What a deploy waits for is a warning."""
    warnings = list(services.warnings)
    if result.ok:
        return [], warnings
    if result.code == NOT_READY or (fresh and result.code == MISCONFIGURED):
        return [], [*warnings, f"{result.error}; a deploy waits for it"]
    return [result.error], warnings


def outcome(host: Host, results: Sequence[Result] | None) -> HostOutcome:
    """What a host serves; `unknown` for one that could not be read."""
    if results is None:
        return HostOutcome(host.name, None, "unknown")
    return HostOutcome(host.name, answer(HostFacts, results).inventory.served, "ok")
