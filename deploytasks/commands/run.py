"""A command in current on every host."""

from __future__ import annotations

from ..config.environment import Host
from ..errors import OK, StepFailed, UsageError
from ..hosts.failures import HostsFailed, failure_of
from ..hosts.observer import Observer
from ..hosts.site import fleet_of
from ..operation import Result
from ..recipe import publish
from ..recipe.answers import Provenance, answer
from ..recipe.check import open_root
from ..recipe.context import StepContext
from ..recipe.ending import READ_BACK
from ..recipe.plan import Plan
from ..shell import command, shell_line


def run(plan: Plan, line: str, *, observer: Observer | None = None) -> tuple[int, dict[Host, Result]]:
    """Run a shell line in current on every host, with current's environment and without the lock.

    Answers the first exit code that is not 0, in the order of the hosts, and every host's result.
    """
    if not line:
        raise UsageError("run: takes one command, quoted: fab run --env=staging 'python manage.py shell'")
    with fleet_of(plan, observer) as fleet:
        served = fleet.each({host: [open_root(plan), READ_BACK] for host in plan.hosts})
        work = {}
        for host, results in served.items():
            release = answer(Provenance, results).release
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


def logs(plan: Plan, *, observer: Observer | None = None) -> tuple[int, dict[Host, Result]]:
    """Show what DEPLOY_LOGS names: files (their last 50 lines), or a command."""
    wanted = plan.environment.settings.logs
    if not wanted:
        raise UsageError(f"{plan.environment.name}: DEPLOY_LOGS is not set; name files or a command there")
    words = wanted.split()
    files = all("/" in word for word in words)
    return run(plan, command("tail", "-n", "50", "--", *words).shell if files else wanted, observer=observer)
