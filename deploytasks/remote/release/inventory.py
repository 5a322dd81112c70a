"""Reading what a host has: releases, current, history, provenance. Changes nothing."""

from __future__ import annotations

import os
import shutil

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import existing, known_json, listed, read
from deploytasks.remote.names import RELEASE, VARIABLES, plain
from deploytasks.remote.release.current import served
from deploytasks.remote.venv.given import given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State

HEX = frozenset("0123456789abcdef")
MARKS = {str: (bool, str, float, None)}
TEXT = (str, None)
VENDORED = {"path": str, "url": TEXT, "commit": str, "describe": TEXT}
PROVENANCE = {
    **dict.fromkeys(
        ("release", "environment", "revision", "branch", "describe", "source", "who", "from"), TEXT
    ),
    **dict.fromkeys(
        ("run", "at", "tool_version", "tree_digest", "dependency_key", "environment_fingerprint"), TEXT
    ),
    "dirty": (bool, None),
    "vendored": ([VENDORED], None),
}
"""What is relied on in release.json."""
SEALED = {**PROVENANCE, "revision": str, "tree_digest": str}
"""What a release is given of it."""


def inventory(state: State, details: bool = False) -> dict[str, Any]:
    """Current with its vendored pins; every release with its commit and marks, with `details` its provenance too."""
    directory = os.path.join(state.root, "releases")
    names = [name for name in listed(directory) if RELEASE.fullmatch(name)]
    current = served(state.root)
    releases = []
    for name in names:
        top = os.path.join(directory, name)
        entry = {**marks(top), "id": name, "revision": revision(top)}
        if details:
            entry["provenance"] = told(top)
        releases.append(entry)
    return {
        "current": current,
        "dangling": current is not None and current not in names,
        "releases": releases,
        "basis": basis(state.root),
        "vendored": pins(os.path.join(directory, current)) if current else {},
    }


def basis(root: str) -> str:
    """The digest of the tree that the next release will begin with, empty when there is none."""
    from deploytasks.remote.tree.manifest import written

    found = former(root)
    return written(found)[0] if found else ""


def former(root: str) -> str | None:
    """The release that the next one will begin with: the spare tree, else what is served; None when there is none."""
    spares = os.path.join(root, ".deploytasks", "spare")
    places = [os.path.join(spares, name) for name in listed(spares) if RELEASE.fullmatch(name)]
    trees = [place for place in places if os.path.isdir(place) and not os.path.islink(place)]
    if trees:
        return trees[-1]
    release = served(root)
    top = os.path.join(root, "releases", release) if release else ""
    return os.path.realpath(top) if release and os.path.isdir(top) else None


def is_spare(tree: str) -> bool:
    """Whether a tree is one that no release needs any more."""
    return os.path.basename(os.path.dirname(tree)) == "spare"


def revision(release: str) -> str | None:
    """The full commit that a release was made of, None when it was never finished."""
    try:
        found = read(os.path.join(release, "REVISION")).decode("ascii", "replace").strip()
    except (OSError, Failure):
        return None
    return found if 40 <= len(found) <= 64 and HEX.issuperset(found) else None


def marks(release: str) -> dict[str, Any]:
    """What was remembered of a release: `verified`, `bad`, `migrated` and the like; nothing when it cannot be read."""
    found: dict[str, Any] = known_json(os.path.join(release, ".deploytasks", "state.json"), MARKS, {})
    return found


def told(release: str) -> dict[str, Any]:
    """What release.json says of a release; nothing when it cannot be read."""
    found: dict[str, Any] = known_json(os.path.join(release, ".deploytasks", "release.json"), PROVENANCE, {})
    return found


def pins(release: str) -> dict[str, str]:
    """{path: commit} of what a release has vendored."""
    return {entry["path"]: entry["commit"] for entry in told(release).get("vendored") or ()}


def provenance(state: State, release: str | None = None) -> dict[str, Any]:
    """What the served release (or `release`) says of itself, with its path on the host and free bytes; {} when none."""
    release = plain(release) if release else served(state.root)
    free = shutil.disk_usage(existing(state.root)).free
    if release is None:
        return {"release": None, "free_bytes": free}
    top = os.path.join(state.root, "releases", release)
    try:
        venvs = given(top)
    except (OSError, Failure):
        venvs = []
    return {
        "dependency_key": venvs[0] if venvs else None,
        **told(top),
        "release": release,
        "present": os.path.isdir(top),
        "free_bytes": free,
        "marks": marks(top),
    }


def manifest(state: State) -> str:
    """What the served release holds, {path: [git mode, size, content id]}, deflated; empty when there is none."""
    import base64
    import json
    import zlib

    from deploytasks.remote.tree.manifest import Manifest

    release = served(state.root)
    found = Manifest.of(os.path.join(state.root, "releases", release)).shipped() if release else {}
    return base64.b64encode(zlib.compress(json.dumps(found).encode("ascii"), 1)).decode("ascii")


def environment_keys(root: str, salt: str) -> dict[str, str] | None:
    """{key: salted fingerprint} of the environment that is served, None when there is none or it cannot be read."""
    import hashlib

    release = served(root)
    place = os.path.join(root, "releases", release or "", "environment.json")
    found = known_json(place, VARIABLES, None) if release else None
    return (
        None
        if found is None
        else {
            name: hashlib.pbkdf2_hmac(
                "sha256",
                text.encode("utf-8", "surrogateescape"),
                salt.encode("utf-8", "surrogateescape"),
                100,
            ).hex()
            for name, text in found.items()
        }
    )
