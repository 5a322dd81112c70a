"""rsync's words: an exact copy, whatever the names are, with the host's own check in the same exec."""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..shell import Command, command

GUARD_REFUSED = "deploytasks: the guard of this upload refused it"
"""What a guard that fails says. Its exit code does not always get through: rsync may not wait for ssh's."""
DISCONNECTED = (12, 30, 255)
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~+-]+")
PATTERN = re.compile(r"[*?\[\\\n\r]")
MEANINGS = {
    11: "a file or disk error",
    12: "the rsync on the host ended or was killed, or the connection broke off",
    23: "some files could not be transferred",
    24: "files vanished from the source while it ran",
    30: "no data for too long",
    127: "rsync is not installed on the host; install it there",
    255: "ssh could not connect, the connection broke off, or the rsync on the host was killed",
}


TALK = ("--no-z", "--no-v", "--no-h", "-s", "--info=progress2")
MIRROR = ("-rlpt", "--delete", "--delete-excluded")
"""Links, modes and times exactly; nothing left over; no owner. patchwork's `-pthrvz` comes before."""
LISTED = ("-rlpt", "--ignore-times", "--from0")
"""The same for paths of which is known that they differ."""


@dataclass(frozen=True)
class Dialect:
    """What the rsync of this machine understands."""

    samba: bool
    """The original; else openrsync (macOS) or one older than 3.1."""

    def copy(self, listed: bool) -> tuple[str, ...]:
        """How to copy a whole tree, or a list of its paths."""
        exact = LISTED if listed else MIRROR
        return (*exact, *TALK) if self.samba else exact


@functools.lru_cache(maxsize=1)
def dialect() -> Dialect:
    """Ask the rsync of this machine who it is; UsageError when there is none."""
    try:
        done = subprocess.run(["rsync", "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(
            "rsync: not usable here; install it (apt install rsync, brew install rsync)"
        ) from error
    return Dialect((samba_version(done.stdout.decode("utf-8", "replace")) or (0, 0)) >= (3, 1))


def samba_version(told: str) -> tuple[int, int] | None:
    """The version of the original rsync, from what `rsync --version` says; None for another program (openrsync)."""
    version = re.match(r"rsync\s+version v?(\d+)\.(\d+)", told)
    return (int(version[1]), int(version[2])) if version else None


def options(known: Dialect, rules: Path, remote: Command | None, *, listed: bool = False) -> tuple[str, ...]:
    """Everything between `rsync` and the paths. `rules` is a file with rules for paths, or `listed` paths."""
    program = (f"--rsync-path={remote.shell}",) if remote else ()
    return (*known.copy(listed), f"--{'files' if listed else 'exclude'}-from={rules}", *program)


def guarded(guard: str) -> Command:
    """The words that run the words after them, unless the shell line `guard` fails."""
    refuse = f"echo '{GUARD_REFUSED}' >&2; exit 1"
    return command("sh", "-c", f'{{ {guard}\n}} || {{ {refuse}; }}; exec "$@"', "sh")


def listed_file(paths: Sequence[str]) -> bytes:
    """The paths for --files-from with --from0, none of them taken for a comment."""
    return b"".join(b"./" * path.startswith(("#", ";")) + os.fsencode(path) + b"\0" for path in paths)


def rules_file(patterns: Sequence[str]) -> bytes:
    """The rules for --exclude-from: patterns, none of them taken for a comment or an include."""
    for pattern in patterns:
        if "\n" in pattern or "\r" in pattern:
            raise UsageError(f"DEPLOY_EXCLUDE: {pattern!r} contains a line break; write one pattern per word")
    return "".join(f"- {pattern}\n" for pattern in patterns).encode("utf-8", "surrogateescape")


def target_path(known: Dialect, target: str) -> str:
    """`target` as the host's rsync gets it; UsageError when that, or a shell, would read it otherwise."""
    if PATTERN.search(target):
        raise UsageError(f"{target}: rsync takes this for a pattern of other names; choose a plain one")
    if not known.samba and not PLAIN_PATH.fullmatch(target):
        raise UsageError(
            f"{target}: this rsync cannot quote such a path; install rsync 3 (brew install rsync)"
        )
    return target.rstrip("/") + "/"


def meaning(code: int) -> str:
    """Why rsync failed, as far as its exit code says."""
    return f"rsync ended with exit code {code}: {MEANINGS.get(code, 'see what it printed')}"
