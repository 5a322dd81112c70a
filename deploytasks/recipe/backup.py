"""A backup before the schema changes, and how it would be restored. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from ..operation import Operation
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
POSTGRESQL = (
    "postgres",
    "postgresql",
    "postgis",
    "pgsql",
    "timescale",
    "timescalegis",
    "psycopg2",
    "psycopg",
)
MYSQL = ("mysql", "mysql2", "mysqlgis", "mariadb")


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
    url = urlsplit(variable.value.reveal() if variable else "")
    scheme = url.scheme.partition("+")[0]
    file = shlex.quote(path)
    text = f"gunzip -c {file} |" if kind == "gzip" else f"cat {file} |"
    if scheme in POSTGRESQL and kind == "PostgreSQL":
        return f'pg_restore --clean --if-exists --no-owner --dbname="$DATABASE_URL" {file}'
    if scheme in POSTGRESQL:
        return f'{text} psql --set=ON_ERROR_STOP=1 "$DATABASE_URL"'
    if scheme in MYSQL:
        return f"{text} {mysql(url)}"
    if scheme == "sqlite" and kind == "SQLite":
        return f"cp {file} {shlex.quote(url.path[1:])}"
    return None


def mysql(url: SplitResult) -> str:
    """The client for the database of a URL; it asks for the password."""
    where = [f"--host={url.hostname}"] if url.hostname else []
    where += [f"--port={url.port}"] if url.port else []
    where += [f"--user={unquote(url.username)}"] if url.username else []
    return shlex.join(["mysql", *where, "--password", url.path.strip("/")])
