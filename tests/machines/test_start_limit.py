"""A service of systemd whose new release cannot start: systemd then refuses for a while to start the old one too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machines.rack import Rack
from tests.release.project import make_plain

UNIT = """\
[Unit]
StartLimitIntervalSec=10
StartLimitBurst=5
[Service]
User=deploy
ExecStart=/home/deploy/shop/current/serve
Restart=always
RestartSec=100ms
"""
SERVES = (
    '#!/bin/sh\ncd "$(dirname "$(readlink -f "$0")")" && exec python3 -m http.server --bind 127.0.0.1 8000\n'
)
RULE = "deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop\n"


def test_the_old_release_serves_again_when_systemd_lets_it_start(
    rack: Rack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    host = rack.start("shop")
    host.run("cat >/etc/systemd/system/shop.service", stdin=UNIT)
    host.run("cat >/etc/sudoers.d/shop", stdin=RULE)
    project = make_plain(tmp_path)
    project.environment(
        "staging",
        DEPLOY_HOSTS=host.name,
        DEPLOY_SSH_CONFIG=rack.ssh_config,
        DEPLOY_PATH="/home/deploy/shop",
        DEPLOY_RESTART="sudo systemctl restart shop",
        DEPLOY_HEALTH_URL="http://127.0.0.1:8000/page.txt",
        DEPLOY_HEALTH_TIMEOUT=3,
        DEPLOY_HEALTH_SETTLE=1,
    )
    project.write("serve", SERVES, 0o755)
    project.commit()
    first = project.deploy()
    project.write("serve", "#!/bin/sh\nexit 1\n", 0o755)
    project.commit()
    failed = project.fab("deploy", "--env=staging", "--json")
    assert failed.code == 1, failed.err
    assert [(one["release"], one["outcome"]) for one in failed.document["hosts"]] == [(first, "unchanged")]
    assert "trying again" in failed.err  # systemd had refused it
    ask = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8000/page.txt').read())"
    assert "first" in rack.login(host, f'python3 -c "{ask}"')
