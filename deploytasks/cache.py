"""The private cache: one directory, whose entries are there complete or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .errors import UsageError

UNUSED = 30 * 24 * 3600.0
"""Seconds after which something that nobody asked for any more is removed."""


def remembered(place: Path, make: Callable[[Path], Path]) -> Path:
    """The directory `place`. When it is not there, `make` is given an empty directory and answers what becomes it."""
    if place.is_dir():
        place.touch()
        return place
    place.parent.mkdir(0o700, parents=True, exist_ok=True)
    forget_unused(place.parent)
    with tempfile.TemporaryDirectory(prefix="making-", dir=place.parent) as directory:
        made = make(Path(directory))
        try:
            made.rename(place)
        except OSError:
            if not place.is_dir():
                raise
            # another run made the same at the same time
    return place


def forget_unused(directory: Path) -> None:
    """Remove what was last asked for long ago, leftovers of killed runs included."""
    for entry in directory.iterdir():
        if time.time() - entry.stat().st_mtime > UNUSED:
            shutil.rmtree(entry, ignore_errors=True)


def cache_root(process: Mapping[str, str]) -> Path:
    """The user's private cache of deploytasks."""
    if process.get("XDG_CACHE_HOME"):
        return Path(process["XDG_CACHE_HOME"]) / "deploytasks"
    try:
        return Path.home() / ".cache" / "deploytasks"
    except RuntimeError:  # neither HOME nor an entry in /etc/passwd, as in containers
        return own_directory(Path(tempfile.gettempdir()) / f"deploytasks-{os.getuid()}")


def own_directory(place: Path) -> Path:
    """A directory below one that everybody may write to, made for us alone. Raises UsageError when another owns it."""
    place.mkdir(mode=0o700, exist_ok=True)
    told = place.lstat()
    if not stat.S_ISDIR(told.st_mode) or told.st_uid != os.getuid():
        raise UsageError(f"{place}: belongs to somebody else; set XDG_CACHE_HOME to a directory of your own")
    place.chmod(0o700)
    return place


def keep_newest(directory: Path, count: int) -> None:
    """Let the oldest files of a directory go, as far as there are more than `count`."""
    files = list(directory.iterdir())
    if len(files) > count:
        for old in sorted(files, key=lambda one: one.stat().st_mtime_ns)[:-count]:
            old.unlink(missing_ok=True)
