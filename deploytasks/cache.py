"""The private cache: one directory, whose entries are there complete or not at all."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

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
    base = process.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "deploytasks"


def keep_newest(directory: Path, count: int) -> None:
    """Let the oldest files of a directory go, as far as there are more than `count`."""
    files = list(directory.iterdir())
    if len(files) > count:
        for old in sorted(files, key=lambda one: one.stat().st_mtime_ns)[:-count]:
            old.unlink(missing_ok=True)
