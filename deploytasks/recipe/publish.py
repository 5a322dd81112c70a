"""Publish, and the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..operation import Operation
from .processes import restart_all, start_again, verify_all

if TYPE_CHECKING:
    from .context import StepContext

PUBLISH = "publish"
"""The step in reports."""


def publish(context: StepContext) -> list[Operation]:
    """Repoint `current` with one rename(2), so that it is never missing."""
    return [Operation("publish", {"release": context.release}, PUBLISH, f"publish {context.release}")]


def flip_back(context: StepContext) -> list[Operation]:
    """The host serves what it served before: code, dependencies and environment, restarted and verified."""
    back = Operation(
        "publish", {"release": context.previous}, PUBLISH, f"back to {context.previous or 'no release'}"
    )
    if context.previous is None:
        return [back]
    old = replace(context, release=context.previous, built=None)
    loaded = own_environment(context.previous)
    return [*start_again(old), back, loaded, *restart_all(old), *verify_all(old)]


def own_environment(release: str) -> Operation:
    """What follows runs with the environment that `release` was deployed with."""
    return Operation("load_environment", {"release": release}, "", "load the release's environment")
