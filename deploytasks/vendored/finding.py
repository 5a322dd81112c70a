"""Finding: one thing wrong with one dependency, and the command that cures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing wrong with one dependency. `about` says whether the pin or only the work tree is meant."""

    dependency: str
    what: str
    cure: str
    about: Literal["pin", "tree"] = "pin"
    allowed_dirty: bool = False
    """Whether --allow-dirty lets it pass."""

    def __str__(self) -> str:
        return f"{self.dependency}: {self.what}; {self.cure}"


def printable(text: str) -> str:
    return text if text.isprintable() else repr(text)
