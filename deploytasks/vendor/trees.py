"""What is wrong with work trees: edits, hidden or not, and heads that are not at their pins."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from .. import git
from .dependency import Dependency
from .finding import Finding, printable


def tree_findings(one: Dependency) -> Iterator[Finding]:
    """What is wrong with the work tree only; gates `worktree` mode, is printed as not shipped in `commit` mode."""
    update = one.option("update") or git.answer(one.parent, "config", f"submodule.{one.name}.update")
    if update and update not in ("checkout", "rebase", "merge"):
        yield Finding(
            one.path,
            f"has update = {update}, so that git leaves it as it is",
            f"`git config -f .gitmodules --unset submodule.{one.name}.update`",
            "tree",
        )
    if not (one.work_tree / ".git").exists():
        yield Finding(one.path, "is not initialised", "`inv vendor.update`", "tree")
        return
    head = git.answer(one.work_tree, "rev-parse", "HEAD")
    if head != one.commit:
        yield Finding(
            one.path,
            f"is at {(head or 'no commit')[:7]}, its pin is {one.commit[:7]}",
            f"`inv vendor.update --name={one.name}`, or commit the new pin",
            "tree",
            allowed_dirty=True,
        )
    edits = hidden_edits(one.work_tree)
    if edits:
        yield Finding(
            one.path,
            f"has {len(edits)} local edit(s), first {printable(edits[0])}",
            f"commit them there, or `inv vendor.update --discard={one.name}`",
            "tree",
            allowed_dirty=True,
        )


def hidden_edits(work_tree: Path) -> list[str]:
    """Edited tracked paths and untracked ones, those that git was told not to look at included (a fresh
    index finds them).
    """
    git_dir = git.answer(work_tree, "rev-parse", "--absolute-git-dir")
    with tempfile.TemporaryDirectory(prefix="deploytasks-") as directory:
        index = {"GIT_INDEX_FILE": str(Path(directory) / "index")}
        git.run(work_tree, "read-tree", "HEAD", env=index)
        git.call(work_tree, "update-index", "-q", "--really-refresh", env=index)
        changed = git.run(work_tree, "diff-files", "--name-only", "--ignore-submodules=all", "-z", env=index)
    untracked = git.run(work_tree, "ls-files", "--others", "--exclude-standard", "-z") if git_dir else ""
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
