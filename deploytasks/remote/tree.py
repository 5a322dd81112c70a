"""The tree of a release on the host: made ready for the upload, then sealed and later checked against its manifest."""

import base64
import json
import os
import shutil
import stat
import zlib

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import write, write_json
from deploytasks.remote.names import TOOL_NAMES
from deploytasks.remote.owner import claim
from deploytasks.remote.scan import MANIFEST, content_id, manifest_of, scan, signature, untouched

MODES = {
    "releases": 0o755,
    "shared": 0o755,
    "venvs": 0o755,
    ".deploytasks": 0o755,
    ".deploytasks/bundles": 0o700,
}


class Prepared:
    """A release between `prepare` and `seal`: what is shipped, and the files of an earlier upload that are so already.

    `kept` is None when nothing is known of the tree: before the first upload, and after a command ran on the host.
    """

    def __init__(self, release, shipped, kept):
        self.release, self.shipped, self.kept = release, shipped, kept

    @property
    def missing(self):
        """The shipped paths that the upload has to bring, None for all."""
        return None if self.kept is None else sorted(set(self.shipped) - set(self.kept))


def prepare(state, release, owner, manifest):
    """Make `releases/<release>` the target of the upload: a recycled tree, a copy of current's, or empty.

    Only files that are exactly what an earlier upload left are carried over; no two releases share an inode.
    Answers the shipped paths that are `missing`, None for all of them.
    """
    state.require_lock()
    for name, mode in MODES.items():
        os.makedirs(os.path.join(state.root, name), mode, exist_ok=True)
    claim(state.root, owner)
    target = os.path.join(state.root, "releases", release)
    spare = newest(os.path.join(state.root, ".deploytasks", "spare"))
    current = os.path.join(state.root, "current")
    shipped, kept = unpack(manifest), None
    if spare:
        os.rename(spare, target)
        kept = recycle(target, shipped)
    else:
        os.mkdir(target)
        if os.path.isdir(current):
            kept = copy(state, os.path.realpath(current), target, shipped)
    state.prepared = Prepared(release, shipped, kept)
    return {"missing": state.prepared.missing}


def newest(directory):
    """The path of the newest entry of a directory by name, or None."""
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return os.path.join(directory, names[-1]) if names else None


def recycle(target, shipped):
    """Leave in an old tree only what is of use: files as shipped ({path: lstat} is answered), and older ones of
    the same names, which the upload then need not send whole.
    """
    manifest = manifest_of(target)
    for name in TOOL_NAMES:
        remove(os.path.join(target, name))
    files, directories = scan(target)
    kept = {}
    for path, status in files.items():
        entry, wanted = manifest.get(path), shipped.get(path)
        if wanted is None or not untouched(status, entry) or stat.S_IFMT(wanted[0]) != stat.S_IFMT(entry[0]):
            os.unlink(os.path.join(target, path))
        elif entry[4] == wanted[2] and matches(status, wanted):
            kept[path] = status
    for path in prune_directories(target, directories, shipped):
        open_up(os.path.join(target, path))
    return kept


def open_up(directory):
    """Give a directory the mode of an uploaded one."""
    mode = stat.S_IMODE(os.lstat(directory).st_mode)
    if mode & 0o777 != 0o755:
        os.chmod(directory, 0o755 | mode & stat.S_ISGID)


def copy(state, source, target, shipped):
    """Copy the files of a release that are as shipped, with modes and times, by new inodes; answers {path: lstat}."""
    manifest = manifest_of(source)
    made, kept = {""}, {}
    for path, wanted in shipped.items():
        entry, origin, place = manifest.get(path), os.path.join(source, path), os.path.join(target, path)
        if entry is None or entry[4] != wanted[2]:
            continue
        try:
            status = os.lstat(origin)
        except OSError:
            continue
        if not untouched(status, entry) or not matches(status, wanted):
            continue
        parent = os.path.dirname(path)
        if parent not in made:
            os.makedirs(os.path.join(target, parent), exist_ok=True)
            made.add(parent)
        shutil.copy2(origin, place, follow_symlinks=False)
        kept[path] = os.lstat(place)
        state.go_on()
    return kept


def remove(path):
    """Remove a file, a link or a whole directory; nothing happens when it is missing."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def unpack(packed):
    """The shipped manifest, {path: [git mode, size, id]}, as the control side packs it."""
    return json.loads(zlib.decompress(base64.b64decode(packed)).decode("utf-8"))


def seal(state, release, provenance):
    """After the upload: the release holds exactly the shipped paths, and says what it is.

    What is too many is removed; what is missing or has another size or kind fails the deploy.
    """
    state.require_lock()
    top = os.path.join(state.root, "releases", release)
    shipped = state.prepared.shipped
    files = arrived(top, state.prepared)
    wrong = [path for path, entry in shipped.items() if path not in files or not matches(files[path], entry)]
    if wrong:
        raise Failure(
            "the upload left %d paths other than shipped, first %r; deploy again" % (len(wrong), wrong[0])
        )
    os.makedirs(os.path.join(top, ".deploytasks"), exist_ok=True)
    write_json(
        os.path.join(top, MANIFEST), {path: [*signature(files[path]), shipped[path][2]] for path in shipped}
    )
    write_json(os.path.join(top, ".deploytasks", "release.json"), provenance)
    write(os.path.join(top, "REVISION"), provenance["revision"] + "\n")
    return {"files": len(shipped)}


def arrived(top, prepared):
    """{path: lstat} of what is there after the upload. Only where nothing but the upload came after `prepare` need
    not the whole tree be read.
    """
    if prepared.kept is not None:
        there = [path for path in prepared.missing if os.path.lexists(os.path.join(top, path))]
        return {**prepared.kept, **{path: os.lstat(os.path.join(top, path)) for path in there}}
    files, directories = scan(top)
    for path in set(files) - set(prepared.shipped):
        os.unlink(os.path.join(top, path))
    prune_directories(top, directories, prepared.shipped)
    return files


def prune_directories(top, directories, shipped):
    """Remove directories that hold no shipped path (a removed package must not stay importable); answers the others."""
    needed = set()
    for path in shipped:
        parent = os.path.dirname(path)
        while parent and parent not in needed:
            needed.add(parent)
            parent = os.path.dirname(parent)
    for path in directories:
        if path not in needed:
            remove(os.path.join(top, path))
    return needed.intersection(directories)


def matches(status, entry):
    """Whether an uploaded file has the shipped kind, executable bit and size."""
    mode, size = entry[0], entry[1]
    if stat.S_ISLNK(status.st_mode) != stat.S_ISLNK(mode) or status.st_size != size:
        return False
    return stat.S_ISLNK(mode) or bool(status.st_mode & 0o100) == bool(mode & 0o100)


def edited(state, shared=()):
    """Shipped paths of the served release that were edited, removed or replaced on the host since the upload."""
    top = os.path.join(state.root, "current")
    found = []
    for path, entry in manifest_of(top).items():
        if any(path == name or path.startswith(name + "/") for name in shared):
            continue
        full = os.path.join(top, path)
        try:
            status = os.lstat(full)
        except OSError:
            found.append(path)
            continue
        if not untouched(status, entry) and (
            status.st_mode != entry[0]
            or status.st_size != entry[1]
            or content_id(full, status, entry[4]) != entry[4]
        ):
            found.append(path)
    return sorted(found)
