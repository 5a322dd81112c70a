"""Relays: a port that listens in one network, and whose connections are carried to another."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

Answer = Callable[[socket.socket], "socket.socket | None"]
"""The other end of a connection that came in; None when it was answered or refused already."""


@dataclass
class Relay:
    """Gives every connection to `server` another end, until it is closed."""

    server: socket.socket
    answer: Answer
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near:
            try:
                far = self.answer(near)
            except OSError:
                return  # nobody answers there: the caller sees a connection that ends at once
            if far is None:
                return
            with far:
                back = threading.Thread(target=carry, args=(far, near), daemon=True)
                back.start()
                carry(near, far)
                back.join()

    def close(self) -> None:
        """Accept no more; what is connected stays so."""
        try:
            self.server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # its network is gone
        self.server.close()
        self.thread.join()


def carry(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until it ends, then tell the target that it ended."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass  # either end is gone, which the other will be told
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
