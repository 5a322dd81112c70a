"""Operations: what a host is asked to do, as values. Built by pure functions, carried out by the agent on the host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .shell import Command


@dataclass(frozen=True)
class Operation:
    """One request to the agent (deploytasks/remote/agent.py): a name it knows and JSON-able arguments.

    `step` is the recipe step it belongs to, for the report. `arguments` may hold secrets, hence not in the repr.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    step: str = ""
    label: str = ""
    """For people: what is being done, already safe to print."""
    brief: bool = False
    """Ends at once, runs nothing of the project's: may be asked for together with what follows it."""
    alongside: bool = False
    """Goes on beside its neighbours that do too, as uploads do."""


@dataclass(frozen=True)
class Result:
    """What became of an operation. `code` is an exit code of a command, or 0 / 1 for other operations."""

    ok: bool
    code: int = 0
    value: Any = None
    """What the operation answered (JSON data)."""
    error: str = ""
    """Why it failed, in our words: what is wrong; next move. Of a command that failed: which one; see `tail`."""
    kind: str = ""
    """Machine-readable reason of a failure, e.g. `lock_lost`, `locked`, `cancelled`, `timeout`, `disconnected`."""
    tail: tuple[str, ...] = ()
    """The last lines that a command printed, redacted."""
    seconds: float = 0.0


def execute(
    run: Command,
    *,
    step: str,
    cwd: str = "",
    bin: str = "",
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = 3600.0,
    changing: bool = True,
    label: str = "",
    capture: bool = False,
) -> Operation:
    """Run words on the host in a session of their own;
    output is streamed line by line, or with `capture` answered as `value`.

    `bin` is put first on PATH; `env` is added to the release's environment, which the agent already holds
    (see the agent's `environment` operation).
    A `changing` command is refused by the host when this run's lock is gone.
    """
    arguments = {
        "words": list(run.words),
        "cwd": cwd,
        "bin": bin,
        "env": dict(env or {}),
        "stdin": stdin,
        "timeout": timeout,
    }
    return Operation(
        "execute", {**arguments, "changing": changing, "capture": capture}, step, label or str(run)
    )
