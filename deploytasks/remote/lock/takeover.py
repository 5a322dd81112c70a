"""Taking a lock over or breaking it: what its run left behind is ended first."""

from __future__ import annotations

import os
import re
import uuid

from deploytasks.remote import pids
from deploytasks.remote.failure import Failure
from deploytasks.remote.files import listed, make_directory, read, unlink, write_json
from deploytasks.remote.lock.lock import (
    LEASE,
    forget_sessions,
    guarded,
    is_stale,
    load,
    place,
    put,
    sessions,
    told,
)
from deploytasks.remote.release.history import append
from deploytasks.remote.trash import move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NUMBER = re.compile(r"[1-9][0-9]{0,18}")


def acquire(
    root: str, token: str, holder: dict[str, Any], lease: float = LEASE, gone: str = ""
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
            forget_sessions(root, found["token"])
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
    for name in listed(directory) if directory else ():
        try:
            started = read(os.path.join(directory, name)).decode("ascii").strip()
            if NUMBER.fullmatch(name):
                pids.end(int(name), started)
        except (OSError, ValueError, Failure):
            continue  # ended by itself meanwhile, or is nothing of ours
    agent = found.get("agent") or {}
    pid, session = agent.get("pid") or 0, agent.get("session")
    if pid not in (0, os.getpid()) and session in (None, pids.session_of(pid)):
        pids.end(pid, agent.get("start"), whole_session=False)


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
        put_aside(root)


def put_aside(root: str) -> None:
    """The lock is free, whatever stood there."""
    try:
        unlink(place(root))
    except (IsADirectoryError, PermissionError):  # the one or the other, for a directory
        trash = os.path.join(root, ".deploytasks", "trash")
        make_directory(trash, 0o700)
        move(place(root), trash, "lock.%s" % uuid.uuid4().hex[:8])
