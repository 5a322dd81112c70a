"""Notes of the work trees that are being moved: by them a run knows what one that was killed has left there."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import UsageError
from .dependency import Dependency
from .worktrees import differing

LOCKS = ("index.lock", "HEAD.lock")
"""What git leaves in a git directory when it is killed in a checkout, and then stops at."""


@contextmanager
def moving(one: Dependency, *commits: str) -> Iterator[int]:
    """Note that a work tree is being moved between commits ("" for none) until the block ends.

    Yields a descriptor for git to keep open: the note is a dead run's once neither that run nor its git has it open.
    What a dead run left locked is unlocked. Raises UsageError while another run moves the same work tree.
    """
    note, ended = note_of(one), False
    descriptor = os.open(note, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        lock(descriptor, one)
        former = written(descriptor)
        for name in LOCKS if former else ():
            (one.git_dir / name).unlink(missing_ok=True)
        os.pwrite(descriptor, "".join(f"{commit}\n" for commit in (*former, *commits)).encode(), 0)
        try:
            yield descriptor
            ended = True
        finally:
            if ended or not former:  # else what the dead run left may still be there
                os.ftruncate(descriptor, 0)  # so that it says nothing to a run that has just opened it
                note.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def killed_between(one: Dependency) -> tuple[str, ...]:
    """The commits between which a run was moving a work tree when it was killed; none where nothing was.

    Raises UsageError while one moves it.
    """
    try:
        descriptor = os.open(note_of(one), os.O_RDWR)
    except FileNotFoundError:
        return ()
    try:
        lock(descriptor, one)
        return written(descriptor)
    finally:
        os.close(descriptor)


def edits_of_others(one: Dependency, edits: Sequence[str], commits: Sequence[str]) -> list[str]:
    """The edits that are not what a run leaves that was killed between the commits: files of neither, and no empty
    ones.
    """
    found = set(edits)
    for commit in dict.fromkeys(commits):
        found &= set(differing(one.work_tree, commit))
    return sorted(path for path in found if holds_something(one.work_tree / path))


def holds_something(path: Path) -> bool:
    """Whether there is something that can be lost."""
    return path.is_symlink() or (path.exists() and path.stat().st_size > 0)


def note_of(one: Dependency) -> Path:
    """Where the note is: with the repository that pins it, for its own may still have to be cloned."""
    name = hashlib.sha256(one.own_path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return one.parent.git_dir / f"deploytasks-{name}.moving"


def lock(descriptor: int, one: Dependency) -> None:
    """Have a note for ourselves until it is closed. Raises UsageError when another run has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(f"{one.path}: another run is at work there; try again when it has ended") from None


def written(descriptor: int) -> tuple[str, ...]:
    """The commits in a note."""
    return tuple(os.pread(descriptor, 65536, 0).decode("ascii", "replace").splitlines())
