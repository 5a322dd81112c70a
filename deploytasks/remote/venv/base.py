"""An environment that differs from another in its vendored wheels alone begins as a copy of that one."""

from __future__ import annotations

import json
import os
import shutil

from deploytasks.remote.files import known_json, write_json
from deploytasks.remote.venv import venv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State
    from deploytasks.remote.venv.installer import Installer

MADE_OF = "made-of.json"
"""What an environment holds: `like` it are those that differ in the vendored `wheels` alone."""
SHAPE = {"like": str, "wheels": {str: str}}
OF_PYTHON = ("python", "platform", "implementation", "executable")


def made_of(installer: Installer, packages: dict[str, Any]) -> dict[str, Any]:
    """What an environment is made of; `like` is empty where no other may serve as its base."""
    like = packages.get("like")
    python = [installer.found[name] for name in OF_PYTHON]
    return {"like": json.dumps([like, installer.name, *python]) if like else "", "wheels": packages["wheels"]}


def begin(state: State, installer: Installer, packages: dict[str, Any], place: str) -> dict[str, str] | None:
    """Make the environment `place` a copy of one that is like it, and answer {wheel: SHA-256} of what it holds.

    None, and an empty environment, where there is none. What the environment is made of is written into it.
    """
    mine = made_of(installer, packages)
    base = find(os.path.dirname(place), mine["like"]) if mine["like"] else None
    if base is None:
        installer.create(place)
        kept = None
    else:
        state.emit("beginning with a copy of %s" % os.path.basename(base))
        kept = told(base)["wheels"]
        copy(state, base, place)
    write_json(os.path.join(place, MADE_OF), mine)
    return kept


def find(venvs: str, like: str) -> str | None:
    """The newest complete environment that is like that."""
    found = []
    for name in os.listdir(venvs):
        place = os.path.join(venvs, name)
        if name[0] != "." and venv.usable(place) and told(place)["like"] == like:
            found.append((os.stat(place).st_mtime, place))
    return max(found)[1] if found else None


def told(place: str) -> dict[str, Any]:
    """What an environment is made of, as it was written into it."""
    found: dict[str, Any] = known_json(os.path.join(place, MADE_OF), SHAPE, {"like": "", "wheels": {}})
    return found


def copy(state: State, base: str, place: str) -> None:
    """A writable copy that shares no inode with `base`, and speaks of itself; blocks are shared where that is safe."""
    code, _ = state.spawn(["cp", "-a", "--reflink=auto", base, place], state.root, emit=lambda line: None)
    if code != 0:  # only GNU's cp has the option
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(base, place, symlinks=True)
    for directory, names, files in os.walk(place):
        os.chmod(directory, 0o755)
        for path in (os.path.join(directory, name) for name in (*names, *files)):
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode | 0o200)
    os.unlink(os.path.join(place, venv.COMPLETE))
    venv.respell(place, os.path.basename(base), os.path.basename(place))
