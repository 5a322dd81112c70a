"""The way out of a run that failed: hosts already switched go back, restart and verify;
every host remembers what happened.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...config.environment import Host
from ...errors import BUG, INTERRUPTED, OK, DeployError
from ...hosts.failures import HostFailure, HostsFailed, failure_of
from ...hosts.fleet import Fleet, Work
from ...hosts.observer import Observer
from ...operation import Result
from ...recipe import publish
from ...recipe.ending import give_back, mark_bad
from ...recipe.plan import Plan
from . import closing_table

if TYPE_CHECKING:
    from .progress import Progress


LOST = ("disconnected", "lock_lost")
"""Kinds of failure after which nobody knows what a host serves."""


def switched(fleet: Fleet, plan: Plan, progress: Progress) -> tuple[Host, ...]:
    """The hosts whose publish was asked for, less those that say they still serve what they did before the run."""
    served = {**progress.served, **closing_table.read_back(fleet, plan, progress.switched)}
    stayed = {
        context.host
        for context in progress.contexts
        if context.host in served
        and served[context.host]["release"] == context.inventory["current"] != progress.release
    }
    return tuple(host for host in progress.switched if host not in stayed)


def undo(
    fleet: Fleet,
    plan: Plan,
    progress: Progress,
    entry: Mapping[str, Any],
    observer: Observer,
    *,
    lost: Collection[Host] = (),
) -> tuple[str, ...]:
    """Flip switched hosts back, restart and verify them, mark the release bad, record the failure, give the locks back.

    Answers what could not be put right, per host, each with the command that does. Hosts in `lost` are another run's.
    """
    if not progress.locked:
        return ()
    switched = [host for host in progress.switched if host not in lost]
    if switched:
        observer.note(f"putting {len(switched)} host(s) back to the release they served before")
    back = {
        context.host: publish.flip_back(context) for context in progress.contexts if context.host in switched
    }
    failures = failures_of(back, fleet.each(back, resume=True, together=False))
    bad = [mark_bad(progress.release)] if progress.release and plan.command == "deploy" else []
    ending = {host: [*bad, *give_back(entry)] for host in plan.hosts if host in fleet.runners}
    fleet.each(ending, resume=True, together=False)
    flipped = [
        failure for failure in failures if failure.step != "publish" and failure.result.kind not in LOST
    ]
    for failure in flipped:
        observer.note(f"{failure}; it serves the previous release again, but look after it")
    cure = f"see `fab status --env={plan.environment.name}`, then `fab rollback --env={plan.environment.name} --limit="
    return tuple(
        f"{failure}; it may still serve {progress.release}: {cure}{failure.host.name}`"
        for failure in failures
        if failure not in flipped
    )


def failures_of(work: Work, results: Mapping[Host, Sequence[Result]]) -> list[HostFailure]:
    """The failure of every host that has one."""
    return [failure for host, found in results.items() if (failure := failure_of(host, work[host], found))]


def describe(error: BaseException | None) -> tuple[int, str | None]:
    """Exit code and message of whatever ended the run."""
    if error is None:
        return OK, None
    if isinstance(error, DeployError):
        return error.exit_code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted; nothing is left half done"
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f" at {frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame is not None else ""
    return BUG, f"{type(error).__name__} in deploytasks{place}; please report it"


def failing_lines(error: BaseException | None) -> tuple[str, ...]:
    """The last lines that each failing host printed, prefixed with its name."""
    if not isinstance(error, HostsFailed):
        return ()
    return tuple(f"{failure.host.name}: {line}" for failure in error.failures for line in failure.result.tail)
