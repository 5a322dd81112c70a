"""Wheels of vendored packages on the host: the shipped ones, those built here, and whether one is what is installed."""

from __future__ import annotations

import hashlib
import os

from deploytasks.remote.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from deploytasks.remote.agent.state import State
    from deploytasks.remote.venv.installer import Installer


def shipped(bundle: str, packages: dict[str, Any]) -> list[str]:
    """Paths of the shipped vendored wheels, each byte for byte what was built."""
    wheels = os.path.join(bundle, "wheels")
    return [
        checked(os.path.join(wheels, name), expected) for name, expected in sorted(packages["wheels"].items())
    ]


def checked(path: str, expected: str) -> str:
    """`path`, if its SHA-256 is `expected`."""
    if not os.path.isfile(path) or digest(path) != expected:
        raise Failure("%s is not what was shipped; deploy again" % path, "missing")
    return path


def digest(path: str) -> str:
    """The SHA-256 of a file, in hex."""
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def name(path: str) -> str:
    """The normalised name of the package in a wheel."""
    return os.path.basename(path).split("-")[0].lower()


def built_here(
    state: State, installer: Installer, bundle: str, packages: dict[str, Any], place: str
) -> list[str]:
    """Paths of the wheels of packages with C extensions: shipped where they fit this host, else built on it."""
    found = []
    for one in packages["native"]:
        if fits(one["made_for"], installer.found):
            found.append(checked(os.path.join(bundle, "wheels", one["wheel"]), one["sha256"]))
        elif packages["offline"]:
            raise Failure(
                "%s has C extensions, and its wheel was made for another Python or platform than "
                "this host's; DEPLOY_WHEELHOUSE=no" % one["name"],
                "install",
            )
        else:
            state.emit("%s has C extensions and is built on this host" % one["name"])
            target = os.path.join(place, "built", one["name"])
            os.makedirs(target)
            installer.wheel(os.path.join(bundle, "sources", one["name"]), target, one["env"])
            found += [os.path.join(target, name) for name in os.listdir(target) if name.endswith(".whl")]
    return found


def fits(made_for: Mapping[str, Any], host: Mapping[str, Any]) -> bool:
    """Whether a wheel with C extensions made for one interpreter runs on another: the same Python, no older libc."""
    ours, theirs = made_for["libc"], host["libc"]
    return same_python(made_for, host) and ours[0] == theirs[0] and number(ours[1]) <= number(theirs[1])


def same_python(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two interpreters take the same extensions, their libc aside."""
    alike = all(one[name] == other[name] for name in ("platform", "implementation"))
    return alike and one["python"].split(".")[:2] == other["python"].split(".")[:2]


def number(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def modules(path: str) -> list[str]:
    """The names that a wheel makes importable, its namespaces left out."""
    import zipfile  # slow to load, and only an install asks

    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    found = {name.split("/")[0] for name in names if name.count("/") == 1 and name.endswith("/__init__.py")}
    return sorted(found | {name[:-3] for name in names if "/" not in name and name.endswith(".py")})


def compare(path: str, target: str) -> None:
    """What is installed in the directory `target` is what the wheel holds, its version and every byte of its files."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if (
                name.endswith("/")
                or ".data/" in name
                or (".dist-info/" in name and not name.endswith("/METADATA"))
            ):
                continue
            try:
                with open(os.path.join(target, name), "rb") as stream:
                    same = stream.read() == archive.read(name)
            except OSError:
                same = False
            if not same:
                raise Failure(
                    "%s of %s is not what was built; another requirement brings its own copy: rename one"
                    % (name, os.path.basename(path)),
                    "install",
                )
