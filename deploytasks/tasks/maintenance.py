"""Tasks around a release: check, prune, postinstall, run, logs, lock and unlock."""

from __future__ import annotations

from typing import Any

from ..output.report import show
from ..output.watcher import watching
from .entry import entry, task
from .options import confirm, environment_of, listed, recipe_of, refuse_dry, ssh_of
from .release import ENV, JSON, LIMIT, YES

CHANGING = ("prune", "postinstall", "run", "lock", "unlock")


def planned(c: Any, command: str, env: str, limit: Any, wait_lock: float = 0.0) -> Any:
    """The plan of a command that ships nothing."""
    from ..commands.planning import plan_command
    from ..recipe.plan import Options

    if command in CHANGING:
        refuse_dry(c, command)
    options = Options(wait_lock=wait_lock)
    return plan_command(environment_of(env), command, limit=listed(limit), options=options, ssh=ssh_of(c))


@task(iterable=["limit"], help={"env": ENV, "limit": LIMIT, "json": JSON})
@entry("check")
def check(c: Any, env: str = "", limit: Any = None, json: bool = False) -> int:
    """Find everything that would fail a deploy, before anything changes; each finding with its cure."""
    from ..commands.check.check import check as find_obstacles
    from ..commands.planning import plan_check
    from ..output import console
    from ..output.check import lines

    plan = plan_check(environment_of(env), recipe=recipe_of(c), limit=listed(limit), ssh=ssh_of(c))
    report = find_obstacles(plan)
    for note in report.notes:
        console.trouble(f"note    {note}")
    return show(report, as_json=json, lines=lines)


@task(iterable=["limit"], help={"env": ENV, "limit": LIMIT, "yes": YES, "json": JSON})
@entry("prune")
def prune(c: Any, env: str = "", limit: Any = None, yes: bool = False, json: bool = False) -> int:
    """Retire old and failed releases now, beyond DEPLOY_KEEP_RELEASES."""
    from ..commands.prune import prune as retire

    plan = planned(c, "prune", env, limit)
    confirm(plan.environment, "Prune", yes)
    with watching() as watcher:
        report = retire(plan, observer=watcher)
    return show(report, as_json=json)


@task(help={"env": ENV, "json": JSON})
@entry("backups")
def backups(c: Any, env: str = "", json: bool = False) -> int:
    """List the backups on the primary host, newest first, with the line that would restore each."""
    from ..commands.backups import backups as listed_backups
    from ..output.backups import lines

    return show(listed_backups(planned(c, "backups", env, None)), as_json=json, lines=lines)


@task(iterable=["limit"], help={"env": ENV, "limit": LIMIT, "yes": YES, "json": JSON})
@entry("postinstall")
def postinstall(c: Any, env: str = "", limit: Any = None, yes: bool = False, json: bool = False) -> int:
    """Run the postinstall step alone, in current."""
    from ..commands.prune import postinstall as run_again

    plan = planned(c, "postinstall", env, limit)
    confirm(plan.environment, "Run postinstall on", yes)
    with watching() as watcher:
        report = run_again(plan, observer=watcher)
    return show(report, as_json=json)


@task(
    positional=["command"],
    iterable=["limit"],
    help={"command": "the command, quoted as one word", "env": ENV, "limit": LIMIT},
)
@entry("run")
def run(c: Any, command: Any = None, env: str = "", limit: Any = None) -> int:
    """Run a command in current on the hosts, with its environment; the exit code is passed on."""
    from ..commands.run import run as run_everywhere
    from ..output.printer import Printer

    code, _ = run_everywhere(
        planned(c, "run", env, limit), refuse_option(command or "", "run"), observer=Printer()
    )
    return code


@task(iterable=["limit"], help={"env": ENV, "limit": LIMIT})
@entry("logs")
def logs(c: Any, env: str = "", limit: Any = None) -> int:
    """Show what DEPLOY_LOGS names on the hosts."""
    from ..commands.run import logs as show_logs
    from ..output.printer import Printer

    code, _ = show_logs(planned(c, "logs", env, limit), observer=Printer())
    return code


@task(iterable=["limit"], help={"env": ENV, "message": "why nothing may be deployed now", "limit": LIMIT})
@entry("lock")
def lock(c: Any, env: str = "", message: str = "", limit: Any = None) -> int:
    """Freeze an environment by hand, until it is unlocked."""
    from ..commands.lock import freeze

    return show(freeze(planned(c, "lock", env, limit), message), as_json=False)


@task(iterable=["limit"], help={"env": ENV, "limit": LIMIT, "yes": "break the lock without asking"})
@entry("unlock")
def unlock(c: Any, env: str = "", limit: Any = None, yes: bool = False) -> int:
    """Show who holds the lock, and break it when you say so."""
    from ..commands.lock import break_locks, holders
    from ..hosts.lock import describe
    from ..output import console

    plan = planned(c, "unlock", env, limit)
    held = {host: holder for host, holder in holders(plan).items() if holder}
    for host, holder in held.items():
        console.result(f"{host.name}: {describe(holder.said)}")
    if not held:
        console.result("no host is locked")
        return 0
    ask("Break the lock?", yes)
    return show(break_locks(plan, held), as_json=False)


def ask(question: str, yes: bool) -> None:
    """Raises UsageError unless the answer is yes."""
    from ..errors import UsageError
    from ..output import console

    answer = True if yes else console.ask(question)
    if answer is None:
        raise UsageError("unlock: there is no terminal to ask on; add --yes")
    if not answer:
        raise UsageError("unlock: left as it is")


def refuse_option(value: str, task_name: str) -> str:
    """A positional that begins with `-` is a mistyped option. Raises UsageError."""
    from ..errors import UsageError

    if value.startswith("-"):
        raise UsageError(f"{task_name}: {value!r} is no option of this task; see `fab --help {task_name}`")
    return value
