"""history.jsonl: who did what when, a line each."""

from __future__ import annotations

import json
import os
import time

from deploytasks.remote.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State


def history(state: State, limit: int = 200) -> list[dict[str, Any]]:
    """The newest entries of history.jsonl, oldest first; lines that are not JSON are left out."""
    import json

    path = os.path.join(state.root, ".deploytasks", "history.jsonl")
    entries = []
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                try:
                    entries.append(json.loads(line))
                except ValueError:
                    continue
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Failure("%s: %s; see its permissions" % (path, error.strerror)) from error
    return entries[-limit:]


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
    descriptor = os.open(
        os.path.join(directory, "history.jsonl"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644
    )
    try:
        os.write(descriptor, line.encode("utf-8"))
    finally:
        os.close(descriptor)
