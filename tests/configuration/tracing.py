"""Every program that a process and its children start, however short its life, with its arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True)
class Trace:
    """What was started, in the file `path`, while it runs and afterwards."""

    path: Path

    @property
    def tracer(self) -> tuple[str, ...]:
        """Words to put before those of a command that is to be traced. Only its starts of programs are held up."""
        kept = ("-e", "trace=execve", "-e", "signal=none", "-xx", "-s", "1000000")
        return ("strace", "-f", "--seccomp-bpf", *kept, "-o", str(self.path), "--")

    def started(self) -> list[list[bytes]]:
        """The path and the arguments of every program that was tried to start."""
        return [strings(line) for line in self.path.read_text("ascii").splitlines() if " execve(" in line]


def strings(written: str) -> list[bytes]:
    """The strings of one call, none of them cut short."""
    found = STRING.findall(written)
    assert not any(cut for _, cut in found)
    return [bytes.fromhex(text.replace("\\x", "")) for text, _ in found]
