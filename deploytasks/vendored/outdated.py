"""What the servers have that the pins have not, asked without fetching; and what stands uncommitted."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import git
from .changes import Change, between
from .dependency import JOBS, Dependency, effective_url, selected
from .reading import top_level


@dataclass(frozen=True)
class Outdated:
    """One dependency against its server. `tip` is None when the server could not be asked; `problem` says why."""

    path: str
    pin: str
    tracks: str
    tip: str | None
    problem: str = ""

    @property
    def current(self) -> bool:
        return self.tip == self.pin

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "current": self.current}

    def __str__(self) -> str:
        if self.problem:
            return f"{self.path}: {self.problem}"
        return (
            f"{self.path}: {'is' if self.current else f'{self.pin[:7]} is not'} the newest of {self.tracks}"
            + (
                ""
                if self.current
                else f", {(self.tip or '')[:7]} is; `inv vendor.update --remote --name={self.path.rpartition('/')[2]}`"
            )
        )


def outdated(repo: Path, names: Sequence[str] = (), *, local_urls: bool = False) -> tuple[Outdated, ...]:
    """Ask every server (ls-remote) for the tip of the tracked branch, or the newest tag that matches `track`."""
    with ThreadPoolExecutor(JOBS) as pool:
        return tuple(pool.map(lambda one: against_server(one, local_urls), selected(top_level(repo), names)))


def against_server(one: Dependency, local_urls: bool) -> Outdated:
    """One dependency."""
    track = one.option("track")
    tracks = track or one.option("branch") or "HEAD"
    try:
        listed = git.run(
            one.parent.git_dir, "ls-remote", "--quiet", "--", effective_url(one), local_urls=local_urls
        )
    except git.GitFailed as failure:
        return Outdated(one.path, one.commit, tracks, None, f"its server cannot be asked ({failure.last})")
    refs = {ref: commit for commit, _, ref in (line.partition("\t") for line in listed.splitlines())}
    tip = newest(refs, track) if track else refs.get("HEAD" if tracks == "HEAD" else f"refs/heads/{tracks}")
    return Outdated(one.path, one.commit, tracks, tip, "" if tip else f"its server has no {tracks}")


def newest(refs: dict[str, str], pattern: str) -> str | None:
    """The commit of the highest version among the tags that match."""
    names = [
        ref.removeprefix("refs/tags/")
        for ref in refs
        if ref.startswith("refs/tags/") and not ref.endswith("^{}")
    ]
    matching = sorted((name for name in names if fnmatch.fnmatch(name, pattern)), key=version)
    if not matching:
        return None
    return refs.get(f"refs/tags/{matching[-1]}^{{}}") or refs[f"refs/tags/{matching[-1]}"]


def version(name: str) -> list[tuple[int, str]]:
    """Sorts v1.10 after v1.9."""
    import re

    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", name)]


def moved(repo: Path, names: Sequence[str] = ()) -> tuple[Change, ...]:
    """What the work trees bring compared with the committed pins."""
    found = []
    for one in selected(top_level(repo, "HEAD"), names):
        head = git.answer(one.work_tree, "rev-parse", "HEAD") if (one.work_tree / ".git").exists() else None
        if head and head != one.commit:
            found.append(between(one.git_dir, one.path, one.commit, head))
    return tuple(found)
