"""A far host: a TCP proxy that delays both directions, lets only so much through to the host, and counts what passes
and how often the client had to wait for an answer.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PIECE = 16384
"""Bytes that are passed on at once: what else is sent meanwhile waits for no more than these."""
BUFFERED = 0.05
"""Seconds of sending that a narrow link takes in before its sender has to wait."""


@dataclass
class Connection:
    """One SSH connection through the proxy."""

    client: str = ""
    """What the client calls itself in its first line: Paramiko's holds the deploy, OpenSSH's carries rsync."""
    turns: list[tuple[bool, int]] = field(default_factory=list)
    """Whether the client spoke, and how many bytes, each time the direction changed."""

    def heard(self, data: bytes, *, from_client: bool) -> None:
        if from_client and not self.client:
            self.client = data.split(b"\r\n")[0].decode("ascii", "replace")
        if self.turns and self.turns[-1][0] == from_client:
            self.turns[-1] = (from_client, self.turns[-1][1] + len(data))
        else:
            self.turns.append((from_client, len(data)))

    @property
    def waits(self) -> int:
        """How often the host spoke after the client had: each cost the client at least one round trip."""
        return sum(not from_client for from_client, _ in self.turns[1:])

    @property
    def sent(self) -> int:
        """Bytes from the client to the host."""
        return sum(size for from_client, size in self.turns if from_client)


@dataclass
class Uplink:
    """The way up that all connections share, at `rate` bytes a second; None for one that is never full."""

    rate: float | None = None
    free: float = 0.0
    """When all that it was given has left."""

    def leaves(self, now: float, size: int) -> float:
        """When the last of `size` bytes, given to it now, has left."""
        if self.rate is None:
            return now
        self.free = max(now, self.free) + size / self.rate
        return self.free


@dataclass
class Proxy:
    """Listens on `port` of 127.0.0.1, with a round trip of `seconds`; `connections` in the order of their beginning."""

    target: int
    seconds: float
    uplink: Uplink = field(default_factory=Uplink)
    port: int = 0
    connections: list[Connection] = field(default_factory=list)
    _sinks: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        """Pass connections on until `stop`; none is open then."""
        server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        if self.uplink.rate:  # else the kernel takes in megabytes at once, as no link does
            server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * PIECE)
        ready.set()
        await stop.wait()
        server.close()
        for sink in self._sinks:
            sink.transport.abort()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection()
        self.connections.append(connection)
        there, to_there = await asyncio.open_connection("127.0.0.1", self.target)
        self._sinks += [writer, to_there]
        await asyncio.gather(
            self._pass(reader, to_there, connection, from_client=True),
            self._pass(there, writer, connection, from_client=False),
        )

    async def _pass(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        connection: Connection,
        *,
        from_client: bool,
    ) -> None:
        """One direction: every piece arrives half a round trip after it was sent, and none waits for another.

        All is heard as the client hears it: what it sends at once, what the host says when it arrives.
        """
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        delivery = asyncio.create_task(deliver(queue, sink, None if from_client else connection))
        data = b"-"
        while data:
            try:
                data = await source.read(PIECE)
            except ConnectionError:
                data = b""
            if data and from_client:
                connection.heard(data, from_client=True)
            leaves = self.uplink.leaves(loop.time(), len(data)) if from_client else loop.time()
            queue.put_nowait((leaves + self.seconds / 2, data))
            await asyncio.sleep(leaves - BUFFERED - loop.time())
        await delivery


async def deliver(
    queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter, connection: Connection | None
) -> None:
    """Write every piece when it is due, up to the empty one."""
    loop = asyncio.get_running_loop()
    while True:
        due, data = await queue.get()
        await asyncio.sleep(max(0.0, due - loop.time()))
        if not data:
            sink.close()
            return
        if connection:
            connection.heard(data, from_client=False)
        sink.write(data)


@contextmanager
def far(target: int, seconds: float, rate: float | None = None) -> Iterator[Proxy]:
    """A proxy in front of a port of this machine, for the length of a block; `rate` is in bytes a second."""
    proxy, ready = Proxy(target, seconds, Uplink(rate)), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(proxy.serve(ready, stop)), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
