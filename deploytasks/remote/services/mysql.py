"""One real login to MySQL or MariaDB, ended by a clean goodbye:
connections dropped half-way make the server block the host.

Facts: MySQL 8.4 internals, client/server protocol; MariaDB 10.11. Passwords go in the clear over TLS only.
"""

from __future__ import annotations

import hashlib
import ssl
import struct
import urllib.parse

from deploytasks.remote.services import verdict
from deploytasks.remote.services.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn
    from urllib.parse import SplitResult

LONG_PASSWORD, WITH_DB, PROTOCOL_41, SSL, TRANSACTIONS, SECURE, PLUGIN = 1, 8, 512, 2048, 8192, 32768, 1 << 19
NATIVE, CACHING = b"mysql_native_password", b"caching_sha2_password"


def attempt(url: SplitResult, timeout: float, migrates: bool) -> NoReturn:
    """Raise a verdict.Attempt: how one login went."""
    with Wire(place(url), timeout) as connection:
        login = Login(url, connection)
        login.greet()
        login.authenticate()
        read_only = login.row("SELECT @@global.read_only")[0]
        started = login.row("SELECT UUID_SHORT() >> 24")[0]  # holds the second in which the server started
        login.goodbye()
    if migrates and read_only not in ("0", "OFF"):
        raise verdict.misconfigured(
            "read-only", "point the URL at a server that takes writes, or SET GLOBAL read_only = 0"
        )
    raise verdict.ready(started)


def place(url: SplitResult) -> str | tuple[str, int]:
    """(host, port), or the path of a Unix socket: unix_socket=, or the host, percent-encoded."""
    host = urllib.parse.unquote(url.netloc.rpartition("@")[2])
    if host.startswith("/"):
        return host
    query = dict(urllib.parse.parse_qsl(url.query))
    return query.get("unix_socket") or (url.hostname or "localhost", url.port or 3306)


class Login:
    """One connection."""

    def __init__(self, url: SplitResult, connection: Wire) -> None:
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.user = urllib.parse.unquote(url.username or "")
        self.password = urllib.parse.unquote(url.password or "").encode()
        self.database = urllib.parse.unquote(url.path.lstrip("/"))
        self.host, self.wire, self.sequence = url.hostname or "localhost", connection, 0
        self.secure = isinstance(place(url), str)

    def packet(self) -> bytes:
        head = self.wire.take(4)
        self.sequence = head[3] + 1
        body = self.wire.take(int.from_bytes(head[:3], "little"))
        if body[:1] == b"\xff":
            raise failure(struct.unpack("<H", body[1:3])[0], body[3:].decode("utf-8", "replace"))
        return body

    def send(self, body: bytes) -> None:
        self.wire.send(len(body).to_bytes(3, "little") + bytes([self.sequence & 255]) + body)
        self.sequence += 1

    def greet(self) -> None:
        body = self.packet()
        at = body.index(b"\0", 1) + 1 + 4
        self.salt = body[at : at + 8]
        offered = struct.unpack("<H", body[at + 9 : at + 11])[0]
        rest = body[at + 11 :]
        offered |= struct.unpack("<H", rest[3:5])[0] << 16
        self.salt += rest[16 : 16 + 12]
        self.plugin = rest[16 + 13 :].rstrip(b"\0") or NATIVE
        self.encrypt(offered)

    def encrypt(self, offered: int) -> None:
        self.flags = (
            LONG_PASSWORD | PROTOCOL_41 | TRANSACTIONS | SECURE | PLUGIN | (WITH_DB if self.database else 0)
        )
        mode = self.query.get("ssl-mode", self.query.get("ssl_mode", "preferred")).lower()
        if offered & SSL and mode != "disabled" and not self.secure:
            self.flags |= SSL
            self.send(struct.pack("<IIB", self.flags, 1 << 24, 45) + bytes(23))
            context = ssl.create_default_context(cafile=self.query.get("ssl-ca") or self.query.get("ssl_ca"))
            context.check_hostname = mode == "verify_identity"
            if not mode.startswith("verify"):
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.wire.encrypt(context, self.host)
            self.secure = True
        elif mode.startswith(("required", "verify")):
            raise verdict.misconfigured(
                "does not speak TLS and ssl-mode is %s" % mode, "switch TLS on in the server, or set ssl-mode"
            )

    def authenticate(self) -> None:
        answer = self.proof(self.plugin, self.salt)
        body = struct.pack("<IIB", self.flags, 1 << 24, 45) + bytes(23) + self.user.encode() + b"\0"
        body += (
            bytes([len(answer)])
            + answer
            + (self.database.encode() + b"\0" if self.database else b"")
            + self.plugin
            + b"\0"
        )
        self.send(body)
        while True:
            reply = self.packet()
            if reply[:1] == b"\0":
                return
            if reply[:1] == b"\xfe":
                self.plugin, _, salt = reply[1:].partition(b"\0")
                self.send(self.proof(self.plugin, salt.rstrip(b"\0")))
            elif reply == b"\x01\x04":
                if not self.secure:
                    raise verdict.untried("wants the whole password, which goes over TLS only")
                self.send(self.password + b"\0")

    def proof(self, plugin: bytes, salt: bytes) -> bytes:
        if not self.password and plugin in (NATIVE, CACHING):
            return b""
        if plugin == NATIVE:
            first = hashlib.sha1(self.password).digest()
            mask = hashlib.sha1(salt + hashlib.sha1(first).digest()).digest()
        elif plugin == CACHING:
            first = hashlib.sha256(self.password).digest()
            mask = hashlib.sha256(hashlib.sha256(first).digest() + salt).digest()
        elif plugin == b"mysql_clear_password" and self.secure:
            return self.password + b"\0"
        else:
            raise verdict.untried(
                "asks for %s, which the probe does not speak"
                % (plugin.decode("ascii", "replace") or "mysql_old_password")
            )
        return bytes(a ^ b for a, b in zip(first, mask))

    def row(self, query: str) -> list[str]:
        """The texts of the first row that a query answers."""
        self.sequence = 0
        self.send(b"\x03" + query.encode())
        columns = self.packet()[0]
        for _ in range(columns + 1):
            self.packet()  # what each column is, and the end of that
        row = self.packet()
        self.packet()  # end of rows
        texts = []
        for _ in range(columns):
            size = row[0]
            texts.append(row[1 : 1 + size].decode("utf-8", "replace"))
            row = row[1 + size :]
        return texts

    def goodbye(self) -> None:
        self.sequence = 0
        self.send(b"\x01")


def failure(code: int, text: str) -> verdict.Attempt:
    """What an error packet means."""
    text = "%d %s" % (code, text[6:] if text.startswith("#") else text)
    if code in (1045, 1698, 1130):
        return verdict.refused(
            text, "correct the user and password in the URL, or the account's host (GRANT … TO user@host)"
        )
    if code in (1044, 1049):
        return verdict.misconfigured(
            text, "create the database, or correct its name in the URL; --fresh waits for it"
        )
    if code == 1129:
        return verdict.misconfigured(text, "FLUSH HOSTS on the server", verdict.PERMANENT)
    if code in (1040, 1203):
        return verdict.not_yet(text, "raise max_connections, or close idle clients", busy=True)
    return verdict.not_yet(text, "see the server's log")
