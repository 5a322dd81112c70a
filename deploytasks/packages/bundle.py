"""Bundle: the requirements and wheels that a host installs, and what its environment's key stands on."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..cache import cache_root
from ..config.environment import Environment
from ..source import Tree
from . import packages, pyproject, requirements, wheels
from .import_paths import placed
from .layout import FORMAT, laid_out
from .missing_files import missing_files, named
from .packages import Package
from .requirement import holds
from .requirements import Requirements
from .wheels import Wheel

Facts = Callable[[], Mapping[str, Any]]
"""What the host said of its interpreter (remote/install.py: install_facts), once it has."""
KEY = ("python", "platform", "implementation", "executable", "installer")
"""Facts of a host that its environments' keys stand on."""


@dataclass(frozen=True)
class Bundle:
    """What is installed on the hosts of a deploy."""

    path: Path
    """Directory with requirements.txt, constraints.txt, wheels/ and sources/."""
    material: str
    """What the key is computed over, here: the lock's bytes, the vendored wheels' hashes, the flags."""
    mode: str
    packages: Mapping[str, Any] = field(default_factory=dict)
    """How they are installed, for remote/venv.py: wheels with their hashes, which of them are native, extras, flags."""
    import_paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """{path in the release: its modules} that belong on sys.path."""
    lines: tuple[str, ...] = ()
    """What the user should know."""
    requires_python: str = ""
    made_for: Mapping[str, Any] | None = None
    """The host that the wheelhouse was resolved for."""
    size: int = 0
    """Bytes that the environment takes at least."""
    files: int = 0
    """Inodes that it takes at least."""

    def key(self, facts: Mapping[str, Any]) -> str:
        """The name of the environment on a host: equal only where everything that made it is equal."""
        made_of = [self.material, *(facts[name] for name in KEY)]
        return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:24]


def build(tree: Tree, environment: Environment, *, facts: Facts, cache: Path | None = None) -> Bundle:
    """Build the vendored wheels, read the requirements, and lay both out in the cache, ready to be shipped.

    Raises UsageError for requirements that no host can install, StepFailed for a wheel that cannot be built.
    """
    settings, place = environment.settings, cache or cache_root(os.environ)
    if settings.vendor_install == "none":
        return Bundle(tree.path, "", "none", requires_python=pyproject.requires_python(tree.path))
    asked = requirements.read(tree.path, settings.requirements)
    found = vendored(tree, asked, facts)
    placement = placed(tree, settings, found)
    built = wheels.build_all(placement.built, place, facts)
    resolved_for = facts() if settings.wheelhouse else None
    directory, instructions = laid_out(place, asked, built, resolved_for)
    material = material_of(directory, built, instructions)
    lines = (
        *requirements.other_hosts_lines(asked.lines, facts),
        *lacking_lines(built),
        *wheel_lines(built, resolved_for),
        *placement.lines,
    )
    known = (pyproject.requires_python(tree.path), resolved_for, *room(directory))
    return Bundle(directory, material, settings.vendor_install, instructions, placement.paths, lines, *known)


def vendored(tree: Tree, asked: Requirements, facts: Facts) -> tuple[Package, ...]:
    """The vendored packages of a tree, less those that it requires under a marker which is false on the host."""
    described = {one.path: one.describe for one in tree.dependencies}
    others = {path for path, marker in asked.markers.items() if not holds(marker, facts())}
    found = packages.packages(tree.path, tree.staged, described, asked.vendored)
    return tuple(one for one in found if one.path not in others)


def material_of(directory: Path, built: Sequence[Wheel], instructions: Mapping[str, Any]) -> str:
    """What the environment is made of, as far as it is decided here."""
    texts = [(directory / name).read_text("utf-8") for name in ("requirements.txt", "constraints.txt")]
    flags = [instructions[name] for name in ("extras", "offline")]
    return json.dumps([FORMAT, *texts, *flags, *(wheel.sha256 for wheel in built)])


def room(directory: Path) -> tuple[int, int]:
    """(bytes, files) of an environment with the wheels of a bundle: what they hold, as much again for bytecode."""
    size = files = 0
    for path in (directory / "wheels").glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        size, files = size + 2 * sum(member.file_size for member in members), files + 2 * len(members)
    return size, files


def wheel_lines(built: Sequence[Wheel], resolved_for: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Where packages with C extensions are built."""
    return tuple(
        f"{wheel.package.path}: has C extensions; built here for Python {wheel.made_for['python']} on "
        f"{wheel.made_for['platform']}{'' if resolved_for else ', and on the hosts that are not so'}"
        for wheel in built
        if wheel.native
    )


def lacking_lines(built: Sequence[Wheel]) -> Iterator[str]:
    """What of a package's files its wheel lacks."""
    for wheel in built:
        if missing := missing_files(wheel.package.directory, wheel.path):
            yield (
                f"{wheel.package.path}: its wheel lacks {named(missing)} beside its modules; "
                "declare them as package data, or set DEPLOY_VENDOR_INSTALL=path"
            )
