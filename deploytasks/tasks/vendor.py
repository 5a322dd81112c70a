"""Tasks for vendored dependencies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invoke.tasks import task

from .entry import entry
from .session import environment_of, listed

NAME = "only these dependencies: names with commas, or repeat the option"
JSON = "print one JSON document on stdout instead of text"
LOCAL = "allow submodule URLs that are paths of this machine, as DEPLOY_VENDOR_LOCAL_URLS=yes does"


def project() -> Path:
    """The project that the working directory is in."""
    from ..project import find_project

    return find_project(Path.cwd())


def local_urls_allowed(allowed: bool) -> bool:
    """Whether any environment of the project allows local submodule URLs; updating ships nothing."""
    from ..environment import load_environment
    from ..errors import UsageError
    from ..layers import environment_names

    for name in () if allowed else environment_names(project()):
        try:
            allowed = allowed or load_environment(name, root=project()).settings.vendor_local_urls
        except UsageError:
            continue  # env.check is where a broken environment is told
    return allowed


@task(iterable=["name", "discard"], help={
    "name": NAME, "remote": "move the pins to the tip of the tracked branch, or the newest tag that matches `track`",
    "to": "move the pin of the one named dependency to this ref", "commit": "commit the moved pins; nothing is pushed",
    "dry-run": "only say what would move", "discard": "throw away the local edits of these dependencies",
    "local-urls": LOCAL, "json": JSON,
})
@entry("vendor.update")
def update(
    c: Any, name: Any = None, remote: bool = False, to: str = "", commit: bool = False, dry_run: bool = False,
    discard: Any = None, local_urls: bool = False, json: bool = False,
) -> int:
    """Bring the work trees under vendor/ to their pins, or move the pins."""
    from .. import console
    from ..vendor.update import Move
    from ..vendor.update import update as bring

    outcomes = bring(project(), names=listed(name), move=Move(remote, to or None), commit=commit, dry_run=dry_run,
                     discard=listed(discard), local_urls=local_urls_allowed(local_urls))
    if json:
        console.document([{"path": one.path, "commit": one.commit, "problem": one.problem or None,
                           "change": one.change.document() if one.change else None} for one in outcomes])
    else:
        console.updated(outcomes, committed=commit and not dry_run)
    return 1 if any(one.problem for one in outcomes) else 0


@task(help={"ignored": "count ignored files too", "json": JSON})
@entry("vendor.status")
def status(c: Any, ignored: bool = False, json: bool = False) -> None:
    """Show where every vendored dependency stands, a line each."""
    from .. import console
    from ..vendor.status import status as known

    found = known(project(), ignored=ignored)
    if json:
        console.document([one.document() for one in found])
        return
    for one in found:
        console.result(str(one))


@task(help={"env": "environment whose policy and source mode apply (default: commit mode, pushed pins)",
            "revision": "git revision to judge (default HEAD)", "json": JSON})
@entry("vendor.check")
def check(c: Any, env: str = "", revision: str = "HEAD", json: bool = False) -> int:
    """Judge the vendored dependencies as the gate of a deploy does; exit 1 with findings."""
    from .. import console
    from ..vendor import gate

    settings = environment_of(env).settings if env else None
    rules = {"source": settings.source, "policy": settings.vendor_policy, "local_urls": settings.vendor_local_urls,
             "allow_dirty": settings.allow_dirty} if settings else {"source": "worktree"}
    passed = gate(project(), revision, **rules)
    if json:
        console.document({"findings": [{"dependency": one.dependency, "what": one.what, "cure": one.cure}
                                       for one in passed.findings], "notes": list(passed.notes)})
    else:
        for line in (*map(str, passed.findings), *passed.notes):
            console.result(line)
    return 1 if passed.findings else 0
