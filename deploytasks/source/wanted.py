"""Paths that are to ship, with where their contents are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

JOBS = 8


class Wanted(NamedTuple):
    """One path to ship: its git mode, its blob id (empty:
    still to be computed), and the repository or work tree it is in.
    """

    mode: int
    id: str
    origin: Path
    name: str
    """The path inside `origin`."""


Changes = dict[str, Wanted | None]
"""None for a path that ships no more."""
