"""Wheels of vendored packages: built here from a copy of the pinned tree, cached by content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import git
from ..cache import remembered
from ..errors import StepFailed, UsageError
from ..remote.venv import wheel as remote_wheel
from ..remote.venv.interpreter import interpreter, trust
from . import pyproject
from .installers import installer, own_variables
from .packages import Package
from .repository import track
from .requirements import CURE, REPOSITORY

EPOCH = "1577836800"
"""SOURCE_DATE_EPOCH of every build: 2020-01-01, so that equal sources give equal wheels."""
FORMAT = "3"


@dataclass(frozen=True)
class Wheel:
    """The wheel of a package, built by the interpreter `python`."""

    package: Package
    path: Path
    python: str

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @cached_property
    def made_for(self) -> Mapping[str, Any]:
        """What its interpreter says of itself (remote/interpreter.py)."""
        found: Mapping[str, Any] = interpreter(self.python)
        return found

    @cached_property
    def metadata(self) -> tuple[str, ...]:
        """The lines of its METADATA, without the description."""
        with zipfile.ZipFile(self.path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            return tuple(archive.read(name).decode("utf-8", "replace").split("\n\n")[0].splitlines())

    @property
    def requires(self) -> tuple[str, ...]:
        """What it requires: packages, and a version of Python."""
        return tuple(sorted(line for line in self.metadata if line.startswith("Requires-")))

    @property
    def name(self) -> str:
        return pyproject.normal(remote_wheel.name(str(self.path)))

    @property
    def native(self) -> bool:
        """Whether it has C extensions, and so runs only where it was made for."""
        return not self.path.name.endswith("-none-any.whl")


def build_all(
    found: Sequence[Package], cache: Path, facts: Callable[[], Mapping[str, Any]]
) -> tuple[Wheel, ...]:
    """The wheel of every package, in order; built in parallel where the cache has none.

    One with C extensions is made for the host's Python, which `facts` tells, where this machine has it too.
    Raises StepFailed when one cannot be built, UsageError when one requires something of a repository.
    """
    if not found:
        return ()
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        built = list(pool.map(lambda one: built_with(sys.executable, one, cache), found))
        python = host_python(facts()) if any(wheel.native for wheel in built) else None
        if python:
            built = list(
                pool.map(lambda one: built_with(python, one.package, cache) if one.native else one, built)
            )
    for wheel in built:
        refuse_repositories(wheel)
    refuse_doubles(built)
    return tuple(built)


def refuse_doubles(built: Sequence[Wheel]) -> None:
    """Raises UsageError when two packages have one name."""
    owners: dict[str, str] = {}
    for wheel in built:
        path = wheel.package.path
        other = owners.setdefault(remote_wheel.name(str(wheel.path)), path)
        if other != path:
            raise UsageError(f"{path}: has the name of the package in {other}; rename or remove one")


def host_python(facts: Mapping[str, Any]) -> str | None:
    """An interpreter of this machine that is like the host's, when ours is not and there is one."""
    ours = interpreter(sys.executable)
    if remote_wheel.same_python(ours, facts) or ours["platform"] != facts["platform"]:
        return None
    version = ".".join(facts["python"].split(".")[:2])
    return installer().python(version)


def built_with(python: str, one: Package, cache: Path) -> Wheel:
    """The package's wheel by one interpreter, from the cache or built into it."""
    tool = installer().building(python)
    programs = [
        (path, Path(path).stat().st_size, Path(path).stat().st_mtime_ns) for path in (tool[0], python)
    ]
    identity = json.dumps([FORMAT, one.name, one.content, one.version, one.tag, programs, sys.version])
    place = cache / "wheels" / hashlib.sha256(identity.encode()).hexdigest()[:32]
    remembered(place, lambda directory: run_build(one, directory, tool))
    return Wheel(one, next(place.glob("*.whl")), python)


def build_variables(one: Package) -> dict[str, str]:
    """What a build is told: the time and the version that a shipped tree cannot tell."""
    own = re.sub(r"[^A-Za-z0-9]+", "_", one.name).upper()
    names = (f"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{own}", "SETUPTOOLS_SCM_PRETEND_VERSION", "PBR_VERSION")
    return {"SOURCE_DATE_EPOCH": EPOCH, **dict.fromkeys(names, one.version)}


def run_build(one: Package, directory: Path, tool: tuple[str, ...]) -> Path:
    """Build in a copy, never in place; answers the directory that holds the one wheel."""
    copy, out = directory / one.name, directory / "out"
    shutil.copytree(one.directory, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    track(copy, tag=one.tag, seconds=EPOCH)
    out.mkdir(0o755)
    words = [*tool, str(out), str(copy)]
    env = {**git.clean_environment(own_variables()), **trust(os.environ), **build_variables(one)}
    # setuptools writes the modes that the umask leaves into the wheel
    done = subprocess.run(
        words,
        env=env,
        umask=0o022,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    wheels = list(out.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise StepFailed(f"{one.path}: its wheel cannot be built; build it by hand there:\n{said}")
    for leftover in out.iterdir():
        if leftover not in wheels:
            leftover.unlink()
    return out


def refuse_repositories(wheel: Wheel) -> None:
    """Raises UsageError when the package itself requires something of a repository."""
    for line in wheel.metadata:
        if line.startswith("Requires-Dist:") and REPOSITORY.search(line):
            cure = CURE.replace("./vendor/<name>", "it by its name")
            raise UsageError(f"{wheel.package.path}: requires {line.split()[1]}, which {cure}")
