"""Writing what ships: blobs from git's objects, never through checkout, and files of the work tree."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Mapping
from itertools import groupby
from pathlib import Path

from ..git import blobs
from .manifest import EXECUTABLE, LINK, Entry
from .wanted import Wanted


def write_all(tree: Path, stale: Mapping[str, Wanted]) -> dict[str, Entry]:
    """Write files afresh."""
    written = {}
    for origin, group in groupby(
        sorted(stale.items(), key=lambda item: str(item[1].origin)), lambda item: item[1].origin
    ):
        items = list(group)
        contents = (
            blobs(origin, [want.id for _, want in items])
            if items[0][1].id
            else (from_disk(want) for _, want in items)
        )
        for (path, want), data in zip(items, contents, strict=True):
            written[path] = write(tree / path, want, data)
    return written


def from_disk(want: Wanted) -> bytes:
    """The content of a file (or the target of a link) of the work tree."""
    source = want.origin / want.name
    return os.fsencode(os.readlink(source)) if want.mode == LINK else source.read_bytes()


def write(path: Path, want: Wanted, data: bytes) -> Entry:
    """Put one file or link where it belongs."""
    path.parent.mkdir(0o755, parents=True, exist_ok=True)
    if path.is_symlink() or path.exists():
        path.unlink()
    if want.mode == LINK:
        os.symlink(data, os.fsencode(path))
    else:
        path.write_bytes(data)
        path.chmod(0o755 if want.mode == EXECUTABLE else 0o644)
    return Entry(want.mode, len(data), want.id or hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest())


def clear(tree: Path, found: Mapping[str, str], wanted: Collection[str], needed: Collection[str]) -> None:
    """Remove what is no directory and not `wanted`, and the directories that are not `needed`."""
    for path, mark in found.items():
        if mark[0] != "d" and path not in wanted:
            (tree / path).unlink()
    for path, mark in found.items():
        if mark[0] == "d" and path not in needed and (tree / path).exists():
            shutil.rmtree(tree / path)
