"""Bringing work trees to their pins, and moving pins. git's exit code is not believed: every result is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from .. import git
from ..errors import UsageError
from . import first_clone
from .changes import Change, between
from .checkout import first_checkout, obtain
from .dependency import JOBS, Dependency, named, selected
from .finding import printable
from .goal import STAY, Move, destination
from .hazards import is_safe, unsafe
from .journal import edits_of_others, killed_between, moving
from .reading import top_level
from .worktrees import WorkTree, glance, look

OnLine = Callable[[str], None]


@dataclass(frozen=True)
class Way:
    """How one dependency, and those below it, are to be brought."""

    move: Move
    discard: frozenset[str]
    """The paths of those whose edits are given up, with what is nested in them."""
    dry_run: bool
    local_urls: bool

    def gives_up(self, one: Dependency) -> bool:
        return any(f"{one.path}/".startswith(f"{path}/") for path in self.discard)


@dataclass(frozen=True)
class Outcome:
    """What became of one dependency. `problem` is empty when it is where it should be."""

    path: str
    commit: str
    problem: str = ""
    change: Change | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.problem else f"{self.path}: at {self.commit[:7]}"


def update(
    repo: Path,
    *,
    names: Sequence[str] = (),
    move: Move = STAY,
    commit: bool = False,
    dry_run: bool = False,
    discard: Sequence[str] = (),
    local_urls: bool = False,
    on_line: OnLine = lambda line: None,
) -> tuple[Outcome, ...]:
    """Bring every dependency (or those named) to its pin, recursively; with `move` move the pins of the named first.

    One that fails does not hide the others. A dirty one is left alone unless `discard` names it. Nothing is pushed.
    """
    top = top_level(repo)
    chosen = selected(top, names)
    if move.to is not None and len(chosen) != 1:
        raise UsageError("--to: moves one dependency; name it with --name")
    way = Way(move, given_up(top, discard), dry_run, local_urls)
    new = () if dry_run else begin(repo, [one for one in chosen if is_safe(one, local_urls)], local_urls)

    def work(one: Dependency) -> Outcome:
        settled = one in new and not move.moves and is_at_pin(one)
        outcome = Outcome(one.path, one.commit) if settled else bring(one, way)
        on_line(str(outcome))
        return outcome

    with ThreadPoolExecutor(JOBS) as pool:
        outcomes = tuple(pool.map(work, chosen))
    moved = [outcome.change for outcome in outcomes if outcome.change is not None and not outcome.problem]
    if commit and moved and not dry_run:
        record(repo, moved)
    return outcomes


def given_up(top: Sequence[Dependency], names: Sequence[str]) -> frozenset[str]:
    """The paths that `--discard` names, nested ones included. Raises UsageError for a name that is none."""
    pairs = ((name, named(top, name).path) for name in names)
    return frozenset(name if name.startswith(f"{path}/") else path for name, path in pairs)


def begin(repo: Path, chosen: Sequence[Dependency], local_urls: bool) -> tuple[Dependency, ...]:
    """Sync the URLs, and clone at once what was never here; answers those. What came of it is for others to see."""
    new = tuple(one for one in chosen if first_clone.is_new(one))
    old = [one.own_path for one in chosen if one not in new]
    with ThreadPoolExecutor(JOBS) as pool:
        if chosen:
            pool.submit(git.call, repo, "submodule", "init", "--", *(one.own_path for one in chosen))
        list(pool.map(lambda one: begun(one, local_urls), new))
    if old:
        git.call(repo, "submodule", "sync", "--quiet", "--", *old)
    return new


def begun(one: Dependency, local_urls: bool) -> None:
    """Clone one, unless another run is at it."""
    with suppress(UsageError):
        first_clone.clone(one, local_urls)


def is_at_pin(one: Dependency) -> bool:
    """Whether a dependency that was just cloned, and has none of its own, is what is pinned and nothing else."""
    if not (one.work_tree / ".git").exists() or (one.work_tree / ".gitmodules").exists():
        return False
    return glance(one.work_tree) == WorkTree(one.commit, ())


def bring(one: Dependency, way: Way) -> Outcome:
    """Bring one dependency to its pin or to where it moves, and look at the result."""
    hazards = list(unsafe(one, way.local_urls))
    if hazards:
        return Outcome(one.path, one.commit, f"{hazards[0].what}; {hazards[0].cure}")
    try:
        seen = look(one.work_tree) if (one.work_tree / ".git").exists() else None
        killed = killed_between(one)
        edits = edits_of_others(one, seen.edits, killed) if seen and not way.gives_up(one) else ()
        if edits:
            what = f"has {len(edits)} local edit(s), first {printable(edits[0])}"
            return Outcome(one.path, one.commit, f"{what}; commit them there, or add --discard={one.path}")
        if not seen and not way.dry_run:
            first_checkout(one, way.local_urls)
        goal = destination(one, way.move, way.local_urls) if way.move.moves else one.commit
        change = between(one.git_dir, one.path, one.commit, goal) if goal != one.commit else None
        wrong = "" if way.dry_run else checkout(one, seen, goal, way, killed=bool(seen and killed))
        return Outcome(one.path, goal, wrong, change)
    except (git.GitFailed, UsageError) as failure:
        return Outcome(one.path, one.commit, str(failure).partition(": ")[2] or str(failure))


def checkout(one: Dependency, before: WorkTree | None, goal: str, way: Way, *, killed: bool) -> str:
    """Make the work tree `goal`, nested ones included; answers what is still wrong, or an empty text.

    `before` is how the work tree stands, where somebody has looked, and `killed` whether a run was killed there.
    """
    tree = one.work_tree
    seen = before or look(tree)
    if killed or seen.edits or seen.head != goal:
        obtain(one, goal, way.local_urls)
        force = ("--force",) if seen.edits else ()
        with moving(one, seen.head, goal) as note:
            words = ("-c", "submodule.recurse=false", "checkout", "-q", "--detach", *force, goal)
            git.run(tree, *words, keeps=(note,))
            if seen.edits:
                git.run(tree, "reset", "-q", "--hard", goal, keeps=(note,))
                git.run(tree, "clean", "-q", "-ffd", keeps=(note,))
        seen = look(tree)
    if seen.head != goal:
        return f"is at {seen.head[:7] or 'nothing'}, not at {goal[:7]}; see `git -C {one.path} status`"
    if seen.edits:
        return f"still has local edits, first {printable(seen.edits[0])}; see `git -C {one.path} status`"
    return nested(one, replace(way, move=STAY))


def nested(one: Dependency, way: Way) -> str:
    """Bring the dependencies of a dependency to their pins; answers what is wrong with them, or an empty text."""
    if not (one.work_tree / ".gitmodules").exists():
        return ""
    found = top_level(one.work_tree, prefix=f"{one.path}/")
    begin(one.work_tree, [below for below in found if is_safe(below, way.local_urls)], way.local_urls)
    outcomes = [bring(below, way) for below in found]
    return "; ".join(f"its {outcome}" for outcome in outcomes if outcome.problem)


def record(repo: Path, moved: Sequence[Change]) -> None:
    """Commit the moved pins, and nothing else, with a message that lists what they bring."""
    paths = [change.path for change in moved]
    subject = f"Move {', '.join(path.rpartition('/')[2] for path in paths)}"
    body = "\n".join(line for change in moved for line in change.lines())
    git.run(repo, "commit", "-q", "-m", subject, "-m", body, "--", *paths)
