"""Whether a SQLite file can be used by what follows; the probe never creates it."""

from __future__ import annotations

import os
import sqlite3
import urllib.parse

from deploytasks.remote.services import verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn
    from urllib.parse import SplitResult


def attempt(url: SplitResult, root: str, base: str, created: bool) -> NoReturn:
    """Raise a verdict.Attempt. A relative path is relative to `base`;
    `created` says that something later makes the file.
    """
    path = urllib.parse.unquote(url.path)
    if path in ("", "/", "/:memory:"):
        raise verdict.ready()
    name = path[1:] if url.netloc == "" else path
    place = os.path.realpath(os.path.join(base, name))
    if place.startswith(os.path.realpath(os.path.join(root, "releases")) + os.sep):
        cure = "put it in a directory of DEPLOY_SHARED_DIRS, or give an absolute path outside releases/"
        raise verdict.misconfigured(
            "%s is inside a release and would be lost with it" % name, cure, verdict.PERMANENT
        )
    directory = os.path.dirname(place)
    if not os.path.isdir(directory):
        raise verdict.misconfigured(
            "directory %s does not exist" % directory, "create it on the host", verdict.PERMANENT
        )
    if not os.access(directory, os.W_OK | os.X_OK):
        raise verdict.misconfigured(
            "directory %s is not writable" % directory, "make it writable for this user", verdict.PERMANENT
        )
    if not os.path.exists(place):
        if created:
            raise verdict.ready()
        cure = "set DEPLOY_MIGRATE or a postinstall that creates it, or create it on the host"
        raise verdict.misconfigured(
            "%s does not exist and nothing that follows creates it" % place, cure, verdict.PERMANENT
        )
    read(place)
    raise verdict.ready()


def read(place: str) -> None:
    """Read the schema: `SELECT 1` succeeds on a locked file and on rubbish."""
    if not os.access(place, os.W_OK):
        raise verdict.misconfigured(
            "%s is not writable" % place, "make it writable for this user", verdict.PERMANENT
        )
    try:
        connection = sqlite3.connect("file:%s?mode=rw" % urllib.parse.quote(place), uri=True, timeout=0.2)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise verdict.not_yet("%s: %s" % (place, error), "see who holds the lock") from None
    except sqlite3.DatabaseError as error:
        raise verdict.misconfigured(
            "%s: %s" % (place, error), "restore it, or move it away", verdict.PERMANENT
        ) from None
