"""Reading a tree of files: every entry with its mark.

A mark says what changes whenever an entry does: of a file or link kind, permissions, size, time and change time, of a
directory kind and permissions. It is written as GNU find prints it, so that find can read a large tree for us. The
full mark of a directory has its size and times too, which change when one of its entries comes or goes.
"""

from __future__ import annotations

import os
import stat
import subprocess

from deploytasks.remote.names import TOOL_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

PRINTED = ("-printf", "%P\\0%y%m %s %T@ %C@\\0")


def look(top: str, left_out: Iterable[str] = TOOL_NAMES) -> dict[str, str]:
    """{relative path: mark} of every entry below `top`; names in `left_out` are passed over at the root."""
    return {
        path: mark.partition(" ")[0] if mark[0] == "d" else mark
        for path, mark in look_fully(top, left_out).items()
    }


def look_fully(top: str, left_out: Iterable[str] = TOOL_NAMES) -> dict[str, str]:
    """The same with the full marks of directories."""
    found = read(printed(top, left_out))
    path = next((path for path, mark in found.items() if mark[0] == "f"), None)
    if path is None or mark_of(os.lstat(os.path.join(top, path))) != found[path]:
        found = {path: full_mark(status) for path, status in walk(top, left_out).items()}
    return found


def printed(top: str, left_out: Iterable[str]) -> bytes:
    """What find prints of a tree, b"" where it cannot; GNU's prints marks."""
    passed_over = [word for name in sorted(left_out) for word in ("-path", "./" + name, "-prune", "-o")]
    try:
        done = subprocess.run(
            ["find", ".", "-mindepth", "1", *passed_over, *PRINTED],
            cwd=top,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return b""
    return done.stdout if done.returncode == 0 else b""


def read(text: bytes) -> dict[str, str]:
    """{path: mark} that find printed."""
    parts = os.fsdecode(text).split("\0")
    return dict(zip(parts[0::2], parts[1::2]))


def walk(top: str, left_out: Iterable[str] = ()) -> dict[str, os.stat_result]:
    """{relative path: lstat} of every entry under `top`; links are never followed."""
    found, pending = {}, [("", top)]
    while pending:
        prefix, directory = pending.pop()
        with os.scandir(directory) as entries:
            for entry in entries:
                if not prefix and entry.name in left_out:
                    continue
                path = prefix + entry.name
                found[path] = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    pending.append((path + "/", entry.path))
    return found


def mark_of(status: os.stat_result) -> str:
    """The mark of an entry with this lstat."""
    mark = full_mark(status)
    return mark.partition(" ")[0] if mark[0] == "d" else mark


def full_mark(status: os.stat_result) -> str:
    """Its mark, in full."""
    kind = {stat.S_IFREG: "f", stat.S_IFLNK: "l", stat.S_IFDIR: "d"}.get(stat.S_IFMT(status.st_mode), "?")
    times = (divmod(moment, 10**9) for moment in (status.st_mtime_ns, status.st_ctime_ns))
    shown = " ".join("%d.%09d0" % moment for moment in times)
    return "%s%o %d %s" % (kind, stat.S_IMODE(status.st_mode), status.st_size, shown)


def mode_and_size(mark: str) -> tuple[int, int]:
    """(st_mode, size) that the mark of a file or link tells."""
    head, size = mark.split(" ", 2)[:2]
    return (stat.S_IFLNK if head[0] == "l" else stat.S_IFREG) | int(head[1:], 8), int(size)


def executable(mark: str) -> bool:
    """Whether a mark is that of a file which its owner may execute."""
    return mark[0] == "f" and bool(int(mark[1:].partition(" ")[0], 8) & 0o100)


def git_mode(mark: str) -> int:
    """How git writes the mode of the file or link that a mark is of."""
    return 0o120000 if mark[0] == "l" else 0o100755 if executable(mark) else 0o100644


def directories(marks: dict[str, str]) -> list[str]:
    """The paths of the directories among marks."""
    return [path for path, mark in marks.items() if mark[0] == "d"]


def moved(before: Mapping[str, str], kept: Container[str], brought: Iterable[str]) -> set[str]:
    """The directories in which something comes or goes, where of the files `before` (marks) those `kept` stay, and the
    paths `brought` come.
    """
    return parents(
        [*brought, *(path for path, mark in before.items() if mark[0] != "d" and path not in kept)]
    )


def parents(paths: Iterable[str]) -> set[str]:
    """Every directory above one of the paths."""
    needed = set()
    for path in paths:
        parent = os.path.dirname(path)
        while parent and parent not in needed:
            needed.add(parent)
            parent = os.path.dirname(parent)
    return needed
