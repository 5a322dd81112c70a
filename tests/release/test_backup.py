"""A backup before the schema changes: without a good one nothing migrates; what it holds can be brought back."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from deploytasks.config.loading import load_environment
from deploytasks.recipe.backup import restore_line
from tests.release.project import Plain
from tests.servers import PostgreSQL

SITE = {"DEPLOY_HOSTS": "local:", "DEPLOY_PATH": ".deploy/dev"}
MIGRATE = "touch ../../migrated"


def backups(project: Plain) -> list[Path]:
    return sorted((project.root / ".deploy/dev/shared/backups").iterdir())


def migrated(project: Plain) -> bool:
    return (project.root / ".deploy/dev/migrated").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param("true", "wrote nothing to $DEPLOYTASKS_BACKUP", id="no file"),
        pytest.param(': > "$DEPLOYTASKS_BACKUP"', "left $DEPLOYTASKS_BACKUP empty", id="an empty file"),
        pytest.param('false | gzip > "$DEPLOYTASKS_BACKUP"', "packed nothing", id="nothing, packed"),
        pytest.param('echo half > "$DEPLOYTASKS_BACKUP"; exit 3', "exit code 3", id="a failure"),
        pytest.param("cat /dev/zero > /dev/full", "exit code", id="a full disk"),
        pytest.param(
            'ln -s /etc/hostname "$DEPLOYTASKS_BACKUP"', "wrote nothing", id="a link to something else"
        ),
    ],
)
def test_without_a_backup_nothing_migrates_and_the_old_release_serves(
    local: Plain, command: str, said: str
) -> None:
    local.environment("dev", **SITE)
    first = local.deploy("dev")
    local.environment("dev", **SITE, DEPLOY_BACKUP=command, DEPLOY_MIGRATE=MIGRATE)
    done = local.fab("deploy", "--env=dev")
    assert done.code == 1 and said in done.err, done.err
    assert not migrated(local) and (local.root / ".deploy/dev/current").resolve().name == first


def test_the_newest_are_kept_private_listed_and_named_by_a_rollback(local: Plain) -> None:
    local.environment(
        "dev",
        **SITE,
        DEPLOY_BACKUP='umask 0; echo "$DEPLOYTASKS_RELEASE" > "$DEPLOYTASKS_BACKUP"',
        DEPLOY_KEEP_BACKUPS="2",
        DEPLOY_MIGRATE=MIGRATE,
    )
    releases = [local.deploy("dev") for _ in range(3)]
    assert migrated(local) and [path.name for path in backups(local)] == releases[1:]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in backups(local))
    assert stat.S_IMODE((local.root / ".deploy/dev/shared/backups").stat().st_mode) == 0o700
    listed = local.fab("backups", "--env=dev", "--json").document["backups"]
    assert [(one["release"], one["bytes"], one["kind"]) for one in listed] == [
        (release, len(release) + 1, "text") for release in reversed(releases[1:])
    ]
    assert f"{releases[2]}       23 B" in local.fab("backups", "--env=dev").out
    back = local.fab("rollback", "--env=dev")
    assert f"the backup before {releases[2]} is {backups(local)[-1]}" in back.err


def test_a_postgresql_archive_brings_the_rows_back(local: Plain, postgresql: PostgreSQL) -> None:
    local.environment(
        "dev",
        **SITE,
        DATABASE_URL=postgresql.url,
        DEPLOY_BACKUP='pg_dump --format=custom --file="$DEPLOYTASKS_BACKUP" "$DATABASE_URL"',
        DEPLOY_MIGRATE='psql --quiet "$DATABASE_URL" --command="DROP TABLE IF EXISTS umbrella"',
    )
    made = "CREATE TABLE umbrella (colour text); INSERT INTO umbrella VALUES (''red'')".replace("''", "'")
    local.write("make.sql", made)
    local.commit("Make rows")
    assert local.fab("deploy", "--env=dev", "--skip=migrate").code == 0
    assert local.fab("run", "--env=dev", 'psql "$DATABASE_URL" --file=make.sql').code == 0
    local.deploy("dev")
    gone = local.fab("run", "--env=dev", 'psql "$DATABASE_URL" --command="SELECT * FROM umbrella"')
    assert gone.code != 0
    newest = local.fab("backups", "--env=dev", "--json").document["backups"][0]
    assert newest["kind"] == "PostgreSQL"
    assert local.fab("run", "--env=dev", newest["restore"]).code == 0
    back = local.fab(
        "run", "--env=dev", 'psql --tuples-only "$DATABASE_URL" --command="SELECT * FROM umbrella"'
    )
    assert back.code == 0 and "red" in back.out


def test_a_sqlite_file_brings_the_rows_back(local: Plain) -> None:
    database = local.root / ".deploy/dev/shared/db.sqlite3"
    line = (
        "python3 -c 'import os, sqlite3; "
        f'sqlite3.connect("{database}").backup(sqlite3.connect(os.environ["DEPLOYTASKS_BACKUP"]))\''
    )
    script = local.root / "back-up"
    local.write("back-up", f"#!/bin/sh\n{line}\n", 0o755)
    local.commit("Back up")
    local.environment("dev", **SITE)
    local.deploy("dev")
    database.parent.mkdir(exist_ok=True)
    with sqlite3.connect(database) as made:
        made.execute("CREATE TABLE umbrella (colour text)")
        made.execute("INSERT INTO umbrella VALUES ('red')")
    local.environment("dev", **SITE, DATABASE_URL=f"sqlite:///{database}", DEPLOY_BACKUP=f"./{script.name}")
    local.deploy("dev")
    os.unlink(database)
    newest = local.fab("backups", "--env=dev", "--json").document["backups"][0]
    assert newest["restore"] == f"cp {newest['file']} {database}"
    assert local.fab("run", "--env=dev", newest["restore"]).code == 0
    with sqlite3.connect(database) as back:
        assert back.execute("SELECT colour FROM umbrella").fetchall() == [("red",)]


def test_failed_deploys_do_not_crowd_out_the_backup_of_what_is_served(local: Plain) -> None:
    keys = {**SITE, "DEPLOY_BACKUP": 'echo x > "$DEPLOYTASKS_BACKUP"', "DEPLOY_KEEP_BACKUPS": "1"}
    local.environment("dev", **keys)
    first = local.deploy("dev")
    local.environment("dev", **keys, DEPLOY_MIGRATE="false")
    assert [local.fab("deploy", "--env=dev").code for _ in range(2)] == [1, 1]
    assert backups(local)[0].name == first and len(backups(local)) == 3


def test_a_directory_of_the_application_is_no_place_for_backups(local: Plain) -> None:
    local.environment("dev", **SITE, DEPLOY_BACKUP="true", DEPLOY_SHARED_DIRS="media backups/old")
    done = local.fab("deploy", "--env=dev")
    assert done.code == 2 and "shared/backups" in done.err


@pytest.mark.parametrize(
    ("url", "kind", "line"),
    [
        (
            "postgres://a@h/d",
            "PostgreSQL",
            'pg_restore --clean --if-exists --no-owner --dbname="$DATABASE_URL" /b',
        ),
        ("postgres://a@h/d", "text", 'cat /b | psql --set=ON_ERROR_STOP=1 "$DATABASE_URL"'),
        ("postgis://a@h/d", "text", None),
        ("postgres://a@h/d", "unknown", None),
        ("mysql://root:1234/sEcretpart@db/shop", "text", None),
        ("mysql://root:a1/x@db/shop", "text", None),
        ("mysql://root:a?x@db/shop", "text", None),
        ("postgresql://a@h/d", "gzip", 'gunzip -c /b | psql --set=ON_ERROR_STOP=1 "$DATABASE_URL"'),
        (
            "mysql://a:sEcret@h:3306/d",
            "gzip",
            "gunzip -c /b | mysql --host=h --port=3306 --user=a --password d",
        ),
        ("sqlite:////srv/db", "SQLite", "cp /b /srv/db"),
        ("sqlite:////srv/db", "text", None),
        ("redis://h", "text", None),
    ],
)
def test_how_a_backup_is_restored_is_told_by_its_service_and_its_first_bytes(
    tmp_path: Path, url: str, kind: str, line: str | None
) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments/dev.env").write_text(
        f"DEPLOY_HOSTS=local:\nDEPLOY_PATH=.d\nDATABASE_URL={url}\n"
    )
    assert restore_line(load_environment("dev", root=tmp_path), "/b", kind) == line
