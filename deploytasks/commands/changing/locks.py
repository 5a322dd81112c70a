"""Taking the lock of every host, in sorted order, or none of them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ...config.environment import Host
from ...errors import Locked
from ...hosts.failures import HostFailure, HostsFailed
from ...hosts.fleet import Fleet
from ...hosts.lock import describe, has_ended
from ...hosts.observer import Observer
from ...operation import Operation
from ...recipe.answers import Acquired, Inventory, LockHolder, answer
from ...recipe.default import LOCK
from ...recipe.lock import acquire
from ...recipe.plan import Plan

PATIENCE = 0.25
"""Seconds between two tries while another run holds a lock."""


def take(fleet: Fleet, plan: Plan, observer: Observer) -> dict[Host, Inventory]:
    """Hold the lock of every host; answers each host's inventory, read under the lock.

    Raises Locked with the holder when another run (after `wait_lock` seconds) or a freeze holds one; then none is held.
    """
    deadline = time.monotonic() + plan.options.wait_lock
    said = False
    while True:
        held: dict[Host, Inventory] = {}
        refusal = None
        for host in sorted(plan.hosts, key=lambda host: host.name):
            acquired, inventory = _ask(fleet, plan, host)
            if not acquired.acquired:
                refusal = (host, acquired)
                break
            if acquired.took_over:
                remember_takeover(fleet, plan, host, acquired.took_over, observer)
            held[host] = inventory
        if refusal is None:
            return {host: held[host] for host in plan.hosts}
        fleet.each({host: [Operation("release_lock")] for host in held}, together=False)
        host, refused = refusal
        holder = refused.holder.said if refused.holder else {}
        if holder.get("kind") == "freeze" or time.monotonic() >= deadline:
            raise Locked(
                f"{host.name}: {describe(holder)}; wait with --wait-lock=SECONDS, or see `fab unlock --env="
                f"{plan.environment.name}`"
            )
        if not said:
            observer.note(f"{host.name}: {describe(holder)}; waiting")
            said = True
        time.sleep(PATIENCE)


def remember_takeover(fleet: Fleet, plan: Plan, host: Host, old: LockHolder, observer: Observer) -> None:
    """Say that a stale lock was taken over, here and in the host's history."""
    observer.note(f"{host.name}: took over the stale lock, {describe(old.said)}")
    who = {"who": plan.identity.who, "from": plan.identity.machine, "run": plan.identity.run_id}
    entry = {"command": "takeover", "environment": plan.environment.name, "outcome": "ok", "release": None}
    old_run = {"of": old.said.get("run_id"), "seconds": 0}
    fleet.ask(host, [Operation("record", {"entry": {**entry, **who, **old_run}}, "", "history")])


def _ask(fleet: Fleet, plan: Plan, host: Host, gone: str = "") -> tuple[Acquired, Inventory]:
    """The host's answer to one try, and its inventory. A run that ended on this very machine is taken over at once."""
    results = fleet.ask(host, acquire(plan, gone))
    for result in results:
        if not result.ok:
            raise HostsFailed([HostFailure(host, LOCK.name, result)])
    tried = answer(Acquired, results)
    if not gone and tried.holder and has_ended(tried.holder.said):
        return _ask(fleet, plan, host, tried.holder.token)
    return tried, answer(Inventory, results)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """While the way out runs, further interrupts are swallowed: it gives everything back and then the run ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
