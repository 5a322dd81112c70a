"""The wheelhouse: every requirement resolved here for the host's Python and platform, as wheels."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .installers import installer, pip, resolve
from .requirements import is_empty

INDEX = re.compile(r"\s*(?:-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b")
"""Options of a requirements file that say where packages come from, which an offline host must not follow."""


def target(facts: Mapping[str, Any]) -> list[Any]:
    """What of a host decides which wheels it takes."""
    return [facts["python"], facts["tag"], list(facts["platforms"])]


def fill(directory: Path, own: Sequence[str], facts: Mapping[str, Any]) -> None:
    """Put the wheel of every requirement into the bundle and pin its requirements.txt to exactly those.

    `own` are the vendored wheels in it. Raises StepFailed naming what has no wheel for the host.
    """
    listed, wanted = directory / "requirements.txt", directory / "download.txt"
    text = listed.read_text("utf-8")
    pinned = installer().pinned(directory, own, facts)
    options = [line for line in text.splitlines() if INDEX.match(line)]
    lines = [line for line in pinned.splitlines() if not INDEX.match(line)]
    wanted.write_text("\n".join([*options, *lines, ""]), "utf-8")
    listed.write_text("\n".join([*lines, ""]), "utf-8")
    complete = "--hash=" in pinned
    single = ["--no-deps"] if complete else [f"wheels/{name}" for name in own]
    if complete or single or not is_empty(pinned):
        words = [*pip(sys.executable), "download", "--quiet", "--disable-pip-version-check", "--dest=wheels"]
        asked = ["--requirement", wanted.name, "--constraint", "constraints.txt"]
        resolve([*words, *taken_by(facts), *single, *asked], directory)
    wanted.unlink()


def taken_by(facts: Mapping[str, Any]) -> list[str]:
    """pip's options for the wheels that a host takes."""
    platforms = [f"--platform={name}" for name in facts["platforms"]]
    python = [f"--python-version={facts['python']}", f"--implementation={facts['tag']}"]
    return ["--only-binary=:all:", *python, *platforms]
