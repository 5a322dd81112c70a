"""The tree of a release on the host, made ready for the upload."""

from __future__ import annotations

import os
import shutil
import stat

from deploytasks.remote.failure import Failure, of_system
from deploytasks.remote.files import make_directory, remove
from deploytasks.remote.names import TOOL_NAMES, plain
from deploytasks.remote.release.inventory import former as begins_with
from deploytasks.remote.release.inventory import is_spare
from deploytasks.remote.release.owner import claim
from deploytasks.remote.trash import retire
from deploytasks.remote.tree.manifest import MANIFEST, Manifest
from deploytasks.remote.tree.prepared import Prepared
from deploytasks.remote.tree.scan import directories, git_mode, look, mark_of, mode_and_size
from deploytasks.remote.tree.unchanged import unchanged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State

PUBLIC = ("releases", "shared", "venvs")


def prepare(
    state: State,
    release: str,
    owner: dict[str, Any],
    digest: str,
    basis: str,
    manifest: str = "",
    changes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Make `releases/<release>` the target of the upload: a recycled tree, a copy of current's, or empty.

    Only files that are exactly what an earlier upload left are carried over; no two releases share an inode.
    It begins with the tree with the digest `basis`, which `inventory` named, or empty where that named none.
    The tree that ships has this `digest`; it is told as a packed `manifest`, or by its `changes` ({path: entry, or None
    for one that ships no more}) against the tree that it begins with; for an empty target `ships` may tell it later.
    Answers the shipped paths that are `missing`, None for all of them.
    """
    state.require_lock()
    for name in PUBLIC:
        os.makedirs(os.path.join(state.root, name), 0o755, exist_ok=True)
    make_directory(os.path.join(state.root, ".deploytasks", "bundles"), 0o700)
    claim(state.root, owner)
    target = os.path.join(state.root, "releases", plain(release))
    begins = begins_with(state.root)
    former = Manifest.of(begins) if begins else Manifest()
    if begins and former.digest != basis:
        remove(os.path.join(begins, MANIFEST))  # else one that cannot be understood would be named again
        raise Failure("%s was changed since this run looked at it; deploy again" % begins)
    state.prepared = prepared = Prepared(release, former, manifest, changes)
    if not begins or not former.digest:
        if begins and is_spare(begins):
            retire(state, begins)
        os.mkdir(target)
    elif is_spare(begins):
        recycle(state, begins, target, digest)
    else:
        os.mkdir(target)
        prepared.kept = copy(state, begins, target, prepared)
        former.distrust_directories()
    return {"missing": prepared.missing}


def ships(state: State, manifest: str) -> dict[str, int]:
    """Take what ships into an empty target while it is on its way, and make ready what `seal` has to know of it."""
    state.require_lock()
    prepared = state.opened()
    prepared.manifest = manifest
    return {"paths": len(prepared.heads), "directories": len(prepared.needed)}


def recycle(state: State, spare: str, target: str, digest: str) -> None:
    """Make an old tree the target. One that cannot be read or changed is put aside, and all is uploaded."""
    prepared = state.opened()
    try:
        open_up(spare)
        for name in TOOL_NAMES:  # before it is a release, so that it never tells what the old one was
            remove(os.path.join(spare, name))
        os.rename(spare, target)
        sift(target, prepared, digest)
    except OSError as error:
        state.emit("%s cannot be used again: %s" % (spare, of_system(error)))
        retire(state, spare if os.path.lexists(spare) else target)
        os.mkdir(target)
        prepared.kept, prepared.whole = None, False
        prepared.former.distrust_directories()


def sift(target: str, prepared: Prepared, digest: str) -> None:
    """Leave in an old tree only what is of use: files as shipped, which are `kept`, and older ones of the same names,
    which the upload then need not send whole.
    """
    former = prepared.former
    strange = {name for name in os.listdir(target) if name not in former.marks}
    for name in strange:
        remove(os.path.join(target, name))
    same = unchanged(target, former.marks, former.proofs)
    found = former.marks if same else as_sealed(target, former)
    if former.digest == digest and (same or former.marks.items() <= found.items()):
        for path in found.keys() - former.marks.keys():
            remove(os.path.join(target, path))
        prepared.kept, prepared.whole = former.marks, True
        return
    kept: dict[str, str] = {}
    shipped = prepared.shipped
    for path, mark in found.items():
        if mark[0] == "d":
            continue
        wanted = shipped.get(path)
        if wanted is None or (mark[0] == "l") != stat.S_ISLNK(wanted[0]):
            os.unlink(os.path.join(target, path))
        elif former.proofs[path] == wanted[2] and git_mode(mark) == wanted[0]:
            kept[path] = mark
    for path in prune_directories(target, directories(found), prepared.needed):
        if found[path] != "d755":
            open_up(os.path.join(target, path))
    prepared.kept = kept


def as_sealed(target: str, former: Manifest) -> dict[str, str]:
    """{path: mark} of what is in a tree, without the files that are not as sealed: they go now. Its directories prove
    nothing any more.
    """
    former.distrust_directories()
    found = look(target)
    for path, mark in found.items() - former.marks.items():
        if mark[0] != "d":
            os.unlink(os.path.join(target, path))
            del found[path]
    return found


def open_up(directory: str) -> None:
    """Give a directory the mode of an uploaded one."""
    os.chmod(directory, 0o755 | os.lstat(directory).st_mode & stat.S_ISGID)


def copy(state: State, source: str, target: str, prepared: Prepared) -> dict[str, str]:
    """Copy the files of a release that are as shipped, with modes and times, by new inodes; answers {path: mark}."""
    files = prepared.former.files()
    made = {""}
    kept: dict[str, str] = {}
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


def prune_directories(top: str, found: list[str], needed: set[str]) -> set[str]:
    """Remove directories that hold no shipped path (a removed package must not stay importable); answers the others."""
    for path in found:
        if path not in needed:
            remove(os.path.join(top, path))
    return needed.intersection(found)


def matches(mark: str, wanted: list[Any]) -> bool:
    """Whether a file's mark has the shipped kind, executable bit and size; one without a mark is none."""
    return mark[:1] in ("f", "l") and [git_mode(mark), mode_and_size(mark)[1]] == wanted[:2]
