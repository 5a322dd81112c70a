"""What stagings leave in the cache for later ones: how the tree was left, and the manifests of the last ones."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ..cache import keep_newest
from .manifest import Manifest

MANIFESTS = "manifests"
KEPT_MANIFESTS = 20
"""Manifests that are kept: as many releases back may be what a host still has."""
DIGEST = re.compile("[0-9a-f]{64}")
Sources = dict[str, list[int]]
"""{path: what changes when a file of the work tree does}; empty for a commit."""


@dataclass(frozen=True)
class Left:
    """How a staging left the tree: what it was made of, what it holds, and the mark of each entry (remote/scan.py)."""

    name: str = ""
    """Says all that is staged, where that never changes; else empty."""
    manifest: Manifest = field(default_factory=lambda: Manifest({}))
    marks: Mapping[str, str] = field(default_factory=dict)
    proofs: Mapping[str, str] = field(default_factory=dict)
    """{directory: its full mark (remote/manifest.py)}"""
    sources: Sources = field(default_factory=dict)


def recalled(memory: Path) -> Left:
    """What the last staging left; nothing when it was killed or never ran."""
    try:
        name, lines, marks, proofs, sources = json.loads(memory.read_text("ascii"))
        return Left(name, Manifest.read(lines), marks, proofs, sources)
    except (OSError, ValueError, TypeError, AttributeError):
        return Left()


def remember(memory: Path, left: Left) -> None:
    """Keep for the next staging, all of it or nothing; where that cannot be, it looks for itself."""
    data = json.dumps([left.name, left.manifest.lines, left.marks, left.proofs, left.sources]).encode()
    with suppress(OSError):
        write_whole(memory, data)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file at once."""
    temporary = path.with_suffix(".new")
    temporary.write_bytes(data)
    temporary.replace(path)


def kept_data(place: Path, digest: str) -> bytes | None:
    """The manifest, as its `data`, of a tree that was staged at a place before, while it is kept and whole."""
    try:
        data = (place / MANIFESTS / digest).read_bytes() if DIGEST.fullmatch(digest) else b""
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == digest else None


@lru_cache(maxsize=2)
def known_lines(place: Path, digest: str) -> frozenset[str] | None:
    """The lines of such a manifest. A host told the digest."""
    data = kept_data(place, digest)
    return (
        None if data is None else frozenset(filter(None, data.decode("utf-8", "surrogateescape").split("\0")))
    )


def keep_manifest(place: Path, manifest: Manifest) -> None:
    """Keep a manifest beside those of the trees staged before, the oldest of which goes."""
    directory = place / MANIFESTS
    directory.mkdir(exist_ok=True)
    if kept_data(place, manifest.digest) is None:
        known_lines.cache_clear()
        write_whole(directory / manifest.digest, manifest.data)
        keep_newest(directory, KEPT_MANIFESTS)
