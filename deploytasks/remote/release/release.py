"""What happens to one release after its upload: links, environment, publish, marks, history."""

from __future__ import annotations

import grp
import os

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import read_json, relink, remove, write, write_json
from deploytasks.remote.names import TOOL_NAMES, VARIABLES, plain
from deploytasks.remote.release import inventory
from deploytasks.remote.release.current import served
from deploytasks.remote.release.disk import settle
from deploytasks.remote.release.inventory import revision
from deploytasks.remote.tree.scan import parents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from deploytasks.remote.agent.state import State


def path_of(state: State, release: str) -> str:
    """The directory of a release; Failure when this host does not have it."""
    path = os.path.join(state.root, "releases", plain(release))
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
    state.require_lock()
    top, shared = path_of(state, release), os.path.join(state.root, "shared")
    for name in directories:
        os.makedirs(os.path.join(shared, inside(name)), exist_ok=True)
    for name in sorted({inside(name) for name in (*directories, *files)}):
        origin = os.path.join(shared, name)
        if not os.path.exists(origin):
            raise Failure("shared/%s is missing on this host; create %s there" % (name, origin), "missing")
        above = parents([name])
        if not above.intersection(
            map(inside, directories)
        ):  # else it is a part of a shared directory already
            refuse_links(top, name, sorted(above))
            link = os.path.join(top, name)
            os.makedirs(os.path.dirname(link), exist_ok=True)
            remove(link)
            os.symlink(os.path.relpath(origin, os.path.dirname(link)), link)


def inside(name: str) -> str:
    """A path in a release, written one way; Failure for one that leads out of it."""
    path = os.path.normpath(name)
    if path[:1] == "/" or path in (".", "..") or path.startswith("../") or path.split("/")[0] in TOOL_NAMES:
        raise Failure(
            "%r cannot be shared; correct DEPLOY_SHARED_DIRS or DEPLOY_SHARED_FILES" % name, "damaged"
        )
    return path


def refuse_links(top: str, name: str, above: list[str]) -> None:
    """Failure when a shipped link stands above a shared path, which would put it, and remove, somewhere else."""
    for path in above:
        if os.path.islink(os.path.join(top, path)):
            what = "%s is a link in the tree, so that shared/%s cannot be put below it" % (path, name)
            raise Failure("%s; share %s, or replace the link by a directory" % (what, path), "link")


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
    top = path_of(state, release)
    state.environment = {
        **read_json(os.path.join(top, "environment.json"), VARIABLES, {}),
        "DEPLOYTASKS_REVISION": revision(top) or "",
    }


def publish(state: State, release: str | None) -> dict[str, Any]:
    """Point `current` at a release by one rename, or, when `release` is None, at what it led to before this run, which
    may be nothing; answers which release it was.
    """
    state.require_lock()
    current = os.path.join(state.root, "current")
    if os.path.lexists(current) and not os.path.islink(current):
        raise Failure("%s is not a symlink; move it away" % current)
    previous = served(state.root)
    if release is not None:
        settle(state, path_of(state, release))
        if previous is None and os.path.islink(current):
            state.displaced = os.readlink(current)
        relink("releases/" + release, current)
    elif state.displaced:
        relink(state.displaced, current)
    elif previous:
        os.unlink(current)
    return {"previous": previous}


def mark(state: State, release: str, **marks: object) -> None:
    """Remember facts of a release (`verified`, `bad`, `migrated`);
    None for a release that is not here is no failure.
    """
    state.require_lock()
    top = os.path.join(state.root, "releases", plain(release))
    if os.path.isdir(os.path.join(top, ".deploytasks")):
        write_json(os.path.join(top, ".deploytasks", "state.json"), {**inventory.marks(top), **marks})
