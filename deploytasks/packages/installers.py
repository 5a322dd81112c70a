"""The installers: what builds wheels and resolves requirements on this machine, and what each needs on a host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import StepFailed, UsageError
from ..remote.venv import variables
from ..remote.venv import wheel as remote_wheel
from ..remote.venv.interpreter import interpreter, trust

KNOWN_GLIBC = (17, *range(28, 41))
"""The minor versions of glibc that uv resolves for."""


class Installer(Protocol):
    """One program that builds wheels and resolves requirements; its namesake in remote/venv/ installs them."""

    def building(self, python: str) -> tuple[str, ...]:
        """The command that builds a wheel for an interpreter; the directory for it and the source follow."""

    def pinned(self, directory: Path, own: Sequence[str], facts: Mapping[str, Any]) -> str:
        """requirements.txt of the bundle in `directory` as a host with these facts installs it.

        `own` are the vendored wheels in it. Raises StepFailed naming what has no wheel for the host.
        """

    def python(self, version: str) -> str | None:
        """The interpreter of this machine that has a version, `3.12`."""

    @staticmethod
    def lacking(facts: Mapping[str, Any], python: str) -> str:
        """`<what is wrong>; <next move>` where a host cannot install by it, else an empty text."""


class Uv:
    """uv, which resolves for hosts that are unlike this machine."""

    def __init__(self, program: str) -> None:
        self.program = program

    def building(self, python: str) -> tuple[str, ...]:
        options = ("--wheel", "--quiet", "--no-python-downloads", f"--python={python}")
        return (self.program, "build", *options, "--out-dir")

    def pinned(self, directory: Path, own: Sequence[str], facts: Mapping[str, Any]) -> str:
        """With hashes, and markers decided for the host."""
        vendored = directory / "vendored.txt"
        vendored.write_text("".join(f"./wheels/{name}\n" for name in own), "utf-8")
        left_out = [f"--no-emit-package={remote_wheel.name(name)}" for name in own]
        host = ["--only-binary=:all:", f"--python-version={facts['python']}", *platform(facts)]
        words = [self.program, "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
        asked = ["--constraint", "constraints.txt", "requirements.txt", vendored.name]
        text = resolve([*words, "--generate-hashes", *host, *left_out, *asked], directory)
        vendored.unlink()
        return text

    def python(self, version: str) -> str | None:
        words = [self.program, "python", "find", "--no-project", "--no-python-downloads"]
        done = subprocess.run(
            [*words, "--python-preference=only-system", version],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        return done.stdout.strip() or None if done.returncode == 0 else None

    @staticmethod
    def lacking(facts: Mapping[str, Any], python: str) -> str:
        cure = "install uv there, or set DEPLOY_INSTALLER=auto"
        return "" if facts["uv"] else f"uv is missing and DEPLOY_INSTALLER=uv; {cure}"


class Pip:
    """pip, an interpreter's own or the one that it bundles."""

    def building(self, python: str) -> tuple[str, ...]:
        return (*pip(python), "wheel", "--quiet", "--no-deps", "--disable-pip-version-check", "--wheel-dir")

    def pinned(self, directory: Path, own: Sequence[str], facts: Mapping[str, Any]) -> str:
        """As it is: pip takes markers such as `python_version < "3.11"` to speak of this machine, so that it is
        trusted only where the host is like it; else UsageError."""
        if not remote_wheel.same_python(facts, interpreter(sys.executable)):
            what = f"resolving for {facts['python']} on {facts['platform']}"
            raise UsageError(f"DEPLOY_WHEELHOUSE: {what} needs uv here; `pip install uv`")
        return (directory / "requirements.txt").read_text("utf-8")

    def python(self, version: str) -> str | None:
        return shutil.which(f"python{version}")

    @staticmethod
    def lacking(facts: Mapping[str, Any], python: str) -> str:
        cure = "`apt install python3-venv` there"
        return "" if facts["venv"] else f"{python} has no venv module with pip, and there is no uv; {cure}"


ON_HOSTS: Mapping[str, type[Installer]] = {"uv": Uv, "pip": Pip}
"""What DEPLOY_INSTALLER may name; `auto` is the first that a host has."""


def installer() -> Installer:
    """The installer of this machine: uv where there is one."""
    uv = find_uv()
    return Uv(uv) if uv else Pip()


def find_uv() -> str | None:
    """uv on PATH, or beside our own interpreter."""
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def pip(python: str) -> tuple[str, ...]:
    """The command that is pip for an interpreter, its own or the one that it bundles. Raises UsageError without any."""
    found = interpreter(python)
    if found["own_pip"]:
        return (python, "-m", "pip")
    if not found["bundled_pip"]:
        raise UsageError("building and resolving wheels needs uv or pip here; `pip install uv`")
    return (python, str(Path(found["bundled_pip"]) / "pip"))


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


def own_variables() -> dict[str, str]:
    """The process environment without what sends pip and uv elsewhere."""
    others = variables.stray(os.environ)
    return {**{name: text for name, text in os.environ.items() if name not in others}, **variables.OURS}


def resolve(words: Sequence[str], directory: Path) -> str:
    """What a resolver prints. Raises StepFailed with its own last lines."""
    env = {**own_variables(), **trust(os.environ)}
    done = subprocess.run(
        words,
        cwd=directory,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise StepFailed(
            "DEPLOY_WHEELHOUSE: not every requirement has a wheel for the host; pin versions that have:\n"
            f"{said}"
        )
    return done.stdout
