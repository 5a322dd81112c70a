"""The end of a run on a host: marks, history, and the lock given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..operation import Operation
from ..urls import public
from .answers import History, Provenance
from .prune import tidy

if TYPE_CHECKING:
    from .context import StepContext
    from .plan import Plan


READ_BACK = Operation("provenance", read=Provenance.of)
"""What a host serves in the end, asked of the host itself."""


def history(limit: int) -> Operation:
    """The newest lines of the history."""
    return Operation("history", {"limit": limit}, read=History.of)


def succeeded(context: StepContext, entry: Mapping[str, Any], *, prune: bool) -> list[Operation]:
    """After every host verified: the release is good, old ones go, the history knows, the lock is given back.

    `told` finds among the results what the host serves.
    """
    old: Sequence[Operation] = ()
    if prune:
        inventory = context.inventory.with_good(context.release)
        old = [tidy(inventory, context.release, context.environment.settings.keep_releases)]
    good = Operation("mark", {"release": context.release, "verified": True, "bad": False})
    return [good, *old, *farewell(entry)]


def mark_bad(release: str) -> Operation:
    """The release is never counted by prune nor chosen by rollback."""
    return Operation("mark", {"release": release, "bad": True, "verified": False}, "", "mark bad")


def mark_left(release: str) -> Operation:
    """The same of a release that was good, and is left."""
    return Operation("mark", {"release": release, "bad": True}, "", "mark bad")


def marks_of_before(context: StepContext) -> list[Operation]:
    """The release that was left and the one that was gone to are marked as they were before this run."""
    known = [one for one in context.inventory.releases if one.id in (context.previous, context.release)]
    return [Operation("mark", {"release": one.id, "verified": one.verified, "bad": one.bad}) for one in known]


def give_back(entry: Mapping[str, Any]) -> list[Operation]:
    """Record what happened and give the lock back."""
    return [
        Operation("record", {"entry": dict(entry)}, "", "history"),
        Operation("release_lock", {}, "", "unlock"),
    ]


def farewell(entry: Mapping[str, Any]) -> list[Operation]:
    """The last operations of a run that succeeded."""
    return [READ_BACK, *give_back(entry)]


def history_line(
    plan: Plan, release: str | None, outcome: str, seconds: float, error: str | None
) -> dict[str, Any]:
    """One line of history.jsonl: who did what, with the outcome."""
    known = {
        "command": plan.command,
        "environment": plan.environment.name,
        "release": release,
        "outcome": outcome,
    }
    who = {
        "revision": plan.revision.commit if plan.revision else None,
        "who": plan.identity.who,
        "from": plan.identity.machine,
    }
    why = {"error": public(error.splitlines()[0])[:300]} if error else {}
    return {**known, **who, "run": plan.identity.run_id, "seconds": round(seconds, 2), **why}
