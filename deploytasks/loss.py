"""Whether a run that failed did so because its lock was taken from it, as the hosts remember it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .environment import Host
from .fleet import HostFailure, HostsFailed
from .operation import Operation
from .plan import Plan
from .sites import fleet_of
from .steps import opening


def losses(plan: Plan, error: BaseException | None) -> tuple[Host, ...]:
    """The hosts whose lock was taken from this run: taken over or broken, or just about to be.

    Asked anew of every host that went silent or whose step was killed: what ended them may be the run that took over.
    """
    failures = error.failures if isinstance(error, HostsFailed) else ()
    silent = [failure.host for failure in failures if was_ended(failure)]
    if not silent:
        return ()
    asked = [opening.open_root(plan), Operation("read_lock"), Operation("history", {"limit": 50})]
    with fleet_of(replace(plan, command="status")) as fleet:
        answers = fleet.each(dict.fromkeys(silent, asked), together=False)
    run = plan.identity.run_id
    return tuple(
        host
        for host, (*_, last) in answers.items()
        if last.ok and taken(run, answers[host][1].value, last.value)
    )


def was_ended(failure: HostFailure) -> bool:
    """Whether something from outside ended what a host did."""
    return failure.result.kind in ("disconnected", "lock_lost") or failure.result.code < 0


def taken(run: str, lock: dict[str, Any] | None, history: list[dict[str, Any]]) -> bool:
    """Whether the lock is another run's, or was taken from `run` since."""
    others = lock is not None and (lock["token"] != run or bool(lock.get("condemned")))
    return others or any(entry.get("of") == run for entry in history)
