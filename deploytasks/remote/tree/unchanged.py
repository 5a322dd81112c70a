"""Whether a tree is as it was left, by what `stat` says of it."""

from __future__ import annotations

import os
import stat
import subprocess
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

STAT = ("xargs", "-0r", "stat", "--printf=%n\\0%f %s %.9Y0 %.9Z0\\0", "--")
MOST_AT_ONCE = 4
"""Processes that look at a tree."""
KINDS = {"f": stat.S_IFREG, "l": stat.S_IFLNK, "d": stat.S_IFDIR}


def unchanged(top: str, marks: dict[str, str], proofs: dict[str, str]) -> bool:
    """Whether everything below `top` is what its mark says, and nothing came to it but names at its root.

    No directory is read for that: the times of one change with its entries. False where that cannot be told. Whoever
    asks looks at the names at the root.
    """
    full = full_marks(marks, proofs)
    return full is not None and confirmed(top, full)


def full_marks(marks: Mapping[str, str], proofs: Mapping[str, str]) -> dict[str, str] | None:
    """{path: its full mark}; None when a directory has no proof."""
    full = {path: proofs.get(path, "") if mark[0] == "d" else mark for path, mark in marks.items()}
    return full if all(full.values()) else None


def confirmed(top: str, marks: dict[str, str]) -> bool:
    """Whether `stat` says just these full marks; GNU's can. Every processor is given a part to look at."""
    parts = divided(list(marks))
    told = [b""] * len(parts)

    def ask(number: int) -> None:
        told[number] = said(top, parts[number])

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(len(parts))]
    for thread in asking:
        thread.start()
    right = [expected(part, marks) for part in parts]
    for thread in asking:
        thread.join()
    return told == right


def divided(paths: list[str]) -> list[list[str]]:
    """A part of the paths for each process that looks at a tree; none is empty."""
    count = min(MOST_AT_ONCE, os.cpu_count() or 1)
    return [part for part in (paths[number::count] for number in range(count)) if part]


def expected(paths: list[str], marks: dict[str, str]) -> bytes:
    """What `stat` says of paths while their full marks hold."""
    heads = {path: marks[path].partition(" ") for path in paths}
    modes = {head: mode_in_hex(head) for head in {head for head, _, _ in heads.values()}}
    return os.fsencode(
        "".join("%s\0%s %s\0" % (path, modes[head], rest) for path, (head, _, rest) in heads.items())
    )


def said(top: str, paths: list[str]) -> bytes:
    """What `stat` says of paths below `top`; nothing where one is missing, or that cannot be told."""
    try:
        done = subprocess.run(
            STAT,
            cwd=top,
            env={**os.environ, "LC_ALL": "C"},
            input=os.fsencode("\0".join(paths)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return b""
    return done.stdout if done.returncode == 0 else b""


def mode_in_hex(head: str) -> str:
    """The st_mode that a mark begins with."""
    return "%x" % (KINDS.get(head[0], 0) | int(head[1:], 8))
