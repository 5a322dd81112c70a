"""What the tasks share: reading options into values, confirmation, and showing a report."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import console
from ..errors import UsageError

if TYPE_CHECKING:
    from ..config.environment import Environment
    from ..recipe.recipe import Recipe
    from ..report import Report
    from ..ssh.route import SshOptions
    from ..watcher import Watcher


def listed(values: Iterable[str] | None) -> tuple[str, ...]:
    """The names of a repeated option, each of which may hold several between commas."""
    return tuple(name for value in values or () for name in value.split(",") if name)


def environment_of(name: str) -> Environment:
    """The environment that `--env` names. Raises UsageError, naming those that exist, when it names none."""
    from ..config.loading import load_environment
    from ..config.project import find_project

    return load_environment(name, root=find_project(Path.cwd()), process=os.environ)


def recipe_of(context: Any) -> Recipe:
    """The recipe that the project's fabfile gave to namespace()."""
    from ..recipe.default import DEFAULT

    recipe: Recipe = context.config.get("deploytasks", {}).get("recipe") or DEFAULT
    return recipe


def ssh_of(context: Any) -> SshOptions | None:
    """Fabric's core options, honoured for Fabric and rsync alike; None under `inv`, which has none."""
    from ..ssh.route import SshOptions

    return SshOptions.from_config(context.config)


def is_dry(context: Any, dry_run: bool) -> bool:
    """Whether nothing may change: our own option, or fab's --dry / -R."""
    return dry_run or bool(context.config.run.dry)


def refuse_dry(context: Any, command: str) -> None:
    """Raises UsageError under fab's --dry / -R: a command without a dry run must not do the real thing."""
    if is_dry(context, False):
        raise UsageError(f"{command}: has no dry run; leave out --dry (-R)")


def confirm(environment: Environment, what: str, yes: bool) -> None:
    """Ask before changing an environment that wants it (DEPLOY_CONFIRM).
    Raises UsageError when the answer is not yes.
    """
    if yes or not environment.settings.confirm:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{environment.name}: wants a confirmation (DEPLOY_CONFIRM) and there is no terminal; add --yes"
        )
    sys.stderr.write(
        f"{what} {environment.name} on {', '.join(host.name for host in environment.hosts)}? [y/N] "
    )
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError(f"{environment.name}: not confirmed; nothing was contacted")


@contextmanager
def watching() -> Iterator[Watcher]:
    """A watcher on stderr for the length of a run."""
    from ..watcher import Watcher

    watcher = Watcher()
    try:
        yield watcher
    finally:
        watcher.close()


def show(
    report: Report,
    *,
    as_json: bool,
    timings: bool = False,
    lines: Callable[[Report], list[str]] | None = None,
) -> int:
    """Print a report: the document, or its lines (default:
    the closing table), and the error with the last lines printed.
    """
    if report.error:
        for line in report.details:
            console.trouble(f"  {line}")
        console.trouble(report.error)
    if as_json:
        console.document(report.document())
    else:
        for line in (*(timing_lines(report) if timings else ()), *(lines or table)(report)):
            console.result(line)
    return report.exit_code


def table(report: Report) -> list[str]:
    """The closing table: what each host serves; below it the keys that the process environment gave."""
    width = max((len(host.host) for host in report.hosts), default=0)
    shown = [f"{host.host:<{width}}  {host.release or '-':<24}  {host.outcome}" for host in report.hosts]
    taken = ", ".join(report.from_process)
    return [*shown, *([f"from the process environment: {taken}"] if taken else [])]


def timing_lines(report: Report) -> list[str]:
    """Where the time went: each step on each host, working and waiting."""
    return [
        f"{step.step:<18}{step.host or 'here':<24}{step.seconds:8.3f} s  of which on the wire {step.waited:.3f} s"
        for step in report.steps
    ]
