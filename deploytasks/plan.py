"""Plan: everything decided here before a host is contacted; StepContext: what a step's builder may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .config.environment import Environment, Host
from .errors import UsageError
from .layout import Layout
from .operation import Operation, execute
from .recipe import Recipe, Step
from .shell import Command

if TYPE_CHECKING:
    from .packages import Bundle
    from .source import Revision, Tree
    from .ssh.route import SshOptions


@dataclass(frozen=True)
class Options:
    """What the command line adds to the configuration."""

    fresh: bool = False
    """The services are new: a missing database is waited for until the deadline."""
    wait_lock: float = 0.0
    """Seconds to wait for another run's lock; a manual freeze is never waited for."""
    allow_dirty: bool = False


@dataclass(frozen=True)
class Identity:
    """Who deploys, from where, and which project this is; read once at the edge."""

    who: str
    machine: str
    run_id: str
    owner: Mapping[str, Any]
    holder: Mapping[str, Any]
    """The lock's holder, as deploytasks.lock writes it."""


@dataclass(frozen=True)
class Plan:
    """A deploy decided: environment, revision, recipe, hosts."""

    environment: Environment
    recipe: Recipe
    revision: Revision | None
    """None for commands that ship nothing."""
    hosts: tuple[Host, ...]
    identity: Identity
    options: Options = Options()
    command: str = "deploy"
    ssh: SshOptions | None = None
    """Fabric's core options, as they were given on the command line."""
    started: str = ""
    """UTC, ISO 8601."""

    @property
    def layout(self) -> Layout:
        return Layout.of(self.environment)


@dataclass(frozen=True)
class Built:
    """What the local steps made: the tree to ship, and what the install needs beside it."""

    tree: Tree
    bundle: Bundle
    dirty: bool = False


@dataclass(frozen=True)
class StepContext:
    """One host's view of the plan while a step is built."""

    plan: Plan
    host: Host
    release: str
    built: Built | None = None
    inventory: Mapping[str, Any] = field(default_factory=dict)
    """What the host said it has, read under the lock (see remote/inventory.py)."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What it said of its interpreter and its installers (see remote/install.py)."""
    previous: str | None = None
    """The release that this host serves while the deploy begins."""

    @property
    def environment(self) -> Environment:
        return self.plan.environment

    @property
    def layout(self) -> Layout:
        return self.plan.layout

    @property
    def key(self) -> str:
        """The name of the release's environment on this host."""
        assert self.built is not None
        return self.built.bundle.key(self.facts)

    @property
    def primary(self) -> bool:
        return self.host.primary

    @property
    def role(self) -> str:
        return self.host.roles[0] if self.host.roles else "app"

    def variables(self, role: str | None = None) -> dict[str, str]:
        """The DEPLOYTASKS_ variables of remote steps; the revision of a release from before is known by its host.

        `role` is the one of the host's roles that a step works for, by default the first.
        """
        revision = {"DEPLOYTASKS_REVISION": self.built.tree.revision.commit} if self.built else {}
        return {
            **revision,
            "DEPLOYTASKS_ENVIRONMENT": self.environment.name,
            "DEPLOYTASKS_RELEASE": self.release,
            "DEPLOYTASKS_HOST": self.host.name,
            "DEPLOYTASKS_ROLE": role or self.role,
            "DEPLOYTASKS_PRIMARY": "yes" if self.primary else "no",
        }

    def in_release(
        self, run: Command, *, step: str, changing: bool = True, role: str | None = None, **more: Any
    ) -> Operation:
        """Run a command in the release: its directory, its `.venv/bin` first on PATH, its environment, empty stdin."""
        place = self.layout.release(self.release)
        timeout = self.environment.settings.step_timeout
        return execute(
            run,
            step=step,
            changing=changing,
            cwd=str(place),
            env=self.variables(role),
            timeout=timeout,
            bin=str(place / ".venv" / "bin"),
            **more,
        )


def limited(hosts: Sequence[Host], names: Sequence[str]) -> tuple[Host, ...]:
    """The hosts that `--limit` names (by full name or address); all of them when it names none.

    Raises UsageError for a name that is none of the environment's hosts.
    """
    unknown = [name for name in names if not any(name in (host.name, host.address) for host in hosts)]
    if unknown:
        known = ", ".join(host.name for host in hosts)
        raise UsageError(f"--limit: {unknown[0]!r} is no host of this environment; its hosts are {known}")
    return tuple(host for host in hosts if not names or host.name in names or host.address in names)


def applies(step: Step, host: Host) -> bool:
    """Whether a step runs on a host, by its scope and roles."""
    if step.scope == "primary-host" and not host.primary:
        return False
    return step.scope != "local" and (not step.roles or bool(set(step.roles) & set(host.roles)))


def batches(hosts: Sequence[Host], size: str) -> tuple[tuple[Host, ...], ...]:
    """Hosts in the order written, cut as DEPLOY_BATCH says: a number, a percentage (rounded up), or `all`."""
    if size == "all":
        count = len(hosts)
    elif size.endswith("%"):
        count = -(-len(hosts) * int(size[:-1]) // 100)
    else:
        count = int(size)
    count = max(1, count)
    return tuple(tuple(hosts[at : at + count]) for at in range(0, len(hosts), count))
