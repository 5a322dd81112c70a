"""Objects of pins fetched into the clones below vendor/."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .. import git
from .dependency import JOBS, Dependency, effective_url, holds
from .hazards import is_safe
from .reading import dependencies


def obtained(repo: Path, revision: str, local_urls: bool) -> tuple[Dependency, ...]:
    """The dependencies, after everything that can be fetched has been:
    level by level, for what is below is unknown before.
    """
    found = dependencies(repo, revision)
    tried: set[str] = set()
    while missing := [
        one for one in found if not one.present and one.path not in tried and is_safe(one, local_urls)
    ]:
        with ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(lambda one: fetch(one, local_urls), missing))
        tried |= {one.path for one in missing}
        found = dependencies(repo, revision)
    return found


def fetch(one: Dependency, local_urls: bool) -> None:
    """Bring the pinned commit into the dependency's git directory, or leave it missing."""
    if one.git_dir.is_dir():
        for refs in (("+refs/heads/*:refs/remotes/origin/*",), (one.commit,)):
            words = (*git.inside(one.git_dir), "fetch", "-q", "--no-tags", "origin", *refs)
            done = git.call(one.git_dir, *words, local_urls=local_urls)
            if done.returncode == 0 and holds(one.git_dir, one.commit):
                return
    elif is_empty_at_head(one):
        initialise = ("submodule", "update", "--init", "--checkout", "--", one.own_path)
        git.call(one.parent.work_tree, *initialise, local_urls=local_urls)
    else:
        clone_objects(one, local_urls)


def clone_objects(one: Dependency, local_urls: bool) -> None:
    """Clone to where git will look for it, without a work tree, as after `git submodule deinit`."""
    one.git_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="deploytasks-") as directory:
        words = ("clone", "-q", "--no-checkout", f"--separate-git-dir={one.git_dir}")
        tree = str(Path(directory, "tree"))
        git.call(one.parent.git_dir, *words, "--", effective_url(one), tree, local_urls=local_urls)


def is_empty_at_head(one: Dependency) -> bool:
    """Whether its directory is empty in a work tree that pins this very commit."""
    if not one.work_tree.is_dir() or any(one.work_tree.iterdir()):
        return False
    return git.answer(one.parent.work_tree, "rev-parse", f"HEAD:{one.own_path}") == one.commit
