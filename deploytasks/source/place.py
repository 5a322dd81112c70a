"""A place in the cache that no other run is using."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path


@contextmanager
def free_place(parent: Path) -> Iterator[Path]:
    """The first directory below `parent` that no other run is using, ours for the length of a block."""
    for number in count(1):
        place = parent / str(number)
        place.mkdir(0o700, parents=True, exist_ok=True)
        with (place / "lock").open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield place
            return
