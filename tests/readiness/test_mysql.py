"""MariaDB, and MySQL's own way of proving a password."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploytasks.remote.services.mysql import failure
from tests.readiness.conftest import Probe, certificate, full, named, said
from tests.rig import wait_until
from tests.servers import PASSWORD, MariaDB


def test_mariadb_is_ready_after_a_real_login(probe: Probe, mariadb: MariaDB) -> None:
    for scheme in ("mysql", "mysql+pymysql", "mariadb"):
        assert probe.wait(mariadb.url.replace("mysql", scheme, 1), migrates=True) == (0, "ready")


def test_mariadb_with_a_wrong_password_or_host_is_refused(probe: Probe, mariadb: MariaDB) -> None:
    code, text = probe.wait(mariadb.url.replace(PASSWORD, "wrong"), timeout=60)
    assert code == 77 and "1045" in text
    mariadb.sql("CREATE USER far@'10.1.2.3' IDENTIFIED BY 'far-away'")
    code, text = probe.wait(mariadb.url.replace(f"app:{PASSWORD}", "far:far-away"), once=True)
    assert code == 77 and "1045" in text


def test_mariadb_without_the_database_is_misconfigured(probe: Probe, mariadb: MariaDB) -> None:
    code, text = probe.wait(named(mariadb.url, "nosuch"), timeout=60)
    assert code == 78 and "1044" in text


def test_mariadb_that_is_read_only_cannot_migrate(probe: Probe, mariadb: MariaDB) -> None:
    mariadb.sql("SET GLOBAL read_only = 1")
    try:
        code, text = probe.wait(mariadb.url, once=True, migrates=True)
        assert code == 78 and "read-only" in text
    finally:
        mariadb.sql("SET GLOBAL read_only = 0")


@contextmanager
def served(server: MariaDB, address: str, *options: str) -> Iterator[None]:
    """The server on another address for a while."""
    server.stop()
    server.address = address
    server.start(*options)
    try:
        yield
    finally:
        server.stop()
        server.address = "127.0.0.1"
        server.start()


def status(server: MariaDB, name: str) -> int:
    return int(server.sql(f"SHOW GLOBAL STATUS LIKE '{name}'").split()[1])


def test_mariadb_is_not_blocked_by_two_hundred_probes(probe: Probe, mariadb: MariaDB) -> None:
    """Not one counts as a connection that was dropped: what makes a server block the host."""
    services = {f"S{number}": {"url": mariadb.url, "usable": False} for number in range(49)}
    services["DATABASE_URL"] = services["S0"]
    with served(mariadb, "127.0.0.1"):
        wait_until(lambda: status(mariadb, "Aborted_connects") == 1, "it counted who found it up")
        for _ in range(4):
            assert probe.end(probe.start("", services=services, once=True)) == (0, "ready")
        assert (status(mariadb, "Aborted_connects"), status(mariadb, "Aborted_clients")) == (1, 0)
        assert status(mariadb, "Connections") > 200


def test_a_blocked_host_is_misconfigured_at_once() -> None:
    """No loopback address is ever blocked, so the server's words are given."""
    answer = failure(1129, "#HY000Host '10.0.0.5' is blocked because of many connection errors")
    assert (answer.kind, answer.code, answer.cure) == ("permanent", 78, "FLUSH HOSTS on the server")


def test_mariadb_that_does_not_allow_the_host_is_refused(probe: Probe, mariadb: MariaDB) -> None:
    """Over IPv6, from an address that no account allows."""
    mariadb.sql("DELETE FROM mysql.global_priv WHERE Host NOT IN ('localhost', '127.0.0.1')")
    with served(mariadb, "::1"):
        code, text = probe.wait(mariadb.url, once=True)
        assert code == 77 and "1130" in text and "account's host" in text
        mariadb.sql(f"CREATE USER app@'::1' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON app.* TO app@'::1'")
        assert probe.wait(mariadb.url, once=True) == (0, "ready")


def test_mariadb_is_reached_by_a_unix_socket(probe: Probe, mariadb: MariaDB) -> None:
    mariadb.sql(f"CREATE USER app@localhost IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON app.* TO app@localhost")
    sock = f"{mariadb.directory}/sock"
    for place in (urllib.parse.quote(sock, safe=""), "localhost"):
        url = f"mysql://app:{PASSWORD}@{place}/app?unix_socket={sock}"
        assert probe.wait(url, once=True) == (0, "ready")


def test_mariadb_speaks_tls_as_the_url_wants_it(probe: Probe, mariadb: MariaDB, tmp_path: Path) -> None:
    code, text = probe.wait(f"{mariadb.url}?ssl-mode=REQUIRED", once=True)
    assert code == 78 and "does not speak TLS" in text
    names = []
    for file in certificate(tmp_path):
        names.append(mariadb.directory / file.name)
        names[-1].write_text(file.read_text())
        names[-1].chmod(0o644)
    with served(mariadb, "127.0.0.1", f"--ssl-key={names[0]}", f"--ssl-cert={names[1]}"):
        mariadb.sql("ALTER USER app@'127.0.0.1' REQUIRE SSL")
        try:
            for query in ("", "?ssl-mode=REQUIRED", f"?ssl-mode=VERIFY_IDENTITY&ssl-ca={names[1]}"):
                assert probe.wait(f"{mariadb.url}{query}", once=True) == (0, "ready"), query
            code, text = probe.wait(f"{mariadb.url}?ssl-mode=VERIFY_CA", once=True)
            assert code == 78 and "its certificate is refused" in text
            assert probe.wait(f"{mariadb.url}?ssl-mode=DISABLED", once=True)[0] == 77
        finally:
            mariadb.sql("ALTER USER app@'127.0.0.1' REQUIRE NONE")


def test_mariadb_that_is_down_is_waited_for(probe: Probe, mariadb: MariaDB) -> None:
    mariadb.stop()
    process = probe.start(mariadb.url, timeout=40)
    said(process, "refused")
    mariadb.start()
    assert probe.end(process) == (0, "ready")


def test_mariadb_that_is_full_is_waited_for(probe: Probe, mariadb: MariaDB) -> None:
    login = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{mariadb.port}", "-uapp", f"-p{PASSWORD}", "app"]
    mariadb.stop()
    mariadb.start("--max-connections=10")
    with full([*login, "--unbuffered", "-Ne", "SELECT 'in'; SELECT SLEEP(100)"]):
        process = probe.start(mariadb.url, timeout=40)
        said(process, "1040")
    assert probe.end(process) == (0, "ready")
    mariadb.stop()
    mariadb.start()
