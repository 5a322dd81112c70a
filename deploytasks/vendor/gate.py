"""The gate that every deploy passes: what is wrong with the vendored dependencies, each finding with its cure."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from .. import git
from .dependency import JOBS, Dependency, dependencies, effective_url, holds
from .finding import Finding
from .hazards import is_safe, unsafe_twins
from .pins import pin_findings
from .trees import project_edits, tree_findings


@dataclass(frozen=True)
class Gate:
    """What stops a deploy, what is only said (`not shipped: …`), and whether what ships is dirty."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    dirty: bool = False


def gate(
    repo: Path,
    revision: str,
    *,
    source: str = "commit",
    policy: str = "pushed",
    local_urls: bool = False,
    allow_dirty: bool = False,
) -> Gate:
    """Judge every dependency at `revision`. Missing pins are fetched; an empty submodule is initialised;
    nothing else changes.
    """
    found = obtained(repo, revision, local_urls)
    passed = judged(repo, found, source=source, policy=policy, local_urls=local_urls, allow_dirty=allow_dirty)
    return replace(passed, notes=not_shipped(repo, found)) if source == "commit" else passed


def judged(
    repo: Path, found: Sequence[Dependency], *, source: str, policy: str, local_urls: bool, allow_dirty: bool
) -> Gate:
    """What gates the source mode: the pins, and in `worktree` mode the work trees too."""
    pins = judged_pins(found, policy, local_urls)
    return Gate(pins) if source == "commit" else judged_trees(repo, found, pins, allow_dirty)


def judged_pins(found: Sequence[Dependency], policy: str, local_urls: bool) -> tuple[Finding, ...]:
    """What gates both source modes."""

    def judge(one: Dependency) -> list[Finding]:
        return list(pin_findings(one, policy, local_urls))

    return (*unsafe_twins(found), *in_parallel(judge, found))


def judged_trees(repo: Path, found: Sequence[Dependency], pins: Sequence[Finding], allow_dirty: bool) -> Gate:
    """What gates `worktree` mode: the work trees, and the findings of the pins."""
    gating = [*pins, *work_trees(found)]
    passed = [finding for finding in gating if allow_dirty and finding.allowed_dirty]
    kept = tuple(finding for finding in gating if finding not in passed)
    notes = tuple(f"allowed: {finding}" for finding in passed)
    return Gate(kept, notes, bool(passed or project_edits(repo)))


def not_shipped(repo: Path, found: Sequence[Dependency]) -> tuple[str, ...]:
    """What stands in the work trees and `commit` mode leaves there."""
    edits = project_edits(repo)
    notes = [f"not shipped: {finding.dependency}: {finding.what}" for finding in work_trees(found)]
    notes += [f"not shipped: {len(edits)} uncommitted change(s), first {edits[0]}"] if edits else []
    return tuple(notes)


def work_trees(found: Sequence[Dependency]) -> list[Finding]:
    """What is wrong with the work tree of each."""
    return in_parallel(lambda one: list(tree_findings(one)), found)


def in_parallel(judge: Callable[[Dependency], list[Finding]], found: Sequence[Dependency]) -> list[Finding]:
    """The findings on all of them, in their order."""
    with ThreadPoolExecutor(JOBS) as pool:
        return [finding for findings in pool.map(judge, found) for finding in findings]


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
