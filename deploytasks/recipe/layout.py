"""The paths under DEPLOY_PATH."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from ..config.environment import Environment


@dataclass(frozen=True)
class Layout:
    """Remote paths of one deployment. `root` is absolute (for `local:` hosts already resolved)."""

    root: PurePosixPath

    @classmethod
    def of(cls, environment: Environment) -> Layout:
        """The layout of an environment; a relative DEPLOY_PATH (`local:` hosts only) is relative to the project."""
        return cls(PurePosixPath(environment.root) / environment.settings.path)

    @property
    def current(self) -> PurePosixPath:
        return self.root / "current"

    @property
    def releases(self) -> PurePosixPath:
        return self.root / "releases"

    @property
    def shared(self) -> PurePosixPath:
        return self.root / "shared"

    @property
    def venvs(self) -> PurePosixPath:
        return self.root / "venvs"

    @property
    def private(self) -> PurePosixPath:
        """The tool's own directory: lock, history.jsonl, spare/, trash/, owner."""
        return self.root / ".deploytasks"

    def release(self, release_id: str) -> PurePosixPath:
        return self.releases / release_id
