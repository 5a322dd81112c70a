"""Commits obtained from their servers, and first checkouts of dependencies."""

from __future__ import annotations

from subprocess import CompletedProcess

from .. import git
from ..errors import UsageError
from ..urls import public
from .dependency import Dependency, holds
from .journal import moving


def first_checkout(one: Dependency, local_urls: bool) -> None:
    """Have git itself take up a dependency that is not initialised. What fails is left as it was: not initialised.

    (git would leave the code of another commit there, or none, which the next run took for edits.)
    """
    parent = one.parent.work_tree
    words = ("submodule", "update", "--init", "--checkout", "--force", "--quiet", "--", one.own_path)
    with moving(one, "", one.commit) as note:
        done = git.call(parent, *words, local_urls=local_urls, keeps=(note,))
    if done.returncode != 0:
        git.call(parent, "submodule", "deinit", "--quiet", "--force", "--", one.own_path)
        raise unfetchable(one, one.commit, done)


def unfetchable(one: Dependency, commit: str, done: CompletedProcess[bytes]) -> UsageError:
    """What to do about a commit that its server does not hand out; with the first thing that git said."""
    lines = done.stderr.decode("utf-8", "replace").splitlines() or [f"exit code {done.returncode}"]
    said = next((line for line in lines if line.startswith("fatal: ")), lines[0]).removeprefix("fatal: ")
    url = public(one.url)
    cure = f"push it there, or see that you may read {url}"
    return UsageError(f"{one.path}: {commit[:7]} cannot be fetched from {url} ({public(said)}); {cure}")


def obtain(one: Dependency, goal: str, local_urls: bool) -> None:
    """Have the commit `goal` here, by a branch or by its name. Raises UsageError when its server has it not."""
    for refs in ((), (goal,)):
        if holds(one.git_dir, goal):
            return
        fetched = git.call(one.work_tree, "fetch", "-q", "origin", *refs, local_urls=local_urls)
    if not holds(one.git_dir, goal):
        raise unfetchable(one, goal, fetched)
