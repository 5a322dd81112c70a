"""Step and Recipe: an ordered, immutable list of named steps. A step is a value; a user's fabfile edits the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ..config.environment import Host
from ..errors import UsageError
from ..operation import Request
from ..shell import shell_line

if TYPE_CHECKING:
    from .context import StepContext


Scope = Literal["local", "each-host", "primary-host"]
Builder = Callable[["StepContext"], Sequence[Request]]


@dataclass(frozen=True)
class Step:
    """One named step. `build` says what each of its hosts is asked to do; it touches nothing itself.

    `roles` narrows the hosts down to those with one of these roles; empty means every host of the scope.
    """

    name: str
    scope: Scope
    build: Builder
    roles: tuple[str, ...] = ()
    essential: bool = False
    """The others stand on its work: it can be replaced or surrounded, never left out."""
    by_engine: bool = False
    """The deployment itself carries it out, because its decisions rest on the answers."""
    joins_next: bool = False
    """Ends at once and prints nothing: several hosts are asked for it together with the step after it."""
    switches: bool = False
    """The bar stands before it: from here on a host may serve another release."""
    changes_schema: bool = False
    """What it does to the database is not reversed when a run fails or a release is rolled back."""


@dataclass(frozen=True)
class Recipe:
    """Steps in the order in which they run."""

    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps)

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
        """This recipe with `step` in the place (and under the name) of the step `name`, and meaning the same to the
        others.
        """
        at = self.index(name)
        old = self.steps[at]
        new = replace(
            step,
            name=name,
            essential=old.essential,
            by_engine=old.by_engine,
            switches=old.switches,
            changes_schema=old.changes_schema,
        )
        return self._with((*self.steps[:at], new, *self.steps[at + 1 :]))

    def without(self, *names: str) -> Recipe:
        """This recipe less some steps. Raises UsageError for an unknown one, or one that the others stand on."""
        for name in names:
            if self.steps[self.index(name)].essential:
                raise UsageError(f"step {name!r}: cannot be left out; the steps after it need it")
        return self._with(tuple(step for step in self.steps if step.name not in names))

    def left_of_bar(self) -> tuple[Step, ...]:
        """Steps on the locked hosts before the first that switches: `current` is untouched while they run."""
        return self.steps[self._opening : self._bar]

    def right_of_bar(self) -> tuple[Step, ...]:
        """Steps from the first that switches on, batch by batch."""
        return self.steps[self._bar :]

    @property
    def _bar(self) -> int:
        return next((at for at, step in enumerate(self.steps) if step.switches), len(self.steps))

    @property
    def _opening(self) -> int:
        """How many steps come before a host is changed: up to the last of the engine's own left of the bar."""
        return max((at for at, step in enumerate(self.steps[: self._bar], 1) if step.by_engine), default=0)

    def _with(self, steps: tuple[Step, ...]) -> Recipe:
        twice = sorted({step.name for step in steps if sum(other.name == step.name for other in steps) > 1})
        if twice:
            raise UsageError(
                f"step {twice[0]!r}: stands twice in the recipe; give each step a name of its own"
            )
        edited = replace(self, steps=steps)
        early = [
            one.name
            for at, one in enumerate(steps)
            if not one.by_engine and (one.scope == "local" or at < edited._opening)
        ]
        if early:
            raise UsageError(
                f"step {early[0]!r}: would run before the hosts are locked, or on none; put it after `lock`, with the "
                "scope each-host or primary-host"
            )
        return edited


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
