"""A backup before the schema changes, and how it would be restored. Pure."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from ..operation import Operation
from ..remote.services.service import SCHEMES
from .shape import shaped

if TYPE_CHECKING:
    from ..config.environment import Environment
    from .context import StepContext


@dataclass(frozen=True)
class Backup:
    """One that a host keeps: of before which release, its bytes, its age in seconds, and what it looks like."""

    release: str
    bytes: int
    age: float
    kind: str


@dataclass(frozen=True)
class Backups:
    """All that a host keeps, the newest first."""

    backups: tuple[Backup, ...]

    @classmethod
    def of(cls, value: Any) -> Backups:
        return shaped(cls, {"backups": value})


BACKUPS = Operation("backups", read=Backups.of)
POSTGRESQL = ("postgres", "postgresql")
"""Schemes that PostgreSQL's own programs take (its documentation, 34.1.1.2); others name it for an application only."""
PLAIN_URL = re.compile(r"(?:[^:@/]+(?::[^@/]*)?@)?[\w.-]+(?::[0-9]{1,4})?")
"""User, password, host and port of a URL, each where it belongs."""


def backup(context: StepContext) -> list[Operation]:
    """Run DEPLOY_BACKUP, once, on the primary host, and keep the file that it must write."""
    from ..shell import shell_line

    settings, release = context.environment.settings, context.release
    if not settings.backup:
        return []
    named = {"DEPLOYTASKS_BACKUP": str(context.layout.shared / "backups" / release)}
    return [
        Operation("begin_backup", {"release": release}, "", "make room for the backup"),
        context.in_release(shell_line(settings.backup), step="backup", further=named),
        Operation("keep_backup", {"release": release, "keep": settings.keep_backups}, "backup", "keep it"),
    ]


def restore_line(environment: Environment, path: str, kind: str) -> str | None:
    """The shell line that would bring back a backup at `path` in the environment of `fab run`; None when only its
    maker knows.
    """
    variable = environment.get("DATABASE_URL")
    try:
        url = urlsplit(variable.value.reveal() if variable else "")
    except ValueError:
        return None
    file = shlex.quote(path)
    text = {"gzip": f"gunzip -c {file} |", "text": f"cat {file} |"}.get(kind)
    if url.scheme in POSTGRESQL and kind == "PostgreSQL":
        return f'pg_restore --clean --if-exists --no-owner --dbname="$DATABASE_URL" {file}'
    if url.scheme in POSTGRESQL and text:
        return f'{text} psql --set=ON_ERROR_STOP=1 "$DATABASE_URL"'
    if SCHEMES.get(url.scheme.partition("+")[0]) == "mysql" and text:
        client = mysql(url)
        return client and f"{text} {client}"
    if SCHEMES.get(url.scheme) == "sqlite" and kind == "SQLite":
        return f"cp {file} {shlex.quote(url.path[1:])}"
    return None


def mysql(url: SplitResult) -> str | None:
    """The client for the database of a URL; it asks for the password. None where a part of the password could stand in
    another part of the URL, as one with `/`, `#` or `?` does that is not written `%2F`.
    """
    plain = PLAIN_URL.fullmatch(url.netloc) and re.fullmatch(r"/[\w$-]+", url.path)
    if not plain or url.fragment:
        return None
    where = [f"--host={url.hostname}"] if url.hostname else []
    where += [f"--port={url.port}"] if url.port else []
    where += [f"--user={unquote(url.username)}"] if url.username else []
    return shlex.join(["mysql", *where, "--password", url.path.strip("/")])
