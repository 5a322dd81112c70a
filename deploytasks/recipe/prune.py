"""Releases and venvs that go."""

from __future__ import annotations

from ..operation import Operation
from .answers import Inventory, Tidied
from .release import to_prune


def retire(inventory: Inventory, current: str | None, keep: int) -> list[Operation]:
    """Retire what is beyond the kept releases, and the environments that no kept release refers to."""
    releases, kept = retiring(inventory, current, keep)
    return [
        Operation("prune", {"releases": releases}, "prune", f"prune {len(releases)} release(s)"),
        Operation("collect", {"keep": kept}, "", "collect environments"),
    ]


def tidy(inventory: Inventory, current: str | None, keep: int) -> Operation:
    """The same at the end of a deploy, which it never makes fail."""
    releases, kept = retiring(inventory, current, keep)
    asked = {"releases": releases, "keep": kept}
    return Operation("tidy", asked, "prune", f"prune {len(releases)} release(s)", read=Tidied.of)


def retiring(inventory: Inventory, current: str | None, keep: int) -> tuple[list[str], list[str]]:
    """(releases to retire, releases that stay)."""
    releases = inventory.ours
    retired = to_prune(releases, current, keep)
    kept = sorted({release.id for release in releases} | ({current} if current else set()))
    return list(retired), [name for name in kept if name not in retired]
