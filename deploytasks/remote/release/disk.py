"""What was written of a release is on the disk before it is served: after a power failure no file of it is empty."""

from __future__ import annotations

import os
import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from deploytasks.remote.agent.state import State

FEW = 16
"""Files that are written out one by one, 2 to 4 ms each; the whole file system takes 20 to 400 ms, other files too."""
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def settle(state: State, top: str) -> None:
    """What this run wrote in a release is on the disk; nothing is waited for when it wrote nothing."""
    written, state.written = state.written, []
    if written is None or len(written) > FEW:
        flush(top)
        return
    for path in written:
        write_out(os.path.join(top, path))


def write_out(path: str) -> None:
    """A file is on the disk; links have nothing that could be missing."""
    try:
        descriptor = os.open(path, FILE)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush(place: str) -> None:
    """The file system of a directory has written out what it holds back; every one, where that cannot be said."""
    nothing = subprocess.DEVNULL
    try:
        done = subprocess.run(["sync", "-f", place], stdin=nothing, stdout=nothing, stderr=nothing)
    except OSError:
        os.sync()
        return
    if done.returncode != 0:
        os.sync()
