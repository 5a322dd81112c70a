"""What makes venvs and fills them: uv, or the pip that comes with Python."""

from __future__ import annotations

import os
import shutil

from deploytasks.remote.failure import Failure
from deploytasks.remote.venv import interpreter, variables
from deploytasks.remote.venv.reason import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from deploytasks.remote.agent.state import State

    class Installer(Protocol):
        """What makes venvs and fills them; `found` is what the interpreter says of itself."""

        name: str
        found: dict[str, Any]

        def create(self, place: str) -> None: ...

        def install(self, place: str, words: list[str], offline: bool) -> None: ...

        def wheel(self, source: str, target: str, env: dict[str, str]) -> None: ...


QUIET = ("--disable-pip-version-check", "--no-input", "--progress-bar=off", "--no-warn-script-location")


class Uv:
    """uv on this host."""

    name = "uv"

    def __init__(self, state: State, python: str, uv: str, found: dict[str, Any], timeout: float) -> None:
        self.state, self.python, self.uv, self.found, self.timeout = state, python, uv, found, timeout

    def create(self, place: str) -> None:
        """An empty venv."""
        words = [self.uv, "venv", "--quiet", "--python", self.python, place]
        run(self.state, words, "make the environment", self.timeout)

    def install(self, place: str, words: list[str], offline: bool) -> None:
        """Install requirements, and compile everything once."""
        # copies, because a hot patch in one venv must not reach uv's cache, and others, through a hard link
        kept = ["--link-mode=copy", "--compile-bytecode", *cache_option(self.state.root), *no_index(offline)]
        uv = [self.uv, "pip", "install", "--python", os.path.join(place, "bin", "python")]
        run(self.state, [*uv, *kept, *words], "install the requirements", self.timeout)

    def wheel(self, source: str, target: str, env: dict[str, str]) -> None:
        """Build the wheel of a source directory into the directory `target`."""
        uv = [self.uv, "build", "--wheel", "--python", self.python, *cache_option(self.state.root)]
        words = [*uv, "--out-dir", target, source]
        run(self.state, words, "build " + os.path.basename(source), self.timeout, env)


class Pip:
    """The pip that comes with Python; it stays outside of what it fills."""

    name = "pip"

    def __init__(self, state: State, python: str, found: dict[str, Any], timeout: float) -> None:
        self.state, self.python, self.found, self.timeout = state, python, found, timeout

    def create(self, place: str) -> None:
        """An empty venv."""
        words = [self.python, "-m", "venv", "--without-pip", place]
        run(self.state, words, "make the environment", self.timeout)

    def install(self, place: str, words: list[str], offline: bool) -> None:
        """Install requirements, and compile everything once."""
        pip = [
            *interpreter.pip_words(self.found, place),
            "install",
            "--no-compile",
            *QUIET,
            *no_index(offline),
        ]
        run(self.state, [*pip, *words], "install the requirements", self.timeout)
        compile_all(self.state, os.path.join(place, "bin", "python"), os.path.join(place, "lib"))

    def wheel(self, source: str, target: str, env: dict[str, str]) -> None:
        """Build the wheel of a source directory into the directory `target`."""
        builder = os.path.join(target, "builder")
        self.create(builder)
        pip = [*interpreter.pip_words(self.found, builder), "wheel", "--no-deps"]
        words = [*pip, "--disable-pip-version-check", "--wheel-dir", target, source]
        run(self.state, words, "build " + os.path.basename(source), self.timeout, env)


def best(state: State, python: str, kind: str, timeout: float) -> Installer:
    """uv where it is wanted and here, else pip. Raises Failure where there is neither."""
    found = interpreter.interpreter(python)
    path = shutil.which(python) or python
    uv = interpreter.find_uv() if kind == "uv" else None
    if uv:
        return Uv(state, path, uv, found, timeout)
    if not interpreter.pip_words(found):
        raise Failure(
            "there is neither uv nor a pip for %s; `apt install python3-venv` there" % python, "install"
        )
    return Pip(state, path, found, timeout)


def no_index(offline: bool) -> list[str]:
    """What keeps an installer from asking an index."""
    return ["--no-index"] if offline else []


def compile_all(state: State, python: str, directory: str) -> None:
    """Compile what compiles; files that are meant for other Pythons do not, and that is no failure."""
    compiling = [python, "-I", "-m", "compileall", "-q", directory]
    # several processes need a writable /dev/shm, which a small container has not; one needs nothing
    for together in (["-j", "0"], []):
        code, _ = state.spawn([*compiling, *together], state.root, emit=lambda line: None)
        if code == 0:
            return


def cache_option(root: str) -> list[str]:
    """uv's own cache where it is writable and on the filesystem of the venvs, else one beside them."""
    default = os.environ.get("UV_CACHE_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "uv"
    )
    found = default
    while not os.path.isdir(found):
        found = os.path.dirname(found) or "/"
    if os.path.isabs(default) and os.access(found, os.W_OK) and os.stat(found).st_dev == os.stat(root).st_dev:
        return []
    return ["--cache-dir", os.path.join(root, ".deploytasks", "uv-cache")]


def run(state: State, words: list[str], what: str, timeout: float, env: dict[str, str] | None = None) -> None:
    """Run an installer to its end, streaming what it says; Failure with its own last lines, or after `timeout` s."""
    chosen = interpreter.trust({**os.environ, **state.environment})
    # the application's PYTHONPATH would hide from pip what it has to install
    given = {"PYTHONPATH": "", "PYTHONUNBUFFERED": "1", **variables.OURS, **chosen, **(env or {})}
    plain = variables.without_stray(words, {name: "" for name in os.environ if name not in state.environment})
    code, tail = state.spawn(plain, state.root, given, timeout=timeout)
    if code != 0:
        raise Failure("cannot %s (exit code %d): %s" % (what, code, reason(tail)), "install")
