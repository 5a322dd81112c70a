"""Operations that any conversation has: opening it, and running a command."""

from __future__ import annotations

import os

from deploytasks.remote.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State


def open_root(state: State, root: str, environment: dict[str, str] | None = None) -> None:
    """Tell the agent where the deployment is and what the application's environment is; touches nothing."""
    state.root = root
    if environment is not None:
        state.environment = environment


def execute(
    state: State,
    words: list[str],
    cwd: str = "",
    env: dict[str, str] | None = None,
    stdin: str = "",
    timeout: float = 3600.0,
    changing: bool = True,
    capture: bool = False,
    bin: str = "",
) -> dict[str, Any]:
    """Run a command; `bin` is put first on PATH. A changing one is refused when this run's lock is gone."""
    if changing:
        state.require_lock()
        state.written = None
        if state.prepared:
            state.prepared.kept = None
    env = dict(env or {})
    if bin:
        env["PATH"] = bin + os.pathsep + state.environment.get("PATH", os.environ.get("PATH", os.defpath))
    directory = os.path.realpath(os.path.join(state.root, cwd)) if cwd or os.path.isdir(state.root) else ""
    if cwd and not os.path.isdir(directory):
        raise Failure("%s does not exist; deploy first" % os.path.join(state.root, cwd), "missing")
    printed: list[str] = []
    code, tail = state.spawn(words, directory, env, stdin, timeout, printed.append if capture else state.emit)
    error = "killed by signal %d" % -code if code < 0 else ""
    answer = {
        "ok": code == 0,
        "code": code,
        "tail": tail,
        "error": error,
        "kind": "" if code == 0 else "exit",
    }
    return {"__result__": {**answer, "value": "\n".join(printed) if capture else None}}
