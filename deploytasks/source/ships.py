"""The one rule of what never ships, for lists of paths and for rsync alike."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

BUILT_IN_EXCLUDES = (".git", "__pycache__/", "*.pyc")
ESCAPED = re.compile(rb"\\#([0-7]{3})")


def ships(path: str) -> bool:
    """Whether a path may reach a host at all."""
    parts = path.split("/")
    return (
        parts[0] != "environments" and not path.endswith(".pyc") and not {".git", "__pycache__"} & set(parts)
    )


def kept_by_rsync(tree: Path, patterns: Sequence[str]) -> frozenset[str]:
    """The paths of a staged tree that rsync itself, given the exclude patterns, would transfer."""
    with tempfile.TemporaryDirectory(prefix="deploytasks-") as directory:
        rules, empty = Path(directory, "exclude"), Path(directory, "empty")
        rules.write_text("\n".join(patterns) + "\n", "utf-8")
        empty.mkdir()
        words = ["rsync", "-rln8", "--out-format=%n", f"--exclude-from={rules}", f"{tree}/", f"{empty}/"]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    names = (ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), line) for line in done.stdout.splitlines())
    return frozenset(name.decode("utf-8", "surrogateescape") for name in names if not name.endswith(b"/"))


def exclusions(patterns: Sequence[str]) -> list[str]:
    """The built-in exclude patterns and the user's."""
    return [*BUILT_IN_EXCLUDES, *patterns]
