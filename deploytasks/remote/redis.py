"""One real login to Redis (RESP), and whether it is done loading.
An HTTP health question stands beside it: both are lines.
"""

import http.client
import socket
import ssl
import urllib.parse

from deploytasks.remote import verdict


def attempt(url, timeout):
    """Raise a verdict.Attempt: how one login, SELECT and PING went."""
    connection = connect(url, timeout)
    try:
        stream = connection.makefile("rb")
        user, password = urllib.parse.unquote(url.username or ""), urllib.parse.unquote(url.password or "")
        if password:
            say(connection, stream, *(["AUTH", user, password] if user else ["AUTH", password]))
        database = dict(urllib.parse.parse_qsl(url.query)).get("db") or (
            url.path.lstrip("/") if not is_socket(url) else ""
        )
        if database.isdigit() and database != "0":
            say(connection, stream, "SELECT", database)
        say(connection, stream, "PING")
        info = say(connection, stream, "INFO", "server")
        connection.sendall(command("QUIT"))
    finally:
        connection.close()
    fields = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    raise verdict.ready(fields.get("run_id", "redis"))


def is_socket(url):
    return url.scheme.lower() in ("unix", "redis+socket")


def connect(url, timeout):
    """A connection, over TLS for rediss://."""
    if is_socket(url):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(urllib.parse.unquote(url.path))
        return connection
    host = url.hostname or "localhost"
    connection = socket.create_connection((host, url.port or 6379), timeout)
    if not url.scheme.lower().startswith("rediss"):
        return connection
    context = ssl.create_default_context()
    if dict(urllib.parse.parse_qsl(url.query)).get("ssl_cert_reqs") == "none":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname=host)


def command(*words):
    """Words as RESP."""
    parts = [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"*%d\r\n" % len(words) + b"".join(parts)


def say(connection, stream, *words):
    """Send a command; answer its reply. Errors become verdicts."""
    connection.sendall(command(*words))
    line = stream.readline()
    if not line:
        raise EOFError
    if line[:1] == b"-":
        raise failure(line[1:].decode("utf-8", "replace").strip())
    if line[:1] == b"$" and int(line[1:]) >= 0:
        return stream.read(int(line[1:]) + 2)[:-2].decode("utf-8", "replace")
    return line[1:].decode("utf-8", "replace").strip()


def failure(text):
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
    if "out of range" in text or "DB index" in text:
        return verdict.misconfigured(text, "correct the database number in the URL", verdict.PERMANENT)
    return verdict.not_yet(text, "see the server's log")


def ask_http(url, timeout):
    """Raise a verdict.Attempt: whether a URL answers 2xx."""
    secure = url.scheme.lower() == "https"
    connect_to = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect_to(url.hostname, url.port, timeout=timeout)
    try:
        connection.request("GET", urllib.parse.urlunsplit(("", "", url.path or "/", url.query, "")))
        status = connection.getresponse().status
    except http.client.HTTPException as error:
        raise verdict.not_yet("no HTTP answer (%s)" % type(error).__name__) from None
    finally:
        connection.close()
    if 200 <= status < 300:
        raise verdict.ready("http")
    if status in (401, 403):
        raise verdict.refused("answered %d" % status, "correct the credentials in the URL")
    if status == 404:
        raise verdict.misconfigured("answered 404", "correct the path of the URL")
    raise verdict.not_yet("answered %d" % status, "see its log")
