"""Bundle: the requirements and wheels that a host installs, as a directory, and what its environment's key stands on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..environment import Environment
from ..errors import StepFailed
from ..source import Tree
from ..source.stage import cache_root
from . import requirements, wheels

FORMAT = 1
Facts = Callable[[], Mapping[str, Any]]
"""What the host said of its interpreter (remote/install.py: install_facts), once it has."""


@dataclass(frozen=True)
class Bundle:
    """What is installed on the hosts of a deploy."""

    path: Path
    """Directory with requirements.txt and wheels/."""
    material: str
    """What the key is computed over, here: the lock's bytes, the vendored wheels' hashes, the flags."""
    mode: str
    wheels: tuple[str, ...] = ()
    """File names in wheels/ that are vendored packages, with nothing from the index among them."""
    hashed: bool = False
    empty: bool = False
    offline: bool = False
    import_paths: tuple[str, ...] = ()
    """Paths in the release that belong on sys.path (path mode)."""
    lines: tuple[str, ...] = ()
    """What the user should know."""
    requires_python: str = ""

    def key(self, facts: Mapping[str, Any]) -> str:
        """The name of the environment on a host: equal only where everything that made it is equal."""
        made_of = [self.material, facts["python"], facts["platform"], facts["implementation"], facts["installer"]]
        return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:24]


def build(tree: Tree, environment: Environment, *, facts: Facts, cache: Path | None = None) -> Bundle:
    """Build the vendored wheels, read the requirements, and lay both out in the cache, ready to be shipped.

    Raises UsageError for requirements that no host can install, StepFailed for a wheel that cannot be built.
    """
    settings, place = environment.settings, cache or cache_root(os.environ)
    described = {one.path: one.describe for one in tree.dependencies}
    found = wheels.packages(tree.path, tree.manifest, described)
    asked = requirements.read(tree.path, settings.requirements, {one.path for one in found})
    built: tuple[wheels.Wheel, ...] = ()
    on_path: tuple[wheels.Package, ...] = ()
    lines: tuple[str, ...] = ()
    if settings.vendor_install == "wheel":
        built = wheels.build_all([one for one in found if one.buildable], place)
        on_path = tuple(one for one in found if not one.buildable)
        lines = tuple(f"{one.path}: has no build metadata; its directory is put on the import path" for one in on_path)
    elif settings.vendor_install == "path":
        on_path = found
    if settings.vendor_install == "none":
        asked = requirements.Requirements("", asked.sources)
    flags = {"format": FORMAT, "wheelhouse": settings.wheelhouse, "mode": settings.vendor_install, "python": settings.python}
    material = json.dumps([asked.text, [wheel.sha256 for wheel in built], flags])
    directory = laid_out(place, material, asked, built)
    if settings.wheelhouse and not asked.empty:
        fill_wheelhouse(directory, facts())
    paths = tuple(str(one.import_path.relative_to(tree.path)) for one in on_path)
    return Bundle(directory, material, settings.vendor_install, tuple(wheel.path.name for wheel in built), asked.hashed,
                  asked.empty, settings.wheelhouse, paths, lines, requires_python(tree.path))


def laid_out(cache: Path, material: str, asked: requirements.Requirements, built: tuple[wheels.Wheel, ...]) -> Path:
    """The bundle's directory in the cache, complete or not there at all."""
    place = cache / "bundles" / hashlib.sha256(material.encode()).hexdigest()[:24]
    if place.is_dir():
        return place
    place.parent.mkdir(0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=place.parent) as directory:
        making = Path(directory) / "bundle"
        (making / "wheels").mkdir(0o755, parents=True)
        (making / "requirements.txt").write_text(asked.text, "utf-8")
        for wheel in built:
            shutil.copyfile(wheel.path, making / "wheels" / wheel.path.name)
        try:
            making.rename(place)
        except OSError:
            pass  # another run made the same at the same time
    return place


def fill_wheelhouse(directory: Path, facts: Mapping[str, Any]) -> None:
    """Resolve every requirement for the host's interpreter and put its wheel into the bundle; sources are refused by name."""
    target = ["--only-binary=:all:", f"--python-version={facts['python']}", f"--implementation={facts['tag']}"]
    target += [f"--platform={name}" for name in facts["platforms"]]
    own = [str(path) for path in sorted((directory / "wheels").glob("*.whl"))]
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--dest",
             str(directory / "wheels"), *target, "--requirement", str(directory / "requirements.txt"), *own]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-6:])
        raise StepFailed(f"DEPLOY_WHEELHOUSE: not every requirement has a wheel for the host; pin one that has:\n{said}")


def requires_python(tree: Path) -> str:
    """`requires-python` of the project's pyproject.toml, or an empty text."""
    import re

    path = tree / "pyproject.toml"
    match = re.search(r"""^requires-python\s*=\s*["']([^"']+)["']""", path.read_text("utf-8"), re.MULTILINE) if path.is_file() else None
    return match[1] if match else ""
