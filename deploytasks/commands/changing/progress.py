"""Progress: how far a run has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...config.environment import Host
from ...operation import Result
from ...recipe.answers import Provenance, answer
from ...recipe.context import StepContext


@dataclass
class Progress:
    """How far a run has come: what the way out has to put right."""

    release: str | None = None
    migrations: tuple[str, ...] = ()
    schema_stays: bool = False
    """Whether Django's migrations are known and none of them comes."""
    """The names of those that the release brings."""
    released: Mapping[str, Any] = field(default_factory=dict)
    """What changes with it, for the report."""
    contexts: tuple[StepContext, ...] = ()
    switched: tuple[Host, ...] = ()
    """Hosts whose publish was asked for, whether or not it was answered; on the way out, less those that stayed."""
    down: tuple[Host, ...] = ()
    """Hosts that were put back to the release they served before, and do not serve it."""
    locked: bool = False
    done: bool = False
    served: Mapping[Host, Provenance] = field(default_factory=dict)
    """What every host said that it serves, when it was done; else what those said that had to be asked anew."""

    @property
    def expected(self) -> dict[str, str | None]:
        """What every host should serve now, by name: the release, or after a failure what it served before."""
        before = {
            context.host.name: context.previous
            if context.host in self.switched
            else context.inventory.current
            for context in self.contexts
        }
        return dict.fromkeys(before, self.release) if self.done else before

    def completed(self, answers: Mapping[Host, Sequence[Result]]) -> None:
        """Every host has carried out its ending; nothing is to be put right any more."""
        self.done = True
        self.served = {host: answer(Provenance, results) for host, results in answers.items()}
