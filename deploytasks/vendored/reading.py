"""Dependencies read from a commit or the index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from .. import git
from ..commits import said_of_commit, tree_of_commit
from ..errors import UsageError
from .dependency import JOBS, RELATIVE, Dependency
from .parent import Parent, default_remote, parent_at, parent_of

LINK_MODE = "160000"
LINKS = re.compile(rb"(?:\A|(?<=\0))160000 [^\0]+\0")
"""The gitlinks among what `git ls-tree -z` lists."""


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
