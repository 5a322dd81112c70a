"""The releases of an environment, as its hosts remember them."""

from __future__ import annotations

from typing import Any

from ..hosts.failures import HostsFailed, failure_of
from ..hosts.observer import Observer
from ..hosts.site import fleet_of
from ..operation import Operation
from ..recipe.answers import History, Inventory, KnownRelease, answer
from ..recipe.check import open_root
from ..recipe.ending import history
from ..recipe.plan import Plan
from ..report import HostOutcome, Report


def releases(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Every release on every host with its marks, and the newest history entries.

    The report's `extra` holds `releases` (newest first) and `history` (oldest first). Raises HostsFailed when a host
    cannot be asked.
    """
    asked = [open_root(plan), Operation("inventory", {"details": True}, read=Inventory.of), history(200)]
    with fleet_of(plan, observer) as fleet:
        answers = fleet.each(dict.fromkeys(plan.hosts, asked), together=False)
    failures = [failure for host, results in answers.items() if (failure := failure_of(host, asked, results))]
    if failures:
        raise HostsFailed(failures)
    found: dict[str, dict[str, Any]] = {}
    outcomes = []
    for host, results in answers.items():
        inventory = answer(Inventory, results)
        outcomes.append(HostOutcome(host.name, inventory.served, "ok"))
        for entry in inventory.releases:
            known = found.setdefault(entry.id, summary(entry))
            known["hosts"].append(host.name)
            if entry.id == inventory.current:
                known["current_on"].append(host.name)
    listed = [found[name] for name in sorted(found, reverse=True)]
    past = answer(History, next(iter(answers.values())))
    return Report(
        "releases",
        plan.environment.name,
        hosts=tuple(outcomes),
        extra={"releases": listed, "history": list(past.entries)},
    )


def summary(entry: KnownRelease) -> dict[str, Any]:
    """One release for people and JSON."""
    told = entry.provenance
    state = "bad" if entry.bad else "good" if entry.verified else "failed"
    known = {
        name: told.get(name) for name in ("revision", "branch", "describe", "who", "at", "dirty", "vendored")
    }
    return {"id": entry.id, "state": state, **known, "hosts": [], "current_on": []}
