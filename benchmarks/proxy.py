"""A far host: a TCP proxy that delays both directions, and counts how often the client had to wait for an answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Connection:
    """One connection through the proxy: `waits` counts the answers for which the client had sent something before."""

    waits: int = 0
    asked: bool = False


@dataclass
class Proxy:
    """Listens on `port` of 127.0.0.1, with a round trip of `seconds`; `connections` in the order of their beginning."""

    target: int
    seconds: float
    port: int = 0
    connections: list[Connection] = field(default_factory=list)

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection()
        self.connections.append(connection)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(
            self._pass(reader, there_writer, connection, asking=True),
            self._pass(there_reader, writer, connection, asking=False),
        )

    async def _pass(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        connection: Connection,
        *,
        asking: bool,
    ) -> None:
        """One direction: every piece arrives half a round trip after it was sent, and none waits for another."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    sink.close()
                    return
                sink.write(data)

        delivery = asyncio.create_task(deliver())
        while True:
            try:
                data = await source.read(65536)
            except ConnectionError:
                data = b""
            if data and not asking and connection.asked:
                connection.waits += 1
            if data:
                connection.asked = asking
            queue.put_nowait((loop.time() + self.seconds / 2, data))
            if not data:
                break
        await delivery


@contextmanager
def far(target: int, seconds: float) -> Iterator[Proxy]:
    """A proxy in front of a port of this machine, for the length of a block."""
    proxy, ready = Proxy(target, seconds), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(proxy.serve(ready, stop)), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
