"""Venvs that no kept release refers to go."""

from __future__ import annotations

import os

from deploytasks.remote import trash
from deploytasks.remote.failure import Failure, of_system
from deploytasks.remote.files import listed
from deploytasks.remote.names import plain
from deploytasks.remote.release.prune import prune
from deploytasks.remote.venv import venv
from deploytasks.remote.venv.given import given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State


def collect(state: State, keep: list[str]) -> None:
    """Retire venvs that none of the kept releases refers to, and bundles that nobody installs from any more."""
    state.require_lock()
    needed = {name for release in map(plain, keep) for name in referred(state.root, release)}
    venvs, bundles = os.path.join(state.root, "venvs"), os.path.join(state.root, ".deploytasks", "bundles")
    unused = [name for name in listed(venvs) if name not in needed and venv.NAMES.fullmatch(name)]
    for directory, names in ((venvs, unused), (bundles, listed(bundles))):
        for name in names:
            trash.retire(state, os.path.join(directory, name))
    trash.empty(state.root)


def referred(root: str, release: str) -> list[str]:
    """The names of the venvs that a release needs. Raises Failure where that cannot be read: then nothing may go."""
    top = os.path.join(root, "releases", release)
    link = os.path.join(top, ".venv")
    linked = [os.path.basename(os.path.normpath(os.readlink(link)))] if os.path.islink(link) else []
    return [*given(top), *linked]


def tidy(state: State, releases: list[str], keep: list[str]) -> dict[str, Any]:
    """Prune and collect after a deploy, which no trouble here makes fail; answers what the trouble was."""

    try:
        retired = prune(state, releases)
        collect(state, keep)
        return {**retired, "problem": ""}
    except OSError as error:
        return {"retired": [], "problem": of_system(error)}
    except Failure as failure:
        if failure.kind == "lock_lost":
            raise
        return {"retired": [], "problem": str(failure)}
