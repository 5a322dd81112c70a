"""The tree of a release after the upload: sealed, and later compared with its manifest."""

from __future__ import annotations

import os
import time

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import make_directory, write, write_json
from deploytasks.remote.release.current import served
from deploytasks.remote.release.release import path_of
from deploytasks.remote.tree.manifest import Manifest, content_id, lasted
from deploytasks.remote.tree.prepare import matches, prune_directories
from deploytasks.remote.tree.scan import directories, look_fully, mark_of, mode_and_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from deploytasks.remote.agent.state import State
    from deploytasks.remote.tree.prepared import Prepared


def seal(state: State, release: str, provenance: dict[str, Any]) -> None:
    """After the upload: the release holds exactly the shipped paths, and says what it is.

    What is too many is removed; what is missing or has another size or kind fails the deploy.
    """
    state.require_lock()
    top = path_of(state, release)
    prepared, digest = state.opened(release), provenance["tree_digest"]
    state.written = prepared.missing
    if prepared.kept is None:
        manifest = all_arrived(top, prepared, digest)
    elif prepared.whole:
        manifest = prepared.former
    else:
        manifest = missing_arrived(top, prepared, prepared.kept, digest)
    manifest.prove_directories(top)
    make_directory(os.path.join(top, ".deploytasks"))
    manifest.write(top)
    write_json(os.path.join(top, ".deploytasks", "release.json"), provenance)
    write(os.path.join(top, "REVISION"), provenance["revision"] + "\n")


def all_arrived(top: str, prepared: Prepared, digest: str) -> Manifest:
    """The manifest of a tree of which nothing was known: the whole is looked at, and what is too many goes."""
    began, shipped = time.time_ns(), prepared.shipped
    found = look_fully(top)
    strange = [path for path in found.keys() - shipped.keys() if found[path][0] != "d"]
    for path in strange:
        os.unlink(os.path.join(top, path))
    standing = prune_directories(top, directories(found), prepared.needed)
    refuse_other(
        found, shipped, [path for path in shipped if not found.get(path, "").startswith(prepared.heads[path])]
    )
    marks = dict.fromkeys(prepared.needed, "d755")
    marks.update((path, found[path]) for path in shipped)
    manifest = Manifest(digest, marks, {path: entry[2] for path, entry in shipped.items()})
    if not strange and len(standing) == len(directories(found)):
        manifest.prove_directories(top, lasted(found, began))
    return manifest


def missing_arrived(top: str, prepared: Prepared, kept: dict[str, str], digest: str) -> Manifest:
    """The manifest of a tree in which nothing changed since `prepare` but what the upload brought."""
    shipped, sent, former = prepared.shipped, prepared.missing or [], prepared.former
    there = [path for path in sent if os.path.lexists(os.path.join(top, path))]
    found = {**kept, **{path: mark_of(os.lstat(os.path.join(top, path))) for path in there}}
    refuse_other(found, shipped, sent)
    marks = dict.fromkeys(prepared.needed, "d755")
    marks.update((path, found[path]) for path in shipped)
    proofs, moved = {path: entry[2] for path, entry in shipped.items()}, prepared.moved()
    proofs.update(
        (path, former.proofs[path])
        for path, mark in marks.items()
        if former.marks.get(path) == mark == "d755" and path not in moved and path in former.proofs
    )
    return Manifest(digest, marks, proofs)


def refuse_other(found: dict[str, str], shipped: dict[str, list[Any]], paths: list[str]) -> None:
    """Failure when one of the paths is not as shipped."""
    wrong = [path for path in paths if not matches(found.get(path, ""), shipped[path])]
    if wrong:
        raise Failure(
            "the upload left %d paths other than shipped, first %r; deploy again" % (len(wrong), wrong[0])
        )


def edited(state: State, shared: Sequence[str] = ()) -> list[str]:
    """Shipped paths of the served release that were edited, removed or replaced on the host since the upload."""
    release = served(state.root)
    top = os.path.join(state.root, "releases", release or "")
    found: list[str] = []
    if release is None:
        return found
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
