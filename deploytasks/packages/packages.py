"""The vendored packages of a staged tree."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..source import Entry, Manifest
from . import pyproject

BESIDES = frozenset(
    (
        "setup",
        "conftest",
        "test",
        "tests",
        "doc",
        "docs",
        "example",
        "examples",
        "script",
        "scripts",
        "tool",
        "tools",
        "build",
        "bin",
        "ci",
        "debian",
        "benchmark",
        "benchmarks",
        "tasks",
        "fabfile",
        "noxfile",
        "toxfile",
        "manage",
    )
)
"""What lies beside a package in a flat layout; nobody imports it from there."""
LAYOUT = frozenset(("src", "lib", "python", "include", "vendor"))
"""Directories that hold modules, and are none."""
DESCRIBED = re.compile(
    r"(?:[A-Za-z_][\w-]*-)?(?P<tag>v?\d.*?)(?:-(?P<distance>\d+)-(?P<commit>g[0-9a-f]+))?", re.IGNORECASE
)


@dataclass(frozen=True)
class Package:
    """One vendored package. `content` is a hash over the paths, modes and contents below it."""

    path: str
    directory: Path
    content: str
    version: str
    """`git describe` as a PEP 440 version, for backends that ask version control, which a shipped tree has not."""
    tag: str = ""
    """The tag that says this version, spelt as the package spells its tags; empty where it has none."""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def buildable(self) -> bool:
        return pyproject.buildable(self.directory)

    @property
    def import_path(self) -> str:
        """What belongs on sys.path, from the root of the tree: `src` where the package has that layout."""
        return f"{self.path}/src" if self.top != self.directory else self.path

    @property
    def top(self) -> Path:
        """Where its modules lie."""
        inner = self.directory / "src"
        return inner if any(modules_in(inner)) or any(namespaces_in(inner)) else self.directory

    @property
    def modules(self) -> tuple[str, ...]:
        """The names that can be imported from there and are nobody else's, as those of namespaces may be."""
        return tuple(sorted(set(modules_in(self.top))))

    @property
    def importable(self) -> bool:
        """Whether anything can be imported from there."""
        return any(modules_in(self.top)) or any(namespaces_in(self.top))


def modules_in(place: Path) -> Iterator[str]:
    """The names of the modules and of the packages with an __init__.py in a directory."""
    names = (path.stem for path in place.glob("*.py"))
    packages = (path.parent.name for path in place.glob("*/__init__.py"))
    return (name for name in (*names, *packages) if name not in BESIDES)


def namespaces_in(place: Path) -> Iterator[str]:
    """The names of the packages without an __init__.py in a directory, with modules somewhere below."""
    for directory in sorted(place.glob("*/")):
        inner = (path.relative_to(directory) for path in directory.rglob("*.py"))
        named = any(all(part.isidentifier() for part in path.with_suffix("").parts) for path in inner)
        fits = directory.name.isidentifier() and directory.name not in BESIDES | LAYOUT
        if fits and named and not (directory / "__init__.py").exists():
            yield directory.name


def packages(
    tree: Path, staged: Manifest, described: Mapping[str, str], named: Mapping[str, str]
) -> tuple[Package, ...]:
    """The packages below vendor/: its directories, and those deeper that are `named` (path: where) in requirements.

    `staged` lists what DEPLOY_EXCLUDE keeps from the hosts too: a build needs its README.md even where no host does.
    `described` maps the paths of submodules to `git describe`. Raises UsageError when there is none at a named path.
    """
    deeper = {path for path in named if path.count("/") > 1}
    parts = {path: Content() for path in named}
    for path, entry in staged.items():
        steps = path.split("/", 2)
        if steps[0] != "vendor" or len(steps) < 3:
            continue
        owners = {"/".join(steps[:2])} | {name for name in deeper if path.startswith(f"{name}/")}
        for owner in owners:
            parts.setdefault(owner, Content()).add(path[len(owner) :], entry)
    empty = [path for path, content in parts.items() if not content.files]
    if empty:
        where, path = named[empty[0]], empty[0]
        raise UsageError(
            f"{where}: {path} is no directory of the revision; correct the path, or `inv vendor.update`"
        )
    return tuple(
        Package(path, tree / path, content.digest, *version_and_tag(describe_of(path, described)))
        for path, content in sorted(parts.items())
    )


class Content:
    """A hash over paths, modes and contents, as they are added in the order of a manifest."""

    def __init__(self) -> None:
        self.files, self._sum = 0, hashlib.sha256()

    def add(self, path: str, entry: Entry) -> None:
        """One more file or link."""
        self.files += 1
        self._sum.update(f"{entry.mode:o} {entry.id} {path}\0".encode("utf-8", "surrogateescape"))

    @property
    def digest(self) -> str:
        return self._sum.hexdigest()


def describe_of(path: str, described: Mapping[str, str]) -> str:
    """`git describe` of the submodule that holds `path`; empty when none does."""
    return next((described[part] for part in (path, "/".join(path.split("/")[:2])) if part in described), "")


def version_and_tag(describe: str) -> tuple[str, str]:
    """`v1.2-3-gabc` is the version `1.2.post3+gabc` with the tag `v1.2.post3+gabc`, untagged `abc` is `0+gabc`."""
    from packaging.version import InvalidVersion, Version

    if re.fullmatch(r"[0-9a-f]{7,}", describe):
        return f"0+g{describe}", ""
    match = DESCRIBED.fullmatch(describe)
    try:
        tag = Version(match["tag"] if match else "0")
    except InvalidVersion:
        return "0", ""
    if match is None:
        return "0", ""
    if match["distance"] is None:
        return tag.public, describe
    joint = "" if tag.is_postrelease or tag.is_devrelease else f".post{match['distance']}"
    version = f"{tag.public}{joint}+{match['commit']}"
    before = describe[: match.start("tag")] + ("v" if match["tag"][0] in "vV" else "")
    return version, before + version


def refuse_shadows(found: Iterable[Package]) -> None:
    """Raises UsageError when a module on the import path has the name of one of the standard library, or of another."""
    taken = dict.fromkeys(sys.stdlib_module_names, "the standard library's")
    for one in found:
        for name in one.modules:
            if name in taken:
                raise UsageError(f"{one.path}: its module {name} has the name of {taken[name]}; rename it")
            taken[name] = f"one in {one.path}"
