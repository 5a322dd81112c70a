"""The releases of an environment, as its hosts remember them."""

from __future__ import annotations

from typing import Any

from ..hosts.failures import HostsFailed, failure_of
from ..hosts.observer import Observer
from ..hosts.site import fleet_of
from ..operation import Operation
from ..recipe.check import open_root
from ..recipe.plan import Plan
from ..recipe.prune import served_release
from ..report import HostOutcome, Report


def releases(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Every release on every host with its marks, and the newest history entries.

    The report's `extra` holds `releases` (newest first) and `history` (oldest first). Raises HostsFailed when a host
    cannot be asked.
    """
    asked = [open_root(plan), Operation("inventory", {"details": True}), Operation("history")]
    with fleet_of(plan, observer) as fleet:
        answers = fleet.each(dict.fromkeys(plan.hosts, asked), together=False)
    failures = [failure for host, results in answers.items() if (failure := failure_of(host, asked, results))]
    if failures:
        raise HostsFailed(failures)
    found: dict[str, dict[str, Any]] = {}
    outcomes = []
    for host, results in answers.items():
        inventory = results[1].value
        outcomes.append(HostOutcome(host.name, served_release(inventory), "ok"))
        for entry in inventory["releases"]:
            known = found.setdefault(entry["id"], summary(entry))
            known["hosts"].append(host.name)
            if entry["id"] == inventory["current"]:
                known["current_on"].append(host.name)
    listed = [found[name] for name in sorted(found, reverse=True)]
    entries = next(iter(answers.values()))[2].value
    return Report(
        "releases",
        plan.environment.name,
        hosts=tuple(outcomes),
        extra={"releases": listed, "history": entries},
    )


def summary(entry: dict[str, Any]) -> dict[str, Any]:
    """One release for people and JSON."""
    told = entry.get("provenance", {})
    state = "bad" if entry.get("bad") else "good" if entry.get("verified") else "failed"
    known = {
        name: told.get(name) for name in ("revision", "branch", "describe", "who", "at", "dirty", "vendored")
    }
    return {"id": entry["id"], "state": state, **known, "hosts": [], "current_on": []}
