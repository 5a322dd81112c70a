"""Manifest: every shipped path with its mode, size and content id."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

LINK = 0o120000
EXECUTABLE = 0o100755
PLAIN = 0o100644


class Entry(NamedTuple):
    """One shipped path: a git mode (100644, 100755 or 120000), bytes, and the git blob id of its content."""

    mode: int
    size: int
    id: str


@dataclass(frozen=True)
class Manifest:
    """{path: Entry}, sorted by path. Paths are relative; bytes that are no UTF-8 stand as surrogates."""

    entries: Mapping[str, Entry]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    @cached_property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.entries.values())

    @cached_property
    def lines(self) -> list[str]:
        """The entries as text, sorted by path."""
        return [
            f"{entry.mode:o} {entry.size} {entry.id} {path}" for path, entry in sorted(self.entries.items())
        ]

    @classmethod
    def read(cls, lines: list[str]) -> Manifest:
        """The manifest with these lines; raises ValueError for others."""
        manifest = cls(dict(map(read_line, lines)))
        manifest.__dict__["lines"] = lines
        return manifest

    @cached_property
    def digest(self) -> str:
        """SHA-256 over paths, modes and contents: equal for equal trees, on every machine."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def data(self) -> bytes:
        """The lines as one text."""
        return "\0".join(self.lines).encode("utf-8", "surrogateescape")

    def executable(self, path: str) -> bool:
        """Whether `path` ships as an executable file."""
        return path in self.entries and self.entries[path].mode == EXECUTABLE

    @cached_property
    def packed(self) -> str:
        """For the agent: base64 of its deflated `data`."""
        return base64.b64encode(zlib.compress(self.data, 1)).decode("ascii")


def read_line(line: str) -> tuple[str, Entry]:
    """(path, entry) of one of a manifest's lines; raises ValueError for other text."""
    mode, size, blob, path = line.split(" ", 3)
    return path, Entry(int(mode, 8), int(size), blob)
