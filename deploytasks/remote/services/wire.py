"""One connection to a service: every byte of it has to come before one deadline."""

from __future__ import annotations

import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl


class Wire:
    """Connected after construction, to (host, port), all its addresses tried, or to the path of a Unix socket."""

    def __init__(self, place: str | tuple[str, int], timeout: float) -> None:
        self.ends = time.monotonic() + timeout
        if isinstance(place, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(place)
        else:
            self.socket = socket.create_connection(place, timeout)

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
        """Exactly so many bytes. Raises EOFError when the other side closes before."""
        data = b""
        while len(data) < count:
            self._patience()
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data

    def line(self) -> bytes:
        """The bytes up to the end of the line."""
        data = b""
        while not data.endswith(b"\n"):
            data += self.take(1)
        return data.rstrip(b"\r\n")

    def _patience(self) -> None:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise socket.timeout
        self.socket.settimeout(left)
