"""Files that lie beside the modules of a package, and that its wheel lacks."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

ROOTS = ("", "src", "lib", "python")
"""Where in a package's directory its modules may lie."""
SOURCES = (
    ".c",
    ".cc",
    ".cpp",
    ".cxx",
    ".h",
    ".hpp",
    ".pyx",
    ".pxd",
    ".pxi",
    ".f",
    ".f90",
    ".rs",
    ".in",
    ".pyc",
)
"""What a build makes something else of."""
LEFT_OUT = frozenset(("__pycache__", "test", "tests", "testing", "docs", "node_modules"))
NAMED = 3
"""Files that are named; of more, how many."""


def missing_files(source: Path, wheel: Path) -> tuple[str, ...]:
    """Paths, as the wheel would have them; tests, hidden files and sources of extensions may be missing."""
    with zipfile.ZipFile(wheel) as archive:
        held = frozenset(archive.namelist())
    packages = {name.split("/")[0] for name in held if name.count("/") and ".dist-info/" not in name}
    beside = (
        path for name in sorted(packages) if ".data" not in name for path in beside_modules(source, name)
    )
    return tuple(path for path in beside if path not in held)


def beside_modules(source: Path, package: str) -> Iterator[str]:
    """Paths below the directory of an import package, from where that lies."""
    root = next((source / name for name in ROOTS if (source / name / package).is_dir()), None)
    if root is None:
        return
    for path in sorted((root / package).rglob("*")):
        place = path.relative_to(root)
        if path.is_file() and matters(PurePosixPath(place)):
            yield place.as_posix()


def matters(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and not LEFT_OUT & set(path.parts[1:]) and path.suffix.lower() not in SOURCES


def named(paths: Collection[str]) -> str:
    """The first few of many paths, for people."""
    first = ", ".join(list(paths)[:NAMED])
    return f"{first} and {len(paths) - NAMED} more" if len(paths) > NAMED else first
