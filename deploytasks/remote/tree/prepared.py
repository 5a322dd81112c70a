"""What a host was told that it is to hold, while the upload fills it."""

from __future__ import annotations

import base64
import os
import zlib
from functools import cached_property

from deploytasks.remote.failure import Failure
from deploytasks.remote.tree.manifest import are_paths
from deploytasks.remote.tree.scan import moved, parents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.tree.manifest import Manifest

HEADS = {0o100644: "f644", 0o100755: "f755", 0o120000: "l777"}
"""What the mark of a path begins with, by its git mode."""

UNREADABLE = "what ships was told in a way that cannot be read; deploy again with one version of deploytasks"


class Prepared:
    """A release between `prepare` and `seal`.

    `former` is the manifest of the tree that it begins with, and `whole` says that this is what ships. `kept` has the
    marks of the files that are already as shipped, None when nothing is known of the tree: before the first upload,
    and after a command ran on the host. What ships is told by a packed `manifest`, or by `changes` against `former`.
    """

    def __init__(self, release: str, former: Manifest, manifest: str, changes: dict[str, Any] | None) -> None:
        self.release, self.former, self.whole = release, former, False
        self.kept: dict[str, str] | None = None
        self.manifest, self._changes = manifest, changes

    @cached_property
    def shipped(self) -> dict[str, list[Any]]:
        """{path: [git mode, size, id]}"""
        if self._changes is None and not self.manifest:
            raise Failure("nobody said what ships; the recipe needs its step `upload`")
        if self._changes is None:
            return unpacked(self.manifest)
        together = {**self.former.shipped(), **self._changes}
        return understood({path: entry for path, entry in together.items() if entry})

    @cached_property
    def needed(self) -> set[str]:
        """Every directory above a shipped path."""
        return parents(self.shipped)

    @cached_property
    def heads(self) -> dict[str, str]:
        """{path: what the mark begins with of a file that is as git has it}"""
        return {path: "%s %d " % (HEADS[mode], size) for path, (mode, size, _) in self.shipped.items()}

    @cached_property
    def missing(self) -> list[str] | None:
        """The shipped paths that the upload has to bring, None for all."""
        if self.kept is None:
            return None
        return [] if self.whole else sorted(set(self.shipped) - set(self.kept))

    def moved(self) -> set[str]:
        """The directories in which the upload, or what was removed for it, changed something."""
        return moved(self.former.marks, self.kept or {}, self.missing or self.shipped)


def unpacked(manifest: str) -> dict[str, list[Any]]:
    """{path: [git mode, size, id]} of a manifest as it travels: base64 of deflated lines `mode size id path`."""
    try:
        text = os.fsdecode(zlib.decompress(base64.b64decode(manifest)))
        lines = (line.split(" ", 3) for line in text.split("\0") if line)
        found = {path: [int(mode, 8), int(size), blob] for mode, size, blob, path in lines}
    except (ValueError, zlib.error):
        raise Failure(UNREADABLE, "request") from None
    return understood(found)


def understood(shipped: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What ships, if every path is one of a tree and every mode one of git's."""
    if are_paths(list(shipped)) and all(map(is_entry, shipped.values())):
        return shipped
    raise Failure(UNREADABLE, "request")


def is_entry(entry: list[Any]) -> bool:
    """Whether an entry is [git mode, size, content id]."""
    kinds = [type(part) for part in entry]
    return kinds == [int, int, str] and entry[0] in HEADS and entry[1] >= 0
