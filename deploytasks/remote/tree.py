"""The tree of a release on the host: made ready for the upload, then sealed and later checked against its manifest."""

import base64
import json
import os
import shutil
import stat
import zlib

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import TOOL_NAMES, read_json, write, write_json
from deploytasks.remote.scan import MANIFEST, content_id, manifest_of, scan, signature, untouched

MODES = {
    "releases": 0o755,
    "shared": 0o755,
    "venvs": 0o755,
    ".deploytasks": 0o755,
    ".deploytasks/bundles": 0o700,
}


def prepare(state, release, owner):
    """Make `releases/<release>` the target of the upload: a recycled tree, a copy of current's, or empty.

    Only files that are exactly what an earlier upload left are carried over; no two releases share an inode.
    """
    state.require_lock()
    for name, mode in MODES.items():
        os.makedirs(os.path.join(state.root, name), mode, exist_ok=True)
    claim(state.root, owner)
    target = os.path.join(state.root, "releases", release)
    spare = newest(os.path.join(state.root, ".deploytasks", "spare"))
    current = os.path.join(state.root, "current")
    if spare:
        os.rename(spare, target)
        scrub(target)
        return {"from": "spare"}
    os.mkdir(target)
    if os.path.isdir(current):
        copy(state, os.path.realpath(current), target)
        return {"from": "copy"}
    return {"from": "nothing"}


def claim(root, owner):
    """Record to whom DEPLOY_PATH belongs; refuse one that belongs to another project or environment."""
    path = os.path.join(root, ".deploytasks", "owner")
    problem = foreign(read_json(path), owner)
    if problem:
        raise Failure("%s %s" % (root, problem), "foreign")
    write_json(path, owner)


def foreign(found, owner):
    """Why a DEPLOY_PATH with this owner file is not `owner`'s, or an empty text."""
    if not found:
        return ""
    same = set(found.get("identities", ())) & set(owner["identities"])
    if same and found.get("environment") == owner["environment"]:
        return ""
    whose = "%s, environment %s" % (found.get("project"), found.get("environment"))
    return (
        "belongs to %s; choose another DEPLOY_PATH, or remove .deploytasks/owner there if it is yours" % whose
    )


def newest(directory):
    """The path of the newest entry of a directory by name, or None."""
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return os.path.join(directory, names[-1]) if names else None


def scrub(target):
    """Remove from a recycled tree everything that is not exactly what its own upload left there."""
    manifest = manifest_of(target)
    for name in TOOL_NAMES:
        remove(os.path.join(target, name))
    files, directories = scan(target)
    for path, status in files.items():
        if not untouched(status, manifest.get(path)):
            os.unlink(os.path.join(target, path))
    for path in sorted(directories, reverse=True):
        full = os.path.join(target, path)
        if not os.access(full, os.W_OK | os.X_OK):
            os.chmod(full, 0o755)


def copy(state, source, target):
    """Copy the untouched files of a release into an empty one, with modes and times, by new inodes."""
    manifest = manifest_of(source)
    made = {""}
    for path, entry in manifest.items():
        origin = os.path.join(source, path)
        try:
            status = os.lstat(origin)
        except OSError:
            continue
        if not untouched(status, entry):
            continue
        parent = os.path.dirname(path)
        if parent not in made:
            os.makedirs(os.path.join(target, parent), exist_ok=True)
            made.add(parent)
        shutil.copy2(origin, os.path.join(target, path), follow_symlinks=False)
        if state.cancelled():
            raise Failure("stopped, because another host failed or the run was interrupted", "cancelled")


def remove(path):
    """Remove a file, a link or a whole directory; nothing happens when it is missing."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def unpack(packed):
    """The shipped manifest, {path: [git mode, size, id]}, as the control side packs it."""
    return json.loads(zlib.decompress(base64.b64decode(packed)).decode("utf-8"))


def seal(state, release, manifest, provenance):
    """After the upload: the release holds exactly the shipped paths, and says what it is.

    What is too many is removed; what is missing or has another size or kind fails the deploy.
    """
    state.require_lock()
    top = os.path.join(state.root, "releases", release)
    shipped = unpack(manifest)
    files, directories = scan(top)
    for path in set(files) - set(shipped):
        os.unlink(os.path.join(top, path))
    prune_directories(top, directories, shipped)
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


def prune_directories(top, directories, shipped):
    """Remove directories that hold no shipped path (a removed package must not stay importable)."""
    needed = set()
    for path in shipped:
        parent = os.path.dirname(path)
        while parent and parent not in needed:
            needed.add(parent)
            parent = os.path.dirname(parent)
    for path in directories:
        if path not in needed:
            remove(os.path.join(top, path))


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
