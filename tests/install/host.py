"""A host on this machine, worked on by the agent's own operations under its own lock; and trees to install there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploytasks.config.environment import Environment
from deploytasks.config.settings import Settings
from deploytasks.packages import Bundle, build
from deploytasks.remote.agent.state import State
from deploytasks.remote.lock import lock, takeover
from deploytasks.remote.venv import operations
from deploytasks.source import Manifest, Revision, Tree
from deploytasks.source.manifest import EXECUTABLE, LINK, PLAIN, Entry
from deploytasks.vendored import Dependency

PROJECT = Path(__file__).parent.parent.parent
UV = Path(sys.executable).parent / "uv"
REFUSING = "http://127.0.0.1:9/simple"
NO_INDEX = {"PIP_INDEX_URL": REFUSING, "PIP_EXTRA_INDEX_URL": REFUSING, "UV_DEFAULT_INDEX": REFUSING}
"""The application's environment on a host where no index answers."""
PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"
dependencies = {dependencies}

[project.scripts]
say-{name} = "{name}:say"
"""
MODULE = "TEXT = {text!r}\n\n\ndef say():\n    print(TEXT)\n"


def package(
    tree: Path, name: str, text: str = "one", *, version: str = "1", dependencies: str = "[]"
) -> Path:
    """Write vendor/<name> into a tree: a package with a src layout, whose console script says `text`."""
    place = tree / "vendor" / name
    write(place / "pyproject.toml", PYPROJECT.format(name=name, version=version, dependencies=dependencies))
    write(place / "src" / name / "__init__.py", MODULE.format(text=text))
    return place


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def staged(tree: Path, described: Mapping[str, str] | None = None) -> Tree:
    """A directory as the tree that ships."""
    entries = {
        str(path.relative_to(tree)): entry(path)
        for path in sorted(tree.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
    dependencies = tuple(
        Dependency(path.rpartition("/")[2], path, "", "0" * 40, tree, tree / path, tree, (), True, describe)
        for path, describe in (described or {}).items()
    )
    manifest = Manifest(entries)
    return Tree(tree, Revision("0" * 40), manifest, manifest, dependencies)


def entry(path: Path) -> Entry:
    data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    mode = LINK if path.is_symlink() else EXECUTABLE if os.access(path, os.X_OK) else PLAIN
    return Entry(mode, len(data), hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest())


def environment(tree: Path, **settings: Any) -> Environment:
    return Environment("staging", tree, (), Settings(path="/srv/app", **settings))


ALONE = """
import json, sys
from deploytasks.remote.agent.state import State
from deploytasks.remote.lock import takeover
from deploytasks.remote.venv import operations
state = State()
state.root, state.token, state.emit = sys.argv[1], "alone", print
assert takeover.acquire(state.root, state.token, {"user": "ada", "machine": "here"})["acquired"]
operations.install(state, **json.loads(sys.argv[2]))
"""


@dataclass
class Host:
    """DEPLOY_PATH on this machine. `cache` is the deploying side's."""

    root: Path
    cache: Path
    installer: str = "uv"
    python: str = sys.executable
    said: list[str] = field(default_factory=list)
    releases: int = 0

    def __post_init__(self) -> None:
        for name in ("releases", "venvs", ".deploytasks"):
            (self.root / name).mkdir(parents=True)
        self.state = self.locked()

    def locked(self, token: str = "run-one", gone: str = "") -> State:
        """A conversation that holds the lock."""
        state = State()
        state.root, state.token, state.emit = str(self.root), token, self.said.append
        assert takeover.acquire(state.root, token, {"user": "ada", "machine": "here"}, gone=gone)["acquired"]
        return state

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = operations.install_facts(self.state, self.python, self.installer)
        return found

    def bundle(self, tree: Path, **settings: Any) -> Bundle:
        """What the deploying side makes of a tree for this host."""
        return build(staged(tree), environment(tree, **settings), facts=lambda: self.facts, cache=self.cache)

    def arguments(self, bundle: Bundle, release: str) -> dict[str, Any]:
        """Those of the operation `install`; the bundle is uploaded by a copy."""
        key = bundle.key(self.facts)
        place = self.root / ".deploytasks" / "bundles" / key
        shutil.copytree(bundle.path, place, dirs_exist_ok=True)
        return {
            "release": release,
            "key": key,
            "python": self.python,
            "bundle": str(place),
            "mode": bundle.mode,
            "installer": self.installer,
            "packages": json.loads(json.dumps(bundle.packages)),
            "import_paths": {path: list(names) for path, names in bundle.import_paths.items()},
        }

    def release(self, tree: Path) -> str:
        """A new release that holds the tree."""
        self.releases += 1
        name = f"2026112300{self.releases:04d}-0000000"
        shutil.copytree(tree, self.root / "releases" / name, symlinks=True)
        (self.root / "releases" / name / ".deploytasks").mkdir()
        return name

    def deploy(self, tree: Path, **settings: Any) -> str:
        """Install a tree as a new release; its id."""
        release = self.release(tree)
        operations.install(self.state, **self.arguments(self.bundle(tree, **settings), release))
        return release

    def install_alone(self, arguments: Mapping[str, Any], *words: str) -> None:
        """Carry out the operation `install` in a process that `words` start: in namespaces of its own, say."""
        lock.release(self.state.root, self.state.token)
        words = (*words, sys.executable, "-c", ALONE, str(self.root), json.dumps(arguments))
        subprocess.run(words, cwd=PROJECT, check=True, capture_output=True)

    def environment_of(self, release: str) -> Path:
        """Where the release's .venv leads."""
        return (self.root / "releases" / release / ".venv").resolve()

    def run(self, release: str, *words: str) -> str:
        """What a program of the release's environment prints, started in the release."""
        top = self.root / "releases" / release
        done = subprocess.run(
            [str(top / ".venv" / "bin" / words[0]), *words[1:]],
            cwd=top,
            env={"PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def snapshot(directory: Path) -> dict[str, tuple[int, int]]:
    """{path: (inode, time of change)} of everything below a directory."""
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_ctime_ns) for path in sorted(directory.rglob("*"))
    }
