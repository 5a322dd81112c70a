"""Writing files so that nobody ever sees half of one, and reading them back."""

from __future__ import annotations

import json
import os
import shutil
import uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def write(path: str, text: str, mode: int = 0o644, group: int | None = None) -> None:
    """Replace `path` atomically; the file has `mode` (and group id) before its first byte."""
    temporary = "%s.%s.new" % (path, uuid.uuid4().hex[:12])
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
            if group is not None:
                os.fchown(stream.fileno(), -1, group)
            os.fchmod(stream.fileno(), mode)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_json(path: str, data: object, mode: int = 0o644, group: int | None = None) -> None:
    """Like `write`, one JSON document."""
    write(path, json.dumps(data, indent=None, separators=(",", ":")) + "\n", mode, group)


def read_json(path: str, default: Any = None) -> Any:
    """The JSON document at `path`; `default` when it is missing or is not JSON."""
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except (OSError, ValueError):
        return default


def relink(target: str, path: str) -> None:
    """Make the symlink `path` point to `target` by one rename, so that it is never missing."""
    temporary = "%s.%s.new" % (path, uuid.uuid4().hex[:12])
    os.symlink(target, temporary)
    try:
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def existing(path: str) -> str:
    """The nearest directory at or above `path` that exists."""
    while not os.path.isdir(path):
        path = os.path.dirname(path) or "/"
    return path


def remove(path: str) -> None:
    """Remove a file, a link or a whole directory; nothing happens when it is missing."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
