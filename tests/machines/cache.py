"""What is made once for all test runs, and what each run has there of its own."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

UNUSED = 30 * 24 * 3600
"""Seconds after which a tree that nobody asked for may go."""


def cache() -> Path:
    """Where trees are kept and machines have their files: a directory that an overlay can write to."""
    path = Path(os.environ.get("DEPLOYTASKS_TEST_CACHE", "/var/cache/deploytasks-tests"))
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` against every other process; the kernel gives it back for one that dies."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def kept(place: Path, make: Callable[[Path], None]) -> Path:
    """`place`, filled by `make` in one process only; what was begun by one that died is begun again.

    What was beside it and nobody asked for in the last 30 days is gone when a new one was made.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.with_name(f"{place.name}.lock")):
        if not place.exists():
            begun = place.with_name(f"{place.name}.begun")
            if begun.exists():
                shutil.rmtree(begun)
            begun.mkdir()
            make(begun)
            begun.rename(place)
            forget_unused(place.parent)
        os.utime(place)
    return place


def forget_unused(places: Path) -> None:
    """Remove what `kept` gave nobody for long; its lock file stays, which somebody may wait for."""
    for place in places.iterdir():
        if place.is_dir() and place.suffix != ".begun" and is_unused(place):
            with locked(place.with_name(f"{place.name}.lock")):
                if is_unused(place):
                    shutil.rmtree(place)


def is_unused(place: Path) -> bool:
    return place.exists() and place.stat().st_mtime < time.time() - UNUSED


@contextmanager
def own_place(forsaken: Callable[[Path], None]) -> Iterator[Path]:
    """A directory of this process, gone afterwards; `forsaken` is told of each whose process is dead."""
    runs = cache() / "runs"
    runs.mkdir(exist_ok=True)
    with locked(cache() / "runs.lock"):
        for left in runs.iterdir():
            if not is_held(left / "held"):
                forsaken(left)
                shutil.rmtree(left)
        place = runs / f"{os.getpid()}-{secrets.token_hex(4)}"
        place.mkdir(mode=0o700)
        held = (place / "held").open("w")
        fcntl.flock(held, fcntl.LOCK_EX)
    with held:
        try:
            yield place
        finally:
            with locked(cache() / "runs.lock"):
                shutil.rmtree(place)


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock file."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
