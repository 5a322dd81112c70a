"""What happens to one release after its upload: links, environment, publish, marks, history."""

from __future__ import annotations

import grp
import os

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import read_json, relink, write, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from deploytasks.remote.agent.state import State


def path_of(state: State, release: str) -> str:
    """The directory of a release; Failure when this host does not have it."""
    path = os.path.join(state.root, "releases", release)
    if not os.path.isdir(path):
        raise Failure(
            "release %s is not on this host; see `releases`, or leave the host out with --limit" % release,
            "missing",
        )
    return path


def link_shared(
    state: State, release: str, directories: Sequence[str] = (), files: Sequence[str] = ()
) -> None:
    """Link what outlives releases from shared/ into the release; a tracked directory of that name gives way."""
    from deploytasks.remote.files import remove

    state.require_lock()
    top, shared = path_of(state, release), os.path.join(state.root, "shared")
    for name in directories:
        os.makedirs(os.path.join(shared, name), exist_ok=True)
    for name in (*directories, *files):
        origin, link = os.path.join(shared, name), os.path.join(top, name)
        if not os.path.exists(origin):
            raise Failure("shared/%s is missing on this host; create %s there" % (name, origin), "missing")
        os.makedirs(os.path.dirname(link), exist_ok=True)
        remove(link)
        os.symlink(os.path.relpath(origin, os.path.dirname(link)), link)


def write_environment(state: State, release: str, text: str, group: str | None = None) -> None:
    """Write `.env` (canonical text) and `environment.json`, private from their first byte, readable by
    `group` if given.
    """
    state.require_lock()
    top = path_of(state, release)
    try:
        number = grp.getgrnam(group).gr_gid if group else None
    except KeyError:
        raise Failure("group %s (DEPLOY_ENV_GROUP) does not exist on this host; create it" % group) from None
    mode = 0o640 if group else 0o600
    write(os.path.join(top, ".env"), text, mode, number)
    write_json(os.path.join(top, "environment.json"), state.environment, mode, number)


def load_environment(state: State, release: str) -> None:
    """Make the environment that a release was deployed with, and its revision, those of the operations that follow."""
    provenance = read_json(os.path.join(path_of(state, release), ".deploytasks", "release.json"), {})
    state.environment = {
        **read_json(os.path.join(path_of(state, release), "environment.json"), {}),
        "DEPLOYTASKS_REVISION": provenance.get("revision", ""),
    }


def publish(state: State, release: str | None) -> dict[str, Any]:
    """Point `current` at a release by one rename, or remove it when `release` is None; answers what it was."""
    state.require_lock()
    current = os.path.join(state.root, "current")
    if os.path.lexists(current) and not os.path.islink(current):
        raise Failure("%s is not a symlink; move it away" % current)
    previous = os.path.basename(os.readlink(current)) if os.path.islink(current) else None
    if release is None:
        if previous:
            os.unlink(current)
    else:
        path_of(state, release)
        relink("releases/" + release, current)
    return {"previous": previous}


def mark(state: State, release: str, **marks: object) -> None:
    """Remember facts of a release (`verified`, `bad`, `migrated`);
    None for a release that is not here is no failure.
    """
    state.require_lock()
    directory = os.path.join(state.root, "releases", release, ".deploytasks")
    if os.path.isdir(directory):
        path = os.path.join(directory, "state.json")
        write_json(path, {**read_json(path, {}), **marks})
