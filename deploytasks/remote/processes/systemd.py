"""The service manager of the user who deploys: asked and told by `systemctl --user`."""

from __future__ import annotations

import os
import pwd
import subprocess

from deploytasks.remote.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHOWN = (
    "Id,ActiveState,SubState,MainPID,NRestarts,MemoryCurrent,ActiveEnterTimestampMonotonic,"
    "WorkingDirectory,ExecMainCode,ExecMainStatus"
)
JOURNAL = 20
"""Last lines of a process that are shown when it fails."""


def surroundings() -> dict[str, str]:
    """An environment in which the manager is found without a login session."""
    place = os.environ.get("XDG_RUNTIME_DIR") or "/run/user/%d" % os.getuid()
    return {**os.environ, "XDG_RUNTIME_DIR": place, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}


def ask(*words: str, seconds: float = 60.0) -> tuple[int, str]:
    """(exit code, what it printed) of a program of systemd."""
    try:
        done = subprocess.run(
            words,
            env=surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
        )
    except FileNotFoundError:
        raise Failure("%s is missing; DEPLOY_PROCESSES needs systemd" % words[0]) from None
    except subprocess.TimeoutExpired:
        raise Failure(
            "%s: no answer within %g s; see the host" % (" ".join(words), seconds), "timeout"
        ) from None
    return done.returncode, done.stdout.decode("utf-8", "replace")


def systemctl(*words: str, seconds: float = 60.0) -> str:
    """What `systemctl --user` printed. Failure when it failed."""
    code, printed = ask("systemctl", "--user", *words, seconds=seconds)
    if code:
        what = printed.strip().replace("\n", " ") or "exit code %d" % code
        raise Failure("systemctl --user %s: %s; see `fab check`" % (" ".join(words), what))
    return printed


def show(*units: str) -> list[dict[str, str]]:
    """The properties of units; patterns stand for those that systemd knows of."""
    if not units:
        return []
    blocks = systemctl("show", "--all", "--property=" + SHOWN, "--", *units).split("\n\n")
    found = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    return [one for one in found if one.get("Id")]


def number(said: dict[str, str], name: str) -> int:
    """A property that is a number; 0 where systemd does not say one."""
    text = said.get(name, "")
    return int(text) if text.isdigit() and int(text) < 2**63 else 0


def journal(*units: str) -> list[str]:
    """The last lines of what units printed."""
    named = ["--user-unit=" + unit for unit in units]
    code, printed = ask("journalctl", "--quiet", "--no-pager", "--output=cat", "--lines=%d" % JOURNAL, *named)
    return [] if code else printed.splitlines()


def manager() -> dict[str, Any]:
    """What a check wants to know of it."""
    user = pwd.getpwuid(os.getuid()).pw_name
    return {
        "systemd": os.path.isdir("/run/systemd/system"),
        "lingers": os.path.exists("/var/lib/systemd/linger/" + user),
        "answers": os.path.exists(os.path.join(surroundings()["XDG_RUNTIME_DIR"], "systemd", "private")),
        "is_root": os.getuid() == 0,
    }
