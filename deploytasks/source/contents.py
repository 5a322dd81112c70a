"""Writing what ships: blobs from git's objects, never through checkout, and files of the work tree."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from .. import git
from .listing import Wanted
from .manifest import EXECUTABLE, LINK, Entry


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


def blobs(git_dir: Path, ids: Sequence[str]) -> Iterator[bytes]:
    """The contents of blobs, in order, from one git process."""
    words = ("git", *git.inside(git_dir), "cat-file", "--batch")
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=git.clean_environment(os.environ)
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        for blob in ids:
            process.stdin.write(blob.encode("ascii") + b"\n")
            process.stdin.flush()
            head = process.stdout.readline().split()
            if len(head) != 3:
                raise git.GitFailed(words[2:], git_dir, 1, f"object {blob} is missing")
            yield process.stdout.read(int(head[2]))
            process.stdout.read(1)
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        process.wait()


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
