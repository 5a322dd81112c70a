"""The Runner protocol: one open conversation with the agent on one host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from .environment import Host
from .operation import Operation, Result

OnLine = Callable[[str, str], None]
"""Called with (step, line) for every line that an operation prints on the host, while it runs, already redacted."""


class Runner(Protocol):
    """Talks to one host. Thread-safe for `cancel` and `close`; requests are one at a time."""

    host: Host

    def request(self, operations: Sequence[Operation], on_line: OnLine | None = None) -> tuple[Result, ...]:
        """Carry out operations in order in one round trip; stops after the first that fails (results end there).

        Raises Unreachable when the host cannot be reached, LockLost-like failures come back as results.
        """
        ...

    def upload(
        self, source: Path, target: str, excludes: Sequence[str], on_line: OnLine | None = None
    ) -> Result:
        """Make the directory `target` (absolute, on the host) hold exactly what `source` holds, with rsync."""
        ...

    def cancel(self) -> None:
        """Tell the host to end what it is doing for this run; the running request then fails with kind `cancelled`."""
        ...

    def close(self) -> None:
        """End the conversation; the agent gives back the lock it still holds."""
        ...
