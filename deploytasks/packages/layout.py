"""A bundle as a directory: requirements, constraints, wheels and sources."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..cache import remembered
from ..errors import UsageError
from ..remote.venv import wheel as remote_wheel
from . import pyproject, requirement, requirements, wheelhouse, wheels
from .requirements import Requirements
from .wheels import Wheel

FORMAT = 2


def laid_out(
    cache: Path, asked: Requirements, built: Sequence[Wheel], resolved_for: Mapping[str, Any] | None
) -> tuple[Path, dict[str, Any]]:
    """The bundle's directory in the cache, and how a host installs it."""
    target = wheelhouse.target(resolved_for) if resolved_for else None
    identity = [FORMAT, asked.text, asked.constraints, [wheel.sha256 for wheel in built], target]
    place = cache / "bundles" / hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:24]
    remembered(place, lambda directory: fill(directory, asked, built, resolved_for))
    text = (place / "requirements.txt").read_text("utf-8")
    extras = {
        remote_wheel.name(str(wheel.path)): asked.extras[wheel.package.path]
        for wheel in built
        if wheel.package.path in asked.extras
    }
    return place, {
        "wheels": {wheel.path.name: wheel.sha256 for wheel in built if not wheel.native},
        "native": [native(wheel) for wheel in built if wheel.native],
        "extras": extras,
        "hashed": "--hash=" in text,
        "empty": requirements.is_empty(text),
        "constrained": bool(asked.constraints),
        "offline": resolved_for is not None,
        "like": likeness(text, asked, built, extras, target),
    }


def likeness(
    text: str, asked: Requirements, built: Sequence[Wheel], extras: Mapping[str, str], target: Any
) -> str:
    """What environments have in common whose other packages a resolver chooses alike; empty where that is not sure.

    The vendored packages count by what they require, and by their versions where requirements speak of them.
    """
    if any(wheel.native for wheel in built):
        return ""
    lines = [requirement.requirement(line) for line in (*text.splitlines(), *asked.constraints)]
    named = {pyproject.normal(line.name) for line in lines if line is not None}
    parts = [
        [wheel.requires, *([wheel.path.name] if wheel.name in named else [wheel.name])] for wheel in built
    ]
    identity = json.dumps([FORMAT, text, asked.constraints, extras, target, parts])
    return hashlib.sha256(identity.encode()).hexdigest()


def native(wheel: Wheel) -> dict[str, Any]:
    """How a host gets a package with C extensions: by its wheel where that fits, else from its source."""
    known = {
        "name": wheel.package.name,
        "wheel": wheel.path.name,
        "sha256": wheel.sha256,
        "made_for": wheel.made_for,
    }
    return {**known, "env": wheels.build_variables(wheel.package)}


def fill(
    directory: Path, asked: Requirements, built: Sequence[Wheel], resolved_for: Mapping[str, Any] | None
) -> Path:
    """Write a bundle below an empty directory."""
    directory = directory / "bundle"
    (directory / "wheels").mkdir(parents=True)
    (directory / "requirements.txt").write_text(asked.text, "utf-8")
    (directory / "constraints.txt").write_text("".join(f"{line}\n" for line in asked.constraints), "utf-8")
    for wheel in built:
        shutil.copyfile(wheel.path, directory / "wheels" / wheel.path.name)
        if wheel.native:
            shutil.copytree(
                wheel.package.directory, directory / "sources" / wheel.package.name, symlinks=True
            )
    if resolved_for is not None:
        for wheel in built:
            if wheel.native and not remote_wheel.fits(wheel.made_for, resolved_for):
                host = f"Python {resolved_for['python']} on {resolved_for['platform']}"
                raise UsageError(
                    f"{wheel.package.path}: has C extensions and cannot be built here for the host's "
                    f"{host}; DEPLOY_WHEELHOUSE=no"
                )
        wheelhouse.fill(directory, [wheel.path.name for wheel in built], resolved_for)
    return directory
