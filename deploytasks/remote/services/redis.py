"""One real login to Redis (RESP), and whether it is done loading."""

from __future__ import annotations

import ssl
import urllib.parse

from deploytasks.remote.services import verdict
from deploytasks.remote.services.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn
    from urllib.parse import SplitResult


def attempt(url: SplitResult, timeout: float) -> NoReturn:
    """Raise a verdict.Attempt: how one login, SELECT and PING went."""
    query = dict(urllib.parse.parse_qsl(url.query))
    user, password = urllib.parse.unquote(url.username or ""), urllib.parse.unquote(url.password or "")
    database = query.get("db") or ("" if is_socket(url) else url.path.lstrip("/"))
    with Wire(place(url), timeout) as connection:
        if url.scheme.lower().startswith("rediss"):
            connection.encrypt(context(query), url.hostname or "localhost")
        if password:
            say(connection, *(["AUTH", user, password] if user else ["AUTH", password]))
        if database.isdigit() and database != "0":
            say(connection, "SELECT", database)
        say(connection, "PING")
        info = say(connection, "INFO", "server")
        connection.send(command("QUIT"))
    fields = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    raise verdict.ready(fields.get("run_id", "redis"))


def is_socket(url: SplitResult) -> bool:
    return url.scheme.lower() in ("unix", "redis+socket")


def place(url: SplitResult) -> str | tuple[str, int]:
    """(host, port), or the path of a Unix socket."""
    return (
        urllib.parse.unquote(url.path) if is_socket(url) else (url.hostname or "localhost", url.port or 6379)
    )


def context(query: dict[str, str]) -> ssl.SSLContext:
    """TLS as redis-py's options want it."""
    context = ssl.create_default_context(cafile=query.get("ssl_ca_certs"))
    if query.get("ssl_cert_reqs", "").lower() in ("none", "cert_none"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def command(*words: str) -> bytes:
    """Words as RESP."""
    parts = [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"*%d\r\n" % len(words) + b"".join(parts)


def say(connection: Wire, *words: str) -> str:
    """Send a command; answer its reply. Errors become verdicts."""
    connection.send(command(*words))
    line = connection.line()
    if line[:1] == b"-":
        raise failure(line[1:].decode("utf-8", "replace"))
    if line[:1] == b"$" and int(line[1:]) >= 0:
        return connection.take(int(line[1:]) + 2)[:-2].decode("utf-8", "replace")
    return line[1:].decode("utf-8", "replace")


def failure(text: str) -> verdict.Attempt:
    """What an error reply means."""
    kind = text.split(" ", 1)[0]
    if kind in ("NOAUTH", "WRONGPASS") or "invalid password" in text or "without any password" in text:
        return verdict.refused(text, "correct the user and password in the URL")
    if kind in ("LOADING", "MASTERDOWN", "BUSY", "TRYAGAIN"):
        return verdict.not_yet(text, "wait; see how large its dump is")
    if "max number of clients" in text:
        return verdict.not_yet(text, "raise maxclients, or close idle clients", busy=True)
    if kind in ("NOPERM",):
        return verdict.ready("redis")  # logged in; this user may just not ask who the server is
    if kind == "DENIED":
        return verdict.misconfigured(text[:80], "set a password, or protected-mode no, in the server")
    if "out of range" in text or "DB index" in text:
        return verdict.misconfigured(text, "correct the database number in the URL", verdict.PERMANENT)
    return verdict.not_yet(text, "see the server's log")
