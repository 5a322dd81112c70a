"""The installers of this machine: uv and pip."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from ..errors import UsageError
from ..remote.venv.interpreter import interpreter


def find_uv() -> str | None:
    """uv on PATH, or beside our own interpreter."""
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def pip(python: str) -> tuple[str, ...]:
    """The command that is pip for an interpreter, its own or the one that it bundles. Raises UsageError without any."""
    found = interpreter(python)
    if found["own_pip"]:
        return (python, "-m", "pip")
    if not found["bundled_pip"]:
        raise UsageError("building and resolving wheels needs uv or pip here; `pip install uv`")
    return (python, str(Path(found["bundled_pip"]) / "pip"))
