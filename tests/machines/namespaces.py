"""Namespaces: where a machine lives, what enters it, and what this machine lacks to make one."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.machines.network import enter_network_of

Made = TypeVar("Made")

HERE = Path(__file__).parent
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DIES_WITH_ITS_STARTER = ("setpriv", "--pdeathsig", "KILL")
OWN_MOUNTS = (
    *DIES_WITH_ITS_STARTER,
    *("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL"),
)
"""The words before a program's whose mounts nobody sees, and which leaves no process and no mount."""
OWN_MACHINE = (*OWN_MOUNTS, "--uts", "--ipc", "--net", "--cgroup")
"""The same with a host name, a network and control groups of its own."""


def in_cgroup(path: Path) -> list[str]:
    """The words before a program's that run it in the control group."""
    return ["sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', str(path)]


def entering(pid: int) -> list[str]:
    """The words before a program's that run it in every namespace of the process, with a login's PATH only."""
    namespaces = ("--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--root", "--wd")
    return ["nsenter", f"--target={pid}", *namespaces, "env", "-i", f"PATH={PATH}", "LANG=C.UTF-8"]


def in_network_of(pid: int, make: Callable[[], Made]) -> Made:
    """What `make` returns when it is called in the network of the process, such as a socket."""
    made: list[Made] = []
    failures: list[OSError] = []

    def enter() -> None:
        try:
            enter_network_of(pid)
            made.append(make())
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=enter)  # a network is a thread's: this one ends there, ours stays here
    thread.start()
    thread.join()
    for failure in failures:
        raise failure
    return made[0]


def run_to_end(words: list[str | os.PathLike[str]], what: str) -> None:
    """Run a program that must succeed; what it said when it does not."""
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, f"{what}: exit code {done.returncode}\n{done.stdout[-4000:]}"
