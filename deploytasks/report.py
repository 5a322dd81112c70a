"""Report: what became of a run, for people and as one JSON document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import OK
from .urls import public_data

SCHEMA = 1


@dataclass(frozen=True)
class StepOutcome:
    """One step on one host (`host` is empty for local steps). `waited` is the part of `seconds` spent on the wire."""

    step: str
    host: str
    outcome: str
    """`ok`, `failed`, `stopped` or `skipped`."""
    seconds: float
    waited: float = 0.0
    began: float = 0.0
    """Seconds on a clock that begins anywhere; the report tells the part since its first step."""


@dataclass(frozen=True)
class HostOutcome:
    """What a host serves, re-read from it; `release` is None when it serves none, or could not be asked."""

    host: str
    release: str | None
    outcome: str
    """`deployed`, `rolled back`, `unchanged`, `failed` or `unknown`."""
    revision: str | None = None


@dataclass(frozen=True)
class Report:
    """The end of a run. `error` is the message of the failure, redacted; `details` the failing host's last lines."""

    command: str
    environment: str
    revision: str | None = None
    release: str | None = None
    exit_code: int = OK
    error: str | None = None
    details: tuple[str, ...] = ()
    hosts: tuple[HostOutcome, ...] = ()
    steps: tuple[StepOutcome, ...] = ()
    notes: tuple[str, ...] = ()
    from_process: tuple[str, ...] = ()
    """Keys whose value was taken from the process environment."""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        return "ok" if self.exit_code == OK else "failed"

    def document(self) -> dict[str, Any]:
        """The JSON document of `--json`; no URL in it holds credentials."""
        hosts = [{"host": host.host, "release": host.release, "outcome": host.outcome} for host in self.hosts]
        first = min((step.began for step in self.steps), default=0.0)
        steps = [
            {
                "step": step.step,
                "host": step.host or None,
                "outcome": step.outcome,
                "seconds": round(step.seconds, 3),
                "waited": round(step.waited, 3),
                "began": round(step.began - first, 3),
            }
            for step in self.steps
        ]
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "command": self.command,
            "environment": self.environment,
            "revision": self.revision,
            "release": self.release,
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            "error": self.error,
            "hosts": hosts,
            "steps": steps,
            "notes": list(self.notes),
            "from_process": list(self.from_process),
            **self.extra,
        }
        shown: dict[str, Any] = public_data(document)
        return shown
