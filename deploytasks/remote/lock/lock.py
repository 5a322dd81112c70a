"""The deploy lock of a host: one JSON file, replaced by rename, every change under flock of its guard.

Absent means free. `kind` is `run` (with a heartbeat, stale after the lease) or `freeze` (by hand, never taken over).
A run's remote sessions are files `.deploytasks/sessions/<token>/<pid>`, so that a takeover can end them first.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time

from deploytasks.remote import pids
from deploytasks.remote.failure import Failure
from deploytasks.remote.files import listed, make_directory, open_file, read_json, unlink, write_json
from deploytasks.remote.names import PLAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

LEASE = 60.0
"""Seconds without a heartbeat after which a run counts as gone."""
PATIENCE, PAUSE = 30.0, 0.02
"""Seconds to wait for the guard, in which the processes of another run may be ended; and between two tries."""
TEXT = (str, None)
NUMBER = (float, None)
PROCESS = ({"pid": (int, None), "start": TEXT, "session": (int, None)}, None)
HOLDER = {
    **dict.fromkeys(
        ("user", "machine", "reason", "run_id", "revision", "ci_url", "started", "boot_id"), TEXT
    ),
    "token": PLAIN,
    "kind": {"run", "freeze"},
    "heartbeat": NUMBER,
    "condemned": (bool, None),
    "agent": PROCESS,
    "control": PROCESS,
}
"""What the lock file holds."""
ASKED = {**HOLDER, "token": TEXT, "kind": TEXT}
"""What a run says of itself to have it."""
RUBBISH = "the lock file %s is not readable; see what is in it, then `fab unlock`"


def place(root: str) -> str:
    return os.path.join(root, ".deploytasks", "lock")


def sessions(root: str, token: str) -> str:
    return os.path.join(root, ".deploytasks", "sessions", token)


@contextlib.contextmanager
def guarded(root: str) -> Iterator[None]:
    """Alone with the lock file, among all processes of this host."""
    os.makedirs(root, 0o755, exist_ok=True)
    make_directory(os.path.join(root, ".deploytasks"))
    descriptor = open_file(place(root) + ".guard", os.O_RDWR | os.O_CREAT)
    try:
        alone(descriptor, place(root) + ".guard")
        yield
    finally:
        os.close(descriptor)


def alone(descriptor: int, path: str) -> None:
    """Nobody else has the guard; Failure when somebody keeps it longer than anything takes that is done under it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                what = "%s is kept by another process for %g s; see `fuser %s` there" % (path, PATIENCE, path)
                raise Failure(what, "locked") from None
            time.sleep(PAUSE)


def load(root: str) -> dict[str, Any] | None:
    """The lock as it stands, or None. Rubbish is a lock that nobody can be asked about."""
    try:
        found: dict[str, Any] | None = read_json(place(root), HOLDER)
    except (OSError, Failure):
        reason = RUBBISH % place(root)
        return {"token": "", "kind": "rubbish", "user": "somebody", "machine": "?", "reason": reason}
    return found


def now() -> tuple[float, float]:
    """(wall clock, boot clock): neither a stepped wall clock nor a reboot makes a heartbeat look fresh or old."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.time(), time.clock_gettime(boot)


def age(found: dict[str, Any]) -> float:
    """Seconds since the heartbeat, by this host's own clock; since another boot it is for ever ago."""
    seconds = now()[1] - float(found.get("heartbeat") or 0.0)
    if found.get("boot_id") != pids.boot_id() or seconds < -PATIENCE:  # no beat of this boot is to come
        return float("inf")
    return max(0.0, seconds)


def is_stale(found: dict[str, Any], lease: float = LEASE, gone: str = "") -> bool:
    """Whether a run's lock may be taken over: no heartbeat within the lease, or `gone` names it as ended for sure."""
    return found.get("kind") == "run" and (age(found) > lease or found["token"] == gone)


def put(root: str, content: dict[str, Any]) -> None:
    """Write the lock with a heartbeat of now."""
    wall, boot = now()
    agent = {"pid": os.getpid(), "start": pids.start_time(os.getpid()), "session": os.getsid(0)}
    stamped = {"started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall)), "agent": agent}
    write_json(place(root), {**stamped, **content, "heartbeat": boot, "boot_id": pids.boot_id()})


def told(found: dict[str, Any]) -> dict[str, Any]:
    """A lock as it is shown: with its age, None for one from before a reboot."""
    seconds = age(found)
    return {**found, "age": None if seconds == float("inf") else round(seconds, 1)}


def read(root: str) -> dict[str, Any] | None:
    """Who holds the lock, of a run also whether its agent is still alive; None for nobody."""
    found = load(root)
    if found is None:
        return None
    return {**told(found), **({"alive": alive(found)} if found.get("kind") == "run" else {})}


def alive(found: dict[str, Any]) -> bool:
    """Whether the agent that took a lock still runs on this machine, so that it may still change something."""
    agent = found.get("agent") or {}
    return pids.alive(agent.get("pid"), agent.get("start")) and found.get("boot_id") == pids.boot_id()


def check(root: str, token: str) -> dict[str, Any]:
    """Failure(kind="lock_lost") unless the lock is ours."""
    found = load(root)
    if found is None or found["token"] != token or found.get("condemned"):
        whose = (
            "nobody's"
            if found is None or found["token"] == token
            else "%s@%s's" % (found.get("user", "?"), found.get("machine", "?"))
        )
        raise Failure(
            "this run's lock is gone, it is %s now; see `fab status`, then deploy again" % whose, "lock_lost"
        )
    return found


def beat(root: str, token: str) -> None:
    """Renew the heartbeat; Failure(kind="lock_lost") when the lock is not ours any more."""
    with guarded(root):
        found = check(root, token)
        write_json(place(root), {**found, "heartbeat": now()[1], "boot_id": pids.boot_id()})


def enter_session(root: str, token: str, pid: int) -> None:
    """Remember a session of ours, so that a takeover can end it."""
    directory, started = sessions(root, token), pids.start_time(pid)
    make_directory(directory)
    if started is not None:
        descriptor = open_file(os.path.join(directory, str(pid)), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(started)


def leave_session(root: str, token: str, pid: int) -> None:
    """Forget a session that has ended."""
    with contextlib.suppress(OSError, Failure):
        unlink(os.path.join(sessions(root, token), str(pid)))


def forget_sessions(root: str, token: str) -> None:
    """Remove what remembers the sessions of a run."""
    directory = sessions(root, token)
    with contextlib.suppress(OSError, Failure):
        for name in listed(directory):
            unlink(os.path.join(directory, name))
        unlink(directory, os.rmdir)


def release(root: str, token: str) -> None:
    """Give the lock back, if it is ours; a second time nothing happens."""
    if load(root) is None:
        return
    with guarded(root):
        found = load(root)
        if found is not None and found["token"] == token:
            unlink(place(root))
    forget_sessions(root, token)


def freeze(root: str, message: str, holder: dict[str, Any]) -> None:
    """Freeze by hand; answers the holder when somebody has the lock."""
    with guarded(root):
        found = load(root)
        if found is not None:
            raise Failure(
                "is held by %s@%s; `fab unlock` first" % (found.get("user", "?"), found.get("machine", "?")),
                "locked",
            )
        put(root, {**holder, "token": holder.get("run_id", "freeze"), "kind": "freeze", "reason": message})
