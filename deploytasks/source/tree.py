"""Tree: a staged revision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..vendored import Dependency
from .former_manifests import known_lines
from .manifest import Entry, Manifest, read_line
from .revision import Revision


@dataclass(frozen=True)
class Tree:
    """A staged revision: `path` holds exactly what `staged` lists."""

    path: Path
    revision: Revision
    manifest: Manifest
    """What ships."""
    staged: Manifest
    """What ships, and what DEPLOY_EXCLUDE keeps from the hosts."""
    dependencies: tuple[Dependency, ...] = ()
    dirty: bool = False

    @property
    def digest(self) -> str:
        return self.manifest.digest

    def since(self, digest: str) -> dict[str, Entry | None] | None:
        """What ships otherwise than in the tree of a digest, None for what ships no more. None if that is not known."""
        if digest == self.digest:
            return {}
        former, now = known_lines(self.path.parent, digest), self.manifest.lines
        if former is None:
            return None
        gone = {path: None for path, _ in map(read_line, former.difference(now))}
        return {**gone, **dict(map(read_line, set(now) - former))}
