"""The line to an agent: what is said on it is never mixed, and nobody waits on it for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from .channel import Channel
from .patience import LOOK_SECONDS, Patience


class Silent(Exception):
    """The host was waited for in vain; the message says what is wrong, and what to do."""


class Line:
    """Sends whole messages, from several threads, and receives lines, in one."""

    def __init__(self, channel: Channel, patience: Patience) -> None:
        self.channel, self.patience = channel, patience
        self._sending = threading.Lock()
        self._next: list[bytes] = []

    def send(self, data: bytes) -> None:
        """All of `data` is on its way. Raises Silent, or OSError when the program has ended."""
        with self._sending:
            self._write(data)
        self._send_waiting()

    def try_send(self, data: bytes) -> None:
        """Send `data` unless somebody else sends, or the host takes nothing; a lost host is the request's to report."""
        if self._sending.acquire(blocking=False):
            try:
                self._write(data)
            except (OSError, Silent):
                pass
            finally:
                self._sending.release()
            self._send_waiting()

    def send_next(self, data: bytes) -> None:
        """Send `data` now, or right after what is being sent; never waits for another thread."""
        self._next.append(data)
        self._send_waiting()

    def _send_waiting(self) -> None:
        while self._next and self._sending.acquire(blocking=False):
            try:
                while self._next:
                    self._write(self._next.pop(0))
            except (OSError, Silent):
                pass
            finally:
                self._sending.release()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            sent = self.channel.send(rest, LOOK_SECONDS)
            rest = rest[sent:]
            if not sent and (problem := self.patience.waited()):
                raise Silent(problem)

    def lines(self) -> Iterator[bytes]:
        """What the host says, line by line, until its end. Raises Silent."""
        rest = b""
        while (chunk := self._receive()) != b"":
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
            if problem := self.patience.too_long():
                raise Silent(problem)

    def _receive(self) -> bytes:
        while True:
            try:
                chunk = self.channel.receive(LOOK_SECONDS)
            except TimeoutError:
                if problem := self.patience.waited():
                    raise Silent(problem) from None
            except OSError:
                return b""
            else:
                self.patience.heard()
                return chunk
