"""Tasks for vendored dependencies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import FAILED, OK
from .entry import entry, task
from .options import environment_of, listed

NAME = "only these dependencies: names with commas, or repeat the option"
JSON = "print one JSON document on stdout instead of text"
LOCAL = "allow submodule URLs that are paths of this machine, as DEPLOY_VENDOR_LOCAL_URLS=yes does"


def project() -> Path:
    """The project that the working directory is in."""
    from ..config.project import find_project

    return find_project(Path.cwd())


def local_urls_allowed(allowed: bool) -> bool:
    """Whether any environment of the project allows local submodule URLs; updating ships nothing."""
    from ..config.layers import environment_names
    from ..config.loading import load_environment
    from ..errors import UsageError

    for name in () if allowed else environment_names(project()):
        try:
            allowed = (
                allowed
                or load_environment(name, root=project(), process=os.environ).settings.vendor_local_urls
            )
        except UsageError:
            continue  # env.check is where a broken environment is told
    return allowed


@task(
    iterable=["name", "discard"],
    help={
        "name": NAME,
        "remote": "move the pins to the tip of the tracked branch, or the newest tag that matches `track`",
        "to": "move the pin of the one named dependency to this ref",
        "commit": "commit the moved pins; nothing is pushed",
        "dry-run": "only say what would move",
        "discard": "throw away the local edits of these dependencies",
        "local-urls": LOCAL,
        "json": JSON,
    },
)
@entry("vendor.update")
def update(
    c: Any,
    name: Any = None,
    remote: bool = False,
    to: str = "",
    commit: bool = False,
    dry_run: bool = False,
    discard: Any = None,
    local_urls: bool = False,
    json: bool = False,
) -> int:
    """Bring the work trees under vendor/ to their pins, or move the pins."""
    from ..output import console, vendored
    from ..vendored.goal import Move
    from ..vendored.update import update as bring

    outcomes = bring(
        project(),
        names=listed(name),
        move=Move(remote, to or None),
        commit=commit,
        dry_run=dry_run,
        discard=listed(discard),
        local_urls=local_urls_allowed(local_urls),
    )
    code = FAILED if any(one.problem for one in outcomes) else OK
    if json:
        return console.document(
            [
                {
                    "path": one.path,
                    "commit": one.commit,
                    "problem": one.problem or None,
                    "change": one.change.document() if one.change else None,
                }
                for one in outcomes
            ],
            code,
        )
    vendored.updated(outcomes, committed=commit and not dry_run)
    return code


@task(help={"ignored": "count ignored files too", "json": JSON})
@entry("vendor.status")
def status(c: Any, ignored: bool = False, json: bool = False) -> int:
    """Show where every vendored dependency stands, a line each."""
    from ..output import console
    from ..vendored.status import status as known

    found = known(project(), ignored=ignored)
    if json:
        return console.document([one.document() for one in found])
    console.results(map(str, found))
    return OK


@task(
    help={
        "env": "environment whose policy and source mode apply (default: pushed pins, and the work trees too)",
        "revision": "git revision to judge (default HEAD)",
        "json": JSON,
    }
)
@entry("vendor.check")
def check(c: Any, env: str = "", revision: str = "HEAD", json: bool = False) -> int:
    """Judge the vendored dependencies as the gate of a deploy does; exit 1 with findings, 2 when it cannot."""
    from ..errors import UsageError
    from ..git import GitFailed
    from ..output import console
    from ..source import resolve_revision
    from ..vendored import gate

    settings = environment_of(env).settings if env else None
    try:
        passed = gate(
            project(),
            resolve_revision(project(), revision).commit,
            source=settings.source if settings else "worktree",
            policy=settings.vendor_policy if settings else "pushed",
            local_urls=settings.vendor_local_urls if settings else local_urls_allowed(False),
            allow_dirty=settings.allow_dirty if settings else False,
        )
    except GitFailed as failure:
        raise UsageError(str(failure)) from failure
    code = FAILED if passed.findings else OK
    if json:
        return console.document(
            {
                "findings": [
                    {"dependency": one.dependency, "what": one.what, "cure": one.cure}
                    for one in passed.findings
                ],
                "notes": list(passed.notes),
            },
            code,
        )
    console.results((*map(str, passed.findings), *passed.notes))
    return code


@task(iterable=["name"], help={"name": NAME, "local-urls": LOCAL, "json": JSON})
@entry("vendor.outdated")
def outdated(c: Any, name: Any = None, local_urls: bool = False, json: bool = False) -> int:
    """Ask the servers what is newer than the pins, without fetching."""
    from ..output import console
    from ..vendored.outdated import outdated as known

    found = known(project(), listed(name), local_urls=local_urls_allowed(local_urls))
    code = FAILED if any(one.problem for one in found) else OK
    if json:
        return console.document([one.document() for one in found], code)
    console.results(map(str, found))
    return code


@task(iterable=["name"], help={"name": NAME, "json": JSON})
@entry("vendor.diff")
def diff(c: Any, name: Any = None, json: bool = False) -> int:
    """Show the commits between the committed pins and the work trees."""
    from ..output import console
    from ..vendored.outdated import moved

    found = moved(project(), listed(name))
    if json:
        return console.document([one.document() for one in found])
    console.results(line for one in found for line in one.lines())
    return OK


@task(
    positional=["url"],
    help={
        "url": "URL of the repository",
        "name": "directory below vendor/ (default: from the URL)",
        "track": "branch that it follows, or a tag pattern such as 'v*'",
        "local-urls": LOCAL,
    },
)
@entry("vendor.add")
def add(c: Any, url: Any = None, name: str = "", track: str = "", local_urls: bool = False) -> None:
    """Add a private dependency as a submodule under vendor/."""
    from ..output import console
    from ..vendored.add_move_remove import add as put

    path = put(project(), url or "", name=name, track=track, local_urls=local_urls_allowed(local_urls))
    console.result(f"added {path}; next: `git commit`")


@task(help={"name": "the dependency", "discard": "remove it although it has local edits"})
@entry("vendor.remove")
def remove(c: Any, name: str = "", discard: bool = False) -> None:
    """Remove a dependency, leaving nothing behind, so that its name can be used again."""
    from ..output import console
    from ..vendored.add_move_remove import remove as take_out

    console.result(f"removed {take_out(project(), name, discard=discard)}; next: `git commit`")


@task(help={"name": "the dependency", "url": "where it is fetched from, from now on", "local-urls": LOCAL})
@entry("vendor.move")
def move(c: Any, name: str = "", url: str = "", local_urls: bool = False) -> None:
    """Fetch a dependency from another URL, here and for everybody."""
    from ..output import console
    from ..vendored.add_move_remove import move as point

    path = point(project(), name, url, local_urls=local_urls_allowed(local_urls))
    console.result(f"{path} is fetched from {url} now; next: `git commit`")
