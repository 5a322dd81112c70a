"""The TCP connection under an SSH connection of ours."""

from __future__ import annotations

import socket
from contextlib import suppress

DEAD_PEER_MILLISECONDS = 45_000


class Prompt(socket.socket):
    """A socket that acknowledges what it has received at once.

    sshd leaves Nagle's algorithm on for what is no terminal (RFC 896): it keeps a small packet back until the one
    before it is acknowledged, which Linux puts off for 40 ms while we have nothing to send.
    """

    def recv(self, *arguments: int) -> bytes:
        received = super().recv(*arguments)
        with suppress(OSError):  # it may have been closed meanwhile
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # holds until the next packet is sent
        return received


def tuned(found: socket.socket) -> socket.socket:
    """The connection of `found`, which is left without one: nothing waits on it, and a dead peer is noticed."""
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MILLISECONDS)
    if not hasattr(socket, "TCP_QUICKACK"):
        return found
    limit = found.gettimeout()
    prompt = Prompt(fileno=found.detach())
    prompt.settimeout(limit)
    return prompt
