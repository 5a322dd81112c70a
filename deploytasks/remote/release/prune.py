"""Retiring releases: out of the way by rename under the lock, deleted afterwards by a process nobody waits for."""

from __future__ import annotations

import errno
import os

from deploytasks.remote.files import listed, make_directory
from deploytasks.remote.names import plain
from deploytasks.remote.release.current import served
from deploytasks.remote.trash import empty, move, retire
from deploytasks.remote.tree.manifest import MANIFEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State


def prune(state: State, releases: list[str]) -> dict[str, Any]:
    """Retire releases (never current); the newest whole one becomes the spare tree of a later deploy."""
    state.require_lock()
    current, retired = served(state.root), []
    for release in sorted(map(plain, releases), reverse=True):
        path = os.path.join(state.root, "releases", release)
        if release == current or not os.path.isdir(path):
            continue
        if not kept_as_spare(state, path):
            retire(state, path)
        retired.append(release)
    empty(state.root)
    return {"retired": retired}


def kept_as_spare(state: State, release: str) -> bool:
    """Whether a release became the spare tree: the first whole one, on a disk where a rename brings it back."""
    spare = os.path.join(state.root, ".deploytasks", "spare")
    make_directory(spare, 0o700)
    if os.path.islink(release) or not os.path.exists(os.path.join(release, MANIFEST)) or listed(spare):
        return False
    try:
        move(release, spare, os.path.basename(release))
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True
