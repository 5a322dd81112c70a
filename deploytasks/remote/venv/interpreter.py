"""What the Python of a host says of itself, and what can install into its venvs."""

from __future__ import annotations

import glob
import json
import os
import shutil
import subprocess

from deploytasks.remote.failure import of_system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ASK = """
import json, os, sys, sysconfig
from importlib.util import find_spec
def bundled_pip():
    ensurepip = find_spec("ensurepip")
    places = [os.path.join(os.path.dirname(ensurepip.origin), "_bundled")] if ensurepip else []
    places += [sysconfig.get_config_var("WHEEL_PKG_DIR"), "/usr/share/python-wheels"]
    held = [(place, name) for place in places if place and os.path.isdir(place) for name in os.listdir(place)]
    wheels = [os.path.join(*one) for one in held if one[1].startswith("pip-") and one[1].endswith(".whl")]
    return max(wheels, default="")
def libc():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION").split()
    except (AttributeError, ValueError, OSError):
        return ["", ""]
try:
    from pip import __version__ as own_pip
except ImportError:
    own_pip = ""
print(json.dumps({
    "python": sys.version.split()[0], "implementation": sys.implementation.name, "executable": sys.executable,
    "platform": sysconfig.get_platform(), "libc": libc(), "own_pip": own_pip, "bundled_pip": bundled_pip(),
    "ensurepip": find_spec("ensurepip") is not None, "can_venv": find_spec("venv") is not None,
}))
"""
NOTHING = {
    "python": "",
    "implementation": "",
    "executable": "",
    "platform": "",
    "libc": ["", ""],
    "own_pip": "",
    "bundled_pip": "",
    "ensurepip": False,
    "can_venv": False,
    "trouble": "",
}
PATIENCE = 60.0
"""Seconds in which an interpreter starts and answers."""


class Question:
    """What an interpreter says of itself, asked now; it answers while we do something else."""

    def __init__(self, python: str) -> None:
        self.python, self._asked, self._trouble = python, None, ""
        path = shutil.which(python)
        pipe = subprocess.PIPE
        try:
            if path:
                words = [path, "-I", "-c", ASK]
                self._asked = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
        except OSError as error:
            self._trouble = of_system(error)

    def answer(self) -> dict[str, Any]:
        """Waited for; NOTHING but the `trouble` when the interpreter is not there or does not run.

        To be called once.
        """
        if not self._asked:
            return {**NOTHING, "trouble": self._trouble}
        try:
            said, wrong = self._asked.communicate(timeout=PATIENCE)
            return {"trouble": "", **json.loads(said.decode().splitlines()[-1])}
        except subprocess.TimeoutExpired:
            self._asked.kill()
            self._asked.communicate()
            return {**NOTHING, "trouble": "no answer within %g s" % PATIENCE}
        except (ValueError, IndexError):
            last = wrong.decode("utf-8", "replace").strip().splitlines()[-1:]
            ended = "it ends with exit code %d" % self._asked.returncode
            return {**NOTHING, "trouble": last[0] if last else ended}


def interpreter(python: str) -> dict[str, Any]:
    """What an interpreter says of itself, see Question."""
    return Question(python).answer()


def pip_words(found: Mapping[str, Any], place: str = "") -> list[str]:
    """The start of a pip command for the venv at `place`, [] when this Python has no pip that reaches into one.

    pip stays outside: an environment holds what was asked for, and nothing that could change it.
    """
    version = [int(part) for part in found["own_pip"].split(".")[:2] if part.isdigit()]
    python = os.path.join(place, "bin", "python")
    if version >= [22, 3]:
        return [found["executable"], "-I", "-m", "pip", "--python", python]
    return [python, "-I", os.path.join(found["bundled_pip"], "pip")] if found["bundled_pip"] else []


def find_uv() -> str | None:
    """uv on PATH, or where its own installer puts it."""
    own = os.pathsep.join(os.path.expanduser(name) for name in ("~/.local/bin", "~/.cargo/bin"))
    return shutil.which("uv") or shutil.which("uv", path=own)


def trust(given: Mapping[str, str]) -> dict[str, str]:
    """Settings that make uv trust whom pip trusts, the certificates of the system: its own do not know a company's.

    Both names, for older versions know only the second. Empty where the system has none, or somebody has decided.
    """
    import ssl  # slow to load, and only an install asks

    names = ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS")
    places = ssl.get_default_verify_paths()
    installed = places.cafile or (places.capath and os.listdir(places.capath))
    return {} if not installed or any(name in given for name in names) else dict.fromkeys(names, "1")


def platforms(found: Mapping[str, Any]) -> list[str]:
    """The wheel platform tags that this host takes, best first."""
    name, version = found["libc"]
    plain = found["platform"].replace("-", "_").replace(".", "_")
    machine = found["platform"].rpartition("-")[2]
    if not found["platform"].startswith("linux"):
        return [plain] if plain else []
    if name == "glibc":
        newest = int(version.split(".")[1])
        tags = ["manylinux_2_%d_%s" % (minor, machine) for minor in range(newest, 4, -1)]
        return [*tags, *("manylinux%s_%s" % (year, machine) for year in ("2014", "2010", "1")), plain]
    if glob.glob("/lib/ld-musl-*"):
        return ["musllinux_1_2_" + machine, "musllinux_1_1_" + machine, plain]
    return [plain]
