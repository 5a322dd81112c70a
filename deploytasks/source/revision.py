"""Revisions: a ref becomes a commit, and whether it may be deployed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .. import git
from ..commits import said_of_commit
from ..errors import UsageError
from ..remote.names import TOOL_NAMES


@dataclass(frozen=True)
class Revision:
    """A commit of the project, with the names it goes by."""

    commit: str
    branch: str | None = None
    describe: str = ""


def resolve_revision(root: Path, ref: str = "HEAD") -> Revision:
    """The commit that `ref` names. Raises UsageError when it names none, or `root` is no git repository."""
    named = "" if ref.startswith("-") else ref
    asked = (f"{named}^{{commit}}", "--abbrev-ref", "--symbolic-full-name", named)
    found = git.call(root, "rev-parse", "--is-inside-work-tree", *asked)
    inside, *lines = found.stdout.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    if inside != "true":
        said = " ".join(found.stderr.decode("utf-8", "replace").split())
        raise UsageError(
            f"{root}: is not a git work tree ({said or 'bare'}); `git init` and commit, a revision is what is deployed"
        )
    if found.returncode != 0 or len(lines) > 2:
        raise UsageError(f"--revision: {ref!r} names no commit here; fetch it, or see `git log`")
    commit, *branch = lines
    describe = git.answer(root, "describe", "--tags", "--always", commit)
    return Revision(commit, next((name for name in branch if name != "HEAD"), None), describe or commit[:7])


def check_branch(root: Path, commit: str, branch: str) -> None:
    """Raises UsageError unless `commit` is contained in `branch`:
    of origin (fetched) where there is one, else the local.
    """
    ref = f"refs/heads/{branch}"
    if git.answer(root, "config", "remote.origin.url"):
        ref = f"refs/remotes/origin/{branch}"
        git.call(root, "fetch", "-q", "origin", f"+refs/heads/{branch}:{ref}", local_urls=True)
    name = ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
    if git.answer(root, "rev-parse", "--verify", "-q", ref) is None:
        raise UsageError(f"DEPLOY_BRANCH: there is no branch {name}; push it, or correct DEPLOY_BRANCH")
    if git.call(root, "merge-base", "--is-ancestor", commit, ref).returncode != 0:
        raise UsageError(
            f"--revision: {commit[:7]} is not in {name} (DEPLOY_BRANCH); merge and push it first"
        )


def refuse_reserved(root: Path, commit: str) -> None:
    """Raises UsageError when the revision tracks a root path whose name is the tool's."""
    words = ("ls-tree", "--name-only", "-z", "--full-tree", commit, "--", *sorted(TOOL_NAMES))
    taken = [name for name in (said_of_commit(commit, root, *words) or "").split("\0") if name]
    if taken:
        raise UsageError(
            f"{taken[0]}: is tracked at the root of {commit[:7]}, and is a name that deploytasks writes in every "
            f"release; `git rm --cached {taken[0]}`"
        )


def identities(root: Path) -> tuple[str, ...]:
    """What clones of one project have in common: its first commits, and its origin's last two path components."""
    found: list[str] = []
    match (git.answer(root, "rev-parse", "--is-shallow-repository", "HEAD") or "").split():
        case ["false", head]:
            found += (said_of_commit(head, root, "rev-list", "--max-parents=0", head) or "").split()
    origin = git.answer(root, "config", "remote.origin.url")
    if origin:
        parts = origin.removesuffix("/").removesuffix(".git").replace(":", "/").split("/")
        found.append("/".join(parts[-2:]))
    return tuple(found) or (root.name,)
