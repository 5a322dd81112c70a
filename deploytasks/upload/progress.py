"""Progress of an upload, read from what rsync prints."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

TOLD_EVERY = 0.05
"""Seconds between two words on the progress."""
PROGRESS = re.compile(
    r"(?P<bytes>\d+)\s+(?P<percent>\d+)%\s+(?P<rate>\S+/s)\s+\S+(?:\s+\(xfe?r#(?P<files>\d+))?"
)


@dataclass(frozen=True)
class Progress:
    """How far an upload is."""

    bytes: int = 0
    files: int = 0
    percent: int = 0
    rate: str = "0.00kB/s"

    def __str__(self) -> str:
        return f"{self.files} files, {self.bytes / 1e6:.1f} MB, {self.rate}"


OnProgress = Callable[[Progress], None]


class Watch:
    """Reads rsync's progress as it comes: of the newest line, for there is one for every file."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._told = 0.0
        self._rest = self._newest = self._counted = b""

    @property
    def progress(self) -> Progress:
        """How far it is now."""
        found, counted = (
            PROGRESS.search(line.decode("utf-8", "replace")) for line in (self._newest, self._counted)
        )
        if found is None:
            return Progress()
        files = int(counted["files"]) if counted else 0
        return Progress(int(found["bytes"]), files, int(found["percent"]), found["rate"])

    def feed(self, data: bytes) -> None:
        """Take what rsync printed next."""
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self._newest = next((line for line in reversed(lines) if b"% " in line), self._newest)
        self._counted = next((line for line in reversed(lines) if b"r#" in line), self._counted)
        if time.monotonic() - self._told >= TOLD_EVERY:
            self.tell()

    def tell(self) -> None:
        """Say how far it is."""
        self._told = time.monotonic()
        if self._on_progress is not None:
            self._on_progress(self.progress)
