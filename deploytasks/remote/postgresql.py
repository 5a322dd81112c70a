"""One real login to PostgreSQL over its protocol (version 3), and whether what follows can use it.

Drivers lose the SQLSTATE of a failed connection, and it is what tells "not yet" from "never". Facts: PostgreSQL 15
documentation, chapters 55 (protocol) and appendix A (codes); RFC 5802 and 7677 (SCRAM-SHA-256).
"""

import hashlib
import os
import socket
import ssl
import struct
import urllib.parse

from deploytasks.remote import scram, verdict

LATER = {"57P03": "starting up, shutting down or recovering", "57P01": "shutting down", "57P02": "recovering"}
CURES = {
    "28P01": "correct the user and password in the URL",
    "28000": "add a pg_hba.conf line for this host, or set sslmode",
    "3D000": "create the database, or correct its name in the URL; --fresh waits for it",
    "42501": "grant the role the right",
}
USABLE = (
    "SELECT pg_postmaster_start_time()::text, pg_is_in_recovery()::text, current_setting('transaction_read_only'), "
    "coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::text"
)


def attempt(url, timeout, migrates):
    """Raise a verdict.Attempt: how one login to the first of the URL's hosts that answers went."""
    last = None
    for host, port in hosts(url):
        try:
            return Login(url, host, port, timeout).judge(migrates)
        except verdict.Attempt as answer:
            if answer.kind == verdict.READY:
                raise
            last = answer
        except (OSError, EOFError, struct.error) as error:
            last = verdict.not_yet(why(error))
    raise last


def why(error):
    """A connection's failure in a few words."""
    if isinstance(error, EOFError):
        return "closed the connection"
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(error, (socket.timeout, TimeoutError)):
        return "no answer"
    return (
        (error.strerror or type(error).__name__).lower()
        if isinstance(error, OSError)
        else type(error).__name__
    )


def hosts(url):
    """[(host or socket directory, port)] of a URL, several separated by commas, or given as host= and port=."""
    query = dict(urllib.parse.parse_qsl(url.query))
    authority = url.netloc.rpartition("@")[2]
    listed = [part for part in (authority or query.get("host", "")).split(",") if part] or ["localhost"]
    ports = query.get("port", "5432").split(",")
    found = []
    for number, part in enumerate(listed):
        name, port = part, ports[min(number, len(ports) - 1)]
        if part.startswith("["):
            name, _, rest = part[1:].partition("]")
            port = rest.lstrip(":") or port
        elif part.count(":") == 1:
            name, port = part.split(":")
        found.append((urllib.parse.unquote(name), int(port or 5432)))
    return found


class Login:
    """One connection, from the first byte to the goodbye."""

    def __init__(self, url, host, port, timeout):
        self.url, self.host, self.port, self.timeout = url, host, port, timeout
        self.query = dict(urllib.parse.parse_qsl(url.query))
        userinfo = url.netloc.rpartition("@")[0]
        user, _, password = userinfo.partition(":")
        self.user = urllib.parse.unquote(user) or self.query.get("user") or os.environ.get("USER", "")
        self.password = urllib.parse.unquote(password) or self.query.get("password", "")
        self.database = urllib.parse.unquote(url.path.lstrip("/")) or self.query.get("dbname") or self.user
        self.socket = None

    def judge(self, migrates):
        try:
            self.connect()
            self.authenticate()
            rows = self.ask(USABLE)
            self.socket.sendall(b"X\0\0\0\x04")
        finally:
            if self.socket is not None:
                self.socket.close()
        started, recovering, read_only, may_create = rows[0]
        if migrates and recovering == "true":
            raise verdict.not_yet(
                "in recovery (a standby, or not promoted yet)", "point the URL at the primary server"
            )
        if migrates and read_only == "on":
            raise verdict.misconfigured(
                "read-only", "set default_transaction_read_only off for this role and database"
            )
        if migrates and may_create != "true":
            raise verdict.misconfigured(
                "role %s may not CREATE in its schema" % self.user, "grant it: GRANT CREATE ON SCHEMA public"
            )
        raise verdict.ready(started)

    def connect(self):
        if self.host.startswith("/"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(self.timeout)
            self.socket.connect("%s/.s.PGSQL.%d" % (self.host, self.port))
        else:
            self.socket = socket.create_connection((self.host, self.port), self.timeout)
            self.encrypt(self.query.get("sslmode", "prefer"))
        parameters = [
            b"user",
            self.user.encode(),
            b"database",
            self.database.encode(),
            b"application_name",
            b"deploytasks",
        ]
        if self.query.get("options"):
            parameters += [b"options", self.query["options"].encode()]
        body = struct.pack("!I", 196608) + b"".join(part + b"\0" for part in parameters) + b"\0"
        self.socket.sendall(struct.pack("!I", len(body) + 4) + body)

    def encrypt(self, mode):
        if mode in ("disable", "allow"):
            return
        self.socket.sendall(struct.pack("!II", 8, 80877103))
        if self.take(1) == b"S":
            self.socket = self.context(mode).wrap_socket(self.socket, server_hostname=self.host)
        elif mode != "prefer":
            raise verdict.misconfigured(
                "does not speak TLS and sslmode is %s" % mode, "switch ssl on in the server, or set sslmode"
            )

    def context(self, mode):
        root = self.query.get("sslrootcert") or os.path.expanduser("~/.postgresql/root.crt")
        context = ssl.create_default_context(cafile=root if os.path.exists(root) else None)
        context.check_hostname = mode == "verify-full"
        if mode not in ("verify-ca", "verify-full"):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def take(self, count):
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data

    def message(self):
        kind = self.take(1)
        body = self.take(struct.unpack("!I", self.take(4))[0] - 4)
        if kind == b"E":
            raise self.failure(
                {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
            )
        return kind, body

    def send(self, kind, body):
        self.socket.sendall(kind + struct.pack("!I", len(body) + 4) + body)

    def failure(self, fields):
        code, text = fields.get("C", ""), fields.get("M", "")
        if code == "08P01" or (code in ("", "58000") and "pgbouncer" in text.lower()):
            return pooler(text)
        if code in LATER:
            return verdict.not_yet("%s %s" % (code, LATER[code]))
        if code == "53300":
            return verdict.not_yet(
                "53300 no free connection slot", "raise max_connections, or close idle clients", busy=True
            )
        if code in ("28P01", "28000"):
            return verdict.refused("%s %s" % (code, text), CURES[code])
        if code in CURES:
            return verdict.misconfigured("%s %s" % (code, text), CURES[code])
        return verdict.not_yet("%s %s" % (code, text), "see the server's log")

    def authenticate(self):
        while True:
            kind, body = self.message()
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            method = struct.unpack("!I", body[:4])[0]
            if method == 3:
                self.send(b"p", self.password.encode() + b"\0")
            elif method == 5:
                inner = hashlib.md5(self.password.encode() + self.user.encode()).hexdigest().encode()
                self.send(b"p", b"md5" + hashlib.md5(inner + body[4:8]).hexdigest().encode() + b"\0")
            elif method == 10:
                scram.login(self, body[4:])
            elif method != 0:
                raise verdict.untried(
                    "asks for an authentication that the probe does not speak (%d)" % method
                )

    def ask(self, query):
        self.send(b"Q", query.encode() + b"\0")
        rows = []
        while True:
            kind, body = self.message()
            if kind == b"Z":
                return rows
            if kind == b"D":
                rows.append(columns(body))


def columns(body):
    """The texts of a DataRow message."""
    count, at, found = struct.unpack("!H", body[:2])[0], 2, []
    for _ in range(count):
        size = struct.unpack("!i", body[at : at + 4])[0]
        found.append(None if size < 0 else body[at + 4 : at + 4 + size].decode("utf-8", "replace"))
        at += 4 + max(0, size)
    return found


def pooler(text):
    """PgBouncer gives everything the one code 08P01: only its text tells."""
    low = text.lower()
    if "no such database" in low or "does not exist" in low:
        return verdict.misconfigured(
            "PgBouncer: %s" % text, "correct the database in the URL, or PgBouncer's [databases]"
        )
    if "authentication" in low or "password" in low or "no such user" in low or "login rejected" in low:
        return verdict.refused(
            "PgBouncer: %s" % text, "correct the user and password in the URL, or PgBouncer's auth_file"
        )
    return verdict.not_yet("PgBouncer: %s" % text, "see that the server behind PgBouncer runs")
