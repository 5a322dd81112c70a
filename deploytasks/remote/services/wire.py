"""One connection to a service: every byte of it has to come before one deadline."""

from __future__ import annotations

import socket
import time

from deploytasks.remote.exchange import MOST, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

LONGEST_LINE = 65536


class Wire:
    """Connected after construction, to (host, port), all its addresses tried, or to the path of a Unix socket."""

    def __init__(self, place: str | tuple[str, int], timeout: float) -> None:
        self.ends = time.monotonic() + timeout
        self.socket = connect(place, self.ends)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def encrypt(self, context: ssl.SSLContext, name: str) -> None:
        """Speak TLS from here on. Raises ssl.SSLError."""
        self._patience()
        self.socket = context.wrap_socket(self.socket, server_hostname=name)

    def send(self, data: bytes) -> None:
        self._patience()
        self.socket.sendall(data)

    def take(self, count: int) -> bytes:
        """Exactly so many bytes. Raises EOFError when the other side closes before, ValueError for more than MOST."""
        if count > MOST:
            raise ValueError("no answer to us is that long")
        data = b""
        while len(data) < count:
            self._patience()
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data

    def line(self) -> bytes:
        """The bytes up to the end of the line. Raises ValueError when it does not end."""
        data = b""
        while not data.endswith(b"\n"):
            if len(data) > LONGEST_LINE:
                raise ValueError("no line of an answer is that long")
            data += self.take(1)
        return data.rstrip(b"\r\n")

    def _patience(self) -> None:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise socket.timeout
        self.socket.settimeout(left)
