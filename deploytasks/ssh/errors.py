"""Failures of a connection, each as what it is, with the command that mends it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
from paramiko.ssh_exception import NoValidConnectionsError, ProxyCommandFailure

from ..errors import Unreachable
from .route import Hop, Route


@contextmanager
def translated(route: Route, hop: Hop) -> Iterator[None]:
    """Turns what Paramiko raises inside the block into Unreachable."""
    try:
        yield
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise Unreachable(f"{route.host}: {explain(route, hop, error)}") from error


def explain(route: Route, hop: Hop, error: BaseException) -> str:
    """What is wrong; next move."""
    if isinstance(error, paramiko.AuthenticationException):
        return explain_login(hop, error)
    if isinstance(error, paramiko.ChannelException):
        before = route.hops[max(0, route.hops.index(hop) - 1)]
        return f"the jump host {before.address} cannot reach {hop.address}; see that it runs there"
    if isinstance(error, socket.gaierror):
        return f"the name {hop.hostname} cannot be resolved; see DEPLOY_HOSTS, HostName, and DNS"
    if isinstance(error, (NoValidConnectionsError, ConnectionRefusedError)):
        return f"nothing answers on {hop.address}; see that sshd runs there, and the port"
    if isinstance(error, TimeoutError):
        waited = f"{route.connect_timeout:g} s"
        return f"no answer from {hop.address} within {waited}; see the network, or DEPLOY_CONNECT_TIMEOUT"
    if isinstance(error, ProxyCommandFailure):
        return f"the ProxyCommand `{error.command}` failed; run it by hand"
    reason = str(error) or type(error).__name__
    return f"the SSH handshake with {hop.address} failed ({reason}); see `ssh -v {hop.name}`"


def explain_login(hop: Hop, error: paramiko.AuthenticationException) -> str:
    """Why nobody was let in."""
    result = getattr(error, "result", None)
    tried = [getattr(source, "pkey", None) for source, _ in result or ()]
    prints = ", ".join(str(key.fingerprint) for key in tried if key is not None) or "none"
    locked = getattr(getattr(result, "strategy", None), "locked", ())
    cure = "see User and IdentityFile in ssh_config"
    if locked:
        cure = f"{locked[0]} needs a passphrase: ssh-add it, or --prompt-for-passphrase"
    return f"{hop.address} does not let `{hop.user}` in (keys tried: {prints}); {cure}"
