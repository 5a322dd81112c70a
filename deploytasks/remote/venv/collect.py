"""Virtual environments that no kept release refers to go."""

from __future__ import annotations

import os

from deploytasks.remote import trash
from deploytasks.remote.failure import of_system
from deploytasks.remote.files import read_json
from deploytasks.remote.release.prune import prune
from deploytasks.remote.venv import venv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State


def collect(state: State, keep: list[str]) -> None:
    """Retire environments that none of the kept releases refers to, and bundles that nobody installs from any more."""
    from deploytasks.remote.trash import empty

    state.require_lock()
    needed = set()
    for release in keep:
        top = os.path.join(state.root, "releases", release)
        needed.update(read_json(os.path.join(top, ".deploytasks", "environments.json"), []))
        if os.path.islink(os.path.join(top, ".venv")):
            needed.add(os.path.basename(os.readlink(os.path.join(top, ".venv"))))
    venvs, bundles = os.path.join(state.root, "venvs"), os.path.join(state.root, ".deploytasks", "bundles")
    unused = [
        os.path.join(venvs, name)
        for name in listing(venvs)
        if name not in needed and venv.NAMES.fullmatch(name)
    ]
    for path in [*unused, *(os.path.join(bundles, name) for name in listing(bundles))]:
        trash.retire(state, path)
    empty(os.path.join(state.root, ".deploytasks", "trash"))


def listing(directory: str) -> list[str]:
    return os.listdir(directory) if os.path.isdir(directory) else []


def tidy(state: State, releases: list[str], keep: list[str]) -> dict[str, Any]:
    """Prune and collect after a deploy, which no trouble here makes fail; answers what the trouble was."""

    try:
        retired = prune(state, releases)
        collect(state, keep)
        return {**retired, "problem": ""}
    except OSError as error:
        return {"retired": [], "problem": of_system(error)}
