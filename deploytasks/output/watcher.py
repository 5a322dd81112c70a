"""Watcher: shows a run while it happens, one line per step and host; details only when something fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..operation import Result
from . import console
from .live import Live

QUIET_SECONDS = 10.0
"""Without a terminal, passing states are printed this often."""

Place = tuple[str, str]


class Watcher:
    """An Observer that prints plain lines on stderr;
    on a terminal, what still runs is shown live below them.
    """

    def __init__(self) -> None:
        self.live = Live(console.ERR) if console.ERR.isatty() else None
        self._guard = threading.Lock()
        self._begun: dict[Place, float] = {}
        self._said: dict[Place, float] = {}

    def started(self, step: str, host: str) -> None:
        with self._guard:
            self._begun.setdefault((step, host), time.monotonic())
            self._said.setdefault((step, host), time.monotonic())
            if self.live:
                self.live.state((step, host), "")

    def line(self, step: str, host: str, text: str) -> None:
        with self._guard:
            self._print(f"  {host}: {text}")

    def progress(self, step: str, host: str, text: str) -> None:
        place, now = (step, host), time.monotonic()
        with self._guard:
            if self.live:
                self.live.state(place, text)
            elif now - self._said.setdefault(place, now) >= QUIET_SECONDS:
                self._said[place] = now
                self._print(f"  {step} {host}: {text}")

    def finished(self, step: str, host: str, result: Result) -> None:
        mark = "ok" if result.ok else "stopped" if result.kind == "cancelled" else "failed"
        with self._guard:
            now = time.monotonic()
            seconds = now - self._begun.pop((step, host), now)
            self._said.pop((step, host), None)
            if self.live:
                self.live.forget((step, host))
            self._print(f"{mark:<8}{step:<18}{host or 'here':<24}{seconds:6.1f} s")

    def note(self, text: str) -> None:
        with self._guard:
            for line in text.splitlines():
                self._print(f"note    {line}")

    def close(self) -> None:
        """Take what is live off the terminal."""
        if self.live:
            self.live.close()

    def _print(self, text: str) -> None:
        if self.live:
            self.live.print(text)
        else:
            console.trouble(text)


@contextmanager
def watching() -> Iterator[Watcher]:
    """A watcher on stderr for the length of a run."""
    watcher = Watcher()
    try:
        yield watcher
    finally:
        watcher.close()
