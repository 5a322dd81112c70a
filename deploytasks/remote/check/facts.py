"""What `check` reads of a host in one round trip, before anything changes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time

from deploytasks.remote.check.places import group, places, user_name
from deploytasks.remote.files import existing
from deploytasks.remote.release.inventory import environment_keys, inventory
from deploytasks.remote.release.owner import stored
from deploytasks.remote.venv.interpreter import Question

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from deploytasks.remote.agent.state import State


def facts(
    state: State,
    python: str = "python3",
    shared_files: Sequence[str] = (),
    env_group: str | None = None,
    salt: str = "",
    sudo: Sequence[dict[str, Any]] = (),
    managed: bool = False,
) -> dict[str, Any]:
    """Everything a check decides on: tools, space, permissions, current, owner, lock, releases, clock."""
    from deploytasks.remote.check.sudo import rules
    from deploytasks.remote.lock import lock
    from deploytasks.remote.processes.systemd import manager

    state.question = Question(python)  # `install_facts`, which follows, needs the answer
    base = existing(state.root)
    space = os.statvfs(base)
    return {
        "user": user_name(),
        "home": os.path.realpath(os.path.expanduser("~")),
        "root": os.path.realpath(state.root),
        "exists": os.path.isdir(state.root),
        "obstacle": obstacle(state.root),
        **places(state.root),
        "nearest": base,
        "current": kind(os.path.join(state.root, "current")),
        "owner": stored(state.root),
        "rsync": version("rsync"),
        "python": shutil.which(python) or "",
        "agent_python": sys.version.split()[0],
        "free_bytes": space.f_bavail * space.f_frsize,
        "free_inodes": space.f_favail,
        "has_inodes": space.f_files > 0,
        "clock": time.time(),
        "missing_shared": [
            name for name in shared_files if not os.path.exists(os.path.join(state.root, "shared", name))
        ],
        "group": group(env_group),
        "sudo": rules(sudo),
        "manager": manager() if managed else None,
        "lock": lock.read(state.root),
        "inventory": inventory(state),
        "environment_keys": environment_keys(state.root, salt),
        "platform": sys.platform,
    }


def obstacle(path: str) -> str:
    """The first component at or above `path` that exists and is not a directory, or an empty text."""
    while path and path != "/":
        if os.path.lexists(path):
            return "" if os.path.isdir(path) else path
        path = os.path.dirname(path)
    return ""


def kind(path: str) -> str:
    """`missing`, `symlink`, `directory` or `other`."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return "missing"
    if stat.S_ISLNK(mode):
        return "symlink"
    return "directory" if stat.S_ISDIR(mode) else "other"


def version(program: str) -> str:
    """The first line of `<program> --version`, or an empty text when it is not there."""
    if not shutil.which(program):
        return ""
    done = subprocess.run(
        [program, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.stdout.decode("utf-8", "replace").split("\n")[0].strip()
