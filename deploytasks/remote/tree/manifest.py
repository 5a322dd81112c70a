"""What a release held when it was sealed, and whether its tree still does."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
import zlib

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import open_file, read, write
from deploytasks.remote.tree.scan import directories, full_mark, git_mode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MANIFEST = ".deploytasks/manifest"
MARK = r"d[0-7]{1,4}|[fl][0-7]{1,4} [0-9]{1,19} [0-9.-]{1,40} [0-9.-]{1,40}"
ELSEWHERE = r"(?:^|[/\0])\.{0,2}(?:[/\0]|\Z)|(?:^|\0)\.deploytasks(?:[/\0]|\Z)"
"""In paths, with \\0 between them: what leads out of a tree, or into what is the tool's."""
TICK = 10_000_000
"""Nanoseconds in which a file system may give two changes one time: the longest tick of Linux's clock, 1/100 s."""


class Manifest:
    """{path: mark} of every entry (scan.py), and {path: proof}: of a file or link the id of its content, of a directory
    its full mark. A directory whose full mark could not be relied on has no proof.
    """

    def __init__(
        self, digest: str = "", marks: dict[str, str] | None = None, proofs: dict[str, str] | None = None
    ) -> None:
        self.digest, self.marks, self.proofs = digest, marks or {}, proofs or {}

    @classmethod
    def of(cls, release: str) -> Manifest:
        """The manifest that `seal` left in a release; an empty one where there is none, or a damaged one."""
        digest, body = written(release)
        parts = os.fsdecode(body).split("\0") if body else []
        paths, marks = parts[0::3], parts[1::3]
        if len(parts) % 3 or not are_paths(paths) or not all(map(re.compile(MARK).fullmatch, marks)):
            return cls()
        return cls(digest, dict(zip(paths, marks)), dict(zip(paths, parts[2::3])))

    def write(self, release: str) -> None:
        """Leave it in a release."""
        parts = [
            part for path, mark in self.marks.items() for part in (path, mark, self.proofs.get(path, ""))
        ]
        body = "\0".join(parts)
        head = "%s %08x" % (self.digest, zlib.crc32(os.fsencode(body)))
        write(os.path.join(release, MANIFEST), head + "\0" + body)

    def files(self) -> dict[str, tuple[str, str]]:
        """{path: (mark, content id)}, without the directories."""
        return {path: (mark, self.proofs[path]) for path, mark in self.marks.items() if mark[0] != "d"}

    def shipped(self) -> dict[str, list[Any]]:
        """{path: [git mode, size, content id]}: what was shipped when it was sealed."""
        return {
            path: [git_mode(mark), int(mark.split(" ", 2)[1]), blob]
            for path, (mark, blob) in self.files().items()
        }

    def distrust_directories(self) -> None:
        """Forget the proofs of directories."""
        self.proofs = {path: proof for path, proof in self.proofs.items() if self.marks[path][0] != "d"}

    def prove_directories(self, top: str, seen: dict[str, str] | None = None) -> None:
        """Take down the proofs that are missing; those `seen` ({directory: full mark}) need not be looked at again."""
        missing = [path for path in directories(self.marks) if path not in self.proofs]
        lasting = {path: seen[path] for path in missing if path in seen} if seen else {}
        lasting.update(lasting_marks(top, [path for path in missing if path not in lasting]))
        self.proofs.update(
            (path, full) for path, full in lasting.items() if full.startswith(self.marks[path] + " ")
        )


def written(release: str) -> tuple[str, bytes]:
    """The digest of what a release held, and the rest of its manifest as bytes; both empty unless it is whole."""
    try:
        head, _, body = read(os.path.join(release, MANIFEST)).partition(b"\0")
    except (OSError, Failure):
        return "", b""
    digest, _, check = head.decode("ascii", "replace").partition(" ")
    return (digest, body) if check == "%08x" % zlib.crc32(body) else ("", b"")


def are_paths(paths: list[str]) -> bool:
    """Whether all paths are ones of a tree's own files."""
    return not paths or re.search(ELSEWHERE, "\0".join(paths)) is None


def lasting_marks(top: str, paths: Iterable[str]) -> dict[str, str]:
    """{path: full mark} of directories below `top`, without those whose mark another change might leave as it is.

    One that has just been changed is given a tick to grow older in.
    """
    found = {path: os.lstat(os.path.join(top, path)) for path in paths}
    young = [path for path, status in found.items() if is_young(status)]
    if young:
        time.sleep(TICK / 1e9)
        found.update((path, os.lstat(os.path.join(top, path))) for path in young)
    return {path: full_mark(status) for path, status in found.items() if not is_young(status)}


def is_young(status: os.stat_result) -> bool:
    """Whether the change time is of this tick, or one to come (a file server's clock may be ahead)."""
    return time.time_ns() - status.st_ctime_ns <= TICK


def lasted(found: dict[str, str], moment: int) -> dict[str, str]:
    """The full marks of directories among `found`, which were read from a `moment` (ns) on, that no change since would
    leave as they are.
    """
    limit = "%d.%09d0" % divmod(moment - TICK, 10**9)
    return {path: mark for path, mark in found.items() if mark[0] == "d" and mark.rpartition(" ")[2] < limit}


def content_id(path: str, status: os.stat_result, like: str) -> str:
    """The git blob id of a file or link, in the hash that `like` (an id) is written in."""
    link = os.fsencode(os.readlink(path)) if stat.S_ISLNK(status.st_mode) else None
    digest = hashlib.sha256() if len(like) == 64 else hashlib.sha1()
    digest.update(b"blob %d\0" % (status.st_size if link is None else len(link)))
    if link is not None:
        digest.update(link)
        return digest.hexdigest()
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as stream:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()
