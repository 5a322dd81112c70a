"""PostgreSQL: what it says while it is not there yet, and what it says for ever."""

from __future__ import annotations

import signal
import struct
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploytasks.remote.agent.state import State
from deploytasks.remote.services.first_look import look
from deploytasks.remote.services.service import Service
from tests.readiness.conftest import Probe, certificate, full, listener, named, said, stopped_at_the_end
from tests.rig import free_port, wait_until
from tests.servers import PASSWORD, PgBouncer, PostgreSQL, binaries


def test_a_ready_server_is_ready_and_fit_for_a_migration(probe: Probe, postgresql: PostgreSQL) -> None:
    assert probe.wait(postgresql.url, migrates=True) == (0, "ready")


def test_a_look_at_the_beginning_sees_the_server_that_the_wait_sees(postgresql: PostgreSQL) -> None:
    state = State()
    look(state, {"DATABASE_URL": {"url": postgresql.url, "usable": True}}, migrates=True)
    wait_until(lambda: state.sightings, "the server has been seen")
    attempt = Service("DATABASE_URL", postgresql.url, True, "", "", False).ask(5.0)
    assert attempt.server == state.sightings[postgresql.url][0]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgis", "PGSQL"])
def test_url_forms_of_other_libraries_are_taken(probe: Probe, postgresql: PostgreSQL, scheme: str) -> None:
    assert probe.wait(postgresql.url.replace("postgres", scheme, 1), once=True) == (0, "ready")


def test_a_unix_socket_a_second_host_and_options_are_taken(probe: Probe, postgresql: PostgreSQL) -> None:
    by_socket = f"postgres://app@/app?host={postgresql.directory}&port={postgresql.port}&options=-c%20search_path%3Dpublic"
    assert probe.wait(by_socket, once=True) == (0, "ready")
    second = postgresql.url.replace("@127.0.0.1", f"@127.0.0.1:{free_port()},127.0.0.1")
    assert probe.wait(second, once=True) == (0, "ready")


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
    with access(postgresql):
        code, text = probe.wait(postgresql.url, once=True)
    assert code == 77 and "28000" in text and "add a pg_hba.conf line" in text


def test_full_slots_are_waited_for(probe: Probe, postgresql: PostgreSQL) -> None:
    url = postgresql.url.replace("postgres:", "postgresql:")
    with full([str(binaries() / "psql"), url, "-qAtc", "SELECT 'in'", "-c", "SELECT pg_sleep(100)"]):
        process = probe.start(postgresql.url)
        said(process, "53300")
        postgresql.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
        assert probe.end(process) == (0, "ready")


def test_a_standby_is_not_ready_for_a_migration_and_ready_for_a_reader(
    probe: Probe, postgresql: PostgreSQL
) -> None:
    postgresql.stop()
    postgresql.give("standby.signal")
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
        code, text = probe.wait(postgresql.url, once=True, migrates=True)
        assert code == 78 and "read-only" in text
    finally:
        postgresql.psql("ALTER ROLE app RESET default_transaction_read_only")


def test_a_role_without_create_cannot_migrate(probe: Probe, postgresql: PostgreSQL) -> None:
    postgresql.psql("CREATE ROLE weak LOGIN PASSWORD 'weak-one'")
    code, text = probe.wait(
        postgresql.url.replace(f"app:{PASSWORD}", "weak:weak-one"), once=True, migrates=True
    )
    assert code == 78 and "may not CREATE" in text


@contextmanager
def tls(server: PostgreSQL, directory: Path) -> Iterator[Path]:
    """Switch TLS on for a while; the certificate that vouches for the server."""
    key, shown = certificate(directory)
    for file, name in ((key, "server.key"), (shown, "server.crt")):
        server.give(name, file.read_text())
    server.psql("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
    wait_until(lambda: server.psql("SHOW ssl").strip() == "on", "TLS is on")
    try:
        yield shown
    finally:
        server.psql("ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()")
        wait_until(lambda: server.psql("SHOW ssl").strip() == "off", "TLS is off")


@contextmanager
def access(server: PostgreSQL, *lines: str) -> Iterator[None]:
    """Other lines in pg_hba.conf for a while; the superuser's socket stays open."""
    hba = server.data / "pg_hba.conf"
    before = hba.read_text()

    def become(text: str) -> None:
        hba.write_text(text)
        server.psql("SELECT pg_reload_conf()")

    become("\n".join(["local all all trust", *lines, ""]))
    try:
        yield
    finally:
        become(before)


def test_tls_is_spoken_as_sslmode_wants_it(probe: Probe, postgresql: PostgreSQL, tmp_path: Path) -> None:
    refused = "hostssl all all 127.0.0.1/32 scram-sha-256", "host all all ::1/128 reject"
    with tls(postgresql, tmp_path) as shown, access(postgresql, *refused):
        for mode in ("allow", "prefer", "require"):
            assert probe.wait(f"{postgresql.url}?sslmode={mode}", once=True) == (0, "ready"), mode
        for mode in ("verify-ca", "verify-full"):
            url = f"{postgresql.url}?sslmode={mode}&sslrootcert={shown}"
            assert probe.wait(url, once=True) == (0, "ready"), mode
        code, text = probe.wait(f"{postgresql.url}?sslmode=disable", once=True)
        assert code == 77 and "28000" in text and "no encryption" in text


def test_a_certificate_for_another_name_or_by_a_stranger_is_misconfigured(
    probe: Probe, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    with tls(postgresql, tmp_path) as shown:
        elsewhere = postgresql.url.replace("127.0.0.1", "localhost")
        code, text = probe.wait(f"{elsewhere}?sslmode=verify-full&sslrootcert={shown}", once=True)
        assert code == 78 and "its certificate is refused" in text and "localhost" in text
        code, text = probe.wait(f"{postgresql.url}?sslmode=verify-full", once=True)
        assert code == 78 and "self-signed" in text.replace("self signed", "self-signed")
        code, text = probe.wait(f"{postgresql.url}?sslmode=verify-ca&sslrootcert=/nowhere", timeout=60)
        assert code == 78 and "sslrootcert /nowhere cannot be read" in text


def test_a_server_without_tls_is_misconfigured_when_the_url_insists(
    probe: Probe, postgresql: PostgreSQL
) -> None:
    code, text = probe.wait(postgresql.url + "?sslmode=require", once=True)
    assert code == 78 and "does not speak TLS" in text


def test_a_login_that_is_let_in_without_tls_only_is_made_without(
    probe: Probe, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    with tls(postgresql, tmp_path), access(postgresql, "hostnossl all all 127.0.0.1/32 scram-sha-256"):
        assert probe.wait(postgresql.url, once=True) == (0, "ready")
        assert probe.wait(f"{postgresql.url}?sslmode=require", once=True)[0] == 77


@pytest.mark.parametrize("method", ["trust", "password", "md5", "scram-sha-256"])
def test_every_way_of_proving_a_password_is_spoken(probe: Probe, postgresql: PostgreSQL, method: str) -> None:
    kept = "md5" if method == "md5" else "scram-sha-256"
    postgresql.psql(f"SET password_encryption = '{kept}'; CREATE ROLE proven LOGIN PASSWORD 'right'")
    url = f"postgres://proven:right@127.0.0.1:{postgresql.port}/app"
    try:
        with access(postgresql, f"host all all 127.0.0.1/32 {method}"):
            assert probe.wait(url, once=True) == (0, "ready")
            code = probe.wait(url.replace("right", "wrong"), once=True)[0]
            assert code == (0 if method == "trust" else 77)
    finally:
        postgresql.psql("DROP ROLE proven")


def test_credentials_are_decoded_and_prepared_as_the_server_does(
    probe: Probe, postgresql: PostgreSQL
) -> None:
    """A no-break space, a soft hyphen and a ligature: what SASLprep changes; and what a URL must encode."""
    user, password = "o'neil@home", "a:b/c@d%\u00a0\u00ad\ufb01n"
    postgresql.psql(f"""CREATE ROLE "{user}" LOGIN PASSWORD '{password}'""")
    both = ":".join(urllib.parse.quote(text, safe="") for text in (user, password))
    assert probe.wait(f"postgres://{both}@127.0.0.1:{postgresql.port}/app", once=True) == (0, "ready")


def test_a_url_without_a_password_passes_with_a_warning(probe: Probe, postgresql: PostgreSQL) -> None:
    code, text = probe.wait(postgresql.url.replace(f":{PASSWORD}", ""), timeout=60)
    assert code == 0 and "reached, login not tried" in text and ".pgpass" in text


def test_ipv6_is_spoken(probe: Probe, postgresql: PostgreSQL) -> None:
    postgresql.stop()
    postgresql.start(listen_addresses="::1")
    try:
        url = postgresql.url.replace("127.0.0.1", "[::1]")
        assert probe.wait(url, once=True) == (0, "ready")
        both = url.replace("[::1]", f"[::1]:{free_port('::1')},[::1]")
        assert probe.wait(both, once=True) == (0, "ready")
    finally:
        postgresql.stop()
        postgresql.start()


def test_all_addresses_of_a_name_are_tried(probe: Probe, postgresql: PostgreSQL) -> None:
    """`localhost` is ::1 as well, where nothing listens."""
    assert probe.wait(postgresql.url.replace("127.0.0.1", "localhost"), once=True) == (0, "ready")


def test_of_several_hosts_the_one_that_can_be_migrated_is_found(
    probe: Probe, postgresql: PostgreSQL, ground: Path
) -> None:
    """Nobody, then a server that is starting up, then the right one; a refusal ends the search, as libpq's does."""
    with listener(b"N" + error("57P03", "the database system is starting up")) as port:
        nobody = f"127.0.0.1:{free_port()},127.0.0.1:{port},127.0.0.1"
        assert probe.wait(postgresql.url.replace("127.0.0.1", nobody), once=True) == (0, "ready")
    with listener(b"N" + error("28P01", "password authentication failed")) as port:
        twice = postgresql.url.replace("127.0.0.1", f"127.0.0.1:{port},127.0.0.1")
        assert probe.wait(twice, once=True)[0] == 77


def error(code: str, text: str) -> bytes:
    """An error message of PostgreSQL's protocol."""
    body = f"SFATAL\0C{code}\0M{text}\0\0".encode()
    return b"E" + struct.pack("!I", len(body) + 4) + body


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
    code, text = probe.wait(named(url, "nosuch"), once=True)
    assert code == 78 and "PgBouncer" in text
    code, text = probe.wait(url.replace(PASSWORD, "wrong"), once=True)
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


def test_a_proxy_that_stays_silent_is_not_yet(probe: Probe) -> None:
    with listener(None) as port:
        code, text = probe.wait(f"postgres://u:p@127.0.0.1:{port}/x", timeout=3)
    assert code == 75 and "no answer" in text


def test_a_proxy_that_closes_is_not_yet(probe: Probe) -> None:
    with listener(b"") as port:
        code, text = probe.wait(f"postgres://u:p@127.0.0.1:{port}/x", timeout=1)
    assert code == 75 and ("closed the connection" in text or "reset" in text)


def test_a_proxy_that_drips_is_not_yet(probe: Probe) -> None:
    """One attempt ends in time, though every single byte comes soon."""
    with listener(b"N", drip=True) as port:
        code, text = probe.wait(f"postgres://u:p@127.0.0.1:{port}/x", timeout=2)
    assert code == 75 and "no answer" in text


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
    postgresql.give("recovery.signal")
    postgresql.launch(restore_command=f"until test -e {ground}/gate; do sleep 0.1; done; false")
    process = probe.start(postgresql.url, timeout=60, migrates=True)
    said(process, "57P03")
    (ground / "gate").touch()
    assert probe.end(process) == (0, "ready")
    assert postgresql.psql("SELECT count(*) FROM load").strip() == "50000"
