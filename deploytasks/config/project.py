"""Where the project is: the directory with fabfile.py and environments/."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError


def find_project(start: Path) -> Path:
    """The nearest directory from `start` upwards that has `environments/` or `fabfile.py`.

    Raises UsageError when there is none.
    """
    start = start.resolve()
    for directory in (start, *start.parents):
        if (directory / "environments").is_dir() or (directory / "fabfile.py").is_file():
            return directory
    raise UsageError(
        f"{start}: no fabfile.py and no environments/ here or above; run `init` in your project, or cd into it"
    )
