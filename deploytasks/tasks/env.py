"""Tasks that show and check environments; none contacts a host unless asked to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .entry import entry, task

if TYPE_CHECKING:
    from ..config.loading import Draft


ENV = "environment: the name of a file environments/<env>.env"
JSON = "print one JSON document on stdout instead of text"


def project() -> Path:
    """The project that the working directory is in."""
    from ..config.project import find_project

    return find_project(Path.cwd())


def draft_of(name: str) -> Draft:
    """The environment `name` as it is written. Raises UsageError when it is none."""
    from ..config.loading import draft

    return draft(name, project(), os.environ)


def sound(name: str) -> Draft:
    """The environment `name`. Raises ConfigurationError with all that is wrong in it."""
    found = draft_of(name)
    found.environment()
    return found


def fingerprint_key() -> bytes:
    """This user's key for masks."""
    from ..config.mask import user_key

    return user_key(os.environ)


def every(name: str) -> tuple[str, ...]:
    """`name`, or without one every environment of the project. Raises UsageError when there is none."""
    from ..config.layers import environment_names, require_name

    if name or not environment_names(project()):
        require_name(name, project())
    return (name,) if name else environment_names(project())


@task(name="list", help={"json": JSON})
@entry("env.list")
def list_(c: Any, json: bool = False) -> int:
    """List the environments with their hosts."""
    from ..output.environments import listing

    return listing([draft_of(name) for name in every("")], as_json=json)


@task(help={"env": ENV, "json": JSON})
@entry("env.show")
def show(c: Any, env: str = "", json: bool = False) -> int:
    """Show every key with its value, or a mask, and where it came from."""
    from ..output.environments import shown

    return shown(sound(env), fingerprint_key(), as_json=json)


@task(help={"env": f"{ENV} (default: all of them)", "json": JSON})
@entry("env.check")
def check(c: Any, env: str = "", json: bool = False) -> int:
    """Find everything that is wrong in the environments; exit 1 when there is anything."""
    from ..config.entries import unread
    from ..output.environments import checked

    return checked([draft_of(name) for name in every(env)], () if env else unread(project()), as_json=json)


@task(
    positional=["a", "b"],
    help={
        "a": "the one environment",
        "b": "the other environment",
        "json": JSON,
        "remote": "compare with what runs on the hosts of B (which may be A), and find what was edited there",
    },
)
@entry("env.diff")
def diff(c: Any, a: Any = None, b: Any = None, remote: bool = False, json: bool = False) -> int:
    """Compare two environments: missing and extra keys, other values and types, equal secrets."""
    from ..output.environments import compared

    if remote:
        return diff_remote(c, a, b, json)
    return compared(sound(a), sound(b), fingerprint_key(), as_json=json)


def diff_remote(c: Any, a: str, b: str, as_json: bool) -> int:
    """Compare what is written as `a` with what the hosts of `b` serve."""
    from ..commands.planning import plan_command
    from ..commands.remote_settings import served_environments
    from ..output.environments import on_hosts
    from .options import ssh_of

    plan = plan_command(sound(b).environment(), "env.diff", ssh=ssh_of(c))
    return on_hosts(a, b, served_environments(plan, sound(a).variables), as_json=as_json)


@task(
    positional=["key"],
    help={"key": "the key to explain", "env": f"{ENV} (default: all of them)", "json": JSON},
)
@entry("env.explain")
def explain(c: Any, key: Any = None, env: str = "", json: bool = False) -> int:
    """Show where a key's value comes from, and what it won over."""
    from ..output.environments import explained

    return explained([draft_of(name) for name in every(env)], key, fingerprint_key(), as_json=json)
