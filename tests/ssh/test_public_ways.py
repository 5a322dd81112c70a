"""What deploytasks does where Paramiko or Fabric have renamed a private attribute that it uses."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import fabric
import invoke
import pytest

from benchmarks.proxy import far
from deploytasks.ssh import first_session, identities
from deploytasks.ssh import route as routes
from deploytasks.ssh.connection import connect, disconnect
from tests.rig import Farm, wait_until
from tests.ssh.routes import answer, route

RENAMED = "_renamed_by_a_later_version"


def test_a_program_answers_with_no_round_trip_spared(hosts: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_session, "PRIVATE", (RENAMED,))
    host = hosts.hosts[0]
    with far(host.port, 0.03) as proxy:
        way = route(hosts, "host1")
        way = replace(way, hops=(replace(way.target, port=proxy.port, host_key_alias=host.endpoint),))
        disconnect(connect(way))
        assert answer(way) == "reached\n"
        opening, whole = (connection.waits for connection in proxy.connections)
    assert whole - opening > 1


def test_an_agent_is_asked_where_the_environment_names_it(
    own_hosts: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities, "PRIVATE", RENAMED)
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        wait_until(socket.exists, "the agent listens")
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run(["ssh-add", "-q", own_hosts.identity], check=True)
        with identities.agent_keys(str(socket)) as keys:
            assert len(keys) == 1
        with identities.agent_keys(str(tmp_path / "another")) as keys:
            assert keys == ()
    finally:
        agent.kill()
        agent.wait()


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (["-S", "mine", "deploy"], "mine"),
        (["-Smine", "deploy"], "mine"),
        (["--ssh-config=mine", "deploy", "--env=staging"], "mine"),
        (["deploy", "--env=staging"], None),
    ],
)
def test_the_option_of_fab_is_read_from_the_command_line(
    words: list[str], file: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "PRIVATE", RENAMED)
    assert routes.ssh_config_of(fabric.Config(lazy=True), words) == file
    assert routes.ssh_config_of(invoke.Config(), words) is None


def test_the_option_of_fab_is_where_fabric_holds_it() -> None:
    config = fabric.Config(lazy=True)
    config.set_runtime_ssh_path("mine")
    assert routes.ssh_config_of(config, []) == "mine"
