"""Taking a lock over or breaking it: what its run left behind is ended first."""

from __future__ import annotations

import os
import shutil

from deploytasks.remote import pids
from deploytasks.remote.failure import Failure
from deploytasks.remote.files import write_json
from deploytasks.remote.lock.lock import guarded, is_stale, load, place, put, sessions, told
from deploytasks.remote.release.history import append

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def acquire(
    root: str, token: str, holder: dict[str, Any], lease: float = 60.0, gone: str = ""
) -> dict[str, Any]:
    """Take the lock, from a stale run if need be; answer who has it otherwise.

    `gone` is the token of a run of which the caller knows that its process has ended, having looked on its own machine.
    """
    first, took_over = load(root), None
    if first is not None and is_stale(first, lease, gone):
        took_over = told(first)
        with guarded(root):
            condemn(root, first["token"])
        end_run(root, first)  # outside the guard: it may take seconds, and only the swap must be alone
    with guarded(root):
        found = load(root)  # None when the run that was ended has given its lock back on its way out
        if found is not None:
            if first is None or found["token"] != first["token"] or not is_stale(found, lease, gone):
                return {"acquired": False, "holder": told(found)}
            took_over = told(found)
            end_run(root, found)
            shutil.rmtree(sessions(root, found["token"]), ignore_errors=True)
        put(root, dict(holder, token=token, kind="run"))
    return {"acquired": True, "took_over": took_over}


def condemn(root: str, token: str) -> None:
    """Let the run of `token` know that its lock is being taken, before anything of it is ended."""
    found = load(root)
    if found is not None and found["token"] == token and found.get("kind") == "run":
        write_json(place(root), {**found, "condemned": True})


def end_run(root: str, found: dict[str, Any]) -> None:
    """End everything of a run that still goes on here: its steps, its uploads, its agent."""
    directory = sessions(root, found["token"]) if found["token"] else ""
    for name in sorted(os.listdir(directory)) if directory and os.path.isdir(directory) else ():
        try:
            with open(os.path.join(directory, name), encoding="ascii") as stream:
                pids.end(int(name), stream.read().strip())
        except (OSError, ValueError):
            continue  # ended by itself meanwhile
    agent = found.get("agent") or {}
    if agent.get("pid") and agent["pid"] != os.getpid():
        pids.end(agent["pid"], agent.get("start"), whole_session=False)


def break_lock(root: str, token: str, entry: dict[str, Any]) -> None:
    """Break the lock that `token` names, ending what its run still does here; Failure when it is another's by now."""
    with guarded(root):
        found = load(root)
        if found is None:
            return
        if found["token"] != token:
            raise Failure("the lock changed hands meanwhile; see `fab unlock` again", "locked")
        if found["kind"] == "run":
            condemn(root, token)
            end_run(root, found)
        append(root, entry)  # before the lock is gone, so that the run that lost it finds out why
        os.unlink(place(root))
