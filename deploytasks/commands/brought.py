"""What a release brings inside each vendored dependency, compared with what the hosts run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .. import vendored
from ..recipe.context import StepContext


def brought(contexts: Sequence[StepContext]) -> Iterator[str]:
    """Lines for people, rewinds first; said once for hosts that run the same, with their names when others do not."""
    running: dict[tuple[tuple[str, str], ...], list[StepContext]] = {}
    for context in contexts:
        if context.previous is not None:
            running.setdefault(tuple(context.inventory["vendored"].items()), []).append(context)
    for pins, alike in running.items():
        assert alike[0].built is not None
        names = ", ".join(context.host.name for context in alike)
        where = f"{names}: " if len(alike) < len(contexts) else ""
        for change in vendored.changes(dict(pins), alike[0].built.tree.dependencies):
            yield "\n".join(where + line for line in change.lines())


def pins(contexts: Sequence[StepContext]) -> dict[str, Any]:
    """What the history keeps of them: the pins that a run ships, beyond the life of its release."""
    built = contexts[0].built if contexts else None
    return {"vendored": {one.path: one.commit for one in built.tree.dependencies}} if built else {}
