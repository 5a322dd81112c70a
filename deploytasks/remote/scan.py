"""Reading a tree of files: every entry with its mark, and the manifest that a release keeps of itself.

A mark says what changes whenever an entry does: of a file or link kind, permissions, size, time and change time, of a
directory kind and permissions. It is written as GNU find prints it, so that find can read a large tree for us.
"""

import hashlib
import os
import stat
import subprocess
import threading

from deploytasks.remote.names import TOOL_NAMES

MANIFEST = ".deploytasks/manifest"
PRINTED = ("-type", "d", "-printf", "%P\\0d%m\\0", "-o", "-printf", "%P\\0%y%m %s %T@ %C@\\0")


class Manifest:
    """What a release held when it was sealed: {path: mark}, with its directories, and {path: content id}."""

    def __init__(self, digest="", marks=None, ids=None):
        self.digest, self.marks, self.ids = digest, marks or {}, ids or {}

    @classmethod
    def of(cls, release):
        """The manifest that `seal` left in a release, or an empty one."""
        try:
            with open(os.path.join(release, MANIFEST), "rb") as stream:
                digest, *parts = os.fsdecode(stream.read()).split("\0")
        except OSError:
            return cls()
        paths = parts[0::3]
        return cls(digest, dict(zip(paths, parts[1::3])), dict(zip(paths, parts[2::3])))

    @staticmethod
    def digest_of(release):
        """The digest alone."""
        try:
            with open(os.path.join(release, MANIFEST), "rb") as stream:
                return os.fsdecode(stream.read(64 + 1).partition(b"\0")[0])
        except OSError:
            return ""

    def __str__(self):
        parts = [self.digest]
        for path, mark in self.marks.items():
            parts += (path, mark, self.ids.get(path, ""))
        return "\0".join(parts)

    def files(self):
        """{path: (mark, content id)}, without the directories."""
        return {path: (mark, self.ids[path]) for path, mark in self.marks.items() if mark[0] != "d"}

    def shipped(self):
        """{path: [git mode, size, content id]}: what was shipped when it was sealed."""
        return {
            path: [git_mode(mark), int(mark.split(" ", 2)[1]), blob]
            for path, (mark, blob) in self.files().items()
        }


class Look:
    """A tree that is being read while we do something else; names in `left_out` are passed over at its root."""

    def __init__(self, top, left_out=TOOL_NAMES):
        self.top, self._left_out, self._found = top, left_out, {}
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self):
        self._found = read(printed(self.top, self._left_out))

    def marks(self):
        """{relative path: mark} of every entry below `top`, where the tree may have been renamed to meanwhile."""
        self._reading.join()
        path = next((path for path, mark in self._found.items() if mark[0] == "f"), None)
        if path is None or mark_of(os.lstat(os.path.join(self.top, path))) != self._found[path]:
            return {path: mark_of(status) for path, status in walk(self.top, self._left_out).items()}
        return self._found


def look(top, left_out=TOOL_NAMES):
    """{relative path: mark} of every entry below `top`; names in `left_out` are passed over at the root."""
    return Look(top, left_out).marks()


def printed(top, left_out):
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


def read(text):
    """{path: mark} that find printed."""
    parts = os.fsdecode(text).split("\0")
    return dict(zip(parts[0::2], parts[1::2]))


def walk(top, left_out=()):
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


def mark_of(status):
    """The mark of an entry with this lstat."""
    kind = {stat.S_IFREG: "f", stat.S_IFLNK: "l", stat.S_IFDIR: "d"}.get(stat.S_IFMT(status.st_mode), "?")
    head = "%s%o" % (kind, stat.S_IMODE(status.st_mode))
    if kind == "d":
        return head
    times = (divmod(moment, 10**9) for moment in (status.st_mtime_ns, status.st_ctime_ns))
    return "%s %d %s" % (head, status.st_size, " ".join("%d.%09d0" % moment for moment in times))


def mode_and_size(mark):
    """(st_mode, size) that the mark of a file or link tells."""
    head, size = mark.split(" ", 2)[:2]
    return (stat.S_IFLNK if head[0] == "l" else stat.S_IFREG) | int(head[1:], 8), int(size)


def executable(mark):
    """Whether a mark is that of a file which its owner may execute."""
    return mark[0] == "f" and bool(int(mark[1:].partition(" ")[0], 8) & 0o100)


def git_mode(mark):
    """How git writes the mode of the file or link that a mark is of."""
    return 0o120000 if mark[0] == "l" else 0o100755 if executable(mark) else 0o100644


def parents(paths):
    """Every directory above one of the paths."""
    needed = set()
    for path in paths:
        parent = os.path.dirname(path)
        while parent and parent not in needed:
            needed.add(parent)
            parent = os.path.dirname(parent)
    return needed


def content_id(path, status, like):
    """The git blob id of a file or link, in the hash that `like` (an id) is written in."""
    if stat.S_ISLNK(status.st_mode):
        data = os.fsencode(os.readlink(path))
    else:
        with open(path, "rb") as stream:
            data = stream.read()
    algorithm = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()
