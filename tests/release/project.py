"""A small real project for release tests: a vendored private package with a nested submodule of its own,
no index needed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.building import WHO, git

BIN = Path(sys.executable).parent
PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "1"

[tool.setuptools]
packages = ["{name}"]
"""
POSTINSTALL = """\
#!/bin/sh
set -e
python -c 'import lib; print("lib says", lib.TEXT)'
[ ! -e fail-$DEPLOYTASKS_HOST ] || { echo "postinstall cannot go on"; exit 3; }
"""


@dataclass(frozen=True)
class Run:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Plain:
    """The project at `root`, its package's clone at `lib`."""

    root: Path
    lib: Path

    def environment(self, name: str, **keys: object) -> None:
        """Write environments/<name>.env; it is never shipped, so it need not be committed."""
        keys = {"DEPLOY_VENDOR_LOCAL_URLS": "yes", **keys}
        text = "".join(f"{key}='{value}'\n" for key, value in keys.items())
        (self.root / "environments").mkdir(exist_ok=True)
        (self.root / "environments" / f"{name}.env").write_text(text)

    def write(self, path: str, text: str | bytes, mode: int = 0o644) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        target.chmod(mode)

    def commit(self, subject: str = "Change") -> str:
        """Commit everything; the new revision."""
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", subject)
        return git(self.root, "rev-parse", "HEAD")

    def lib_says(self, text: str) -> None:
        """Change the private package, push it, and pin it."""
        (self.lib / "lib/__init__.py").write_text(f"TEXT = {text!r}\n")
        git(self.lib, "commit", "--quiet", "-am", f"Say {text}")
        git(self.lib, "push", "--quiet", "origin", "HEAD")
        done = self.run("inv", "vendor.update", "--remote", "--commit")
        assert done.code == 0, done.err

    def fab(self, *words: str, **env: str) -> Run:
        return self.run("fab", *words, **env)

    def run(self, program: str, *words: str, **env: str) -> Run:
        """Run fab or inv as a user would."""
        done = subprocess.run(
            [BIN / program, *words],
            cwd=self.root,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start fab and come back at once."""
        return subprocess.Popen(
            [BIN / "fab", *words],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def deploy(self, name: str = "staging", *words: str) -> str:
        """A deploy that succeeds; the release id."""
        done = self.fab("deploy", f"--env={name}", "--json", *words)
        assert done.code == 0, done.err
        release: str = done.document["release"]
        return release


def make_plain(directory: Path) -> Plain:
    """The project with vendor/lib, which has vendor/deep of its own; all of it committed and pushed."""
    for name in ("deep", "lib"):
        git(directory, "init", "--quiet", "--bare", "--initial-branch=main", f"{name}.git")
    for name in ("deep", "lib", "app"):
        begin(directory / name)
    write(directory / "deep", "deep.txt", "deep down\n")
    finish(directory / "deep")
    write(directory / "lib", "pyproject.toml", PYPROJECT.format(name="lib"))
    write(directory / "lib", "lib/__init__.py", "TEXT = 'one'\n")
    git(directory / "lib", "submodule", "--quiet", "add", str(directory / "deep.git"), "vendor/deep")
    finish(directory / "lib")
    app = directory / "app"
    git(app, "submodule", "--quiet", "add", str(directory / "lib.git"), "vendor/lib")
    git(app, "submodule", "--quiet", "update", "--init", "--recursive")
    write(app, "fabfile.py", "from deploytasks import namespace\n\nns = namespace()\n")
    write(app, "tasks.py", "from fabfile import ns\n")
    write(app, "page.txt", "first\n")
    write(app, ".gitignore", "__pycache__/\nbuild/\n.deploy/\nenvironments/\n")
    write(app, "postinstall", POSTINSTALL)
    (app / "postinstall").chmod(0o755)
    git(app, "add", "--all")
    git(app, "commit", "--quiet", "--message", "Begin app")
    return Plain(app, directory / "lib")


def begin(tree: Path) -> None:
    git(tree.parent, "init", "--quiet", "--initial-branch=main", tree.name)
    for key, value in WHO.items():
        git(tree, "config", key, value)


def finish(tree: Path) -> None:
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", f"Begin {tree.name}")
    git(tree, "remote", "add", "origin", str(tree.parent / f"{tree.name}.git"))
    git(tree, "push", "--quiet", "origin", "main")


def write(tree: Path, path: str, text: str) -> None:
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text(text)
