"""Reading what a host has: releases, current, history, provenance. Changes nothing."""

from __future__ import annotations

import os
import shutil

from deploytasks.remote.files import existing, read_json
from deploytasks.remote.release.current import served

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State


def inventory(state: State, details: bool = False) -> dict[str, Any]:
    """Current with its vendored pins; every release with its commit and marks, with `details` its provenance too."""
    directory = os.path.join(state.root, "releases")
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    current = served(state.root)
    releases = []
    for name in names:
        private = os.path.join(directory, name, ".deploytasks")
        marks = read_json(os.path.join(private, "state.json"), {})
        entry = {"id": name, "revision": revision(os.path.join(directory, name)), **marks}
        if details:
            entry["provenance"] = read_json(os.path.join(private, "release.json"), {})
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
    names = sorted(os.listdir(spares)) if os.path.isdir(spares) else []
    if names:
        return os.path.join(spares, names[-1])
    current = os.path.join(root, "current")
    return os.path.realpath(current) if os.path.isdir(current) else None


def is_spare(tree: str) -> bool:
    """Whether a tree is one that no release needs any more."""
    return os.path.basename(os.path.dirname(tree)) == "spare"


def revision(release: str) -> str | None:
    """The full commit that a release was made of, None when it was never finished."""
    try:
        with open(os.path.join(release, "REVISION"), encoding="utf-8") as stream:
            return stream.read().strip() or None
    except (OSError, ValueError):
        return None


def pins(release: str) -> dict[str, str]:
    """{path: commit} of what a release has vendored."""
    said = read_json(os.path.join(release, ".deploytasks", "release.json"), {})
    return {entry["path"]: entry["commit"] for entry in said.get("vendored", ())}


def provenance(state: State, release: str | None = None) -> dict[str, Any]:
    """What the served release (or `release`) says of itself, with its path on the host and free bytes; {} when none."""
    release = release or served(state.root)
    free = shutil.disk_usage(existing(state.root)).free
    if release is None:
        return {"release": None, "free_bytes": free}
    top = os.path.join(state.root, "releases", release)
    environments = read_json(os.path.join(top, ".deploytasks", "environments.json"), [])
    return {
        "release": release,
        "present": os.path.isdir(top),
        "free_bytes": free,
        "dependency_key": environments[0] if environments else None,
        **read_json(os.path.join(top, ".deploytasks", "release.json"), {}),
        "marks": read_json(os.path.join(top, ".deploytasks", "state.json"), {}),
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
    found = read_json(os.path.join(root, "releases", release, "environment.json")) if release else None
    return (
        None
        if found is None
        else {
            name: hashlib.pbkdf2_hmac(
                "sha256", text.encode("utf-8", "surrogateescape"), salt.encode(), 100
            ).hex()
            for name, text in found.items()
        }
    )
