"""Step and Recipe: an ordered, immutable list of named steps. A step is a value; a user's fabfile edits the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ..config.environment import Host
from ..errors import UsageError
from ..operation import Operation
from ..shell import shell_line

if TYPE_CHECKING:
    from .context import StepContext


Scope = Literal["local", "each-host", "primary-host"]
Builder = Callable[["StepContext"], Sequence[Operation]]

ESSENTIAL = frozenset(("vendor", "check", "build", "lock", "prepare", "upload", "link_shared", "publish"))
"""Steps whose work the others stand on: they can be replaced or surrounded, never left out."""
LOCAL_WORK = frozenset(("vendor", "check", "build", "lock"))
"""Steps that the deployment itself carries out, because its decisions rest on them."""


@dataclass(frozen=True)
class Step:
    """One named step. `build` says what each of its hosts is asked to do; it touches nothing itself.

    `roles` narrows the hosts down to those with one of these roles; empty means every host of the scope.
    """

    name: str
    scope: Scope
    build: Builder
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """Steps in the order in which they run."""

    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        return names_of(self.steps)

    def index(self, name: str) -> int:
        """Position of a step. Raises UsageError with the known names."""
        if name not in self.names:
            raise UsageError(f"step {name!r}: not in the recipe; its steps are {', '.join(self.names)}")
        return self.names.index(name)

    def before(self, name: str, *steps: Step) -> Recipe:
        """This recipe with `steps` inserted before the step `name`."""
        at = self.index(name)
        return self._with((*self.steps[:at], *steps, *self.steps[at:]))

    def after(self, name: str, *steps: Step) -> Recipe:
        """This recipe with `steps` inserted after the step `name`."""
        at = self.index(name) + 1
        return self._with((*self.steps[:at], *steps, *self.steps[at:]))

    def replace(self, name: str, step: Step) -> Recipe:
        """This recipe with `step` in the place (and under the name) of the step `name`."""
        at = self.index(name)
        return self._with((*self.steps[:at], replace(step, name=name), *self.steps[at + 1 :]))

    def without(self, *names: str) -> Recipe:
        """This recipe less some steps. Raises UsageError for an unknown one, or one that the others stand on."""
        for name in names:
            self.index(name)
            if name in ESSENTIAL:
                raise UsageError(f"step {name!r}: cannot be left out; the steps after it need it")
        return self._with(tuple(step for step in self.steps if step.name not in names))

    def left_of_bar(self) -> tuple[Step, ...]:
        """Steps on the hosts between `lock` and `publish`: `current` is untouched while they run."""
        return self.steps[self.index("lock") + 1 : self.index("publish")]

    def right_of_bar(self) -> tuple[Step, ...]:
        """Steps from `publish` on, batch by batch."""
        return self.steps[self.index("publish") :]

    def _with(self, steps: tuple[Step, ...]) -> Recipe:
        twice = sorted({step.name for step in steps if sum(other.name == step.name for other in steps) > 1})
        if twice:
            raise UsageError(
                f"step {twice[0]!r}: stands twice in the recipe; give each step a name of its own"
            )
        own = [one for one in steps if one.name not in LOCAL_WORK]
        early = [
            one.name for one in own if one.scope == "local" or one in steps[: names_of(steps).index("lock")]
        ]
        if early:
            raise UsageError(
                f"step {early[0]!r}: would run before the hosts are locked, or on none; put it after `lock`, with the "
                "scope each-host or primary-host"
            )
        return replace(self, steps=steps)


def names_of(steps: Sequence[Step]) -> tuple[str, ...]:
    return tuple(step.name for step in steps)


def step(name: str, line: str, *, scope: Scope = "each-host", roles: Sequence[str] = ()) -> Step:
    """A step of your own that runs a shell line in the new release, with its environment.

    >>> step("warm_cache", "python manage.py warm_cache").name
    'warm_cache'
    """
    return Step(name, scope, lambda context: [context.in_release(shell_line(line), step=name)], tuple(roles))


def applies(step: Step, host: Host) -> bool:
    """Whether a step runs on a host, by its scope and roles."""
    if step.scope == "primary-host" and not host.primary:
        return False
    return step.scope != "local" and (not step.roles or bool(set(step.roles) & set(host.roles)))
