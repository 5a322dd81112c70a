"""Operations and uploads: what a host is asked to do, as values, built by pure functions; and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from .shell import Command


@dataclass(frozen=True)
class Operation:
    """One request to the agent (remote/agent/agent.py): a name it knows and JSON-able arguments.

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
    verbatim: bool = False
    """What it prints is the project's own and shown as it comes; else it is a passing state."""
    read: Callable[[Any], Any] | None = field(default=None, repr=False, compare=False)
    """Makes a value of its own type from the JSON of the answer; raises ValueError, TypeError or KeyError."""


@dataclass(frozen=True)
class Upload:
    """A directory on the host that is to hold exactly what one here holds, but for what `excludes` names."""

    source: Path
    target: str
    excludes: tuple[str, ...] = field(default=(), repr=False)
    step: str = ""
    label: str = ""
    prepared: bool = False
    """The host has said what is missing in its target: nothing else is looked at."""
    name: ClassVar[str] = "upload"
    brief: ClassVar[bool] = False
    alongside: ClassVar[bool] = True


Request = Operation | Upload
"""What a host can be asked for."""


@dataclass(frozen=True)
class Missing:
    """The answer of a host whose release is ready for its upload: the paths that it lacks, None for all."""

    paths: tuple[str, ...] | None

    @classmethod
    def of(cls, answer: Any) -> Missing:
        paths = answer["missing"]
        return cls(None if paths is None else tuple(map(str, paths)))


@dataclass(frozen=True)
class Result:
    """What became of an operation. `code` is an exit code of a command, or 0 / 1 for other operations."""

    ok: bool
    code: int = 0
    value: Any = None
    """What the operation answered: of the type that its `read` makes, else JSON data."""
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
    asked = {**arguments, "changing": changing, "capture": capture}
    return Operation("execute", asked, step, label or str(run), verbatim=True)
