"""The gate that every deploy passes: what is wrong with the vendored dependencies, each finding with its cure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from .dependency import JOBS, Dependency
from .fetch import obtained
from .finding import Finding
from .hazards import unsafe_twins
from .pins import pin_findings
from .worktrees import project_edits, tree_findings


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
