"""What is shown in place of a secret: its length, and a fingerprint that only this user can compute."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..cache import cache_root


@dataclass(frozen=True)
class Mask:
    """Equal masks mean equal values; neither field tells a character of one."""

    length: int
    fingerprint: str

    def __str__(self) -> str:
        return f"<secret, {self.length} characters, {self.fingerprint}>"

    def document(self) -> dict[str, Any]:
        return {"length": self.length, "fingerprint": self.fingerprint}


def mask(text: str, key: bytes) -> Mask:
    """The mask of a secret under a user's key."""
    from hashlib import blake2b

    return Mask(
        len(text), blake2b(text.encode("utf-8", "surrogateescape"), key=key, digest_size=4).hexdigest()
    )


def question_key(process: Mapping[str, str], *about: str) -> str:
    """What a host digests values with, for one of this user's questions: as long as it is `about` the same the same,
    so that equal answers mean equal values; and nobody else can guess a value from a digest.
    """
    from hashlib import blake2b

    return blake2b("\0".join(about).encode("utf-8", "surrogateescape"), key=user_key(process)).hexdigest()


def user_key(process: Mapping[str, str]) -> bytes:
    """This user's fingerprint key: random, made on first use, in a file that only the user can read."""
    directory = cache_root(process)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    path = directory / "fingerprint.key"
    fresh = directory / f"fingerprint.{os.getpid()}.{os.urandom(4).hex()}"
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another run was first: its key is this user's key
        finally:
            fresh.unlink()
    return path.read_bytes()
