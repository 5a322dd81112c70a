"""Requirements that stand where, or as, nothing reads them: named, so that no environment is silently empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import UsageError
from . import pyproject

FOREIGN = (
    *("poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "Pipfile"),
    *("conda-lock.yml", "environment.yml", "environment.yaml", "pixi.lock", "pixi.toml"),
)
"""Files of tools that are not read here."""
BY_SETUPTOOLS = {
    "setup.cfg": r"(?m)^install_requires\s*=\s*\S|^install_requires\s*=\s*\n\s+\S",
    "setup.py": r"\binstall_requires\b",
}
NOT_THE_PROJECTS = frozenset(
    (
        "vendor",
        "node_modules",
        "doc",
        "docs",
        "test",
        "tests",
        "example",
        "examples",
        "benchmarks",
        "tools",
        "ci",
    )
)
BEST = ("production", "prod", "live", "deploy", "requirements", "uv", "base", "common", "main", "app")
"""Words in names of requirements files, those first that are most likely meant for a host."""
OF_DEVELOPERS = frozenset(
    (
        "dev",
        "develop",
        "development",
        "test",
        "tests",
        "testing",
        "local",
        "ci",
        "doc",
        "docs",
        "lint",
        "types",
        "build",
    )
)


def refuse_foreign(name: str) -> None:
    """Raises UsageError when a file is one of another tool."""
    if Path(name).name in FOREIGN:
        raise UsageError(
            f"{name}: is not read here; export it to requirements.txt with its own tool, and commit"
        )


def refuse_unread(tree: Path) -> None:
    """Raises UsageError for requirements of a tree that has none of the files that are read."""
    for name in FOREIGN:
        if (tree / name).is_file():
            refuse_foreign(name)
    if pyproject.dynamic(tree):
        raise UsageError(
            "pyproject.toml: its dependencies are dynamic, which only its build backend can read; "
            "write them to requirements.txt, or set DEPLOY_REQUIREMENTS"
        )
    if pyproject.of_poetry(tree):
        raise UsageError(
            "pyproject.toml: its dependencies are in [tool.poetry.dependencies], which is not read here; "
            "export them to requirements.txt by `poetry export`, and commit"
        )
    for name, pattern in BY_SETUPTOOLS.items():
        if (tree / name).is_file() and re.search(pattern, (tree / name).read_text("utf-8", "replace")):
            raise UsageError(f"{name}: its install_requires is not read here; write it to requirements.txt")
    if not pyproject.says_none(tree) and (likely := min(candidates(tree), key=likelihood, default=None)):
        cure = f"set DEPLOY_REQUIREMENTS={likely}, or commit an empty requirements.txt for none"
        raise UsageError(f"{likely}: is not read by itself; {cure}")


def candidates(tree: Path) -> Iterator[str]:
    """Files that look like requirements for hosts, in the tree and two directories deep."""
    for path in (*tree.glob("*"), *tree.glob("*/*"), *tree.glob("*/*/*")):
        place = path.relative_to(tree)
        told = place.parent.name in ("requirements", "reqs") or "requirements" in place.stem
        fits = place.name == "uv.lock" or (told and place.suffix in (".txt", ".in", ".lock"))
        others = NOT_THE_PROJECTS & set(place.parts[:-1]) or any(part.startswith(".") for part in place.parts)
        if fits and not others and not OF_DEVELOPERS & set(words(place)) and path.is_file():
            yield place.as_posix()


def likelihood(name: str) -> tuple[int, int, str]:
    """A key by which the file comes first that is most likely meant."""
    said = words(Path(name))
    return min((BEST.index(word) for word in said if word in BEST), default=len(BEST)), name.count("/"), name


def words(path: Path) -> list[str]:
    """The words of a file's name."""
    return [word for word in re.split(r"[^a-z]+", path.stem.lower()) if word]
