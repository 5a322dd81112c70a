"""What a pyproject.toml says of a project or a package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ..errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read(directory: Path) -> dict[str, Any]:
    """The tables of a directory's pyproject.toml, {} without one. Raises UsageError when it cannot be read."""
    return tables(directory / "pyproject.toml")


def tables(path: Path) -> dict[str, Any]:
    """The tables of a TOML file, {} without one. Raises UsageError when it cannot be read."""
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.parent.name}/{path.name}: {error}; correct it") from error


def requires_python(directory: Path) -> str:
    """`requires-python` of a project, or an empty text. Raises UsageError when it is no specifier."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = str(read(directory).get("project", {}).get("requires-python", ""))
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise UsageError(
            f"pyproject.toml: requires-python `{text}` is no specifier; write e.g. >=3.10"
        ) from error
    return text


def dependencies(directory: Path) -> tuple[str, ...]:
    """`dependencies` of a project, as requirements."""
    return tuple(read(directory).get("project", {}).get("dependencies", ()))


def dynamic(directory: Path) -> bool:
    """Whether only a build backend knows the dependencies of a project."""
    return "dependencies" in read(directory).get("project", {}).get("dynamic", ())


def dynamic_files(directory: Path) -> tuple[str, ...]:
    """The requirements files from which setuptools takes the dependencies of a project."""
    said = read(directory).get("tool", {}).get("setuptools", {}).get("dynamic", {}).get("dependencies", {})
    files = said.get("file", ()) if dynamic(directory) and isinstance(said, dict) else ()
    return (files,) if isinstance(files, str) else tuple(files)


def of_poetry(directory: Path) -> bool:
    """Whether a project has its dependencies in the table of Poetry."""
    said = read(directory).get("tool", {}).get("poetry", {}).get("dependencies", {})
    return any(name != "python" for name in said)


def says_none(directory: Path) -> bool:
    """Whether a project says that it has no dependencies."""
    return bool(read(directory).get("project", {}).get("dependencies") == [])


def sources(directory: Path) -> dict[str, Any]:
    """uv's `sources` of a project: {normal name of a package: where it comes from}."""
    found = read(directory).get("tool", {}).get("uv", {}).get("sources", {})
    return {normal(name): source for name, source in found.items() if isinstance(source, dict)}


def normal(name: str) -> str:
    """A package's name in the one spelling that all its spellings have."""
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def buildable(directory: Path) -> bool:
    """Whether a directory has what makes a wheel of it; a pyproject.toml may only configure other tools."""
    if (directory / "setup.py").is_file():
        return True
    said = read(directory)
    return "project" in said or "build-system" in said
