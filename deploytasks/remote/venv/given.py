"""Which venvs a release was given: its venvs.json."""

from __future__ import annotations

import os

from deploytasks.remote.files import read_json, write_json

FILE, FORMER = "venvs.json", "environments.json"
"""In its `.deploytasks`; the second as releases of earlier versions have it."""


def remember(top: str, names: list[str]) -> None:
    """Leave the names of its venvs in a release, the keyed one first."""
    write_json(os.path.join(top, ".deploytasks", FILE), names)


def given(top: str) -> list[str]:
    """Their names, [] for a release that was given none. Raises Failure where that cannot be read."""
    private = os.path.join(top, ".deploytasks")
    names: list[str] | None = read_json(os.path.join(private, FILE), [str])
    return read_json(os.path.join(private, FORMER), [str], []) if names is None else names
