"""Vendored dependencies of a revision, read by plumbing: the gitlinks are the pins and the only lock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from .. import git
from ..cache import said_of_commit, tree_of_commit
from ..errors import UsageError
from .parent import Parent, default_remote, parent_at, parent_of

JOBS = 8
"""Dependencies worked on at once: fewer than the 10 unauthenticated connections from which sshd begins to refuse."""
LINK_MODE = "160000"
LINKS = re.compile(rb"(?:\A|(?<=\0))160000 [^\0]+\0")
"""The gitlinks among what `git ls-tree -z` lists."""
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


def dependencies(repo: Path, revision: str) -> tuple[Dependency, ...]:
    """Every submodule at `revision`, recursively, sorted by path; those below one that is not present are unknown."""
    with ThreadPoolExecutor(JOBS) as pool:
        return tuple(sorted(below(pool, parent_at(repo), revision, ""), key=lambda one: one.path))


def top_level(repo: Path, revision: str = "", prefix: str = "") -> tuple[Dependency, ...]:
    """The submodules that a repository itself pins at `revision` (default: as they are staged), sorted by path.

    Their objects are not looked at. `prefix` is put before their paths.
    """
    return tuple(sorted(direct_dependencies(parent_at(repo), revision, prefix), key=lambda one: one.path))


def below(pool: ThreadPoolExecutor, parent: Parent, revision: str, prefix: str) -> Iterator[Dependency]:
    """The submodules of one repository at a revision, and below them."""
    direct = direct_dependencies(parent, revision, prefix)
    known = [described(one) for one in direct] if prefix else list(pool.map(described, direct))
    for one, has_modules in known:
        yield one
        if has_modules:
            yield from below(pool, parent_of(one.work_tree, one.git_dir), one.commit, f"{one.path}/")


def direct_dependencies(parent: Parent, revision: str, prefix: str) -> list[Dependency]:
    """The gitlinks of one repository at a revision, joined with its .gitmodules."""
    modules = gitmodules(parent.git_dir, revision)
    by_path = {section["path"]: (name, section) for name, section in modules.items() if "path" in section}
    links = gitlinks(parent.git_dir, revision)
    if any(section.get("url", "").startswith(RELATIVE) for section in modules.values()):
        parent = replace(parent, remote=default_remote(parent))
    found = []
    for path, commit in links.items():
        name, section = by_path.get(path, (path, {}))
        place = parent.work_tree / path
        found.append(
            Dependency(
                name,
                prefix + path,
                section.get("url", ""),
                commit,
                objects_of(place, parent, name),
                place,
                parent,
                tuple(sorted({**section, "path": path}.items())),
            )
        )
    return found


def gitmodules(git_dir: Path, revision: str) -> dict[str, dict[str, str]]:
    """The sections of .gitmodules at a revision: {name: {key: value}}. Raises UsageError when git cannot read it."""
    inside, blob = git.inside(git_dir), f"{revision}:.gitmodules"
    words = ("config", "--blob", blob, "--list", "-z")
    try:
        listed = said_of_commit(revision, git_dir, *words, where=inside) or ""
    except git.GitFailed as failure:
        if git.answer(git_dir, *inside, "cat-file", "-t", blob):
            said = f"cannot be read by git ({failure.said.strip()})"
            raise UsageError(f"{blob}: {said}; correct it and commit") from failure
        return {}
    sections: dict[str, dict[str, str]] = {}
    for item in listed.split("\0"):
        key, _, value = item.partition("\n")
        if key.startswith("submodule.") and key.count(".") >= 2:
            name, _, option = key.removeprefix("submodule.").rpartition(".")
            sections.setdefault(name, {})[option] = value
    return sections


def gitlinks(git_dir: Path, revision: str) -> dict[str, str]:
    """{path: commit} of every gitlink at a revision; of the index when it is empty."""
    if revision:
        listed = tree_of_commit(git_dir, revision, only=LINKS)
    else:
        listed = git.run(git_dir, *git.inside(git_dir), "ls-files", "--stage", "-z")
    found = {}
    for entry in listed.split("\0"):
        if entry.startswith(LINK_MODE):
            head, _, path = entry.partition("\t")
            found[path] = head.split()[2 if revision else 1]
    return found


def objects_of(work_tree: Path, parent: Parent, name: str) -> Path:
    """The git directory of a submodule: its work tree's own when it has one, else the place where git would put it."""
    pointer = work_tree / ".git"
    if pointer.is_dir():
        return pointer
    if pointer.is_file():
        target = pointer.read_text("utf-8", "surrogateescape").strip().removeprefix("gitdir: ")
        resolved = (work_tree / target).resolve()
        if resolved.is_dir():
            return resolved
    if parent.path_config and (place := parent.settings.get(f"submodule.{name}.gitdir")):
        return parent.work_tree / place
    return parent.git_dir / "modules" / name


def described(one: Dependency) -> tuple[Dependency, bool]:
    """`one` with what its objects say of the pin; and whether there are submodules below it."""
    if not one.git_dir.is_dir():
        return one, False
    inside = git.inside(one.git_dir)
    describe = git.answer(one.git_dir, *inside, "describe", "--tags", "--always", one.commit)
    if describe is None:
        return one, False
    words = ("ls-tree", "--full-tree", "--name-only", one.commit, "--", ".gitmodules")
    has_modules = bool(said_of_commit(one.commit, one.git_dir, *words, where=inside))
    return replace(one, present=True, describe=describe), has_modules


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
