"""Networks of processes. What ssh runs as its ProxyCommand imports this, so little else is imported here."""

import ctypes
import os

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of <sched.h>."""


def enter_network_of(pid: int) -> None:
    """From here on this thread's sockets are made in the network of the process."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/proc/{pid}/ns/net") as network:
        if libc.setns(network.fileno(), NEW_NETWORK):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def first_process(directory: "str | os.PathLike[str]") -> "int | None":
    """The pid, out here, of the first process of the machine with that directory; None while it is off."""
    try:
        with open(os.path.join(directory, "unshare.pid")) as outer:
            pid = int(outer.read())
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return int(children.read().split()[0])  # the eldest child of `unshare --fork`
    except (OSError, ValueError, IndexError):
        return None
