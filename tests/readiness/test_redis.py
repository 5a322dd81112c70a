"""Redis: loading, full, a replica, with and without TLS."""

from __future__ import annotations

from pathlib import Path

from tests.readiness.conftest import Probe, certificate, said
from tests.servers import PASSWORD, Redis


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
    code, text = probe.wait(redis.url.replace("/1", "/7"), once=True)
    assert code == 78 and "out of range" in text


def test_redis_that_comes_up_later_is_waited_for(probe: Probe, redis: Redis) -> None:
    process = probe.start(redis.url)
    said(process, "refused")
    redis.start()
    assert probe.end(process) == (0, "ready")


def test_redis_over_tls_is_verified_as_the_url_wants_it(probe: Probe, redis: Redis, tmp_path: Path) -> None:
    redis.prepare()
    names = []
    for file in certificate(tmp_path):
        names.append(redis.directory / file.name)
        names[-1].write_text(file.read_text())
        names[-1].chmod(0o644)
    tls = ["--tls-port", str(redis.port), "--tls-key-file", str(names[0]), "--tls-cert-file", str(names[1])]
    redis.start("--port", "0", *tls, "--tls-auth-clients", "no")
    url = redis.url.replace("redis:", "rediss:")
    assert probe.wait(f"{url}?ssl_ca_certs={names[1]}", once=True) == (0, "ready")
    assert probe.wait(f"{url}?ssl_cert_reqs=none", once=True) == (0, "ready")
    code, text = probe.wait(url, once=True)
    assert code == 78 and "its certificate is refused" in text


def test_redis_takes_a_user_a_unix_socket_and_a_database(probe: Probe, redis: Redis) -> None:
    redis.start("--unixsocket", str(redis.directory / "sock"), "--unixsocketperm", "777")
    redis.cli("ACL", "SETUSER", "app", "on", ">p@ss", "+@all", "~*")
    assert probe.wait(f"redis://app:p%40ss@127.0.0.1:{redis.port}/2", once=True) == (0, "ready")
    assert probe.wait(f"unix://:{PASSWORD}@{redis.directory}/sock?db=2", once=True) == (0, "ready")
    code, text = probe.wait(f"redis://app:wrong@127.0.0.1:{redis.port}/2", once=True)
    assert code == 77 and "WRONGPASS" in text
