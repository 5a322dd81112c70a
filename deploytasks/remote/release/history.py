"""history.jsonl: who did what when, a line each."""

from __future__ import annotations

import json
import os
import time

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import open_file
from deploytasks.remote.shape import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State

NEWEST = 4 * 1024 * 1024
"""Bytes at the end of history.jsonl that are read."""
TEXT = (str, None)
ENTRY = {
    **dict.fromkeys(("at", "command", "environment", "release", "outcome", "revision"), TEXT),
    **dict.fromkeys(("who", "from", "run", "of", "error"), TEXT),
    "seconds": (float, None),
}


def history(state: State, limit: int = 200) -> list[dict[str, Any]]:
    """The newest entries of history.jsonl, oldest first; lines that are none are left out."""
    path = os.path.join(state.root, ".deploytasks", "history.jsonl")
    try:
        descriptor = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Failure("%s: %s; see its permissions" % (path, error.strerror)) from error
    with os.fdopen(descriptor, "rb") as stream:
        stream.seek(max(0, os.fstat(descriptor).st_size - NEWEST))
        lines = stream.read(NEWEST).decode("utf-8", "replace").split("\n")
    return [found for found in map(entry_of, lines) if found][-limit:]


def entry_of(line: str) -> dict[str, Any] | None:
    """The entry that a line holds, None when it holds none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if fits(found, ENTRY) else None


def record(state: State, entry: dict[str, Any]) -> None:
    """Append one line to history.jsonl, stamped with the host's own clock."""
    state.require_lock()
    append(state.root, entry)


def append(root: str, entry: dict[str, Any]) -> None:
    """Append a line to the history of a deployment that exists."""
    directory = os.path.join(root, ".deploytasks")
    if not os.path.isdir(directory):
        return
    line = (
        json.dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **entry}, separators=(",", ":"))
        + "\n"
    )
    descriptor = open_file(os.path.join(directory, "history.jsonl"), os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        size = os.fstat(descriptor).st_size
        torn = size and os.pread(descriptor, 1, size - 1) != b"\n"  # by a full disk or a power failure
        os.write(descriptor, (b"\n" if torn else b"") + line.encode("utf-8"))
    finally:
        os.close(descriptor)
