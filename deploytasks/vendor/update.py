"""Bringing work trees to their pins, and moving pins. git's exit code is not believed: every result is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .. import git
from ..errors import UsageError
from . import first
from .changes import Change, between
from .dependency import JOBS, Dependency, configuration, dependencies, effective_url, is_local, selected
from .finding import printable
from .goal import STAY, Move, destination
from .hazards import unsafe
from .trees import WorkTree, glance, look

OnLine = Callable[[str], None]


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
    top = [one for one in dependencies(repo, "HEAD") if one.parent == repo]
    chosen = selected(top, names)
    if move.to is not None and len(chosen) != 1:
        raise UsageError("--to: moves one dependency; name it with --name")
    given_up = {one.path for one in selected(top, discard)} if discard else set()

    new = () if dry_run else begin(repo, [one for one in chosen if safe(one, local_urls)], local_urls)

    def work(one: Dependency) -> Outcome:
        settled = one in new and not move.moves and is_at_pin(one)
        outcome = (
            Outcome(one.path, one.commit)
            if settled
            else bring(one, move, one.path in given_up, dry_run, local_urls)
        )
        on_line(str(outcome))
        return outcome

    with ThreadPoolExecutor(JOBS) as pool:
        outcomes = tuple(pool.map(work, chosen))
    moved = [outcome.change for outcome in outcomes if outcome.change is not None and not outcome.problem]
    if commit and moved and not dry_run:
        record(repo, moved)
    return outcomes


def begin(repo: Path, chosen: Sequence[Dependency], local_urls: bool) -> tuple[Dependency, ...]:
    """Sync the URLs, and clone at once what was never here; answers those. What came of it is for others to see."""
    if not chosen:
        return ()
    git.call(repo, "submodule", "init", "--", *(one.own_path for one in chosen))
    settings = configuration(repo)
    new = tuple(one for one in chosen if first.is_new(one, settings))
    old = [one.own_path for one in chosen if one not in new]
    if old:
        git.call(repo, "submodule", "sync", "--quiet", "--", *old)
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(lambda one: first.clone(one, settings, local_urls), new))
    return new


def is_at_pin(one: Dependency) -> bool:
    """Whether a dependency that was just cloned is what is pinned and nothing else; nested ones are looked at too."""
    if not (one.work_tree / ".git").exists() or glance(one.work_tree) != WorkTree(one.commit, ()):
        return False
    below = dependencies(one.work_tree, "HEAD") if (one.work_tree / ".gitmodules").exists() else ()
    return all(is_at_pin(nested) for nested in below)


def safe(one: Dependency, local_urls: bool) -> bool:
    return not list(unsafe(one, local_urls))


def bring(one: Dependency, move: Move, discard: bool, dry_run: bool, local_urls: bool) -> Outcome:
    """Bring one dependency to its pin or to where it moves, and look at the result."""
    hazards = list(unsafe(one, local_urls))
    if hazards:
        return Outcome(one.path, one.commit, f"{hazards[0].what}; {hazards[0].cure}")
    initialised = (one.work_tree / ".git").exists()
    edits = look(one.work_tree).edits if initialised else ()
    if edits and not discard:
        what = f"has {len(edits)} local edit(s), first {printable(edits[0])}"
        return Outcome(one.path, one.commit, f"{what}; commit them there, or add --discard={one.name}")
    try:
        if not initialised and not dry_run:
            first_checkout(one, local_urls)
        goal = one.commit
        if move.moves:
            goal = destination(one, move, local_urls)
        change = between(one.git_dir, one.path, one.commit, goal) if goal != one.commit else None
        return Outcome(
            one.path, goal, "" if dry_run else checkout(one, goal, bool(edits), local_urls), change
        )
    except (git.GitFailed, UsageError) as failure:
        return Outcome(one.path, one.commit, str(failure).partition(": ")[2] or str(failure))


def first_checkout(one: Dependency, local_urls: bool) -> None:
    """Clone a dependency that is not initialised; git puts its objects below the parent's."""
    git.run(
        one.parent,
        "submodule",
        "update",
        "--init",
        "--checkout",
        "--force",
        "--",
        one.own_path,
        local_urls=local_urls,
    )


def checkout(one: Dependency, goal: str, dirty: bool, local_urls: bool) -> str:
    """Make the work tree `goal`, nested ones included; answers what is still wrong, or an empty text."""
    tree = one.work_tree
    if git.answer(tree, "cat-file", "-t", goal) != "commit":
        git.call(tree, "fetch", "-q", "origin", local_urls=local_urls)
        if git.answer(tree, "cat-file", "-t", goal) != "commit":
            git.run(tree, "fetch", "-q", "origin", goal, local_urls=local_urls)
    if dirty or git.answer(tree, "rev-parse", "HEAD") != goal:
        git.run(
            tree,
            "-c",
            "submodule.recurse=false",
            "checkout",
            "-q",
            "--detach",
            *(["--force"] if dirty else []),
            goal,
        )
        if dirty:
            git.run(tree, "reset", "-q", "--hard", goal)
            git.run(tree, "clean", "-q", "-ffd")
    if (tree / ".gitmodules").exists():
        local = local_urls and any(is_local(effective_url(below)) for below in dependencies(tree, "HEAD"))
        git.call(tree, "submodule", "sync", "-q", "--recursive")
        git.run(
            tree,
            "submodule",
            "update",
            "--init",
            "--recursive",
            "--checkout",
            "--jobs=4",
            local_urls=local or local_urls,
        )
    head = git.answer(tree, "rev-parse", "HEAD")
    wrong = look(tree).edits
    if head != goal:
        return f"is at {(head or 'nothing')[:7]}, not at {goal[:7]}; see `git -C {one.path} status`"
    return (
        f"still has local edits, first {printable(wrong[0])}; see `git -C {one.path} status`" if wrong else ""
    )


def record(repo: Path, moved: Sequence[Change]) -> None:
    """Commit the moved pins, and nothing else, with a message that lists what they bring."""
    paths = [change.path for change in moved]
    subject = f"Move {', '.join(path.rpartition('/')[2] for path in paths)}"
    body = "\n".join(line for change in moved for line in change.lines())
    git.run(repo, "commit", "-q", "-m", subject, "-m", body, "--", *paths)
