"""The repositories that pin dependencies: the project itself, and dependencies that have some of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .. import git


@dataclass(frozen=True)
class Parent:
    """The repository that pins a dependency: the project, or another dependency."""

    work_tree: Path
    """Where it is checked out, or would be."""
    git_dir: Path
    settings: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """What git is configured with there, the last value of each key."""
    remote: str = ""
    """What its relative submodule URLs are relative to; read when it has one."""

    @property
    def path_config(self) -> bool:
        """Whether git itself keeps a place for each submodule in the configuration."""
        return self.settings.get("extensions.submodulepathconfig", "false").lower() in (
            "true",
            "yes",
            "on",
            "1",
            "",
        )


def parent_at(repo: Path) -> Parent:
    """The repository that is checked out at `repo`."""
    return parent_of(repo, Path(git.run(repo, "rev-parse", "--absolute-git-dir").strip()))


def parent_of(work_tree: Path, git_dir: Path) -> Parent:
    """A repository whose work tree may be gone."""
    items = git.run(git_dir, *git.inside(git_dir), "config", "--list", "-z").split("\0")
    return Parent(
        work_tree, git_dir, {key: value for key, _, value in (item.partition("\n") for item in items)}
    )


def default_remote(parent: Parent) -> str:
    """The URL that git resolves relative ones against: of the branch's remote, of origin, or the directory itself."""
    branch = git.answer(parent.git_dir, *git.inside(parent.git_dir), "symbolic-ref", "--short", "HEAD")
    remote = parent.settings.get(f"branch.{branch}.remote", "origin")
    return parent.settings.get(f"remote.{remote}.url") or str(parent.work_tree)
