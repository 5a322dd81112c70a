"""Watcher: shows a run while it happens, one line per step and host; details only when something fails."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

from .operation import Result

QUIET_SECONDS = 10.0
"""Without a terminal, passing states are printed this often."""
SPOKEN = frozenset(("postinstall", "migrate", "restart"))
"""Steps whose own output is shown as it comes; of the others only what a failure needs."""


class Watcher:
    """An Observer that prints to `stream` (stderr): plain lines, and on a terminal one live line below them."""

    def __init__(self, stream: TextIO | None = None, *, hosts: int = 1) -> None:
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.width = 12 if hosts else 0
        self._guard = threading.Lock()
        self._shown = ""
        self._begun: dict[tuple[str, str], float] = {}
        self._said: dict[tuple[str, str], float] = {}

    def started(self, step: str, host: str) -> None:
        with self._guard:
            self._begun.setdefault((step, host), time.monotonic())
            self._state(f"  {step} {host}…")

    def line(self, step: str, host: str, text: str) -> None:
        if step in SPOKEN:
            with self._guard:
                self._print(f"  {host}: {text}")
        else:
            self.progress(step, host, text)

    def progress(self, step: str, host: str, text: str) -> None:
        with self._guard:
            if self.live:
                self._state(f"  {step} {host}: {text}")
            elif time.monotonic() - self._said.setdefault((step, host), time.monotonic()) >= QUIET_SECONDS:
                self._said[step, host] = time.monotonic()
                self._print(f"  {step} {host}: {text}")

    def finished(self, step: str, host: str, result: Result) -> None:
        with self._guard:
            seconds = time.monotonic() - self._begun.pop((step, host), time.monotonic())
            mark = "ok" if result.ok else "stopped" if result.kind == "cancelled" else "failed"
            self._print(f"{mark:<8}{step:<18}{host or 'here':<24}{seconds:6.1f} s")

    def note(self, text: str) -> None:
        with self._guard:
            for line in text.splitlines():
                self._print(f"note    {line}")

    def close(self) -> None:
        """Take the live line away."""
        with self._guard:
            self._state("")

    def _state(self, text: str) -> None:
        if self.live:
            self.stream.write(f"\r\x1b[K{text[:110]}")
            self.stream.flush()
            self._shown = text

    def _print(self, text: str) -> None:
        if self._shown:
            self.stream.write("\r\x1b[K")
        self.stream.write(text + "\n")
        if self._shown:
            self.stream.write(self._shown[:110])
        self.stream.flush()
