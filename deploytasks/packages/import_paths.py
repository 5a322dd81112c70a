"""Import paths: which directories of vendored code a release imports from where they lie, and what is built instead."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..config.settings import Settings
from ..errors import UsageError
from ..source import Tree
from .packages import Package, refuse_shadows

LIST = "vendor/vendor.pth"
"""Paths to import from, one a line, relative to its directory, as site-packages has such files."""


@dataclass(frozen=True)
class Placement:
    """What becomes of the vendored packages of a tree."""

    paths: Mapping[str, Sequence[str]]
    """{path in the release: its modules, which nothing else may have} in the order in which they are searched."""
    built: tuple[Package, ...]
    lines: tuple[str, ...] = ()
    """What the user should know."""


def placed(tree: Tree, settings: Settings, found: Sequence[Package]) -> Placement:
    """The paths that the setting or vendor.pth names, else those that are found. Raises UsageError for a wrong one."""
    by_path = settings.vendor_install == "path"
    chosen = settings.vendor_paths or listed(tree.path)
    if chosen:
        refuse_missing(tree.path, chosen, "DEPLOY_VENDOR_PATHS" if settings.vendor_paths else LIST)
        apart = (one for one in found if not any(overlap(one.path, path) for path in chosen))
        built = tuple(one for one in apart if one.buildable and not by_path)
        return Placement(dict.fromkeys(chosen, ()), built)
    on_path = tuple(one for one in found if one.importable and (by_path or not one.buildable))
    refuse_shadows(on_path)
    built = tuple(one for one in found if one.buildable and not by_path)
    own = () if by_path else tuple(map(line_of, on_path))
    return Placement(
        {one.import_path: one.modules for one in on_path}, built, (*unimportable(tree, found), *own)
    )


def listed(tree: Path) -> tuple[str, ...]:
    """The directories that vendor.pth lists, from the root of the tree; its lines of code are passed over."""
    if not (tree / LIST).is_file():
        return ()
    lines = (line.strip() for line in (tree / LIST).read_text("utf-8", "replace").splitlines())
    named = (line for line in lines if line and not line.startswith(("#", "import ", "import\t")))
    return tuple(os.path.normpath(Path(LIST).parent / line) for line in named)


def refuse_missing(tree: Path, paths: Sequence[str], where: str) -> None:
    """Raises UsageError for a path that no release has."""
    for path in paths:
        if path.startswith(("/", "..")):
            raise UsageError(f"{where}: {path} lies outside the project; name directories of the project")
        if not (tree / path).is_dir():
            raise UsageError(
                f"{where}: {path} is no directory of the revision; correct it, or `inv vendor.update`"
            )


def overlap(one: str, other: str) -> bool:
    """Whether one of two paths lies in the other."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def line_of(package: Package) -> str:
    return f"{package.path}: has no build metadata; its directory is put on the import path"


def unimportable(tree: Tree, found: Sequence[Package]) -> Iterator[str]:
    """Submodules and directories with Python in them of which neither a wheel nor an import path can be made."""
    submodules = {one.path for one in tree.dependencies}
    for package in found:
        meant = package.path in submodules or any(package.directory.rglob("*.py"))
        if meant and not package.buildable and not package.importable:
            yield (
                f"{package.path}: nothing in it can be imported: it has neither build metadata nor a module at its "
                "top or in src/; say what belongs on the path in DEPLOY_VENDOR_PATHS"
            )
