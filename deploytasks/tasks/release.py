"""Tasks that change or show releases. Each is a sentence: parse, plan, show, execute, exit."""

from __future__ import annotations

from typing import Any

from ..output.report import show
from ..output.watcher import watching
from .entry import entry, task
from .options import (
    confirm,
    environment_of,
    is_dry,
    listed,
    recipe_of,
    refuse_dry,
    refuse_report_file,
    remembered,
    ssh_of,
)

ENV = "environment to work on: the name of a file environments/<env>.env"
LIMIT = "only these hosts: names with commas, or repeat the option"
REPORT = "also write the report to this file: .html, .md or .json"
JSON = "print one JSON document on stdout instead of text"
YES = "answer the confirmation of DEPLOY_CONFIRM with yes"


@task(
    iterable=["limit", "skip"],
    help={
        "env": ENV,
        "revision": "git revision to deploy (default HEAD)",
        "limit": LIMIT,
        "skip": "leave out these steps: names with commas, or repeat the option",
        "dry-run": "plan only, change nothing",
        "yes": YES,
        "json": JSON,
        "wait-lock": "seconds to wait for another run's lock (default 0)",
        "allow-dirty": "let local edits and moved or unpushed pins pass; the release is marked dirty",
        "fresh": "the services are new: wait for a missing database until the deadline",
        "timings": "show where the time went, step by step and host by host",
        "report": REPORT,
    },
)
@entry("deploy")
def deploy(
    c: Any,
    env: str = "",
    revision: str = "HEAD",
    limit: Any = None,
    skip: Any = None,
    dry_run: bool = False,
    yes: bool = False,
    json: bool = False,
    wait_lock: float = 0.0,
    allow_dirty: bool = False,
    fresh: bool = False,
    timings: bool = False,
    report: str = "",
) -> int:
    """Deploy a revision to every host of an environment."""
    from ..commands.deploy import execute
    from ..commands.planning import plan_deploy
    from ..commands.preview import preview
    from ..output.preview import lines
    from ..recipe.plan import Options

    refuse_report_file(report)
    options = Options(fresh=fresh, wait_lock=wait_lock, allow_dirty=allow_dirty)
    plan = plan_deploy(
        environment_of(env),
        recipe=recipe_of(c),
        revision=revision,
        limit=listed(limit),
        skip=listed(skip),
        options=options,
        ssh=ssh_of(c),
    )
    if is_dry(c, dry_run):
        return show(preview(plan, steps=True), as_json=json, lines=lines, file=report)
    confirm(plan.environment, "Deploy to", yes, lambda: lines(preview(plan)))
    with watching() as watcher:
        done = execute(plan, observer=watcher)
    return show(remembered(plan, done), as_json=json, timings=timings, file=report)


@task(
    iterable=["limit"],
    help={
        "env": ENV,
        "revision": "git revision to compare (default HEAD)",
        "limit": LIMIT,
        "json": JSON,
        "report": REPORT,
    },
)
@entry("plan")
def plan(
    c: Any, env: str = "", revision: str = "HEAD", limit: Any = None, json: bool = False, report: str = ""
) -> int:
    """Show what a deploy would bring; exit 0 for nothing to do, 10 for changes pending."""
    from ..commands.planning import plan_deploy
    from ..commands.preview import preview
    from ..output.preview import lines

    refuse_report_file(report)
    found = plan_deploy(
        environment_of(env), recipe=recipe_of(c), revision=revision, limit=listed(limit), ssh=ssh_of(c)
    )
    return show(preview(found), as_json=json, lines=lines, file=report)


@task(
    iterable=["limit"],
    help={
        "env": ENV,
        "to": "release id to go back to (default: the previous good one)",
        "limit": LIMIT,
        "yes": YES,
        "json": JSON,
        "wait-lock": "seconds to wait for another run's lock (default 0)",
        "report": REPORT,
    },
)
@entry("rollback")
def rollback(
    c: Any,
    env: str = "",
    to: str | None = None,
    limit: Any = None,
    yes: bool = False,
    json: bool = False,
    wait_lock: float = 0.0,
    report: str = "",
) -> int:
    """Flip every host back to the previous good release."""
    from ..commands.planning import plan_command
    from ..commands.rollback import rollback as roll_back
    from ..recipe.plan import Options

    refuse_report_file(report)
    options = Options(wait_lock=wait_lock)
    found = plan_command(environment_of(env), "rollback", limit=listed(limit), options=options, ssh=ssh_of(c))
    refuse_dry(c, "rollback")
    confirm(found.environment, "Roll back", yes)
    with watching() as watcher:
        done = roll_back(found, to=to, observer=watcher)
    return show(remembered(found, done), as_json=json, file=report)


@task(iterable=["limit"], help={"env": ENV, "limit": LIMIT, "json": JSON})
@entry("releases")
def releases(c: Any, env: str = "", limit: Any = None, json: bool = False) -> int:
    """List the releases on the hosts, newest first, and who did what when."""
    from ..commands.planning import plan_command
    from ..commands.releases import releases as known
    from ..output.releases import lines

    found = plan_command(environment_of(env), "releases", limit=listed(limit), ssh=ssh_of(c))
    return show(remembered(found, known(found)), as_json=json, lines=lines)


@task(iterable=["limit"], help={"env": ENV, "limit": LIMIT, "json": JSON})
@entry("ps")
def ps(c: Any, env: str = "", limit: Any = None, json: bool = False) -> int:
    """Show the processes of every host; exit 6 when one is missing, failed, or of another release than current."""
    from ..commands.planning import plan_command
    from ..commands.ps import ps as processes
    from ..output.ps import lines

    found = plan_command(environment_of(env), "ps", limit=listed(limit), ssh=ssh_of(c))
    return show(processes(found), as_json=json, lines=lines)


@task(iterable=["limit"], help={"env": ENV, "limit": LIMIT, "json": JSON})
@entry("status")
def status(c: Any, env: str = "", limit: Any = None, json: bool = False) -> int:
    """Show what every host serves now; exit 6 when they disagree."""
    from ..commands.planning import plan_command
    from ..commands.status import status as known
    from ..output.status import lines

    found = plan_command(environment_of(env), "status", limit=listed(limit), ssh=ssh_of(c))
    return show(remembered(found, known(found)), as_json=json, lines=lines)
