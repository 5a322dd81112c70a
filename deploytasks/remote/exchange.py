"""One HTTP exchange: all of it comes before one deadline, and no more of it than is wanted."""

from __future__ import annotations

import base64
import http.client
import io
import socket
import ssl
import threading
import time
import urllib.parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

MOST = 1024 * 1024
"""Bytes of an answer that are read."""


class Timed:
    """A connected socket as http.client uses one; whatever goes on with it raises socket.timeout at `ends`."""

    def __init__(self, connected: socket.socket, ends: float) -> None:
        self.socket, self.ends = connected, ends
        self.reader: io.BufferedReader | None = None

    def patience(self) -> None:
        """Wait for the next byte no longer than there is time for all of them."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        self.socket.settimeout(left)

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self.patience()
            view = view[self.socket.send(view) :]

    def makefile(self, *_: object) -> io.BufferedReader:
        self.reader = io.BufferedReader(Bytes(self))
        return self.reader

    def close(self) -> None:
        """The socket stays open while its answer is still read."""
        if self.reader is None or self.reader.closed:
            self.socket.close()


class Bytes(io.RawIOBase):
    """What comes over a Timed socket."""

    def __init__(self, timed: Timed) -> None:
        self.timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.timed.patience()
        return self.timed.socket.recv_into(buffer)

    def close(self) -> None:
        super().close()
        self.timed.socket.close()


def connect(place: tuple[str, int] | str, ends: float) -> socket.socket:
    """A socket connected to (host, port), all its addresses tried, or to the path of a Unix socket, before `ends`."""
    if isinstance(place, str):
        return opened((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", place), ends)
    failure = OSError("it has no address")
    for address in addresses(place, ends):
        try:
            return opened(address, ends)
        except OSError as error:
            failure = error
    raise failure


def opened(address: Any, ends: float) -> socket.socket:
    """A socket connected to one address."""
    family, kind, protocol, _, place = address
    made = socket.socket(family, kind, protocol)
    try:
        Timed(made, ends).patience()
        made.connect(place)
    except BaseException:
        made.close()
        raise
    return made


def addresses(place: tuple[str, int], ends: float) -> Sequence[Any]:
    """The addresses of (host, port); the system's resolver knows no deadline, so it is not waited for any longer."""
    answers: list[Any] = []

    def resolve() -> None:
        try:
            answers.append(socket.getaddrinfo(*place, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.append(error)

    resolver = threading.Thread(target=resolve, daemon=True)
    resolver.start()
    resolver.join(max(0.0, ends - time.monotonic()))
    if not answers:
        raise socket.timeout("timed out")
    if isinstance(answers[0], Exception):
        raise OSError(str(answers[0])) if isinstance(answers[0], UnicodeError) else answers[0]
    found: Sequence[Any] = answers[0]
    return found


def get(
    url: str, seconds: float, headers: dict[str, str] | None = None, most: int = MOST, over: str = ""
) -> tuple[int, bytes]:
    """(status, at most `most` bytes of the answer) of a GET. Raises OSError or http.client.HTTPException.

    No redirect is followed. `over` is the path of a Unix socket that is asked instead of the URL's own host.
    """
    parts = urllib.parse.urlsplit(url)
    secure = parts.scheme.lower() == "https"
    host, port = place = place_of(parts)
    connection: Any = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(host, port)
    ends = time.monotonic() + seconds
    plain = connect(over or place, ends)
    try:
        connection.sock = Timed(encrypted(plain, host, ends) if secure else plain, ends)
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        sent = {"User-Agent": "deploytasks", **login(parts), **(headers or {}), "Connection": "close"}
        connection.request("GET", path, headers=sent)
        with connection.getresponse() as answer:
            return answer.status, answer.read(most)
    finally:
        plain.close()
        connection.close()


def place_of(parts: urllib.parse.SplitResult) -> tuple[str, int]:
    """The host and the port that a URL names."""
    return parts.hostname or "", parts.port or (443 if parts.scheme.lower() == "https" else 80)


def encrypted(plain: socket.socket, name: str, ends: float) -> ssl.SSLSocket:
    """The socket, speaking TLS."""
    Timed(plain, ends).patience()
    return ssl.create_default_context().wrap_socket(plain, server_hostname=name)


def login(parts: urllib.parse.SplitResult) -> dict[str, str]:
    """The header that user and password of a URL make."""
    if not parts.username:
        return {}
    pair = "%s:%s" % (urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or ""))
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
