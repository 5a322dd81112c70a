"""The manifests of the trees that were staged at a place, kept for hosts that still have such a tree."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from ..cache import keep_newest
from .last_staging import PIECE, write_whole
from .manifest import Manifest

MANIFESTS = "manifests"
KEPT_MANIFESTS = 20
"""Manifests that are kept: as many releases back may be what a host still has."""
DIGEST = re.compile("[0-9a-f]{64}")


def kept_data(place: Path, digest: str) -> bytes | None:
    """The manifest, as its `data`, of a tree that was staged at a place before, while it is kept and whole."""
    try:
        data = (place / MANIFESTS / digest).read_bytes() if DIGEST.fullmatch(digest) else b""
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == digest else None


def is_kept(file: Path) -> bool:
    """Whether a manifest is kept whole in the file that has its digest for a name; it is read piece by piece."""
    found = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            for piece in iter(lambda: stream.read(PIECE), b""):
                found.update(piece)
    except OSError:
        return False
    return found.hexdigest() == file.name


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
    if not is_kept(directory / manifest.digest):
        known_lines.cache_clear()
        write_whole(directory / manifest.digest, manifest.data)
        keep_newest(directory, KEPT_MANIFESTS)
