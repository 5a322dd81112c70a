"""The requirements of a tree: which file they come from, and the lines that name vendored packages taken out."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

CANDIDATES = ("uv.lock", "requirements.lock", "requirements.txt")
VCS = re.compile(r"(?:^|[\s@])(?:git|hg|svn|bzr)\+[a-z]+://|^\s*(?:-e\s+)?git@")
VENDORED = re.compile(r"^(?:(?:-e|--editable)[\s=]+)?(?:[A-Za-z0-9_.\[\],-]+\s*@\s*)?(?:file:)?(?:\./)?(vendor/[A-Za-z0-9_./-]+)")


@dataclass(frozen=True)
class Requirements:
    """One requirements text for the installer, less the vendored packages, which are installed from their wheels."""

    text: str = ""
    sources: tuple[str, ...] = ()

    @property
    def hashed(self) -> bool:
        """Whether every line carries its hash, so that the installer must refuse anything else."""
        return "--hash=" in self.text

    @property
    def empty(self) -> bool:
        return not any(line.strip() and not line.lstrip().startswith("#") for line in self.text.splitlines())


def read(tree: Path, names: Collection[str], vendored: Collection[str]) -> Requirements:
    """The requirements of a staged tree: the files `names`, or the first found of the usual ones.

    Raises UsageError for a file that is missing, and for a line that the host could not install.
    """
    missing = [name for name in names if not (tree / name).is_file()]
    if missing:
        raise UsageError(f"DEPLOY_REQUIREMENTS: {missing[0]} is not in the revision; commit it, or correct the key")
    found = list(names) or [name for name in CANDIDATES if (tree / name).is_file()][:1]
    if not found and has_dependencies(tree):
        found = ["pyproject.toml"]
    texts = [exported(tree, name) if name in ("uv.lock", "pyproject.toml") else (tree / name).read_text("utf-8") for name in found]
    parts = [less_vendored(text, name, vendored) for name, text in zip(found, texts, strict=True)]
    return Requirements("".join(parts), tuple(found))


def has_dependencies(tree: Path) -> bool:
    """Whether pyproject.toml lists dependencies of its own."""
    path = tree / "pyproject.toml"
    return path.is_file() and bool(re.search(r"^dependencies\s*=\s*\[", path.read_text("utf-8"), re.MULTILINE))


def exported(tree: Path, name: str) -> str:
    """uv's lock file, or the dependencies of pyproject.toml, as requirements."""
    uv = shutil.which("uv")
    if uv is None:
        raise UsageError(f"{name}: needs uv here to be read; install uv, or name a requirements file in DEPLOY_REQUIREMENTS")
    words = [uv, "export", "--frozen", "--no-dev", "--no-emit-project", "--no-header", "--format=requirements-txt"]
    if name == "pyproject.toml":
        words = [uv, "pip", "compile", "--no-header", "--no-annotate", "--quiet", "pyproject.toml"]
    done = subprocess.run(words, cwd=tree, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"{name}: uv cannot read it ({last}); run `uv lock` and commit")
    return done.stdout


def less_vendored(text: str, source: str, vendored: Collection[str]) -> str:
    """The lines less those that name a vendored package by its path; UsageError for one that no host could install."""
    kept = []
    for number, line in enumerate(text.splitlines(), 1):
        if VCS.search(line.partition(" #")[0]):
            raise UsageError(f"{source}:{number}: points at a git server, which hosts cannot reach; vendor it: "
                             "`inv vendor.add URL`, then require ./vendor/<name>")
        match = VENDORED.match(line.strip())
        if match is None:
            kept.append(line)
            continue
        path = match[1].rstrip("/")
        if path not in vendored:
            raise UsageError(f"{source}:{number}: {path} is no vendored package with build metadata; correct the path")
    return "\n".join(kept) + "\n" if kept else ""
