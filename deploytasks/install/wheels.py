"""Wheels of vendored packages: built here from a copy of the pinned tree, cached by content."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..errors import StepFailed, UsageError
from ..source import Manifest

EPOCH = "1577836800"
"""SOURCE_DATE_EPOCH of every build: 2020-01-01, so that equal sources give equal wheels."""
METADATA = ("pyproject.toml", "setup.py", "setup.cfg")
FORMAT = "1"


@dataclass(frozen=True)
class Package:
    """One vendored package of a staged tree. `buildable` says whether it has build metadata."""

    path: str
    directory: Path
    content: str
    """SHA-256 over the paths, modes and contents below it."""
    version: str
    """For backends that ask version control, which a shipped tree has not: `git describe` as a PEP 440 version."""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def buildable(self) -> bool:
        return any((self.directory / name).is_file() for name in METADATA)

    @property
    def import_path(self) -> Path:
        """What path mode puts on sys.path: `src` where the package has that layout."""
        source = self.directory / "src"
        return source if source.is_dir() else self.directory


@dataclass(frozen=True)
class Wheel:
    """A built wheel in the cache."""

    path: Path
    sha256: str


def packages(tree: Path, manifest: Manifest, described: dict[str, str]) -> tuple[Package, ...]:
    """Every directory directly below vendor/; `described` maps their paths to `git describe`."""
    parts: dict[str, list[str]] = {}
    for path, entry in manifest.entries.items():
        top = path.split("/")
        if top[0] == "vendor" and len(top) > 2:
            parts.setdefault("/".join(top[:2]), []).append(f"{entry.mode:o} {entry.id} {'/'.join(top[2:])}\0")
    return tuple(
        Package(path, tree / path, hashlib.sha256("".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest(),
                version_of(described.get(path, "")))
        for path, lines in sorted(parts.items()))


def version_of(describe: str) -> str:
    """`v1.2-3-gabc` → `1.2.post3+gabc`; `0+g<commit>` for an untagged one."""
    match = re.fullmatch(r"v?(\d+(?:\.\d+)*)(?:-(\d+)-(g[0-9a-f]+))?", describe)
    if match is None:
        return f"0+g{describe}" if re.fullmatch(r"[0-9a-f]+", describe) else "0"
    return match[1] if match[2] is None else f"{match[1]}.post{match[2]}+{match[3]}"


def build_all(found: Sequence[Package], cache: Path) -> tuple[Wheel, ...]:
    """The wheel of every package, in order; built in parallel where the cache has none."""
    if not found:
        return ()
    tool = builder()
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return tuple(pool.map(lambda one: wheel_of(one, cache, tool), found))


def builder() -> tuple[str, ...]:
    """The command that builds a wheel: uv where there is one, else pip."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        return (uv, "build", "--wheel", "--quiet", "--no-config", f"--python={sys.executable}", "--out-dir")
    try:
        import pip  # noqa: F401 - only whether it is there
    except ImportError:
        raise UsageError("building vendored wheels needs uv or pip here; `pip install uv`") from None
    return (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--disable-pip-version-check", "--wheel-dir")


def wheel_of(one: Package, cache: Path, tool: tuple[str, ...]) -> Wheel:
    """The package's wheel, from the cache or built into it; a build that was killed leaves nothing in it."""
    identity = "\0".join((FORMAT, one.content, one.version, sys.version, sys.platform, Path(tool[0]).name))
    place = cache / "wheels" / hashlib.sha256(identity.encode()).hexdigest()[:32]
    if not place.is_dir():
        place.parent.mkdir(0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="building-", dir=place.parent) as directory:
            built = run_build(one, Path(directory), tool)
            try:
                built.rename(place)
            except OSError:
                pass  # another run built the same at the same time
    wheel = next(place.glob("*.whl"))
    return Wheel(wheel, hashlib.sha256(wheel.read_bytes()).hexdigest())


def run_build(one: Package, directory: Path, tool: tuple[str, ...]) -> Path:
    """Build in a copy, never in place; answers the directory that holds the one wheel."""
    copy, out = directory / one.name, directory / "out"
    shutil.copytree(one.directory, copy, symlinks=True)
    out.mkdir(0o755)
    own = re.sub(r"[^A-Za-z0-9]+", "_", one.name).upper()
    pretend = {f"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{own}": one.version, "SETUPTOOLS_SCM_PRETEND_VERSION": one.version}
    env = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, **pretend}
    done = subprocess.run([*tool, str(out), str(copy)], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    wheels = list(out.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise StepFailed(f"{one.path}: its wheel cannot be built; build it by hand there:\n{said}")
    for leftover in out.iterdir():
        if leftover not in wheels:
            leftover.unlink()
    return out
