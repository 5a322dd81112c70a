"""Whether a lock was made for an older pyproject.toml than the one beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from . import pyproject
from .requirement import requirement

ELSEWHERE = ("editable", "directory", "git", "url", "path", "virtual")
"""Where a lock of uv has a package from, when its version is not chosen by a specifier."""


def refuse_older(tree: Path, name: str, lines: Iterable[str]) -> None:
    """Raises UsageError when pyproject.toml has dependencies that the file `name` of these `lines` does not know."""
    locked = name == "uv.lock"
    changed = sorted(set(differing(tree) if locked else lacking(tree, lines)))
    if changed:
        cure = (
            "run `uv lock` and commit"
            if locked
            else "compile it again, or name what holds in DEPLOY_REQUIREMENTS"
        )
        raise UsageError(f"{name}: is older than pyproject.toml ({', '.join(changed)}); {cure}")


def lacking(tree: Path, lines: Iterable[str]) -> Iterator[str]:
    """Names of dependencies that are neither among the lines, in a version that fits, nor vendored."""
    pinned = {pyproject.normal(line.name): line for line in map(requirement, lines) if line is not None}
    ours = vendored_names(tree)
    for wanted in filter(None, map(requirement, pyproject.dependencies(tree))):
        name = pyproject.normal(wanted.name)
        if wanted.marker is not None or name in ours:
            continue
        exact = (
            [one.version for one in pinned[name].specifier if one.operator == "=="] if name in pinned else []
        )
        if name not in pinned or not all(wanted.specifier.contains(one, prereleases=True) for one in exact):
            yield name


def vendored_names(tree: Path) -> frozenset[str]:
    """Names of the packages below vendor/: those of their directories, and those that they give themselves."""
    places = [place for place in (tree / "vendor").glob("*") if place.is_dir()]
    own = (pyproject.read(place).get("project", {}).get("name", place.name) for place in places)
    return frozenset(pyproject.normal(name) for name in (*own, *(place.name for place in places)))


def differing(tree: Path) -> Iterator[str]:
    """Names of dependencies that a lock of uv knows otherwise than pyproject.toml has them, or only one of the two."""
    known = locked(tree)
    if known is None:
        return
    wanted = {
        pyproject.normal(line.name): line
        for line in filter(None, map(requirement, pyproject.dependencies(tree)))
    }
    yield from set(known) ^ set(wanted)
    for name in set(known) & set(wanted):
        entry = known[name]
        elsewhere = any(word in entry for word in ELSEWHERE) or wanted[name].url
        if not elsewhere and specifiers(entry.get("specifier", "")) != specifiers(
            str(wanted[name].specifier)
        ):
            yield name


def specifiers(text: str) -> frozenset[str]:
    """The clauses of a specifier, whatever their order and spacing."""
    return frozenset(clause.replace(" ", "") for clause in text.split(",") if clause.strip())


def locked(tree: Path) -> Mapping[str, Any] | None:
    """{name: entry} of what the project requires as its lock of uv has it; None when that does not tell."""
    own = pyproject.normal(str(pyproject.read(tree).get("project", {}).get("name", "")))
    entries = pyproject.tables(tree / "uv.lock").get("package", ())
    project = next((entry for entry in entries if pyproject.normal(entry.get("name", "")) == own), None)
    if project is None or ("metadata" not in project and project.get("dependencies")):
        return None
    required = project.get("metadata", {}).get("requires-dist", ())
    return {entry["name"]: entry for entry in required if "extra ==" not in entry.get("marker", "")}
