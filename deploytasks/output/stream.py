"""Stream: stdout or stderr, whether or not anybody reads it."""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import suppress
from typing import Literal, TextIO


class Stream:
    """Printing is a side effect: of what becomes of it nothing is raised, and nothing is left for Python's end to try
    again. It looks enough like a text file for rich.
    """

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self._name = name
        self._guard = threading.Lock()

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
            try:
                data = data[os.write(number, data) :]
            except BlockingIOError:
                select.select([], [number], [])


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
