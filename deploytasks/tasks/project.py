"""The task that starts a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .entry import entry, task


@task(help={"path": "directory of the project (default: here)"})
@entry("init")
def init(c: Any, path: str = ".") -> int:
    """Scaffold fabfile.py, tasks.py, environments/ and .gitignore lines in an existing project."""
    from ..commands.init import scaffold
    from ..output import console

    written = scaffold(Path(path))
    for name in written:
        console.result(f"wrote {name}")
    console.result(
        "nothing to write: all of it is there"
        if not written
        else "next: edit environments/, then `fab check`"
    )
    return 0
