"""One real login to PostgreSQL over its protocol (version 3), and whether what follows can use it.

Drivers lose the SQLSTATE of a failed connection, and it is what tells "not yet" from "never". Facts: PostgreSQL 15
documentation, chapters 55 (protocol) and appendix A (codes); RFC 5802 and 7677 (SCRAM-SHA-256).
"""

from __future__ import annotations

import hashlib
import ssl
import struct

from deploytasks.remote.services import pgbouncer, postgresql_url, scram, verdict, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn
    from urllib.parse import SplitResult


LATER = {"57P03": "starting up, shutting down or recovering", "57P01": "shutting down", "57P02": "recovering"}
CURES = {
    "28P01": "correct the user and password in the URL",
    "28000": "add a pg_hba.conf line for this host, user and database, or set sslmode",
    "3D000": "create the database, or correct its name in the URL; --fresh waits for it",
    "42501": "grant the role the right",
}
USABLE = (
    "SELECT pg_postmaster_start_time()::text, pg_is_in_recovery()::text, current_setting('transaction_read_only'), "
    "coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::text"
)


class NoLine(verdict.Attempt):
    """The server has no pg_hba.conf line for this kind of connection; it may have one for the other kind."""


def attempt(url: SplitResult, timeout: float, migrates: bool) -> NoReturn:
    """Raise a verdict.Attempt: how one login to the first of the URL's hosts that has an answer went."""
    target = postgresql_url.Target(url)
    said = verdict.not_yet("its URL names no host")
    for host, port in target.hosts:
        said = tried(target, host, port, timeout, migrates)
        if said.kind != verdict.TRANSIENT:
            break
    raise said


def tried(
    target: postgresql_url.Target, host: str, port: int, timeout: float, migrates: bool
) -> verdict.Attempt:
    """What a host says, with TLS or without: as sslmode allows, the other way when the first is not let in."""
    place = "%s/.s.PGSQL.%d" % (host, port) if host.startswith("/") else (host, port)
    said = verdict.not_yet("no answer")
    for tls in target.ways(host):
        try:
            with wire.Wire(place, timeout) as connection:
                Login(target, connection).judge(host, tls, migrates)
        except NoLine as answer:
            said = answer
        except verdict.Attempt as answer:
            return answer
        except ssl.SSLError as error:
            said = verdict.lost(error)
        except (OSError, EOFError) as error:
            return verdict.lost(error)
    return said


class Login:
    """One connection, from the first byte to the goodbye."""

    def __init__(self, target: postgresql_url.Target, connection: wire.Wire) -> None:
        self.target, self.wire, self.password = target, connection, target.password

    def judge(self, host: str, tls: bool, migrates: bool) -> NoReturn:
        """Raise a verdict.Attempt: whether the server lets in, and can be used."""
        if tls:
            self.encrypt(host)
        self.introduce()
        self.authenticate()
        started, recovering, read_only, may_create = self.ask(USABLE)[0]
        self.wire.send(b"X\0\0\0\x04")
        if migrates and recovering == "true":
            raise verdict.not_yet(
                "in recovery (a standby, or not promoted yet)", "point the URL at the primary server"
            )
        if migrates and read_only == "on":
            raise verdict.misconfigured(
                "read-only", "set default_transaction_read_only off for this role and database"
            )
        if migrates and may_create != "true":
            role = self.target.user
            raise verdict.misconfigured(
                "role %s may not CREATE in its schema" % role, "GRANT CREATE ON SCHEMA public TO %s" % role
            )
        raise verdict.ready(started)

    def encrypt(self, host: str) -> None:
        self.wire.send(struct.pack("!II", 8, 80877103))
        if self.wire.take(1) == b"S":
            self.wire.encrypt(self.target.context(), host)
        elif self.target.insists:
            raise verdict.misconfigured(
                "does not speak TLS and sslmode is %s" % self.target.sslmode,
                "switch ssl on in the server, or set sslmode",
            )

    def introduce(self) -> None:
        named = {
            "user": self.target.user,
            "database": self.target.database,
            "application_name": "deploytasks",
        }
        if self.target.query.get("options"):
            named["options"] = self.target.query["options"]
        words = b"".join(word.encode() + b"\0" for pair in named.items() for word in pair)
        body = struct.pack("!I", 196608) + words + b"\0"
        self.wire.send(struct.pack("!I", len(body) + 4) + body)

    def message(self) -> tuple[bytes, bytes]:
        kind = self.wire.take(1)
        body = self.wire.take(struct.unpack("!I", self.wire.take(4))[0] - 4)
        if kind == b"E":
            parts = [part.decode("utf-8", "replace") for part in body.split(b"\0") if part]
            raise failure({part[0]: part[1:] for part in parts})
        return kind, body

    def send(self, kind: bytes, body: bytes) -> None:
        self.wire.send(kind + struct.pack("!I", len(body) + 4) + body)

    def authenticate(self) -> None:
        while True:
            kind, body = self.message()
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            method = struct.unpack("!I", body[:4])[0]
            if method in (3, 5, 10) and not self.password:
                raise verdict.untried("asks for a password, the URL has none, and the probe reads no .pgpass")
            if method == 3:
                self.send(b"p", self.password.encode() + b"\0")
            elif method == 5:
                inner = hashlib.md5(self.password.encode() + self.target.user.encode()).hexdigest().encode()
                self.send(b"p", b"md5" + hashlib.md5(inner + body[4:8]).hexdigest().encode() + b"\0")
            elif method == 10:
                scram.login(self, body[4:])
            elif method != 0:
                raise verdict.untried(
                    "asks for an authentication that the probe does not speak (%d)" % method
                )

    def ask(self, query: str) -> list[list[str | None]]:
        self.send(b"Q", query.encode() + b"\0")
        rows: list[list[str | None]] = []
        while True:
            kind, body = self.message()
            if kind == b"Z":
                return rows
            if kind == b"D":
                rows.append(columns(body))


def columns(body: bytes) -> list[str | None]:
    """The texts of a DataRow message."""
    count, at, found = struct.unpack("!H", body[:2])[0], 2, []
    for _ in range(count):
        size = struct.unpack("!i", body[at : at + 4])[0]
        found.append(None if size < 0 else body[at + 4 : at + 4 + size].decode("utf-8", "replace"))
        at += 4 + max(0, size)
    return found


def failure(fields: dict[str, str]) -> verdict.Attempt:
    """What an error message means."""
    code, text = fields.get("C", ""), fields.get("M", "")
    if code == "08P01" or (code in ("", "58000") and "pgbouncer" in text.lower()):
        return pgbouncer.meant(text)
    if code in LATER:
        return verdict.not_yet("%s %s" % (code, LATER[code]))
    if code == "53300":
        return verdict.not_yet(
            "53300 no free connection slot", "raise max_connections, or close idle clients", busy=True
        )
    if code == "28P01":
        return verdict.refused("%s %s" % (code, text), CURES[code])
    if code == "28000":
        return NoLine(verdict.SUSPECT, "%s %s" % (code, text), verdict.REFUSED, CURES[code])
    if code in CURES:
        return verdict.misconfigured("%s %s" % (code, text), CURES[code])
    return verdict.not_yet("%s %s" % (code, text), "see the server's log")
