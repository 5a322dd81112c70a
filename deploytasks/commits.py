"""What git tells of a commit, remembered, since it never changes."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from . import git
from .cache import cache_root, keep_newest

KEPT_ANSWERS = 1000
"""Answers about commits that are kept; the oldest go first."""
COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def said_of_commit(
    revision: str,
    place: Path,
    *words: str,
    where: tuple[str, ...] = (),
    only: re.Pattern[bytes] | None = None,
) -> str | None:
    """What `git <where> <words>` prints in `place`; None when it says no (exit code 1). Raises GitFailed.

    It is remembered where `revision`, on which alone the answer depends, is the whole id of a commit. Of a long answer
    `only` what matches is given, and remembered.
    """
    if not COMMIT.fullmatch(revision):
        said = git.run(place, *where, *words).encode("utf-8", "surrogateescape")
        return matching(said, only).decode("utf-8", "surrogateescape")
    asked = "\0".join((*words, *([only.pattern.decode()] if only else [])))
    kept = cache_root(os.environ) / "commits" / hashlib.sha256(asked.encode()).hexdigest()
    answer = remembered(kept)
    if answer is None:
        done = git.call(place, *where, *words)
        if done.returncode not in (0, 1):
            raise git.GitFailed(words, place, done.returncode, done.stderr.decode("utf-8", "replace"))
        answer = b"%d\n%b" % (done.returncode, matching(done.stdout, only))
        if not done.stderr:  # else it may have said no because an object could not be read
            with suppress(OSError):
                keep(kept, hashlib.sha256(answer).digest() + answer)
    code, _, said = answer.partition(b"\n")
    return None if int(code) else said.decode("utf-8", "surrogateescape")


def matching(said: bytes, only: re.Pattern[bytes] | None) -> bytes:
    """What of an answer matches; all of it without a pattern."""
    return said if only is None else b"".join(only.findall(said))


def remembered(place: Path) -> bytes | None:
    """An answer that was kept, None when there is none, or a damaged one."""
    try:
        data = place.read_bytes()
    except OSError:
        return None
    digest, answer = data[:32], data[32:]
    return answer if hashlib.sha256(answer).digest() == digest else None


def tree_of_commit(git_dir: Path, revision: str, only: re.Pattern[bytes] | None = None) -> str:
    """What `git ls-tree -r -z` lists of a revision, or `only` what of it matches. Raises GitFailed."""
    words = ("ls-tree", "-r", "-z", "--full-tree", revision)
    return said_of_commit(revision, git_dir, *words, where=git.inside(git_dir), only=only) or ""


def keep(place: Path, data: bytes) -> None:
    """Write an answer whole; others may be writing the same."""
    place.parent.mkdir(0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=place.parent, delete=False) as stream:
        stream.write(data)
    Path(stream.name).replace(place)
    keep_newest(place.parent, KEPT_ANSWERS)
