"""Retiring releases: out of the way by rename under the lock, deleted afterwards by a process nobody waits for."""

from __future__ import annotations

import os

from deploytasks.remote.trash import empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State


def prune(state: State, releases: list[str]) -> dict[str, Any]:
    """Retire releases (never current); the newest whole one becomes the spare tree of a later deploy."""
    from deploytasks.remote.release.current import served
    from deploytasks.remote.tree.manifest import MANIFEST

    state.require_lock()
    private = os.path.join(state.root, ".deploytasks")
    spare, trash = os.path.join(private, "spare"), os.path.join(private, "trash")
    os.makedirs(spare, 0o700, exist_ok=True)
    os.makedirs(trash, 0o700, exist_ok=True)
    retired = []
    for release in sorted(releases, reverse=True):
        path = os.path.join(state.root, "releases", release)
        if release == served(state.root) or not os.path.isdir(path):
            continue
        whole = os.path.exists(os.path.join(path, MANIFEST))
        os.rename(path, os.path.join(spare if whole and not os.listdir(spare) else trash, release))
        retired.append(release)
    empty(trash)
    return {"retired": retired}
