"""The tree of a release after the upload: sealed, and later compared with its manifest."""

import os

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import write, write_json
from deploytasks.remote.manifest import Manifest, content_id
from deploytasks.remote.scan import directories, look, mark_of, mode_and_size, parents
from deploytasks.remote.tree import matches, prune_directories


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
    manifest.prove_directories(top)
    os.makedirs(os.path.join(top, ".deploytasks"), exist_ok=True)
    manifest.write(top)
    write_json(os.path.join(top, ".deploytasks", "release.json"), provenance)
    write(os.path.join(top, "REVISION"), provenance["revision"] + "\n")


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
    proofs = {path: entry[2] for path, entry in shipped.items()}
    if prepared.kept is not None:
        former, moved = prepared.former, prepared.moved()
        proofs.update(
            (path, former.proofs[path])
            for path, mark in marks.items()
            if former.marks.get(path) == mark == "d755" and path not in moved and path in former.proofs
        )
    return Manifest(digest, marks, proofs)


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
