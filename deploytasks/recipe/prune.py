"""Releases and venvs that go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..operation import Operation
from .release import Release, is_release_id, to_prune


def known_releases(inventory: Mapping[str, Any]) -> list[Release]:
    """The releases of a host's inventory; foreign names in releases/ are none."""
    return [
        Release(entry["id"], good=bool(entry.get("verified")), bad=bool(entry.get("bad")))
        for entry in inventory["releases"]
        if is_release_id(entry["id"])
    ]


def retire(inventory: Mapping[str, Any], current: str | None, keep: int) -> list[Operation]:
    """Retire what is beyond the kept releases, and the environments that no kept release refers to."""
    releases, kept = retiring(inventory, current, keep)
    return [
        Operation("prune", {"releases": releases}, "prune", f"prune {len(releases)} release(s)"),
        Operation("collect", {"keep": kept}, "", "collect environments"),
    ]


def tidy(inventory: Mapping[str, Any], current: str | None, keep: int) -> Operation:
    """The same at the end of a deploy, which it never makes fail."""
    releases, kept = retiring(inventory, current, keep)
    return Operation(
        "tidy", {"releases": releases, "keep": kept}, "prune", f"prune {len(releases)} release(s)"
    )


def retiring(inventory: Mapping[str, Any], current: str | None, keep: int) -> tuple[list[str], list[str]]:
    """(releases to retire, releases that stay)."""
    releases = known_releases(inventory)
    retired = to_prune(releases, current, keep)
    kept = sorted({release.id for release in releases} | ({current} if current else set()))
    return list(retired), [name for name in kept if name not in retired]


def served_release(inventory: Mapping[str, Any]) -> str | None:
    """The release that a host serves, None when it serves none or `current` dangles."""
    return None if inventory["dangling"] else inventory["current"]
