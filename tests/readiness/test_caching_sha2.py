"""MySQL's caching_sha2_password, by a server of the tests that MariaDB's own client agrees with: no MySQL was asked."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from tests.readiness.caching_sha2 import Server, serving
from tests.readiness.conftest import Probe, certificate
from tests.servers import PASSWORD


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    key, shown = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, key)
    return context


def of_mariadb(port: int, password: str) -> subprocess.CompletedProcess[str]:
    """A login by MariaDB's client."""
    words = [
        "mariadb",
        "--no-defaults",
        "-h127.0.0.1",
        f"-P{port}",
        "-uapp",
        f"-p{password}",
        "-N",
        "-e",
        "SELECT 1",
    ]
    return subprocess.run(
        [*words, "--ssl", "--skip-ssl-verify-server-cert"], capture_output=True, text=True, timeout=20
    )


@pytest.mark.parametrize("seen", [True, False], ids=["by scramble", "whole, over TLS"])
def test_the_password_is_proved_as_mariadbs_client_proves_it(
    probe: Probe, tls: ssl.SSLContext, seen: bool
) -> None:
    with serving(Server(PASSWORD.encode(), seen, tls)) as port:
        assert of_mariadb(port, PASSWORD).stdout.strip() == "1"
        assert "1045" in of_mariadb(port, "wrong").stderr
        url = f"mysql://app:{PASSWORD}@127.0.0.1:{port}/app"
        assert probe.wait(url, migrates=True) == (0, "ready")
        code, text = probe.wait(url.replace(PASSWORD, "wrong"), once=True)
        assert code == 77 and "1045" in text


def test_without_tls_a_user_in_the_servers_cache_is_let_in(probe: Probe) -> None:
    with serving(Server(PASSWORD.encode(), True, None)) as port:
        assert probe.wait(f"mysql://app:{PASSWORD}@127.0.0.1:{port}/app", once=True) == (0, "ready")


def test_without_tls_the_whole_password_is_never_sent(probe: Probe) -> None:
    with serving(Server(PASSWORD.encode(), False, None)) as port:
        code, text = probe.wait(f"mysql://app:{PASSWORD}@127.0.0.1:{port}/app", timeout=60)
    assert code == 0 and "reached, login not tried: wants the whole password" in text
