"""Locks by hand: freeze, see, break."""

from __future__ import annotations

from collections.abc import Mapping

from ..config.environment import Host
from ..errors import UsageError
from ..hosts.observer import Observer
from ..hosts.site import fleet_of
from ..operation import Operation
from ..recipe import lock
from ..recipe.answers import LockHolder, found
from ..recipe.check import open_root
from ..recipe.ending import history_line
from ..recipe.lock import READ_LOCK
from ..recipe.plan import Plan
from ..report import HostOutcome, Report


def freeze(plan: Plan, message: str, *, observer: Observer | None = None) -> Report:
    """Freeze every host by hand: no run takes the lock until it is unlocked. Raises UsageError without a message."""
    if not message:
        raise UsageError("lock: needs a reason; add --message='why'")
    with fleet_of(plan, observer) as fleet:
        fleet.each(dict.fromkeys(plan.hosts, lock.freeze(plan, message)))
    return Report(
        "lock",
        plan.environment.name,
        hosts=tuple(HostOutcome(host.name, None, "locked") for host in plan.hosts),
    )


def holders(plan: Plan, *, observer: Observer | None = None) -> dict[Host, LockHolder | None]:
    """Who holds the lock of each host."""
    with fleet_of(plan, observer) as fleet:
        answers = fleet.each({host: [open_root(plan), READ_LOCK] for host in plan.hosts})
    return {host: found(LockHolder, results) for host, results in answers.items()}


def break_locks(plan: Plan, held: Mapping[Host, LockHolder], *, observer: Observer | None = None) -> Report:
    """Break exactly the locks in `held` (see `holders`), ending the remote sessions of their runs."""
    entry = history_line(plan, None, "ok", 0.0, None)
    work = {
        host: [
            open_root(plan),
            Operation(
                "break_lock",
                {"token": holder.token, "entry": {**entry, "of": holder.token}},
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
