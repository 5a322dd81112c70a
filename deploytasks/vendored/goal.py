"""Where a pin moves to: the tip of a branch, the newest tag, or what somebody named."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .. import git
from ..errors import UsageError
from .dependency import Dependency


@dataclass(frozen=True)
class Move:
    """Where pins are to go: the tip of the tracked branch or newest tag (`remote`), or the ref `to`."""

    remote: bool = False
    to: str | None = None

    @property
    def moves(self) -> bool:
        return self.remote or self.to is not None


STAY = Move()


def destination(one: Dependency, move: Move, local_urls: bool) -> str:
    """The commit that the pin moves to."""
    tree = one.work_tree
    git.run(
        tree,
        "fetch",
        "-q",
        "--tags",
        "--force",
        "origin",
        "+refs/heads/*:refs/remotes/origin/*",
        local_urls=local_urls,
    )
    if move.to is not None:
        for candidate in (f"refs/remotes/origin/{move.to}", f"refs/tags/{move.to}", move.to):
            found = git.answer(tree, "rev-parse", "--verify", "-q", f"{candidate}^{{commit}}")
            if found:
                return found
        raise UsageError(f"{one.path}: has no {move.to!r}; see `git -C {one.path} branch -r` and its tags")
    track = one.option("track")
    return newest_tag(one, track) if track else branch_tip(one, local_urls)


def newest_tag(one: Dependency, pattern: str) -> str:
    """The commit of the newest tag (by version) that matches `track`."""
    listed = git.run(one.work_tree, "tag", "--list", pattern, "--sort=-version:refname").splitlines()
    if not listed:
        raise UsageError(f"{one.path}: no tag matches its track {pattern!r}; see `git -C {one.path} tag`")
    return git.run(one.work_tree, "rev-parse", f"{listed[0]}^{{commit}}").strip()


def branch_tip(one: Dependency, local_urls: bool) -> str:
    """The tip of the tracked branch on the server: .gitmodules' `branch`, else the server's default."""
    branch = one.option("branch") or default_branch(one, local_urls)
    found = git.answer(
        one.work_tree, "rev-parse", "--verify", "-q", f"refs/remotes/origin/{branch}^{{commit}}"
    )
    if not found:
        raise UsageError(
            f"{one.path}: its server has no branch {branch!r}; set submodule.{one.name}.branch in .gitmodules"
        )
    return found


def default_branch(one: Dependency, local_urls: bool) -> str:
    """The branch that the server's HEAD names."""
    said = git.run(one.work_tree, "ls-remote", "--symref", "origin", "HEAD", local_urls=local_urls)
    match = re.match(r"ref: refs/heads/(\S+)\tHEAD", said)
    return match[1] if match else "main"
