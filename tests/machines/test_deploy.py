"""A whole deploy to real machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machines.rack import Rack
from tests.machines.tree import KNOWN
from tests.release.project import make_plain


def test_a_project_is_deployed_to_machines_of_both_releases_and_rolled_back(
    rack: Rack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # Not the one that other tests start with: where no tree is there yet, two are made at once.
    hosts = [rack.start(f"app-{release}", release=release) for release in reversed(KNOWN)]
    project = make_plain(tmp_path)
    project.environment(
        "staging",
        DEPLOY_HOSTS=" ".join(host.name for host in hosts),
        DEPLOY_SSH_CONFIG=rack.ssh_config,
        DEPLOY_PATH="/home/deploy/shop",
    )
    says = ".venv/bin/python -c 'import lib; print(lib.TEXT)'"
    asked = f"cd ~/shop/current/ && basename $(pwd -P) && cat page.txt && {says}"
    first = project.deploy()
    assert [rack.login(host, asked).split() for host in hosts] == [[first, "first", "one"]] * 2
    project.write("page.txt", "second\n")
    project.commit()
    second = project.deploy()
    assert [rack.login(host, asked).split() for host in hosts] == [[second, "second", "one"]] * 2
    done = project.fab("rollback", "--env=staging")
    assert done.code == 0, done.err
    assert [rack.login(host, asked).split() for host in hosts] == [[first, "first", "one"]] * 2
