"""PostgreSQL: what it says while it is not there yet, and what it says for ever."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.readiness.conftest import Probe, named, stopped_at_the_end
from tests.rig import free_port, wait_until
from tests.servers import PASSWORD, PgBouncer, PostgreSQL, binaries


def said(process: subprocess.Popen[str], text: str) -> None:
    """Return when the probe has said `text`."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"the probe ended without saying {text!r}")


def test_a_ready_server_is_ready_and_fit_for_a_migration(probe: Probe, postgresql: PostgreSQL) -> None:
    assert probe.wait(postgresql.url, migrates=True) == (0, "ready")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgis", "PGSQL"])
def test_url_forms_of_other_libraries_are_taken(probe: Probe, postgresql: PostgreSQL, scheme: str) -> None:
    assert probe.wait(postgresql.url.replace("postgres", scheme, 1), once=True) == (0, "ready")


def test_a_unix_socket_a_second_host_and_options_are_taken(probe: Probe, postgresql: PostgreSQL) -> None:
    by_socket = f"postgres://app@/app?host={postgresql.directory}&port={postgresql.port}&options=-c%20search_path%3Dpublic"
    assert probe.wait(by_socket, once=True) == (0, "ready")
    second = postgresql.url.replace("@127.0.0.1", f"@127.0.0.1:{free_port()},127.0.0.1")
    assert probe.wait(second, once=True) == (0, "ready")


@pytest.mark.parametrize("python", ["3.8", "3.13"])
def test_the_probe_runs_on_old_and_new_pythons(probe: Probe, postgresql: PostgreSQL, python: str) -> None:
    found = sorted(Path.home().glob(f".pyenv/versions/{python}.*/bin/python3")) or [
        shutil.which(f"python{python}") or shutil.which("python3")
    ]
    probe.python = str(found[0])
    assert probe.wait(postgresql.url) == (0, "ready")


def test_a_server_that_comes_up_later_is_waited_for(probe: Probe, postgresql: PostgreSQL) -> None:
    postgresql.stop()
    process = probe.start(postgresql.url)
    said(process, "connection refused")
    postgresql.start()
    assert probe.end(process) == (0, "ready")


def test_a_wrong_password_is_refused_long_before_the_deadline(probe: Probe, postgresql: PostgreSQL) -> None:
    code, text = probe.wait(postgresql.url.replace(PASSWORD, "wrong"), timeout=60)
    assert code == 77
    assert "28P01" in text and "correct the user and password" in text


def test_a_wrong_password_is_waited_for_until_the_deadline_when_fresh(
    probe: Probe, postgresql: PostgreSQL
) -> None:
    code, text = probe.wait(postgresql.url.replace(PASSWORD, "wrong"), timeout=7, fresh=True)
    assert code == 77 and "after 7 s" in text


def test_a_missing_database_is_misconfigured(probe: Probe, postgresql: PostgreSQL) -> None:
    code, text = probe.wait(named(postgresql.url, "nosuch"), timeout=60)
    assert code == 78 and "3D000" in text


@pytest.mark.parametrize("fresh", [False, True])
def test_a_database_that_is_created_a_moment_later_is_waited_for(
    probe: Probe, postgresql: PostgreSQL, fresh: bool
) -> None:
    process = probe.start(named(postgresql.url, "late"), fresh=fresh)
    said(process, "3D000")
    postgresql.psql("CREATE DATABASE late OWNER app")
    assert probe.end(process) == (0, "ready")
    postgresql.psql("DROP DATABASE late")


def test_no_pg_hba_line_is_refused_with_its_cure(probe: Probe, postgresql: PostgreSQL) -> None:
    hba = postgresql.data / "pg_hba.conf"
    before = hba.read_text()
    try:
        hba.write_text("local all all trust\n")
        postgresql.psql("SELECT pg_reload_conf()")
        code, text = probe.wait(postgresql.url, timeout=60)
        assert code == 77 and "28000" in text and "pg_hba" in text
    finally:
        hba.write_text(before)
        postgresql.psql("SELECT pg_reload_conf()")


def test_full_slots_are_waited_for(probe: Probe, postgresql: PostgreSQL) -> None:
    words = [
        str(binaries() / "psql"),
        postgresql.url.replace("postgres:", "postgresql:"),
        "-qc",
        "SELECT pg_sleep(100)",
    ]
    taken = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'"
    wait_until(lambda: postgresql.psql(taken).strip() == "0", "the clients of other tests have left")
    clients = [
        subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(20)
    ]
    try:
        # asking the server would take a slot itself: 17 are open to all, so three clients must have been refused
        wait_until(lambda: sum(client.poll() is not None for client in clients) == 3, "slots are full")
        process = probe.start(postgresql.url)
        said(process, "53300")
        postgresql.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
        assert probe.end(process) == (0, "ready")
    finally:
        for client in clients:
            client.kill()
            client.wait()


def test_a_standby_is_not_ready_for_a_migration_and_ready_for_a_reader(
    probe: Probe, postgresql: PostgreSQL
) -> None:
    postgresql.stop()
    postgresql.touch("standby.signal")
    postgresql.start()
    try:
        code, text = probe.wait(postgresql.url, timeout=2, migrates=True)
        assert code == 75 and "in recovery" in text
        assert probe.wait(postgresql.url, migrates=False) == (0, "ready")
    finally:
        postgresql.stop()
        (postgresql.data / "standby.signal").unlink()
        postgresql.start()


def test_a_read_only_role_cannot_migrate(probe: Probe, postgresql: PostgreSQL) -> None:
    postgresql.psql("ALTER ROLE app SET default_transaction_read_only = on")
    try:
        code, text = probe.wait(postgresql.url, timeout=60, migrates=True)
        assert code == 78 and "read-only" in text
    finally:
        postgresql.psql("ALTER ROLE app RESET default_transaction_read_only")


def test_a_role_without_create_cannot_migrate(probe: Probe, postgresql: PostgreSQL) -> None:
    postgresql.psql("CREATE ROLE weak LOGIN PASSWORD 'weak-one'")
    code, text = probe.wait(
        postgresql.url.replace(f"app:{PASSWORD}", "weak:weak-one"), timeout=60, migrates=True
    )
    assert code == 78 and "may not CREATE" in text


def test_a_server_that_wants_tls_gets_it_and_is_told_from_one_that_has_none(
    probe: Probe, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    code, text = probe.wait(postgresql.url + "?sslmode=require", timeout=60)
    assert code == 78 and "does not speak TLS" in text
    for name in ("server.key", "server.crt"):
        assert not (postgresql.data / name).exists()
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            postgresql.data / "server.key",
            "-out",
            postgresql.data / "server.crt",
        ],
        check=True,
        capture_output=True,
    )
    shutil.copy(postgresql.data / "server.crt", tmp_path / "root.crt")
    for name in ("server.key", "server.crt"):
        (postgresql.data / name).chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(postgresql.data / name, "postgres")
    postgresql.psql("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
    try:
        wait_until(lambda: postgresql.psql("SHOW ssl").strip() == "on", "TLS is on")
        assert probe.wait(postgresql.url + "?sslmode=require", once=True) == (0, "ready")
        assert probe.wait(
            postgresql.url + f"?sslmode=verify-full&sslrootcert={tmp_path}/root.crt", once=True
        ) == (0, "ready")
        code, _ = probe.wait(postgresql.url + "?sslmode=verify-full", once=True)
        assert code != 0
    finally:
        postgresql.psql("ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()")


def test_a_server_that_accepts_and_then_restarts_is_not_taken_for_ready(
    probe: Probe, postgresql: PostgreSQL
) -> None:
    postgresql.psql("ALTER SYSTEM SET log_connections = on", "SELECT pg_reload_conf()")
    log = postgresql.directory / "log"
    before = log.read_text().count("connection authorized: user=app")
    process = probe.start(postgresql.url)
    wait_until(
        lambda: log.read_text().count("connection authorized: user=app") > before, "the probe logged in once"
    )
    postgresql.stop()
    stopped = log.read_text().count("connection authorized: user=app")
    postgresql.start()
    assert probe.end(process) == (0, "ready")
    assert log.read_text().count("connection authorized: user=app") >= stopped + 2


@pytest.fixture
def pgbouncer(postgresql: PostgreSQL, ground: Path) -> Iterator[PgBouncer]:
    with stopped_at_the_end(PgBouncer(ground / "pgbouncer")) as pooler:
        pooler.start(postgresql)
        yield pooler


def test_pgbouncer_is_told_by_its_text(probe: Probe, postgresql: PostgreSQL, pgbouncer: PgBouncer) -> None:
    url = postgresql.url.replace(str(postgresql.port), str(pgbouncer.port))
    assert probe.wait(url) == (0, "ready")
    code, text = probe.wait(named(url, "nosuch"), timeout=60)
    assert code == 78 and "PgBouncer" in text
    code, text = probe.wait(url.replace(PASSWORD, "wrong"), timeout=60)
    assert code == 77 and "PgBouncer" in text


def test_pgbouncer_with_its_server_down_is_not_yet(
    probe: Probe, postgresql: PostgreSQL, pgbouncer: PgBouncer
) -> None:
    url = postgresql.url.replace(str(postgresql.port), str(pgbouncer.port))
    postgresql.stop()
    try:
        process = probe.start(url, timeout=40)
        said(process, "PgBouncer")
    finally:
        postgresql.start()
    assert probe.end(process) == (0, "ready")


@contextmanager
def listener(answer: bytes | None) -> Iterator[int]:
    """A port that accepts and says nothing, or closes at once after `answer`."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        held = []

        def serve() -> None:
            while True:
                try:
                    client = server.accept()[0]
                except OSError:
                    return
                held.append(client)
                if answer is not None:
                    client.sendall(answer)
                    client.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        for client in held:
            client.close()


def test_a_proxy_that_stays_silent_and_one_that_closes_are_not_yet(probe: Probe) -> None:
    with listener(None) as port:
        code, text = probe.wait(f"postgres://u:p@127.0.0.1:{port}/x", timeout=3)
        assert code == 75 and "no answer" in text
    with listener(b"") as port:
        code, text = probe.wait(f"postgres://u:p@127.0.0.1:{port}/x", timeout=1)
        assert code == 75 and ("closed the connection" in text or "reset" in text)


def test_an_unknown_scheme_names_the_known_ones(probe: Probe) -> None:
    code, text = probe.wait("oracle://x/y")
    assert code == 78 and "postgresql" in text and "tcp://host:port" in text


def test_a_smart_shutdown_is_waited_out(probe: Probe, postgresql: PostgreSQL) -> None:
    words = [
        str(binaries() / "psql"),
        postgresql.url.replace("postgres:", "postgresql:"),
        "-qc",
        "SELECT pg_sleep(100)",
    ]
    client = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(100)' AND usename = 'app'"
        wait_until(lambda: postgresql.psql(count).strip() == "1", "a client holds the shutdown up")
        assert postgresql.process is not None
        postgresql.process.send_signal(signal.SIGTERM)
        process = probe.start(postgresql.url, timeout=40)
        said(process, "57P03")
    finally:
        client.kill()
        client.wait()
    postgresql.stop()
    postgresql.start()
    assert probe.end(process) == (0, "ready")


def test_a_long_crash_recovery_is_waited_out(probe: Probe, postgresql: PostgreSQL, ground: Path) -> None:
    """The recovery of a killed server; it asks an archive for what comes after, which lasts until `gate` exists."""
    table = "CREATE TABLE load AS SELECT repeat('x', 200) FROM generate_series(1, 50000)"
    postgresql.psql(f"SET synchronous_commit = on; {table}")
    postgresql.stop(signal.SIGQUIT)
    postgresql.touch("recovery.signal")
    postgresql.launch(restore_command=f"until test -e {ground}/gate; do sleep 0.1; done; false")
    process = probe.start(postgresql.url, timeout=60, migrates=True)
    said(process, "57P03")
    (ground / "gate").touch()
    assert probe.end(process) == (0, "ready")
    assert postgresql.psql("SELECT count(*) FROM load").strip() == "50000"
