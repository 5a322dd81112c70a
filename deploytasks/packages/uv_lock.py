"""uv.lock, read by uv."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ..errors import UsageError
from .installers import find_uv

EXPORT = (
    *("--frozen", "--no-dev", "--no-emit-project", "--no-header", "--no-annotate", "--quiet"),
    *("--no-python-downloads", "--format=requirements-txt"),
)


def exported(directory: Path) -> str:
    """uv's lock file as requirements. Raises UsageError when uv is missing, or cannot read it."""
    uv = find_uv()
    if uv is None:
        raise UsageError(
            "uv.lock: needs uv here to be read; `pip install uv`, or name another in DEPLOY_REQUIREMENTS"
        )
    words = [uv, "export", *EXPORT]
    done = subprocess.run(
        words,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"uv.lock: uv cannot read it ({last}); run `uv lock` and commit")
    return done.stdout
