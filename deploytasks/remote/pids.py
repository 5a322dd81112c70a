"""Processes of this machine by pid and start time, so that a reused pid is never taken for an old one."""

from __future__ import annotations

import os
import signal
import time

GRACE = 3.0


def boot_id() -> str:
    """Changes with every boot; empty where the system does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def machine_id() -> str:
    """The same on one machine (or container) for ever; the host name where the system has no id."""
    try:
        with open("/etc/machine-id", encoding="ascii") as stream:
            return stream.read().strip() or os.uname().nodename
    except OSError:
        return os.uname().nodename


def namespace() -> str:
    """In which numbering pids of this process count: a container's are not its machine's."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def start_time(pid: int) -> str | None:
    """When a process was started, in the system's own ticks, as text; None when it is not running (or a zombie)."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
    except OSError:
        return None if os.path.isdir("/proc/self") else ("?" if exists(pid) else None)
    return None if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")


def exists(pid: int) -> bool:
    """Whether a process with this pid exists, where there is no /proc."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def alive(pid: object, started: object) -> bool:
    """Whether this very process still runs."""
    return isinstance(pid, int) and pid > 0 and isinstance(started, str) and start_time(pid) == started


def members(session: int) -> list[int]:
    """Pids of a session, by /proc; the leader alone where there is none."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, "rb") as stream:
                    fields = stream.read().rpartition(b")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] not in (b"Z", b"X"):
                found.append(int(name))
    return found


def session_of(pid: int) -> int | None:
    """The session of a process, None when it is not running."""
    try:
        return os.getsid(pid)
    except OSError:
        return None


def end(pid: int, started: str | None, whole_session: bool = True) -> None:
    """End a process and, when it leads one, its session: politely, then for good. Nothing of it runs afterwards.

    Nothing happens to a process that was not started then.
    """
    if pid <= 1 or not started or not alive(pid, started):
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        targets = (members(pid) if whole_session else []) or [pid]
        for target in targets:
            try:
                os.kill(target, number)
            except OSError:
                pass
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline:
            if not alive(pid, started) and not (whole_session and members(pid)):
                return
            time.sleep(0.02)
