"""What a release brings inside each vendored dependency, compared with what the hosts run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .. import git, vendored
from ..recipe.answers import KnownRelease
from ..recipe.context import StepContext
from ..recipe.plan import Plan
from ..vendored.changes import between


def brought(contexts: Sequence[StepContext]) -> Iterator[str]:
    """Lines for people, rewinds first; said once for hosts that run the same, with their names when others do not."""
    running: dict[tuple[tuple[str, str], ...], list[StepContext]] = {}
    for context in contexts:
        if context.previous is not None:
            running.setdefault(tuple(context.inventory.vendored.items()), []).append(context)
    for pins, alike in running.items():
        assert alike[0].built is not None
        names = ", ".join(context.host.name for context in alike)
        where = f"{names}: " if len(alike) < len(contexts) else ""
        for change in vendored.changes(dict(pins), alike[0].built.tree.dependencies):
            yield "\n".join(where + line for line in change.lines())


def commits(plan: Plan, old: str | None) -> dict[str, Any]:
    """The project's commits that come and go; rewinds are `removed`."""
    assert plan.revision is not None
    new = plan.revision.commit
    found: dict[str, Any] = {"from": old, "to": new, "added": [], "removed": [], "unknown": False}
    if old and old != new:
        directory = git.run(plan.environment.root, "rev-parse", "--absolute-git-dir").strip()
        change = between(Path(directory), "", old, new)
        found.update(added=list(change.added), removed=list(change.removed), unknown=change.unknown)
    return found


def released(contexts: Sequence[StepContext], migrations: Sequence[str]) -> dict[str, Any]:
    """What a release changes, compared with what the primary host serves, for the report."""
    context = contexts[0]
    assert context.built is not None
    old = revision_of(context.inventory.releases, context.previous)
    moved = vendored.changes(dict(context.inventory.vendored), context.built.tree.dependencies)
    return {
        "commits": commits(context.plan, old),
        "vendored": [change.document() for change in moved] if context.previous else [],
        "migrations": list(migrations),
    }


def revision_of(releases: Sequence[KnownRelease], release: str | None) -> str | None:
    """The commit of a release, by the inventory of a host."""
    return next((one.revision for one in releases if one.id == release), None)


def pins(contexts: Sequence[StepContext]) -> dict[str, Any]:
    """What the history keeps of them: the pins that a run ships, beyond the life of its release."""
    built = contexts[0].built if contexts else None
    return {"vendored": {one.path: one.commit for one in built.tree.dependencies}} if built else {}
