"""The way out of a run that failed: hosts already switched go back, restart and verify;
every host remembers what happened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...config.environment import Host
from ...errors import BUG, INTERRUPTED, OK, DeployError, of_this_machine
from ...hosts.failures import HostFailure, HostsFailed
from ...hosts.fleet import Fleet
from ...hosts.observer import Observer
from ...operation import Operation
from ...recipe.ending import give_back, mark_bad, marks_of_before
from ...recipe.plan import Plan
from ...recipe.processes import managed, stop_others
from ...recipe.publish import PUBLISH
from ...recipe.restart import RESTART
from . import closing_table
from .way_back import LOST, put_back

if TYPE_CHECKING:
    from ...recipe.context import StepContext
    from .progress import Progress


def switched(fleet: Fleet, plan: Plan, progress: Progress) -> tuple[Host, ...]:
    """The hosts whose publish was asked for, less those that say they still serve what they did before the run."""
    served = {**progress.served, **closing_table.read_back(fleet, plan, progress.switched)}
    stayed = {
        context.host
        for context in progress.contexts
        if context.host in served
        and served[context.host].release == context.inventory.current != progress.release
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
    contexts = [context for context in progress.contexts if context.host in switched]
    failures = put_back(fleet, contexts, observer)
    for name in () if managed(plan.environment.settings) else left_running(fleet, contexts):
        observer.note(
            f"{name}: what DEPLOY_RESTART started of the failed release may still run; stop it there"
        )
    progress.down = tuple(failure.host for failure in failures if is_put_back(failure))
    marks = marks_after(plan, progress)
    ending = {
        host: [*stop_others(plan), *marks.get(host, ()), *give_back(entry)]
        for host in plan.hosts
        if host in fleet.runners
    }
    fleet.each(ending, resume=True, together=False)
    return tuple(f"{failure}; {consequence(failure, plan, progress)}" for failure in failures)


def marks_after(plan: Plan, progress: Progress) -> dict[Host, list[Operation]]:
    """What a failed deploy shipped is bad; a failed rollback leaves all releases as good or bad as they were."""
    if plan.command == "rollback":
        return {context.host: marks_of_before(context) for context in progress.contexts}
    bad = [mark_bad(progress.release)] if progress.release and plan.command == "deploy" else []
    return dict.fromkeys(plan.hosts, bad)


def left_running(fleet: Fleet, contexts: Iterable[StepContext]) -> list[str]:
    """Names of hosts that had no release to go back to, where one was started all the same."""
    started = {one.host for one in fleet.steps if one.step == RESTART}
    return [one.host.name for one in contexts if one.previous is None and one.host.name in started]


def is_put_back(failure: HostFailure) -> bool:
    """Whether `current` leads to what it led to before, though its application could not be started or asked."""
    return failure.step != PUBLISH and failure.result.kind not in LOST


def consequence(failure: HostFailure, plan: Plan, progress: Progress) -> str:
    """What a host serves whose way back failed, and what to do about it."""
    status = f"`fab status --env={plan.environment.name}`"
    if is_put_back(failure):
        return (
            "it was put back and does not serve as before; mend and start it there (its own log says why), then see "
            f"{status}"
        )
    back = f"`fab rollback --env={plan.environment.name} --limit={failure.host.name}`"
    return f"it may still serve {progress.release}: see {status}, then {back}"


def describe(error: BaseException | None) -> tuple[int, str | None]:
    """Exit code and message of whatever ended the run."""
    if error is None:
        return OK, None
    error = of_this_machine(error) or error
    if isinstance(error, DeployError):
        return error.exit_code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted; what was begun on the hosts has been ended and put back"
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
