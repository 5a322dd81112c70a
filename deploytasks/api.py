"""The Python API of scripted releases: values in, values out; nothing is printed and nothing exits."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from .commands import releases as past
from .commands import rollback as back
from .commands import status as present
from .commands.deploy import execute
from .commands.planning import PLAIN, plan_command, plan_deploy
from .commands.preview import preview
from .config import loading
from .config.environment import Environment
from .config.project import find_project
from .hosts.observer import Observer
from .recipe.plan import Options
from .report import Report
from .ssh.route import SshOptions

__all__ = ["execute", "load_environment", "plan_deploy", "preview", "releases", "rollback", "status"]


def load_environment(
    name: str, *, root: Path | None = None, process: Mapping[str, str] | None = None
) -> Environment:
    """The environment `name` of the project at `root` (default: found from the working directory upwards).

    `process` stands for the process environment (default: os.environ); only keys named in DEPLOY_FROM_PROCESS are taken
    from it. Raises UsageError for an unknown name, ConfigurationError with every problem of every layer at once.
    """
    place = root if root is not None else find_project(Path.cwd())
    return loading.load_environment(name, root=place, process=os.environ if process is None else process)


def rollback(
    environment: Environment,
    *,
    to: str | None = None,
    limit: Sequence[str] = (),
    options: Options = PLAIN,
    ssh: SshOptions | None = None,
    observer: Observer | None = None,
) -> Report:
    """Flip the hosts of `environment` back to the previous good release, or to the release id `to`."""
    plan = plan_command(environment, "rollback", limit=limit, options=options, ssh=ssh)
    return back.rollback(plan, to=to, observer=observer)


def status(
    environment: Environment,
    *,
    limit: Sequence[str] = (),
    ssh: SshOptions | None = None,
    observer: Observer | None = None,
) -> Report:
    """What every host of `environment` serves now; exit code 6 when they disagree."""
    return present.status(plan_command(environment, "status", limit=limit, ssh=ssh), observer=observer)


def releases(
    environment: Environment,
    *,
    limit: Sequence[str] = (),
    ssh: SshOptions | None = None,
    observer: Observer | None = None,
) -> Report:
    """Every release on the hosts of `environment`, newest first, and the history."""
    return past.releases(plan_command(environment, "releases", limit=limit, ssh=ssh), observer=observer)
