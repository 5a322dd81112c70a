"""Reading a tree of files: paths with their lstat, and the manifest that a release keeps of itself.

A manifest maps a path to [mode, size, mtime_ns, ctime_ns, content id]; symlinks and files only.
"""

import hashlib
import os
import stat

from deploytasks.remote.files import read_json
from deploytasks.remote.names import TOOL_NAMES

MANIFEST = ".deploytasks/manifest.json"


def scan(top):
    """What `walk` finds in a release, less the tool's own names at its root."""
    return walk(top, TOOL_NAMES)


def walk(top, left_out=()):
    """(files, directories): every file and link under `top` as {relative path: lstat}, every directory as a list.

    Names in `left_out` are passed over at the root; links are never followed.
    """
    files, directories, pending = {}, [], [("", top)]
    while pending:
        prefix, directory = pending.pop()
        with os.scandir(directory) as entries:
            for entry in entries:
                if not prefix and entry.name in left_out:
                    continue
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    directories.append(path)
                    pending.append((path + "/", entry.path))
                else:
                    files[path] = entry.stat(follow_symlinks=False)
    return files, directories


def signature(status):
    """What changes whenever a file does: [mode, size, mtime_ns, ctime_ns]."""
    return [status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def manifest_of(release):
    """The manifest that `seal` left in a release, or an empty one."""
    return read_json(os.path.join(release, MANIFEST), {})


def untouched(status, entry):
    """Whether a file is, by size, mode, times and change time, the very one that was uploaded."""
    return entry is not None and signature(status) == entry[:4]


def content_id(path, status, like):
    """The git blob id of a file or link, in the hash that `like` (an id) is written in."""
    if stat.S_ISLNK(status.st_mode):
        data = os.fsencode(os.readlink(path))
    else:
        with open(path, "rb") as stream:
            data = stream.read()
    algorithm = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()
