"""A program on a host begins in one round trip where the server is known, and begins all the same where it is not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko
import pytest

from benchmarks.proxy import far
from deploytasks.errors import Unreachable
from deploytasks.ssh.connection import connect, disconnect
from deploytasks.ssh.route import Route
from tests.rig import Farm
from tests.ssh.routes import answer, route


def by_way_of(way: Route, port: int, known_as: str) -> Route:
    """The route with its last hop at another port of this machine, where the key is that of `known_as`."""
    *before, last = way.hops
    return replace(way, hops=(*before, replace(last, port=port, host_key_alias=known_as)))


def test_a_program_answers_after_a_single_wait(hosts: Farm) -> None:
    """The distance lets what the host says at one time arrive at one time."""
    host = hosts.hosts[0]
    with far(host.port, 0.03) as proxy:
        way = by_way_of(route(hosts, "host1"), proxy.port, host.endpoint)
        disconnect(connect(way))
        assert answer(way) == "reached\n"
        opening, whole = (connection.waits for connection in proxy.connections)
    assert whole - opening == 1


def test_a_program_that_ends_at_once_has_been_run(hosts: Farm) -> None:
    """Its session may be gone before anybody has looked at it."""
    assert {answer(route(hosts, "host1"), ":") for _ in range(30)} == {""}


class Other(paramiko.ServerInterface):  # type: ignore[misc]
    """A server that is not OpenSSH: it lets everybody in, and says in which channel it was asked what."""

    def check_auth_publickey(self, username: str, key: Any) -> int:
        return int(paramiko.AUTH_SUCCESSFUL)

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        threading.Thread(target=self.say, args=(channel, command), daemon=True).start()
        return True

    def say(self, channel: Any, command: bytes) -> None:
        channel.sendall(b"%d: %b" % (channel.chanid, command))
        channel.send_exit_status(0)
        channel.close()


@contextmanager
def other_server(key: Path, first: int) -> Iterator[int]:
    """The port of such a server, which numbers its channels from `first`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served: list[Any] = []

        def serve() -> None:
            client, _ = listener.accept()
            transport = paramiko.Transport(client)
            served.append(transport)
            transport._channel_counter = first
            transport.add_server_key(paramiko.Ed25519Key.from_private_key_file(str(key)))
            transport.start_server(server=Other())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join(10.0)
            for transport in served:
                transport.close()


def test_a_server_of_another_kind_is_asked_in_the_channel_that_it_named(hosts: Farm) -> None:
    host = hosts.hosts[0]
    with other_server(host.directory / "host_key", first=43) as port:
        said = answer(by_way_of(route(hosts, "host1"), port, host.endpoint), "true")
    assert said == "43: sh -c true"


@pytest.mark.parametrize("name", ["host1", "host2"], ids=["directly", "through a jump host"])
def test_a_host_that_opens_no_session_is_unreachable(own_hosts: Farm, name: str) -> None:
    host = next(one for one in own_hosts.hosts if one.name == name)
    host.stop()
    host.extra = "MaxSessions 0\n"
    host.start()
    with pytest.raises(Unreachable, match=rf"^{name}: "):
        answer(route(own_hosts, name))
