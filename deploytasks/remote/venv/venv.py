"""One venv on the host: made beside its place, installed, checked, sealed, and moved there complete."""

from __future__ import annotations

import os
import re
import shutil
import uuid

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import write
from deploytasks.remote.release.disk import flush
from deploytasks.remote.trash import retire
from deploytasks.remote.venv import wheel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from deploytasks.remote.agent.state import State
    from deploytasks.remote.venv.installer import Installer

COMPLETE = ".complete"
NAMES = re.compile(r"[0-9a-f]{24}|own-.+|\..+\.tmp")
"""What is ours in venvs/: keyed venvs, those of one release, and what a killed run left."""
IMPORT = """
import importlib, sys
sys.path.append(sys.argv[1])
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except (ImportError, SyntaxError) as error:
        sys.exit("%s cannot be imported: %s: %s" % (name, type(error).__name__, error))
    except Exception as error:
        print("%s raises %s when imported by itself" % (name, type(error).__name__))
"""


def usable(place: str) -> bool:
    """Whether a venv is complete and its interpreter still there."""
    return os.path.exists(os.path.join(place, COMPLETE)) and os.path.exists(
        os.path.join(place, "bin", "python")
    )


def make(
    state: State,
    keyed: str,
    installer: Installer,
    bundle: str,
    packages: dict[str, Any],
    release: str,
    begin: Callable[[State, Installer, dict[str, Any], str], dict[str, str] | None],
) -> None:
    """Make the venv `keyed`. It is there complete or not at all, wherever this run is killed.

    `begin` makes what it is filled in, and tells which vendored wheels that has already (see base.begin).
    """
    venvs, key = os.path.split(keyed)
    place = os.path.join(venvs, ".%s.%s.tmp" % (key, uuid.uuid4().hex[:12]))
    try:
        state.emit("new environment %s, by %s" % (key, installer.name))
        kept = begin(state, installer, packages, place)
        wheels = wheel.shipped(bundle, packages) + wheel.built_here(state, installer, bundle, packages, place)
        if kept is None:
            fill(installer, place, bundle, packages, wheels)
        else:
            replace(installer, place, packages, wheels, kept)
        for path in wheels:
            wheel.compare(path, site_packages(place))
        check_imports(state, place, [name for path in wheels for name in wheel.modules(path)], release)
        shutil.rmtree(os.path.join(place, "built"), ignore_errors=True)
        respell(place, os.path.basename(place), key)
        seal(place)
        flush(place)
        if os.path.lexists(keyed):
            retire(state, keyed)
        os.rename(place, keyed)
    except BaseException:
        discard(place)
        raise


def fill(installer: Installer, place: str, bundle: str, packages: dict[str, Any], wheels: list[str]) -> None:
    """Install the requirements and the vendored wheels in one go, so that they are resolved together."""
    vendored = os.path.join(place, "vendored.txt")
    lines = [path + packages["extras"].get(wheel.name(path), "") for path in wheels]
    if packages["hashed"]:
        lines = ["%s --hash=sha256:%s" % (line, wheel.digest(path)) for line, path in zip(lines, wheels)]
    write(vendored, "".join(line + "\n" for line in lines))
    words = ["--require-hashes"] if packages["hashed"] else []
    # first, because pip refuses a bare name that it cannot find before it comes to the wheel of that name
    words += ["-r", vendored] if wheels else []
    words += [] if packages["empty"] else ["-r", os.path.join(bundle, "requirements.txt")]
    words += ["-c", os.path.join(bundle, "constraints.txt")] if packages["constrained"] else []
    words += ["--find-links", os.path.join(bundle, "wheels")] if packages["offline"] else []
    if wheels or not packages["empty"]:
        installer.install(place, words, packages["offline"])
    os.unlink(vendored)


def replace(
    installer: Installer, place: str, packages: dict[str, Any], wheels: list[str], kept: dict[str, str]
) -> None:
    """Install the vendored wheels that differ from those that are there; what they require is there already."""
    vendored = os.path.join(place, "vendored.txt")
    changed = [path for path in wheels if kept.get(os.path.basename(path)) != wheel.digest(path)]
    write(vendored, "".join("%s\n" % path for path in changed))
    if changed:
        installer.install(place, ["--no-deps", "--force-reinstall", "-r", vendored], packages["offline"])
    os.unlink(vendored)


def check_imports(state: State, place: str, modules: list[str], release: str) -> None:
    """Every vendored module can be imported; what else it raises is the application's to know."""
    if not modules:
        return
    words = [os.path.join(place, "bin", "python"), "-I", "-B", "-c", IMPORT, release, *modules]
    code, tail = state.spawn(words, state.root)
    if code != 0:
        why = tail[-1] if tail else "exit code %d" % code
        raise Failure("%s; add what is missing to the requirements, or correct the package" % why, "install")


def site_packages(place: str) -> str:
    """The venv's import directory."""
    lib = os.path.join(place, "lib")
    versions = sorted(name for name in os.listdir(lib) if name.startswith(("python", "pypy")))
    return os.path.join(lib, versions[0], "site-packages")


def respell(place: str, old: str, new: str) -> None:
    """Scripts and pyvenv.cfg speak of the venv `new` where they spoke of `old`."""
    scripts = os.path.join(place, "bin")
    for path in [
        os.path.join(place, "pyvenv.cfg"),
        *(os.path.join(scripts, name) for name in os.listdir(scripts)),
    ]:
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as stream:
            data = stream.read()
        if os.fsencode(old) in data:
            with open(path, "wb") as stream:
                stream.write(data.replace(os.fsencode(old), os.fsencode(new)))


def seal(place: str) -> None:
    """Nothing in it is writable any more (root can still write: modes do not bind it), and then it is complete."""
    for directory, names, files in os.walk(place):
        for path in (os.path.join(directory, name) for name in (*names, *files)):
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode & ~0o222)
    write(os.path.join(place, COMPLETE), "", 0o444)
    os.chmod(place, 0o555)


def discard(place: str) -> None:
    """Remove a venv, sealed or half-built."""
    if os.path.islink(place):
        os.unlink(place)
    for directory, _, _ in os.walk(place):
        os.chmod(directory, 0o755)
    shutil.rmtree(place, ignore_errors=True)
