"""The wheelhouse: every requirement resolved here for the host's Python and platform, as wheels."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import StepFailed, UsageError
from ..remote.venv import wheel as remote_wheel
from ..remote.venv.interpreter import interpreter, trust
from .installers import find_uv, pip
from .requirements import is_empty

INDEX = re.compile(r"\s*(?:-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b")
"""Options of a requirements file that say where packages come from, which an offline host must not follow."""
KNOWN_GLIBC = (17, *range(28, 41))
"""The minor versions of glibc that uv resolves for."""


def target(facts: Mapping[str, Any]) -> list[Any]:
    """What of a host decides which wheels it takes."""
    return [facts["python"], facts["tag"], list(facts["platforms"])]


def fill(directory: Path, own: Sequence[str], facts: Mapping[str, Any]) -> None:
    """Put the wheel of every requirement into the bundle and pin its requirements.txt to exactly those.

    `own` are the vendored wheels in it. Raises StepFailed naming what has no wheel for the host.
    """
    listed, wanted = directory / "requirements.txt", directory / "download.txt"
    text = listed.read_text("utf-8")
    pinned = resolved(directory, own, facts)
    options = [line for line in text.splitlines() if INDEX.match(line)]
    lines = [line for line in pinned.splitlines() if not INDEX.match(line)]
    wanted.write_text("\n".join([*options, *lines, ""]), "utf-8")
    listed.write_text("\n".join([*lines, ""]), "utf-8")
    complete = "--hash=" in pinned
    single = ["--no-deps"] if complete else [f"wheels/{name}" for name in own]
    if complete or single or not is_empty(pinned):
        words = [*pip(sys.executable), "download", "--quiet", "--disable-pip-version-check", "--dest=wheels"]
        asked = ["--requirement", wanted.name, "--constraint", "constraints.txt"]
        run([*words, *taken_by(facts), *single, *asked], directory)
    wanted.unlink()


def taken_by(facts: Mapping[str, Any]) -> list[str]:
    """pip's options for the wheels that a host takes."""
    platforms = [f"--platform={name}" for name in facts["platforms"]]
    python = [f"--python-version={facts['python']}", f"--implementation={facts['tag']}"]
    return ["--only-binary=:all:", *python, *platforms]


def resolved(directory: Path, own: Sequence[str], facts: Mapping[str, Any]) -> str:
    """The requirements pinned, with hashes, as uv resolves them for the host; without uv as they are.

    pip alone takes markers such as `python_version < "3.11"` to speak of this machine, so it is trusted only where
    the host is like it: else UsageError.
    """
    uv = find_uv()
    if uv is None:
        if not remote_wheel.same_python(facts, interpreter(sys.executable)):
            what = f"resolving for {facts['python']} on {facts['platform']}"
            raise UsageError(f"DEPLOY_WHEELHOUSE: {what} needs uv here; `pip install uv`")
        return (directory / "requirements.txt").read_text("utf-8")
    vendored = directory / "vendored.txt"
    vendored.write_text("".join(f"./wheels/{name}\n" for name in own), "utf-8")
    left_out = [f"--no-emit-package={remote_wheel.name(name)}" for name in own]
    host = ["--only-binary=:all:", f"--python-version={facts['python']}", *platform(facts)]
    words = [uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
    asked = ["--constraint", "constraints.txt", "requirements.txt", vendored.name]
    pinned = run([*words, *host, *left_out, *asked], directory)
    vendored.unlink()
    return pinned


def platform(facts: Mapping[str, Any]) -> list[str]:
    """uv's option for the host's platform; none where only this machine's own can be meant."""
    name, _, machine = facts["platform"].partition("-")
    if name != "linux":
        return []
    if facts["libc"][0] != "glibc":
        return [f"--python-platform={machine}-unknown-linux-musl"]
    minor = int(facts["libc"][1].split(".")[1])
    newest = max((known for known in KNOWN_GLIBC if known <= minor), default=17)
    return [f"--python-platform={machine}-manylinux_2_{newest}"]


def run(words: Sequence[str], directory: Path) -> str:
    """What a resolver prints. Raises StepFailed with its own last lines."""
    env = {**os.environ, **trust(os.environ)}
    done = subprocess.run(
        words, cwd=directory, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise StepFailed(
            "DEPLOY_WHEELHOUSE: not every requirement has a wheel for the host; pin versions that have:\n"
            f"{said}"
        )
    return done.stdout
