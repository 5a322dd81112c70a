"""Tasks that start a project: its files, and completion for its shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .entry import entry, task


@task(help={"path": "directory of the project (default: here)"})
@entry("init")
def init(c: Any, path: str = ".") -> int:
    """Scaffold fabfile.py, tasks.py, environments/ and .gitignore lines in an existing project."""
    from ..commands.init import next_steps, scaffold
    from ..output import console

    written = scaffold(Path(path))
    for name in written:
        console.result(f"wrote {name}")
    for line in next_steps(Path(path)) if written else ("nothing to write: all of it is there",):
        console.result(line)
    return 0


@task(positional=["shell"], help={"shell": "bash, zsh or fish"})
@entry("completion")
def completion(c: Any, shell: Any = None) -> int:
    """Print what a shell reads to complete tasks, options, environments, hosts and releases."""
    from ..commands.completion import script
    from ..output import console

    console.result(script(shell or "").rstrip("\n"))
    return 0
