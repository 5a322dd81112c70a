"""Plans are made here: git, clock and user are read once, and everything that can be refused is refused."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .. import source
from ..config.environment import Environment
from ..errors import UsageError
from ..hosts import lock
from ..recipe.default import DEFAULT
from ..recipe.plan import Identity, Options, Plan, limited
from ..recipe.recipe import Recipe
from .changing.transaction import utc_now

if TYPE_CHECKING:
    from ..ssh.route import SshOptions


PLAIN = Options()


@dataclass(frozen=True)
class Caller:
    """Who runs this, on which machine; read from the operating system unless given."""

    user: str
    machine: str
    process: Mapping[str, str]

    @classmethod
    def here(cls) -> Caller:
        return cls(user_name(), socket.gethostname(), os.environ)


def user_name() -> str:
    """The user's name, or number where this machine has none for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def plan_deploy(
    environment: Environment,
    *,
    recipe: Recipe = DEFAULT,
    revision: str = "HEAD",
    limit: Sequence[str] = (),
    skip: Sequence[str] = (),
    options: Options = PLAIN,
    ssh: SshOptions | None = None,
    caller: Caller | None = None,
    now: datetime | None = None,
) -> Plan:
    """Decide a deploy of `revision` (any git ref; default HEAD) to `environment`; contacts no host.

    `limit` names hosts, `skip` steps. Raises UsageError for an unknown revision, host or step, a revision outside
    DEPLOY_BRANCH, or `limit` without the primary host while a migration is configured.
    """
    found = source.resolve_revision(environment.root, revision)
    source.refuse_reserved(environment.root, found.commit)
    if environment.settings.branch:
        source.check_branch(environment.root, found.commit, environment.settings.branch)
    chosen = recipe.without(*skip)
    hosts = limited(environment.hosts, limit)
    migrates = environment.settings.migrate and any(step.changes_schema for step in chosen)
    if migrates and not any(host.primary for host in hosts):
        raise UsageError(
            f"--limit: leaves out the primary host {environment.primary.name}, where DEPLOY_MIGRATE runs; "
            "add it, or --skip=migrate"
        )
    moment = now or utc_now()
    identity = identify(environment, "deploy", found.commit, caller or Caller.here())
    return Plan(
        environment,
        chosen,
        found,
        hosts,
        identity,
        options,
        "deploy",
        ssh,
        moment.isoformat(timespec="seconds"),
    )


def plan_check(
    environment: Environment,
    *,
    recipe: Recipe = DEFAULT,
    limit: Sequence[str] = (),
    ssh: SshOptions | None = None,
) -> Plan:
    """The plan of a check: what a deploy of HEAD would do, on any of the hosts."""
    skip = tuple(step.name for step in recipe if step.changes_schema)
    return replace(plan_deploy(environment, recipe=recipe, limit=limit, skip=skip, ssh=ssh), command="check")


def plan_command(
    environment: Environment,
    command: str,
    *,
    limit: Sequence[str] = (),
    recipe: Recipe = DEFAULT,
    options: Options = PLAIN,
    ssh: SshOptions | None = None,
    caller: Caller | None = None,
    now: datetime | None = None,
) -> Plan:
    """The plan of a command that ships nothing (rollback, prune, status, …)."""
    moment = now or utc_now()
    identity = identify(environment, command, None, caller or Caller.here())
    hosts = limited(environment.hosts, limit)
    return Plan(
        environment,
        recipe,
        None,
        hosts,
        identity,
        options,
        command,
        ssh,
        moment.isoformat(timespec="seconds"),
    )


def identify(environment: Environment, command: str, revision: str | None, caller: Caller) -> Identity:
    """Who this run is, for the lock, the history and the owner file."""
    run_id = uuid.uuid4().hex
    holder = lock.run_holder(
        user=caller.user,
        machine=caller.machine,
        process=caller.process,
        run_id=run_id,
        revision=revision,
        reason=f"{command} to {environment.name}",
    )
    return Identity(caller.user, caller.machine, run_id, owner(environment), holder)


def owner(environment: Environment) -> dict[str, Any]:
    """To whom a DEPLOY_PATH belongs: the project, by its first commits and its origin, and the environment.

    Clones of one project share an identity whatever their directory is called.
    """
    return {
        "project": environment.root.name,
        "environment": environment.name,
        "identities": list(source.identities(environment.root)),
    }
