"""StepContext: what a step's builder may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..config.environment import Environment, Host
from ..operation import Operation, execute
from ..shell import Command
from .answers import NOTHING, Inventory
from .facts import ToolFacts
from .layout import Layout

if TYPE_CHECKING:
    from ..packages import Bundle
    from ..source import Tree
    from .plan import Plan


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
    inventory: Inventory = NOTHING
    """What the host has, read under the lock."""
    tools: ToolFacts | None = None
    """Its interpreter and its installers, where the release is to have an environment."""
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
        assert self.built is not None and self.tools is not None
        return self.built.bundle.key(self.tools.said)

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
        self,
        run: Command,
        *,
        step: str,
        changing: bool = True,
        role: str | None = None,
        further: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Operation:
        """Run a command in the release: its directory, its `.venv/bin` first on PATH, its environment, empty stdin.

        `further` are variables besides those that every step has.
        """
        place = self.layout.release(self.release)
        timeout = self.environment.settings.step_timeout
        return execute(
            run,
            step=step,
            changing=changing,
            cwd=str(place),
            env={**self.variables(role), **(further or {})},
            timeout=timeout,
            bin=str(place / ".venv" / "bin"),
            **more,
        )
