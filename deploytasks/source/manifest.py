"""Manifest: every shipped path with its mode, size and content id."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

LINK = 0o120000
EXECUTABLE = 0o100755
PLAIN = 0o100644
LINE = re.compile(rb"([0-7]+) (\d+) ([0-9a-f]+) ([^\0]+)")


class Entry(NamedTuple):
    """One shipped path: a git mode (100644, 100755 or 120000), bytes, and the git blob id of its content."""

    mode: int
    size: int
    id: str


class Manifest:
    """{path: Entry}, sorted by path. Paths are relative; bytes that are no UTF-8 stand as surrogates.

    Made of `entries`, or of the `data` of another one: then it takes no more memory than that until `entries` are asked
    for. Raises ValueError, then, for data that is not a manifest's.
    """

    def __init__(self, entries: Mapping[str, Entry] | None = None, *, data: bytes = b"") -> None:
        if entries is not None:
            self.__dict__["entries"] = entries
        else:
            self.__dict__["data"] = data

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """All of it, to look up in."""
        lines = filter(None, self.data.decode("utf-8", "surrogateescape").split("\0"))
        return dict(map(read_line, lines))

    @cached_property
    def lines(self) -> list[str]:
        """The entries as text, sorted by path."""
        return [
            f"{entry.mode:o} {entry.size} {entry.id} {path}" for path, entry in sorted(self.entries.items())
        ]

    @cached_property
    def data(self) -> bytes:
        """The lines as one text."""
        return "\0".join(self.lines).encode("utf-8", "surrogateescape")

    def __len__(self) -> int:
        return self.data.count(b"\0") + 1 if self.data else 0

    def __iter__(self) -> Iterator[str]:
        return (path for path, _ in self.items())

    def items(self) -> Iterator[tuple[str, Entry]]:
        """Path by path; none is kept."""
        for found in LINE.finditer(self.data):
            mode, size, blob, path = found.groups()
            yield (
                path.decode("utf-8", "surrogateescape"),
                Entry(int(mode, 8), int(size), blob.decode("ascii")),
            )

    @cached_property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(int(found[2]) for found in LINE.finditer(self.data))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over paths, modes and contents: equal for equal trees, on every machine."""
        return hashlib.sha256(self.data).hexdigest()

    def mode(self, path: str) -> int | None:
        """The git mode of a path that ships; None for others."""
        name, at = b" " + path.encode("utf-8", "surrogateescape"), -1
        while (at := self.data.find(name, at + 1)) >= 0:
            found = LINE.match(self.data, self.data.rfind(b"\0", 0, at) + 1)
            if found and found[4] == name[1:]:
                return int(found[1], 8)
        return None

    def executable(self, path: str) -> bool:
        """Whether `path` ships as an executable file."""
        return self.mode(path) == EXECUTABLE

    @cached_property
    def packed(self) -> str:
        """For the agent: base64 of its deflated `data`."""
        return base64.b64encode(zlib.compress(self.data, 1)).decode("ascii")


def read_line(line: str) -> tuple[str, Entry]:
    """(path, entry) of one of a manifest's lines; raises ValueError for other text."""
    mode, size, blob, path = line.split(" ", 3)
    return path, Entry(int(mode, 8), int(size), blob)
