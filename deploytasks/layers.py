"""The dotenv layers of an environment, in their precedence, merged into one text per key with its origin."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import dotenv, git
from .command import command
from .environment import Origin
from .errors import UsageError
from .secret import is_secret

ENVIRONMENT_NAME = re.compile(r"[a-z][a-z0-9_-]*")
COMMON = "common"


@dataclass
class Merged:
    """Every key with its final text, its origin, and those it won over (oldest first)."""

    texts: dict[str, str] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    losers: dict[str, list[Origin]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def put(self, name: str, text: str, origin: Origin) -> None:
        if name in self.origins:
            self.losers.setdefault(name, []).append(self.origins[name])
        self.texts[name], self.origins[name] = text, origin


def environment_names(root: Path) -> tuple[str, ...]:
    """The environments that exist, sorted: one for each environments/<env>.env."""
    names = (path.name.removesuffix(".env") for path in (root / "environments").glob("*.env"))
    return tuple(sorted(name for name in names if ENVIRONMENT_NAME.fullmatch(name) and name != COMMON))


def require_name(name: str, root: Path) -> None:
    """Raises UsageError, naming the environments that exist, unless `name` is one of them."""
    known = environment_names(root)
    listed = f"environments here: {', '.join(known)}" if known else f"no environment exists in {root / 'environments'}"
    if not name:
        raise UsageError(f"--env: is missing; {listed}")
    if not ENVIRONMENT_NAME.fullmatch(name) or name == COMMON:
        raise UsageError(f"--env: {name!r} is no name of an environment; {listed}")
    if name not in known:
        raise UsageError(f"environments/{name}.env: does not exist; {listed}")


def merge(name: str, root: Path, process: Mapping[str, str]) -> Merged:
    """Read and merge every layer of the environment `name`; problems are collected, not raised."""
    merged = Merged()
    for source, data in files(name, root, merged):
        add(merged, dotenv.read(data, source))
    for source, data in decrypted(name, root, merged):
        add(merged, dotenv.read(data, source))
    for source, data in local(name, root, merged):
        add(merged, dotenv.read(data, source))
    for key in merged.texts.get("DEPLOY_FROM_PROCESS", "").split():
        if key in process:
            merged.put(key, process[key], Origin("process"))
    return merged


def add(merged: Merged, layer: dotenv.Layer) -> None:
    """Put one layer over the others, its references replaced by what is known so far."""
    merged.problems += layer.problems
    names = frozenset(line.name for line in layer.lines)
    for line in layer.lines:
        text, problems = dotenv.interpolate(line, merged.texts, names)
        if problems and is_secret(line.name, text):
            where = f"{line.source}:{line.number}: {line.name}"
            problems = (f"{where} is a secret with ${{…}} in it; write the value out, or encode it",)
        merged.problems += problems
        merged.put(line.name, text, Origin(line.source, line.number))


def files(name: str, root: Path, merged: Merged) -> Iterator[tuple[str, bytes]]:
    """common.env, where there is one, and <env>.env."""
    for part in (COMMON, name):
        path = root / "environments" / f"{part}.env"
        if part == name or path.exists():
            yield from content(path, root, merged)


def local(name: str, root: Path, merged: Merged) -> Iterator[tuple[str, bytes]]:
    """<env>.local.env: refused when git tracks it, warned about when others can read it."""
    path = root / "environments" / f"{name}.local.env"
    if not path.exists():
        return
    source = str(path.relative_to(root))
    if git.tracks(root, source):
        merged.problems.append(f"{source}:1: is tracked by git; `git rm --cached {source}`, and change the secrets in it")
    if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        merged.warnings.append(f"{source}: others on this machine can read it; `chmod 600 {source}`")
    yield from content(path, root, merged)


def content(path: Path, root: Path, merged: Merged) -> Iterator[tuple[str, bytes]]:
    """The bytes of a layer; what keeps it from being read is a problem."""
    source = str(path.relative_to(root))
    try:
        yield source, path.read_bytes()
    except OSError as error:
        merged.problems.append(f"{source}:1: cannot be read ({error.strerror}); see its permissions")


def decrypted(name: str, root: Path, merged: Merged) -> Iterator[tuple[str, bytes]]:
    """<env>.secrets.env.*, as DEPLOY_DECRYPT prints them; the clear text stays in memory."""
    for path in sorted((root / "environments").glob(f"{name}.secrets.env.*")):
        source = str(path.relative_to(root))
        line = merged.texts.get("DEPLOY_DECRYPT")
        if not line:
            merged.problems.append(f"{source}:1: is encrypted; set DEPLOY_DECRYPT, e.g. to sops -d {{file}}")
            continue
        run = command("sh", "-c", line.replace("{file}", command(path).shell))
        done = subprocess.run(run.words, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            merged.problems.append(f"{source}:1: DEPLOY_DECRYPT ended with exit code {done.returncode}; run it by hand")
        else:
            yield source, done.stdout
