"""One service to wait for: its URL, as dj-database-url and SQLAlchemy write them, and how it is asked."""

from __future__ import annotations

import struct
import urllib.parse

from deploytasks.remote.services import http_tcp, mysql, postgresql, postgresql_url, redis, sqlite, verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

KINDS = {
    "postgresql": ("postgres", "postgresql", "postgis", "psql", "pgsql"),
    "mysql": ("mysql", "mysql2", "mysqlgis", "mariadb"),
    "redis": ("redis", "rediss", "unix"),
    "sqlite": ("sqlite", "sqlite3", "spatialite"),
    "tcp": ("tcp",),
    "http": ("http", "https"),
}
SCHEMES = {scheme: kind for kind, schemes in KINDS.items() for scheme in schemes}


class Service:
    """`usable` asks for what a migration needs. A SQLite file is relative to `base`; `created` says that it may be
    missing, because something that follows makes it.
    """

    def __init__(self, name: str, url: str, usable: bool, root: str, base: str, created: bool) -> None:
        self.name, self.usable = name, usable
        self.root, self.base, self.created = root, base, created
        self.url, self.kind = urllib.parse.SplitResult("", "", "", "", ""), ""
        self.flaw: tuple[str, str] | None = None
        try:
            self.read(url)
        except ValueError:
            self.flaw = "its URL cannot be read", "correct it; percent-encode special characters"

    def read(self, url: str) -> None:
        """Raises ValueError for what is no URL."""
        self.url = urllib.parse.urlsplit(url)
        scheme = self.url.scheme.split("+")[0].lower()
        self.kind = SCHEMES.get(scheme, "")
        if not self.kind:
            cure = "use one of %s (tcp://host:port only connects)" % ", ".join(sorted(SCHEMES))
            self.flaw = "its scheme %r is unknown" % scheme, cure
        elif self.kind == "postgresql":
            postgresql_url.hosts(self.url)
        elif self.kind != "sqlite":
            (self.url.hostname or "").encode("idna")
            self.url.port  # noqa: B018  raises ValueError when it is no number

    def ask(self, timeout: float) -> verdict.Attempt:
        """What one attempt to use the service says: a verdict.Attempt."""
        if self.flaw:
            return verdict.misconfigured(*self.flaw, verdict.PERMANENT)
        try:
            ASK[self.kind](self, timeout)
        except verdict.Attempt as answer:
            return answer
        except (OSError, EOFError) as error:
            return verdict.lost(error)
        except (ValueError, LookupError, struct.error):
            return verdict.not_yet(
                "answers what no %s server says" % self.kind, "correct the port in the URL"
            )
        raise AssertionError("an attempt always ends with what it says")


ASK: dict[str, Callable[[Service, float], NoReturn]] = {
    "postgresql": lambda one, timeout: postgresql.attempt(one.url, timeout, one.usable),
    "mysql": lambda one, timeout: mysql.attempt(one.url, timeout, one.usable),
    "redis": lambda one, timeout: redis.attempt(one.url, timeout),
    "sqlite": lambda one, _: sqlite.attempt(one.url, one.root, one.base, one.created),
    "tcp": lambda one, timeout: http_tcp.tcp(one.url, timeout),
    "http": lambda one, timeout: http_tcp.web(one.url, timeout),
}
