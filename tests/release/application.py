"""An application that answers over real HTTP as a test tells it, knowing which release is served."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Answer = tuple[int, str]


@dataclass
class Application:
    """How it answers is a function of the release that is served, and of how often it was asked meanwhile."""

    current: Path
    answer: Callable[[str, int], Answer] = lambda release, count: (200, release)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """(release, path, headers) of every question."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/health"

    def count(self, release: str) -> int:
        """How often it was asked while that release was served."""
        return [one[0] for one in self.asked].count(release)

    def reply(self, path: str, headers: dict[str, str]) -> Answer:
        release = os.path.basename(os.readlink(self.current)) if self.current.is_symlink() else ""
        self.asked.append((release, path, headers))
        return self.answer(release, self.count(release))


@contextmanager
def application(current: Path, **more: Callable[[str, int], Answer]) -> Iterator[Application]:
    """One that serves what the link `current` names."""
    app = Application(current, **more)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = app.reply(self.path, dict(self.headers.items()))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        app.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield app
        server.shutdown()
