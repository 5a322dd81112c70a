"""The TCP connection under an SSH connection."""

from __future__ import annotations

import socket
import struct

from deploytasks.ssh.tcp import tuned

UNACKED = slice(24, 28)
"""Where Linux's struct tcp_info has tcpi_unacked."""


def unacknowledged(sender: socket.socket) -> int:
    """Packets that the other side has not acknowledged."""
    told = sender.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    count: int = struct.unpack("=I", told[UNACKED])[0]
    return count


def test_what_was_received_is_acknowledged_at_once() -> None:
    """Else sshd, with Nagle's algorithm on, keeps its next packet back for 40 ms."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        client.settimeout(7.5)
        client = tuned(client)
        server, _ = listener.accept()
        with client, server:
            assert client.gettimeout() == 7.5
            waiting = []
            for _ in range(40):  # a conversation: only in one does Linux put acknowledgements off
                server.sendall(b"question")
                assert client.recv(100) == b"question"
                waiting.append(unacknowledged(server))
                client.sendall(b"answer")
                assert server.recv(100) == b"answer"
            assert min(waiting[20:]) == 0
