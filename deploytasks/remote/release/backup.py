"""Backups on a host: files in shared/backups, one for each release that was about to migrate."""

from __future__ import annotations

import os
import re
import stat
import time

from deploytasks.remote.failure import Failure
from deploytasks.remote.names import plain
from deploytasks.remote.release.current import served

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State

NAME = re.compile(r"\d{14}-[0-9a-f]{7}")
KINDS = ((b"PGDMP", "PostgreSQL"), (b"SQLite format 3\0", "SQLite"), (b"\x1f\x8b", "gzip"))
"""What the first bytes of a file tell: pg_dump's archives, SQLite's files (sqlite.org/fileformat.html), gzip's."""

PRINTABLE = bytes(range(32, 127)) + b"\t\r\n" + bytes(range(128, 256))
"""What stands in text files, in whatever encoding."""


def place(root: str) -> str:
    """The directory of backups, itself and no link to another. Raises Failure."""
    for path in (os.path.join(root, "shared"), os.path.join(root, "shared", "backups")):
        if os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path)):
            raise Failure("%s is no directory of its own; move it away" % path)
    return path


def begin_backup(state: State, release: str) -> None:
    """Make room for the backup of a release: a directory that only its owner reads, and no file of a killed run."""
    state.require_lock()
    directory = place(state.root)
    os.makedirs(directory, 0o700, exist_ok=True)
    os.chmod(directory, 0o700)
    path = os.path.join(directory, plain(release))
    if os.path.lexists(path):
        os.unlink(path)


def keep_backup(state: State, release: str, keep: int) -> dict[str, Any]:
    """The backup that a command made, on the disk for good; the newest `keep` stay, and those of what is served and
    newer. Raises Failure for none or an empty one.
    """
    state.require_lock()
    path = os.path.join(place(state.root), plain(release))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Failure(
            "DEPLOY_BACKUP wrote nothing to $DEPLOYTASKS_BACKUP (%s); have it write that file"
            % error.strerror
        ) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
            raise Failure("DEPLOY_BACKUP left $DEPLOYTASKS_BACKUP empty; see what it printed")
        os.fchmod(descriptor, 0o600)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_empty_gzip(path):
        raise Failure(
            "DEPLOY_BACKUP packed nothing into $DEPLOYTASKS_BACKUP; see what it printed (set -o pipefail)"
        )
    current = served(state.root) or ""
    old = [one["release"] for one in backups(state)[keep:] if one["release"] < current]
    for name in old:
        os.unlink(os.path.join(place(state.root), name))
    return {"bytes": status.st_size, "removed": old}


def backups(state: State) -> list[dict[str, Any]]:
    """Every backup, the newest first: of which release, its size, its age in seconds, and what it looks like."""
    directory = place(state.root)
    if not os.path.isdir(directory):
        return []
    found = []
    for name in sorted(filter(NAME.fullmatch, os.listdir(directory)), reverse=True):
        path = os.path.join(directory, name)
        status = os.lstat(path)
        if stat.S_ISREG(status.st_mode):
            age = round(max(0.0, time.time() - status.st_mtime), 1)
            found.append({"release": name, "bytes": status.st_size, "age": age, "kind": kind(path)})
    return found


def kind(path: str) -> str:
    """What a file looks like by its first bytes; `unknown` for what they do not tell."""
    with open(path, "rb") as stream:
        head = stream.read(512)
    if head[257:262] == b"ustar" or head.translate(None, PRINTABLE) or head[:4] in (b"\x28\xb5\x2f\xfd",):
        return next((name for magic, name in KINDS if head.startswith(magic)), "unknown")
    return "text"


def is_empty_gzip(path: str) -> bool:
    """Whether a file holds nothing, packed: what `false | gzip` leaves."""
    import gzip

    if kind(path) != "gzip":
        return False
    try:
        with gzip.open(path) as stream:
            return not stream.read(1)
    except (OSError, EOFError) as error:
        raise Failure("DEPLOY_BACKUP left half of a gzip file in $DEPLOYTASKS_BACKUP (%s)" % error) from error
