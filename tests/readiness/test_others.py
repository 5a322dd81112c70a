"""MariaDB, Redis, SQLite, tcp:// and http://."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.readiness.conftest import Probe, listener, named, said
from tests.rig import free_port, wait_until
from tests.servers import PASSWORD, MariaDB, Redis


def test_mariadb_is_ready_after_a_real_login(probe: Probe, mariadb: MariaDB) -> None:
    for scheme in ("mysql", "mysql+pymysql", "mariadb"):
        assert probe.wait(mariadb.url.replace("mysql", scheme, 1), migrates=True) == (0, "ready")


def test_mariadb_with_a_wrong_password_or_host_is_refused(probe: Probe, mariadb: MariaDB) -> None:
    code, text = probe.wait(mariadb.url.replace(PASSWORD, "wrong"), timeout=60)
    assert code == 77 and "1045" in text
    mariadb.sql("CREATE USER far@'10.1.2.3' IDENTIFIED BY 'far-away'")
    code, text = probe.wait(mariadb.url.replace(f"app:{PASSWORD}", "far:far-away"), timeout=60)
    assert code == 77


def test_mariadb_without_the_database_is_misconfigured(probe: Probe, mariadb: MariaDB) -> None:
    code, text = probe.wait(named(mariadb.url, "nosuch"), timeout=60)
    assert code == 78 and "1044" in text


def test_mariadb_that_is_read_only_cannot_migrate(probe: Probe, mariadb: MariaDB) -> None:
    mariadb.sql("SET GLOBAL read_only = 1")
    try:
        code, text = probe.wait(mariadb.url, timeout=60, migrates=True)
        assert code == 78 and "read-only" in text
    finally:
        mariadb.sql("SET GLOBAL read_only = 0")


def test_mariadb_is_not_blocked_by_two_hundred_probes(probe: Probe, mariadb: MariaDB) -> None:
    mariadb.sql("SET GLOBAL max_connect_errors = 5")
    services = {f"S{number}": {"url": mariadb.url, "usable": False} for number in range(50)}
    for _ in range(4):
        process = probe.start(mariadb.url, services={"DATABASE_URL": services["S0"], **services}, once=True)
        assert probe.end(process)[0] == 0
    assert probe.wait(mariadb.url, once=True) == (0, "ready")


def test_mariadb_that_is_down_is_waited_for(probe: Probe, mariadb: MariaDB) -> None:
    mariadb.stop()
    process = probe.start(mariadb.url, timeout=40)
    said(process, "refused")
    mariadb.start()
    assert probe.end(process) == (0, "ready")


def test_redis_is_ready_after_a_real_login(probe: Probe, redis: Redis) -> None:
    redis.start()
    assert probe.wait(redis.url) == (0, "ready")


def test_redis_with_a_wrong_or_no_password_is_refused(probe: Probe, redis: Redis) -> None:
    redis.start()
    code, text = probe.wait(redis.url.replace(PASSWORD, "wrong"), timeout=60)
    assert code == 77 and "WRONGPASS" in text
    code, text = probe.wait(redis.url.replace(f":{PASSWORD}@", ""), timeout=60)
    assert code == 77 and "NOAUTH" in text


def test_redis_without_the_database_number_is_misconfigured(probe: Probe, redis: Redis) -> None:
    redis.start("--databases", "2")
    code, text = probe.wait(redis.url.replace("/1", "/7"), timeout=60)
    assert code == 78 and "out of range" in text


def test_redis_that_comes_up_later_is_waited_for(probe: Probe, redis: Redis) -> None:
    process = probe.start(redis.url)
    said(process, "refused")
    redis.start()
    assert probe.end(process) == (0, "ready")


def test_sqlite_that_exists_is_ready_and_a_missing_one_when_something_creates_it(
    probe: Probe, tmp_path: Path
) -> None:
    place = tmp_path / "db.sqlite3"
    assert probe.wait(f"sqlite:///{place}", created=True) == (0, "ready")
    assert not place.exists()
    assert probe.wait(f"sqlite:///{place}", created=False)[0] == 78
    sqlite3.connect(place).execute("CREATE TABLE t (x)")
    assert probe.wait(f"sqlite:///{place}", created=False) == (0, "ready")


def test_sqlite_in_a_missing_directory_or_in_a_release_is_misconfigured(probe: Probe, tmp_path: Path) -> None:
    code, text = probe.wait(f"sqlite:///{tmp_path}/no/db.sqlite3", created=True)
    assert code == 78 and "does not exist" in text
    base = str(tmp_path / "current")
    code, text = probe.wait("sqlite:///db.sqlite3", created=True, base=base)
    assert code == 78 and "inside a release" in text


def test_sqlite_that_is_rubbish_is_misconfigured_and_one_that_is_locked_is_waited_for(
    probe: Probe, tmp_path: Path
) -> None:
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(os.urandom(4096))
    code, text = probe.wait(f"sqlite:///{rubbish}")
    assert code == 78 and "not a database" in text
    place = tmp_path / "db.sqlite3"
    holder = sqlite3.connect(place, isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    process = probe.start(f"sqlite:///{place}")
    said(process, "locked")
    holder.execute("ROLLBACK")
    assert probe.end(process) == (0, "ready")


def test_tcp_only_connects_and_http_wants_2xx(probe: Probe) -> None:
    with listener(None) as port:
        assert probe.wait(f"tcp://127.0.0.1:{port}") == (0, "ready")
    assert probe.wait(f"tcp://127.0.0.1:{free_port()}", timeout=1)[0] == 75
    with listener(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as port:
        assert probe.wait(f"http://127.0.0.1:{port}/health") == (0, "ready")
    with listener(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") as port:
        assert probe.wait(f"http://127.0.0.1:{port}/health", timeout=1)[0] == 75


@pytest.mark.parametrize("url", ["postgres://u:p@[::1", "mysql://u:p@h:notaport/x"])
def test_a_url_that_cannot_be_read_is_misconfigured_without_being_shown(probe: Probe, url: str) -> None:
    code, text = probe.wait(url, timeout=5)
    assert code == 78 and "u:p" not in text


def test_mariadb_that_is_full_is_waited_for(probe: Probe, mariadb: MariaDB) -> None:
    words = [
        "mariadb",
        "--no-defaults",
        "-h127.0.0.1",
        f"-P{mariadb.port}",
        "-uapp",
        f"-p{PASSWORD}",
        "app",
        "-e",
        "SELECT SLEEP(100)",
    ]
    mariadb.sql("SET GLOBAL max_connections = 10")
    clients = [
        subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(12)
    ]
    try:
        wait_until(
            lambda: any(client.poll() is not None for client in clients), "one client too many was sent away"
        )
        process = probe.start(mariadb.url, timeout=40)
        said(process, "1040")
    finally:
        for client in clients:
            client.kill()
            client.wait()
    assert probe.end(process) == (0, "ready")
    mariadb.sql("SET GLOBAL max_connections = 100")


def test_redis_that_is_loading_a_large_dump_is_waited_for(probe: Probe, redis: Redis) -> None:
    """Redis is told to linger over each key, until the probe has seen it load."""
    redis.start("--enable-debug-command", "yes")
    redis.cli("DEBUG", "POPULATE", "200000")
    redis.cli("SAVE")
    redis.stop()
    redis.start("--loading-process-events-interval-bytes", "1024", "--key-load-delay", "200")
    process = probe.start(redis.url, timeout=60)
    said(process, "LOADING")
    redis.cli("CONFIG", "SET", "key-load-delay", "0")
    assert probe.end(process) == (0, "ready")


def occupy(redis: Redis, count: int) -> list[socket.socket]:
    """`count` clients that the server has let in; one that it refused tries again."""
    held: list[socket.socket] = []
    while len(held) < count:
        client = socket.create_connection(("127.0.0.1", redis.port))
        client.sendall(b"PING\r\n")
        if b"max number of clients" in client.recv(100):
            client.close()
        else:
            held.append(client)
    return held


def test_redis_without_a_free_client_is_waited_for(probe: Probe, redis: Redis) -> None:
    redis.start("--maxclients", "4")
    held = occupy(redis, 4)
    process = probe.start(redis.url)
    said(process, "max number of clients")
    for client in held:
        client.close()
    assert probe.end(process) == (0, "ready")


def test_a_redis_replica_is_ready_for_readers(probe: Probe, redis: Redis) -> None:
    redis.start("--replicaof", "127.0.0.1", str(free_port()))
    assert probe.wait(redis.url, timeout=10)[0] == 0
