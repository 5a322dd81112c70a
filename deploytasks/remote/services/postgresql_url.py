"""What a PostgreSQL URL says, read as libpq reads it."""

from __future__ import annotations

import os
import ssl
import urllib.parse

from deploytasks.remote.services import verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from urllib.parse import SplitResult

TLS = {"disable": (False,), "allow": (False, True), "prefer": (True, False)}


class Target:
    """Whom to log in as, and to what."""

    def __init__(self, url: SplitResult) -> None:
        self.query = dict(urllib.parse.parse_qsl(url.query))
        user, _, password = url.netloc.rpartition("@")[0].partition(":")
        self.user = urllib.parse.unquote(user) or self.query.get("user") or os.environ.get("USER", "")
        self.password = urllib.parse.unquote(password) or self.query.get("password", "")
        self.database = urllib.parse.unquote(url.path.lstrip("/")) or self.query.get("dbname") or self.user
        self.sslmode = self.query.get("sslmode", "prefer")
        self.hosts = hosts(url)

    def ways(self, host: str) -> tuple[bool, ...]:
        """With TLS and without, in the order tried. A Unix socket has none."""
        return (False,) if host.startswith("/") else TLS.get(self.sslmode, (True,))

    @property
    def insists(self) -> bool:
        """Whether the login must be encrypted."""
        return self.sslmode not in TLS

    def context(self) -> ssl.SSLContext:
        """TLS as sslmode wants it."""
        if not self.sslmode.startswith("verify"):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        else:
            context = ssl.create_default_context(cafile=self._authority())
            context.check_hostname = self.sslmode == "verify-full"
        if self.query.get("sslcert"):
            context.load_cert_chain(self._file("sslcert"), self.query.get("sslkey"))
        return context

    def _authority(self) -> str | None:
        """None: the system's own authorities."""
        usual = os.path.expanduser("~/.postgresql/root.crt")
        if self.query.get("sslrootcert", "system") != "system":
            return self._file("sslrootcert")
        return usual if "sslrootcert" not in self.query and os.path.exists(usual) else None

    def _file(self, option: str) -> str:
        path = self.query[option]
        if not os.access(path, os.R_OK):
            raise verdict.misconfigured(
                "%s %s cannot be read on the host" % (option, path),
                "put it there, or correct its path",
                verdict.PERMANENT,
            )
        return path


def hosts(url: SplitResult) -> list[tuple[str, int]]:
    """[(host or socket directory, port)] of a URL, several separated by commas, or given as host= and port=.

    Raises ValueError for a port that is no number.
    """
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
