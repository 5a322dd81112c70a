"""What makes environments and fills them: uv, or the pip that comes with Python."""

from __future__ import annotations

import os
import shutil

from deploytasks.remote.failure import Failure
from deploytasks.remote.venv import interpreter, variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from deploytasks.remote.agent.state import State

QUIET = ("--disable-pip-version-check", "--no-input", "--progress-bar=off", "--no-warn-script-location")


class Installer:
    """uv on this host, or pip."""

    def __init__(self, state: State, python: str, kind: str, timeout: float) -> None:
        self.state = state
        self.timeout = timeout
        self.python = shutil.which(python) or python
        self.uv = interpreter.find_uv() if kind == "uv" else None
        self.found = interpreter.interpreter(python)
        if not self.uv and not interpreter.pip_words(self.found):
            raise Failure(
                "there is neither uv nor a pip for %s; `apt install python3-venv` there" % python, "install"
            )

    def create(self, place: str) -> None:
        """An empty environment."""
        words = [self.python, "-m", "venv", "--without-pip"]
        if self.uv:
            words = [self.uv, "venv", "--quiet", "--python", self.python]
        self.run([*words, place], "make the environment")

    def install(self, place: str, words: list[str], offline: bool) -> None:
        """Install requirements, and compile everything once."""
        python = os.path.join(place, "bin", "python")
        index = ["--no-index"] if offline else []
        if self.uv:
            # copies, because a hot patch in one environment must not reach uv's cache, and others, through a hard link
            kept = ["--link-mode=copy", "--compile-bytecode", *cache_option(self.state.root)]
            uv = [self.uv, "pip", "install", "--python", python]
            self.run([*uv, *kept, *index, *words], "install the requirements")
            return
        pip = [*interpreter.pip_words(self.found, place), "install", "--no-compile"]
        self.run([*pip, *QUIET, *index, *words], "install the requirements")
        compile_all(self.state, python, os.path.join(place, "lib"))

    def wheel(self, source: str, target: str, env: dict[str, str]) -> None:
        """Build the wheel of a source directory into the directory `target`."""
        if self.uv:
            words = [self.uv, "build", "--wheel", "--python", self.python, *cache_option(self.state.root)]
            built = [*words, "--out-dir", target, source]
        else:
            builder = os.path.join(target, "builder")
            self.create(builder)
            words = [*interpreter.pip_words(self.found, builder), "wheel", "--no-deps"]
            built = [*words, "--disable-pip-version-check", "--wheel-dir", target, source]
        self.run(built, "build " + os.path.basename(source), env)

    def run(self, words: list[str], what: str, env: dict[str, str] | None = None) -> None:
        run(self.state, words, what, self.timeout, env)


def compile_all(state: State, python: str, directory: str) -> None:
    """Compile what compiles; files that are meant for other Pythons do not, and that is no failure."""
    compiling = [python, "-I", "-m", "compileall", "-q", directory]
    # several processes need a writable /dev/shm, which a small container has not; one needs nothing
    for together in (["-j", "0"], []):
        code, _ = state.spawn([*compiling, *together], state.root, emit=lambda line: None)
        if code == 0:
            return


def cache_option(root: str) -> list[str]:
    """uv's own cache where it is writable and on the filesystem of the environments, else one beside them."""
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
        said = "; ".join(line.strip() for line in tail[-4:] if line.strip())
        raise Failure("cannot %s (exit code %d): %s" % (what, code, said), "install")
