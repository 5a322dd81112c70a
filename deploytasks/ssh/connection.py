"""A program on another host as a byte stream, over Fabric. Every failure to get there is Unreachable."""

from __future__ import annotations

import errno
import logging
import os
import random
import time
from typing import Any

import fabric
import paramiko

from ..shell import Command
from .config import route_to
from .errors import translated
from .host_keys import HostKeyPolicy
from .identities import Identities
from .route import Route, SshOptions

KEEPALIVE_SECONDS = 15
GIVE_BACK_SECONDS = 15.0
BUSY_PAUSES = (0.2, 0.5, 1.0)
PORTION = 65536
"""Bytes that are sent or received at once, at most."""
LOG = "deploytasks.ssh"

__all__ = ["SshChannel", "SshOptions", "channel_to", "connect", "route_to"]

# What Paramiko logs is in our exceptions already; without a handler Python would print it on standard error.
logging.getLogger(LOG).addHandler(logging.NullHandler())


def channel_to(route: Route, line: Command) -> SshChannel:
    """Connect along `route` and run `line` there; raises Unreachable."""
    connection = connect(route)
    try:
        with translated(route, route.target):
            session = connection.transport.session_running(line, timeout=route.connect_timeout)
    except BaseException:
        disconnect(connection)
        raise
    return SshChannel(connection, session)


def connect(route: Route) -> Any:
    """An open fabric.Connection to the last hop, its gateways open too; every host key was checked."""
    connection: Any = None
    try:
        for number, hop in enumerate(route.hops):
            connection = prepare(route, number, connection)
            with translated(route, hop):
                persevere(connection)
            connection.transport.set_keepalive(KEEPALIVE_SECONDS)
    except BaseException:
        disconnect(connection)
        raise
    return connection


def persevere(connection: Any) -> None:
    """Open; again when the server hung up at once: sshd drops some logins when many come together (MaxStartups)."""
    for pause in (*BUSY_PAUSES, None):
        try:
            connection.open()
            return
        except paramiko.SSHException as error:
            if pause is None or not isinstance(error.__context__, (EOFError, ConnectionError)):
                raise
            connection.client.close()
            time.sleep(pause * random.uniform(0.5, 1.5))


def prepare(route: Route, number: int, gateway: Any) -> Any:
    """A connection to one hop, not yet open. Settings come from `route`, never from Fabric's own files."""
    hop, limit = route.hops[number], route.connect_timeout
    policy = HostKeyPolicy(
        route.host, hop, accept_new=route.accept_new, jump=route.hops[number - 1].name if number else None
    )
    connection = fabric.Connection(
        hop.hostname,
        hop.user,
        hop.port,
        config=bare_config(),
        gateway=gateway or hop.proxy_command or False,
        connect_kwargs={
            "auth_strategy": Identities(hop, route.passphrase),
            "transport_factory": policy.transport,
            "timeout": limit,
            "banner_timeout": limit,
            "auth_timeout": limit,
            "channel_timeout": limit,
        },
    )
    connection.client.set_log_channel(LOG)
    connection.client.set_missing_host_key_policy(policy)
    return connection


def unopened(route: Route, overrides: dict[str, Any]) -> Any:
    """A connection that only says where the host is, for what connects by OpenSSH itself."""
    target = route.target
    return fabric.Connection(
        target.hostname, target.user, target.port, config=bare_config(**overrides), gateway=False
    )


def bare_config(**overrides: Any) -> Any:
    """A Fabric configuration that has read no file: ssh.py and transfer.py say what holds."""
    return fabric.Config(lazy=True, ssh_config=paramiko.SSHConfig(), overrides=overrides)


def disconnect(connection: Any) -> None:
    """Close a connection and its gateways, whether or not it was ever open."""
    while connection is not None and not isinstance(connection, (str, bool)):
        connection.client.close()
        connection = connection.gateway


class SshChannel:
    """A running program on a host; see channel.Channel. `close` and `abort` may come from any thread."""

    def __init__(self, connection: Any, session: Any) -> None:
        self._connection, self._session = connection, session

    def send(self, data: bytes | memoryview, seconds: float | None = None) -> int:
        """Write as much of `data` as there is room for within `seconds`: how much; OSError when the program or the
        connection has ended.
        """
        self._session.settimeout(seconds)
        try:
            sent: int = self._session.send(bytes(data[:PORTION]))
        except TimeoutError:
            return 0
        if not sent:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        return sent

    def receive(self, seconds: float | None = None) -> bytes:
        """What the program wrote next; b"" at its end, or when the connection is gone. TimeoutError when it wrote
        nothing within `seconds`.
        """
        self._session.settimeout(seconds)
        received: bytes = self._session.recv(PORTION)
        return received

    def receive_error(self) -> bytes:
        """What the program has written on standard error since the last call."""
        written = b""
        while self._session.recv_stderr_ready():
            chunk = self._session.recv_stderr(65536)
            if not chunk:
                break
            written += chunk
        return written

    def exit_status(self) -> int:
        """Wait for the program's end: its exit code, or -1 when a signal or the network ended it."""
        status: int = self._session.recv_exit_status()
        return status

    def close(self) -> None:
        """End the program's input, wait for it to give back what it holds, and disconnect."""
        try:
            self._session.shutdown_write()
            self._session.status_event.wait(GIVE_BACK_SECONDS)
        except OSError:
            pass
        self.abort()

    def abort(self) -> None:
        """Disconnect at once; whoever reads or waits goes on."""
        disconnect(self._connection)
