"""Dependency: a vendored package as its gitlink and .gitmodules describe it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import git
from ..errors import UsageError
from .parent import Parent

JOBS = 8
"""Dependencies worked on at once: fewer than the 10 unauthenticated connections from which sshd begins to refuse."""


SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@/ -]*")
RELATIVE = ("./", "../")
LOCAL_URL = re.compile(r"file://|/|\.{1,2}(/|$)|[A-Za-z]:[\\/]")


@dataclass(frozen=True)
class Dependency:
    """One submodule at a revision of the project."""

    name: str
    path: str
    """From the root of the project, nested ones included."""
    url: str
    """As .gitmodules has it."""
    commit: str
    """The pin."""
    git_dir: Path
    """Where its objects are, or will be."""
    work_tree: Path
    parent: Parent
    options: tuple[tuple[str, str], ...] = ()
    """Further keys of .gitmodules: branch, track, update, ignore, …"""
    present: bool = False
    """Whether the pinned commit is in `git_dir`."""
    describe: str = ""

    def option(self, name: str) -> str | None:
        return dict(self.options).get(name)

    @property
    def nested(self) -> bool:
        """Whether a dependency pins it, not the project."""
        return self.path != self.own_path

    @property
    def pinned_in(self) -> str:
        """The .gitmodules that names it."""
        return f"{self.path.removesuffix(self.own_path)}.gitmodules"

    @property
    def own_path(self) -> str:
        """From the root of the repository that pins it."""
        return dict(self.options).get("path", self.path)


def effective_url(one: Dependency) -> str:
    """The URL with a relative one resolved as git-submodule(1) does, under `add`."""
    if not one.url.startswith(RELATIVE):
        return one.url
    base, rest = one.parent.remote.rstrip("/"), one.url
    while rest.startswith(RELATIVE):
        if rest.startswith("../"):
            cut = max(base.rfind("/"), base.rfind(":"))
            base = base[:cut] if cut > 0 and base[cut] == "/" else base[: cut + 1]
        rest = rest.removeprefix("./") if rest.startswith("./") else rest.removeprefix("../")
    return f"{base}{'' if base.endswith(':') else '/'}{rest}".rstrip("/")


def holds(git_dir: Path, commit: str) -> bool:
    """Whether the objects of a repository include a commit."""
    words = (*git.inside(git_dir), "cat-file", "-e", f"{commit}^{{commit}}")
    return git.call(git_dir, *words).returncode == 0


def is_local(url: str) -> bool:
    """Whether a URL names a directory of this machine."""
    return LOCAL_URL.match(url) is not None


def selected(found: Sequence[Dependency], names: Sequence[str]) -> tuple[Dependency, ...]:
    """Those that `names` name, by path, submodule name, last part of the path, or a path below; all without names.

    Raises UsageError for a name that is none.
    """
    return tuple(dict.fromkeys(named(found, name) for name in names)) if names else tuple(found)


def named(found: Sequence[Dependency], name: str) -> Dependency:
    """The one that `name` names, or that has it nested. Raises UsageError when there is none."""
    for fits in (
        lambda one: name == one.path,
        lambda one: name == one.name,
        lambda one: name == one.path.rpartition("/")[2],
        lambda one: name.startswith(f"{one.path}/"),
    ):
        for one in found:
            if fits(one):
                return one
    known = ", ".join(one.path for one in found) or "none"
    raise UsageError(f"--name: {name!r} is no vendored dependency; there are {known}")
