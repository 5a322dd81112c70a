"""What the hosts serve as the application's environment, compared with what is written here; nothing is revealed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..operation import Operation
from ..recipe.answers import answer
from ..recipe.served import ServedSettings
from ..remote.release.settings import fingerprints

if TYPE_CHECKING:
    from ..recipe.plan import Plan


@dataclass(frozen=True)
class ServedEnvironment:
    """How the environment of one host differs from the one written here, by names of keys."""

    host: str
    release: str | None = None
    missing: tuple[str, ...] = ()
    """Written here, not on the host."""
    extra: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    """What was changed on the host by hand since the deploy: names of keys, or `line <number>`."""
    problem: str | None = None
    exit_code: int = 0

    def document(self) -> dict[str, Any]:
        lists = {name: list(getattr(self, name)) for name in ("missing", "extra", "different", "edited")}
        return {"host": self.host, "release": self.release, **lists, "problem": self.problem}


def read_settings(key: str) -> Operation:
    """Fingerprints of what a host serves, under a key."""
    return Operation("served_environment", {"key": key}, "", "read the environment", read=ServedSettings.of)


def served_environments(plan: Plan, variables: Mapping[str, str]) -> tuple[ServedEnvironment, ...]:
    """Ask every host of `plan` for fingerprints of what it serves, under a key made for this question."""
    from ..hosts.failures import failure_of
    from ..hosts.site import fleet_of
    from ..recipe.check import open_root

    key = os.urandom(32).hex()
    asked = [open_root(plan), read_settings(key)]
    with fleet_of(plan) as fleet:
        answers = fleet.each(dict.fromkeys(plan.hosts, asked), together=False)
    here = fingerprints(variables, key)
    failures = {host: failure_of(host, asked, results) for host, results in answers.items()}
    return tuple(
        ServedEnvironment(host.name, problem=str(failure), exit_code=failure.exit_code)
        if (failure := failures[host])
        else compared(host.name, answer(ServedSettings, results), here)
        for host, results in answers.items()
    )


def compared(host: str, found: ServedSettings, here: Mapping[str, str]) -> ServedEnvironment:
    """A host's answer against the fingerprints of what is written here."""
    keys = found.keys
    if found.release is None:
        return ServedEnvironment(host)
    return ServedEnvironment(
        host,
        found.release,
        missing=tuple(sorted(here.keys() - keys.keys())),
        extra=tuple(sorted(keys.keys() - here.keys())),
        different=tuple(sorted(name for name in keys.keys() & here.keys() if keys[name] != here[name])),
        edited=found.edited,
    )
