"""Stream: stdout or stderr, whether or not anybody reads it."""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import suppress
from typing import Literal, TextIO

PATIENCE = 10.0
"""Seconds that a reader may let us wait; of one that did, nothing more is waited for until it reads again."""


class Stream:
    """Printing is a side effect: of what becomes of it nothing is raised, and nothing is left for Python's end to try
    again. It looks enough like a text file for rich.
    """

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self._name = name
        self._guard = threading.Lock()
        self._patience = PATIENCE

    @property
    def _file(self) -> TextIO | None:
        """What Python has under the name now; None when it was closed before the start."""
        file: TextIO | None = getattr(sys, self._name)
        return file

    @property
    def encoding(self) -> str:
        return getattr(self._file, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        try:
            return self._file is not None and self._file.isatty()
        except ValueError:  # closed
            return False

    def fileno(self) -> int:
        """Raises OSError when there is none."""
        if self._file is None:
            raise OSError(f"{self._name} is closed")
        return self._file.fileno()

    def flush(self) -> None:
        """Nothing is ever held back."""

    def write(self, text: str) -> bool:
        """Whether all of the text went out; what the encoding does not have is escaped."""
        data = text.encode(self.encoding, "backslashreplace")
        with self._guard:
            try:
                self._write(data)
            except (OSError, ValueError):
                return False
        return True

    def _write(self, data: bytes) -> None:
        """Past Python's buffer, which would keep what cannot be written and fail with it at the end."""
        file = self._file
        if file is None:
            raise OSError(f"{self._name} is closed")
        try:
            number = file.fileno()
        except OSError:  # it is in memory
            file.write(data.decode(self.encoding))
            return
        file.flush()
        while data:
            if not select.select([], [number], [], self._patience)[1]:
                self._patience = 0.0
                raise OSError(f"{self._name} is not read")
            try:
                data = data[os.write(number, data[: select.PIPE_BUF]) :]
            except BlockingIOError:
                continue
            self._patience = PATIENCE


def occupy() -> None:
    """The descriptors 0 to 2 are open: no file or socket of ours takes the place of one that was closed
    before the start, to be read or written by a program that we run.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                opened = os.open(os.devnull, os.O_RDWR)
                if opened != number:
                    os.dup2(opened, number)
                    os.close(opened)
