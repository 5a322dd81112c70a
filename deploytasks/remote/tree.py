"""The tree of a release on the host: made ready for the upload, then sealed and later checked against its manifest."""

import base64
import json
import os
import shutil
import stat
import zlib
from functools import cached_property

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import write, write_json
from deploytasks.remote.inventory import former as begins_with
from deploytasks.remote.inventory import is_spare
from deploytasks.remote.names import TOOL_NAMES
from deploytasks.remote.owner import claim
from deploytasks.remote.scan import (
    MANIFEST,
    Look,
    Manifest,
    content_id,
    executable,
    look,
    mark_of,
    mode_and_size,
    parents,
)

MODES = {
    "releases": 0o755,
    "shared": 0o755,
    "venvs": 0o755,
    ".deploytasks": 0o755,
    ".deploytasks/bundles": 0o700,
}


class Prepared:
    """A release between `prepare` and `seal`.

    `former` is the manifest of the tree that it begins with, and `whole` says that this is what ships. `kept` has the
    marks of the files that are already as shipped, None when nothing is known of the tree: before the first upload,
    and after a command ran on the host.
    """

    def __init__(self, release, former, manifest, changes):
        self.release, self.former, self.kept, self.whole = release, former, None, False
        self._manifest, self._changes = manifest, changes

    @cached_property
    def shipped(self):
        """{path: [git mode, size, id]}"""
        if self._manifest:
            return json.loads(zlib.decompress(base64.b64decode(self._manifest)).decode("utf-8"))
        together = {**self.former.shipped(), **self._changes}
        return {path: entry for path, entry in together.items() if entry}

    @cached_property
    def missing(self):
        """The shipped paths that the upload has to bring, None for all."""
        if self.kept is None:
            return None
        return [] if self.whole else sorted(set(self.shipped) - set(self.kept))


def prepare(state, release, owner, digest, manifest="", basis="", changes=None):
    """Make `releases/<release>` the target of the upload: a recycled tree, a copy of current's, or empty.

    Only files that are exactly what an earlier upload left are carried over; no two releases share an inode.
    The tree that ships has this `digest`; it is told as a packed `manifest`, or by its `changes` ({path: entry, or None
    for one that ships no more}) against the tree with the digest `basis`, which `inventory` named.
    Answers the shipped paths that are `missing`, None for all of them.
    """
    state.require_lock()
    for name, mode in MODES.items():
        os.makedirs(os.path.join(state.root, name), mode, exist_ok=True)
    claim(state.root, owner)
    target = os.path.join(state.root, "releases", release)
    begins = begins_with(state.root)
    spare = begins and is_spare(begins)
    tree = early(state, begins) if spare else None
    former = Manifest.of(begins) if begins else Manifest()
    if basis and former.digest != basis:
        raise Failure("%s was changed since this run looked at it; deploy again" % begins)
    state.prepared = prepared = Prepared(release, former, manifest, changes)
    if spare:
        os.rename(begins, target)
        tree.top = target
        recycle(tree, prepared, digest)
    else:
        os.mkdir(target)
        if begins:
            prepared.kept = copy(state, begins, target, prepared)
    return {"missing": prepared.missing}


def early(state, spare):
    """The look at a spare tree, which began when the lock was taken, or begins now."""
    begun, state.looking = state.looking, None
    return begun if begun and begun.top == spare else Look(spare)


def recycle(tree, prepared, digest):
    """Leave in an old tree only what is of use: files as shipped, which are `kept`, and older ones of the same names,
    which the upload then need not send whole.
    """
    target, former, found = tree.top, prepared.former, tree.marks()
    for name in TOOL_NAMES:
        remove(os.path.join(target, name))
    if found != former.marks:
        for path, mark in found.items() - former.marks.items():
            if mark[0] != "d":
                os.unlink(os.path.join(target, path))
                del found[path]
    if former.digest == digest and (found == former.marks or former.marks.items() <= found.items()):
        for path in found.keys() - former.marks.keys():
            remove(os.path.join(target, path))
        prepared.kept, prepared.whole = former.marks, True
        return
    prepared.kept, shipped = {}, prepared.shipped
    for path, mark in found.items():
        if mark[0] == "d":
            continue
        wanted = shipped.get(path)
        if wanted is None or (mark[0] == "l") != stat.S_ISLNK(wanted[0]):
            os.unlink(os.path.join(target, path))
        elif former.ids[path] == wanted[2] and executable(mark) == bool(wanted[0] & 0o100):
            prepared.kept[path] = mark
    for path in prune_directories(target, directories(found), shipped):
        if found[path] != "d755":
            open_up(os.path.join(target, path))


def directories(found):
    """The paths of the directories among marks."""
    return [path for path, mark in found.items() if mark[0] == "d"]


def open_up(directory):
    """Give a directory the mode of an uploaded one."""
    os.chmod(directory, 0o755 | os.lstat(directory).st_mode & stat.S_ISGID)


def copy(state, source, target, prepared):
    """Copy the files of a release that are as shipped, with modes and times, by new inodes; answers {path: mark}."""
    files = prepared.former.files()
    made, kept = {""}, {}
    for path, wanted in prepared.shipped.items():
        origin, place = os.path.join(source, path), os.path.join(target, path)
        mark, blob = files.get(path, ("", ""))
        if blob != wanted[2] or not matches(mark, wanted):
            continue
        try:
            if mark_of(os.lstat(origin)) != mark:
                continue
        except OSError:
            continue
        parent = os.path.dirname(path)
        if parent not in made:
            os.makedirs(os.path.join(target, parent), exist_ok=True)
            made.add(parent)
        shutil.copy2(origin, place, follow_symlinks=False)
        kept[path] = mark_of(os.lstat(place))
        state.go_on()
    return kept


def remove(path):
    """Remove a file, a link or a whole directory; nothing happens when it is missing."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def seal(state, release, provenance):
    """After the upload: the release holds exactly the shipped paths, and says what it is.

    What is too many is removed; what is missing or has another size or kind fails the deploy.
    """
    state.require_lock()
    top = os.path.join(state.root, "releases", release)
    prepared = state.prepared
    manifest = prepared.former
    if prepared.kept is None or not prepared.whole:
        manifest = arrived(top, prepared, provenance["tree_digest"])
    os.makedirs(os.path.join(top, ".deploytasks"), exist_ok=True)
    write(os.path.join(top, MANIFEST), str(manifest))
    write_json(os.path.join(top, ".deploytasks", "release.json"), provenance)
    write(os.path.join(top, "REVISION"), provenance["revision"] + "\n")
    return {"files": len(manifest.ids)}


def arrived(top, prepared, digest):
    """The manifest of what is there after the upload. Only where nothing but the upload came after `prepare` need not
    the whole tree be read.
    """
    shipped = prepared.shipped
    if prepared.kept is None:
        found = look(top)
        for path in found.keys() - shipped.keys():
            if found[path][0] != "d":
                os.unlink(os.path.join(top, path))
        prune_directories(top, directories(found), shipped)
        sent = shipped
    else:
        sent = prepared.missing
        there = [path for path in sent if os.path.lexists(os.path.join(top, path))]
        found = {**prepared.kept, **{path: mark_of(os.lstat(os.path.join(top, path))) for path in there}}
    wrong = [path for path in sent if not matches(found.get(path, ""), shipped[path])]
    if wrong:
        raise Failure(
            "the upload left %d paths other than shipped, first %r; deploy again" % (len(wrong), wrong[0])
        )
    marks = dict.fromkeys(parents(shipped), "d755")
    marks.update((path, found[path]) for path in shipped)
    return Manifest(digest, marks, {path: entry[2] for path, entry in shipped.items()})


def prune_directories(top, found, shipped):
    """Remove directories that hold no shipped path (a removed package must not stay importable); answers the others."""
    needed = parents(shipped)
    for path in found:
        if path not in needed:
            remove(os.path.join(top, path))
    return needed.intersection(found)


def matches(mark, wanted):
    """Whether a file's mark has the shipped kind, executable bit and size; one without a mark is none."""
    if mark[:1] not in ("f", "l") or (mark[0] == "l") != stat.S_ISLNK(wanted[0]):
        return False
    return mode_and_size(mark)[1] == wanted[1] and executable(mark) == bool(wanted[0] & 0o100)


def edited(state, shared=()):
    """Shipped paths of the served release that were edited, removed or replaced on the host since the upload."""
    top = os.path.join(state.root, "current")
    found = []
    for path, (mark, blob) in Manifest.of(top).files().items():
        if any(path == name or path.startswith(name + "/") for name in shared):
            continue
        full = os.path.join(top, path)
        try:
            status = os.lstat(full)
        except OSError:
            found.append(path)
            continue
        if mark_of(status) != mark and (
            (status.st_mode, status.st_size) != mode_and_size(mark) or content_id(full, status, blob) != blob
        ):
            found.append(path)
    return sorted(found)
