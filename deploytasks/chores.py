"""Smaller commands on the hosts: prune, postinstall, run, logs, lock and unlock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from . import locking
from .config.environment import Host
from .errors import OK, StepFailed, UsageError
from .failures import HostsFailed, failure_of
from .fleet import Fleet
from .observer import Observer, Silent
from .operation import Operation, Result
from .recipe import publish, services
from .recipe.check import open_root
from .recipe.context import StepContext
from .recipe.ending import give_back, history_line
from .recipe.plan import Plan
from .recipe.prune import retire, served_release
from .report import HostOutcome, Report
from .run import Run
from .shell import command, shell_line
from .sites import fleet_of


def prune(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Retire releases beyond DEPLOY_KEEP_RELEASES and failed ones, under the lock."""
    keep = plan.environment.settings.keep_releases
    return under_lock(plan, observer, lambda context: retire(context.inventory, context.previous, keep))


def postinstall(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Run the postinstall step alone, in current, under the lock."""

    def work(context: StepContext) -> list[Operation]:
        if context.previous is None:
            raise StepFailed(f"{context.host.name}: serves no release; deploy first")
        served = replace(context, release=context.previous)
        line = plan.environment.settings.postinstall or "if [ -x ./postinstall ]; then exec ./postinstall; fi"
        return [
            publish.own_environment(served.release),
            served.in_release(shell_line(line), step="postinstall"),
        ]

    return under_lock(plan, observer, work)


def under_lock(
    plan: Plan, observer: Observer | None, work: Callable[[StepContext], Sequence[Operation]]
) -> Report:
    """Do `work` on every host while this run holds their locks; remembered in the history."""

    def body(run: Run, fleet: Fleet) -> None:
        inventories = locking.take(fleet, plan, run.observer)
        run.progress.locked = True
        contexts = contexts_of(plan, inventories)
        fleet.each({context.host: [*work(context), *give_back(run.entry("ok"))] for context in contexts})
        run.progress.done = True

    return Run(plan, observer or Silent()).report(body)


def contexts_of(plan: Plan, inventories: Mapping[Host, Mapping[str, Any]]) -> list[StepContext]:
    """Contexts of commands that make no release: they work on what each host serves."""
    return [
        StepContext(
            plan, host, served_release(inventory) or "", None, inventory, previous=served_release(inventory)
        )
        for host, inventory in inventories.items()
    ]


def run(plan: Plan, line: str, *, observer: Observer | None = None) -> tuple[int, dict[Host, Result]]:
    """Run a shell line in current on every host, with current's environment and without the lock.

    Answers the first exit code that is not 0, in the order of the hosts, and every host's result.
    """
    if not line:
        raise UsageError("run: takes one command, quoted: fab run --env=staging 'python manage.py shell'")
    with fleet_of(plan, observer) as fleet:
        served = fleet.each({host: [open_root(plan), Operation("provenance")] for host in plan.hosts})
        work = {}
        for host, results in served.items():
            release = results[1].value["release"]
            if release is None:
                raise StepFailed(f"{host.name}: serves no release; deploy first")
            context = StepContext(plan, host, release)
            work[host] = [
                publish.own_environment(release),
                context.in_release(shell_line(line), step="run", changing=False),
            ]
        answers = fleet.each(work, together=False)
    last = {host: found[-1] for host, found in answers.items()}
    lost = [
        failure
        for host, found in answers.items()
        if (failure := failure_of(host, work[host], found)) and failure.result.kind != "exit"
    ]
    if lost:
        raise HostsFailed(lost)
    return next((as_shells_do(result.code) for result in last.values() if result.code), OK), last


def as_shells_do(code: int) -> int:
    """The exit code for a command that a signal ended: 128 and the signal's number."""
    return code if code > 0 else 128 - code


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
    said = tuple(
        one["warning"]
        for results in answers.values()
        for one in (results[-1].value or {}).values()
        if one["warning"]
    )
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


def logs(plan: Plan, *, observer: Observer | None = None) -> tuple[int, dict[Host, Result]]:
    """Show what DEPLOY_LOGS names: files (their last 50 lines), or a command."""
    wanted = plan.environment.settings.logs
    if not wanted:
        raise UsageError(f"{plan.environment.name}: DEPLOY_LOGS is not set; name files or a command there")
    words = wanted.split()
    files = all("/" in word for word in words)
    return run(plan, command("tail", "-n", "50", "--", *words).shell if files else wanted, observer=observer)


def freeze(plan: Plan, message: str, *, observer: Observer | None = None) -> Report:
    """Freeze every host by hand: no run takes the lock until it is unlocked. Raises UsageError without a message."""
    if not message:
        raise UsageError("lock: needs a reason; add --message='why'")
    asked = [
        open_root(plan),
        Operation("freeze", {"message": message, "holder": dict(plan.identity.holder)}, "lock"),
    ]
    with fleet_of(plan, observer) as fleet:
        fleet.each(dict.fromkeys(plan.hosts, asked))
    return Report(
        "lock",
        plan.environment.name,
        hosts=tuple(HostOutcome(host.name, None, "locked") for host in plan.hosts),
    )


def holders(plan: Plan, *, observer: Observer | None = None) -> dict[Host, dict[str, Any] | None]:
    """Who holds the lock of each host."""
    with fleet_of(plan, observer) as fleet:
        answers = fleet.each({host: [open_root(plan), Operation("read_lock")] for host in plan.hosts})
    return {host: results[1].value for host, results in answers.items()}


def unlock(plan: Plan, held: Mapping[Host, Mapping[str, Any]], *, observer: Observer | None = None) -> Report:
    """Break exactly the locks in `held` (see `holders`), ending the remote sessions of their runs."""
    entry = history_line(plan, None, "ok", 0.0, None)
    work = {
        host: [
            open_root(plan),
            Operation(
                "break_lock",
                {"token": holder["token"], "entry": {**entry, "of": holder["token"]}},
                "unlock",
                "break the lock",
            ),
        ]
        for host, holder in held.items()
    }
    with fleet_of(plan, observer) as fleet:
        fleet.each(work)
    return Report(
        "unlock",
        plan.environment.name,
        hosts=tuple(HostOutcome(host.name, None, "unlocked") for host in held),
    )
