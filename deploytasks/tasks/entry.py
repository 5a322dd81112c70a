"""The edge of every task: failures become a message and an exit code, `--json` becomes one document on every exit."""

from __future__ import annotations

import functools
import gc
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import invoke.tasks
from invoke.exceptions import Exit
from invoke.parser.argument import Argument

from .. import bytecode
from ..errors import BUG, INTERRUPTED, OK, DeployError, UsageError, of_this_machine
from ..output import console
from ..output.stream import occupy

Body = TypeVar("Body", bound=Callable[..., Any])


class Task(invoke.tasks.Task[Any]):
    """A task whose repeatable options need a value: Invoke takes a bare `--limit` for one that was not given."""

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        arguments = super().get_arguments(ignore_unknown_help)
        for argument in arguments:
            if argument.kind is list:
                argument.raw_value = None
        return arguments


task = functools.partial(invoke.tasks.task, klass=Task)


def entry(name: str) -> Callable[[Body], Body]:
    """Wrap a task body; `name` is the command as people type it, e.g. `vendor.status`.

    The body returns None or an exit code. A DeployError prints its message and exits with its code; anything else that
    is raised is a bug in deploytasks: exit 3. With `json=True` among the arguments a failure prints the document
    `{schema, command, environment, outcome, exit_code, error}` on stdout.
    """

    def decorate(body: Body) -> Body:
        @functools.wraps(body)
        def run(context: Any, *args: Any, **kwargs: Any) -> None:
            occupy()
            try:
                refuse_hosts_option(context)
                refuse_empty_lists(kwargs)
                with signals_as_interrupts(), uncollected(), bytecode.kept():
                    code, error = body(context, *args, **kwargs) or OK, None
            except DeployError as failure:
                code, error = failure.exit_code, str(failure)
            except KeyboardInterrupt:
                code, error = INTERRUPTED, "interrupted"
            except Exit:
                raise
            except Exception as bug:
                code, error = described(bug)
            if error is not None:
                console.trouble(error)
                if kwargs.get("json"):
                    console.document(failure_document(name, kwargs.get("env") or None, code, error))
            if code != OK:
                raise Exit(code=code)

        return run  # type: ignore[return-value]

    return decorate


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """SIGTERM and SIGHUP take the way out of Ctrl-C: what was switched goes back, locks are given back."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector from all that is there now, and in the end from what was loaded meanwhile:
    it lives as long as the process, whose end else takes a look at each object (env.show: 1.15 times as long).
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.freeze()


def failure_document(name: str, environment: str | None, code: int, error: str) -> dict[str, Any]:
    """The JSON of a command that ended before it had a report."""
    empty: dict[str, Any] = {
        "revision": None,
        "release": None,
        "outcome": "failed",
        "exit_code": code,
        "error": error,
    }
    return {"schema": 1, "command": name, "environment": environment, **empty, "hosts": [], "steps": []}


def described(bug: Exception) -> tuple[int, str]:
    """What this machine refuses is told with its cure; all else that nobody expected is ours to mend: exit code 3."""
    if refused := of_this_machine(bug):
        return refused.exit_code, str(refused)
    console.trouble(location(bug))
    return BUG, f"{type(bug).__name__} in deploytasks; please report it with the lines above"


def location(bug: BaseException) -> str:
    """The frames of a bug without the texts of exceptions or source lines, which could hold a secret."""
    frames = traceback.extract_tb(bug.__traceback__)
    return "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)


def refuse_hosts_option(context: Any) -> None:
    """`-H` would run the whole task once per host, each with a release and a lock of its own."""
    fabric = sys.modules.get("fabric")
    if fabric is not None and isinstance(context, fabric.Connection):
        raise UsageError(
            "-H: hosts come from DEPLOY_HOSTS in environments/; use --limit=HOST to narrow them down"
        )


def refuse_empty_lists(options: Mapping[str, Any]) -> None:
    """`--limit=$HOST` with HOST unset must not mean every host."""
    for name, value in options.items():
        if isinstance(value, list) and value and not any(word.strip(",") for word in value):
            raise UsageError(f"--{name}: names nothing; write names with commas, or leave it out")
