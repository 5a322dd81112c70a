"""Options of the tasks, read into values."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..output import console

if TYPE_CHECKING:
    from ..config.environment import Environment
    from ..recipe.plan import Plan
    from ..recipe.recipe import Recipe
    from ..report import Report
    from ..ssh.route import SshOptions


def listed(values: Iterable[str] | None) -> tuple[str, ...]:
    """The names of a repeated option, each of which may hold several between commas (not those of `web[1,3]`)."""
    return tuple(name for value in values or () for name in between_commas(value) if name)


def between_commas(value: str) -> Iterator[str]:
    """The parts of a list; a comma in brackets is a part of its name."""
    waiting: list[str] = []
    opened = 0
    for part in value.split(","):
        waiting.append(part)
        opened += part.count("[") - part.count("]")
        if opened <= 0:
            yield ",".join(waiting)
            waiting, opened = [], 0
    yield ",".join(waiting)


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


def refuse_report_file(path: str) -> None:
    """Raises UsageError for a `--report` file that could not be written, before anything begins.

    What a former run left there goes, so that nobody takes it for the report of this one.
    """
    if path:
        from ..output.report_file import form_of

        form_of(path)
        if Path(path).is_file() and not Path(path).is_symlink():
            Path(path).unlink()


def remembered(plan: Plan, report: Report) -> Report:
    """The report, whose releases are kept for completion."""
    from ..commands.seen_releases import remember

    remember(os.environ, plan.environment.root, report)
    return report


def is_dry(context: Any, dry_run: bool) -> bool:
    """Whether nothing may change: our own option, or fab's --dry / -R."""
    return dry_run or bool(context.config.run.dry)


def refuse_dry(context: Any, command: str) -> None:
    """Raises UsageError under fab's --dry / -R: a command without a dry run must not do the real thing."""
    if is_dry(context, False):
        raise UsageError(f"{command}: has no dry run; leave out --dry (-R)")


def confirm(
    environment: Environment, what: str, yes: bool, summary: Callable[[], Iterable[str]] = tuple
) -> None:
    """Ask before changing an environment that wants it (DEPLOY_CONFIRM).
    On a terminal the `summary` of what it would bring is shown before. Raises UsageError when the answer is not yes.
    """
    if yes or not environment.settings.confirm:
        return
    if console.answers():
        for line in summary():
            console.trouble(line)
    hosts = ", ".join(host.name for host in environment.hosts)
    answer = console.ask(f"{what} {environment.name} on {hosts}?")
    if answer is None:
        raise UsageError(
            f"{environment.name}: wants a confirmation (DEPLOY_CONFIRM) and there is no terminal; add --yes"
        )
    if not answer:
        raise UsageError(f"{environment.name}: not confirmed; nothing was changed")
