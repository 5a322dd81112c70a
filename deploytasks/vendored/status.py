"""Where every dependency stands: one value each, by plumbing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import git
from .dependency import JOBS, Dependency
from .pins import reachable
from .reading import dependencies


@dataclass(frozen=True)
class Status:
    """One dependency as it is here. `head` is None while it is not initialised."""

    path: str
    pin: str
    describe: str
    tracks: str | None
    head: str | None
    ahead: int = 0
    behind: int = 0
    """Commits of the tracked branch, as last fetched, that the pin lacks."""
    edited: int = 0
    untracked: int = 0
    ignored: int = 0
    unpushed: bool = False
    nested: bool = False

    def document(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        marks = [f"at {self.head[:7]}"] if self.head and self.head != self.pin else []
        marks += ["not initialised"] if self.head is None else []
        counted = {
            "edited": self.edited,
            "untracked": self.untracked,
            "ignored": self.ignored,
            "ahead": self.ahead,
            "behind": self.behind,
        }
        marks += [f"{count} {what}" for what, count in counted.items() if count]
        marks += ["unpushed"] if self.unpushed else []
        tracks = f" tracks {self.tracks}" if self.tracks else ""
        return f"{self.path}  {self.pin[:7]}  {self.describe}{tracks}  {', '.join(marks) or 'clean'}"


def status(repo: Path, *, ignored: bool = False) -> tuple[Status, ...]:
    """Every dependency at HEAD, nested ones included; `ignored` counts ignored files too."""
    found = dependencies(repo, "HEAD")
    with ThreadPoolExecutor(JOBS) as pool:
        return tuple(pool.map(lambda one: stand(one, repo, ignored), found))


def stand(one: Dependency, repo: Path, ignored: bool) -> Status:
    """One dependency."""
    tracks = one.option("branch") or one.option("track")
    known: dict[str, Any] = {
        "path": one.path,
        "pin": one.commit,
        "describe": one.describe,
        "tracks": tracks,
        "nested": one.nested,
    }
    if not (one.work_tree / ".git").exists():
        return Status(**known, head=None)
    words = ("status", "--porcelain=v2", "--branch", "-z", *(["--ignored"] if ignored else []))
    items = (git.answer(one.work_tree, *words) or "").split("\0")
    head = next(
        (item.removeprefix("# branch.oid ") for item in items if item.startswith("# branch.oid")), None
    )
    counts: dict[str, Any] = {
        "edited": sum(item[:2] in ("1 ", "2 ", "u ") for item in items),
        "untracked": sum(item[:2] == "? " for item in items),
        "ignored": sum(item[:2] == "! " for item in items),
    }
    ahead, behind = distance(one)
    return Status(
        **known, head=head, ahead=ahead, behind=behind, unpushed=not reachable(one, "pushed"), **counts
    )


def distance(one: Dependency) -> tuple[int, int]:
    """(ahead, behind) of the pin against its tracked branch as last fetched."""
    branch = one.option("branch")
    if branch is None or not one.present:
        return 0, 0
    counted = git.answer(
        one.work_tree, "rev-list", "--left-right", "--count", f"{one.commit}...refs/remotes/origin/{branch}"
    )
    ahead, behind = (counted or "0 0").split()
    return int(ahead), int(behind)
