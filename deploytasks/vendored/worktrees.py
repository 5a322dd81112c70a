"""What is wrong with work trees: edits, hidden or not, and heads that are not at their pins."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import git
from .dependency import Dependency
from .finding import Finding, printable

SEEING = ("-c", "core.fsmonitor=false", "-c", "core.ignoreStat=false", "-c", "core.checkStat=default")
"""Against settings that make `git status` miss an edit."""


@dataclass(frozen=True)
class WorkTree:
    """A checkout: the commit it is at, empty before the first, and the paths edited or untracked in it."""

    head: str
    edits: tuple[str, ...]


def tree_findings(one: Dependency) -> Iterator[Finding]:
    """What is wrong with the work tree only; gates `worktree` mode, is printed as not shipped in `commit` mode."""
    update = one.option("update") or one.parent.settings.get(f"submodule.{one.name}.update")
    if update and update not in ("checkout", "rebase", "merge"):
        yield Finding(
            one.path,
            f"has update = {update}, so that git leaves it as it is",
            f"`git config -f {one.pinned_in} --unset submodule.{one.name}.update`",
            "tree",
        )
    if not (one.work_tree / ".git").exists():
        yield Finding(one.path, "is not initialised", "`inv vendor.update`", "tree")
        return
    try:
        found = look(one.work_tree)
    except git.GitFailed as failure:
        said = f"cannot be read by git ({failure.last})"
        yield Finding(one.path, said, f"see `git -C {one.path} status`", "tree")
        return
    if found.head != one.commit:
        yield Finding(
            one.path,
            f"is at {found.head[:7] or 'no commit'}, its pin is {one.commit[:7]}",
            f"`inv vendor.update --name={one.path}`, or commit the new pin",
            "tree",
            allowed_dirty=True,
        )
    if found.edits:
        yield Finding(
            one.path,
            f"has {len(found.edits)} local edit(s), first {printable(found.edits[0])}",
            f"commit them there, or `inv vendor.update --discard={one.path}`",
            "tree",
            allowed_dirty=True,
        )


def look(place: Path) -> WorkTree:
    """What is checked out at `place`, nested submodules aside. Edits that git was told not to see are seen."""
    seen = glance(place)
    hides = any(tag.islower() or tag == "S" for tag in tags(place))
    return WorkTree(seen.head, tuple(differing(place, "HEAD"))) if hides else seen


def glance(place: Path) -> WorkTree:
    """The same by one `git status`, for an index that cannot have been told anything yet."""
    words = ("--porcelain=v2", "--branch", "--no-ahead-behind", "--untracked-files=all", "--no-renames", "-z")
    listed = git.run(place, *SEEING, "status", *words, "--ignore-submodules=all").split("\0")
    head = next(item for item in listed if item.startswith("# branch.oid ")).rpartition(" ")[2]
    edits = sorted(path for item in listed if (path := edited(item)))
    return WorkTree(head.replace("(initial)", ""), tuple(edits))


def tags(place: Path) -> set[str]:
    """What git was told of tracked paths: small letters are assumed unchanged, `S` is skip-worktree."""
    return {item[:1] for item in git.run(place, "ls-files", "-v", "-z").split("\0") if item}


def edited(item: str) -> str:
    """The path of one item of `git status --porcelain=v2`; empty for a header."""
    fields = {"1": 8, "u": 10, "?": 1}.get(item[:1])
    return "" if fields is None else item.split(" ", fields)[fields]


def differing(work_tree: Path, commit: str) -> list[str]:
    """Paths that are not as in a commit ("": in none), and untracked ones, by a fresh index: it was told nothing."""
    with tempfile.TemporaryDirectory(prefix="deploytasks-") as directory:
        index = {"GIT_INDEX_FILE": str(Path(directory) / "index")}
        git.run(work_tree, "read-tree", commit or "--empty", env=index)
        git.call(work_tree, "update-index", "-q", "--really-refresh", env=index)
        changed = git.run(work_tree, "diff-files", "--name-only", "--ignore-submodules=all", "-z", env=index)
        untracked = git.run(work_tree, "ls-files", "--others", "--exclude-standard", "-z", env=index)
    return sorted(path for path in (changed + untracked).split("\0") if path)


def project_edits(repo: Path) -> list[str]:
    """Uncommitted changes of the superproject; submodules aside, and environments/, which never ships."""
    words = (
        "status",
        "--porcelain=v1",
        "-z",
        "--ignore-submodules=all",
        "--",
        ".",
        ":(exclude,top)environments",
    )
    listed = git.run(repo, *words)
    return [item[3:] for item in listed.split("\0") if len(item) > 3 and item[2] == " "]
