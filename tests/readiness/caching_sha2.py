"""The server's side of MySQL's caching_sha2_password, which no server of Debian's has; MariaDB's client agrees with it.

As in MySQL 8's documentation of the protocol: the server keeps SHA256(SHA256(password)), takes a scramble when it has
seen the user before, and else wants the whole password, over TLS only.
"""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

PLUGIN = b"caching_sha2_password"
TLS = 1 << 11
CAPABLE = 1 | 1 << 3 | 1 << 9 | 1 << 13 | 1 << 15 | 1 << 19
OK = b"\0\0\0\2\0\0\0"
END = b"\xfe\0\0\2\0"


@dataclass
class Client:
    """One connection."""

    socket: Any
    sequence: int = 0

    def send(self, body: bytes) -> None:
        self.socket.sendall(len(body).to_bytes(3, "little") + bytes([self.sequence]) + body)
        self.sequence += 1

    def packet(self) -> bytes:
        head = self.exactly(4)
        self.sequence = head[3] + 1
        return self.exactly(int.from_bytes(head[:3], "little"))

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data


@dataclass
class Server:
    """Lets in one password. `seen`: the user's scramble is in its cache. `context`: it has TLS."""

    password: bytes
    seen: bool
    context: ssl.SSLContext | None

    def talk(self, accepted: socket.socket) -> None:
        client = Client(accepted)
        try:
            self.greet(client)
            while (asked := client.packet())[:1] == b"\3":
                self.answer(client, asked[1:].decode())
        except (EOFError, OSError):
            pass
        finally:
            client.socket.close()

    def greet(self, client: Client) -> None:
        salt = bytes(byte % 127 + 1 for byte in os.urandom(20))
        offered = CAPABLE | (TLS if self.context else 0)
        low, high = struct.pack("<I", offered)[:2], struct.pack("<I", offered)[2:]
        tail = bytes([21]) + bytes(10) + salt[8:] + b"\0" + PLUGIN + b"\0"
        client.send(
            b"\x0a8.4.0\0" + struct.pack("<I", 7) + salt[:8] + b"\0" + low + b"\x2d\2\0" + high + tail
        )
        reply = client.packet()
        secure = bool(struct.unpack("<I", reply[:4])[0] & TLS)
        if secure:
            assert self.context is not None
            client.socket = self.context.wrap_socket(client.socket, server_side=True)
            reply = client.packet()
        _user, _, rest = reply[32:].partition(b"\0")
        self.judge(client, rest[1 : 1 + rest[0]], salt, secure)

    def judge(self, client: Client, scramble: bytes, salt: bytes, secure: bool) -> None:
        kept = hashlib.sha256(hashlib.sha256(self.password).digest()).digest()
        if self.seen:
            mask = hashlib.sha256(kept + salt).digest()
            known = (
                hashlib.sha256(bytes(a ^ b for a, b in zip(scramble, mask, strict=False))).digest() == kept
            )
            if known:
                client.send(b"\1\3")
        else:
            client.send(b"\1\4")
            said = client.packet()
            known = secure and said == self.password + b"\0"
        client.send(OK if known else b"\xff\x15\4#28000Access denied for user 'app' (using password: YES)")
        if not known:
            raise EOFError

    def answer(self, client: Client, query: str) -> None:
        """One row of one text."""
        texts = ["0" if query == "SELECT @@global.read_only" else "1"]
        client.send(bytes([len(texts)]))
        for _ in texts:
            names = b"\3def\0\0\0\1x\0"
            client.send(names + b"\x0c" + struct.pack("<HIBHBH", 45, 1024, 253, 0, 0, 0))
        client.send(END)
        client.send(b"".join(bytes([len(text)]) + text.encode() for text in texts))
        client.send(END)


@contextmanager
def serving(server: Server) -> Iterator[int]:
    """The port on which it serves."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    accepted = listening.accept()[0]
                except OSError:
                    return
                threading.Thread(target=server.talk, args=[accepted], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
