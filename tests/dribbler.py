"""An HTTP server that takes its time: a byte now and then, each well before any timeout, a good answer in the end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HEAD = b"HTTP/1.1 200 OK\r\n"
PARTS = {
    "a status line": (b"", HEAD[:-2], b"\r\nContent-Length: 0\r\n\r\n"),
    "headers": (HEAD + b"X-Long: ", b"a" * 1000, b"\r\nContent-Length: 0\r\n\r\n"),
    "100 Continue": (b"", [b"HTTP/1.1 100 Continue\r\n\r\n"] * 1000, HEAD + b"Content-Length: 0\r\n\r\n"),
    "a body": (HEAD + b"Content-Length: 1000\r\n\r\n", b"a" * 1000, b""),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", [b"1\r\na\r\n"] * 1000, b"0\r\n\r\n"),
}
"""{what comes slowly: (what comes before it, its pieces, what follows)}"""
UNTIL = 15.0
"""Seconds after which the rest comes at once: who is that patient gets a good answer."""
PAUSE = 0.2


@contextmanager
def dribbler(kind: str) -> Iterator[str]:
    """The URL of one that dribbles a part of its answer."""
    ended = threading.Event()

    def talk(client: socket.socket) -> None:
        before, pieces, after = PARTS[kind]
        with client, suppress(OSError):
            client.recv(65536)
            client.sendall(before)
            for number, piece in enumerate(pieces):
                client.sendall(bytes([piece]) if isinstance(piece, int) else piece)
                if number * PAUSE < UNTIL:
                    ended.wait(PAUSE)
            if isinstance(pieces, bytes) and len(pieces) < 100:
                ended.wait(UNTIL)
            client.sendall(after)

    with serving(talk, ended) as url:
        yield url


@contextmanager
def flood(start: bytes, piece: bytes) -> Iterator[str]:
    """The URL of one that says `start` and then `piece` for as long as somebody listens."""
    ended = threading.Event()

    def talk(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.recv(65536)
            client.sendall(start)
            while not ended.is_set():
                client.sendall(piece)

    with serving(talk, ended) as url:
        yield url


@contextmanager
def serving(talk: object, ended: threading.Event) -> Iterator[str]:
    """A server that talks to each client in a thread, until it ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while not ended.is_set():
                    threading.Thread(target=talk, args=[server.accept()[0]], daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        ended.set()
