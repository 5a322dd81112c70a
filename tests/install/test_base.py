"""A changed private package is installed in seconds: the new environment begins as a copy of one that is like it."""

from __future__ import annotations

import os
from pathlib import Path

from tests.install.host import Host, package, snapshot, write


def inodes(directory: Path) -> set[int]:
    return {path.lstat().st_ino for path in directory.rglob("*") if path.is_file() and not path.is_symlink()}


def test_one_changed_line_installs_one_wheel_into_a_copy(host: Host, tree: Path) -> None:
    place = package(tree, "inhouse", "one", dependencies='["six==1.17.0"]')
    package(tree, "stable")
    write(tree / "requirements.txt", "idna==3.10\n")
    write(place / "src/inhouse/gone.py", "")
    first = host.deploy(tree)
    before = snapshot(host.environment_of(first))
    package(tree, "inhouse", "two", dependencies='["six==1.17.0"]')
    (place / "src/inhouse/gone.py").unlink()
    host.said.clear()
    second = host.deploy(tree)
    old, new = host.environment_of(first), host.environment_of(second)
    assert (old != new, f"beginning with a copy of {old.name}" in host.said) == (True, True)
    assert not any("idna" in line or "six" in line for line in host.said)
    assert (host.run(second, "say-inhouse"), host.run(first, "say-inhouse")) == ("two", "one")
    assert host.run(second, "python", "-c", "import idna, six, stable, sys; print(sys.prefix)") == str(
        host.root / "releases" / second / ".venv"
    )
    assert not list(new.rglob("gone*"))
    assert (snapshot(old), inodes(old) & inodes(new)) == (before, set())
    scripts = [path.read_bytes() for path in (new / "bin").iterdir() if not path.is_symlink()]
    assert not any(os.fsencode(old.name) in text for text in [*scripts, (new / "pyvenv.cfg").read_bytes()])
    modes = {path.stat().st_mode & 0o222 for path in new.rglob("*") if not path.is_symlink()}
    assert modes == {0}


def test_what_a_package_newly_requires_is_resolved_anew(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse", "one")
    uv_host.deploy(tree)
    package(tree, "inhouse", "two", dependencies='["six==1.17.0"]')
    second = uv_host.deploy(tree)
    assert not any("copy" in line for line in uv_host.said)
    assert uv_host.run(second, "python", "-c", "import inhouse, six; print(inhouse.TEXT)") == "two"


def test_other_requirements_are_resolved_anew(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    uv_host.deploy(tree)
    write(tree / "requirements.txt", "six==1.17.0\n")
    second = uv_host.deploy(tree)
    assert not any("copy" in line for line in uv_host.said)
    assert uv_host.run(second, "python", "-c", "import inhouse, six; print(six.__version__)") == "1.17.0"


def test_a_version_that_the_requirements_speak_of_is_resolved_anew(uv_host: Host, tree: Path) -> None:
    write(tree / "requirements.txt", "inhouse>=1\n")
    package(tree, "inhouse", "one")
    uv_host.deploy(tree)
    package(tree, "inhouse", "two", version="2")
    uv_host.deploy(tree)
    assert not any("copy" in line for line in uv_host.said)
