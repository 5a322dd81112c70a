"""What became of hosts that failed: which step, why, and the exit code that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import errors
from ..config.environment import Host
from ..errors import DeployError, worst
from ..operation import Request, Result

CODES = {
    "lock_lost": errors.LOCKED,
    "locked": errors.LOCKED,
    "bug": errors.BUG,
    "disconnected": errors.UNREACHABLE,
}


@dataclass(frozen=True)
class HostFailure:
    """Why one host failed: the step and what came back."""

    host: Host
    step: str
    result: Result

    @property
    def exit_code(self) -> int:
        if self.result.kind == "service":
            return self.result.code
        return CODES.get(self.result.kind, errors.FAILED)

    def __str__(self) -> str:
        if self.result.kind == "disconnected":
            return f"{self.host.name}: {self.result.error}"
        return f"{self.host.name}: {self.step}: {self.result.error}"


class HostsFailed(DeployError):
    """At least one host failed; the others were told to stop."""

    def __init__(self, failures: Sequence[HostFailure]) -> None:
        real = [failure for failure in failures if failure.result.kind != "cancelled"] or list(failures)
        self.failures = tuple(real)
        self.exit_code = worst(failure.exit_code for failure in real)
        super().__init__("\n".join(str(failure) for failure in real))


def failed(results: Sequence[Result]) -> bool:
    return any(not result.ok for result in results)


def failure_of(host: Host, operations: Sequence[Request], results: Sequence[Result]) -> HostFailure | None:
    """The failure among a host's results, with the step that it belongs to."""
    for operation, result in zip(operations, results, strict=False):
        if not result.ok:
            return HostFailure(host, operation.step or operation.name, result)
    return None


def carried_out(operations: Sequence[Request], results: Sequence[Result]) -> bool:
    """Whether a host did all that it was asked for."""
    return len(results) == len(operations) and not failed(results)
